#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The driver's histograms as bars in a terminal, from its debugfs file snapshot,
# which has all of them at one instant. The drawing is in hist.awk.
set -eu
here=$(dirname "$0")
. "$here/lib/common.sh"
. "$here/lib/options.sh"

SYS=${E1000_NAPI_SYS:-/sys}
DEBUG=${E1000_NAPI_DEBUGFS:-$SYS/kernel/debug}

usage() {
	cat <<-END
		usage: $prog IF [OPTION]…
		       $prog --snapshot FILE [OPTION]…
		Show a histogram of the NIC IF (or the one at that PCI address) as bars.
		  --file NAME      which one: rx_per_poll (default), tx_per_poll, polls_per_irq,
		                   rx_per_irq, poll_ns, irq_to_poll_ns (the last two are filled
		                   while the module's parameter timing is 1), or all
		  --for S          only the next S seconds
		  --since MARK     only since the file MARK was saved, a copy of the debugfs file
		                   snapshot of this NIC
		  --watch [S]      live: the last S seconds (default 1), until Ctrl-C
		  --width N        columns (default: the terminal's, else 80)
		  --csv            histogram,lower,count lines, nothing merged
		  --snapshot FILE  from a saved copy of the debugfs file snapshot
		Many different values are merged into at most 24 rows, and a line says so.
		Files: /sys/kernel/debug/e1000_napi/, for root only
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: sudo $prog eth1 --watch
	END
}

# take TO: the snapshot as it is now
take() {
	if [ -n "$snapshot" ]; then
		cat "$snapshot" >"$1" 2>/dev/null || die "cannot read $snapshot"
	elif ! cat "$file" >"$1" 2>/dev/null; then
		# without root even its existence cannot be checked
		need_root
		[ -e "$SYS/class/net/$nic" ] || [ -e "$SYS/bus/pci/devices/$nic" ] ||
			die "there is no interface $nic (ip link shows those there are)"
		[ -d "$SYS/module/e1000_napi" ] ||
			die "e1000_napi is not loaded; hand it the NIC: $(how_to load "$nic")"
		[ -d "$DEBUG/e1000_napi" ] ||
			die "debugfs is not mounted; run: mount -t debugfs none $DEBUG"
		die "e1000_napi does not have $nic; it has: $(cd "$DEBUG/e1000_napi" && echo *)"
	fi
}

# columns: the terminal's, else 80
columns() {
	local size
	size=$({ stty size <&3; } 2>/dev/null) || size=
	size=${size#* }
	if ! is_uint "$size" || [ "$size" -lt 40 ]; then
		size=80
	fi
	printf '%s\n' "$size"
}

# same_life A B: both are of one load of the driver
same_life() { [ "$(grep '^# since_ns' "$1")" = "$(grep '^# since_ns' "$2")" ]; }

# draw NOW [BEFORE]: the histograms of NOW, less those of BEFORE
draw() {
	awk -v want="$want" -v width="$width" -v csv="$csv" -v unicode="$unicode" \
		-v before="${2-}" -f "$here/lib/hist.awk" ${2:+"$2"} "$1"
}

nic='' snapshot='' file=rx_per_poll watch='' width='' csv=0 since='' for=''
parse "$@"
case $file in
rx_per_poll | tx_per_poll | polls_per_irq | rx_per_irq | poll_ns | irq_to_poll_ns | all) ;;
*) usage_error "there is no histogram '$file'" ;;
esac
want=$file seconds=$for file=''
[ "${watch:-1}" -ge 1 ] || usage_error "--watch $watch: at least a second"
if ! is_uint "${seconds:-1}" || [ "${#seconds}" -gt 6 ] || [ "${seconds:-1}" -lt 1 ]; then
	usage_error "--for $seconds: a number of seconds from 1"
fi
[ -n "$width" ] || width=$(columns 3>&1)
if ! is_uint "$width" || [ "${#width}" -gt 4 ] || [ "$width" -lt 40 ]; then
	usage_error "--width $width: a number from 40"
fi
if [ -n "$snapshot" ]; then
	[ -z "$nic$watch$seconds" ] || usage_error "--snapshot is one moment of one NIC already"
else
	case $nic in
	'') usage_error "which interface?" ;;
	. | .. | */*) usage_error "'$nic' is not an interface" ;;
	esac
	# by address: another network namespace may have an interface of this name
	address=$(readlink "$SYS/class/net/$nic/device") || address=$nic
	file=$DEBUG/e1000_napi/${address##*/}/snapshot
fi
[ "$csv" = 0 ] || [ -z "$watch" ] || usage_error "--csv is not for --watch"
case ${watch:+1}${seconds:+1}${since:+1} in
'' | 1) ;;
*) usage_error "one of --for, --since and --watch" ;;
esac
# ASCII if stdout is not a terminal, or one without UTF-8
unicode=0
if [ -t 1 ]; then
	case $user_locale in
	*[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) unicode=1 ;;
	esac
fi
HIST_PROG=$prog HIST_NOW=${snapshot:-${file-}} HIST_MARK=$since
export HIST_PROG HIST_NOW HIST_MARK
# so that awk's numbers have decimal points, and a byte is a character
LC_ALL=C
export LC_ALL

work=$(temp_dir)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -n "$since" ]; then
	[ -r "$since" ] || die "cannot read the mark $since"
	# awk takes an argument with a = for a variable
	cat "$since" >"$work/mark"
	take "$work/now"
	draw "$work/now" "$work/mark"
	exit
fi
take "$work/now"
if [ -n "$seconds" ]; then
	mv "$work/now" "$work/before"
	sleep "$seconds"
	take "$work/now"
	draw "$work/now" "$work/before"
	exit
elif [ -z "$watch" ]; then
	draw "$work/now"
	exit
fi
while :; do
	mv "$work/now" "$work/before"
	sleep "$watch"
	take "$work/now"
	# loaded again since the mark: everything is new
	if same_life "$work/now" "$work/before"; then
		draw "$work/now" "$work/before"
	else
		draw "$work/now"
	fi >"$work/text"
	[ ! -t 1 ] || printf '\033[H\033[2J'
	cat "$work/text"
done
