#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tune.sh's search: what is measured in which order, and what follows from it. It is
# a part of tune.sh, whose variables it uses.
# shellcheck disable=SC2154 # set there

SCREENING=60 # percent of the time at most, if one round needs no more
MOST_ROUNDS=3
LEAST_CONFIRM=4 # pairs
MOST_CONFIRM=10
DROP=90    # percent of the rate of the best so far: below, a value is not tried again
LOAD=70    # percent of the loss-free rate: where CPU is compared
WIDTH=0.02 # relative, of a search
WIDTH_CONFIRM=0.01

# need_number WORD FILE: what a file says is no part of a program, and a number or nothing
need_number() {
	case $1 in
	*[!0-9.eE+-]*) die "$2: '$(printf '%s' "$1" | tr -c '[:print:]' '?' | cut -c 1-40)' is not a number; the file was edited" ;;
	esac
}

# shuffle LABEL WORD…: the same order for the same seed
shuffle() {
	_label=$1
	shift
	for _w; do
		echo "$(echo "$_w $_label $seed" | md5sum | cut -d ' ' -f 1) $_w"
	done | sort | cut -d ' ' -f 2
}

# minutes_of SECONDS
minutes_of() {
	if [ "$1" -lt 60 ]; then
		echo "$1 s"
	else
		echo "$((($1 + 30) / 60)) min"
	fi
}

# tried FACTOR: the value of the best so far, then those that are tried against it
tried() {
	_best=$(value_in "$best" "$1")
	_list=$(value_in "$plan" "$1" | tr , ' ')
	echo "$_best $_list"
}

# schedule [PACE]: how often everything is measured, with so many seconds for one measurement;
# once it is known it may be for fewer pairs
schedule() {
	least=${1:+2} least=${least:-$LEAST_CONFIRM}
	# CPU time is counted in ticks of 10 ms
	cost_s=$(awk -v trial="$trial" 'BEGIN { print 2 * trial < 1 ? 1 : 2 * trial }')
	# a search is some nine trials; each has a second around it
	pace=${1:-$(awk -v trial="$trial" -v cost="$cost_s" \
		'BEGIN { printf "%.0f", 9 * (trial + 0.8) + 2 * cost + 3.5 }')}
	budget=$(awk -v minutes="$minutes" 'BEGIN { printf "%.0f", 60 * minutes }')
	best=$base measures=0
	for _f in $factors; do
		# shellcheck disable=SC2046 # words
		set -- $(tried "$_f")
		measures=$((measures + $#))
	done
	_fit=$((budget / pace - 1))
	rounds=$((_fit * SCREENING / 100 / measures))
	while [ "$rounds" -gt 1 ] && [ $((rounds * measures + 2 * LEAST_CONFIRM)) -gt "$_fit" ]; do
		rounds=$((rounds - 1))
	done
	[ "$rounds" -ge 1 ] || rounds=1
	[ "$rounds" -le $MOST_ROUNDS ] || rounds=$MOST_ROUNDS
	confirms=$(((_fit - rounds * measures) / 2))
	[ "$confirms" -le $MOST_CONFIRM ] || confirms=$MOST_CONFIRM
	if [ "$confirms" -lt "$least" ]; then
		_need=$((((1 + measures + 2 * LEAST_CONFIRM) * pace + 59) / 60))
		usage_error "$minutes minutes are too short for this: --minutes $_need, a shorter --trial, or fewer factors (--try)"
	fi
	total=$((1 + rounds * measures + 2 * confirms))
}

# time_for MEASUREMENTS: they can be done before the time is over
time_for() { [ $((spent + $1 * pace)) -le "$budget" ]; }

prepare() {
	trap '[ -z "$child" ] || { kill -TERM "$child" 2>/dev/null; wait "$child" || :; }; exit 130' INT
	trap '[ -z "$child" ] || { kill -TERM "$child" 2>/dev/null; wait "$child" || :; }; exit 143' HUP TERM
	need_tools
	child='' spent=0 count=0 bad='' missed=''
	mkdir -p "$out"
	trap 'give_back "$out"' EXIT
	_words="$interface $sweep against $base try $plan trial $trial margin $margin seed $seed"
	if [ -e "$out/tune" ]; then
		[ "$(sed -n 1p "$out/tune")" = "$_words" ] ||
			die "$out holds another search: give another --out, or the options it was started with"
	else
		: "${seed:=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
		printf '%s\n%s\n' "$_words" "$seed" >"$out/tune.new"
		mv "$out/tune.new" "$out/tune"
	fi
	seed=$(sed -n 2p "$out/tune")
	is_uint "$seed" || die "$out/tune: no seed in its second line; the file was edited"
}

# run_sweep DIR OPTION…: three times anew, for a source may need a moment to be quiet
# again after an overload, and a failed trial would count as one with losses. Never for
# longer than until $end
run_sweep() {
	_into=$1
	shift
	for _pause in 2 5 0; do
		_left=$((end - $(uptime_now)))
		[ "$_left" -gt 0 ] || break
		mkdir -p "$_into"
		# the source was tested once
		if [ -s "$out/0/rate/probes.csv" ] && [ ! -e "$_into/probes.csv" ]; then
			cp "$out/0/rate/probes.csv" "$_into/"
		fi
		_rc=0
		# In the background, or a signal would have to wait for its end
		# shellcheck disable=SC2086 # words
		timeout "$_left" "$here/sweep.sh" "$interface" --out "$_into" --retries 1 \
			--on-error stop --seed "$seed" $sweep "$@" >>"$out/log" 2>&1 &
		child=$!
		wait "$child" || _rc=$?
		child=
		case $_rc in
		0) return 0 ;;
		1) rm -r "$_into" && sleep $_pause ;;
		124) break ;;
		2) die "the sweep failed: $(tail -n 1 "$out/log")" ;;
		*) exit "$_rc" ;;
		esac
	done
	[ "$_rc" -ne 124 ] || echo "no end after $_left s" >>"$out/log"
	return 1
}

