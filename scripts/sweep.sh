#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Measure the effect of the NAPI weight: trials over weights, loads and more, one row
# each in runs.csv. This script prepares and cleans up; napimeter measures.
# docs/sweep.md describes every option and column.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/preflight.sh"
PATH=$PATH:/usr/lib/sysstat:/usr/libexec/sysstat

usage() {
	cat <<-END
		usage: $prog IF [OPTION]…
		       $prog --restore
		Sweep the NAPI weight of IF, a NIC of e1000_napi ($(how_to load IF)). The same
		command continues a stopped sweep.
		  --restore           undo the changes of a killed sweep, and exit

		What to run
		  --preset P          tcp, udp, udp-buffer, irq, irq-affinity: the study's experiments
		                      (xen and vmware are other names of irq-affinity, which it
		                      repeated there); every option overrides its part
		  --quick             a tenth of the time, at most 3 repetitions
		  --method M          grid (default), interleave, mlfrr
		  --weight LIST       as 1,2,60 or 1..10 or 10..100+10; default 64
		  --load LIST         offered load in bit/s, as 500M or 100M..1G+100M; 0: full speed
		  --protocol LIST     udp (default), tcp
		  --datagram LIST     bytes of UDP payload; default 1470
		  --rcvbuf LIST       socket buffer: default, bytes as 8M, or auto
		  --cpus W            softirq and application on one CPU, on two, or auto: decide
		  --app-cpu LIST  --irq-cpu LIST  --rx-usecs LIST  --gro LIST  --threaded LIST
		  --burst LIST        packets back to back, at the same average load; default 1
		  --netdev-budget LIST  --netdev-budget-usecs LIST  --defer-hard-irqs LIST
		  --gro-flush-timeout LIST  --rx-ring LIST  --rps-cpus LIST  --netdev-max-backlog LIST
		  --busy-read LIST  --mtu LIST  --irq-suspend-timeout LIST
		  --reps N            repetitions (default 1)   --seconds S  a trial's (default 5)
		  --sessions N        N times as many: the module is loaded again between
		  --until PCT         repeat only until a cell's mean is known within PCT per cent
		                      (95 %), 3 to --reps times (then 20)
		  --seed N            of the random order; default: a new one
		  --confirm W         a verdict of change by as many fresh trials of that weight
		                      and the reference alone, in DIR/confirm: yes (default) or no
		  --blocks N  --slot S  --settle S              for interleave
		  --min-load B  --max-load B  --goal-loss-ratio R  --goal-width R
		  --goal-exceed-ratio R  --goal-initial-trial-s S  --goal-final-trial-s S
		  --goal-duration-sum-s S                       for mlfrr, see docs/sweep.md

		Where the traffic comes from
		  --server ADDR       a host that runs \`iperf -s -u\` and \`iperf -s\`
		  --port N            of the server
		  --sender ssh:HOST   start and stop them there over ssh
		  --source S          iperf (default); pktgen: this guest's, for the lab;
		                      napimeter: \`napimeter serve\` on the server, sends bursts
		  --netns N --peer D  pktgen's namespace and device (src, peer0 for eth0)
		  --host ADDR:PORT    where $(how_to "host cpu") answers with the host's CPU use

		How to run it
		  --out DIR           results (default results/PRESET or results/METHOD)
		  --dry-run           list the trials and the time, do nothing
		  --retries N         retries of a failed trial (default 2)
		  --on-error W        then: go-on (default) or stop

		Files: DIR/runs.csv, hist.csv, meta.json; /run/e1000_napi/sweep.state
		Exit status: 0 done, 1 failed or some trials failed, 2 wrong usage; 130 and 143
		stopped by a signal.
		Example: sudo $prog eth1 --server 10.0.0.1 --weight 1,64,256 --load 100M,500M --reps 5
	END
}

# The study's experiments. Its CPU figures used 30 s; THE words are napimeter's.
preset() {
	many=weight=1..10,20..100+10,200
	few='weight=1,2,60,200 offered_bps=100M..1000M+100M rcvbuf=8M reps=5 seconds=30'
	case $1 in
	tcp) echo "$many protocol=tcp reps=10 seconds=30" ;;
	udp) echo "$many offered_bps=1G reps=10 seconds=30" ;;
	udp-buffer) echo "$many offered_bps=1G rcvbuf=8M reps=10 seconds=30" ;;
	irq) echo "$few" ;;
	irq-affinity | xen | vmware) echo "$few app_cpu=1 irq_cpu=0" ;;
	*) usage_error "no preset '$1': tcp, udp, udp-buffer, irq, irq-affinity, xen or vmware" ;;
	esac
}

# check_cpus OPTION LIST: all these CPUs exist
check_cpus() {
	local cpu last
	last=$(($(nproc --all) - 1))
	for cpu in $(printf '%s' "$2" | tr -c 0-9 ' '); do
		[ "$cpu" -le "$last" ] ||
			usage_error "$1: there is no CPU $cpu here; the last one is $last (nproc --all counts them)"
	done
}

set_option() {
	case $2 in
	--*) usage_error "--$1 requires an argument, not '$2'" ;;
	*[[:space:]]*) usage_error "--$1: no spaces in '$2'" ;;
	'' | *,,* | ,* | *,) usage_error "--$1: an empty place in the list '$2'" ;;
	esac
	case $1 in
	preset)
		preset=$2
		preset_words="$(preset "$2")"
		;;
	method | source | server | sender | netns | peer | out | dry-run | retries | on-error | confirm | restore)
		set_variable "$@"
		;;
	cpus)
		case $2 in
		auto) words="$words app_cpu=auto irq_cpu=auto" ;;
		one) words="$words app_cpu=0 irq_cpu=0" ;;
		two)
			check_cpus "--cpus two" 1
			words="$words app_cpu=1 irq_cpu=0"
			;;
		*) usage_error "--cpus is auto, one or two" ;;
		esac
		;;
	load) words="$words offered_bps=$2" ;;
	slot | settle) words="$words $1_s=$2" ;;
	*)
		case $1 in
		app-cpu | irq-cpu) check_cpus "--$1" "$2" ;;
		host) case $2 in *?:[1-9]*) ;; *) usage_error "--host requires ADDR:PORT, not '$2'" ;; esac ;;
		esac
		words="$words $(echo "$1" | tr - _)=$2"
		;;
	esac
}
unknown_option() { usage_error "'$1' is not a setting of a sweep"; }
operand() {
	[ -z "$interface" ] || usage_error "one interface, not '$interface' and '$1'"
	interface=$1
}
command="$0 $*"
interface='' words='' preset='' preset_words='' method=grid source=iperf out='' server=''
sender='' netns=src peer='' dry_run='' restore='' retries=2 on_error=go-on confirm=yes
parse "$@"

napimeter=$(tool napimeter)

run=/run/e1000_napi lock=/run/e1000_napi/sweep.pid
# A killed sweep leaves its lock and sar: "PID:KEY NAME" of each
take_lock() {
	mkdir -p "$run"
	is_own_path "$run" || die "$run, or a folder above it, belongs to, or can be written by, another user; remove it"
	running=$(live_sweep "$lock")
	[ -z "$running" ] || die "another sweep is running, process $running"
	if [ -e "$lock" ] && is_own "$lock"; then
		while read -r pid name; do
			if ! is_uint "${pid%%:*}" || ! is_alive "$pid"; then continue; fi
			[ "$name" != sar ] || kill "${pid%%:*}"
		done <"$lock"
	fi
	rm -rf "$lock"
	me=$$:$(process_key $$)
	(set -C && echo "$me sweep.sh" >"$lock") 2>/dev/null ||
		die "another sweep is beginning, or $run is full"
}

if [ -n "$restore" ]; then
	[ -z "$dry_run" ] || usage_error "--restore has no --dry-run; it only undoes what a killed sweep has changed"
	need_root
	take_lock
	rm -f "$lock"
	[ -e "$run/sweep.state" ] || log "no sweep has left anything changed"
	exec "$napimeter" restore
fi

case $interface in '' | *[[:space:]=]*) usage_error "which interface? Not '$interface'" ;; esac
is_uint "$retries" || usage_error "--retries requires a number"
case $on_error in go-on | stop) ;; *) usage_error "--on-error is go-on or stop" ;; esac
case $confirm in yes | no) ;; *) usage_error "--confirm is yes or no" ;; esac
case $sender in
'') ;;
ssh:?*)
	there=${sender#ssh:}
	: "${server:=${there#*@}}"
	;;
*) usage_error "--sender is ssh:HOST" ;;
esac
case $server in
*:*[!0-9a-fA-F.:]* | *[!0-9a-fA-F.:]*:*) usage_error "--server: '$server' is neither a host's name nor an address" ;;
esac
server=$(address_of "$server")
case $source in
pktgen) words="netns=$netns peer=${peer:-peer${interface#eth}} $words" ;;
*) [ -z "$server" ] || words="server=$server $words" ;;
esac
: "${out:=results/${preset:-$method}}"
words="interface=$interface method=$method source=$source ${preset:+preset=$preset} $words"

# plan FOLDER WORD…: the last of two equal options counts
# shellcheck disable=SC2086 # words without spaces
plan() (
	folder=$1
	shift
	set -f
	exec "$napimeter" plan "$folder" $preset_words $words "$@"
)

# Options that another method would ignore
for word in $words; do
	case $method-${word%%=*} in
	interleave-* | mlfrr-goal_* | mlfrr-m??_load) ;;
	*-blocks | *-slot_s | *-settle_s) usage_error "--${word%%[=_]*} goes with --method interleave only" ;;
	*-goal_* | *-min_load | *-max_load) usage_error "--$(echo "${word%%=*}" | tr _ -) goes with --method mlfrr only" ;;
	esac
done

if [ -n "$dry_run" ]; then
	folder=$(temp_dir)
	trap 'rm -rf "$folder"' EXIT
	plan "$folder"
	"$napimeter" list "$folder"
	exit 0
fi

word_of() { printf '%s\n' "$preset_words $words" | tr ' ' '\n' | after_text "$1=" | tail -n 1; }

# preflight: check what every trial needs, before anything is written
preflight() {
	preflight_nic "$interface"
	case "$preset_words $words " in
	*' sessions=1 '*) ;;
	*' sessions='*) sh "$here/lib/reload.sh" --check "$interface" || exit "$EXIT_FAIL" ;;
	esac
}

# preflight_traffic: not under tune.sh, which has checked, nor for a finished sweep
preflight_traffic() {
	local protocol
	[ -z "${E1000_NAPI_SOURCE_SEEN-}" ] || return 0
	[ ! -e "$out/sweep.json" ] || ! "$napimeter" list "$out" | grep -q '^nothing left' || return 0
	protocol=$(word_of protocol)
	preflight_source "$source" "$server" "$(word_of port)" "${protocol:-udp}"
}

need_root
preflight
[ -n "$sender" ] || preflight_traffic
take_lock
# napimeter drops the capability to load a module
[ "$source" != pktgen ] || modprobe -q pktgen || :
# An earlier sweep may have been killed before it could clean up
"$napimeter" restore
plan "$out"
results=$out
work=$(temp_dir)
# From now on the directory may be renamed or replaced without effect on us
cd "$out"
out=. sar='' runner=''
put_result() { "$napimeter" put . "$1"; }
finish() {
	trap '' HUP INT TERM
	if [ -n "$runner" ]; then
		kill "$runner" 2>/dev/null || true
		wait "$runner" || true
	fi
	if [ -n "$sar" ]; then
		kill "$sar" 2>/dev/null || true
		# it may not have taken its first sample
		[ ! -e "$work/sar" ] || put_result "sar-$(date +%s)" <"$work/sar" || true
	fi
	"$napimeter" restore || warn "not everything could be put back, see above"
	rm -rf "$work" "$lock"
	"$napimeter" give . || :
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# The servers there live as long as a process here has the pipe open, so they end
# even after a kill -9 here
start_sender() {
	port=$(echo "$words" | sed -n 's/.* port=\([0-9]*\).*/\1/p')
	[ -n "$port" ] || port=$([ "$source" = iperf ] && echo 5001 || echo 5003)
	port="-p $port >/dev/null 2>&1"
	# iperf 2.1.8 sometimes crashes at the end of a pulled UDP stream
	there="iperf -s $port & a=\$!; (trap 'kill -9 \$c; exit' TERM
		while :; do iperf -s -u $port & c=\$!; wait \$c; sleep 0.1; done) & b=\$!"
	if [ "$source" = napimeter ]; then
		# a private directory: another user there may have a /tmp/napimeter
		# shellcheck disable=SC2016 # of the shell there
		dir=$(ssh -o BatchMode=yes -- "$1" 'd=$(mktemp -d) && cat >"$d/napimeter" &&
			chmod 700 "$d/napimeter" && echo "$d"' <"$napimeter")
		case $dir in
		'' | *[!A-Za-z0-9/._-]*) die "ssh $1 could not be given napimeter" ;;
		esac
		there="$dir/napimeter serve ${port#-p } & a=\$!; b=\$a; sleep 1; rm -r $dir"
	fi
	mkfifo "$work/hold"
	# iperf needs a second to fail if its port is in use
	there="$there; sleep 2; kill -0 \$a \$b 2>/dev/null && echo ready || echo failed"
	ssh -o BatchMode=yes -- "$1" "$there; cat >/dev/null; { kill -9 \$a; kill \$b; } 2>/dev/null" \
		<"$work/hold" >"$work/ssh" &
	exec 8>"$work/hold"
	wait_for 20 [ -s "$work/ssh" ] || die "ssh $1 does not answer"
	grep -q ready "$work/ssh" ||
		die "ssh $1 did not start the source: is iperf installed there, and its port free?"
}
if [ -n "$sender" ]; then
	start_sender "${sender#ssh:}"
	preflight_traffic
fi

note_machine() { sh "$here/detect.sh" --json | "$napimeter" meta "$1" "$command" || exit "$EXIT_FAIL"; }
note_machine "$out"
if command -v sar >/dev/null && command -v sadc >/dev/null; then
	# Not into the results directory: writes to a disk would disturb the trials, and it may be unmounted
	# as soon as we end. The lock names the process before it becomes sar, so that it can be found even
	# if we are killed right after
	# shellcheck disable=SC2016 # of the shell there
	sh -c '. "$1" && echo "$$:$(process_key $$) sar" >>"$2" && cd / && exec sar -o "$3" 1' sh \
		"$here/lib/common.sh" "$lock" "$work/sar" >/dev/null 2>&1 8>&- &
	sar=$!
fi

# measure FOLDER: run the remaining trials of its plan
measure() {
	local status=0
	"$napimeter" run "$1" --parent $$ --retries "$retries" --on-error "$on_error" \
		--reload "$here/lib/reload.sh" 8>&- &
	runner=$!
	wait "$runner" || status=$?
	runner=''
	case $status in
	0) ;;
	1) exit "$EXIT_FAIL" ;;
	*) die "napimeter ended with status $status; give the same command again" ;;
	esac
}

# field NAME: its value in the verdict's last line, which is for scripts
field() { printf '%s\n' "$verdict" | tail -n 1 | tr ' ' '\n' | after_text "$1=" | tail -n 1; }

# The trials that chose the weight cannot also confirm it: run fresh ones
confirm_change() {
	local napistat verdict weight reference left seed
	napistat=$(tool napistat 2>/dev/null) || return 0
	if [ ! -e confirm/sweep.json ]; then
		verdict=$("$napistat" verdict "$out") || die "napistat failed, see above; the sweep itself is done"
		[ "$(field action)" = change ] || return 0
		weight=$(field weight) reference=$(field reference)
		if ! is_uint "$weight" || ! is_uint "$reference"; then
			die "the verdict's weights '$weight' and '$reference' are not numbers"
		fi
		log "the verdict so far is to use $weight instead of $reference; only fresh trials of the two can confirm it"
		# other random numbers, but reproducible if a seed was given
		seed=$(echo "$words" | sed -n 's/.* seed=\([0-9]*\).*/seed=\11/p')
		# shellcheck disable=SC2086 # one word or none
		plan confirm "weight=$reference,$weight" $seed
		note_machine confirm
	fi
	left=$("$napimeter" list confirm | tail -n 1) || exit "$EXIT_FAIL"
	[ "$left" != "nothing left to do" ] || return 0
	log "in $results/confirm: $left"
	measure confirm
}

measure "$out"
[ "$confirm" = no ] || [ "$method" = mlfrr ] || confirm_change
log "done: $results/runs.csv; what it says: $(how_to report "$results")"
