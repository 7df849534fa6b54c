#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/fleet without guests: what comes from one is not trusted, the table of all,
# the alerts. tests/slow/fleet.bats has the guests.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	fleet=$PWD/scripts/fleet
	tmp=$BATS_TEST_TMPDIR
	tab=$'\t'
}

# results DIR SEED [OPTION…]: made up
results() {
	local dir=$1 seed=$2
	shift 2
	tests/shell/make-results.sh --kind irq --weights "1 64" --reps 2 --seed "$seed" "$@" "$dir"
}

# pack NAME…: files of $tmp/in as guest.sh packs them
pack() { tar -czP -C "$tmp/in" "$@" | base64; }

@test "guest.sh poll: a sweep that ends while poll looks was not killed" {
	mkdir -p "$tmp/guest" "$tmp/bin"
	cp -R scripts "$tmp/guest/"
	echo 4194305 >"$tmp/guest/pid" # more than any PID
	: >"$tmp/guest/log"
	run sh "$tmp/guest/scripts/fleet/guest.sh" poll
	[[ $output == "failed: the sweep was killed"* ]]
	cat >"$tmp/bin/cat" <<-END
		#!/bin/sh
		case \$1 in */pid) echo 0 >"$tmp/guest/status" ;; esac
		exec /bin/cat "\$@"
	END
	chmod +x "$tmp/bin/cat"
	PATH=$tmp/bin:$PATH run sh "$tmp/guest/scripts/fleet/guest.sh" poll
	echo "$output"
	[ "$output" = "done" ]
}

@test "take.sh accepts a guest's files, and refuses links, paths and rubbish" {
	results "$tmp/in" 1
	pack runs.csv hist.csv meta.json | "$fleet/take.sh" "$tmp/out/g1"
	cmp "$tmp/in/runs.csv" "$tmp/out/g1/runs.csv"
	mkdir "$tmp/textfile"
	sh "$tmp/out/g1/textfile.sh" "$tmp/textfile"
	grep -q '^e1000_napi_cell_mean{' "$tmp/textfile/e1000_napi.prom"
	[ "$(ls -A "$tmp/textfile")" = e1000_napi.prom ]

	echo secret >"$tmp/secret"
	ln -s "$tmp/secret" "$tmp/in/link"
	echo 'no,results' >"$tmp/in/damaged"
	refused() {
		echo "$1"
		run -1 "$fleet/take.sh" "$tmp/out/g1" <"$tmp/packed"
		cmp "$tmp/in/runs.csv" "$tmp/out/g1/runs.csv"
		[ "$(ls -A "$tmp/out")" = g1 ]
	}
	pack runs.csv hist.csv meta.json link >"$tmp/packed"
	refused "a link"
	mkfifo "$tmp/in/fifo"
	pack runs.csv hist.csv meta.json fifo >"$tmp/packed"
	refused "a FIFO"
	mkdir "$tmp/in/folder"
	pack runs.csv hist.csv meta.json folder >"$tmp/packed"
	refused "a folder"
	echo theirs >"$tmp/../outside"
	pack runs.csv hist.csv meta.json ../../outside >"$tmp/packed"
	refused "a path beside whole results"
	pack ../secret >"$tmp/packed"
	refused "a path"
	pack hist.csv meta.json >"$tmp/packed"
	refused "no runs.csv"
	pack --transform s/damaged/runs.csv/ damaged meta.json >"$tmp/packed"
	refused "damaged"
	pack runs.csv | head -c 500 >"$tmp/packed"
	refused "cut short"
	echo '; reboot' >"$tmp/packed"
	refused "rubbish"
}

@test "report: a row per guest, however it ended; numbers for Prometheus" {
	for n in 1 2 3; do results "$tmp/out/guests/g$n" "$n"; done
	echo 'rubbish,"' >>"$tmp/out/guests/g3/runs.csv"
	printf '%s\n' "g1${tab}ok$tab" "g2${tab}failed${tab}it said \"no\", twice" "g3${tab}ok$tab" \
		"g4${tab}unreachable${tab}no route" >"$tmp/out/state.tsv"
	mkdir "$tmp/textfile"
	"$fleet/run.sh" --report --out "$tmp/out" --textfile "$tmp/textfile"
	python3 - "$tmp/out/fleet.csv" <<-'END'
		import csv, sys
		rows = list(csv.DictReader(open(sys.argv[1]), strict=True))
		assert all(None not in row and None not in row.values() for row in rows), rows
		assert [row["state"] for row in rows] == ["ok", "failed", "damaged", "unreachable"], rows
		assert rows[1]["reason"] == 'it said "no", twice', rows
		assert rows[0]["hypervisor"] == "qemu" and rows[0]["kernel"] == "6.1.0-made-up", rows
		# An older result counts, the run that failed does not take it away
		assert [row["weight"] for row in rows] == ["64", "64", "", ""], rows
		assert [row["trials"] for row in rows] == ["40", "40", "", ""], rows
	END
	prom=$tmp/textfile/e1000_napi_fleet.prom
	[ "$(grep -c '^e1000_napi_fleet_ok{.*} 0$' "$prom")" -eq 3 ]
	[ "$(grep -c '^e1000_napi_fleet_weight{guest="g[12]",action="keep"} 64$' "$prom")" -eq 2 ]
	[ "$(ls -A "$tmp/textfile")" = e1000_napi_fleet.prom ]
	! command -v promtool >/dev/null || promtool check metrics <"$prom"
	grep -q g2 "$tmp/out/report/report.html"
}

