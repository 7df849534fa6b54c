#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults under load, on kernels that detect errors: one table.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=tests/faults/files.sh
. "$top/tests/faults/files.sh"
here=$top/tests/faults
out=${OUT:-$top/build/faults}

usage() {
	cat <<EOF
usage: tests/faults/run.sh [--short] [--kernel K] [--go-on] [--list] [CASE…]

Boots guests whose kernels find faults, does to the driver under traffic what each
case in tests/faults/cases/ says, and checks that nothing broke: the kernel did not
complain, link and traffic came back, every packet is counted, no poll took more than
its weight, no counter went backwards, no reader hung. After a case that did not
survive, the rest go on in a fresh boot. The longest have boots of their own.

  --short     the telling part, driver on kasan, scripts on debian (make check-faults: all)
  --kernel K  only on kasan, kcsan, or debian (the lab's own, quick, and blind for most
              of what goes wrong)
  --go-on     do not do again what survived in the run before, which was stopped, or of
              which something failed; its rows stay in the table
  --list      print kernel, boot, case and what it does, and run nothing
  CASE        only these (the guest tests are guest-NAME)
  KILLS=N, SEED=N, FOR=S  the kill- cases: how often (200), at which moments, and to
              stop after S seconds with as many as there are by then
  JOBS=N      boots at a time (default: as many as there are CPUs)

The kernels are built once, seven minutes each on two cores (tests/faults/kernel.sh).
Logs are in build/faults/, or OUT. Last line: N passed, N failed, N skipped.
EOF
}

# Not those that such a kernel is too slow for: sweep and sweep-source (CPU, slots, moments), tune
# (the deterministic lab); nor keep (udev, which wants more of a kernel), nor short (less of exact)
guest_tests='guest-weight guest-exact guest-switches guest-device guest-load guest-restore-kill guest-sweep-kill'
# These end a boot: nothing can be done after them, or they judge all of it
last='leaks suspend lockdown'

# about CASE: the first sentence of its file
about() { sed -n '3,/^set/{/^# [A-Z][a-z]*: /d; s/^# //p;}' "$(file_of "$1")" | tr '\n' ' ' | sed 's/\([.:;(]\).*//; s/ $//'; }

# seconds CASE: how long it takes, as its file says: short, and whole
seconds() {
	_takes=$(header "$1" Takes '60 s')
	_takes=${_takes% s}
	if [ -n "$short" ]; then echo "${_takes%,*}"; else echo "${_takes#*, }"; fi
}

# plan: `kernel boot case` of all that is to be done, in order
plan() {
	for k in kasan kcsan debian; do
		[ -z "$kernel" ] || [ "$kernel" = $k ] || continue
		for b in three eight own icount; do
			_cases=$(cd "$here/cases" && for f in *.sh; do echo "${f%.sh}"; done)
			for c in $last; do _cases=$(echo "$_cases" | grep -vx "$c"); done
			for c in $guest_tests $_cases $last; do
				case $c in
				guest-*) _k='kasan kcsan' _b=$(header "$c" Boot three) ;;
				*) _k=$(header "$c" Kernel "kasan kcsan $kernel") _b=$(header "$c" Boot three) ;;
				esac
				[ "$_b" = $b ] || continue
				case " $_k " in *" $k "*) ;; *) continue ;; esac
				[ -z "$names" ] || case " $names " in *" $c "*) ;; *) continue ;; esac
				if [ -n "$short" ] && [ -z "$kernel" ]; then
					[ -n "$names" ] || [ "$(header "$c" Short yes)" = yes ] || continue
					[ "$k" = "${_k%% *}" ] || continue
				fi
				echo "$k $b $c"
			done
		done
	done
}

# boot KERNEL BOOT CASE…: them, in one guest; output on stdout
boot() {
	_kernel=$1 _boot=$2
	shift 2
	_limit=300
	for c; do _limit=$((_limit + $(limit_of "$c"))); done
	_cases=$*
	set -- --share "$out" --console "$log.console" --timeout "$_limit" --monitor \
		--accel "$(header "$1" Accel auto)"
	# Emulated, what is where it was is translated already: a third less for each program
	set -- "$@" --append norandmaps
	# The interrupts from the BIOS's table: with these kernels ACPI takes seconds for each device
	[ "$_kernel" = debian ] || set -- "$@" --image "$(cat "$out/image-$_kernel")" --append acpi=noirq
	# KCSAN looks at one access in 4000 for 20 us, and would see nothing of a driver alone
	[ "$_kernel" != kcsan ] || set -- "$@" --append \
		"kcsan.skip_watch=150 kcsan.udelay_task=100 kcsan.udelay_interrupt=100"
	case $_boot in
	three | own) set -- "$@" --mem 1024 --nic e1000 --nic e1000-82545em --nic e1000-82544gc ;;
	eight)
		set -- "$@" --mem 1536
		for _n in 1 2 3 4 5 6 7 8; do set -- "$@" --nic e1000; done
		;;
	icount) set -- "$@" --icount ;;
	esac
	# shellcheck disable=SC2086 # lists of words
	"$top/lab/boot.sh" "$@" -- env SHORT="$short" ${KILLS:+KILLS="$KILLS"} ${SEED:+SEED="$SEED"} \
		${FOR:+FOR="$FOR"} sh tests/faults/guest.sh $_cases 2>"$log.err" || echo "boot $?"
}

