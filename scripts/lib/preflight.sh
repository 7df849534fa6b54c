#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Requirements of every trial, checked before the first one, each with a message that says what to
# do. Source it after common.sh.

# preflight_nic IF: e1000_napi drives it, and its counters can be read
preflight_nic() {
	local sys="${E1000_NAPI_SYS:-/sys}" driver
	[ -e "$sys/class/net/$1" ] ||
		die "there is no interface $1; ip link shows those there are"
	! head -n 1 "$sys/kernel/debug/e1000_napi/$1/snapshot" >/dev/null 2>&1 || return 0
	driver=$(readlink "$sys/class/net/$1/device/driver") || driver=
	driver=${driver##*/}
	case $driver in
	e1000_napi) ;;
	e1000) die "$1 is driven by e1000, not by e1000_napi; run: $(how_to load "$1")" ;;
	*) die "$1 is driven by ${driver:-no driver of a device}; only NICs of e1000 can be handed to e1000_napi and measured" ;;
	esac
	[ -d "$sys/kernel/debug/e1000_napi" ] || grep -qs " $sys/kernel/debug debugfs " /proc/mounts ||
		die "debugfs is not mounted, and the counters are there; run: mount -t debugfs none /sys/kernel/debug"
	die "$sys/kernel/debug/e1000_napi/$1 cannot be read; a locked-down kernel forbids it (cat /sys/kernel/security/lockdown)"
}

# address_of HOST: its address, for static programs, which cannot resolve names
address_of() {
	local address
	case $1 in
	*:*) printf '%s\n' "$1" ;;
	*[!0-9.]*)
		address=$(getent hosts "$1" 2>/dev/null | awk '{ print $1; exit }' || true)
		[ -n "$address" ] || die "the name $1 cannot be resolved here; give the server's address"
		printf '%s\n' "$address"
		;;
	*) printf '%s\n' "$1" ;;
	esac
}

# pull_iperf SERVER PORT PROTOCOL SECONDS: sets $said
pull_iperf() {
	local options=''
	[ "$3" = tcp ] || options=-u
	case $1 in *:*) options="$options -V" ;; esac
	# shellcheck disable=SC2086 # words
	said=$(timeout 12 iperf -c "$1" -p "$2" $options -R -t "$4" -b 1M -y C 2>&1) || :
	# the eighth field of its last line is a count of bytes
	printf '%s\n' "$said" | awk -F , '/^[0-9][0-9][0-9][0-9]/ { bytes = $8 } END { exit bytes > 0 ? 0 : 1 }'
}

# preflight_iperf SERVER PORT udp|tcp: a server answers there. It may have crashed just now, and
# start again within a second
preflight_iperf() {
	local command='iperf -s' try mute=''
	[ "$3" = tcp ] || command='iperf -s -u'
	[ "$2" = 5001 ] || command="$command -p $2"
	need iperf
	# napimeter refuses that with its own message
	case $(iperf -v 2>&1) in *'version 2.0'*) return ;; esac
	# a slow guest may need longer than the first try
	for try in 0.3 1 2; do
		# iperf needs a moment between two pulls
		! pull_iperf "$@" "$try" || { sleep 0.6 && return; }
		case $said in
		*nreachable*) break ;;
		*'onnection refused'*) ;;
		*) mute=1 ;;
		esac
		sleep 1
	done
	case $mute$said in
	1*) ;;
	*'onnection refused'*)
		die "nothing listens on $3 port $2 of $1; there: while :; do $command; sleep 1; done"
		;;
	*'nreachable'*)
		die "$1 cannot be reached from here (ip route get $1); is it the right address?"
		;;
	esac
	die "$1 sends nothing from $3 port $2: wrong host, a firewall on the way, or an iperf before 2.1; there: while :; do $command; sleep 1; done"
}

# preflight_source SOURCE SERVER PORT PROTOCOLS
preflight_source() {
	local protocol
	[ "$1" = iperf ] || return 0
	for protocol in udp tcp; do
		case ",$4," in
		*",$protocol,"*) preflight_iperf "$2" "${3:-5001}" "$protocol" ;;
		esac
	done
}
