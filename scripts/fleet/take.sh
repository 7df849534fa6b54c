#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of the fleet's playbook, on the machine of run.sh: unpack one guest's results, as guest.sh
# pack prints them, from stdin into DIR, and write a script that installs their Prometheus textfile
# in the guest.
#
# take.sh DIR <packed
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
dir=$1
mkdir -p "${dir%/*}"
work=$(mktemp -d "${dir%/*}/.take.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Do not trust a guest with this machine's files or disk space (128 MB a file)
ulimit -f 262144
mkdir "$work/results"
tr -d '\r' | base64 -d >"$work/archive" 2>/dev/null || die "the guest sent something that is not an archive"
# A sweep has about ten files; a million would use up this disk's inodes
count=$(tar -tzf "$work/archive" 2>/dev/null | head -n 65 | wc -l)
[ "$count" -le 64 ] || die "the guest's archive holds more than 64 files"
tar -xzf "$work/archive" --no-same-owner --no-same-permissions -C "$work/results" ||
	die "the guest sent something that is not an archive"
rm "$work/archive"
[ -z "$(find "$work/results" -mindepth 1 ! -type f)" ] || die "the guest's archive holds more than files"
[ -s "$work/results/runs.csv" ] || die "the guest's archive has no runs.csv"

napistat=${NAPISTAT:-$(tool napistat)}
{
	cat "$here/../lib/put-file.sh"
	# shellcheck disable=SC2016 # for the guest's shell
	echo 'put_file "$1" e1000_napi.prom 644 <<"END_OF_TEXTFILE"'
	"$napistat" summary -f prometheus "$work/results"
	[ ! -e "$work/results/hist.csv" ] ||
		"$napistat" hist -f prometheus --histogram rx_per_poll "$work/results"
	echo END_OF_TEXTFILE
} >"$work/results/textfile.sh"
# Remove the earlier results only now
rm -rf "$dir"
mv -T "$work/results" "$dir"
