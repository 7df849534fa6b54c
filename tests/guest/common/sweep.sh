#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Shared by the tests of the sweep. Source it after lib.sh.
# shellcheck disable=SC2154 # set there
cd "$top" || exit 1
work=$(mktemp -d)
insmod "$ko"
lab/net.sh up 0

# sweep NAME OPTION…: with pktgen and short trials, results in $work/NAME
sweep() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --source pktgen --seed 1 --datagram 958 \
		--rcvbuf 4M --load 20M --seconds 0.2 "$@" >"$work/$_name.log" 2>&1 || {
		_status=$?
		echo "# sweep $_name ended with status $_status: $(tail -n 1 "$work/$_name.log")"
		return "$_status"
	}
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

# pids PATTERN…: processes of a sweep whose command line has one of the patterns in it
pids() {
	for _p in /proc/[0-9]*; do
		{ read -r _comm <"$_p/comm"; } 2>/dev/null || continue
		case $_comm in napimeter | sweep.sh | sar | sadc | iperf) ;; *) continue ;; esac
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
	for f in "$debug/eth0/weight" /proc/irq/"$irq"/smp_affinity_list /proc/sys/net/core/rmem_max \
		/proc/sys/net/core/rmem_default \
		/proc/sys/net/core/netdev_budget /proc/sys/net/core/netdev_budget_usecs \
		/sys/class/net/eth0/threaded /sys/class/net/eth0/napi_defer_hard_irqs \
		/sys/class/net/eth0/gro_flush_timeout /sys/class/net/eth0/queues/rx-0/rps_cpus \
		/proc/sys/net/core/netdev_max_backlog /proc/sys/net/core/busy_read /sys/class/net/eth0/mtu; do
		echo "$f $(cat "$f")"
	done
	ethtool -k eth0 | grep generic-receive
	rx_ring eth0
	ip addr show dev eth0 | awk '/inet/ { print $2 }'
	ethtool -i eth0 | head -n 1
}

echo 17 >"$debug/eth0/weight"
sysctl -qw net.core.rmem_max=300000
settings >"$work/before"
as_before() {
	settings >"$work/after"
	is "$1: all settings are as before" "$(diff "$work/before" "$work/after")" ""
	check "$1: nothing is left to restore" [ ! -e /run/e1000_napi/sweep.state ]
}
