#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Hands one NIC from stock e1000 to e1000_napi, with its configuration. Steps:
# check that all of it can be restored, save it, load the module, change the
# driver, restore the configuration. After the save, an error or a signal undoes
# everything; after a kill -9 restore.sh does.
set -eu
here=$(dirname "$0")
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/nic.sh"
. "$here/lib/nic-reach.sh"
. "$here/lib/handover.sh"

usage() {
	cat <<-END
		usage: $prog IF [weight=N] [PARAMETER=VALUE…] [OPTION]…
		Hand the network interface IF (or the NIC at that PCI address) from stock e1000 to
		e1000_napi. It keeps addresses, routes, MTU, offloads and VLANs; other NICs are not
		touched. The link is down for some seconds.
		To undo it: $(how_to restore IF)
		  weight=N         most packets one poll may take, 1..4096, default 64; when the
		                   module is loaded also weight=N,M,… (one per port).
		                   If e1000_napi has the NIC already, it changes live.
		  PARAMETER=VALUE  another parameter of the module (timing=1, stats=0,
		                   InterruptThrottleRate=8000, …; modinfo e1000_napi)
		  --yes            proceed even if the default route or this ssh session uses IF,
		                   or rules would no longer match IF
		  --timeout S      put e1000 back unless the network works again within S seconds
		                   (5..3600, default 30)
		  --module PATH    this e1000_napi.ko; default: the one built here, else the
		                   installed one
		  --dry-run        print what would be done, change nothing
		Files: /run/e1000_napi/ has what restore needs.
		Exit status: 0 done, 1 failed (the old driver is back), 2 wrong usage.
		Example: sudo $prog eth1 weight=60
	END
}

# configured: the module's options in modprobe.d (from tune.sh --apply), which insmod does not read,
# except those given as arguments
configured() {
	local word
	for word in $(modprobe -c 2>/dev/null | after_text "options $MODULE "); do
		case $word in
		*[!A-Za-z0-9_=,.+-]*) continue ;;
		weight=*) [ -n "$weight" ] || printf ' %s' "$word" ;;
		*=*)
			case "$params " in
			*" ${word%%=*}="*) ;;
			*) printf ' %s' "$word" ;;
			esac
			;;
		esac
	done
}

load_module() {
	local known param why load
	find_module
	load=modprobe
	if [ -f "$module" ]; then
		load=insmod
		params="$params$(configured)"
	fi
	say "loading $module${weight:+ weight=$weight}$params"
	# the kernel ignores unknown parameters
	known=$(modinfo -F parm "$module" 2>/dev/null | sed 's/:.*//')
	for param in $params; do
		[ -z "$known" ] || printf '%s\n' "$known" | grep -qxF "${param%%=*}" ||
			die "$MODULE has no parameter ${param%%=*} (modinfo $module shows them)"
	done
	check_signed
	[ -z "$dry_run" ] || return 0
	# shellcheck disable=SC2086 # words without spaces
	if ! why=$($load "$module" ${weight:+weight=$weight} $params 2>&1); then
		case $why in
		*nvalid\ module\ format* | *xec\ format\ error*)
			why="it is built for another kernel than $(uname -r); $(how_to_build "$(uname -r)")"
			;;
		*ey\ was\ rejected* | *equired\ key\ not* | *not\ permitted*)
			why="$why: this kernel takes only modules signed by a key that it knows, as with Secure Boot; sign it, see Secure Boot in docs/install.md"
			;;
		esac
		die "$module cannot be loaded: $why; dmesg may say more"
	fi
	loaded=1
	[ -d "$SYS/bus/pci/drivers/$MODULE" ] || die "$module is not $MODULE"
}

# check_live: the module is loaded, so only parameters that can change live
# are allowed
check_live() {
	local param
	case $weight in
	*,*) die "$MODULE is loaded already, and a list of weights can be given only when it gets loaded; give one number" ;;
	esac
	for param in $params; do
		[ -w "$SYS/module/$MODULE/parameters/${param%%=*}" ] ||
			die "$MODULE is loaded already, and ${param%%=*}= can be given only when it gets loaded; first run: $(how_to restore --all)"
	done
}

