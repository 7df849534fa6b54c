# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: cost of a new weight under traffic, set live by debugfs and ethtool, and by
# loading the module again. In control streams the same programs set the current weight. In the
# deterministic lab at 8000 packets a second, and on Xen at 250.

# share HOW FILE: lost packets as a share of those sent
share() { awk -v h="$1" '$1 == h { print $5 / $4 }' "$2"; }

# shellcheck disable=SC2094 # it is only read
change_rows() { # change_rows WHERE FILE
	_reload=$(awk '$1 == "reload" { print $3 }' "$2")
	while read -r _how _n _ns _sent _lost _before _ring _socket _rest; do
		_ms=$(ratio "$_ns" 1000000 2)
		_places="$_lost = $_before + $_ring + $_socket + $_rest (before the NIC, ring, socket, rest) of $_sent"
		case $_how in
		reload)
			row "$1: module loaded again, ms until packets pass" "$_ms" - - -
			[ "$_lost" = - ] || row "$1: module loaded again, packets lost" "$_lost" "of $_sent" - -
			;;
		*-same)
			row "$1: lost beside $_n times the same weight by ${_how%-same}" "$_lost" "$_places" - -
			;;
		*)
			row "$1: live by $_how, ms each (with the program that does it)" "$_ms" - - -
			row "$1: lost beside $_n changes by $_how" "$_lost" "$_places" \
				"0, or no more than with the same weight" \
				"$(at_most "$(share "$_how" "$2")" "$(share "$_how-same" "$2")")"
			row "$1: live by $_how, times faster than loading again" "$(ratio "$_reload" "$_ns" 0)" - - -
			;;
		esac
	done <"$2"
}

change() {
	progress "weights set live, and by loading the module again"
	"$top/lab/boot.sh" --icount --share "$out/change" -- \
		sh bench/guest-change.sh /share >"$out/change/times"
	change_rows QEMU "$out/change/times"
	[ -z "$short" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		warn "the Xen lab is for root only: left out"
		return
	fi
	progress "the same on Xen"
	_status=0
	"$top/lab/hypervisors/xen.sh" --run change --out "$out/change/xen" >"$out/change/times-xen" || _status=$?
	case $_status in
	0) change_rows Xen "$out/change/times-xen" ;;
	"$EXIT_SKIP") row "Xen: not measured, packages could not be fetched" - - - - ;;
	*) die "the Xen lab failed, see above" ;;
	esac
}