# column FILE NAME: of its last row
column() {
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) col = i }
		END { print $col }' "$1"
}

# number_in FILE NAME: the same, a number
number_in() {
	local value
	value=$(column "$1" "$2")
	need_number "$value" "$1"
	printf '%s\n' "${value:-0}"
}

rate_in() { number_in "$1/rate/mlfrr.csv" conditional_throughput_bps; }

# measure DIR CONFIG ABOUT [WIDTH]: the loss-free rate, and CPU per packet at one
# load for all. Fails if CONFIG cannot be measured here.
measure() {
	count=$((count + 1))
	_about="[$count/$total, $(minutes_of $(((total - count + 1) * pace))) left] $3"
	if [ ! -e "$1/done" ]; then
		printf '%s' "$_about: "
		_start=$(uptime_now) _ok=yes _options=
		end=$((_start + (budget > spent ? budget - spent : 0) + pace))
		for _w in $2; do
			_options="$_options $(option_of "$_w")"
		done
		# shellcheck disable=SC2086 # words
		run_sweep "$1/rate" $_options --method mlfrr --goal-initial-trial-s "$trial" \
			--goal-final-trial-s "$trial" --goal-duration-sum-s "$trial" \
			--goal-width "${4:-$WIDTH}" || _ok=no
		[ $_ok = no ] || load_for_cost
		# shellcheck disable=SC2086
		[ $_ok = no ] ||
			run_sweep "$1/cost" $_options --load "$cost_load" --seconds "$cost_s" --reps 2 || _ok=no
		echo "$(($(uptime_now) - _start)) $_ok" >"$1/done.new"
		mv "$1/done.new" "$1/done"
		_about=
	fi
	read -r _s _ok <"$1/done"
	is_uint "$_s" || die "$1/done: '$(printf '%s' "$_s" | tr -c '[:print:]' '?')' is not a number of seconds; the file was edited"
	spent=$((spent + _s))
	pace=$(((spent + count / 2) / count))
	[ "$pace" -gt 0 ] || pace=1
	if [ "$_ok" = no ]; then
		echo "${_about:+$_about: }not possible: $(tail -n 1 "$out/log")"
		return 1
	fi
	_rate=$(rate_in "$1") || exit
	echo "${_about:+$_about: }$(awk -v bps="$_rate" 'BEGIN { printf "%.1f", bps / 1e6 }') Mbit/s"
}

# load_for_cost: the defaults' loss-free rate tells at which load CPU is compared
load_for_cost() {
	_rate=$(rate_in "$out/0") || exit
	awk -v rate="$_rate" 'BEGIN { exit !(rate > 0) }' || die "the defaults lose packets at the lowest load already: give a lower --min-load"
	cost_load=$(awk -v rate="$_rate" -v share="$LOAD" 'BEGIN { printf "%.0f", rate * share / 100 }')
}

calibrate() {
	measure "$out/0" "$base" "the defaults" || die "the defaults cannot be measured: see $out/log"
	load_for_cost
	# now it is known how long one takes
	schedule "$pace"
}

# pairs_of REFERENCE RIVAL DIR…: napistat's answer; DIRs hold a folder of each
pairs_of() {
	_a=$1 _b=$2
	shift 2
	_n=$#
	while [ "$_n" -gt 0 ]; do
		_d=$1
		shift
		set -- "$@" "$_d/$_a/rate" "$_d/$_b/rate" "$_d/$_a/cost" "$_d/$_b/cost"
		_n=$((_n - 1))
	done
	"$napistat" pairs --margin "$margin" -f csv "$@" 2>>"$out/log" || die "napistat failed: see $out/log"
}

