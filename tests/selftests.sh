#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own selftests of network drivers, those that apply to one NIC, in a guest with
# the newest kernel of dev/kernels/list: first with stock e1000, then with e1000_napi.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

# Selftests below tools/testing/selftests/ for one NIC, without hardware that only some have
TESTS='drivers/net/ping.py drivers/net/stats.py drivers/net/napi_id.py drivers/net/napi_threaded.py
drivers/net/ring_reconfig.py drivers/net/queues.py drivers/net/netpoll_basic.py drivers/net/hw/csum.py
drivers/net/hw/irq.py'

usage() {
	cat <<-END
		usage: tests/selftests.sh [TEST…]    (make check-selftests)
		Run selftests of Linux 7.3 (tools/testing/selftests) on a NIC of a QEMU guest that
		boots it, once with stock e1000 and once with e1000_napi. One that stock e1000 fails
		too is skipped. Python and the selftests are in a private Debian 13; needs root, five
		minutes, and the first time ten more.
		  TEST  only these, default:
		$(printf '%s\n' "$TESTS" | sed 's/^/          /')
		Exit status: 0 all passed, 1 not all, 2 wrong usage.
	END
}

case ${1-} in
-h | --help)
	usage
	exit 0
	;;
-*) usage_error "unknown option '$1'" ;;
esac
need_root
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $TESTS
in_root() { "$top/dev/kernels/root.sh" run "$root" "$@"; }

series=7.3
out=$top/build/check
"$top/dev/kernels.sh" --build-only $series >/dev/null || die "the module for $series cannot be built, see above"
{ read -r kver && read -r root && read -r tar; } <"$out/$series-amd64.where"
trap 'give_back_all "$top"' EXIT

# The selftests of that kernel's sources, beside what they need of them, and their programs
files=$root/usr/src/selftests-$kver
if [ ! -e "$files/made" ]; then
	log "preparing the selftests of $kver (once, two minutes)"
	in_root -- apt-get -qq -y --no-install-recommends install python3 python3-yaml iproute2 ethtool \
		iputils-ping socat procps libc6-dev gcc >/dev/null
	rm -rf "$files"
	mkdir "$files"
	tar -xJf "$tar" -C "$files" --strip-components=1 --wildcards '*/tools/testing/selftests/drivers/net' \
		'*/tools/testing/selftests/net/lib' '*/tools/testing/selftests/kselftest*' '*/tools/net/ynl' \
		'*/Documentation/netlink/specs'
	# shellcheck disable=SC2016 # for the inner shell
	in_root -- sh -euc 'cd "$1/tools/testing/selftests/drivers/net"
		gcc -O2 -I../.. -I../../net/lib -o napi_id_helper napi_id_helper.c
		gcc -O2 -I../.. -I../../net/lib -o ../../net/lib/csum ../../net/lib/csum.c' sh "${files#"$root"}"
	touch "$files/made"
fi
mkdir -p "$top/build/$kver"
cp "$out/$kver/e1000_napi.ko" "$top/build/$kver/"
make -s -C "$top" tools >/dev/null
exec "$top/lab/boot.sh" --kver "$kver" --mem 1024 --timeout 1200 --share "$root" \
	--console "$out/selftests.console" -- sh tests/guest/selftests.sh "${files#"$root"}" "$@"
