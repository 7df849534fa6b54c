#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loads e1000_napi again while it has a NIC, between two sessions of a sweep: the same
# module, the same parameters, the same weight and configuration. Killed halfway, it leaves
# what restore.sh needs to give the NIC back.
set -eu
here=$(dirname "$0")/..
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/nic.sh
. "$here/lib/nic.sh"
# shellcheck source=scripts/lib/handover.sh
. "$here/lib/handover.sh"

usage() {
	cat <<-END
		usage: reload.sh [--check] IF
		Take e1000_napi out of the kernel and load it again, for the NIC that it has.
		  --check  only say why that cannot be done
		sweep --sessions calls it; there is no need to do so by hand.
	END
}

# parameters: the readable ones except weight, which is per NIC
parameters() {
	local file value
	for file in "$SYS/module/$MODULE/parameters"/*; do
		value=$(first_line "$file") || continue
		case ${file##*/}=$value in
		weight=* | *= | *[!A-Za-z0-9_=,.+-]*) ;;
		*) printf '%s\n' "${file##*/}=$value" ;;
		esac
	done
}

build_id() { cksum <"$SYS/module/$MODULE/notes/.note.gnu.build-id" 2>/dev/null || echo none; }

# At any exit: undo an unfinished change
# shellcheck disable=SC2317 # called by the trap
finish() {
	[ ! -e "$RUN/$pci.state" ] || [ -z "$touched" ] || give_nic_back "$pci" ||
		log "$name: not everything is back; run: $(how_to restore "$name")"
}

check=''
case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
--check)
	check=1
	shift
	;;
esac
[ $# -eq 1 ] || usage_error "which interface?"
need_tools
need_root
find_nic "$1"
[ "$driver" = "$MODULE" ] || die "$1 is driven by ${driver:-no driver}, not $MODULE"
for other in "$SYS/bus/pci/drivers/$MODULE"/????:??:??.?; do
	[ "${other##*/}" = "$pci" ] ||
		die "${other##*/} is driven by $MODULE too, so the module cannot be loaded again; run: $(how_to restore "${other##*/}")"
done
obstacle=$("$napinic" obstacle "$name")
[ -z "$obstacle" ] || die "$name cannot be taken from $MODULE for a moment: $obstacle"
[ -z "$check" ] || exit 0

touched='' module=''
# do not stop halfway; the terminal may be an ssh session over this NIC
trap '' HUP PIPE INT TERM
trap finish EXIT
take_lock 60
find_module
id=$(build_id)
params=$(parameters)
weight=$(weight_of "$name")
keep_state "$pci" "$STOCK" || die "the state of $name cannot be written to $RUN"
touched=1
printf '%s\n' "$pci" >"$SYS/bus/pci/drivers/$MODULE/unbind"
rmmod "$MODULE"
load=insmod
[ -f "$module" ] || load=modprobe
# shellcheck disable=SC2086 # words without spaces
$load "$module" $params
[ "$(build_id)" = "$id" ] || die "$module is not the module that was loaded before; load that one from $here/.."
put_driver "$pci" "$MODULE"
put_index "$pci"
put_name "$pci" "$name"
put_config "$pci" || die "not all settings of $name came back"
[ "$weight" = "$(weight_of "$name")" ] ||
	ethtool -C "$name" rx-frames-irq "$weight"
mv "$RUN/$pci.state" "$RUN/$pci.loaded"
log "$name: $MODULE is loaded again, weight $weight${params:+, $(echo "$params" | xargs)}"
