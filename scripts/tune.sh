#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which settings are best for this guest's NIC? Searches factor by factor, then has the
# best against the defaults in fresh trials. sweep.sh measures, napistat decides;
# docs/tune.md says how.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/nic.sh"
. "$here/lib/nic-reach.sh"
. "$here/lib/tune-keep.sh"
. "$here/lib/tune-factors.sh"

all='rcvbuf cpus weight rx-usecs gro threaded defer budget'

usage() {
	cat <<-END
		usage: $prog IF --server ADDR [OPTION]…
		       $prog --undo
		Search for the settings with the best loss-free rate, and then the least CPU per
		packet, for IF, a NIC of e1000_napi ($(how_to load IF)): against the defaults, with
		95 % intervals. The same command goes on where an earlier one was stopped. Nothing
		stays changed, unless --apply is given.
		  --try F[=V,…]    try factor F, its values V in place of the usual ones; may be
		                   repeated; default: all of these
		$(for f in $all; do
			printf '                     %-8s %s (default %s)\n' "$f" "$(values_of "$f" | tr ' ' ,)" "$(stock_of "$f")"
		done)
		  --against F=V,…  what to beat, where it is not the default
		  --minutes N      at most about so long (default 30)
		  --trial S        seconds of a trial (default 1)
		  --margin P       percent below which a difference is none (default 2)
		  --seed N         of the random order; default: a new one
		  --out DIR        results (default results/tune)
		  --dry-run        list what would be tried and how long it takes, do nothing
		  --apply          make what was found permanent, and set it at once
		  --undo           put back what --apply changed, and exit
		For the sweep ($(how_to sweep --help)): --server --port --sender --source --netns --peer
		--host --datagram --burst --min-load --max-load
	END
}

list_plan() {
	echo "to beat: $base"
	for _f in $factors; do
		echo "try $_f: $(value_in "$plan" "$_f" | tr , ' ')  ($rounds rounds each, in random order, beside the best so far)"
	done
	echo "then the best against the defaults: $confirms pairs of fresh trials"
	echo "about $total measurements of $pace s: $(minutes_of $((total * pace))), at most about $minutes min"
	[ -n "$here_now" ] || echo "$interface is not here: what it cannot do would be left out"
}

# answer: what came out, in $action and in DIR/answer
answer() {
	action=keep
	_rounds=$(rounds_with "$out/confirm" defaults found)
	if [ -z "$found" ]; then
		echo "Keep the defaults ($base): in the screening nothing was better by more than $margin %." >"$out/answer"
	elif [ -z "$_rounds" ]; then
		action=unknown
		return 0
	else
		# shellcheck disable=SC2086 # words
		pairs_of defaults found $_rounds >"$out/answer.csv"
		action=$(column "$out/answer.csv" action)
		_text=$(sed -n '2s/.*,"\(.*\)"$/\1/p' "$out/answer.csv" |
			sed "s/the reference/the defaults/g; s/The rival is better/Better than the defaults/")
		case $action in
		change) echo "Use $found. $_text" ;;
		*) echo "Keep the defaults ($base). The best in the screening was $found. $_text" ;;
		esac >"$out/answer"
	fi
	[ -z "$missed" ] || echo "Not tried, as the time was over:$missed; --minutes gives more." >>"$out/answer"
	echo
	cat "$out/answer"
	[ "$action" = change ] || return 0
	# shellcheck disable=SC2086 # words
	keep_files "$interface" "$out/keep" $found
	echo
	echo "To make it permanent, in these files ($out/keep has them):"
	(cd "$out/keep" && find . -type f | sort | while read -r _file; do
		echo "${_file#.}:"
		sed 's/^/    /' "$_file"
	done)
	# shellcheck disable=SC2086
	keep_by_hand "$interface" $found
}

interface='' sweep='' tries='' against='' minutes=30 trial=1 margin=2 seed='' out=results/tune
dry_run='' apply='' undo='' server='' source=iperf
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--dry-run) dry_run=1 ;;
	--apply) apply=1 ;;
	--undo) undo=1 ;;
	--try | --against | --minutes | --trial | --margin | --seed | --out | --server | --port | --sender | \
		--source | --netns | --peer | --host | --datagram | --burst | --min-load | --max-load)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $2 in '' | *[[:space:]]*) usage_error "$1: one word without spaces, not '$2'" ;; esac
		case $1 in
		--try) tries="$tries $2" ;;
		--against) against=$(echo "$2" | tr , ' ') ;;
		--minutes) minutes=$2 ;;
		--trial) trial=$2 ;;
		--margin) margin=$2 ;;
		--seed) seed=$2 ;;
		--out) out=$2 ;;
		*)
			[ "$1" != --server ] || server=$2
			[ "$1" != --sender ] || server=${2#ssh:}
			[ "$1" != --source ] || source=$2
			sweep="$sweep $1 $2"
			;;
		esac
		shift
		;;
	-*) usage_error "no option is called $1" ;;
	*)
		[ -z "$interface" ] || usage_error "one interface, not '$interface' and '$1'"
		interface=$1
		;;
	esac
	shift
