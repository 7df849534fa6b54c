#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A hypervisor's host that says impossible times and CPU loads, or nothing, while the sweep
# asks it. After: each trial has a row whose host_cpu is possible or empty, or the sweep says
# why it does not begin; settings as before, nothing executed, no capability that is not needed.
# Kernel: debian
# Boot: own
# Takes: 60, 60 s
# Limit: 600 s
# shellcheck disable=SC2016 # of the shell in the namespace
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/../../guest/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/../../guest/common/sweep.sh"

# samples LINE…: as a sampler prints them, each second ten times, with these lines between
samples() {
	# not the shell's clock: busybox' date has no nanoseconds
	ip netns exec src sh -c 'echo time_ns,cpu
		while read -r up _ </proc/uptime; do
			# whole seconds and their hundredths; a step back begins a new list
			echo "$(date +%s)${up#*.}0000000,50"
			for line; do echo "$line"; done
			sleep 0.2
		done' sh "$@"
}
host() { # host LINE…: sets $host_pid
	samples "$@" 2>/dev/null | ip netns exec src tools/napimeter hostcpu 5999 &
	host_pid=$!
	sleep 1
}
stop() {
	for p in $(ip netns pids src); do kill -9 "$p" 2>/dev/null || :; done
	wait "$host_pid" 2>/dev/null || :
}
asked() { # asked NAME: a sweep that asks the host
	timeout 150 scripts/sweep.sh eth0 --out "$work/$1" --source pktgen --seed 1 --datagram 958 --load 20M \
		--seconds 0.5 --weight 60 --reps 2 --retries 0 --host 10.0.0.1:5999 >"$work/$1.log" 2>&1
}

host '9223372036854775807,1' '-9223372036854775808,1e300' '1,nan' '$(touch /tmp/pwned),1' \
	'99999999999999999999999999,inf' "$(printf '\033[2J'),5" '4611686018427387903,1e999'
status() { awk -v line="$1:" '$1 == line { print $2 }' "/proc/$(pidof napimeter | cut -d ' ' -f 1)/status"; }
is "hostcpu has no capability" "$(status CapEff)" 0000000000000000
is "nor a system call that it does not make" "$(status Seccomp)" 2
check "impossible samples between possible ones: the sweep goes on" asked mixed
is "two rows" "$(select_rows mixed '{ n++ } END { print n + 0 }')" 2
is "whose host_cpu is possible or empty" "$(select_rows mixed \
	'{ if (c["host_cpu"] != "" && !(c["host_cpu"] >= 0 && c["host_cpu"] <= 100)) n++ } END { print n + 0 }')" 0
stop

host '9223372036854775807,1'
# no answers from here on
stop
settings >"$work/before"
check "no answer: it does not begin" refused asked silent
check "and says why" grep -q 'from the host' "$work/silent.log"
check "nothing was executed" [ ! -e /tmp/pwned ]
settings >"$work/after"
is "settings are as before" "$(diff "$work/before" "$work/after")" ""
rm -rf "$work"
finish
