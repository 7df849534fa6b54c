#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For tests/selftests.sh: selftests.sh DIR TEST…: the selftests below DIR, in the Debian root that
# is shared, with each driver in turn.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"

tests=$1/tools/testing/selftests
shift
# results DRIVER TEST: its lines `ok NAME`, `not ok NAME`, `skip NAME`
results() {
	# shellcheck disable=SC2016 # for the inner shell
	chroot /share env PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KSFT_MACHINE_SLOW=yes NETIF=eth0 \
		LOCAL_V4=10.0.0.2 REMOTE_V4=10.0.0.1 LOCAL_V6=fd00::2 REMOTE_V6=fd00::1 \
		REMOTE_TYPE=netns REMOTE_ARGS=src \
		sh -c 'cd "$1/${2%/*}" && exec timeout 180 "./${2##*/}"' sh "$tests" "$2" >/tmp/log 2>&1 || :
	sed 's/^/# /' /tmp/log >>"/tmp/$1.log"
	sed -n 's/^ok [0-9]* \([^ ]*\).*# \(SKIP\|XFAIL\).*/skip \1/p
		s/^\(ok\|not ok\) [0-9]* \([^ ]*\)$/\1 \2/p' /tmp/log
	grep -q '^1\.\.[1-9]' /tmp/log || echo "not ok ${2##*/} ends with a plan"
}

# all DRIVER TEST…
all() {
	local driver="$1" one
	shift
	for one; do
		echo "# $driver: $one, $(uptime_now) s"
		results "$driver" "$one" | sed "s|^|$one |" >>"/tmp/$driver"
	done
}

modprobe e1000
"$top/lab/net.sh" up 0
mount -o remount,ro /share
# the namespaces' files too, which are there now
for dir in proc sys dev run; do mount --rbind /$dir /share/$dir; done
mount -t tmpfs tmpfs /share/tmp
all e1000 "$@"
"$top/lab/net.sh" down 0
rmmod e1000
insmod $ko
"$top/lab/net.sh" up 0
all e1000_napi "$@"

while read -r test word rest; do
	name=${rest#ok }
	case $word in
	ok) echo "ok $name" ;;
	skip) echo "ok $name # SKIP the test says that this NIC lacks it" ;;
	*)
		if grep -qxF "$test not ok $name" /tmp/e1000; then
			echo "ok $name # SKIP stock e1000 fails it too"
		else
			echo "not ok $name"
			failures=$((failures + 1))
		fi
		;;
	esac
done </tmp/e1000_napi
[ "$failures" -eq 0 ] || cat /tmp/e1000_napi.log
check "some tests ran" grep -q ' ok ' /tmp/e1000_napi
echo "# stock e1000: $(grep -c ' ok ' /tmp/e1000) lines, e1000_napi: $(grep -c ' ok ' /tmp/e1000_napi)"
"$top/lab/net.sh" down 0
finish
