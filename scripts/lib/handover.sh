#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Shared by load.sh, restore.sh, reload.sh and watchdog.sh: one lock, the state
# files, and changing the driver of one PCI device. Source it after nic.sh.
#
# /run/e1000_napi/PCI.state   a NIC between two drivers: written before anything
#                             is changed, removed when all of it is back
# /run/e1000_napi/PCI.loaded  the same file, kept while e1000_napi has the NIC
# /run/e1000_napi/PCI.nft     what nftables loses with the network device, for nft -f
# /run/e1000_napi/lock        the process that holds it, or held it last
# A reboot removes all, and undoes the handover.
# shellcheck disable=SC2034,SC2154 # set and used by those that source this

RUN=${E1000_NAPI_RUN:-/run/e1000_napi}
# others may read the state but not write it
umask 022
MODULE=e1000_napi
STOCK=e1000

# take_lock SECONDS: one lock for all NICs, because their names can collide meanwhile. The kernel
# frees it when this process and all that it started are gone, so restore.sh also waits for a
# napinic whose script was killed. What may run on afterwards is started with 9>&-
take_lock() {
	mkdir -p "$RUN" || die "cannot make $RUN"
	is_own_path "$RUN" || die "$RUN, or a folder above it, belongs to, or can be written by, another user; remove it"
	# another user who can open it could hold it
	umask 077
	if [ -e "$RUN/lock" ] && [ ! -f "$RUN/lock" ]; then
		die "$RUN/lock is not a file; remove it"
	fi
	(: >>"$RUN/lock") 2>/dev/null || die "cannot write $RUN/lock; is $RUN full or read-only?"
	exec 9<>"$RUN/lock"
	umask 022
	wait_for "$1" try_lock && return
	[ -e "/proc/$holder" ] || holder="$holder (killed, but what it started still runs)"
	die "process $holder is changing a NIC's driver; try again when it is done"
}

try_lock() { holder=$("$napinic" lock $$ <&9); }

# find_module: sets $module to a file, or to the name of the installed module
find_module() {
	if [ -n "$module" ]; then
		[ -f "$module" ] || die "there is no file $module"
		return
	fi
	for module in "$here/../e1000_napi.ko" "$here/../build/$(uname -r)/e1000_napi.ko"; do
		[ ! -f "$module" ] || return 0
	done
	module=$MODULE
	! modprobe -n -q "$module" 2>/dev/null || return 0
	die "there is no e1000_napi.ko for the kernel $(uname -r); $(how_to_build "$(uname -r)"), or say where it is with --module PATH"
}

# check_signed: die if $module has no signature and the kernel takes only signed modules. Whether it
# knows the key is seen when the module gets loaded
check_signed() {
	local by
	case $(modinfo --version 2>&1) in kmod*) ;; *) return 0 ;; esac
	by=
	! grep -qs '\[\(integrity\|confidentiality\)\]' "$SYS/kernel/security/lockdown" || by=lockdown
	[ "$(first_line "$SYS/module/module/parameters/sig_enforce")" != Y ] || by=module.sig_enforce
	if [ -n "$by" ] && [ -z "$(modinfo -F sig_id "$module" 2>/dev/null)" ]; then
		die "$module is not signed, and this kernel takes only signed modules ($by), as with Secure Boot; sign it, see Secure Boot in docs/install.md"
	fi
}

# find_nic WORD: an interface or a PCI address, also one with only a state file
# left; sets $pci, $name and $driver (name and driver may be empty)
find_nic() {
	local word file
	pci='' name='' driver=''
	if [ ! -e "$SYS/class/net/$1" ] && is_altname "$1" && word=$("$napinic" name "$1"); then
		set -- "$word"
	fi
	if is_pci_address "$1"; then
		pci=$1
	elif ! is_ifname "$1"; then
		usage_error "'$1' is neither an interface's name nor a PCI address"
	elif [ -e "$SYS/class/net/$1/device" ]; then
		pci=$(link_target "$SYS/class/net/$1/device")
		if ! is_pci_address "$pci"; then
			driver=$(link_target "$SYS/class/net/$1/device/driver" 2>/dev/null) || driver=
			die "$1 is driven by ${driver:-no driver}, not by $STOCK; $MODULE drives Intel e1000 NICs only"
		fi
	else
		for file in "$RUN"/????:??:??.?.state "$RUN"/????:??:??.?.loaded; do
			if [ -e "$file" ] && [ "$(state_word "$file" name)" = "$1" ]; then
				pci=${file##*/}
				pci=${pci%.*}
				break
			fi
		done
		if [ -z "$pci" ] && [ -e "$SYS/class/net/$1" ]; then
			die "$1 is not a PCI device; $MODULE drives Intel e1000 NICs only"
		fi
		[ -n "$pci" ] || die "there is no interface $1 (ip link shows those there are)"
	fi
	[ -e "$SYS/bus/pci/devices/$pci" ] || return 0
	name=$(pci_netdev "$pci")
	driver=$(pci_driver "$pci")
}

# state_word FILE WORD: what the line "WORD …" of a state file says
state_word() { after_text "$2 " <"$1"; }

# keep_state PCI DRIVER: write the state file whole and synced, or not at all
keep_state() {
	rm -f "$RUN/$1.new"
	"$napinic" hooks "$(pci_netdev "$1")" >"$RUN/$1.new" || return 1
	mv "$RUN/$1.new" "$RUN/$1.nft"
	"$napinic" save "$1" "$2" >"$RUN/$1.new" || return 1
	# fail now if restore could not replay it
	"$napinic" check "$RUN/$1.new" "$1" || return 1
	sync "$RUN/$1.new" 2>/dev/null || sync
	mv "$RUN/$1.new" "$RUN/$1.state"
	sync "$RUN" 2>/dev/null || sync
}

# note_lost IF: warn about what does not come back and is not a reason to refuse
note_lost() {
	local what
	"$napinic" lost "$1" | while read -r what; do
		warn "the $what is not brought back; set it again afterwards"
	done
	"$napinic" refs "$1" | while read -r what; do
		warn "$what no longer matches $1 afterwards; load it again then"
	done
}

# put_driver PCI DRIVER: does nothing if DRIVER has the device already
put_driver() {
	local device="$SYS/bus/pci/devices/$1"
	# driver_override keeps other drivers away; stock e1000 takes the NIC without it
	case $2 in
	"$MODULE") printf '%s\n' "$2" >"$device/driver_override" ;;
	*) printf '\n' >"$device/driver_override" ;;
	esac
	[ "$(pci_driver "$1")" != "$2" ] || return 0
	if [ -e "$device/driver" ]; then
		printf '%s\n' "$1" >"$device/driver/unbind" || return 1
	fi
	printf '%s\n' "$1" >"$SYS/bus/pci/drivers/$2/bind"
}

