#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Packets reach IP and no socket for a second, as where a firewall drops them: their source
# has another route, and the reverse path is checked.
pull filter &
pid=$!
trial_runs filter
plant_reverse_path
sleep 0.7
pull_up_reverse_path
check "filter: a sweep" wait $pid
shows filter "they have a place of their own" 'n("lost_filter") > 500 && n("lost_app") == 0'
shows filter "and a reason" 'c["status"] == "warn" && c["reason"] ~ /a filter took them/'
