# shellcheck shell=sh disable=SC2154,SC2034 # of and for the scripts that source this
# SPDX-License-Identifier: GPL-2.0
# Shared by the hypervisors' labs: start the hypervisor's host, let it run
# lab/hypervisors/job.sh, which boots the ISO's guest in a VM there, and take the
# sweep's results. Each lab defines lab, kind, title and host_machine().
#
#   this machine   host of the hypervisor, in QEMU   guest, from the ISO
#   results  <---- 9p share <-- job.sh, iperf -s <---- e1000, e1000_napi, sweep.sh
#                               10.0.0.1               10.0.0.2

nested_usage() {
	cat <<-END
		usage: $prog [--short] [--real-time] [--out DIR] [--timeout S] [--run NAME]
		       [--preset P] [--weight LIST] [--load LIST] [--rcvbuf LIST] [--reps N]
		       [--seconds S] [--seed N]
		Sweep weights in a guest with e1000 on $title, and report.
		  --short      two weights, one repetition: does it work at all?
		  --real-time  for Xen: do not count time. Without hardware virtualisation the clock
		               of Xen's machine else counts its instructions, 1 ns each, so other
		               jobs on this machine change nothing
		  --out DIR    results (default build/lab/$lab; what was there goes)
		  --timeout S  give up after S seconds (default 900, in counted time 5400)
		  --run NAME   no sweep, but bench/guest-NAME.sh there; prints its output
		  --run tune   search there for the best setting (results: build/lab/$lab-tune), with
		               --try --against --minutes --trial --margin --seed --min-load
		               --max-load, as tune.sh's; prints the answer
		  the others   as sweep.sh's; loads are chosen from what the place carries, in counted
		               time they are 75M to 300M
		Exit status: 4 when a package that it needs could not be fetched.
	END
}

# Options of sweep.sh as orders on the guest's kernel command line
order() { orders="$orders napi.$1=$2"; }

progress() { # progress FILE FROM: its lines after FROM, with the time; prints the new FROM
	[ -e "$1" ] || {
		echo "$2"
		return
	}
	_lines=$(wc -l <"$1")
	[ "$_lines" -le "$2" ] ||
		awk -v from="$2" -v to="$_lines" -v s="$(($(date +%s) - began))" \
			'NR > from && NR <= to { printf "%4d s  %s\n", s, $0 }' "$1" >&2
	echo "$_lines"
}

nested_cleanup() {
	trap '' HUP INT TERM
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || :
	host_tidy
	wait
	rm -rf "$work"
	give_back "$out"
	give_back_all "$top"
}

# kvm if it can boot our kernel and, with nested given, can do so once more inside
choose_accel() { # choose_accel [nested]
	accel=tcg
	if [ -n "${1-}" ] && ! grep -qsE '^[Y1]' /sys/module/kvm_*/parameters/nested; then
		return
	fi
	_image=$("$here/../image.sh")
	: >"$work/conf"
	"$here/../overlay.sh" "$_image" "$work" ''
	accel=$("$here/../accel.sh" /dev/kvm "$_image" "$work/initrd")
}

# choose_time CPUS: the outer QEMU's options for its clock. Counting instructions takes the
# machine's load out of the results: hypervisor, host, sender and guest share one virtual
# clock. sleep=on: idle time passes in real time, so a slow disk does no harm.
choose_time() {
	time=real clock="-smp $1"
	if [ "$accel" != tcg ] || [ -n "$real_time" ]; then
		return 0
	fi
	time=counted accel=tcg,thread=single,tb-size=512
	clock='-smp 1 -icount shift=0,sleep=on -rtc base=2024-01-01,clock=vm'
	# Emulated seconds take longer than real ones there
	silence=300
}

# run_host: start the host and wait for its end; fail if it hung, or died before its job was
# done, or the job asked for another host (75)
run_host() {
	rm -rf "$share/status" "$share/alive" "$share/log" "$share/results" "$share/console"
	mkdir -p "$share/results" "$share/console"
	_left=$((limit - ($(date +%s) - began)))
	echo "kind=$kind nic=${nic-} limit=$((_left - 30))" >"$share/conf"
	log "$prog: starting ${host_is}"
	host_machine setpriv --pdeathsig TERM timeout --foreground -k 5 "$_left" </dev/null \
		>"$work/machine" 2>&1 &
	machine=$!
	from=0
	while kill -0 "$machine" 2>/dev/null && [ ! -e "$share/status" ]; do
		sleep 1
		from=$(progress "$share/log" "$from")
		if hangs; then
			log "$prog: the host has not moved for $silence s; ending it"
			kill "$machine"
			break
		fi
	done
	# It ends by itself a moment after its job
	wait_for 20 ended || kill "$machine" 2>/dev/null || :
	wait "$machine" || :
	machine=''
	progress "$share/log" "$from" >/dev/null
	[ -e "$share/status" ] && [ "$(cat "$share/status")" != 75 ]
}

