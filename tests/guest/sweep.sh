#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep: its numbers add up, it survives what it must, and it leaves no trace.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
cd $top
work=$(mktemp -d)
insmod $ko
scripts/lab/net.sh up 0
export PATH="$PATH:/usr/sbin:/sbin"

# sweep NAME OPTION…: with pktgen and short trials, results in $work/NAME
sweep() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --source pktgen --seed 1 --datagram 958 \
		--rcvbuf 4M --load 20M --seconds 0.2 "$@" >"$work/$_name.log" 2>&1
}

# select NAME EXPRESSION: awk over runs.csv with the columns as c["name"]
select_rows() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
		{ for (i = 1; i <= NF; i++) c[name[i]] = $i }
		'"$2" "$work/$1/runs.csv"
}

# whole NAME TRIALS: each trial has one row, and no histogram is without its row
whole() {
	is "$1: $2 rows, each trial once" \
		"$(select_rows "$1" '{ print c["trial"] }' | sort -n | uniq | wc -l) $(select_rows "$1" '{ n++ } END { print n }')" \
		"$2 $2"
	is "$1: the histograms' polls and packets are those of the rows" "$(
		awk -F, 'FNR == 1 { if (NR == 1) for (i = 1; i <= NF; i++) col[$i] = i; next }
			NR == FNR { polls[$1] = $col["polls"]; rx[$1] = $col["rx_packets"]; next }
			$2 == "rx_per_poll" { polls[$1] -= $4; rx[$1] -= $3 * $4 }
			END { for (t in polls) if (polls[t] || rx[t]) bad++; print bad + 0 }' \
			"$work/$1/runs.csv" "$work/$1/hist.csv"
	)" 0
	is "$1: sent = received + every place + remainder" "$(
		select_rows "$1" '{ if (c["sent"] != c["received"] + c["lost_before_nic"] +
			c["lost_ring"] + c["lost_backlog"] + c["lost_socket"] + c["lost_app"] +
			c["remainder"]) bad++ } END { print bad + 0 }'
	)" 0
}

# pids PATTERN…: processes whose command line has one of the patterns in it
pids() {
	for _p in /proc/[0-9]*; do
		[ "$_p" != "/proc/$$" ] || continue
		_line=$(tr '\0' ' ' 2>/dev/null <"$_p/cmdline") || continue
		for _pattern in "$@"; do
			case $_line in *"$_pattern"*) echo "${_p#/proc/}" ;; esac
		done
	done
}
none_left() { [ -z "$(pids "$@")" ]; }

# settings: all that a sweep may change
settings() {
	irq=$(cat /sys/class/net/eth0/device/irq)
	for f in $debug/eth0/weight /proc/irq/"$irq"/smp_affinity_list /proc/sys/net/core/rmem_max \
		/proc/sys/net/core/netdev_budget /proc/sys/net/core/netdev_budget_usecs \
		/sys/class/net/eth0/threaded /sys/class/net/eth0/napi_defer_hard_irqs \
		/sys/class/net/eth0/gro_flush_timeout; do
		echo "$f $(cat "$f")"
	done
	ethtool -k eth0 | grep generic-receive
	ip -o addr show dev eth0 | sed 's/valid_lft.*//'
	ethtool -i eth0 | head -n 1
}
echo 17 >$debug/eth0/weight
sysctl -qw net.core.rmem_max=300000
settings >"$work/before"
as_before() {
	settings >"$work/after"
	is "$1: all settings are as before" "$(diff "$work/before" "$work/after")" ""
	check "$1: nothing is left to restore" [ ! -e /run/e1000_napi/sweep.state ]
}

check "a grid over weights and settings" sweep grid --weight 1,60 --reps 2 --gro 0 \
	--netdev-budget 100 --defer-hard-irqs 0,2 --app-cpu 1 --irq-cpu 1 --threaded 1
whole grid 8
as_before grid
is "extra columns come last" "$(head -n 1 "$work/grid/runs.csv" | sed 's/.*host_cpu,//')" \
	netdev_budget,netdev_budget_usecs,defer_hard_irqs,gro_flush_timeout
is "weight 1 takes one packet a poll" "$(select_rows grid '
	c["weight"] == 1 && c["rx_per_poll"] > 1 { bad++ } END { print bad + 0 }')" 0
is "the application got packets in each trial" "$(select_rows grid '
	c["received"] < 0.1 * c["sent"] { bad++ } END { print bad + 0 }')" 0
check "the same command again does nothing" sweep grid --weight 1,60 --reps 2 --gro 0 \
	--netdev-budget 100 --defer-hard-irqs 0,2 --app-cpu 1 --irq-cpu 1 --threaded 1
check "another one is refused" refused sweep grid --weight 1
check "meta.json is JSON and whole" grep -q '"clocksource": "' "$work/grid/meta.json"

check "interleave" sweep blocks --method interleave --weight 1,2,60 --blocks 4 --slot 0.1
whole blocks 12
as_before interleave

# kill -9 of the conductor, of the measuring program, or both, at ten random moments
awk 'BEGIN { srand(); for (i = 0; i < 10; i++) print 0.2 + 1.2 * rand() }' >"$work/moments"
n=0
while read -r moment; do
	sweep killed --weight 1,60 --reps 15 --seconds 0.1 &
	pid=$!
	sleep "$moment"
	both=$(pids "scripts/sweep.sh eth0 --out $work/killed")
	step=$(pids "napimeter step $work/killed")
	n=$((n + 1))
	case $((n % 3)) in
	0) step='' ;;
	1) both='' ;;
	esac
	# shellcheck disable=SC2086 # lists of processes
	kill -9 $both $step 2>/dev/null || :
	wait "$pid" || :
	if [ "$n" -eq 9 ]; then
		check "one command restores after kill -9" scripts/sweep.sh --restore
		as_before "kill -9"
	fi
