#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The coalescing ABI beside stock e1000's, by ioctl and by netlink, on all three models; and who
# may set a weight above 64. After: what stock answers, ours answers, where it can.
# Boot: three
# Kernel: debian kasan
# Takes: 20 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# answers: to what programs ask that know only rx-usecs, or nothing that the driver has
answers() {
	for i in eth0 eth1 eth2; do
		ip link set $i up
		for usecs in 50 2 9 100 20000 0 3 1; do
			echo "$i ioctl rx-usecs $usecs: $("$bin/coalesce" $i $usecs 0)"
			[ $i != eth1 ] || echo "$i shows $("$bin/coalesce" $i | cut -d ' ' -f 1)"
		done
		for asked in 'rx-usecs 60' 'rx-usecs 2' 'tx-usecs 5' 'rx-frames 5' 'adaptive-rx on'; do
			# shellcheck disable=SC2086 # words
			if ethtool -C $i $asked >/dev/null 2>/tmp/why; then
				echo "$i netlink $asked: done"
			else
				# by whom differs: the core refuses what a model has not, before the driver
				echo "$i netlink $asked: refused, $(grep -q '^netlink error: .' /tmp/why || echo no) reason"
			fi
		done
	done
}
modprobe e1000
answers >/tmp/stock
rmmod e1000
insmod "$ko"
answers >/tmp/ours
diff /tmp/stock /tmp/ours | sed 's/^/# /'
is "answers as stock's, $(wc -l </tmp/stock) of them" "$(cat /tmp/ours)" "$(cat /tmp/stock)"
is "an ioctl that knows only rx-usecs leaves the weight" "$(cat $debug/eth1/weight)" 64
is "82540EM shows a weight by ioctl" "$("$bin/coalesce" eth0)" "0 64"
is "and takes one" "$("$bin/coalesce" eth0 0 9)" "done"
is "82545EM takes both" "$("$bin/coalesce" eth1 80 9)" "done"
is "and shows both" "$("$bin/coalesce" eth1)" "80 9"
is "4097 by ioctl" "$("$bin/coalesce" eth1 90 4097)" EINVAL
is "changes neither" "$("$bin/coalesce" eth1)" "80 9"

# The owner of a user namespace, with the NIC moved into it
in_theirs() { nsenter -t "$owner" -U -n --preserve-credentials "$@"; }
if [ -e /proc/self/ns/user ] && unshare -U -r true 2>/dev/null; then
	pci=$(address eth1)
	ip link set eth1 down
	unshare -U -r -n sleep 600 &
	sleep 1
	owner=$!
	[ "$(readlink "/proc/$owner/ns/net")" != "$(readlink /proc/self/ns/net)" ] || exit 1
	ip link set eth1 netns "$owner"
	d=$debug/$pci
	check "may set 64" in_theirs ethtool -C eth1 rx-frames-irq 64
	check "may not set 65" refused in_theirs ethtool -C eth1 rx-frames-irq 65
	is "nor by ioctl" "$(in_theirs "$bin/coalesce" eth1 80 65)" EPERM
	is "it stays" "$(cat "$d/weight")" 64
	echo 200 >"$d/weight"
	check "root may; rx-usecs may still be set then" in_theirs ethtool -C eth1 rx-usecs 70
	check "and a smaller weight" in_theirs ethtool -C eth1 rx-frames-irq 32
	kill "$owner"
else
	echo "ok who may set a weight above 64 # SKIP no user namespaces"
fi
finish
