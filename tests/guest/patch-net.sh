#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For tests/patch-net.sh: the reproducer in the message of patches/0001, with the e1000.ko of /share,
# for so many seconds.
set -eu
# shellcheck source=scripts/lib/common.sh
. /opt/e1000_napi/scripts/lib/common.sh
# shellcheck source=tests/guest/common/down.sh
. /opt/e1000_napi/tests/guest/common/down.sh

cp /share/e1000.ko /tmp/
umount /share
insmod /tmp/e1000.ko InterruptThrottleRate=100
/opt/e1000_napi/lab/net.sh up 0
count_down_begin e1000
transmit_only
for _ in 1 2; do
	while :; do iperf -u -c 10.0.0.1 -b 50m -l 200 -t 600; done >/dev/null 2>&1 &
done
end=$(($(uptime_now) + $1)) changes=0
while [ "$(uptime_now)" -lt "$end" ]; do
	for n in 80 480 880; do
		ethtool -G eth0 tx $n
		changes=$((changes + 1))
		wait_for 10 grep -qs 1 /sys/class/net/eth0/carrier
	done
	[ $((changes % 30)) -ne 0 ] || echo "# $changes changes of the ring"
done
count_down_end
echo "# the end after $changes changes of the ring: $sent_while_down of $((sent + sent_while_down)) packets were sent while it was down"
[ "$sent_while_down" -eq 0 ]
