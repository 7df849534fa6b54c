#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Packets reach IP and no socket for a second, as where a firewall drops them: their source
# has another route, and the reverse path is checked.
ip link add nowhere0 type dummy
ip link set nowhere0 up
sysctl -qw net.ipv4.udp_early_demux=0
pull filter &
pid=$!
trial_runs filter
# the larger of both counts
sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1
ip route add 10.0.0.1/32 dev nowhere0
sleep 0.7
ip link del nowhere0
sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
check "filter: a sweep" wait $pid
sysctl -qw net.ipv4.udp_early_demux=1
shows filter "they have a place of their own" 'n("lost_filter") > 500 && n("lost_app") == 0'
shows filter "and a reason" 'c["status"] == "warn" && c["reason"] ~ /a filter took them/'
