#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep killed with -9 at random moments, with and without what it started: one
# command puts the settings back, no row is half, none is there twice, and the same
# command goes on to the end. KILLS=N (default 10).
# Boot: own
# Short: no
# Takes: 400 s
# Limit: 3600 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/kill.sh
. "${0%/*}/common/kill.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/common/sweep.sh"

trials=4
run_it() { sweep killed --weight 1,60 --reps 2 --seconds 0.1 --gro 0 --threaded 1 \
	--netdev-budget 100 --app-cpu 1 --irq-cpu 1; }
conductors() { pids "scripts/sweep.sh eth0 --out $work/killed"; }

# damage: what is wrong with the results of a sweep that was cut short; whole trials
# only, each once, each with its histograms
damage() {
	[ -e "$work/killed/runs.csv" ] || return 0
	[ -z "$(tail -c 1 "$work/killed/runs.csv" | tr -d '\n')" ] || echo "a half row"
	[ -e "$work/killed/hist.csv" ] || return 0
	awk -F, 'FNR == 1 { file++; if (file == 1) for (i = 1; i <= NF; i++) col[$i] = i; cells = NF; next }
		file == 1 && NF != cells { print "a row of " NF " cells" }
		file == 1 && $1 in polls { print "trial " $1 " twice" }
		file == 1 { polls[$1] = $col["polls"]; next }
		($1, $2, $3) in seen { print "trial " $1 " has " $2 " " $3 " twice" }
		{ seen[$1, $2, $3] = 1 }
		$2 == "rx_per_poll" && $1 in polls { polls[$1] -= $4 }
		END { for (t in polls) if (polls[t]) print "trial " t " lacks " polls[t] " polls in hist.csv" }' \
		"$work/killed/runs.csv" "$work/killed/hist.csv"
}

finished=0
sweep_killed() {
	run_it &
	_job=$!
	sleep "$1"
	_both=$(conductors)
	_run=$(pids "napimeter run")
	case $((moments % 3)) in
	0) _run='' ;;
	1) [ -z "$_run" ] || _both='' ;;
	esac
	# shellcheck disable=SC2086 # lists of processes
	kill -9 $_both $_run 2>/dev/null || :
	_status=0
	wait "$_job" 2>/dev/null || _status=$?
	# without what measures it says so, and has put all back itself
	if [ "$_status" -eq 1 ] && grep -q 'napimeter ended with status 137' "$work/killed.log"; then
		_status=137
	fi
	_hit=0
	[ "$_status" -eq 137 ] || _hit=1
	killed=$((killed + 1 - _hit))
	_rc=0
	# every other time the next sweep has to put things back itself
	if [ $((moments % 2)) -eq 0 ] || [ "$_hit" = 1 ]; then
		scripts/sweep.sh --restore >"$work/restore.log" 2>&1 || _rc=$?
		settings >"$work/after"
		if [ "$_rc" -ne 0 ] || ! cmp -s "$work/before" "$work/after" || [ -e /run/e1000_napi/sweep.state ]; then
			check "killed after $1 s: the settings are as before" false
			sed 's/^/# /' "$work/restore.log"
			diff "$work/before" "$work/after" | sed 's/^/# /' || :
		fi
	fi
	_damage=$(damage)
	[ -z "$_damage" ] || is "killed after $1 s: the results are whole" "$_damage" ""
	case $_status in
	137) ;;
	0)
		finished=$((finished + 1))
		_rows=$(select_rows killed '{ n++ } END { print n + 0 }')
		[ "$_rows" -eq "$trials" ] || is "each trial has its row" "$_rows" "$trials"
		rm -r "$work/killed"
		;;
	*)
		check "the next one goes on (status $_status)" false
		tail -n 5 "$work/killed.log" | sed 's/^/# /'
		;;
	esac
	return "$_hit"
}

ms=$(time_of run_it)
echo "# sweep.sh takes $ms ms"
rm -r "$work/killed"
kills sweep.sh "${KILLS:-10}" "$ms" sweep_killed
is "after every kill all was as before, and the results whole" "$failures" 0
echo "# between the kills $finished sweeps came to their end"
check "it goes on to its end" run_it
whole killed $trials
as_before "killed and resumed"
# killed when sar has just been started, of which only the lock can tell
rm -r "$work/killed"
mkdir "$work/bin"
# shellcheck disable=SC2016 # of that script
printf '#!/bin/sh\nkill -9 $PPID\nexec %s "$@"\n' "$(command -v sar)" >"$work/bin/sar"
# which takes a while to learn who it is (process_key)
printf '#!/bin/sh\nsleep 1\nexec %s "$@"\n' "$(command -v head)" >"$work/bin/head"
chmod 755 "$work/bin/sar" "$work/bin/head"
killed_by_sar() { (PATH=$work/bin:$PATH && run_it); }
check "a sweep is killed as its sar begins" refused killed_by_sar
scripts/sweep.sh --restore
check "no process is left" wait_for 20 none_left "napimeter run" sadc sweep.sh
for pid in $(pids "napimeter run" sadc sweep.sh); do
	echo "# left: $pid, child of $(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status"): $(tr '\0' ' ' <"/proc/$pid/cmdline")"
done
rm -rf "$work"
finish
