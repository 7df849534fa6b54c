#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Factors of tune.sh. tools/napimeter/tunefactors.c knows which values a factor can have, and the
# sweep's options for them.

# budget_usecs: the present value; the default is two ticks, and their length differs
budget_usecs() { first_line /proc/sys/net/core/netdev_budget_usecs 2>/dev/null || echo 8000; }

# One line per factor, in the order of the search: name, default, values to try
factors() {
	cat <<-END
		rcvbuf default 1M,8M
		ring 256 1024,4096
		cpus free one,two
		weight 64 16,128,256
		rx-usecs 3 0,50,200
		gro 1 0
		threaded 0 1
		defer 0:0 2:50000,20:200000
		budget 300 600,1200
		budget-usecs $(budget_usecs) 20000
		rps 0 $(nproc)
		backlog 1000 10000
		busy-read 0 50
	END
}

# missing FACTOR IF: why it cannot be tried here; fails if it can
missing() {
	local net="$SYS/class/net/$2"
	case $1 in
	cpus | rps | backlog) [ "$(nproc)" -lt 2 ] && echo "there is one CPU" ;;
	ring) ethtool -g "$2" >/dev/null 2>&1 || echo "this NIC has no such setting" ;;
	rx-usecs) ethtool -c "$2" 2>/dev/null | grep -q '^rx-usecs:[[:space:]]*[1-9]' ||
		echo "this NIC has no such setting" ;;
	threaded) [ -e "$net/threaded" ] || echo "this kernel has no such setting" ;;
	busy-read) [ -e /proc/sys/net/core/busy_read ] || echo "this kernel has no such setting" ;;
	defer) [ -e "$net/napi_defer_hard_irqs" ] || echo "this kernel has no such setting" ;;
	esac | grep .
}

# value_in WORDS FACTOR: VALUE of the last FACTOR=VALUE there; fails if there is none
value_in() {
	local word value=''
	for word in $1; do
		[ "${word%%=*}" != "$2" ] || value=${word#*=}
	done
	[ -n "$value" ] && printf '%s\n' "$value"
}
