#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Apply the series to every kernel in dev/kernels/list, build with each one's own
# compiler, boot it with the module, run the guest tests: one table.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=lab/fetched.sh
. "$top/lab/fetched.sh"

# The tests for each kernel's guest; the other tests are of the scripts, not of the kernel
guest_tests='weight exact switches device'
nics='--nic e1000 --nic e1000-82545em --nic e1000-82544gc'

usage() {
	cat <<EOF
usage: dev/kernels.sh [--short | --build-only] [--jobs N] [KERNEL…]

For each kernel of dev/kernels/list: applies patches/ to its e1000 without fuzz,
builds the module with W=1, where a warning is an error, boots the kernel in QEMU
with one NIC of each model and runs the guest tests ($guest_tests).
KERNEL is a series (5.10), or a series and what else the list has of it: an architecture
(6.1-i386), a flavour (6.12-rt, 7.3-cloud).

  --short       boot them all, but run only the guest test "short": some seconds of
                exact counters and of the live weight
  --build-only  do not boot
  --jobs N      kernels at a time (default: one for each CPU, four at most)

Compilers, headers, sources and kernels come from Debian, into private roots in
the cache (4 GB); nothing is installed on this machine. Needs root.
Logs are in build/check/. Exit status: 1 if anything failed on any kernel.
EOF
}

# say WORD…: report this kernel's progress; several run in parallel
say() { log "$(printf '%-12s %s' "$series-$arch" "$*")"; }

# in_root ROOT ARG…: run a command there, quietly
in_root() {
	_root=$1
	shift
	"$top/dev/kernels/root.sh" run "$_root" "$@"
}

# newest ROOT SERIES FLAVOUR: release of the newest such kernel that has headers and an image.
# Debian publishes the headers first, the signed image hours or days later
newest() {
	for _p in headers image; do
		in_root "$1" -- apt-cache search --names-only "^linux-$_p-$2[.][^a-z]*([+]deb[^-]*)?-$3\$" |
			after_text "linux-$_p-" | cut -d ' ' -f 1
	done | sort | uniq -d | sort -V | tail -n 1
}