# An emulated host may hang or crash: start it again, while there is time
run_hosts() {
	until run_host || [ $(($(date +%s) - began)) -ge $((limit * 2 / 3)) ]; do
		tail -n 3 "$work/machine" >&2
		log "$prog: starting it again"
	done
}

nested_main() {
	top=$(cd "$here/../.." && pwd)
	out='' limit='' minutes=30 orders='' weight='' load='' reps='' seconds='' rcvbuf='' run=''
	preset='' seed='' short='' real_time='' time=real silence=45
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			nested_usage
			exit 0
			;;
		--short)
			short=1
			shift
			continue
			;;
		--real-time)
			real_time=1
			shift
			continue
			;;
		--out | --timeout | --run | --weight | --load | --reps | --seconds | --rcvbuf) ;;
		--preset | --try | --against | --minutes | --trial | --margin | --seed | --min-load) ;;
		--max-load) ;;
		*) usage_error "unknown argument '$1'" ;;
		esac
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--out) out=$2 ;;
		--timeout) limit=$2 ;;
		--run) run=$2 ;;
		--weight) weight=$2 ;;
		--load) load=$2 ;;
		--reps) reps=$2 ;;
		--seconds) seconds=$2 ;;
		--rcvbuf) rcvbuf=$2 ;;
		--preset) preset=$2 ;;
		--seed) seed=$2 ;;
		*)
			[ "$1" != --minutes ] || minutes=$2
			order "${1#--}" "$2"
			;;
		esac
		shift 2
	done
	is_uint "$minutes" || usage_error "--minutes requires a whole number"
	[ "$run" = tune ] || [ -z "$orders" ] || usage_error "these go with --run tune:$orders"
	case $limit in '' | *[!0-9]*) [ -z "$limit" ] || usage_error "--timeout requires a number of seconds" ;; esac
	need qemu-system-x86_64 qemu-system-x86
	need gnuplot gnuplot-nox
	for _tool in napimeter napistat; do
		tool "$_tool" >/dev/null
	done
	need_root
	work=$(mktemp -d)
	machine=''
	trap nested_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' HUP TERM
	host_prepare
	if [ "$run" = tune ]; then
		# host and guest must boot, perhaps more than once
		: "${limit:=$((minutes * 60 + 900))}" "${out:=$top/build/lab/$lab-tune}"
	fi
	[ "$time" = real ] || : "${limit:=5400}"
	: "${limit:=900}" "${out:=$top/build/lab/$lab}"
	need_own_path "$out" "--out $out" "write there; give a folder of your own" 002
	share=$work/share
	mkdir -p "$share"
	cp -R "$top/scripts" "$share/"
	mkdir -p "$share/tools"
	cp "$top/build/tools/napimeter" "$share/tools/"
	cp "$here/host-init" "$share/host-init"
	cp "$here/job.sh" "$share/job"
	orders="napi.ip=10.0.0.2/24 napi.server=10.0.0.1$orders"
	[ -z "$run" ] || order run "$run"
	order host 10.0.0.1:5002
	[ -z "$seed" ] || order seed "$seed"
	[ "$run" = tune ] || sweep_orders
	"$top/lab/iso/iso.sh" --bios --out "$share/guest.iso" --console "$guest_console" \
		--append "$orders $guest_append" 2>/dev/null
	began=$(date +%s)
	run_hosts

	rm -rf "$out"
	mkdir -p "$out/console"
	cp -R "$share/results/." "$out/"
	cp "$share/log" "$out/console/host.log" 2>/dev/null || :
	cp "$work/console" "$out/console/host.console" 2>/dev/null || :
	cp -R "$share/console/." "$out/console/"
	status=$(cat "$share/status" 2>/dev/null || :)
	if [ "$status" != 0 ]; then
		tail -n 15 "$work/console" "$work/machine" >&2 2>/dev/null || :
		die "no sweep on $title (status ${status:-none}); its output is in $out/console"
	fi
	if [ -n "$run" ]; then
		cat "$out/output" 2>/dev/null || cat "$out/answer"
		log "$prog: done in $(($(date +%s) - began)) s; results in $out"
		return
	fi
	add_facts
	add_late_cpu
	"$top/scripts/report.sh" --out "$out/report" "$out" ||
		die "no report of $out, see above"
	log "$prog: done in $(($(date +%s) - began)) s; report in $out/report/report.html, results in $out"
}

