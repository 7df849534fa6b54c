#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# From the next boot on, e1000_napi has a NIC: a unit of systemd runs lib/boot.sh before the
# network comes up.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/nic.sh"
. "$here/lib/nic-reach.sh"
. "$here/lib/handover.sh"
. "$here/lib/enabled.sh"

usage() {
	cat <<-END
		usage: $prog IF [weight=N] [PARAMETER=VALUE…] [OPTION]…
		Hand the network interface IF to e1000_napi at each boot, before the network comes
		up. If the link or the gateway does not come then, stock e1000 gets it back.
		Nothing changes now: $(how_to load IF) does that.
		To undo it: $(how_to disable IF)
		  weight=N         as for $(how_to load); default: what $(how_to tune) made
		                   permanent, else 64
		  PARAMETER=VALUE  another parameter of the module
		  --timeout S      give the NIC back unless link and gateway are there S seconds
		                   after the network managers started (5..3600, default 120)
		  --dry-run        print what would be written, change nothing
		systemctl status e1000-napi@MAC shows whether it worked (MAC: the hardware address).
		Files: /etc/e1000_napi/MAC, /etc/systemd/system/e1000-napi@.service
		Exit status: 0 done, 1 failed (nothing changed), 2 wrong usage.
		Example: sudo $prog eth1 weight=128
	END
}

# unit: what systemd runs
unit() {
	cat <<-END
		# by e1000-napi enable; e1000-napi disable takes it away
		[Unit]
		Description=e1000_napi for the NIC %I
		Documentation=man:e1000-napi-enable(1)
		DefaultDependencies=no
		# nftables rules may name the NIC, which disappears for a moment
		After=local-fs.target systemd-udevd.service systemd-udev-trigger.service nftables.service
		Before=network-pre.target shutdown.target
		Wants=network-pre.target
		Conflicts=shutdown.target
		ConditionPathExists=/etc/e1000_napi/%I

		[Service]
		# ready once the driver has changed; then it watches link and gateway
		Type=notify
		NotifyAccess=all
		RemainAfterExit=yes
		TimeoutStartSec=300
		Environment=E1000_NAPI_FRONT=${E1000_NAPI_FRONT:-e1000-napi}
		ExecStart=/bin/sh "$here/lib/boot.sh" %I

		[Install]
		WantedBy=multi-user.target
	END
}

# settings: the file of this NIC
settings() {
	echo '# by e1000-napi enable; e1000-napi disable takes it away'
	echo "arguments$words"
	echo "timeout $timeout"
	echo "gateway $gateway"
}

# not_ours: print a file that root would run at boot, or a directory searched for it, that another
# user may write. Scripts source and start others, so check them all
not_ours() {
	local path
	for path in "$here" "$here/../tools" "$here/../build" "$here/../build/tools" \
		"$here/../build/$(uname -r)" "$here/../e1000_napi.ko" "$napinic" "$module"; do
		case $path in
		/*) [ ! -e "$path" ] || is_own_path "$path" || printf '%s\n' "$path" ;;
		esac # else the name of an installed module
	done
	find "$here/" \( ! -user "$(id -u)" -o ! -type l -perm /022 \)
	find "$here/" -type l | while read -r path; do
		is_own_path "$path" || printf '%s\n' "$path"
	done
}

check_ours() {
	local bad
	bad=$(not_ours | sed 1q)
	[ -z "$bad" ] ||
		die "$bad, or a folder above it, can be written by another user, and root would run it at each boot; install the packages, or keep the clone in a folder of root's"
}

nic='' weight='' params='' timeout=120 dry_run='' gateway=0
nic_and_params "$@"
words="${weight:+ weight=$weight}$params"
need_tools
find_nic "$nic"
[ -n "$name" ] || die "$pci has no network interface here (driver: ${driver:-none})"
case $driver in
"$STOCK" | "$MODULE") ;;
*) die "$name is driven by ${driver:-no driver}; only NICs of the driver $STOCK can be handed over" ;;
esac
command -v systemctl >/dev/null ||
	die "there is no systemd here; have your own init run at boot: $(how_to load "$pci" --yes)$words"
module=''
find_module
[ -d "$SYS/module/$MODULE" ] || check_signed
check_ours
mac=$(permanent_address "$name")
is_mac "$mac" || die "$name has no hardware address of its own ('$mac'), by which it could be known at a boot"
# a gateway reached now must be reached after a boot too
case $(peers_over "$name") in
*'default '*) gateway=1 ;;
esac
if [ -n "$dry_run" ]; then
	echo "would write $ENABLED/$mac:"
	settings | sed 's/^/    /'
	echo "would write $ROOT/etc/systemd/system/$UNIT:"
	unit | sed 's/^/    /'
	exit 0
fi
need_root
# shellcheck disable=SC2154 # of enabled.sh
mkdir -p "$ENABLED" "$ROOT/etc/systemd/system"
settings >"$ENABLED/.new"
unit >"$ROOT/etc/systemd/system/.$UNIT"
mv "$ROOT/etc/systemd/system/.$UNIT" "$ROOT/etc/systemd/system/$UNIT"
mv "$ENABLED/.new" "$ENABLED/$mac"
systemd_reload
if ! systemd enable "e1000-napi@$mac.service"; then
	rm -f "$ENABLED/$mac"
	die "systemd did not enable e1000-napi@$mac.service, see above; nothing is changed"
fi
log "$name ($mac): e1000_napi gets it at each boot$words; systemctl status e1000-napi@$mac shows whether it worked"
[ "$driver" = "$MODULE" ] || log "to have it now: $(how_to load "$name")$words"
log "to undo it: $(how_to disable "$name")"
