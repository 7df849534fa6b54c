#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A private root of a Debian suite, with that suite's compiler and apt: make it, or
# run a command in it. The machine's own apt and packages are left alone.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=lab/bootstrap.sh
. "$top/lab/bootstrap.sh"

usage() {
	cat <<EOF
usage: dev/kernels/root.sh make [--bare] ARCH SUITE [SUITE…]
       dev/kernels/root.sh run ROOT [--scratch] [--alone] [--bind DIR AT]… -- COMMAND ARG…

make  prints the folder of a root of the first SUITE, for ARCH, whose apt knows
      all the SUITEs; made in the cache once (half a minute, 400 MB). Its package
      lists are brought up to date once a day.
      --bare: as a new machine has it, with sudo and git but without a compiler
      and without package lists.
run   runs COMMAND in ROOT, with DIR at AT in it; other programs do not see that.
      --scratch: what it changes in ROOT is in memory, and gone after it.
      --alone: it sees its own processes only, in a machine named fresh; none of
      them outlives it. /sys is there, for reading.

Packages come from the Debian mirror that this machine's apt uses. Needs root.
EOF
}

do_make() {
	bare='' variant=apt packages=gcc,make,perl,xz-utils
	if [ "$1" = --bare ]; then
		bare=-bare variant=minbase packages=sudo,git,ca-certificates
		shift
	fi
	arch=$1
	shift
	roots=$(cache_dir kernels)
	root=$roots/$1-$arch$bare-$(sources main "$@" | cksum | cut -d ' ' -f 1)
	mkdir -p "$roots"
	exec 9>"$root.lock"
	flock 9
	if [ ! -d "$root" ]; then
		log "making a root of $1 for $arch (once, about half a minute)"
		bootstrap "$root.tmp" "$packages" main "$*" --variant="$variant" --architectures="$arch" >&2
		mv "$root.tmp" "$root"
	fi
	if [ -n "$bare" ]; then
		cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
	elif [ -z "$(find "$root/var/lib/apt/updated" -mtime -1 2>/dev/null)" ]; then
		cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
		chroot "$root" apt-get update -qq >&2
		touch "$root/var/lib/apt/updated"
	fi
	echo "$root"
}

do_run() {
	root=$1
	shift
	[ -x "$root/bin/sh" ] || die "$root is not a root that make has made"
	is_own "$root" || die "$root belongs to, or can be written by, another user; remove it"
	scratch='' alone=''
	while :; do
		case $1 in
		--scratch) scratch=1 ;;
		--alone) alone=1 ;;
		*) break ;;
		esac
		shift
	done
	# The mounts end with the namespace, even if the command fails
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare -m ${alone:+--uts --pid --fork --kill-child} --propagation private sh -euc '
		root=$1 scratch=$2 alone=$3
		shift 3
		if [ -n "$scratch" ]; then
			mount -t tmpfs tmpfs /mnt
			mkdir /mnt/upper /mnt/work /mnt/root
			mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
			root=/mnt/root
		fi
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		if [ -n "$alone" ]; then
			mount -t sysfs -o ro sysfs "$root/sys"
			hostname fresh
		fi
		while [ "$1" = --bind ]; do
			mkdir -p "$root$3"
			mount --bind "$2" "$root$3"
			shift 3
		done
		shift
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive TERM=dumb \
			${http_proxy:+http_proxy="$http_proxy"} \
			chroot "$root" "$@"' sh "$root" "$scratch" "$alone" "$@"
}

case ${1:-} in
make)
	[ $# -ge 3 ] || usage_error "make requires ARCH and SUITE"
	need_root
	shift
	do_make "$@"
	;;
run)
	[ $# -ge 4 ] || usage_error "run requires ROOT and -- COMMAND"
	need_root
	shift
	do_run "$@"
	;;
-h | --help) usage ;;
*) usage_error "say make or run" ;;
esac
