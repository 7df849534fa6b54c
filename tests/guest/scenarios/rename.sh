#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# The interface is renamed while a sweep has its settings changed.
pull rename --weight 60,61 --threaded 1 --seconds 2 --retries 2 &
pid=$!
trial_runs rename
ip link set eth0 down
ip link set eth0 name lan7
ip link set lan7 up
check "rename: the sweep goes on with the device" wait $pid
is "rename: each trial has its row" "$(row rename '{ print c["trial"], (c["status"] == "failed") }' | xargs)" \
	"1 0 2 0"
is "rename: the weight is put back" "$(cat "$debug/lan7/weight")" 17
is "rename: and what is found by the name" "$(cat /sys/class/net/lan7/threaded)" 0
check "rename: nothing is left to restore" [ ! -e /run/e1000_napi/sweep.state ]
ip link set lan7 down
ip link set lan7 name eth0
ip link set eth0 up
wait_for 10 link_up eth0
ip addr replace fd00:0::2/64 dev eth0 nodad