# download ROOT PACKAGE FILE: a package into the cache, unless FILE is that already
download() {
	mkdir -p "$1/var/tmp/get"
	rm -f "$1"/var/tmp/get/*
	! take_fetched "$3" "$1/var/tmp/get/kept.deb" || return 0
	# shellcheck disable=SC2016 # for the inner shell
	in_root "$1" -- sh -c 'cd /var/tmp/get && apt-get -qq -o APT::Sandbox::User=root download "$1" >&2' sh "$2" || return 1
	keep_fetched "$1"/var/tmp/get/*.deb "$3"
}

# source_of ROOT SERIES: the tarball of its sources, in the cache
source_of() {
	_version=$(in_root "$1" -- apt-cache show "linux-source-$2" | sed -n 's/^Version: //p' | sed 1q)
	_tar=$(cache_dir kernels)/linux-source-$2_$_version.tar.xz
	if ! is_fetched "$_tar"; then
		download "$1" "linux-source-$2" "$_tar.$$.deb" || return 1
		dpkg-deb --fsys-tarfile "$1"/var/tmp/get/*.deb |
			tar -xO "./usr/src/linux-source-$2.tar.xz" >"$1/var/tmp/get/tar" || return 1
		keep_fetched "$1/var/tmp/get/tar" "$_tar"
		rm "$_tar.$$.deb" "$_tar.$$.deb.sha256" "$1/var/tmp/get/tar"
	fi
	echo "$_tar"
}

# fetch SUITE…: sets $root, $kver, $ksrc. Only one runs in a root
fetch() {
	_flavour=$arch
	[ "$arch" != i386 ] || _flavour=686
	if [ "$machine" = arm64 ] && ! arch-test arm64 >/dev/null 2>&1; then
		log "programs of arm64 do not run here; on Debian: apt-get install qemu-user-static binfmt-support, then update-binfmts --enable qemu-aarch64"
		return "$EXIT_SKIP"
	fi
	say "making or updating its root"
	root=$("$top/dev/kernels/root.sh" make "$machine" "$@") || return 1
	exec 8>"$root.fetch"
	flock 8
	kver=$(newest "$root" "$series" "$_flavour")
	[ -n "$kver" ] || { log "no kernel $series for $arch in $*" && return 1; }
	say "fetching $kver"
	[ -d "$root/usr/src/linux-headers-$kver" ] ||
		in_root "$root" -- apt-get -qq -y --no-install-recommends install "linux-headers-$kver" >/dev/null || return 1
	ksrc=$(source_of "$root" "$series") || return 1
	# Where the lab's image.sh looks for them; before 7.x image is all there is
	for _p in image base binary modules; do
		[ "$_p" = image ] || in_root "$root" -- apt-cache show "linux-$_p-$kver" >/dev/null 2>&1 || continue
		download "$root" "linux-$_p-$kver" "$(cache_dir kernel)/linux-$_p-$kver.deb" || return 1
	done
	[ "$machine" = amd64 ] || foreign_packages || return 1
	exec 8>&-
}

# foreign_packages: install the guest's programs of the root's architecture
foreign_packages() {
	# shellcheck disable=SC2046 # a list of words
	in_root "$root" -- apt-get -qq -y --no-install-recommends install cpio zstd kmod \
		$("$top/lab/image.sh" --show-packages) \
		>/dev/null
}

# build: $root, $kver, $ksrc to $out/$kver/e1000_napi.ko
build() {
	_out=$out/$kver
	rm -rf "$_out"
	"$top/dev/prepare.sh" --out "$_out" --kver "$kver" \
		--kdir "$(readlink -f "$root/usr/src/linux-headers-$kver")" --ksrc "$ksrc" || return 1
	hunks=$(cat "$top"/patches/*.patch | grep -c '^@@')
	in_root "$root" --bind "$_out" /mnt -- \
		make -j2 -C "/lib/modules/$kver/build" M=/mnt W=1 modules >"$log.build" 2>&1 || return 1
	! grep -i 'warning:' "$log.build" >&2
}

# foreign_image: a guest with programs of the root's architecture, made in the root
foreign_image() {
	_cache=$(cache_dir .)
	_image=$(in_root "$root" --bind "$top" /mnt --bind "$_cache" /var/cache/e1000_napi -- \
		env E1000_NAPI_CACHE=/var/cache/e1000_napi /mnt/lab/image.sh --kver "$kver") || return 1
	echo "$_cache/${_image#/var/cache/e1000_napi/}"
}

# boot: run the guest tests with the built module; sets $tests
boot() {
	mkdir -p "$top/build/$kver"
	cp "$out/$kver/e1000_napi.ko" "$top/build/$kver/.new.ko"
	mv "$top/build/$kver/.new.ko" "$top/build/$kver/e1000_napi.ko"
	set --
	if [ "$machine" != amd64 ]; then
		_image=$(foreign_image) || return 1
		set -- --image "$_image"
	fi
	_rc=0
	# shellcheck disable=SC2086 # lists of words
	"$top/lab/boot.sh" --kver "$kver" "$@" $nics --timeout 1200 --console "$log.console" \
		-- sh tests/guest/run.sh $guest_tests >"$log.guest" 2>"$log.guest.err" || _rc=$?
	tests=$(sed -n 's/^guest: //p' "$log.guest")
	[ "$_rc" -eq 0 ] || {
		grep -A 2 '^not ok' "$log.guest" >&2 || :
		tail -n 20 "$log.guest.err" >&2
	}
	return "$_rc"
}

# one_kernel SERIES ARCH SUITE…: its row of the table goes to $log.row; release, root and sources, a
# line each, to $log.where, for those who use what is made here
one_kernel() {
	series=$1 arch=$2 machine=${2##*-} kver='' hunks=- cc=- result=failed tests=-
	shift 2
	log=$out/$series-$arch
	rm -f "$log".*
	_start=$(date +%s)
	printf '%s|%s|-|-|broken off|-\n' "$series" "$arch" >"$log.row"
	local rc=0
	fetch "$@" || rc=$?
	if [ "$rc" -eq "$EXIT_SKIP" ]; then
		result='skipped: see above'
		: >"$log.skipped"
	elif [ "$rc" -ne 0 ]; then
		result='no packages'
	elif printf '%s\n' "$kver" "$root" "$ksrc" >"$log.where" && say "building for $kver" && build; then
		result='no warning'
		[ -z "$guest_tests" ] || {
			say "booting $kver"
			boot || {
				case $tests in
				-) tests='no boot' ;;
				'') tests='no result' ;;
				# its kernel complained, or it did not end
				*', 0 failed,'*) tests="the guest, after $tests" ;;
				esac
				tests="failed: $tests"
			}
		}
	else
		tail -n 15 "$log.build" >&2 2>/dev/null || :
	fi
	say "build: $result, guest tests: $tests, in $(($(date +%s) - _start)) s"
	cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([a-z0-9_]*-linux-gnu-\)*\([^ ]*\) ([^)]*) \([0-9.]*\).*/\2 \3/p' \
		"$root/boot/config-$kver" "$root/usr/src/linux-headers-$kver/.config" 2>/dev/null | sed 1q)
	printf '%s|%s|%s|%s|%s|%s\n' "${kver:-$series}" "$arch" "${cc:--}" "$hunks" "$result" "$tests" >"$log.row"
	case $result/$tests in
	'no warning/-') [ -z "$guest_tests" ] || return 1 ;;
	'no warning/failed: '* | 'no warning/0 passed'*) return 1 ;;
	'no warning/'*', 0 failed,'*) ;;
	*) return 1 ;;
	esac
	: >"$log.passed"
}

