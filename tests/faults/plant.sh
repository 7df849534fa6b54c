#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: e1000_napi with a fault on purpose, for the cases that show that it is found.
#
# plant.sh race|window DIR KVER [OPTION…]: builds DIR/FAULT.ko; OPTION is dev/prepare.sh's.
# race:   a plain increment of a counter, outside of what the sequence count covers, which KCSAN
#         leaves alone
# window: a parameter is switched off without waiting for those that saw it on
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

fault=$1 dir=$2 kver=$3
shift 3
tree=$dir/$fault
rm -rf "$tree"
"$top/dev/prepare.sh" --out "$tree" --kver "$kver" "$@" >&2
ours=$tree/e1000_napi
case $fault in
race)
	files='hist.h poll.c'
	sed -i 's/WRITE_ONCE(\*word, \*word + by)/*word += by/' "$ours/hist.h"
	sed -i '/raw_write_seqcount_\(begin\|end\)(&data->seq)/d' "$ours/poll.c"
	;;
window)
	files=switch.c
	sed -i 's/^\tsynchronize_rcu();$/\treturn;/' "$ours/switch.c"
	;;
*) die "there is no fault '$fault' to plant" ;;
esac
for file in $files; do
	! cmp -s "$ours/$file" "$top/e1000_napi/$file" || die "what is to be changed is not in $file any more"
done
build=/lib/modules/$kver/build
while [ $# -gt 0 ]; do
	[ "$1" != --kdir ] || build=$2
	shift
done
make -s -C "$build" M="$tree" modules >&2
mv "$tree/e1000_napi.ko" "$dir/$fault.ko"
rm -r "$tree"
