#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest of fleet.sh: addresses and an ssh server, until /share/stop exists.
set -eu
if [ ! -e /share/key.pub ]; then
	echo "fleet-guest.sh: this is for the guests of make lab-fleet only" >&2
	exit 2
fi
n=$1
hostname "g$n"
modprobe e1000
ip addr add "192.168.77.$((10 + n))/24" dev eth0
ip addr add "10.0.0.$((10 + n))/24" dev eth1
ip link set eth0 up
ip link set eth1 up
mkdir -p /root/.ssh /etc/dropbear /var/lib/prometheus/node-exporter
cp /share/key.pub /root/.ssh/authorized_keys
chmod 700 /root /root/.ssh
echo /bin/sh >/etc/shells
LD_LIBRARY_PATH=/share/lib /share/dropbear -R -E -s
while [ ! -e /share/stop ]; do
	sleep 0.5
done
