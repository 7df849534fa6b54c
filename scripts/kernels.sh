#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Apply the series to every kernel in scripts/kernels/list, build with each one's own
# compiler, boot it with the module, run the guest tests: one table.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

# What each kernel's guest runs; the other tests are of the scripts, not of the kernel
guest_tests='weight exact switches device'
nics='--nic e1000 --nic e1000-82545em --nic e1000-82544gc'

usage() {
	cat <<EOF
usage: scripts/kernels.sh [--build-only] [KERNEL…]

For each kernel of scripts/kernels/list: applies patches/ to its e1000 without fuzz,
builds the module with W=1, where a warning is an error, boots the kernel in QEMU
with one NIC of each model and runs the guest tests ($guest_tests).
KERNEL is a series (5.10) or, not on amd64, a series and an architecture (6.1-i386).

  --build-only  do not boot

Compilers, headers, sources and kernels come from Debian, into private roots in
the cache (2 GB); nothing is installed on this machine. Needs root.
Logs are in build/check/. Exit status: 1 if anything failed on any kernel.
EOF
}

# in_root ROOT ARG…: a command there, quietly
in_root() {
	_root=$1
	shift
	"$top/scripts/kernels/root.sh" run "$_root" "$@"
}

# newest ROOT SERIES FLAVOUR: release of the newest such kernel
newest() {
	in_root "$1" -- apt-cache search --names-only "^linux-headers-$2[.][^a-z]*([+]deb[^-]*)?-$3\$" |
		sed 's/^linux-headers-//; s/ .*//' | sort -V | tail -n 1
}

