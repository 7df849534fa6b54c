#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# One packet in ten takes 10 ms longer, from either source; then all of them, which only a clock
# that both ends share could show.
late='n("delay_p50_us") < 300 && n("delay_p99_us") > 9900 && n("delay_p99_us") < 10500 &&
	n("delay_p999_us") > 9900 && n("delay_p999_us") < 11000'
check "delay: nothing planted" pull calm
shows calm "there is no delay to speak of" 'n("delay_p50_us") < 200 && n("delay_p99_us") < 1000'
ip netns exec src tc qdisc add dev peer0 root netem delay 10ms reorder 90%
check "delay: one packet in ten" pull late
shows late "the quantiles are what was planted" "$late"
ip netns exec src tools/napimeter serve >/dev/null 2>&1 &
own=$!
sleep 1
check "delay: of our own source" pull own --source napimeter
shows own "it is the same" "$late"
ip netns exec src tc qdisc change dev peer0 root netem delay 10ms
check "delay: all packets" pull constant
shows constant "what all have is not seen" 'n("delay_p99_us") < 1000 && c["delay_p50_us"] != ""'
ip netns exec src tc qdisc del dev peer0 root
# the last packet of a burst waits for all before it, longer in longer bursts
check "delay: bursts" pull bursts --source napimeter --datagram 958 --burst 1,16,128
is "half of a burst's packets wait, and the last the longest" "$(select_rows bursts '
	{ p50[c["burst"]] = c["delay_p50_us"]; p99[c["burst"]] = c["delay_p99_us"] }
	END { print (p50[16] > 3 * p50[1]), (p50[128] > 3 * p50[16]), (p99[128] > 1.5 * p50[128]) }')" "1 1 1"
kill $own
check "delay: pktgen" scripts/sweep.sh eth0 --out "$work/pktgen" --seed 1 --source pktgen \
	--seconds 1 --datagram 958 --load 20M
shows pktgen "it has no time of sending" 'c["delay_p50_us"] c["delay_p99_us"] == ""'
for _name in calm late own constant bursts; do
	echo "# $_name: $(select_rows "$_name" \
		'{ print c["burst"] ":", c["delay_p50_us"], c["delay_p99_us"], c["delay_p999_us"] }' | tr '\n' ';')"
done
