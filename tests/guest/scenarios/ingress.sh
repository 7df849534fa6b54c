#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Every other packet is dropped before IP, by tc, as nft's netdev hook does.
pull ingress &
pid=$!
trial_runs ingress
plant_ingress
sleep 1
pull_up_ingress
check "ingress: a sweep" wait $pid
shows ingress "no place is given to what nothing counted" 'n("lost_app") == 0 && n("remainder") > 400'
shows ingress "and it is not ok" 'c["status"] == "warn" && c["reason"] ~ /unaccounted for/'