set_live() {
	local param
	for param in $params; do
		say "setting $param"
		[ -n "$dry_run" ] || { printf '%s\n' "${param#*=}" >"$SYS/module/$MODULE/parameters/${param%%=*}"; } 2>/dev/null ||
			die "$MODULE does not take $param"
	done
}

set_weight() {
	local why
	say "setting weight $weight"
	[ -n "$dry_run" ] || why=$(ethtool -C "$name" rx-frames-irq "$weight" 2>&1) ||
		[ "$(weight_of "$name")" = "$weight" ] ||
		die "the weight of $name cannot be set to $weight: $why"
}

say() {
	if [ -n "$dry_run" ]; then
		printf 'would be %s\n' "$*"
	else
		log "$name: $*"
	fi
}

# network_back: every peer that answered before answers again; if none did, link
# and configuration must be back
network_back() {
	if [ -n "$answered" ]; then
		all_answer "$answered"
	else
		[ -z "$missed" ] && { [ "$carrier" != 1 ] || has_carrier "$name"; }
	fi
}

# dhcp_clients: processes of DHCP clients of this NIC, with their keys
dhcp_clients() {
	local comm file
	for file in /proc/[0-9]*/comm; do
		{ read -r comm <"$file"; } 2>/dev/null || continue
		case $comm in
		dhclient | dhcpcd | udhcpc)
			file=${file%/comm}
			! tr '\0' '\n' <"$file/cmdline" | grep -qxF "$name" ||
				printf '%s\n' "${file##*/}:$(process_key "${file##*/}")"
			;;
		esac
	done
}

# note_dhcp CLIENTS: warn about those that still run and were not restarted
note_dhcp() {
	local client
	for client in $1; do
		! is_alive "$client" ||
			warn "the DHCP client of $name (process ${client%%:*}) lost its socket; start it again (ifdown $name; ifup $name where ifupdown did)"
	done
}

# arm SECONDS: a watchdog that outlives this shell and its terminal
arm() {
	local me
	me=$$:$(process_key $$)
	armed=1
	printf '%s\n' "$me" >"$RUN/$pci.watchdog"
	setsid sh "$here/lib/watchdog.sh" "$pci" "$me" "$1" </dev/null >>"$RUN/watchdog.log" 2>&1 9>&- &
}

# At any exit: undo an unfinished change
# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$?
	trap '' INT TERM
	trap - EXIT
	if [ "$touched" = 1 ]; then
		log "$name: putting $STOCK back"
		# on a slow machine this takes longer than the watchdog waits
		[ -z "$armed" ] || echo back >>"$RUN/$pci.watchdog"
		if give_nic_back "$pci"; then
			log "$name: $STOCK has it again, and all is as before"
		else
			log "$name: not everything is back; run: $(how_to restore "$name")"
		fi
	fi
	# another load's watchdog may have to put its NIC back
	[ -z "$armed" ] || rm -f "$RUN/$pci.watchdog"
	[ "$loaded" = 0 ] || [ "$status" = 0 ] || drop_module
	exit "$status"
}

nic='' weight='' params='' module='' yes='' dry_run='' timeout=30
pci='' touched=0 loaded=0 armed=''
nic_and_params "$@"
need_tools
if [ -z "$dry_run" ]; then
	need_root
	# the terminal may be an ssh session over this NIC: continue without it
	trap '' HUP PIPE
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	take_lock 60
fi

find_nic "$nic"
[ ! -e "$RUN/$pci.state" ] ||
	die "an earlier change of $nic was cut short; first run: $(how_to restore "$nic")"