@test "as root: no folder of another user's, and through no link" {
	[ "$(id -u)" -eq 0 ] || skip "root only: it makes another user's folders"
	unset SUDO_UID SUDO_GID
	as_other() { setpriv --reuid 12345 --regid 12345 --clear-groups "$@"; }
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$tmp"
	mkdir "$tmp/out" "$tmp/his" "$tmp/textfile" "$tmp/sys"
	echo secret >"$tmp/secret"
	row="g4${tab}unreachable${tab}no route"
	refused() { # refused TEXT OPTION…
		local text=$1
		shift
		run -1 "$fleet/run.sh" --report "$@"
		[[ $output == *"$text"* ]] || { echo "$output" && false; }
		[ "$(cat "$tmp/secret")" = secret ]
	}
	echo "$row" | tee "$tmp/out/state.tsv" >"$tmp/his/state.tsv"
	chown -R 12345:12345 "$tmp/his"
	for link in fleet.csv.new fleet.csv .e1000_napi_fleet.prom; do
		as_other ln -s "$tmp/secret" "$tmp/his/$link"
	done
	refused "$tmp/his belongs to another user" --out "$tmp/his"
	[[ $output == *"run this as that user"* ]]
	refused "$tmp/his belongs to another user" --out "$tmp/out" --textfile "$tmp/his"
	[ "$(ls -A "$tmp/out")" = state.tsv ]
	# a folder of root's below his, and a link of his to one of root's
	mkdir "$tmp/his/root"
	cp "$tmp/out/state.tsv" "$tmp/his/root/"
	refused "$tmp/his belongs to another user" --out "$tmp/his/root"
	as_other ln -s "$tmp/out" "$tmp/his/link"
	refused "$tmp/his belongs to another user" --out "$tmp/his/link"
	[ "$(ls -A "$tmp/out")" = state.tsv ]
	chmod 777 "$tmp/out"
	refused "other users may write $tmp/out" --out "$tmp/out"
	chmod 755 "$tmp/out"
	# a user of the system's above, as with Debian's folder for textfiles: its links are not followed
	mkdir "$tmp/sys/textfile"
	chown -R 100:100 "$tmp/sys"
	for link in .e1000_napi_fleet.prom e1000_napi_fleet.prom; do ln -s "$tmp/secret" "$tmp/sys/textfile/$link"; done
	ln -s "$tmp/secret" "$tmp/out/fleet.csv"
	ln -s "$tmp/secret" "$tmp/out/fleet.csv.new"
	refused "no guest has results" --out "$tmp/out" --textfile "$tmp/sys/textfile"
	[ -f "$tmp/sys/textfile/e1000_napi_fleet.prom" ] && [ ! -L "$tmp/sys/textfile/e1000_napi_fleet.prom" ]
	[ "$(stat -c %a "$tmp/sys/textfile/e1000_napi_fleet.prom")" = 644 ]
	[ ! -L "$tmp/out/fleet.csv" ]
	# nor into a folder of that name
	rm "$tmp/out/fleet.csv"
	mkdir "$tmp/out/fleet.csv"
	run -1 "$fleet/run.sh" --report --out "$tmp/out"
	[ -z "$(ls -A "$tmp/out/fleet.csv")" ]
	[ -z "$(find "$tmp" -name '.e1000_napi.*')" ]
	rm -r "$tmp/out/fleet.csv" "$tmp/out/state.tsv"
	ln -s "$tmp/secret" "$tmp/out/state.tsv"
	refused "must not be links" --out "$tmp/out"
}

@test "an impossible name of a guest is refused, in state.tsv and in an inventory" {
	results "$tmp/out/guests/g1" 1
	results "$tmp/elsewhere" 2
	for name in ../../elsewhere "$tmp/elsewhere" .. .g -g 'g"2' 'g 2' ''; do
		printf '%s\n' "g1${tab}ok$tab" "$name${tab}ok$tab" >"$tmp/out/state.tsv"
		run -1 "$fleet/run.sh" --report --out "$tmp/out"
		[[ $output == *"'$name' cannot be the name of a guest"* ]] || { echo "$name: $output" && false; }
		[ ! -e "$tmp/out/fleet.csv" ]
	done
	command -v ansible >/dev/null || skip "the rest needs ansible"
	printf '%s\n' '[guests]' g1 2001:db8::1 >"$tmp/inventory"
	run -1 "$fleet/run.sh" -i "$tmp/inventory" --out "$tmp/new"
	[[ $output == *"'2001:db8::1' cannot be the name of a guest"*"ansible_host="* ]]
	run -1 "$fleet/run.sh" -i "$tmp/inventory" --out "$tmp/out" --failed
	[[ $output == *"'' cannot be the name of a guest"* ]]
}

