#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# doctor on the machine at hand: what it refuses, and its JSON. What it finds is in
# tests/guest/doctor.sh, how it judges in tests/unit/doctor_test.c.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s -C tools/napimeter
}

setup() { cd "$BATS_TEST_DIRNAME/../.." || return 1; }

@test "wrong usage is refused with status 2 before anything is read" {
	while read -r want args; do
		# shellcheck disable=SC2086 # words
		run ./e1000-napi doctor $args
		[ "$status" -eq 2 ] && [[ $output == *"${want//_/ }"* && $output != *looking* ]] || {
			echo "$args gave $status: $output"
			return 1
		}
	done <<-'END'
		which_interface
		there_is_no_interface_none9 none9
		from_1_to_60 lo --seconds 0
		from_1_to_60 lo --seconds 61
		from_1_to_60 lo --seconds 1x
		requires_an_argument lo --seconds
		unknown_argument_'--nonsense' lo --nonsense
		unknown_argument_'eth1' lo eth1
	END
}

# Of a socket that overflows, so that there is a finding
@test "--json is one object of the keys and types that docs/doctor.md names" {
	cat >"$BATS_TEST_TMPDIR/overflow.py" <<-'END'
		import socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		s.bind(("127.0.0.1", 0))
		print(s.getsockname()[1], flush=True)
		while True:
		    s.sendto(bytes(500), s.getsockname())
		    time.sleep(0.002)
	END
	python3 "$BATS_TEST_TMPDIR/overflow.py" >"$BATS_TEST_TMPDIR/port" 3>&- &
	pid=$!
	sleep 0.5
	run ./e1000-napi doctor lo --seconds 2 --json
	kill $pid
	[ "$status" -eq 1 ]
	echo "${output#lo: looking for 2 s}" >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" "$pid" "$(cat "$BATS_TEST_TMPDIR/port")" docs/doctor.md <<-'END'
		import json, sys
		said = json.load(open(sys.argv[1]))
		docs = open(sys.argv[4]).read()
		real, text, none = float, str, type(None)
		whole = {"format": int, "interface": text, "driver": text, "seconds": real, "received": real,
		         "sent": real, "weight": (real, none), "ring": (real, none), "wrong": list,
		         "harmless": list, "elsewhere": list, "next": (text, none), "all_seen": bool}
		finding = {"place": text, "limit": (text, none), "packets": real, "percent": real, "text": text,
		           "next": (text, none), "socket": (dict, none)}
		sock = {"protocol": text, "port": int, "rcvbuf": real, "command": (text, none),
		        "pid": (int, none), "dropped": real}
		def check(what, of):
		    assert what.keys() == of.keys(), (what.keys(), of.keys())
		    for key, kind in of.items():
		        assert isinstance(what[key], kind), (key, what[key])
		        assert "`%s`" % key in docs, key
		check(said, whole)
		for one in said["wrong"] + said["harmless"] + said["elsewhere"]:
		    check(one, finding)
		    assert "`%s`" % one["place"] in docs, one["place"]
		    assert one["limit"] is None or "`%s`" % one["limit"] in docs, one["limit"]
		    if one["socket"] and "rcvbuf" in one["socket"]:
		        check(one["socket"], sock)
		ours = [f for f in said["wrong"] if f["socket"] and f["socket"]["pid"] == int(sys.argv[2])]
		assert len(ours) == 1 and ours[0]["socket"]["port"] == int(sys.argv[3]), said
		assert ours[0]["place"] == "socket" and ours[0]["limit"] == "reader", ours
		assert said["next"] == next(f["next"] for f in said["wrong"] if f["next"])
	END
}

@test "an answer that cannot be written is not a success" {
	for how in '>/dev/full' '>&-' '| { exec <&-; sleep 2; }'; do
		run bash -o pipefail -c "./e1000-napi doctor lo --seconds 1 $how"
		[ "$status" -eq 1 ] && [[ $output == *"cannot write the answer"* ]] || {
			echo "$how gave $status: $output"
			return 1
		}
	done
}

@test "every place and limit that it knows is in docs/doctor.md" {
	grep -ohE '(finding_add\(d|add_shared\(d, p), "[a-z-]+"|(finding_limit|judge_reader)\(f, "[a-z]+"|limit = "[a-z]+"' tools/napimeter/doctor*.c |
		grep -o '"[a-z-]*"' | tr -d '"' | sort -u >"$BATS_TEST_TMPDIR/words"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/words")" -ge 20 ]
	while read -r word; do
		grep -qF "\`$word\`" docs/doctor.md || {
			echo "$word is missing"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/words"
}
