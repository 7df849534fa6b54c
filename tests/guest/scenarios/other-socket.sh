#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Another program's socket overflows: it is stopped, and gets more than we do.
iperf -s -u -w 8K -p 5009 >/dev/null 2>&1 &
other=$!
sleep 0.5
kill -STOP $other
pull other &
pid=$!
trial_runs other
ip netns exec src iperf -u -c 10.0.0.2 -p 5009 -b 5M -t 1 >/dev/null 2>&1 || :
check "other-socket: a sweep" wait $pid
kill -KILL $other
shows other "our socket lost nothing" 'n("lost_socket") == 0 && n("sent") > 4500'
shows other "nor is anything left to explain" 'n("remainder") == 0 && n("lost_app") == 0'
