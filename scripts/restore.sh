#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Undoes load.sh: the old driver and the configuration, also after load.sh or an
# earlier restore.sh was killed halfway, or the module was removed by hand.
set -eu
here=$(dirname "$0")
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/nic.sh"
. "$here/lib/handover.sh"

usage() {
	cat <<-END
		usage: $prog IF | PCI-ADDRESS | --all [--dry-run]
		Undo $(how_to load): give the NIC back to stock e1000 with its current
		configuration, or, if a change was cut short, with the one before it. Also undo the
		changes of a killed sweep, and unload e1000_napi when no NIC uses it any more.
		It is safe to run again at any time.
		  --all        every NIC that e1000_napi has or that was left halfway
		  --dry-run    print what would be done, change nothing
		Files: /run/e1000_napi/
		Exit status: 0 done, 1 failed (run it again, or see dmesg), 2 wrong usage.
		Example: sudo $prog --all
	END
}

# candidates: the PCI addresses for --all
candidates() {
	local file
	for file in "$RUN"/*.state "$RUN"/*.loaded "$SYS/bus/pci/drivers/$MODULE"/*; do
		file=${file##*/}
		file=${file%.state}
		file=${file%.loaded}
		! is_pci_address "$file" || printf '%s\n' "$file"
	done | sort -u
}

# restore_one IF-OR-PCI
restore_one() {
	local obstacle what
	find_nic "$1"
	if [ ! -e "$SYS/bus/pci/devices/$pci" ]; then
		if [ ! -e "$RUN/$pci.state" ] && [ ! -e "$RUN/$pci.loaded" ]; then
			log "$prog: there is no device $pci, and there was none (lspci shows those there are)"
			return 1
		fi
		log "$pci: no such device any more; forgetting it"
		[ -n "$dry_run" ] || rm -f "$RUN/$pci.state" "$RUN/$pci.loaded" "$RUN/$pci.nft"
		return
	fi
	if [ -e "$RUN/$pci.state" ]; then
		what="a change was cut short: back to what was before"
	elif [ "$driver" = "$MODULE" ]; then
		[ -n "$name" ] || {
			log "$prog: $pci has no interface here; bring it back from the other network namespace first (ip -n NAMESPACE link set dev IF netns 1)"
			return 1
		}
		what="back to $STOCK, as it is configured now"
		obstacle=$("$napinic" obstacle "$name") || {
			log "$prog: the devices on top of $name cannot be listed; run this again"
			return 1
		}
		[ -z "$obstacle" ] || {
			log "$prog: $name cannot be given back: $obstacle"
			return 1
		}
	elif [ -z "$driver" ] && [ -e "$RUN/$pci.loaded" ]; then
		what="$MODULE was removed: back to what was before"
	else
		log "$1: ${driver:-no driver} has it, nothing to undo"
		[ -n "$dry_run" ] || forget_override
		return
	fi
	log "$1: $what"
	[ -z "$name" ] || note_lost "$name"
	[ -z "$dry_run" ] || return 0
	if [ ! -e "$RUN/$pci.state" ]; then
		if [ "$driver" = "$MODULE" ]; then
			keep_state "$pci" "$STOCK" || return 1
		else
			mv "$RUN/$pci.loaded" "$RUN/$pci.state"
		fi
	fi
	if ! give_nic_back "$pci"; then
		log "$prog: $1 is not wholly back; run this again, or accept it as it is: rm $RUN/$pci.state"
		return 1
	fi
	log "$1: $(pci_driver "$pci") has $(pci_netdev "$pci")"
}

# forget_override: remove a driver_override of a load.sh that was killed early
forget_override() {
	[ "$(first_line "$SYS/bus/pci/devices/$pci/driver_override")" != "$MODULE" ] ||
		printf '\n' >"$SYS/bus/pci/devices/$pci/driver_override"
	rm -f "$RUN/$pci.loaded" "$RUN/$pci.nft"
}

one_or_all "$@"
need_tools
if [ -z "$dry_run" ]; then
	need_root
	# the terminal may be an ssh session over this NIC; and do not stop halfway
	trap '' HUP PIPE INT TERM
	take_lock 60
	# unfinished files of a killed script, and rules whose state is not there yet, or no more
	rm -f "$RUN"/*.new
	for rules in "$RUN"/*.nft; do
		[ -e "${rules%.nft}.state" ] || [ -e "${rules%.nft}.loaded" ] || rm -f "$rules"
	done
fi
status=0
# the watchdog of a sweep that reloads the module does not wait for the sweep
sweeping=$(live_sweep "$RUN/sweep.pid")
[ -z "$sweeping" ] || [ -n "${E1000_NAPI_WATCHDOG-}" ] ||
	die "a sweep is running (process $sweeping), and would lose its NIC; end it first: kill $sweeping"
if [ -e "$RUN/sweep.state" ]; then
	[ -z "$dry_run" ] || log "would put back what a killed sweep changed"
	[ -n "$dry_run" ] || log "a sweep was killed: undoing its changes"
	[ -n "$dry_run" ] || sh "$here/sweep.sh" --restore || status=$EXIT_FAIL
fi
if [ "$which" = --all ]; then
	all=$(candidates)
	[ -n "$all" ] || log "nothing to undo: $MODULE has no NIC, and none was left halfway"
	for one in $all; do
		restore_one "$one" || status=$EXIT_FAIL
	done
else
	restore_one "$which" || status=$EXIT_FAIL
fi
[ -n "$dry_run" ] || drop_module
exit "$status"
