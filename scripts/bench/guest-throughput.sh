#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: eth0 on stock e1000, eth1 on ours, both with weight 64; TCP to
# each in turn, in pairs whose order changes. Writes lines `OURS STOCK` (bit/s).
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

insmod /share/stock.ko
second=$(basename "$(readlink /sys/class/net/eth1/device)")
echo "$second" >/sys/bus/pci/drivers/e1000/unbind
# It takes the one that is free
insmod e1000_napi.ko
scripts/lab/net.sh up

pull() { # pull N: from the other side of ethN, for a second
	timeout 20 iperf -c "10.0.$1.1" -R -t "$seconds" -y C 2>/dev/null | awk -F , 'NF > 8 { b = $9 } END { print b + 0 }'
}
pairs=$1 seconds=$2 n=0
pull 0 >/dev/null
pull 1 >/dev/null
while [ "$n" -lt "$pairs" ]; do
	if [ $((n % 2)) -eq 0 ]; then
		stock=$(pull 0)
		ours=$(pull 1)
	else
		ours=$(pull 1)
		stock=$(pull 0)
	fi
	[ "$stock" -eq 0 ] || [ "$ours" -eq 0 ] || echo "$ours $stock"
	n=$((n + 1))
done
