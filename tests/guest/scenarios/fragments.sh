#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Datagrams that do not fit into one packet; IPv6, whose header is longer.
check "fragments: are refused" refused pull frag --datagram 4000
check "fragments: with what fits" grep -q 'give --datagram 1472, or less' "$work/frag.log"
check "fragments: and there is no row" [ ! -e "$work/frag/runs.csv" ]
check "fragments: by an MTU that the sweep sets, too" refused pull small --mtu 1500,1000
check "fragments: with what fits there" grep -q 'of --mtu 1000: give --datagram 972, or less' "$work/small.log"
# shellcheck disable=SC2016 # of the shell there
ip netns exec src sh -c '. "$0"; serve_iperf -u -V -p 5011' scripts/lib/common.sh >/dev/null 2>&1 &
six=$!
check "fragments: IPv6" pull six --server fd00:0::1 --port 5011
shows six "its default fits, and all is counted" \
	'n("datagram") == 1450 && n("sent") > 4500 && n("remainder") == 0 && n("received") == n("sent")'
kill $six
