#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/fleet over three guests at once: real ansible, ssh, driver and iperf.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	why=''
	[ "$(id -u)" -eq 0 ] || why="needs root"
	[ -c /dev/net/tun ] || why="needs /dev/net/tun"
	for tool in ansible-playbook dropbear ssh; do
		command -v "$tool" >/dev/null || [ -x "/usr/sbin/$tool" ] ||
			why="$tool is missing: dev/deps.sh fleet"
	done
	export why run=$PWD/scripts/fleet/run.sh dir=$BATS_FILE_TMPDIR
	[ -z "$why" ] || return 0
	# ssh's sockets are named by address, which other labs have too
	export ANSIBLE_SSH_CONTROL_PATH_DIR=$dir/cp
	# One lab for all tests; it ends when told, and then says what kernels complained about
	{
		rc=0
		# shellcheck disable=SC2016 # for the shell there
		timeout 1500 lab/fleet.sh -- sh -c 'printf "%s\n" "$FLEET" >"$dir/new"
			ip netns identify $$ >"$dir/space" && mv "$dir/new" "$dir/ready"
			while [ ! -e "$dir/stop" ]; do sleep 0.3; done' || rc=$?
		echo "$rc" >"$dir/ended"
	} >"$dir/lab" 2>&1 3>&- &
	until [ -e "$dir/ready" ]; do
		[ ! -e "$dir/ended" ] || {
			cat "$dir/lab" >&2
			return 1
		}
		sleep 0.3
	done
	sed '/^g[12] /s/$/ napi_host=metal/' "$(cat "$dir/ready")" >"$dir/inventory"
	# A host that is not there, named first
	sed '/^\[guests\]/a gone ansible_host=192.168.77.99' "$dir/inventory" >"$dir/with-gone"
}

teardown_file() {
	: >"$dir/stop"
	[ -n "$why" ] || until [ -e "$dir/ended" ]; do sleep 0.3; done
}

setup() {
	[ -z "$why" ] || skip "$why"
	export out=$dir/out
}

# there COMMAND…: where the guests can be reached
there() { ip netns exec "$(cat "$dir/space")" "$@"; }

# fleet OPTION…: the script under test
fleet() { there timeout 400 "$run" --out "$out" "$@"; }

# guest N COMMAND: by ssh, as the playbook does
guest() {
	there ssh -n -i "$(sed -n 's/^ansible_ssh_private_key_file=//p' "$dir/inventory")" \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		"root@192.168.77.$((10 + $1))" "$2"
}

# untouched N: the guest is as it was before any of this
untouched() {
	guest "$1" 'set -e
		[ ! -e /opt/e1000_napi-fleet ] && [ ! -e /sys/module/e1000_napi ]
		for nic in eth0 eth1; do
			[ "$(basename "$(readlink /sys/class/net/$nic/device/driver)")" = e1000 ]
		done
		ip -4 addr show dev eth1 | grep -q "10.0.0.'$((10 + $1))'/24"
		[ -z "$(ls /run/e1000_napi 2>/dev/null | grep state)" ]
		! grep -Eqs "[s]weep[.]sh|[n]apimeter" /proc/[0-9]*/cmdline'
}

# column NAME FILE: of a CSV
column() {
	python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[2])): print(row[sys.argv[1]])' "$1" "$2"
}

@test "--help, and wrong usage before any guest is asked" {
	run "$run" --help
	[ "$status" -eq 0 ]
	[[ $output == "usage: run.sh"* ]]
	while read -r args; do
		# shellcheck disable=SC2086
		run "$run" $args
		[ "$status" -eq 2 ] || {
			echo "run.sh $args: $status $output"
			return 1
		}
	done <<-END

		-i /nonexistent
		-i $dir/inventory --batch none
		-i $dir/inventory --sideways
		-i $dir/inventory --textfile /nonexistent
		-i $dir/inventory -- --weight 5000
		-i $dir/inventory -- --weight 1;reboot
	END
}

@test "--dry-run asks every guest, says what is wrong, changes nothing" {
	run -1 fleet -i "$dir/with-gone" --dry-run -- --weight 1,64 --load 20M --seconds 1
	[[ $output == *"g1: nic=eth1 driver=e1000"*textfile=/var/lib/prometheus/node-exporter* ]]
	[[ $output == *"g3: nic=eth1"* ]]
	[[ $output == *"gone: unreachable: "*"192.168.77.99"* ]]
	[[ $output == *"2 trials"* ]]
	for n in 1 2 3; do untouched "$n"; done
	[ ! -e "$out/guests" ]
}

