#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of the fleet's playbook: the steps in one guest, by verb. All files are in one directory
# of the guest, which the last verb removes.
#
# guest.sh check NIC           can NIC be swept? prints what was found, as name=value
# guest.sh start NIC [WORD…]   hand the NIC over; sweep.sh NIC WORD… in the background
# guest.sh poll                running, done or failed, and its progress
# guest.sh pack                the results on stdout, as base64 of a tar.gz
# guest.sh forget              remove the results, which were fetched
# guest.sh release             stop a sweep, give the NIC back; results stay
# guest.sh remove              the same, and remove the directory
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=scripts/lib/nic.sh
. "$top/scripts/lib/nic.sh"
# shellcheck source=scripts/lib/nic-reach.sh
. "$top/scripts/lib/nic-reach.sh"

# swept_nic NIC: sets $nic and $driver. auto: the only e1000 NIC that neither this ssh session
# nor a default route uses
swept_nic() {
	need_tools
	nic=$1
	if [ "$nic" = auto ]; then
		nic=
		for _path in "$SYS"/class/net/*; do
			driver=$(link_target "$_path/device/driver") 2>/dev/null || continue
			case $driver in e1000 | e1000_napi) ;; *) continue ;; esac
			[ -z "$(peers_over "${_path##*/}")" ] || continue
			[ -z "$nic" ] || die "$nic and ${_path##*/} could both be swept; set napi_nic in the inventory"
			nic=${_path##*/}
		done
		[ -n "$nic" ] ||
			die "no NIC of e1000 here but those that ssh or the default route need; give this guest one more, for the sweep"
	fi
	is_ifname "$nic" || die "'$nic' is not the name of a NIC"
	driver=$(link_target "$SYS/class/net/$nic/device/driver" 2>/dev/null) ||
		die "there is no NIC $nic here"
	case $driver in e1000 | e1000_napi) ;; *) die "$nic is driven by $driver, not by e1000" ;; esac
	[ -z "$(peers_over "$nic")" ] ||
		die "ssh or the default route goes over $nic; a fleet's sweep requires a NIC of its own"
}

check() {
	[ "$(id -u)" -eq 0 ] || die "root is required; set ansible_become=true in the inventory"
	need iperf
	swept_nic "$1"
	[ -e "$top/e1000_napi.ko" ] || modprobe -n -q e1000_napi 2>/dev/null ||
		die "no e1000_napi.ko for kernel $(uname -r): where run.sh runs, install that kernel's headers and run make KVER=$(uname -r); or install the package e1000-napi-dkms in the guest"
	if [ "$driver" = e1000 ]; then
		sh "$top/scripts/load.sh" "$nic" --dry-run >/dev/null
	fi
	echo "nic=$nic driver=$driver"
	for _dir in ${2-/var/lib/prometheus/node-exporter /var/lib/node_exporter/textfile_collector}; do
		[ ! -d "$_dir" ] || echo "textfile=$_dir"
	done
}

# busy: a sweep that start began is running
busy() {
	pid=$(cat "$top/pid" 2>/dev/null) && is_uint "$pid" &&
		grep -qs "guest.sh" "/proc/$pid/cmdline"
}

start() {
	swept_nic "$1"
	shift
	if busy; then
		log "the sweep is running already"
		return
	fi
	# Other arguments are another sweep
	[ "$(cat "$top/words" 2>/dev/null)" = "$*" ] || rm -rf "$top/results"
	printf '%s\n' "$*" >"$top/words"
	rm -f "$top/status"
	# Give back only what was handed over
	if [ "$driver" = e1000 ]; then
		printf '%s\n' "$nic" >"$top/taken"
		sh "$top/scripts/load.sh" "$nic"
	fi
	# Continues without the ssh session
	setsid sh "$0" sweep "$nic" "$@" </dev/null >"$top/log" 2>&1 &
	echo $! >"$top/pid"
}

sweep() {
	_rc=0
	# A signal to this script also reaches sweep.sh; wait until that has cleaned up
	trap : HUP INT TERM
	sh "$top/scripts/sweep.sh" "$@" --out "$top/results" || _rc=$?
	echo "$_rc" >"$top/status.new"
	mv "$top/status.new" "$top/status"
}

# poll: asks for the process first, because a sweep may end at any moment, and then it has a status
poll() {
	local at
	if busy; then
		at=$(sed -n 's/^\(\[.*left\]\).*/\1/p' "$top/log" | tail -n 1)
		echo "running ${at:-from now on}"
	elif [ -e "$top/status" ]; then
		case $(cat "$top/status") in
		0) echo "done" ;;
		*) echo "failed: $(tail -n 1 "$top/log")$(sed -n 's/^napimeter: \(.*\)/ (\1)/p' "$top/log" | tail -n 1)" ;;
		esac
	else
		echo "failed: the sweep was killed; the same command goes on with it"
	fi
}

# pack: without sysstat's record, which is larger than all the rest
pack() {
	cd "$top/results"
	# shellcheck disable=SC2046 # names without spaces
	tar -cz $(find . -type f ! -name 'sar-*') | base64
}

forget() { rm -rf "$top/results" "$top/status" "$top/pid"; }

idle() { ! busy; }

release() {
	if busy; then
		# sweep.sh too, so that it cleans up; setsid gave them a process group
		kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || :
		wait_for 30 idle || kill -9 -- "-$pid" 2>/dev/null || :
	fi
	[ -e "$top/taken" ] || return 0
	sh "$top/scripts/restore.sh" "$(cat "$top/taken")"
	rm -f "$top/taken"
}

verb=${1-}
[ $# -eq 0 ] || shift
case $verb in
check | start | sweep | poll | pack | forget | release) "$verb" "$@" ;;
remove)
	release
	case $top in
	/*e1000_napi-fleet*) rm -rf "$top" ;;
	*) die "$top is not the fleet's folder" ;;
	esac
	;;
*) usage_error "no verb '$verb'; see docs/fleet.md" ;;
esac
