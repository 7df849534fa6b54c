#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# The NIC is reset right before a trial, in which its ring overflows; then, in the middle of one.
blasted() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --seed 1 --source pktgen --datagram 958 --burst 100 \
		--load 450M --weight 1 --rcvbuf 4M --retries 0 "$@" >"$work/$_name.log" 2>&1
}
ethtool -G eth0 rx 512
check "reset: a sweep right after it" blasted reset --seconds 1
shows reset "what is lost is lost in the ring" 'n("lost_ring") > 1000 && n("lost_before_nic") == 0'
# QEMU's register still holds the loss of the trial before, which is not this one's
ethtool -G eth0 rx 256
check "reset: again, and nothing is lost" blasted again --seconds 1 --load 20M --weight 64
shows again "the loss of before is not counted again" \
	'c["status"] == "ok" && n("lost_ring") == 0 && n("lost_before_nic") == 0'
blasted inside --seconds 3 --load 20M &
pid=$!
wait_for 20 grep -qs '^\[1/1' "$work/inside.log"
sleep 1
ethtool -G eth0 rx 512
check "reset: inside a trial, this fails" refused wait $pid
shows inside "with the reason" 'c["status"] == "failed" && c["reason"] ~ /link went down/'
ethtool -G eth0 rx 256
wait_for 10 link_up eth0
