#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In an ssh session over ens4: load, which is killed as soon as e1000_napi has the NIC. The watchdog
# must put e1000 back, and this session must survive.
set -eu

dog=/run/e1000_napi/0000:00:04.0.watchdog
driver() { basename "$(readlink /sys/class/net/ens4/device/driver)"; }
has() { [ -e /sys/class/net/ens4 ] && [ "$(driver)" = "$1" ]; }
wait_until() {
	i=0
	until "$@"; do
		sleep 0.2
		i=$((i + 1))
		[ $i -lt 450 ] || { echo "not within 90 s: $*" && exit 1; }
	done
}

! e1000-napi load ens4 || echo "not refused without --yes"
e1000-napi load ens4 --yes --timeout 20 &
wait_until has e1000_napi
owner=$(head -n 1 $dog)
kill -9 "${owner%%:*}"
echo "killed with $(driver)"
wait_until has e1000
wait_until test ! -e $dog
echo "it has $(driver) again"
ping -q -c 1 -W 5 10.0.0.1 >/dev/null
echo "the session goes on"
