#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The same sweep on QEMU, Xen, VirtualBox and the stand-in for VMware, and the one
# report that compares them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
top=$here/../..

usage() {
	cat <<-END
		usage: all.sh [--short] [--real-time] [--out DIR] [LAB…]
		Run the labs qemu, xen, virtualbox and vmware (a stand-in), or those named, and
		compare their results: table 4.27 of the study and the report. About 25 min.
		  --short    two weights, one repetition
		  --real-time  do not count time on Xen either
		  --out DIR  results and report (default build/lab)
		A lab whose packages cannot be fetched is skipped by name.
	END
}

out=$top/build/lab short='' real_time='' labs=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--short) short=--short ;;
	--real-time) real_time=--real-time ;;
	--out)
		[ $# -ge 2 ] || usage_error "--out requires a folder"
		out=$2
		shift
		;;
	qemu | xen | virtualbox | vmware) labs="$labs $1" ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
: "${labs:=qemu xen virtualbox vmware}"
need_root
need_own_path "$out" "--out $out" "write there; give a folder of your own" 002

set -- ''
shift
failed='' skipped='' began=$(date +%s)
for lab in $labs; do
	log "$prog: $lab, after $((($(date +%s) - began) / 60)) min"
	status=0
	"$here/$lab.sh" $short $real_time --out "$out/$lab" || status=$?
	case $status in
	0) set -- "$@" "$out/$lab" ;;
	"$EXIT_SKIP") skipped="$skipped $lab" ;;
	*) failed="$failed $lab" ;;
	esac
done
[ -z "$skipped" ] || warn "skipped, packages could not be fetched:$skipped"
if [ $# -gt 0 ]; then
	"$top/build/tools/napistat" table "$@" || warn "no table of these results"
	"$top/scripts/report.sh" --out "$out/report" "$@"
	log "$prog: report in $out/report/report.html, results in $out/"
fi
[ -z "$failed" ] || die "these labs failed:$failed"
[ $# -gt 0 ] || exit "$EXIT_SKIP"