# rounds_with DIR NAME NAME: the rounds in which both were measured
rounds_with() {
	for _r in "$1"/*; do
		! both_in "$_r" "$2" "$3" || echo "$_r"
	done
}
both_in() { grep -qs yes "$1/$2/done" && grep -qs yes "$1/$3/done"; }

# better RATE COST THAN-RATE THAN-COST: ratios; the rate first, then the CPU
better() {
	awk -v rate="$1" -v cost="$2" -v than="$3" -v than_cost="$4" -v margin="$margin" 'BEGIN {
		margin /= 100
		exit !(rate > than + margin ||
			(rate >= than - margin && cost != "" && than_cost != "" && cost + 0 < than_cost - margin)) }'
}

# screen FACTOR: its values beside the best so far; the best is the best from then on
screen() {
	_dir=$out/$1 _was=$(value_in "$best" "$1") bad=' '
	# shellcheck disable=SC2046 # words
	set -- "$1" $(tried "$1")
	_factor=$1
	shift
	for _round in $(seq "$rounds"); do
		for _value in $(shuffle "$_factor $_round" "$@"); do
			if [ ! -e "$_dir/$_round/$_value/done" ] && ! time_for $((1 + 2 * (_round == 1 ? least : LEAST_CONFIRM))); then
				echo "$_factor $_value, round $_round: left out, time for the confirmation"
				total=$((total - 1))
				[ -d "$_dir/1/$_value" ] || missed="$missed $_factor=$_value"
				continue
			fi
			case $bad in *" $_value "*) total=$((total - 1)) && continue ;; esac
			_config=$(with "$best" "$_factor" "$_value")
			measure "$_dir/$_round/$_value" "$_config" "$_factor $_value, round $_round of $rounds" ||
				bad="$bad$_value "
		done
		case $bad in *" $_was "*) die "the best so far cannot be measured any more: see $out/log" ;; esac
		for _value; do
			both_in "$_dir/$_round" "$_was" "$_value" || continue
			_r=$(rate_in "$_dir/$_round/$_value") || exit
			_rate=$(rate_in "$_dir/$_round/$_was") || exit
			! awk -v rate="$_r" -v best="$_rate" -v drop="$DROP" 'BEGIN { exit !(rate < drop / 100 * best) }' ||
				bad="$bad$_value "
		done
	done
	_chosen=$_was _rate=1 _cost=1
	for _value; do
		case "$bad$_was " in *" $_value "*) continue ;; esac
		_folders=$(rounds_with "$_dir" "$_was" "$_value")
		[ -n "$_folders" ] || continue
		# shellcheck disable=SC2086 # words
		pairs_of "$_was" "$_value" $_folders >"$_dir/$_value.csv"
		_r=$(number_in "$_dir/$_value.csv" rate_ratio) || exit
		_c=$(column "$_dir/$_value.csv" cost_ratio)
		need_number "$_c" "$_dir/$_value.csv"
		awk -v what="$_factor $_value" -v rate="$_r" -v cost="${_c:-0}" -v was="$_was" 'BEGIN {
			printf "%s: rate %.3f, CPU per packet %.3f of that of %s\n", what, rate, cost, was }'
		! better "$_r" "$_c" "$_rate" "$_cost" || { _chosen=$_value _rate=$_r _cost=$_c; }
	done
	[ "$_chosen" = "$_was" ] || echo "$_factor: $_chosen goes on"
	best=$(with "$best" "$_factor" "$_chosen")
}

# What differs from the defaults: words FACTOR=VALUE
differences() {
	for _w in $best; do
		case " $base " in *" $_w "*) ;; *) printf '%s ' "$_w" ;; esac
	done
}

# confirm: fresh trials of both, so that luck in the screening counts for nothing. A pair
# of which one could not be measured does not count; the same command tries it again
confirm() {
	found=$(differences)
	found=${found% }
	[ -n "$found" ] || return 0
	_dir=$out/confirm
	if [ ! -e "$_dir/pairs" ]; then
		# fixed before the first, so that no result decides how many there are
		_n=$(((budget - spent) / (2 * pace)))
		[ "$_n" -ge "$least" ] || _n=$least
		[ "$_n" -le "$confirms" ] || _n=$confirms
		mkdir -p "$_dir"
		echo "$_n" >"$_dir/pairs.new"
		mv "$_dir/pairs.new" "$_dir/pairs"
	fi
	confirms=$(cat "$_dir/pairs")
	is_uint "$confirms" || die "$_dir/pairs: not a number of pairs; the file was edited"
	total=$((count + 2 * confirms))
	for _round in $(seq "$confirms"); do
		if [ "$_round" -gt 2 ] && [ ! -e "$_dir/$_round/found/done" ] && ! time_for 2; then
			echo "the time is over after $((_round - 1)) of $confirms pairs"
			break
		fi
		for _side in $(shuffle "confirm $_round" defaults found); do
			_config=$base
			[ "$_side" = defaults ] || _config=$best
			measure "$_dir/$_round/$_side" "$_config" "confirming, $_side, pair $_round of $confirms" \
				"$WIDTH_CONFIRM" || rm "$_dir/$_round/$_side/done"
		done
	done
}
