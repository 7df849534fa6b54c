#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep given a server that lies, stalls, floods, cuts, or sends escape sequences and
# shell words. After: a failed or marked row with a reason, settings as before, nothing
# executed, no escape sequence in any output or file, no process left.
# Kernel: debian
# Boot: own
# Takes: 120, 120 s
# Limit: 900 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/../../guest/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/../../guest/common/sweep.sh"
liar=${LIAR:-/tmp/liar}

# controls FILE…: finds bytes that could control a terminal
controls() { cat "$@" 2>/dev/null | tr -d '\n\t' | LC_ALL=C grep -q '[[:cntrl:]]'; }
pull() {
	_name=$1
	shift
	timeout 200 scripts/sweep.sh eth0 --out "$work/$_name" --server 10.0.0.1 --seed 1 --load 2M \
		--datagram 1470 --seconds 1 --retries 0 "$@" >"$work/$_name.log" 2>&1
}

for how in lies stalls floods cuts talks; do
	for protocol in udp tcp; do
		ip netns exec src "$liar" $how &
		liar_pid=$!
		sleep 0.5
		run=$how-$protocol
		rc=0
		start=$(uptime_now)
		pull $run --protocol $protocol --weight 60 || rc=$?
		echo "# $run: status $rc after $(($(uptime_now) - start)) s: $(tail -n 1 "$work/$run.log" | tr -cd ' -~')"
		kill $liar_pid
		for p in $(ip netns pids src); do kill -9 "$p" 2>/dev/null || :; done
		case $rc in
		0) check "$run: the row is there" [ "$(select_rows $run '{ n++ } END { print n + 0 }')" = 1 ] ;;
		1) check "$run: says why" grep -Eq 'trials? failed|test failed|iperf' "$work/$run.log" ;;
		*) check "$run: ends with status 0 or 1, not $rc" false ;;
		esac
		[ ! -e "$work/$run/runs.csv" ] || is "$run: no row that it could not read again" "$(
			tools/napimeter list "$work/$run" 2>&1 | grep -c edited || :
		)" 0
		check "$run: no escape sequence anywhere" refused controls "$work/$run.log" "$work/$run"/*
		check "$run: nothing was executed" [ ! -e /tmp/pwned ]
		check "$run: no iperf is left" wait_for 5 none_left 'iperf -c'
		as_before $run
	done
done
rm -rf "$work"
finish
