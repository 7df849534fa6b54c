#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# One bit in every twentieth packet is turned over on its way.
ip netns exec src tc qdisc add dev peer0 root netem corrupt 5%
check "corrupt: a sweep" pull corrupt
ip netns exec src tc qdisc del dev peer0 root
shows corrupt "what was sent is what was asked for" 'n("sent") > 4500 && n("sent") < 5700'
shows corrupt "bad checksums have a place" \
	'n("lost_checksum") > 50 && n("lost_socket") == 0 && c["reason"] ~ /bad checksum/'
