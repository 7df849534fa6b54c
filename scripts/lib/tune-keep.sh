#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make a setting that tune.sh found permanent, and undo that. Source it after common.sh, nic.sh and
# nic-reach.sh. A setting is a list of FACTOR=VALUE.

# A prefix, so that tests do not write to /etc
ROOT=${E1000_NAPI_ROOT:-}
KEPT=$ROOT/var/lib/e1000_napi/tune

# bytes WORD: 8M as a number
bytes() {
	case $1 in
	*K) echo $((${1%K} * 1024)) ;;
	*M) echo $((${1%M} * 1048576)) ;;
	*G) echo $((${1%G} * 1073741824)) ;;
	*) echo "$1" ;;
	esac
}

# keep_sysctl FACTOR VALUE: "NAME VALUE" lines
keep_sysctl() {
	case $1 in
	rcvbuf)
		# SO_RCVBUF=N gives a socket 2 N; the sysctl is the size without SO_RCVBUF
		echo "net.core.rmem_default $(($(bytes "$2") * 2))"
		echo "net.core.rmem_max $(($(bytes "$2") * 2))"
		;;
	budget) echo "net.core.netdev_budget $2" ;;
	budget-usecs) echo "net.core.netdev_budget_usecs $2" ;;
	backlog) echo "net.core.netdev_max_backlog $2" ;;
	busy-read) echo "net.core.busy_read $2" ;;
	esac
}

# keep_udev FACTOR VALUE: the actions of a udev rule of the NIC
keep_udev() {
	case $1 in
	rx-usecs) echo "RUN+=\"/usr/sbin/ethtool -C \$name rx-usecs $2\"" ;;
	gro) echo "RUN+=\"/usr/sbin/ethtool -K \$name gro $(on_off "$2")\"" ;;
	ring) echo "RUN+=\"/usr/sbin/ethtool -G \$name rx $2\"" ;;
	threaded) echo "ATTR{threaded}=\"$2\"" ;;
	rps) echo "RUN+=\"/bin/sh -c 'echo $(cpu_mask "$2") >/sys/class/net/\$name/queues/rx-0/rps_cpus'\"" ;;
	defer)
		echo "ATTR{napi_defer_hard_irqs}=\"${2%:*}\""
		echo "ATTR{gro_flush_timeout}=\"${2#*:}\""
		;;
	esac
}

# cpu_mask N: of the first N CPUs, in the format of rps_cpus
cpu_mask() { printf '%x\n' $(((1 << $1) - 1)); }

on_off() { case $1 in 0) echo off ;; *) echo on ;; esac }

# keep_files IF DIR WORD…: write the files for / below DIR
keep_files() {
	_if=$1 _dir=$2
	shift 2
	rm -rf "$_dir"
	mkdir -p "$_dir"
	_rule="ACTION==\"add\", SUBSYSTEM==\"net\", DRIVERS==\"e1000_napi\", ATTR{address}==\"$(permanent_address "$_if")\""
	for _word; do
		_factor=${_word%%=*} _value=${_word#*=}
		[ "$_factor" != weight ] ||
			keep_line modprobe.d/e1000_napi-tune.conf "options e1000_napi weight=$_value"
		keep_udev "$_factor" "$_value" | while read -r _line; do
			keep_line "udev/rules.d/90-e1000_napi-tune-$_if.rules" "$_rule, $_line"
		done
		keep_sysctl "$_factor" "$_value" | while read -r _name _value; do
			keep_line sysctl.d/90-e1000_napi-tune.conf "$_name = $_value"
		done
	done
}

# keep_line FILE LINE: FILE is under DIR/etc
keep_line() {
	_file=$_dir/etc/$1
	mkdir -p "${_file%/*}"
	[ -e "$_file" ] || echo '# by tune.sh of e1000_napi; tune.sh --undo takes it away' >"$_file"
	echo "$2" >>"$_file"
}

# keep_by_hand IF WORD…: print what no file can set
keep_by_hand() {
	_if=$1
	shift
	for _word; do
		case $_word in
		cpus=one | cpus=two)
			_cpu=$([ "$_word" = cpus=one ] && echo 0 || echo 1)
			echo "By hand: the receiving application on CPU $_cpu (taskset -c $_cpu, or CPUAffinity=$_cpu in"
			echo "its unit), the NIC's interrupt on CPU 0 at each boot, and no irqbalance that moves it:"
			echo "  echo 0 >/proc/irq/\$(cat /sys/class/net/$_if/device/irq)/smp_affinity_list"
			;;
		esac
	done
}