# tuned_settings IF: settings of the udev rule of tune.sh --apply, which runs when e1000_napi gets the
# NIC, by their names in a state file. Stock's values must not overwrite them.
tuned_settings() {
	local mac
	mac=$(permanent_address "$1")
	cat "${E1000_NAPI_ROOT:-}"/etc/udev/rules.d/90-e1000_napi-tune-*.rules 2>/dev/null |
		grep -F "ATTR{address}==\"$mac\"" |
		sed -n 's/.*, ATTR{\([a-z_]*\)}="[^"]*"$/\1/p
			s/.*ethtool -C [$]name \([a-z-]*\) .*/\1/p
			s/.*ethtool -G [$]name \([a-z]*\) .*/\1/p
			s|.* >/sys/class/net/[$]name/\(queues/[a-z0-9_/-]*\).*|\1|p
			s/.*ethtool -K [$]name gro .*/rx-gro/p' || :
}

# put_index PCI: restore the interface index of the state file, before udev and others use the new
# one. Without it rules by index do not match; load.sh asked for --yes, or there are none
put_index() {
	local index
	index=$(state_word "$RUN/$1.state" index)
	# an interface moved by a killed script may still come back from its namespace
	wait_for 5 has_netdev "$1" || :
	[ -z "$index" ] || "$napinic" index "$1" "$index" ||
		warn "the interface of $1 has another index than before; rules by index no longer match it"
}

has_netdev() { [ -n "$(pci_netdev "$1")" ]; }

# put_config PCI [SETTING…]: restore the state file without these settings. Packet filters come
# first, because the NIC takes packets afterwards; those of VLANs need the VLANs
put_config() {
	local pci="$1" rules="$RUN/$1.nft" late='' missed=''
	shift
	[ ! -s "$rules" ] || { is_own "$rules" && nft -f "$rules" 2>/dev/null; } || late=1
	"$napinic" put "$RUN/$pci.state" "$@" || missed=1
	if [ -n "$late" ]; then
		if ! is_own "$rules"; then
			log "$prog: not put back: $rules, which belongs to, or can be written by, another user"
			missed=1
		elif ! nft -f "$rules"; then
			log "$prog: not put back: the nftables rules in $rules"
			missed=1
		fi
	fi
	[ -z "$missed" ]
}

# put_name PCI NAME: udev may have given another name, or be about to
put_name() {
	local why
	if command -v udevadm >/dev/null 2>&1; then
		udevadm settle --timeout=10 || :
	fi
	wait_for 5 has_name "$1" "$2" && return
	warn "the interface of $1 is called $(pci_netdev "$1") and cannot be called $2: $why"
	return 1
}

has_name() {
	local now
	now=$(pci_netdev "$1")
	[ "$now" != "$2" ] || return 0
	why="it has no interface"
	[ -n "$now" ] || return 1
	ip link property del dev "$now" altname "$2" 2>/dev/null || :
	why=$(ip link set dev "$now" down 2>&1 && ip link set dev "$now" name "$2" 2>&1)
}

# have_driver DRIVER: load the module of that name if it is missing
have_driver() {
	[ -d "$SYS/bus/pci/drivers/$1" ] || modprobe "$1"
	[ -d "$SYS/bus/pci/drivers/$1" ]
}

# give_nic_back PCI: restore the driver and configuration of its state file. Fails and keeps the
# file if a part is not back.
give_nic_back() {
	local old state="$RUN/$1.state"
	"$napinic" check "$state" "$1" || return 1
	old=$(state_word "$state" driver)
	have_driver "$old" || {
		log "$prog: the driver $old cannot be loaded; see dmesg"
		return 1
	}
	put_driver "$1" "$old" || {
		log "$prog: $old does not take $1; see dmesg"
		return 1
	}
	put_index "$1"
	put_name "$1" "$(state_word "$state" name)" || return 1
	put_config "$1" || return 1
	rm -f "$state" "$RUN/$1.loaded" "$RUN/$1.nft"
}

# drop_module: unload it if no NIC uses it
drop_module() {
	local file
	[ -d "$SYS/module/$MODULE" ] || return 0
	for file in "$SYS/bus/pci/drivers/$MODULE"/????:??:??.?; do
		[ ! -e "$file" ] || return 0
	done
	rmmod "$MODULE" || warn "$MODULE stays loaded"
}