# report KERNEL < OUTPUT: a row for each case in $rows; progress for the impatient
report() {
	case_now=''
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$log.tap"
		# shellcheck disable=SC2086 # words
		case $line in
		'case '*' begins')
			case_now=${line#case }
			case_now=${case_now% begins}
			log "[$(($(wc -l <"$rows") + 1))/$total] $1 $case_now: $(about "$case_now")" \
				"(about $(left) min left)"
			;;
		'case '*)
			set -- "$1" ${line#case }
			row "$1" "$2" "$3" "$4"
			case_now=''
			;;
		'at '*) log "    $1 $case_now: ${line#at }" ;;
		'not ok '* | '# got '* | '# failed: '*) log "    $line" ;;
		'boot '*)
			tail -n 60 "$log.err" >&2
			if [ -n "$case_now" ]; then
				row "$1" "$case_now" 'failed: the guest died' -
			elif ! grep -q '^case .* failed' "$log.tap"; then
				row "$1" boot 'failed: see above' -
			fi
			;;
		esac
	done
}

row() { printf '%s|%s|%s|%s|%s\n' "$1" "$2" "$([ "$2" = boot ] || about "$2")" "$3" "$4" >>"$rows"; }

# left: minutes that the rest should take; what shares a boot is done one after the other
left() {
	plan | while read -r k b c; do
		case $b in own | icount) b=$c ;; esac
		grep -q "^$k|$c|" "$rows" || echo "$k-$b $(seconds "$c")"
	done | awk -v jobs="$jobs" '{ s += $2 / jobs; boot[$1] += $2 }
		END { for (b in boot) if (boot[b] > s) s = boot[b]; print int(s / 60 + 1) }'
}

# todo KERNEL CASE…: those that have no row yet
todo() {
	_k=$1
	shift
	for c; do grep -q "^$_k|$c|" "$rows" || echo "$c"; done
}

short='' kernel='' list='' names='' go_on='' jobs=${JOBS:-$(nproc)}
while [ $# -gt 0 ]; do
	case $1 in
	--short) short=1 ;;
	--kernel)
		[ $# -ge 2 ] || usage_error "--kernel requires a name"
		kernel=$2
		shift
		;;
	--go-on) go_on=1 ;;
	--list) list=1 ;;
	-h | --help) usage && exit 0 ;;
	-*) usage_error "unknown option $1" ;;
	*)
		[ -e "$(file_of "$1")" ] || usage_error "there is no case $1; --list shows them"
		names="$names $1"
		;;
	esac
	shift
done
case $kernel in '' | kasan | kcsan | debian) ;; *) usage_error "no kernel $kernel: kasan, kcsan or debian" ;; esac
if [ -n "$list" ]; then
	plan | while read -r k b c; do echo "$k|$b|$c|$(about "$c")"; done | column -t -s '|'
	exit 0
fi
total=$(plan | wc -l)
[ "$total" -gt 0 ] || usage_error "nothing to do: no such case on that kernel"

mkdir -p "$out"
trap 'give_back_all "$top"' EXIT
rows=$out/rows${short:+-short}
if [ -n "$go_on" ] && [ -e "$rows" ]; then
	sed -i '/|survived|/!d' "$rows"
	log "$(wc -l <"$rows") cases have survived already"
else
	: >"$rows"
fi
make -s -C "$here" OUT="$out"
for k in $(plan | cut -d ' ' -f 1 | uniq); do
	if [ "$k" = debian ]; then
		kver=$("$top/lab/image.sh" --show-kver)
		make -s -C "$top" module tools KVER="$kver"
		! plan | grep -q ' window$' || "$here/plant.sh" window "$out" "$kver"
	else
		"$here/kernel.sh" "$k" >"$out/image-$k"
	fi
done
! plan | grep -q ' planted$' || "$here/kernel.sh" kcsan --plant race "$out"

# boots KERNEL BOOT CASE…: them, and after one that did not survive the rest
boots() {
	k=$1 b=$2
	shift 2
	n=0
	while cases=$(todo "$k" "$@") && [ -n "$cases" ]; do
		n=$((n + 1))
		log=$out/$k-$b-$1-$n
		rm -f "$log".*
		# shellcheck disable=SC2086 # a list of words
		boot "$k" "$b" $cases | report "$k"
		# no case begun: there is no use in trying again
		[ "$(todo "$k" "$@")" != "$cases" ] || for c in $cases; do row "$k" "$c" 'failed: no boot' -; done
	done
}

# lane: boots to their end that no other lane has begun, one after the other
next() (
	exec 9>"$out/lock"
	flock 9
	sed 1q "$out/jobs"
	sed -i 1d "$out/jobs"
)
lane() {
	while job=$(next) && [ -n "$job" ]; do
		# shellcheck disable=SC2086 # words
		boots $job
	done
}

# `kernel boot case…` for each boot, longest first
plan | while read -r k b c; do
	case $b in own | icount) n=$c ;; *) n='' ;; esac
	echo "$k $b|$n|$(seconds "$c")|$c"
done | awk -F '|' '{ boot = $1 "|" $2; s[boot] += $3; cases[boot] = cases[boot] " " $4 }
	END { for (b in s) { split(b, w, "|"); print s[b], w[1] cases[b] } }' |
	sort -rn | cut -d ' ' -f 2- >"$out/jobs"
for _ in $(seq "$jobs"); do lane & done
wait
# a lane that died, of a script changed under it for one, has left none
plan | while read -r k _ c; do
	[ -z "$(todo "$k" "$c")" ] || row "$k" "$c" 'failed: not run' -
done

echo
{
	echo 'kernel|case|what|survived|seconds'
	sed 's/|survived|/|yes|/' "$rows"
} | column -t -s '|'
echo
passed=$(grep -c '|survived|' "$rows" || :)
skipped=$(grep -c '|skipped|' "$rows" || :)
failed=$(($(wc -l <"$rows") - passed - skipped))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