# download ROOT PACKAGE FILE: a package, unless FILE is there
download() {
	[ ! -e "$3" ] || return 0
	mkdir -p "${3%/*}" "$1/var/tmp/get"
	rm -f "$1"/var/tmp/get/*
	# shellcheck disable=SC2016 # for the inner shell
	in_root "$1" -- sh -c 'cd /var/tmp/get && apt-get -qq -o APT::Sandbox::User=root download "$1" >&2' sh "$2" || return 1
	mv "$1"/var/tmp/get/*.deb "$3"
}

# source_of ROOT SERIES: the tarball of its sources, in the cache
source_of() {
	_version=$(in_root "$1" -- apt-cache show "linux-source-$2" | sed -n 's/^Version: //p' | sed 1q)
	_tar=$(cache_dir kernels)/linux-source-$2_$_version.tar.xz
	if [ ! -e "$_tar" ]; then
		download "$1" "linux-source-$2" "$_tar.deb" || return 1
		dpkg-deb --fsys-tarfile "$_tar.deb" |
			tar -xO "./usr/src/linux-source-$2.tar.xz" >"$_tar.part" || return 1
		mv "$_tar.part" "$_tar"
		rm "$_tar.deb"
	fi
	echo "$_tar"
}

# fetch SERIES ARCH SUITE…: sets $root, $kver, $ksrc
fetch() {
	_series=$1 _arch=$2
	shift 2
	_flavour=$_arch
	[ "$_arch" != i386 ] || _flavour=686
	root=$("$top/scripts/kernels/root.sh" make "$_arch" "$@") || return 1
	kver=$(newest "$root" "$_series" "$_flavour")
	[ -n "$kver" ] || { log "no kernel $_series for $_arch in $*" && return 1; }
	[ -d "$root/usr/src/linux-headers-$kver" ] || {
		log "fetching headers of $kver"
		in_root "$root" -- apt-get -qq -y --no-install-recommends install "linux-headers-$kver" >/dev/null || return 1
	}
	ksrc=$(source_of "$root" "$_series") || return 1
	# Where the lab's image.sh looks for them; before 7.x image is all there is
	for _p in image base binary modules; do
		[ "$_p" = image ] || in_root "$root" -- apt-cache show "linux-$_p-$kver" >/dev/null 2>&1 || continue
		download "$root" "linux-$_p-$kver" "$(cache_dir kernel)/linux-$_p-$kver.deb" || return 1
	done
}

# build: $root, $kver, $ksrc to build/check/$kver/e1000_napi.ko
build() {
	_out=$top/build/check/$kver
	rm -rf "$_out"
	"$top/scripts/prepare.sh" --out "$_out" --kver "$kver" \
		--kdir "$(readlink -f "$root/usr/src/linux-headers-$kver")" --ksrc "$ksrc" || return 1
	hunks=$(cat "$top"/patches/*.patch | grep -c '^@@')
	in_root "$root" --bind "$_out" /mnt -- \
		make -C "/lib/modules/$kver/build" M=/mnt W=1 modules >"$log.build" 2>&1 || return 1
	! grep -i 'warning:' "$log.build" >&2
}

# foreign_image: a guest of programs of the root's architecture, made in the root
foreign_image() {
	# shellcheck disable=SC2046 # a list of words
	in_root "$root" -- apt-get -qq -y --no-install-recommends install cpio zstd kmod \
		$(sed -n "/^PACKAGES=/,/'\$/p" "$top/scripts/lab/image.sh" | tr -d "'" | sed 's/PACKAGES=//') \
		>/dev/null || return 1
	_cache=$(cache_dir .)
	_image=$(in_root "$root" --bind "$top" /mnt --bind "$_cache" /var/cache/e1000_napi -- \
		env E1000_NAPI_CACHE=/var/cache/e1000_napi /mnt/scripts/lab/image.sh --kver "$kver") || return 1
	echo "$_cache/${_image#/var/cache/e1000_napi/}"
}

# boot: runs the guest tests with what build made; sets $tests
boot() {
	mkdir -p "$top/build/$kver"
	cp "$top/build/check/$kver/e1000_napi.ko" "$top/build/$kver/.new.ko"
	mv "$top/build/$kver/.new.ko" "$top/build/$kver/e1000_napi.ko"
	set --
	if [ "$arch" != amd64 ]; then
		_image=$(foreign_image) || return 1
		set -- --image "$_image"
	fi
	_rc=0
	# shellcheck disable=SC2086 # lists of words
	"$top/scripts/lab/boot.sh" --kver "$kver" "$@" $nics --timeout 1200 --console "$log.console" \
		-- sh tests/guest/run.sh $guest_tests >"$log.guest" 2>"$log.guest.err" || _rc=$?
	tests=$(sed -n 's/^guest: //p' "$log.guest")
	[ "$_rc" -eq 0 ] || {
		grep -A 2 '^not ok' "$log.guest" >&2 || :
		tail -n 20 "$log.guest.err" >&2
	}
	return "$_rc"
}

# one_kernel SERIES ARCH SUITE…: a row of the table in $log.row
one_kernel() {
	arch=$2 kver='' hunks=- cc=- result=failed tests=-
	log "== $1 $arch"
	if ! fetch "$@"; then
		result='no packages'
	elif build; then
		result='no warning'
		[ -n "$build_only" ] || boot || tests=${tests:-no result}
		[ "$tests" != - ] || [ -n "$build_only" ] || tests='no boot'
	else
		tail -n 15 "$log.build" >&2 2>/dev/null || :
	fi
	cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) ([^)]*) \([0-9.]*\).*/\1 \2/p' \
		"$root/boot/config-$kver" "$root/usr/src/linux-headers-$kver/.config" 2>/dev/null | sed 1q)
	printf '%s|%s|%s|%s|%s|%s\n' "${kver:-$1}" "$arch" "${cc:--}" "$hunks" "$result" "$tests" >>"$rows"
	case $result/$tests in
	'no warning/-' | 'no warning/'*', 0 failed,'*) ;;
	*) return 1 ;;
	esac
}

wanted() {
	[ -n "$names" ] || return 0
	for _n in $names; do
		[ "$_n" != "$1-$2" ] || return 0
		[ "$_n-amd64" != "$1-$2" ] || return 0
	done
	return 1
}

names='' build_only=''
while [ $# -gt 0 ]; do
	case $1 in
	--build-only) build_only=1 ;;
	-h | --help) usage && exit 0 ;;
	-*) usage_error "unknown option $1" ;;
	*) names="$names $1" ;;
	esac
	shift
done
need_root
mkdir -p "$top/build/check"
rows=$top/build/check/rows
: >"$rows"

passed=0 failed=0
while read -r series arch suites <&3; do
	case $series in '' | '#'*) continue ;; esac
	wanted "$series" "$arch" || continue
	log=$top/build/check/$series-$arch
	rm -f "$log".*
	# shellcheck disable=SC2086 # a list of suites
	if one_kernel "$series" "$arch" $suites; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done 3<"$top/scripts/kernels/list"
[ -s "$rows" ] || die "scripts/kernels/list has none of:$names"

echo
{
	echo 'kernel|arch|built by|hunks|build (W=1)|guest tests'
	cat "$rows"
} | column -t -s '|'
echo
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
