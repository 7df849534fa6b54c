#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts back what nic-save.sh wrote down; its format is described there. Source
# it after nic-save.sh.
#
# Every step looks at what is there first, so a replay can be repeated, and can
# go on where an earlier one was killed.

# missed WHAT WHY: one step that did not work; replay goes on with the others
missed() {
	warn "not put back: $1${2:+ ($2)}"
	missed=$((missed + 1))
}

# try COMMAND…: run it, and count and name it when it fails
try() {
	_why=$("$@" 2>&1) || missed "$*" "$_why"
}

has_carrier() { [ "$(first_line "$SYS/class/net/$1/carrier")" = 1 ]; }

# put_file FILE VALUE: written only when it differs, for some act when written.
# What a folder holds is read once: a hundred processes for a hundred sysctls
# would keep the network waiting.
put_file() {
	if [ "${1%/*}" != "$seen_dir" ]; then
		seen_dir=${1%/*}
		# some cannot be read, which makes grep fail
		seen=$(grep -s '' /dev/null "$seen_dir"/* 2>/dev/null) || :
	fi
	case $newline$seen$newline in
	*"$newline$1:$2$newline"*) return 0 ;;
	esac
	seen_dir=
	{ printf '%s\n' "$2" >"$1"; } 2>/dev/null || missed "$2 in $1"
}

# put_ethtool OPT IF NAME VALUE…: only what differs, and only what the present
# driver knows
put_ethtool() {
	_opt=$1 _if=$2 _differ='' _known=''
	_now=" $(ethtool_pairs "$_opt" "$_if") "
	shift 2
	_all=$*
	while [ $# -ge 2 ]; do
		case $_now in
		*" $1 $2 "*) _known="$_known $1 $2" ;;
		*" $1 "*) _known="$_known $1 $2" _differ="$_differ $1 $2" ;;
		esac
		shift 2
	done
	[ -n "$_differ" ] || return 0
	case $_opt in
	K) _all=$_differ ;;
	[GAC]) _all=$_known ;;
	esac
	# shellcheck disable=SC2086 # words on purpose
	try ethtool "-$_opt" "$_if" $_all
}

# put_address IF VALID PREFERRED ADDRESS ARGUMENT…: lifetimes went on running
put_address() {
	_if=$1 _valid=$2 _preferred=$3
	shift 3
	if [ "$_valid" != forever ]; then
		_valid=$((_valid - elapsed))
		[ "$_valid" -gt 0 ] || return 0
	fi
	if [ "$_preferred" != forever ]; then
		_preferred=$((_preferred - elapsed))
		[ "$_preferred" -gt 0 ] || _preferred=0
	fi
	_why=$(ip addr add "$@" dev "$_if" valid_lft "$_valid" preferred_lft "$_preferred" 2>&1) ||
		[ -n "$(ip -o addr show dev "$_if" to "${1%/*}")" ] || missed "address $1 of $_if" "$_why"
}

# add_route FAMILY ARGUMENT…: one that is there already will do
add_route() {
	_family=$1
	shift
	# appended, because other routes to the same place may be there; but a
	# route with several next hops may have lost only some of them
	_verb=append
	case " $* " in
	*' nexthop '*) _verb=replace ;;
	esac
	_why=$(ip "-$_family" route "$_verb" "$@" 2>&1) && return
	case $_why in
	*'File exists'*) return 0 ;;
	esac
	return 1
}

# put_route FAMILY ARGUMENT…
put_route() {
	case "$newline$routes$newline" in
	*"${newline}route $*$newline"*) return 0 ;;
	esac
	# IPv6 addresses may take a moment to be usable as a source
	wait_for 3 add_route "$@" || missed "ip -$1 route $*" "$_why"
}

# put_up IF CARRIER
put_up() {
	try ip link set dev "$1" up
	if [ "$2" = 1 ] && ! has_carrier "$1"; then
		log "$1: waiting for link (10 s at most)"
		wait_for 10 has_carrier "$1" || warn "$1 had link before, and has none now"
	fi
}

# put_irq MASK: the interrupt's number may be another one now
put_irq() {
	_irq=/proc/irq/$(first_line "$SYS/bus/pci/devices/$pci/irq")/smp_affinity
	[ ! -e "$_irq" ] || put_file "$_irq" "$1"
}

# put_line WORD ARGUMENT…: one line of a state file
put_line() {
	_kind=$1
	shift
	case $_kind in
	pci) pci=$1 ;;
	name) name=$1 ;;
	uptime) elapsed=$(($(uptime_now) - $1)) ;;
	ethtool) put_ethtool "$@" ;;
	mac)
		[ "$(first_line "$SYS/class/net/$1/address")" = "$2" ] ||
			try ip link set dev "$1" address "$2"
		;;
	altname)
		ip link show dev "$2" >/dev/null 2>&1 ||
			try ip link property add dev "$1" altname "$2"
		;;
	run) try "$@" ;;
	vlan)
		[ -e "$SYS/class/net/$1" ] || {
			shift
			try ip link add "$@"
		}
		;;
	up) put_up "$@" ;;
	irq) put_irq "$1" ;;
	addr) put_address "$@" ;;
	route)
		# what the kernel and the addresses brought is needed once, here
		# shellcheck disable=SC2046 # names hold no spaces
		[ "$routes" != unknown ] || routes=$(routes_of $(nic_tree "$name"))
		put_route "$@"
		;;
	esac
}

# replay FILE: leaves the number of steps that did not work in $missed
replay() {
	missed=0 routes=unknown seen_dir='' newline='
'
	while IFS= read -r _line <&3; do
		case $_line in
		'' | '#'*) continue ;;
		'set '*)
			_line=${_line#set }
			put_file "${_line%% *}" "${_line#* }"
			continue
			;;
		esac
		set -f
		# shellcheck disable=SC2086 # split at spaces, and nothing else
		set -- $_line
		set +f
		put_line "$@"
	done 3<"$1"
	return 0
}
