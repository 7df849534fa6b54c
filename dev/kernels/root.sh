#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A private root of a Debian suite, with that suite's compiler and apt: make it, or
# run a command in it. The machine's own apt and packages are left alone.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/kernels/root.sh make ARCH SUITE [SUITE…]
       dev/kernels/root.sh run ROOT [--scratch] [--bind DIR AT]… -- COMMAND ARG…

make  prints the folder of a root of the first SUITE, for ARCH, whose apt knows
      all the SUITEs; made in the cache once (half a minute, 400 MB). Its package
      lists are brought up to date once a day.
run   runs COMMAND in ROOT, with DIR at AT in it; other programs do not see that.
      --scratch: what it changes in ROOT is in memory, and gone after it.

Packages come from the Debian mirror that this machine's apt uses. Needs root.
EOF
}

# mirror LABEL: where this machine's apt gets Debian's (security) packages from
mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	_uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 2>/dev/null |
		sed -n "s/^$1|//p" | sed 1q)
	[ -n "$_uri" ] || die "apt has no source labelled $1 here; add one and run apt-get update"
	echo "$_uri"
}

sources() {
	for _s in "$@"; do
		case $_s in
		*-security) echo "deb $(mirror Debian-Security) $_s main" ;;
		*) echo "deb $(mirror Debian) $_s main" ;;
		esac
	done
}

do_make() {
	arch=$1
	shift
	need mmdebstrap
	roots=$(cache_dir kernels)
	root=$roots/$1-$arch-$(sources "$@" | cksum | cut -d ' ' -f 1)
	mkdir -p "$roots"
	exec 9>"$root.lock"
	flock 9
	if [ ! -d "$root" ]; then
		log "making a root of $1 for $arch (once, about half a minute)"
		rm -rf "$root.tmp"
		# An old snapshot's lists may be past their date
		sources "$@" | mmdebstrap --quiet --mode=root --variant=apt \
			--architectures="$arch" --include=gcc,make,perl,xz-utils \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			"$1" "$root.tmp" - >&2 || die "mmdebstrap failed for $1, see above"
		mv "$root.tmp" "$root"
	fi
	if [ -z "$(find "$root/var/lib/apt/updated" -mtime -1 2>/dev/null)" ]; then
		cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
		chroot "$root" apt-get update -qq >&2
		touch "$root/var/lib/apt/updated"
	fi
	echo "$root"
}

do_run() {
	root=$1
	shift
	[ -x "$root/bin/sh" ] || die "$root is no root that make has made"
	# The mounts are gone with the namespace, whatever becomes of the command
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare -m --propagation private sh -euc '
		root=$1
		shift
		if [ "$1" = --scratch ]; then
			shift
			mount -t tmpfs tmpfs /mnt
			mkdir /mnt/upper /mnt/work /mnt/root
			mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
			root=/mnt/root
		fi
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		while [ "$1" = --bind ]; do
			mkdir -p "$root$3"
			mount --bind "$2" "$root$3"
			shift 3
		done
		shift
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive TERM=dumb \
			${http_proxy:+http_proxy="$http_proxy"} \
			chroot "$root" "$@"' sh "$root" "$@"
}

case ${1:-} in
make)
	[ $# -ge 3 ] || usage_error "make wants ARCH and SUITE"
	need_root
	shift
	do_make "$@"
	;;
run)
	[ $# -ge 4 ] || usage_error "run wants ROOT and -- COMMAND"
	need_root
	shift
	do_run "$@"
	;;
-h | --help) usage ;;
*) usage_error "say make or run" ;;
esac