# keep_live IF WORD…: "KIND TARGET VALUE" lines, settings that can change at once
keep_live() {
	_if=$1
	shift
	_net=$SYS/class/net/$_if
	for _word; do
		_value=${_word#*=}
		case $_word in
		weight=*)
			_file=$SYS/kernel/debug/e1000_napi/$_if/weight
			# lockdown, as with Secure Boot, forbids this file, but not ethtool
			if first_line "$_file" >/dev/null; then
				echo "file $_file $_value"
			else
				echo "weight $_if $_value"
			fi
			;;
		rx-usecs=*) echo "rx-usecs $_if $_value" ;;
		gro=*) echo "gro $_if $_value" ;;
		ring=*) echo "ring $_if $_value" ;;
		rps=*) echo "file $_net/queues/rx-0/rps_cpus $(cpu_mask "$_value")" ;;
		threaded=*) echo "file $_net/threaded $_value" ;;
		defer=*)
			echo "file $_net/napi_defer_hard_irqs ${_value%:*}"
			echo "file $_net/gro_flush_timeout ${_value#*:}"
			;;
		cpus=one | cpus=two) echo "file /proc/irq/$(first_line "$_net/device/irq")/smp_affinity_list 0" ;;
		*)
			keep_sysctl "${_word%%=*}" "$_value" | while read -r _name _value; do
				echo "file /proc/sys/$(echo "$_name" | tr . /) $_value"
			done
			;;
		esac
	done
}

live_now() { # live_now KIND TARGET
	case $1 in
	file) first_line "$2" ;;
	weight) weight_of "$2" ;;
	rx-usecs) ethtool -c "$2" | sed -n 's/^rx-usecs:[[:space:]]*//p' ;;
	ring) ethtool -g "$2" | awk '/^Current/ { now = 1 } now && $1 == "RX:" { print $2; exit }' ;;
	gro) ethtool -k "$2" | awk '$1 == "generic-receive-offload:" { print $2 == "on" ? 1 : 0 }' ;;
	esac
}

# live_gone KIND TARGET: it no longer exists, so it need not be restored
live_gone() {
	case $1 in
	file) [ ! -e "$2" ] ;;
	*) [ ! -e "$SYS/class/net/$2" ] ;;
	esac
}

live_set() { # live_set KIND TARGET VALUE
	[ "$(live_now "$1" "$2")" != "$3" ] || return 0
	case $1 in
	file) (echo "$3" >"$2") 2>/dev/null ;;
	weight) ethtool -C "$2" rx-frames-irq "$3" ;;
	rx-usecs) ethtool -C "$2" rx-usecs "$3" ;;
	ring) ethtool -G "$2" rx "$3" ;;
	gro) ethtool -K "$2" gro "$(on_off "$3")" >/dev/null ;;
	esac
}

# keep_record KIND TARGET VALUE: record the value before it changes. The first one of a target
# counts, so that one undo restores the state before the first apply
keep_record() {
	mkdir -p "$KEPT"
	! grep -qsF "$1 $2 " "$KEPT/undo" || return 0
	echo "$1 $2 $3" >>"$KEPT/undo"
	sync "$KEPT/undo" 2>/dev/null || sync
}

# neighbours IF: "ADDRESS DEVICE" of peers over IF that answer now
neighbours() {
	peers_over "$1" | while read -r _ _address _dev; do
		[ "$_address" != - ] || continue
		! answers "$_address" "$_dev" || echo "$_address $_dev"
	done
}

# reload_rules: make udev see added and removed rules
reload_rules() {
	[ -n "$ROOT" ] || ! command -v udevadm >/dev/null || udevadm control --reload || :
}

# is_kept KIND TARGET VALUE: keep_record can have written it, about a setting of ours. Root acts on it
is_kept() {
	case $2 in */../* | */./*) return 1 ;; esac
	case "$1 $2" in
	"config etc/modprobe.d/e1000_napi-tune.conf" | "config etc/sysctl.d/90-e1000_napi-tune.conf")
		[ "$3" = none ] || [ "$3" = saved ]
		return
		;;
	"config etc/udev/rules.d/90-e1000_napi-tune-"*.rules)
		case ${2#etc/udev/rules.d/} in */*) return 1 ;; esac
		[ "$3" = none ] || [ "$3" = saved ]
		return
		;;
	"file $SYS/kernel/debug/e1000_napi/"*/weight | "file /proc/irq/"*/smp_affinity_list) ;;
	"file $SYS/class/net/"*/threaded | "file $SYS/class/net/"*/napi_defer_hard_irqs) ;;
	"file $SYS/class/net/"*/gro_flush_timeout) ;;
	"file /proc/sys/net/core/rmem_default" | "file /proc/sys/net/core/rmem_max") ;;
	"file /proc/sys/net/core/netdev_budget" | "file /proc/sys/net/core/netdev_max_backlog") ;;
	"file /proc/sys/net/core/netdev_budget_usecs" | "file /proc/sys/net/core/busy_read") ;;
	"file $SYS/class/net/"*/queues/rx-0/rps_cpus)
		case $3 in '' | *[!0-9a-f,]*) return 1 ;; esac
		return
		;;
	"weight "* | "rx-usecs "* | "gro "* | "ring "*) is_ifname "$2" || return 1 ;;
	*) return 1 ;;
	esac
	case $3 in '' | *[!0-9,-]*) return 1 ;; esac
}