done <"$work/moments"
select_rows killed '{ n++ } END { print "# " n + 0 " rows survived ten kills" }'
check "it goes on to its end" sweep killed --weight 1,60 --reps 15 --seconds 0.1
whole killed 30
as_before "killed and resumed"
check "no process is left" wait_for 5 none_left "napimeter step" sadc

sweep stopped --weight 60 --reps 40 &
pid=$!
sleep 3
kill -TERM "$(pids "scripts/sweep.sh eth0 --out $work/stopped" | sort -n | head -n 1)"
rc=0
wait $pid || rc=$?
is "SIGTERM ends it" $rc 143
as_before SIGTERM

# what can go wrong in the middle
sweep link --weight 60 --reps 3 --seconds 1 --retries 0 &
pid=$!
sleep 2
ip link set eth0 down
sleep 1
ip link set eth0 up
rc=0
wait $pid || rc=$?
is "link lost: it says so at the end" $rc 1
check "and in the row" grep -q 'failed,.*link' "$work/link/runs.csv"
wait_for 10 ping -q -c 1 -W 1 10.0.0.1 >/dev/null

sweep module --weight 60 --reps 3 --seconds 1 --retries 1 --on-error stop &
pid=$!
sleep 2.5
rmmod e1000_napi
rc=0
wait $pid || rc=$?
is "module unloaded: it stops by --on-error stop" $rc 1
check "with the reason" grep -q 'failed,.*e1000_napi' "$work/module/runs.csv"
insmod $ko
scripts/lab/net.sh up 0
echo 17 >$debug/eth0/weight
ethtool -K eth0 gro on
check "and goes on later" sweep module --weight 60 --reps 3 --seconds 1 --retries 1 --on-error stop
settings >"$work/before"

mkdir "$work/small"
mount -t tmpfs -o size=8k,nr_inodes=20 small "$work/small"
rc=0
sweep small --weight 1..12 || rc=$?
is "disk full: it stops" $rc 1
check "and says so" grep -q 'No space left' "$work/small.log"
check "no half row" [ -z "$(tail -c 1 "$work/small/runs.csv")" ]
mount -o remount,size=1m "$work/small"
check "with room it goes on" sweep small --weight 1..12
whole small 12
umount "$work/small"
as_before "disk full"

# iperf, pulled from the namespace behind the wire
ip netns exec src iperf -s >/dev/null 2>&1 &
tcp=$!
ip netns exec src iperf -s -u >/dev/null 2>&1 &
udp=$!
pull() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --seed 1 --load 10M --seconds 1 "$@" \
		>"$work/$_name.log" 2>&1
}
wait_for 5 sh -c 'ip netns exec src ss -ltn | grep -q :5001'
check "iperf -R, UDP and TCP" pull iperf --server 10.0.0.1 --protocol udp,tcp --weight 2,60 --rcvbuf 1M
is "four rows, all good" "$(select_rows iperf 'c["status"] != "failed" { n++ } END { print n }')" 4
is "UDP adds up, TCP counts no datagrams" "$(
	select_rows iperf 'c["protocol"] == "udp" && c["sent"] > 100 &&
		c["sent"] == c["received"] + c["lost_before_nic"] + c["lost_ring"] + c["lost_backlog"] +
			c["lost_socket"] + c["lost_app"] + c["remainder"] { u++ }
		c["protocol"] == "tcp" && c["sent"] == "" && c["bandwidth_bps"] > 1e6 { t++ }
		END { print u " " t }'
)" "2 2"
check "both versions are in meta.json" [ "$(grep -cE '"(guest|server)": "2\.' "$work/iperf/meta.json")" = 2 ]
check "the source was tested first" grep -q selftest "$work/iperf/probes.csv"
kill $tcp $udp
check "no server: refused with a hint" refused pull nobody --server 10.0.0.1 --retries 0
check "the hint" grep -q 'running on the server' "$work/nobody/runs.csv"

mkdir "$work/bin"
printf '#!/bin/sh\necho "iperf version 2.0.13 (21 Jan 2019) pthreads"\n' >"$work/bin/iperf"
chmod +x "$work/bin/iperf"
old() { PATH=$work/bin:$PATH pull old --server 10.0.0.1; }
check "iperf 2.0 is refused" refused old
check "with a sentence" grep -q 'iperf is 2.0.13; .* needs 2.1' "$work/old.log"
rm "$work/bin/iperf"

# ssh as far as the sweep sees it: runs a command on the other side
# shellcheck disable=SC2016 # for that script
printf '#!/bin/sh\nwhile [ "$1" = -o ]; do shift 2; done\nshift\nexec ip netns exec src sh -c "$*"\n' >"$work/bin/ssh"
chmod +x "$work/bin/ssh"
by_ssh() { PATH=$work/bin:$PATH pull "$@" --sender ssh:root@10.0.0.1 --weight 60 --rcvbuf 1M; }
check "--sender ssh:HOST" by_ssh ssh
is "its row" "$(select_rows ssh 'c["received"] > 100 { n++ } END { print n }')" 1
check "bursts from our own source, over ssh" by_ssh own --source napimeter --burst 1,32
is "their average load is the same" "$(select_rows own '
	c["bandwidth_bps"] > 9e6 && c["bandwidth_bps"] < 11e6 { n++ } END { print n }')" 2
is "packets per interrupt are more in bursts" "$(select_rows own '
	{ per[c["burst"]] = c["rx_per_irq"] } END { print per[32] > 2 * per[1] }')" 1
check "nothing of it is left on the other side" wait_for 5 none_left "iperf -s" "napimeter serve"
as_before "iperf and ssh"
rm -rf "$work"
finish
