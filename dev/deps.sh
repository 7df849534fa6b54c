#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Install the Debian packages that building, the lab and the tests need.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/deps.sh [--dry-run] [GROUP…]

Installs with apt-get the packages that are missing, and nothing when none
is. --dry-run prints their names instead. While another program uses apt, as on a
machine that was just started, it waits, ten minutes at most.

  base         to build, and for the lab and the demo (always)
  check        for make check
  hypervisors  for make lab-xen, lab-virtualbox, lab-all, iso
  kernels      for make check-kernels, deb and check-deb
  static       for make check-static
  faults       for make check-faults
  distro       for make check-distro
  fresh        for make check-fresh
  fleet        for scripts/fleet, make lab-fleet and make check-fleet
  bench        what make bench compares with
  report       for make check-report: a browser, R, a fuzzer
EOF
}

# The kernel that the lab boots and its sources are Debian's current ones
series=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || :)
case $series in
bookworm) source=linux-source-6.1 ;;
*) source=linux-source ;;
esac

base="gcc make patch diffutils xz-utils kmod libc6-dev linux-headers-amd64 $source
libjansson-dev libgsl-dev libcsv-dev libseccomp-dev
qemu-system-x86 busybox-static cpio zstd iperf iputils-ping ethtool sysstat iproute2 dash util-linux gnuplot-nox"
check="bats zsh locales libcmocka-dev git procps nftables openssh-client dropbear-bin python3 libxml2-utils bzip2 sparse"
hypervisors="mmdebstrap debian-archive-keyring e2fsprogs binutils xorriso isolinux syslinux-common
grub-common grub-efi-amd64-bin mtools dosfstools ovmf"
kernels="mmdebstrap arch-test debian-archive-keyring git bsdextrautils debhelper dh-dkms dpkg-dev lintian
qemu-user-static binfmt-support qemu-system-arm"
static="git clang clang-tidy cppcheck python3 shellcheck shfmt sparse codespell coccinelle reuse graphviz"
distro="mmdebstrap debian-archive-keyring e2fsprogs openssh-client ovmf sbsigntool openssl"
fresh="mmdebstrap debian-archive-keyring git"
faults="flex bison bc libelf-dev bsdextrautils"
fleet="ansible-core openssh-client dropbear-bin"
bench="bpftrace linux-perf e2fsprogs clang libbpf-dev libelf-dev zlib1g-dev"
report="chromium r-base-core clang libclang-rt-dev strace python3"

dry='' wanted=$base
for word; do
	case $word in
	--dry-run) dry=1 ;;
	base) ;;
	check) wanted="$wanted $check" ;;
	hypervisors) wanted="$wanted $hypervisors" ;;
	kernels) wanted="$wanted $kernels" ;;
	static) wanted="$wanted $static" ;;
	faults) wanted="$wanted $faults" ;;
	distro) wanted="$wanted $distro" ;;
	fresh) wanted="$wanted $fresh" ;;
	fleet) wanted="$wanted $fleet" ;;
	bench) wanted="$wanted $bench" ;;
	report) wanted="$wanted $report" ;;
	-h | --help) usage && exit 0 ;;
	*) usage_error "there is no group $word" ;;
	esac
done

missing=''
for p in $wanted; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || :) in
	'install ok installed') ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ -n "$dry" ]; then
	echo "$missing" | tr ' ' '\n' | sed 1d
	exit 0
fi
command -v apt-get >/dev/null ||
	die "this is not Debian; install the content of these packages:$missing"
[ "$(id -u)" -eq 0 ] ||
	die "packages are missing; once, as root: sudo dev/deps.sh $* (it installs:$missing)"
log "installing:$missing"
export DEBIAN_FRONTEND=noninteractive

# apt ARG…: apt-get, repeated while another program holds a lock
apt() {
	_tries=0
	while ! LC_ALL=C apt-get "$@" >/dev/null 2>"$said"; do
		grep -Eq 'Could not get lock|Unable to lock' "$said" || {
			cat "$said" >&2
			die "apt-get $1 failed, see above"
		}
		[ "$_tries" -gt 0 ] || log "$(sed -n 's/^E: \(Could not get lock.*\)/\1/p' "$said" | sed 1q)." \
			"Waiting for it, ten minutes at most."
		_tries=$((_tries + 1))
		[ "$_tries" -le 120 ] ||
			die "gave up after ten minutes: another program uses apt; run this again when it has ended"
		sleep 5
	done
}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
apt update -qq
# shellcheck disable=SC2086 # a list of names
apt install -y -qq --no-install-recommends $missing
