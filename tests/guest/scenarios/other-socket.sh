#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Another program's socket overflows: it is stopped, and gets more than we do.
plant_stopped
pull other &
pid=$!
trial_runs other
send 5009 5 1
check "other-socket: a sweep" wait $pid
pull_up_stopped
shows other "our socket lost nothing" 'n("lost_socket") == 0 && n("sent") > 4500'
shows other "nor is anything left to explain" 'n("remainder") == 0 && n("lost_app") == 0'
