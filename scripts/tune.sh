#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which settings are best for this guest's NIC? napimeter searches factor by factor, sweep.sh
# measures, napistat decides by fresh trials of the best against the defaults; docs/tune.md
# says how.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/options.sh"
. "$here/lib/nic.sh"
. "$here/lib/nic-reach.sh"
. "$here/lib/tune-keep.sh"
. "$here/lib/tune-factors.sh"
. "$here/lib/tune-run.sh"
. "$here/lib/preflight.sh"

usage() {
	cat <<-END
		usage: $prog IF --server ADDR [OPTION]…
		       $prog --undo
		Search for the settings with the best loss-free rate, and then the least CPU per
		packet, for IF, a NIC of e1000_napi ($(how_to load IF)): against the defaults, with
		95 % intervals. The same command continues a stopped search. Nothing stays
		changed without --apply.
		  --try F[=V,…]    try factor F, its values V in place of the usual ones; may be
		                   repeated; default: all of these
		$(factors | while read -r name stock values; do
			printf '                     %-8s %s (default %s)\n' "$name" "$values" "$stock"
		done)
		  --against F=V,…  compare with these settings instead of the defaults
		  --objective O    rate (the loss-free rate, or CPU per packet at the same rate),
		                   latency (the delay of 99 % of the packets) or cpu; the rate
		                   never gets worse (default rate)
		  --minutes N      time limit, plus one measurement (default 30)
		  --trial S        seconds of a trial (default 1)
		  --margin P       ignore differences below P percent (default 2)
		  --seed N         of the random order; default: a new one
		  --out DIR        results (default results/tune)
		  --dry-run        list what would be tried and how long it takes, do nothing
		  --apply          make the result permanent, and set it at once
		  --undo           undo --apply, and exit
		For the sweep ($(how_to sweep --help)): --server --port --sender --source --netns --peer
		--host --datagram --burst --min-load --max-load
		Files: DIR/answer; with --apply files in /etc, and the old state in
		/var/lib/e1000_napi/tune
		Exit status: 0 done, also if the defaults are kept; 1 failed; 2 wrong usage; 130
		and 143 stopped by a signal.
		Example: sudo $prog eth1 --server 10.0.0.1 --try rcvbuf --try weight
	END
}

# answer: set $action and $found, and write DIR/answer
answer() {
	local rounds='' round rc=0
	"$napimeter" tune found "$out" >"$work/found" || exit
	{ read -r found && read -r rounds; } <"$work/found" || :
	set --
	for round in $rounds; do
		for what in rate cost; do
			set -- "$@" "$out/confirm/$round/defaults/$what" "$out/confirm/$round/found/$what"
		done
	done
	: >"$work/answer"
	[ $# -eq 0 ] || "$napistat" pairs --objective "${objective:-rate}" --margin "$margin" -f csv "$@" >"$work/answer" || die "napistat failed, see above"
	[ $# -gt 0 ] || [ -z "$found" ] ||
		die "too few pairs could be measured, see $out/log; the same command tries them again"
	echo
	"$napimeter" tune answer "$out" <"$work/answer" || rc=$?
	case $rc in
	0) ;;
	4) exit 0 ;;
	*) exit "$rc" ;;
	esac
	# shellcheck disable=SC2086 # words
	keep_files "$interface" "$work/keep" $found
	echo
	echo "To make it permanent, in these files ($out/keep has them):"
	(cd "$work/keep" && find . -type f | sort) | while read -r file; do
		echo "${file#.}:"
		sed 's/^/    /' "$work/keep/$file"
		"$napimeter" put "$out" "keep/${file#./}" <"$work/keep/$file"
	done
	# shellcheck disable=SC2086
	keep_by_hand "$interface" $found
}

interface='' sweep='' tries='' against='' minutes=30 trial=1 margin=2 seed='' objective='' out=results/tune
dry_run='' apply='' undo='' server='' source=iperf loads=''
# arguments for napimeter that tests override
search=''
set_option() {
	case $2 in '' | *[[:space:]]*) usage_error "--$1: one word without spaces, not '$2'" ;; esac
	case $1 in
	try) tries="$tries $2" ;;
	against) against=$(echo "$2" | tr , ' ') ;;
	dry-run | apply | undo | objective | minutes | trial | margin | seed | out) set_variable "$@" ;;
	*-load) loads="$loads --$1 $2" ;;
	*)
		case $1 in
		server | source) set_variable "$@" ;;
		sender) server=${2#ssh:} ;;
		esac
		sweep="$sweep --$1 $2"
		;;
	esac
}
operand() {
	[ -z "$interface" ] || usage_error "one interface, not '$interface' and '$1'"
	interface=$1
}
parse "$@"

