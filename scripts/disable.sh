#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Undoes enable.sh: stock e1000 has the NIC from the next boot on.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/nic.sh"
. "$here/lib/handover.sh"
. "$here/lib/enabled.sh"

usage() {
	cat <<-END
		usage: $prog IF | MAC | --all [--dry-run]
		Undo $(how_to enable IF): stock e1000 has the NIC from the next boot on. Nothing
		changes now: $(how_to restore IF) does that. MAC is the hardware address of a NIC
		that is gone.
		  --all        every NIC that was enabled
		  --dry-run    print what would be done, change nothing
		Files: /etc/e1000_napi/MAC, /etc/systemd/system/e1000-napi@.service
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: sudo $prog --all
	END
}

# disable_one MAC
disable_one() {
	if [ ! -e "$ENABLED/$1" ]; then
		log "$1 was not enabled, nothing to undo"
		return
	fi
	log "$1: e1000 has it from the next boot on"
	[ -z "$dry_run" ] || return 0
	! command -v systemctl >/dev/null || systemd disable "e1000-napi@$1.service" || return 1
	rm -f "$ENABLED/$1"
}

one_or_all "$@"
[ -n "$dry_run" ] || need_root
status=0
if [ "$which" = --all ]; then
	for mac in $(enabled_macs); do
		disable_one "$mac" || status=$EXIT_FAIL
	done
elif is_mac "$which"; then
	disable_one "$which" || status=$EXIT_FAIL
else
	need_tools
	find_nic "$which"
	[ -n "$name" ] || die "$pci has no network interface here; give its hardware address: $(enabled_macs | xargs)"
	disable_one "$(permanent_address "$name")" || status=$EXIT_FAIL
fi
if [ -z "$dry_run" ] && [ "$status" = 0 ] && [ -z "$(enabled_macs)" ]; then
	rm -f "$ROOT/etc/systemd/system/$UNIT"
	[ ! -d "$ENABLED" ] || rmdir "$ENABLED" 2>/dev/null || :
	systemd_reload || :
fi
exit "$status"
