# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: a new weight while 8000 packets a second come, in the deterministic
# lab: live by both doors, and by loading the module again.
change() {
	progress "weights set live, and by loading the module again"
	"$top/scripts/lab/boot.sh" --icount -- sh scripts/bench/guest-change.sh >"$out/change/times"
	_reload=$(awk '$1 == "reload" { print $3 }' "$out/change/times")
	while read -r _how _n _ns _ _lost; do
		_ms=$(ratio "$_ns" 1000000 2)
		case $_how in
		reload)
			row "module loaded again, ms until packets pass" "$_ms" - - -
			row "module loaded again, packets lost (a wire would lose more: the lab's holds the sender back)" "$_lost" - - -
			;;
		*)
			row "live by $_how, ms each (with the program that does it)" "$_ms" "mean of $_n" - -
			row "live by $_how, packets lost" "$_lost" "of $_n changes" 0 "$(at_most "$_lost" 0)"
			row "live by $_how, times faster than loading again" "$(ratio "$_reload" "$_ns" 0)" - - -
			;;
		esac
	done <"$out/change/times"
}
