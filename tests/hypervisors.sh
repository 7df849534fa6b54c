#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Xen and VirtualBox labs in their short form: do they end, and are the results of
# the hypervisor they claim? For .ci/run; writes TAP.
# shellcheck disable=SC2016 # awk's variables
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit
. scripts/lib/common.sh

usage() {
	cat <<-END
		usage: hypervisors.sh [--minutes N] [LAB…]
		Run the labs xen and virtualbox, or those named, with one sweep of two weights
		each, and check their results. A lab whose packages cannot be fetched is skipped.
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
		is_uint "${2-}" || usage_error "--minutes wants a number"
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

# rows DIR COLUMNS CONDITION: two rows, and all of them are so
rows() {
	build/tools/napistat rows --columns "$2" "$1" | awk '!('"$3"') { bad++ } END { exit !(NR == 2 && !bad) }'
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

rest=$(echo "$ready" | wc -w)
for lab in $ready; do
	status=0
	# A little of each share is for the ISO before and the report after
	lab/hypervisors/"$lab".sh --short --timeout $(($(left) / rest - 25)) --out "$out/$lab" || status=$?
	rest=$((rest - 1))
	check "ends well" test "$status" -eq 0
	[ "$status" -eq 0 ] || continue
	meta=$out/$lab/meta.json
	check "a row for each of two weights, none failed" rows "$out/$lab" status '$1 != "failed"'
	check "packets came through our driver" rows "$out/$lab" rx_packets,polls '$1 > 100 && $2 > 0'
	check "no poll took more than its weight" rows "$out/$lab" rx_per_poll,weight '$1 <= $2'
	check "the host's CPU is in each row" rows "$out/$lab" host_cpu '$1 > 0'
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
