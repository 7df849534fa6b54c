# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: a new weight while packets come, live by both doors, and by loading the
# module again: in the deterministic lab, at 8000 packets a second, and on Xen, at 625.

change_rows() { # change_rows WHERE FILE
	_reload=$(awk '$1 == "reload" { print $3 }' "$2")
	while read -r _how _n _ns _sent _lost; do
		_ms=$(ratio "$_ns" 1000000 2)
		case $_how in
		reload)
			row "$1: module loaded again, ms until packets pass" "$_ms" - - -
			row "$1: module loaded again, packets lost" "$_lost" "of $_sent" - -
			;;
		*)
			row "$1: live by $_how, ms each (with the program that does it)" "$_ms" "mean of $_n" - -
			row "$1: live by $_how, packets lost" "$_lost" "of $_sent, $_n changes" 0 "$(at_most "$_lost" 0)"
			row "$1: live by $_how, times faster than loading again" "$(ratio "$_reload" "$_ns" 0)" - - -
			;;
		esac
	done <"$2"
}

change() {
	progress "weights set live, and by loading the module again"
	"$top/scripts/lab/boot.sh" --icount -- sh scripts/bench/guest-change.sh >"$out/change/times"
	change_rows QEMU "$out/change/times"
	[ -z "$short" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		warn "the Xen lab is for root only: left out"
		return
	fi
	progress "the same on Xen"
	_status=0
	"$top/scripts/lab/xen.sh" --run change --out "$out/change/xen" >"$out/change/times-xen" || _status=$?
	case $_status in
	0) change_rows Xen "$out/change/times-xen" ;;
	"$EXIT_SKIP") row "Xen: not measured, packages could not be fetched" - - - - ;;
	*) die "the Xen lab failed, see above" ;;
	esac
}
