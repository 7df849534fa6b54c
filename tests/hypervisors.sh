#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Xen and VirtualBox labs in their short form: do they end, are the results of the
# hypervisor they claim, and, in counted time, does weight 1 lose what 60 does not? The labs
# run side by side. For .ci/run; writes TAP.
# shellcheck disable=SC2016 # awk's variables
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit
. scripts/lib/common.sh

usage() {
	cat <<-END
		usage: hypervisors.sh [--minutes N] [LAB…]
		Run the labs xen and virtualbox, or those named, side by side, with one sweep of two
		weights each, and check their results. A lab whose packages cannot be fetched is
		skipped.
		  --minutes N  end within N minutes (default 17), the making of their hosts,
		               which is cached, and second tries of a failed boot included
	END
}

minutes=17
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--minutes)
		is_uint "${2-}" || usage_error "--minutes requires a number"
		minutes=$2
		shift
		;;
	xen | virtualbox) labs="${labs-}$1 " ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
: "${labs:=xen virtualbox }"
passed=0 failed=0 skipped=0
out=build/check/hypervisors
trap 'give_back_all "$top"' EXIT
deadline=$(($(date +%s) + minutes * 60))

check() { # check WHAT COMMAND…
	_what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		passed=$((passed + 1))
		echo "ok $lab: $_what"
	else
		failed=$((failed + 1))
		echo "not ok $lab: $_what"
	fi
}

# rows DIR N COLUMNS CONDITION: N rows, and all of them are so
rows() {
	build/tools/napistat rows --columns "$3" "$1" | awk -v n="$2" '!('"$4"') { bad++ } END { exit !(NR == n && !bad) }'
}

# The study's finding, from each row: weight 1 loses packets before the socket, and more
# the more is offered; 60 takes them all
weight_decides='($1 == 1 && $2 + $3 > $5 / 10) || ($1 == 60 && $4 <= $5 / 1000)'
falls() {
	build/tools/napistat rows --columns weight,offered_bps,bandwidth_bps "$1" |
		awk '$1 == 1 { got[$2 + 0] = $3 }
		END { exit !(got[200000000] > 0 && got[200000000] < got[100000000]) }'
}

left() { echo $((deadline - $(date +%s))); }

# The hosts first: what is left of the time is then the labs'
ready=''
for lab in $labs; do
	status=0
	began=$(date +%s)
	for root in $lab qemu; do
		# Only VirtualBox's lab runs in a newer QEMU
		[ "$lab$root" != xenqemu ] || continue
		[ "$status" -ne 0 ] || timeout "$(left)" lab/hypervisors/root.sh "$root" >/dev/null || status=$?
	done
	log "$prog: the host for $lab was there after $(($(date +%s) - began)) s"
	case $status in
	0) ready="$ready$lab " ;;
	"$EXIT_SKIP")
		skipped=$((skipped + 1))
		echo "ok $lab # skip: a package could not be fetched, see above"
		;;
	*) check "its host can be made (status $status)" false ;;
	esac
done

# One after the other: VirtualBox's lab is in real time, and beside another its host answers late
rest=$(echo "$ready" | wc -w)
for lab in $ready; do
	mkdir -p "$out"
	# A little of each share is for the ISO before and the report after
	{
		status=0
		lab/hypervisors/"$lab".sh --short --timeout $(($(left) / rest - 40)) --out "$out/$lab" 2>&1 || status=$?
		echo "$status" >"$out/$lab.status"
	} | sed "s/^/$lab: /" >&2
	rest=$((rest - 1))
done
for lab in $ready; do
	status=$(cat "$out/$lab.status" || echo 1)
	check "ends well" test "$status" -eq 0
	[ "$status" -eq 0 ] || continue
	meta=$out/$lab/meta.json
	n=2
	if grep -q '"time": "counted"' "$meta"; then
		n=4
		check "weight 1 loses, 60 does not, at both loads" \
			rows "$out/$lab" $n weight,lost_ring,lost_before_nic,lost,sent "$weight_decides"
		check "weight 1 receives less the more is offered" falls "$out/$lab"
	fi
	check "a row for each weight and load, none failed" rows "$out/$lab" $n status '$1 != "failed"'
	check "packets came through our driver" rows "$out/$lab" $n rx_packets,polls '$1 > 100 && $2 > 0'
	check "no poll took more than its weight" rows "$out/$lab" $n rx_per_poll,weight '$1 <= $2'
	check "the host's CPU is in each row" rows "$out/$lab" $n host_cpu '$1 > 0'
	case $lab in
	xen) vendor=Xen ;;
	virtualbox) vendor='innotek GmbH' ;;
	esac
	check "the guest was on $lab, says DMI" grep -qF "\"sys_vendor\": \"$vendor\"" "$meta"
	check "the guest was on $lab, says detect.sh" grep -q "\"$lab" "$out/$lab/detect.json"
	check "the host says its version" grep -q '"version": "[0-9]' "$meta"
	check "a report comes of it" grep -q '<svg' "$out/$lab/report/report.html"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
