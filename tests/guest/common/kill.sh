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
		echo "not ok $* works when nobody kills it" >&2
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

# kill_in SECONDS COMMAND…: fails when it was done before
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
	return "$_hit"
}

# kills SCRIPT N MS ROUND: call ROUND SECONDS until it was killed N times; ROUND
# fails when the script was done before its moment. A script takes longer at times, the
# first time too: the moments' span follows, so that one in six comes after the end
kills() {
	_n=0
	_rounds=0
	_span=$3
	_end=$(($(uptime_ms) + ${FOR:-86400} * 1000))
	while [ "$_n" -lt "$2" ] && [ "$_rounds" -lt $((3 * $2 + 10)) ]; do
		if [ "$(uptime_ms)" -gt "$_end" ]; then
			check "$1 was killed $_n times while it ran, then time was up" [ "$_n" -gt 0 ]
			return
		fi
		_rounds=$((_rounds + 1))
		moment "$_span"
		if "$4" "$moment"; then
			_n=$((_n + 1))
			_span=$((_span + _span / 50))
		else
			_span=$((_span - _span / 10))
		fi
		[ $((_rounds % 20)) -ne 0 ] || echo "# $1 was killed $_n times in $_rounds rounds"
	done
	is "$1 was killed $2 times while it ran" "$_n" "$2"
}
