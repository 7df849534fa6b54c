#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What tune.sh can try: factors, their values, and how sweep.sh is told of them. It is a
# part of tune.sh, whose variables it uses. A configuration is words FACTOR=VALUE.
# shellcheck disable=SC2154 # set there

stock_of() {
	case $1 in
	rcvbuf) echo default ;;
	cpus) echo free ;;
	weight) echo 64 ;;
	rx-usecs) echo 3 ;;
	gro) echo 1 ;;
	threaded) echo 0 ;;
	defer) echo 0:0 ;;
	budget) echo 300 ;;
	*) usage_error "no factor '$1': $all" ;;
	esac
}

values_of() {
	case $1 in
	rcvbuf) echo 1M 8M ;;
	cpus) echo one two ;;
	weight) echo 16 128 256 ;;
	rx-usecs) echo 0 50 200 ;;
	gro) echo 0 ;;
	threaded) echo 1 ;;
	defer) echo 2:50000 20:200000 ;;
	budget) echo 600 1200 ;;
	esac
}

# option_of FACTOR=VALUE: for sweep.sh
option_of() {
	case $1 in
	cpus=free) ;;
	defer=*)
		_v=${1#*=}
		echo "--defer-hard-irqs ${_v%:*} --gro-flush-timeout ${_v#*:}"
		;;
	budget=*) echo "--netdev-budget ${1#*=}" ;;
	*) echo "--${1%%=*} ${1#*=}" ;;
	esac
}

check_value() { # check_value FACTOR VALUE
	case $1=$2 in
	rcvbuf=default | cpus=free | cpus=one | cpus=two | gro=[01] | threaded=[01]) return ;;
	rcvbuf=?*)
		_v=${2%[KMG]}
		! is_uint "$_v" || return 0
		;;
	defer=*:*) if is_uint "${2%:*}" && is_uint "${2#*:}"; then return; fi ;;
	weight=* | budget=* | rx-usecs=*) ! is_uint "$2" || return 0 ;;
	esac
	usage_error "$1 cannot be '$2'"
}

# missing FACTOR: why it cannot be tried here; fails if it can
missing() {
	_net=$SYS/class/net/$interface
	case $1 in
	cpus) [ "$(nproc)" -lt 2 ] && echo "there is one CPU" ;;
	rx-usecs) ethtool -c "$interface" 2>/dev/null | grep -q '^rx-usecs:[[:space:]]*[1-9]' ||
		echo "this NIC has no such setting" ;;
	threaded) [ -e "$_net/threaded" ] || echo "this kernel has no such setting" ;;
	defer) [ -e "$_net/napi_defer_hard_irqs" ] || echo "this kernel has no such setting" ;;
	esac | grep .
}

with() { # with CONFIG FACTOR VALUE: CONFIG, one value replaced
	echo " $1 " | sed "s| $2=[^ ]* | $2=$3 |; s/^ *//; s/ *$//"
}

value_in() { # value_in CONFIG FACTOR
	echo " $1 " | sed -n "s|.* $2=\([^ ]*\) .*|\1|p"
}
