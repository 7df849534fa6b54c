#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep adds up, survives what it must, and leaves no trace.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/common/sweep.sh"

check "a grid over weights and settings" sweep grid --weight 1,60 --reps 2 --gro 0 \
	--netdev-budget 100 --defer-hard-irqs 0,2 --app-cpu 1 --irq-cpu 1 --threaded 1 \
	--rx-ring 512 --rps-cpus 2 --netdev-max-backlog 500 --busy-read 50 --mtu 1400
whole grid 8
as_before grid
is "extra columns come last" "$(head -n 1 "$work/grid/runs.csv" | sed 's/.*host_cpu,//')" \
	lost_checksum,lost_filter,source_seconds,delay_p50_us,delay_p99_us,delay_p999_us,netdev_budget,netdev_budget_usecs,defer_hard_irqs,gro_flush_timeout,rx_ring,rps_cpus,netdev_max_backlog,busy_read,mtu,irq_suspend_timeout
is "weight 1 takes one packet a poll" "$(select_rows grid '
	c["weight"] == 1 && c["rx_per_poll"] > 1 { bad++ } END { print bad + 0 }')" 0
is "the application got packets in each trial" "$(select_rows grid '
	c["received"] < 0.1 * c["sent"] { bad++ } END { print bad + 0 }')" 0
check "the same command again does nothing" sweep grid --weight 1,60 --reps 2 --gro 0 \
	--netdev-budget 100 --defer-hard-irqs 0,2 --app-cpu 1 --irq-cpu 1 --threaded 1 \
	--rx-ring 512 --rps-cpus 2 --netdev-max-backlog 500 --busy-read 50 --mtu 1400
check "another one is refused" refused sweep grid --weight 1

# How long an application that polls keeps interrupts off: of the NAPI, Linux 6.13 on
suspend() {
	sweep suspend --weight 60 --defer-hard-irqs 2 --gro-flush-timeout 200000 \
		--irq-suspend-timeout 0,20000000 "$@"
}
if grep -q irq_suspend_timeout "$work/grid/meta.json"; then
	check "interrupts are suspended" suspend
	whole suspend 2
	as_before suspend
	check "the application polls the NIC with it, and many times" [ "$(select_rows suspend '
		c["irq_suspend_timeout"] > 0 { own = c["polls"] }
		c["irq_suspend_timeout"] == 0 { other = c["polls"] }
		END { print own > 3 * other }')" = 1 ]
else
	check "a kernel without it: refused" refused suspend
	check "before the first trial" grep -q 'this kernel has no irq_suspend_timeout, which Linux 6.13' "$work/suspend.log"
	as_before suspend
fi
check "meta.json is JSON and whole" grep -q '"clocksource": "' "$work/grid/meta.json"

# CPU columns: the counters that sysstat reads too, so its samples in the same time agree
check "a longer trial" sweep sar --weight 60 --seconds 7
# shellcheck disable=SC2012 # our own names
is "CPU agrees with sar" "$(
	S_TIME_FORMAT=ISO sar -u ALL -f "$(ls "$work"/sar/sar-* | head -n 1)" |
		awk -v row="$(select_rows sar '{ printf "%.3f %s %s", c["started_ns"] / 1e9, c["cpu_total"], c["cpu_softirq"] }')" '
			BEGIN { split(row, r, " "); from = r[1] % 86400 }
			$2 == "all" && $1 ~ /:/ {
				split($1, t, ":")
				at = t[1] * 3600 + t[2] * 60 + t[3]
				if (at < from + 1.5 || at > from + 6.5) next
				n++
				busy += 2 * (100 - $NF - $7)
				soft += 2 * $9
			}
			# the windows differ, and a busy host takes ticks away that only the row sees
			function near(a, b) { return a - b < 0.4 * b + 10 && b - a < 0.4 * b + 10 }
			END {
				if (n <= 2)
					print n + 0 " samples"
				else if (near(busy / n, r[2]) && near(soft / n, r[3]))
					print "yes"
				else
					print n " samples: " busy / n " " soft / n ", the row: " row
			}'
)" yes

check "interleave" sweep blocks --method interleave --weight 1,2,60 --blocks 4 --slot 0.1
whole blocks 12
as_before interleave