if [ -n "$undo" ]; then
	[ -z "$dry_run" ] || usage_error "--undo has no --dry-run; it only takes --apply back"
	need_root
	[ -e "$KEPT/undo" ] || { log "nothing was applied" && exit 0; }
	keep_undo || die "not everything could be put back, see above; $KEPT has the rest"
	log "everything is as it was before --apply"
	exit 0
fi

is_ifname "$interface" || usage_error "which interface?"
[ -n "$server" ] || [ "$source" = pktgen ] ||
	usage_error "--server: a host that runs \`iperf -s -u\`; see $(how_to sweep --help) for other sources"

all=$(factors | cut -d ' ' -f 1 | tr '\n' ' ')
: "${tries:=$all}"
for word in $against; do
	case $word in *=*) ;; *) usage_error "--against requires F=V" ;; esac
done
for word in $against $tries; do
	case $word in *=) usage_error "$word: which value?" ;; esac
	factors | grep -q "^${word%%=*} " ||
		usage_error "no factor '${word%%=*}'; there are: $all"
done
here_now='' driver=''
if [ -e "$SYS/class/net/$interface" ]; then
	here_now=1
	driver=$(link_target "$SYS/class/net/$interface/device/driver" || :)
fi
case $here_now$driver in
'' | 1e1000_napi) ;;
1e1000)
	[ -n "$dry_run" ] ||
		die "$interface is driven by e1000, not by e1000_napi; run: $(how_to load "$interface")"
	;;
*) die "$interface is driven by ${driver:-no driver of a device}; only NICs of e1000 can be handed to e1000_napi and tuned" ;;
esac
napimeter=$(tool napimeter)
set --
while read -r name stock values; do
	case " $tries " in
	*" $name="*) values=$(value_in "$tries" "$name") ;;
	*" $name "*) ;;
	*) values='' ;;
	esac
	if [ -n "$values" ] && [ -n "$here_now" ] && why=$(missing "$name" "$interface"); then
		log "$name is not tried: $why"
		values=''
	fi
	beat=$(value_in "$against" "$name") || beat=''
	# leave factors that are not tried as they are, unless --against has them
	[ -z "$values$beat" ] || set -- "$@" "try=$name/${beat:-$stock}/$values"
done <<-END
	$(factors)
END
# shellcheck disable=SC2086 # words
set -- "interface=$interface" "sweep=$sweep$loads" "minutes=$minutes" "trial=$trial" "margin=$margin" \
	${seed:+"seed=$seed"} ${objective:+"objective=$objective"} $search "$@"

# preflight: check what every sweep needs, so that the sweeps need not check the source again
preflight() {
	local port
	preflight_nic "$interface"
	case $sweep in *' --sender '*) return ;; esac
	# do not measure again what is answered
	[ -z "${E1000_NAPI_SOURCE_SEEN-}" ] && [ ! -e "$out/answer" ] || return 0
	port=$(printf '%s\n' "$sweep" | sed -n 's/.* --port \([0-9]*\).*/\1/p')
	preflight_source "$source" "$(address_of "$server")" "$port" udp
	export E1000_NAPI_SOURCE_SEEN=1
}

if [ -n "$dry_run" ]; then
	"$napimeter" tune plan "$@"
	if [ -z "$here_now" ]; then
		echo "$interface is not here: what it cannot do would be left out"
	elif [ "$(id -u)" -eq 0 ]; then
		(preflight) || log "as things are now it could not begin, see above"
	fi
	exit 0
fi
need_root
[ -n "$here_now" ] || die "no interface $interface"
napistat=${NAPISTAT:-$(tool napistat)}
need_tools
work=$(temp_dir)
trap 'rm -rf "$work"' EXIT
trap 'stop_child; exit 130' INT
trap 'stop_child; exit 143' HUP TERM
# report wrong arguments first
"$napimeter" tune plan "$@" >/dev/null || exit
preflight
"$napimeter" tune start "$out" "$@"
search
answer
if [ -z "$apply" ]; then
	log "Nothing was changed. The same command with --apply does it; $(how_to tune --undo) takes it back."
else
	# use files that no other user can write; DIR/keep is for people to read
	# shellcheck disable=SC2086 # words
	keep_apply "$interface" "$work/keep" $found
	log "Applied, now and for whenever e1000_napi gets $interface. $(how_to tune --undo) takes it back."
	[ -e "${E1000_NAPI_ROOT:-}/etc/e1000_napi/$(permanent_address "$interface")" ] ||
		log "At a boot e1000 gets it, unless you run: $(how_to enable "$interface")"
fi