@test "three guests are swept, one is not there: results, report, all put back" {
	mkdir "$dir/textfile"
	run -1 fleet -i "$dir/with-gone" --textfile "$dir/textfile" -- \
		--weight 1,64 --load 20M --reps 2 --seconds 1
	echo "$output"
	[[ $output == *"gone: unreachable: "* ]]
	[[ $output == *"3 ok, 1 unreachable"* ]]
	[[ $output == *"verdicts: 3 "* ]]
	for n in 1 2 3; do
		[ "$(column weight "$out/guests/g$n/runs.csv" | sort -n | uniq -c | tr -s ' ' | tr '\n' ,)" = " 2 1, 2 64," ]
		run column status "$out/guests/g$n/runs.csv"
		[[ $output != *failed* ]]
		# By that driver in that guest: its counters moved
		run column polls "$out/guests/g$n/runs.csv"
		[[ ! $'\n'$output$'\n' =~ $'\n'0?$'\n' ]]
		untouched "$n"
		guest "$n" 'cat /var/lib/prometheus/node-exporter/e1000_napi.prom' >"$dir/prom"
		grep -q '^e1000_napi_cell_mean{.*weight="64",metric="delivered_bps"' "$dir/prom"
		! command -v promtool >/dev/null || promtool check metrics <"$dir/prom"
	done
	cut -f 1,2 "$out/state.tsv" | tr '\t\n' ' ,' | grep -qx 'g1 ok,g2 ok,g3 ok,gone unreachable,'
	# g1 and g2 are of one machine: never at the same time
	for n in 1 2; do
		column started_ns "$out/guests/g$n/runs.csv" | sort -n | sed "s/\$/ g$n/"
	done | sort -n | awk '{ print $2 }' | uniq | wc -l | grep -qx 2
	[ "$(grep -c '^e1000_napi_fleet_ok{.*} 1$' "$dir/textfile/e1000_napi_fleet.prom")" -eq 3 ]
	grep -q '^e1000_napi_fleet_ok{guest="gone",state="unreachable"} 0$' "$dir/textfile/e1000_napi_fleet.prom"
	! command -v promtool >/dev/null || promtool check metrics <"$dir/textfile/e1000_napi_fleet.prom"
	# All three stand side by side on one page
	for n in 1 2 3; do grep -q "g$n" "$out/report/report.html"; done
	python3 - "$out/fleet.csv" <<-'END'
		import csv, sys
		rows = {row["guest"]: row for row in csv.DictReader(open(sys.argv[1]), strict=True)}
		assert set(rows) == {"g1", "g2", "g3", "gone"}, rows
		assert all(rows[g]["trials"] == "4" and rows[g]["hypervisor"] == "qemu-tcg" for g in ("g1", "g2", "g3")), rows
		assert "192.168.77.99" in rows["gone"]["reason"] and not rows["gone"]["weight"], rows
	END
}

@test "--failed tries only what failed" {
	run -1 fleet -i "$dir/with-gone" --failed --dry-run
	[[ $output == *"gone: unreachable"* ]]
	[[ $output != *"g1: "* ]]
}

@test "the NIC of ssh is refused, and the others go on" {
	sed '/^g1 /s/$/ napi_nic=eth0/' "$dir/inventory" >"$dir/wrong"
	run -1 fleet -i "$dir/wrong" --limit g1,g2 --dry-run
	[[ $output == *"g1: failed: guest.sh: ssh or the default route goes over eth0"* ]]
	[[ $output == *"g2: nic=eth1"* ]]
}

@test "run.sh is killed: the sweeps go on; one is taken up again, --undo ends the other" {
	set -- -i "$dir/inventory" -- --weight 1,64 --load 10M --reps 8 --seconds 1 --seed 7
	fleet --limit g2,g3 "$@" >"$dir/killed" 2>&1 3>&- &
	pid=$!
	for n in 2 3; do
		for _ in $(seq 300); do
			! guest "$n" 'grep -q "^\[2/16" /opt/e1000_napi-fleet/log' 2>/dev/null || break
			sleep 0.2
		done
	done
	for child in $(pgrep -f "ansible-playbook.*$dir/inventory"); do kill -9 "$child"; done
	wait "$pid" || true
	for n in 2 3; do guest "$n" 'grep -qs "[s]weep[.]sh" /proc/[0-9]*/cmdline && [ -e /sys/module/e1000_napi ]'; done
	rm -rf "$out/guests/g2"
	now=$(date +%s%N)
	run -0 fleet --limit g2 "$@"
	[ "$(column seconds "$out/guests/g2/runs.csv" | wc -l)" -eq 16 ]
	# It was not begun again
	[ "$(column started_ns "$out/guests/g2/runs.csv" | sort -n | head -n 1)" -lt "$now" ]
	untouched 2
	# The other has ended or not; its NIC is still handed over
	guest 3 '[ -e /sys/module/e1000_napi ] && [ -e /opt/e1000_napi-fleet ]'
	run -0 fleet -i "$dir/inventory" --undo
	[[ $output == *"g3: put back"* ]]
	for n in 1 2 3; do untouched "$n"; done
}

@test "no guest's kernel complained, and the lab leaves nothing behind" {
	: >"$dir/stop"
	for _ in $(seq 200); do
		[ ! -e "$dir/ended" ] || break
		sleep 0.3
	done
	cat "$dir/lab"
	[ "$(cat "$dir/ended")" -eq 0 ]
	[ ! -e "/run/netns/$(cat "$dir/space")" ]
}
