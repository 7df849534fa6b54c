#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Scripts killed with -9 at random moments, which are spread evenly over the time
# that they take. Source it after lib.sh.
# KILLS=N of each script, SEED=N for the same parts of that time again, FOR=S: no more than these
# seconds for each script, and as many kills as fit.

seed=${SEED:-$(date +%s)}
echo "# the moments are those of SEED=$seed"

uptime_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }

# time_of COMMAND…: how long it takes, in ms; it must work
time_of() {
	_start=$(uptime_ms)
	"$@" >/dev/null 2>&1 || {
		echo "not ok $* works when it is not killed" >&2
		return 1
	}
	echo $(($(uptime_ms) - _start))
}

# moment MS: the next one, in 0..MS-1, as seconds for sleep; in $moment
moments=0
moment() {
	moments=$((moments + 1))
	moment=$(awk -v seed="$seed$moments" -v ms="$1" 'BEGIN {
		srand(seed)
		rand() # the first follows the seed
		printf "%.3f", rand() * ms / 1000
	}')
}

# kill_in SECONDS COMMAND…: counts in $killed; fails when it was done before
killed=0
kill_in() {
	_after=$1
	shift
	"$@" >/dev/null 2>&1 &
	_pid=$!
	sleep "$_after"
	_hit=0
	kill -9 "$_pid" 2>/dev/null || _hit=1
	_status=0
	wait "$_pid" 2>/dev/null || _status=$?
	# a zombie can be killed too
	[ "$_status" -eq 137 ] || _hit=1
	killed=$((killed + 1 - _hit))
	return "$_hit"
}

# kills SCRIPT N MS ROUND: call ROUND SECONDS until $killed is N; ROUND fails when the
# script was done before its moment. A script takes longer at times, the first time too:
# the moments' span follows, so that one in six comes after the end
kills() {
	killed=0
	rounds=0
	span=$3
	_end=$(($(uptime_ms) + ${FOR:-86400} * 1000))
	while [ "$killed" -lt "$2" ] && [ "$rounds" -lt $((3 * $2 + 10)) ]; do
		if [ "$(uptime_ms)" -gt "$_end" ]; then
			check "$1 was killed $killed times while it ran, then time was up" [ "$killed" -gt 0 ]
			return
		fi
		rounds=$((rounds + 1))
		moment "$span"
		if "$4" "$moment"; then
			span=$((span + span / 50))
		else
			span=$((span - span / 10))
		fi
		[ $((rounds % 20)) -ne 0 ] || echo "# $1 was killed $killed times in $rounds rounds"
	done
	check "$1 was killed $killed times while it ran" [ "$killed" -ge "$2" ]
}