# check_kept: refuse a record that another user could have written, or that has other contents
check_kept() {
	local kind target value
	for target in "$KEPT" "$KEPT/undo"; do
		is_own_path "$target" ||
			die "$target, or a folder above it, belongs to, or can be written by, another user; it is ignored"
	done
	while read -r kind target value; do
		if is_kept "$kind" "$target" "$value" && { [ "$value" != saved ] || is_own_path "$KEPT/$target"; }; then
			continue
		fi
		die "$KEPT/undo: '$(printf '%s' "$kind $target" | tr -c '[:print:]' '?')' is not by tune.sh; it was edited, and is ignored"
	done <"$KEPT/undo"
}

# install_file FILE DIR: copy DIR/FILE below $ROOT. Keep lines of an earlier --apply for settings that
# this one does not set; two lines are of one setting if only their last word differs.
install_file() {
	local file="$1" new="$2/$1" old="$ROOT/$1"
	local ours=""
	! grep -qsF "config $file " "$KEPT/undo" || ours=1
	if [ -n "$ours" ] && [ -e "$old" ]; then
		awk 'function key(line) { sub(/[ =]*[^ =]*$/, "", line); return line }
			FNR == NR { set[key($0)]; print; next }
			!(key($0) in set)' "$new" "$old" >"$KEPT/merged" || return 1
		new=$KEPT/merged
	elif [ -e "$old" ]; then
		mkdir -p "$KEPT/${file%/*}" && cp -p "$old" "$KEPT/$file" || return 1
		keep_record config "$file" saved
	else
		keep_record config "$file" none
	fi
	mkdir -p "${old%/*}" && cp "$new" "$old" && rm -f "$KEPT/merged"
}

_apply() { # IF DIR WORD…
	_if=$1 _dir=$2
	shift 2
	mkdir -p "$KEPT"
	is_own_path "$KEPT" ||
		die "$KEPT, or a folder above it, belongs to, or can be written by, another user; remove it"
	# append to the record of an earlier --apply
	[ ! -e "$KEPT/undo" ] || check_kept
	(cd "$_dir" && find etc -type f 2>/dev/null) | while read -r _file; do
		is_kept config "$_file" none || continue
		install_file "$_file" "$_dir" || return 1
	done || return 1
	reload_rules
	keep_live "$_if" "$@" | while read -r _kind _target _value; do
		_now=$(live_now "$_kind" "$_target") || return 1
		[ -n "$_now" ] || return 1
		# keep a limit that is larger than needed
		case $_target in */rmem_max) [ "$_now" -lt "$_value" ] || continue ;; esac
		keep_record "$_kind" "$_target" "$_now"
		live_set "$_kind" "$_target" "$_value" || return 1
	done
}

# keep_apply IF DIR WORD…: apply DIR of keep_files. If a step fails, or a peer over IF no longer
# answers, undo everything.
keep_apply() {
	_neighbours=$(neighbours "$1")
	_carrier=$(first_line "$SYS/class/net/$1/carrier") || : # there is none while it is down
	trap 'keep_undo || :; exit 1' HUP INT TERM
	if ! _apply "$@"; then
		keep_undo || :
		die "a setting could not be applied; everything was undone"
	fi
	_alive() {
		[ "$(first_line "$SYS/class/net/$1/carrier")" = "$_carrier" ] || return 1
		[ -z "$_neighbours" ] || all_answer "$_neighbours"
	}
	# changing the ring takes the link down for two seconds
	if ! wait_for 5 _alive "$1"; then
		keep_undo || :
		die "$1 no longer reaches a peer that answered before; everything was undone"
	fi
	trap - HUP INT TERM
}

# keep_undo: undo everything that was applied, last first; continue after a failure
keep_undo() {
	[ -e "$KEPT/undo" ] || return 0
	check_kept
	_bad=0
	while read -r _n _kind _target _value; do
		: "$_n"
		if [ "$_kind" != config ]; then
			live_gone "$_kind" "$_target" || live_set "$_kind" "$_target" "$_value" ||
				{ warn "not put back: $_kind $_target $_value" && _bad=1; }
		elif [ "$_value" = saved ]; then
			cp -p "$KEPT/$_target" "$ROOT/$_target" || _bad=1
		else
			rm -f "$ROOT/$_target" || _bad=1
		fi
	done <<-END
		$(awk '{ print NR, $0 }' "$KEPT/undo" | sort -rn)
	END
	reload_rules
	if [ "$_bad" -eq 0 ]; then
		rm -rf "$KEPT"
		rmdir "${KEPT%/*}" 2>/dev/null || :
	fi
	return "$_bad"
}
