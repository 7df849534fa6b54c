#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Install the Debian packages that building, the lab and the tests need.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	cat <<EOF
usage: scripts/deps.sh [--dry-run]

Installs with apt-get the packages that are missing, and nothing when none
is. --dry-run prints their names instead.
EOF
}

# The kernel that the lab boots and its sources are Debian's current ones
series=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || :)
case $series in
bookworm) source=linux-source-6.1 ;;
*) source=linux-source ;;
esac

build="gcc make patch diffutils xz-utils kmod libc6-dev linux-headers-amd64 $source"
tools="libjansson-dev libgsl-dev libcsv-dev"
lab="qemu-system-x86 busybox-static cpio zstd iperf ethtool sysstat iproute2 dash util-linux gnuplot-nox"
hypervisors="mmdebstrap debian-archive-keyring e2fsprogs binutils xorriso isolinux syslinux-common
grub-common grub-efi-amd64-bin mtools dosfstools"
check="bats shellcheck shfmt sparse codespell clang"

dry=''
case ${1:-} in
'') ;;
--dry-run) dry=1 ;;
-h | --help) usage && exit 0 ;;
*) usage_error "unknown argument: $1" ;;
esac

missing=''
for p in $build $tools $lab $hypervisors $check; do
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
	die "this is no Debian; install what these packages hold:$missing"
[ "$(id -u)" -eq 0 ] ||
	die "packages are missing; once, as root: sudo make deps (it installs:$missing)"
log "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
