#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All tests that `make check` runs, or the groups named; each writes TAP.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh
# shellcheck source=lab/fetched.sh
. lab/fetched.sh

usage() {
	cat <<EOF
usage: tests/run.sh [GROUP…]

  unit   C code in userspace, under sanitizers
  shell  the scripts, and the builds, with bats
  guest  the driver, load.sh, restore.sh, tune.sh --apply in a booted guest
  report the tests of shell that compare reports with what others make of them: a
         browser, R, promtool, a fuzzer (dev/deps.sh report); not without its name
  sweep  the sweep in a booted guest; not without its name
  tune   tune.sh in a booted guest, deterministic; not without its name
  losses planted losses in a booted guest, deterministic: the place that a sweep and
         doctor give each; not without its name
  slow   the lab, the ISO, fleets and the in-tree form, with bats; not without its name

Without a group, the first three. What fails is printed; everything is in build/check/.
Ends with a line: N passed, N failed, N skipped.
EOF
}

out=build/check
passed=0 failed=0 skipped=0

# Stopped by the caller: print how far it came
stopped() {
	[ -z "${_name:-}" ] || tail -n 20 "$out/$_name.tap" "$out/$_name.log" || :
	exit 143
}
trap stopped HUP INT TERM
trap 'give_back_all "$top"' EXIT

# group NAME ABOUT COMMAND…: run it, count its TAP lines, show what matters
group() {
	_name=$1 _about=$2
	shift 2
	log "== $_name: $_about"
	_start=$(date +%s)
	_rc=0
	"$@" >"$out/$_name.tap" 2>"$out/$_name.log" || _rc=$?
	_s=$(grep -ci '^ok .*# skip' "$out/$_name.tap" || :)
	_p=$(($(grep -c '^ok ' "$out/$_name.tap" || :) - _s))
	_f=$(grep -c '^not ok ' "$out/$_name.tap" || :)
	if [ "$_rc" -ne 0 ] && [ "$_f" -eq 0 ]; then
		echo "not ok $_name ended with status $_rc" | tee -a "$out/$_name.tap"
		tail -n 20 "$out/$_name.log"
		_f=1
	fi
	if [ "$((_p + _f))" -eq 0 ]; then
		echo "not ok $_name asserted nothing" | tee -a "$out/$_name.tap"
		_f=1
	fi
	awk '/^not ok / { on = 1; print; next } /^#/ && on { print; next } { on = 0 }
		tolower($0) ~ /^ok .*# skip/' "$out/$_name.tap"
	log "   $_p passed, $_f failed, $_s skipped in $(($(date +%s) - _start)) s"
	passed=$((passed + _p)) failed=$((failed + _f)) skipped=$((skipped + _s))
}

unit() { make -s -k -C tests/unit check; }

# Show the last command of a failed test, and its output
bats() { command bats --print-output-on-failure --tap "$@"; }

shell() { bats --filter-tags '!report' tests/shell; }

report() {
	need chromium
	need Rscript r-base-core
	need clang
	promtool=$(from_package prometheus promtool) || return
	PATH=$PATH:$promtool bats --filter-tags report tests/shell
}

slow() { bats tests/slow; }

# in_guest TEST…: of tests/guest/, with one NIC of each model. It must
# end within $limit seconds; a test that takes nearly as long is shown and ended before
limit=780
in_guest() {
	mkdir -p "$out/share"
	lab/boot.sh --timeout $limit --console "$out/console.log" --share "$out/share" \
		--nic e1000 --nic e1000-82545em --nic e1000-82544gc -- \
		env LIMIT=$((limit - 60)) sh tests/guest/run.sh "$@"
}

# bring PROGRAM…: with the libraries they need, to where the guest has /share/programs
bring() {
	rm -rf "$out/share"
	mkdir -p "$out/share/programs/lib"
	for _p; do
		_p=$(command -v "$_p") || return 0
		cp "$_p" "$out/share/programs/"
		ldd "$_p" | sed -n 's|.*=> \(/[^ ]*\).*|\1|p' | xargs -I % cp -L % "$out/share/programs/lib/"
	done
}

# from_package PACKAGE PROGRAM: prints the folder with that program, Debian's if there is none; the
# package is not installed: udev would change the machine, prometheus would start a server
from_package() {
	_program=$(command -v "$2" || ls "/sbin/$2" 2>/dev/null) && echo "${_program%/*}" && return
	_deb=$(cache_dir kernel)/$1.deb
	_files=$top/$out/$1
	mkdir -p "$_files"
	rm -f "$_files"/*.deb
	if ! take_fetched "$_deb" "$_files/kept.deb"; then
		(cd "$_files" && apt-get -q -o APT::Sandbox::User=root download "$1") >&2 ||
			die "cannot download the package $1: run apt-get update"
		keep_fetched "$_files"/*.deb "$_deb"
	fi
	dpkg-deb -x "$_files"/*.deb "$_files"
	_program=$(find "$_files" -path "*/bin/$2")
	[ -n "$_program" ] || die "the package $1 has no program $2"
	echo "${_program%/*}"
}

guest() {
	udev=$(from_package udev udevadm) || return
	bring /sbin/modprobe "$udev/udevadm"
	in_guest device exact load restore-kill switches weight keep
}

# a boot each: processes of one must not disturb the other
sweep() {
	bring ssh ssh-keygen dropbear
	limit=420 # each takes 70 to 160
	in_guest sweep
	in_guest sweep-kill
	in_guest sweep-source
}

tune() {
	lab/boot.sh --icount --timeout 780 --console "$out/console-tune.log" -- \
		sh tests/guest/run.sh tune
}

losses() {
	bring nft
	cc -O1 -static -o "$out/share/programs/xdp-drop" tests/guest/common/xdp.c
	lab/boot.sh --icount --timeout 780 --console "$out/console-losses.log" --share "$out/share" -- \
		sh tests/guest/run.sh doctor scenarios
}

case ${1:-} in
-h | --help) usage && exit 0 ;;
esac
mkdir -p "$out"
[ $# -gt 0 ] || set -- unit shell guest
for g in "$@"; do
	case $g in
	unit) group unit "C code in userspace, under sanitizers" unit ;;
	shell) group shell "scripts and builds" shell ;;
	report) group report "reports, beside a browser, R and promtool" report ;;
	guest) group guest "the driver in a booted guest (five to eight minutes)" guest ;;
	sweep) group sweep "the sweep in a booted guest" sweep ;;
	tune) group tune "tune.sh in a booted guest" tune ;;
	losses) group losses "planted losses in a booted guest" losses ;;
	slow) group slow "the lab, the ISO, fleets, the in-tree form" slow ;;
	*) usage_error "no such group: $g" ;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