[ -n "$name" ] || {
	[ ! -e "$RUN/$pci.loaded" ] ||
		die "$pci has no network interface here (driver: ${driver:-none}), and e1000_napi had it; to give it back: $(how_to restore "$pci")"
	die "$pci has no network interface here (driver: ${driver:-none}); is it in another network namespace, or without a driver?"
}
if [ "$driver" = "$MODULE" ]; then
	sweeping=$(live_sweep "$RUN/sweep.pid")
	[ -z "$sweeping" ] ||
		die "a sweep is running (process $sweeping), and what it measures would change; end it first: kill $sweeping"
	check_live
	set_live
	[ -z "$weight" ] || set_weight
	log "$name: $MODULE has it already, weight $(weight_of "$name")"
	exit 0
fi
[ "$driver" = "$STOCK" ] ||
	die "$name is driven by ${driver:-no driver}; only NICs of the driver $STOCK can be handed over"
obstacle=$("$napinic" obstacle "$name")
[ -z "$obstacle" ] || die "$name cannot be handed over: $obstacle"
[ ! -d "$SYS/module/$MODULE" ] || check_live
peers=$(peers_over "$name")
case $peers in
*'ssh '*) what="this ssh session goes" ;;
*'default '*) what="the default route goes" ;;
esac
if [ -n "$peers" ] && [ -z "$yes$dry_run" ]; then
	die "$what over $name, which is gone for some seconds; with --yes it is done, and $STOCK put back if the network does not work again within $timeout s"
fi
refs=$("$napinic" refs "$name")
if [ -n "$refs" ] && [ -z "$yes$dry_run" ]; then
	die "$name becomes another network device, which these no longer match:
$refs
With --yes it is done, and you load them again afterwards"
fi
note_lost "$name"
clients=$(dhcp_clients)
[ -z "$dry_run" ] || [ -z "$clients" ] ||
	warn "the DHCP client of $name would lose its socket: process $(printf '%s' "$clients" | sed 's/:.*//' | xargs)"
carrier=$(first_line "$SYS/class/net/$name/carrier") || carrier=0
answered=$(printf '%s\n' "$peers" | while read -r _ address dev; do
	[ "${address:--}" = - ] || ! answers "$address" "$dev" || echo "$address $dev"
done)

if [ -d "$SYS/module/$MODULE" ]; then
	set_live
else
	load_module
	if [ -z "$dry_run" ]; then
		# given to the module, a list too
		weight=
	fi
fi
say "handing $pci from $driver to $MODULE"
if [ -n "$dry_run" ]; then
	[ -z "$peers" ] || printf '%s over %s: --yes needed\n' "$what" "$name"
	[ -z "$refs" ] || printf 'rules would no longer match %s: --yes needed\n' "$name"
	printf 'and then brought back:\n'
	"$napinic" save "$pci" "$driver"
	exit 0
fi
keep_state "$pci" "$driver" || die "the state of $name cannot be written to $RUN"
touched=1
[ -z "$peers" ] || arm $((timeout + 30))
end=$(($(uptime_now) + timeout))
put_driver "$pci" "$MODULE" || die "$MODULE does not take $pci; dmesg may say why"
put_index "$pci"
put_name "$pci" "$name" || die "its name did not come back"
missed=
# shellcheck disable=SC2046 # words
put_config "$pci" $(tuned_settings "$name") || missed=1
[ -z "$weight" ] || set_weight
if [ -n "$peers" ]; then
	log "$name: waiting until the network works again ($((end - $(uptime_now))) s at most)"
	until network_back; do
		[ "$(uptime_now)" -lt "$end" ] || die "the network did not come back within $timeout s"
		sleep 0.2
	done
fi
touched=0
log "$name: $MODULE has it, weight $(weight_of "$name")"
note_dhcp "$clients"
# keep the file, so that restore.sh can restore what is missing
[ -z "$missed" ] || die "some settings did not come back, see above; to undo the change: $(how_to restore "$name")"
mv "$RUN/$pci.state" "$RUN/$pci.loaded"