wanted() {
	[ -n "$names" ] || return 0
	for _n in $names; do
		[ "$_n" != "$1-$2" ] || return 0
		[ "$_n-amd64" != "$1-$2" ] || return 0
	done
	return 1
}

# lines: the wanted lines of the list
lines() {
	while read -r _series _arch _suites; do
		case $_series in '' | '#'*) continue ;; esac
		! wanted "$_series" "$_arch" || echo "$_series $_arch $_suites"
	done <"$top/dev/kernels/list"
}

names='' jobs=$(nproc) one='' kind=''
[ "$jobs" -le 4 ] || jobs=4
while [ $# -gt 0 ]; do
	case $1 in
	--short) kind=$1 guest_tests='short' ;;
	--build-only) kind=$1 guest_tests='' ;;
	--jobs)
		jobs=${2-}
		if ! is_uint "$jobs" || [ "$jobs" -eq 0 ]; then
			usage_error "--jobs requires a number from 1"
		fi
		shift
		;;
	--one) # for ourselves: the words of one line
		shift
		one=1
		break
		;;
	-h | --help) usage && exit 0 ;;
	-*) usage_error "unknown option $1" ;;
	*) names="$names $1" ;;
	esac
	shift
done
out=$top/build/check
if [ -n "$one" ]; then
	one_kernel "$@"
	exit
fi
need_root
mkdir -p "$out"
trap 'give_back_all "$top"' EXIT
lines | while read -r series arch _; do rm -f "$out/$series-$arch.passed" "$out/$series-$arch.skipped"; done
count=$(lines | wc -l)
[ "$count" -gt 0 ] || die "dev/kernels/list has none of:$names"

# In parallel, one kernel is fetched while another is built, and one guest uses the
# pauses of another
log "$count kernels, $jobs at a time; what each does now:"
# shellcheck disable=SC2086 # no word when there is none
lines | xargs -P "$jobs" -L 1 "$0" $kind --one || :

echo
lines | {
	echo 'kernel|arch|built by|hunks|build (W=1)|guest tests'
	while read -r series arch _; do cat "$out/$series-$arch.row"; done
} | column -t -s '|'
echo
# those WHAT: how many kernels have passed, or were skipped
those() {
	lines | while read -r series arch _; do
		[ ! -e "$out/$series-$arch.$1" ] || echo
	done | wc -l
}
passed=$(those passed) skipped=$(those skipped)
echo "$passed passed, $((count - passed - skipped)) failed, $skipped skipped"
[ $((passed + skipped)) -eq "$count" ]