@test "report: no guest has results" {
	mkdir "$tmp/out"
	printf '%s\n' "g4${tab}unreachable${tab}no route" >"$tmp/out/state.tsv"
	run -1 "$fleet/run.sh" --report --out "$tmp/out"
	[[ $output == *"no guest has results"* ]]
	grep -q '^g4,unreachable,no route,' "$tmp/out/fleet.csv"
	grep -q '^e1000_napi_fleet_ok{guest="g4",state="unreachable"} 0$' "$tmp/out/fleet.prom"
}

@test "a hostile guest's text becomes no formula, terminal code or other metric" {
	results "$tmp/out/guests/g1" 1
	python3 - "$tmp/out/guests/g1/meta.json" <<-'END'
		import json, sys
		meta = json.load(open(sys.argv[1]))
		def poison(part):
		    for key, value in part.items():
		        if isinstance(value, dict):
		            poison(value)
		        elif key in ("kernel", "hypervisor"):
		            part[key] = '=HYPERLINK("x"),\x1b]52;c;QQ==\x07' if key == "kernel" else 'q"a,\\\nb'
		poison(meta)
		json.dump(meta, open(sys.argv[1], "w"))
	END
	printf '%s\n' "g1${tab}failed${tab}=cmd|' /C calc'!A0 $(printf '\033]52;c;QQ==\007')" "g2${tab}\"failed${tab}x" \
		>"$tmp/out/state.tsv"
	"$fleet/run.sh" --report --out "$tmp/out" >"$tmp/said" 2>&1 || :
	refute_control() { ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$1"; }
	refute_control "$tmp/out/fleet.csv"
	refute_control "$tmp/out/fleet.prom"
	python3 - "$tmp/out/fleet.csv" <<-'END'
		import csv, sys
		for row in csv.DictReader(open(sys.argv[1]), strict=True):
		    assert None not in row and None not in row.values(), row
		    assert not any(v[:1] in ("=", "@") for v in row.values()), row
	END
	# each line is a comment or one metric with whole labels
	run grep -vE '^(# (HELP|TYPE) .*|[a-z0-9_]+\{([a-z]+="([^"\\]|\\.)*",?)+\} [-+0-9.e]+)$' "$tmp/out/fleet.prom"
	[ "$status" -eq 1 ]
	# and more files than a sweep has are not taken
	mkdir "$tmp/in"
	cp "$tmp/out/guests/g1/"* "$tmp/in"
	for n in $(seq 80); do : >"$tmp/in/f$n"; done
	run -1 "$fleet/take.sh" "$tmp/took" < <(pack .)
	[[ $output == *"more than 64 files"* ]]
	[ ! -e "$tmp/took" ]
}

# bats test_tags=report
@test "alerts fire for what they are meant for, and not before" {
	cp "$fleet/rules.yml" "$tmp/rules.yml"
	cat >"$tmp/test.yml" <<-'END'
		rule_files: [rules.yml]
		evaluation_interval: 1h
		tests:
		  - interval: 1h
		    input_series:
		      - {series: 'e1000_napi_fleet_ok{guest="g1",state="ok"}', values: '1x2400'}
		      - {series: 'e1000_napi_fleet_ok{guest="g2",state="failed"}', values: '0x2400'}
		      - {series: 'e1000_napi_fleet_weight{guest="g1",action="keep"}', values: '64x2400'}
		      - {series: 'e1000_napi_fleet_weight{guest="g3",action="change"}', values: '200x2400'}
		      - {series: 'e1000_napi_fleet_measured_seconds{guest="g1"}', values: '0x2400'}
		    alert_rule_test:
		      - {eval_time: 0h, alertname: NapiSweepFailed, exp_alerts: []}
		      - {eval_time: 89d, alertname: NapiSweepOld, exp_alerts: []}
		      - eval_time: 2h
		        alertname: NapiSweepFailed
		        exp_alerts:
		          - exp_labels: {severity: info, guest: g2, state: failed}
		            exp_annotations:
		              summary: "g2 was not swept: failed"
		              description: "fleet.csv has the reason; scripts/fleet/run.sh -i INVENTORY --failed tries again"
		      - eval_time: 2h
		        alertname: NapiWeightWrong
		        exp_alerts:
		          - exp_labels: {severity: warning, guest: g3, action: change}
		            exp_annotations:
		              summary: "g3 should have NAPI weight 200"
		              description: "Shown by its sweep with correction for the number of tests; see the fleet's report"
		      - eval_time: 91d
		        alertname: NapiSweepOld
		        exp_alerts:
		          - exp_labels: {severity: info, guest: g1}
		            exp_annotations:
		              summary: "g1 was last swept 91d 0h 0m 0s ago"
	END
	promtool test rules "$tmp/test.yml"
}
