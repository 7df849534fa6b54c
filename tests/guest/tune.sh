#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tune.sh on a real NIC: a better setting that was planted is found, made permanent and
# undone; where there is none, the defaults are kept. For the deterministic lab.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/common/sweep.sh"

# This copy searches coarser and confirms with fewer pairs than a user's, so that
# the test is done in minutes
sed -i "s/^search=.*/search='rounds=1 pairs=3-3 width=0.05 confirm-width=0.05'/" scripts/tune.sh
is "the words are where the test looks" "$(grep -c '^search=.*pairs=3-3' scripts/tune.sh)" 1

# bursts, between which the source sleeps, so that CPU can be compared
tune() {
	_name=$1
	shift
	scripts/tune.sh eth0 --out "$work/$_name" --source pktgen --burst 100 --datagram 958 --seed 1 \
		--max-load 450M --trial 0.1 "$@" >"$work/$_name.log" 2>&1
}
field() {
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) col = i }
		NR == 2 { print $col }' "$work/$1/answer.csv"
}

# A default of weight 1 loses packets far below what weight 64 takes
check "a planted default is searched around" tune planted --against weight=1,rcvbuf=8M --try weight=64 --minutes 5
sed 's/^/# /' "$work/planted.log"
check "weight 64 is found" grep -q '^Use weight=64\. Better than the defaults\.' "$work/planted/answer"
check "a quarter more at least, with its interval ($(field planted rate_lo) to $(field planted rate_hi))" \
	[ "$(field planted rate_lo | awk '{ print ($1 > 1.25) }')" = 1 ]
is "from all pairs" "$(field planted pairs)" 3
as_before "the search"
check "its file" grep -qx 'options e1000_napi weight=64' "$work/planted/keep/etc/modprobe.d/e1000_napi-tune.conf"

find /etc -type f -exec md5sum {} + | sort >"$work/etc"
check "--apply, without measuring again" tune planted --against weight=1,rcvbuf=8M --try weight=64 --minutes 5 --apply
is "the weight is set" "$(cat "$debug/eth0/weight")" 64
check "and the file is there" cmp "$work/planted/keep/etc/modprobe.d/e1000_napi-tune.conf" \
	/etc/modprobe.d/e1000_napi-tune.conf
check "the network works" ping -q -c 1 -W 5 10.0.0.1
check "--undo" scripts/tune.sh --undo
find /etc -type f -exec md5sum {} + | sort >"$work/etc2"
check "no file of it is left" cmp "$work/etc" "$work/etc2"
as_before "--undo"

# A ring too small for the bursts, which no weight makes larger. Weight 1 is far behind: at the
# source's limit searches end a step apart by chance. That lies above what the guest takes, as
# at 550 Mbit/s even the small ring passes now and then
check "a planted ring is found" tune ring --against ring=80,weight=64,rcvbuf=8M --try ring=256,1024 \
	--try weight=1 --burst 90 --max-load 900M --trial 0.3 --minutes 10
sed 's/^/# /' "$work/ring.log"
check "and the weight is left as it is" grep -qE '^Use ring=(256|1024)\. Better than the defaults\.' \
	"$work/ring/answer"
check "it is told apart from the weight" grep -q '^It is the ring, not the weight' "$work/ring/answer"
is "the ring is as before" "$(rx_ring eth0)" 256
as_before "the ring"

# Deferred interrupts cost no rate at such a load, and milliseconds of delay
# (five pairs: all rates are the same, of which fewer say nothing)
sed -i '/^search=/s/pairs=3-3/pairs=5-5/' scripts/tune.sh
ip netns exec src tools/napimeter serve >/dev/null 2>&1 &
serve=$!
delay() {
	scripts/tune.sh eth0 --out "$work/delay" --source napimeter --server 10.0.0.1 --datagram 958 \
		--seed 1 --max-load 40M --trial 0.3 --objective latency --margin 10 --minutes 5 \
		--against defer=2:5000000,rcvbuf=8M --try defer=0:0 >"$work/delay.log" 2>&1
}
check "a planted delay is searched around" delay
sed 's/^/# /' "$work/delay.log"
check "and found" grep -q '^Use defer=0:0\. Better than the defaults\.' "$work/delay/answer"
check "by a half at least ($(field delay cost_lo) to $(field delay cost_hi))" \
	[ "$(field delay cost_hi | awk '{ print ($1 < 0.5) }')" = 1 ]
is "of the 99th percentile" "$(field delay cost_side)" delay_p99_us
kill "$serve"
sed -i '/^search=/s/pairs=5-5/pairs=3-3/' scripts/tune.sh
as_before "the delay"

# what sets no limit here: this guest does not get to the end of the kernel's budget
check "no difference" tune none --against rcvbuf=8M --try budget=600 --minutes 5
sed 's/^/# /' "$work/none.log"
check "the defaults are kept" grep -q '^Keep the defaults (rcvbuf=8M budget=300)' "$work/none/answer"
check "nothing to make permanent" [ ! -e "$work/none/keep" ]
as_before "no difference"
rm -rf "$work"
finish