# The sweep: a preset with its overrides, else this lab's own grid
sweep_orders() {
	if [ -n "$preset" ]; then
		order preset "$preset"
	else
		: "${rcvbuf:=8M}"
		if [ -n "$short" ]; then
			: "${weight:=1,60}" "${reps:=1}"
		fi
		if [ "$time" = counted ]; then
			# One repetition is enough, and a second of its time takes 10 to 30 real ones
			[ -z "$short" ] || : "${load:=100M,200M}"
			: "${load:=$counted_loads}" "${reps:=1}" "${seconds:=1}"
		fi
		: "${weight:=1,2,60,200}" "${reps:=2}" "${seconds:=$([ -n "$short" ] && echo 4 || echo 5)}"
		[ -n "$load" ] || order percent "$([ -n "$short" ] && echo 100 || echo 25,50,100,200)"
	fi
	for _word in "weight $weight" "load $load" "rcvbuf $rcvbuf" "reps $reps" "seconds $seconds"; do
		[ -z "${_word#* }" ] || order "${_word%% *}" "${_word#* }"
	done
}

# Add facts about the hypervisor's host to meta.json, beside the guest's address
# of it
add_facts() {
	{
		echo "time=$time"
		[ "$time" = real ] ||
			echo "time_counted_by=QEMU $outer_qemu TCG, -icount shift=0,sleep=on (1 ns an instruction)"
	} >>"$out/host_facts.txt"
	sed 's/[\\"]/\\&/g; s/^\([^=]*\)=\(.*\)/    "\1": "\2",/' "$out/host_facts.txt" >"$work/facts"
	[ "$(grep -c '^  "host": {$' "$out/meta.json")" = 1 ] || die "meta.json has no host"
	awk 'NR == FNR { facts = facts $0 "\n"; next } { print } /^  "host": {$/ { printf "%s", facts }' \
		"$work/facts" "$out/meta.json" >"$work/meta.new"
	cp "$work/meta.new" "$out/meta.json"
}

# A busy host sometimes answers the sweep's question for its CPU use too late. Take the
# time-weighted mean of such a trial from the host's record, by the clock offset that the
# guest measured. Count columns from the end, because the reason may contain commas.
add_late_cpu() {
	_offset=$(sed -n 's/.*"clock_offset_ns": \(-\{0,1\}[0-9]*\).*/\1/p' "$out/meta.json")
	[ -n "$_offset" ] || return 0
	awk -F, -v offset="$_offset" '
		FNR == NR { if (FNR > 1) { t[++n] = $1; cpu[n] = $2 }; next }
		FNR == 1 { for (i = 1; i <= NF; i++) back[$i] = NF - i; print; next }
		$(NF - back["host_cpu"]) == "" && $(NF - back["started_ns"]) != "" {
			from = $(NF - back["started_ns"]) + offset
			to = from + $(NF - back["seconds"]) * 1e9
			sum = span = 0
			for (i = 2; i <= n; i++) {
				a = t[i - 1] > from ? t[i - 1] : from
				b = t[i] < to ? t[i] : to
				if (b > a) { sum += cpu[i] * (b - a); span += b - a }
			}
			if (span > (to - from) / 2) $0 = $0 sprintf("%.1f", sum / span)
		}
		{ print }' "$out/host_cpu.csv" "$out/runs.csv" >"$work/runs.csv"
	cp "$work/runs.csv" "$out/runs.csv"
}

hangs() { # only a host in QEMU has the file
	[ -s "$share/alive" ] || return
	[ $(($(date +%s) - $(stat -c %Y "$share/alive"))) -gt "${silence:=45}" ]
}

ended() { ! kill -0 "$machine" 2>/dev/null; }
