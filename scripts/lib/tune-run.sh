#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run one sweep for tune.sh; napimeter says which one is next. Part of tune.sh, whose variables it
# uses.
# shellcheck disable=SC2154 # set there

child=''
stop_child() {
	[ -n "$child" ] || return 0
	kill -TERM "$child" 2>/dev/null || return 0
	wait "$child" || :
}

# run_sweep FOLDER SECONDS OPTION…: try three times, because a source may need a moment to recover
# from an overload, and a failed trial would count as one with losses. Stop after SECONDS. Sets $why
# if the log does not have the reason
run_sweep() {
	local folder="$1" end left pause rc
	end=$(($(uptime_now) + $2)) why=''
	shift 2
	# CPU is compared at one load, without a search
	# shellcheck disable=SC2086 # words
	case $folder in */cost) ;; *) set -- "$@" ${loads-} ;; esac
	for pause in 2 5 0; do
		left=$((end - $(uptime_now)))
		[ "$left" -gt 0 ] || break
		rc=0
		# In the background, so that signals are handled at once
		# shellcheck disable=SC2086 # words
		timeout "$left" "$napimeter" tune sweep "$out" "$folder" "$here/sweep.sh" "$interface" \
			--out . --retries 1 --on-error stop $sweep "$@" &
		child=$!
		wait "$child" || rc=$?
		child=''
		case $rc in
		0) return 0 ;;
		1) "$napimeter" tune again "$out" "$folder" && sleep $pause ;;
		124) why="no end after $left s" && break ;;
		2) die "the sweep failed: $("$napimeter" tune said "$out")" ;;
		3) exit "$EXIT_FAIL" ;;
		*) exit "$rc" ;;
		esac
	done
	return 1
}

# measure FOLDER SECONDS OPTION…: run_sweep, and record its time and status
measure() {
	local folder="$1" start possible=yes
	start=$(uptime_now)
	run_sweep "$@" || possible=no
	"$napimeter" tune took "$out" "$folder" $(($(uptime_now) - start)) $possible ${why:+"$why"}
}

# search: everything that is left to measure
search() {
	local rc folder seconds options
	while :; do
		rc=0
		"$napimeter" tune next "$out" >"$work/next" || rc=$?
		case $rc in
		0 | 4) { read -r folder seconds options && cat; } <"$work/next" ;;
		*) cat "$work/next" && exit "$rc" ;;
		esac
		[ "$rc" -eq 0 ] || return 0
		# shellcheck disable=SC2086 # words
		measure "$folder" "$seconds" $options
	done
}
