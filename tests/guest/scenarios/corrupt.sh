#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# One bit in every twentieth packet is turned over on its way.
plant_corrupt
check "corrupt: a sweep" pull corrupt
pull_up_corrupt
shows corrupt "what was sent is what was asked for" 'n("sent") > 4500 && n("sent") < 5700'
shows corrupt "bad checksums have a place" \
	'n("lost_checksum") > 50 && n("lost_socket") == 0 && c["reason"] ~ /bad checksum/'