search() {
	scripts/sweep.sh eth0 --out "$work/search" --source pktgen --method mlfrr --datagram 958 \
		--rcvbuf 4M --weight 1,60 --min-load 1M --max-load 8M --goal-width 0.2 --goal-initial-trial-s 0.2 \
		--goal-final-trial-s 0.4 --goal-duration-sum-s 0.8 >"$work/search.log" 2>&1
}
check "mlfrr" search
whole search "$(select_rows search '{ n++ } END { print n }')"
is "a rate for each weight" "$(awk -F, 'NR > 1 { print $1, ($2 >= 1e6 && $4 > 0), $6 }' \
	"$work/search/mlfrr.csv" | sort -n | xargs)" "1 1 1 60 1 1"

sweep stopped --weight 60 --reps 40 &
pid=$!
sleep 3
kill -TERM "$(pids "scripts/sweep.sh eth0 --out $work/stopped" | sort -n | head -n 1)"
rc=0
wait $pid || rc=$?
is "SIGTERM ends it" $rc 143
as_before SIGTERM

setsid env --default-signal=INT scripts/sweep.sh eth0 --out "$work/int" --source pktgen --load 20M \
	--reps 40 >/dev/null 2>&1 &
pid=$!
sleep 3
kill -INT "-$pid"
rc=0
wait $pid || rc=$?
is "Ctrl-C ends it" $rc 130
as_before Ctrl-C

# what can go wrong in the middle
sweep link --weight 60 --reps 3 --seconds 1 --retries 0 &
pid=$!
wait_for 30 grep -q '^\[2/3' "$work/link.log"
sleep 0.5
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
wait_for 30 grep -q "^\[1/3" "$work/module.log"
sleep 0.5
rmmod e1000_napi
rc=0
wait $pid || rc=$?
is "module unloaded: it stops by --on-error stop" $rc 1
check "with the reason" grep -q 'failed,.*e1000_napi' "$work/module/runs.csv"
insmod $ko
lab/net.sh up 0
echo 17 >$debug/eth0/weight
ethtool -K eth0 gro on
check "and goes on later" sweep module --weight 60 --reps 3 --seconds 1 --retries 1 --on-error stop
settings >"$work/before"

# the module can be loaded again only where it has no other NIC
twice() { sweep sessions --weight 1,60 --sessions 2; }
others() { (cd /sys/bus/pci/drivers/e1000_napi && ls -d -- ????:??:??.?) | grep -vxF "$(basename "$(readlink /sys/class/net/eth0/device)")"; }
check "sessions are refused while the module has another NIC" refused twice
check "which is named" grep -q "^reload.sh: $(others | head -n 1) is driven by e1000_napi too" "$work/sessions.log"
for dev in $(others); do
	echo "$dev" >/sys/bus/pci/drivers/e1000_napi/unbind
	echo none >/sys/bus/pci/devices/"$dev"/driver_override
done
since() { sed -n 's/^# since_ns //p' "$debug/eth0/snapshot"; }
since=$(since)
check "two sessions" twice
check "the module is another load" [ "$(since)" != "$since" ]
whole sessions 4
is "each has its rows" "$(select_rows sessions '{ print c["session"] c["weight"] }' | sort | xargs)" "11 160 21 260"
as_before sessions

mkdir "$work/small"
mount -t tmpfs -o mode=755,size=8k,nr_inodes=20 small "$work/small"
rc=0
sweep small --weight 1..12 || rc=$?
is "disk full: it stops" $rc 1
check "and says so" grep -q 'No space left' "$work/small.log"
check "no half row" [ -z "$(tail -c 1 "$work/small/runs.csv")" ]
mount -o remount,size=1m "$work/small"
check "with room it goes on" sweep small --weight 1..12
whole small 12
# sar is asked to end, and does so a little later
wait_for 5 umount "$work/small"
as_before "disk full"

# Lockdown, as with Secure Boot, lasts until the end of the boot
weight_now() { ethtool -c eth0 | sed -n 's/^rx-frames-irq:[^0-9]*//p'; }
[ -e /sys/kernel/security/lockdown ] || mount -t securityfs security /sys/kernel/security
echo integrity >/sys/kernel/security/lockdown
was=$(weight_now)
check "lockdown: the weight cannot be written in debugfs" refused sh -c "echo 5 >$debug/eth0/weight"
check "lockdown: a sweep over two weights" sweep locked --weight 1,60
whole locked 2
is "lockdown: the weight is put back" "$(weight_now)" "$was"
rm -rf "$work"
finish