done

if [ -n "$undo" ]; then
	need_root
	[ -e "$KEPT/undo" ] || { log "nothing was applied" && exit 0; }
	keep_undo || die "not everything could be put back, see above; $KEPT has the rest"
	log "everything is as it was before --apply"
	exit 0
fi

# is_share WORD: a positive number, fractions allowed
is_share() { echo "$1" | grep -Eqx '[0-9]+(\.[0-9]+)?' && awk -v n="$1" 'BEGIN { exit !(n > 0) }'; }
is_ifname "$interface" || usage_error "which interface?"
is_share "$minutes" || usage_error "--minutes wants a number"
is_share "$trial" || usage_error "--trial wants a number of seconds"
is_share "$margin" || usage_error "--margin wants a number, in percent"
[ -z "$seed" ] || is_uint "$seed" || usage_error "--seed wants a whole number"
[ -n "$server" ] || [ "$source" = pktgen ] ||
	usage_error "--server: a host that runs \`iperf -s -u\`; see $(how_to sweep --help) for other sources"

for word in $against; do
	case $word in *=*) ;; *) usage_error "--against wants F=V" ;; esac
	stock_of "${word%%=*}" >/dev/null
	check_value "${word%%=*}" "${word#*=}"
done
here_now=
[ ! -e "$SYS/class/net/$interface" ] || here_now=1
factors='' base='' plan=''
: "${tries:=$all}"
for factor in $all; do
	values=
	for word in $tries; do
		stock_of "${word%%=*}" >/dev/null
		[ "$factor" = "${word%%=*}" ] || continue
		case $word in
		*=*) values=$(echo "${word#*=}" | tr , ' ') ;;
		*) values=$(values_of "$factor") ;;
		esac
	done
	stock=$(value_in "$against" "$factor")
	: "${stock:=$(stock_of "$factor")}"
	if [ -n "$values" ] && [ -n "$here_now" ] && why=$(missing "$factor"); then
		log "$factor is not tried: $why"
		values=
	fi
	for value in $values; do
		check_value "$factor" "$value"
	done
	# what is not tried is left as it is, unless --against has it
	[ -n "$values" ] || [ -n "$(value_in "$against" "$factor")" ] || continue
	base="$base $factor=$stock"
	values=$(for v in $values; do [ "$v" = "$stock" ] || printf '%s ' "$v"; done)
	[ -z "$values" ] || {
		factors="$factors $factor"
		plan="$plan $factor=$(echo "$values" | sed 's/ *$//' | tr ' ' ,)"
	}
done
[ -n "$factors" ] || die "there is nothing to try"
base=${base# }

. "$here/lib/tune-search.sh"
schedule
if [ -n "$dry_run" ]; then
	list_plan
	exit 0
fi
need_root
[ -n "$here_now" ] || die "no interface $interface"
driver=$(link_target "$SYS/class/net/$interface/device/driver" || :)
[ "$driver" = e1000_napi ] || die "$interface is driven by ${driver:-nothing}, not by e1000_napi; run: $(how_to load "$interface")"
napistat=${NAPISTAT:-$(tool napistat)}
prepare
calibrate
for factor in $factors; do
	screen "$factor"
done
confirm
answer
[ "$action" != unknown ] || die "too few pairs could be measured, see $out/log; the same command tries them again"
[ "$action" = change ] || exit 0
# shellcheck disable=SC2086 # words without spaces
if [ -z "$apply" ]; then
	log "Nothing was changed. The same command with --apply does it; $(how_to tune --undo) takes it back."
else
	# built again where nobody else can write; DIR/keep is for people to read
	applied=$(mktemp -d)
	trap 'rm -rf "$applied"; give_back "$out"' EXIT
	keep_files "$interface" "$applied" $found
	keep_apply "$interface" "$applied" $found
	log "Applied, now and for each boot. $(how_to tune --undo) takes it back."
fi
