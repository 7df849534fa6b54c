#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make the lab's guest, or find it in the cache: Debian's kernel and a base initramfs.
# Prints the folder that holds vmlinuz, the same uncompressed (vmlinux),
# base.cpio.zst, a list of the files in it, and kver.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"
. "$here/fetched.sh"
LC_ALL=C
export LC_ALL

# Content of the guest. Programs come from this machine with the libraries they
# need, PACKAGE:PROGRAM; the versions of the packages are part of the cache's key.
# busybox runs its own applet for any program that one of its applets starts (timeout
# ip …, xargs ip …), so those that start programs are the real ones; bash is for people.
PROGRAMS='dash:dash bash:bash iproute2:ip iproute2:tc iproute2:ss iputils-ping:ping ethtool:ethtool
iperf:iperf sysstat:sar sysstat:mpstat util-linux:taskset util-linux:chrt util-linux:setsid
util-linux:unshare util-linux:nsenter coreutils:timeout coreutils:env coreutils:nice coreutils:nohup
findutils:xargs'
# shellcheck disable=SC2086 # a list of words
PACKAGES="$(printf '%s\n' $PROGRAMS | cut -d : -f 1 | uniq | tr '\n' ' ')busybox-static ncurses-base libc6"
TERMINALS='l/linux x/xterm x/xterm-256color s/screen s/screen-256color t/tmux
t/tmux-256color v/vt100 v/vt220'
MODULES='e1000 e1000e virtio_pci virtio_console virtio_net udp_diag tcp_diag 9p 9pnet_virtio
pktgen netconsole dummy veth bridge 8021q macvlan tun sch_fq sch_fq_codel
sch_netem sch_tbf sch_ingress cls_matchall cls_u32 act_police act_gact nf_tables
virtio_blk ext4 crc32c_generic xenfs xen-evtchn xen-gntdev xen-gntalloc xen-privcmd
xen-netback'

usage() {
	cat <<-END
		usage: image.sh [--kver V] [--from DIR] [--show-kver | --show-packages]
		Make the lab's kernel and base initramfs, or find them in the cache, and
		print the folder they are in. Needs no root.
		  --kver V     Debian kernel release, as uname -r says it; default: the newest
		               whose headers are installed (/lib/modules/V/build)
		  --from DIR   a kernel that you built: DIR/boot/vmlinuz-V and DIR/lib/modules/V,
		               from make modules_install INSTALL_MOD_PATH=DIR; with --kver
		  --show-kver  print the kernel release only, make nothing
		  --show-packages  print whose programs the guest has, make nothing
	END
}

# has_image KVER: it is installed, in the cache, or apt knows it. Debian publishes a kernel's headers
# before its signed image
has_image() {
	[ -e "/boot/vmlinuz-$1" ] || [ -e "$(cache_dir kernel)/linux-image-$1.deb" ] ||
		[ -n "$(apt-cache show "linux-image-$1" 2>/dev/null | sed 1q)" ]
}

# The newest Debian kernel with headers and image, or with headers if apt knows no image at all;
# headers of other origin are not in /usr/src/linux-headers-V
default_kver() {
	_newest=
	for _v in $(kernels_with_headers | sort -rV); do
		: "${_newest:=$_v}"
		! has_image "$_v" || { echo "$_v" && return; }
	done
	echo "$_newest"
}

kernels_with_headers() {
	for _build in /lib/modules/*/build; do
		_v=${_build#/lib/modules/}
		_v=${_v%/build}
		case $_v in
		*-amd64)
			[ ! -e "/usr/src/linux-headers-$_v/Makefile" ] || echo "$_v"
			;;
		esac
	done
}

# fetch_package NAME DIR: its files under DIR; apt downloads it once
fetch_package() {
	_deb=$(cache_dir kernel)/$1.deb
	rm -rf "$2/deb"
	mkdir -p "$2/deb"
	if ! take_fetched "$_deb" "$2/deb/kept.deb"; then
		need apt-get apt
		log "$prog: downloading $1"
		(cd "$2/deb" && apt-get -q -o APT::Sandbox::User=root \
			download "$1" >apt.log 2>&1) ||
			die "cannot download the package $1: run apt-get update," \
				"or choose a kernel that Debian has with --kver"
		keep_fetched "$2"/deb/*.deb "$_deb"
	fi
	dpkg-deb -x "$2"/deb/*.deb "$2"
}

# fetch_kernel KVER DIR: the kernel package's files under DIR, not installed.
# An installed kernel is taken as it is, or that of --from.
fetch_kernel() {
	if [ -r "$from/boot/vmlinuz-$1" ] && [ -d "$from/lib/modules/$1/kernel" ]; then
		mkdir -p "$2/boot" "$2/lib/modules"
		cp "$from/boot/vmlinuz-$1" "$2/boot/"
		cp -R "$from/lib/modules/$1" "$2/lib/modules/"
		return
	fi
	[ -z "$from" ] || die "$from has no boot/vmlinuz-$1 or no lib/modules/$1"
	fetch_package "linux-image-$1" "$2"
	if [ ! -e "$2/boot/vmlinuz-$1" ]; then
		# From 7.x on, linux-image only pulls in the packages that hold the files
		for _part in base binary modules; do
			fetch_package "linux-$_part-$1" "$2"
		done
		mkdir -p "$2/boot"
		mv "$2/usr/lib/modules/$1/vmlinuz" "$2/boot/vmlinuz-$1"
	fi
	[ -d "$2/lib" ] || ln -s usr/lib "$2/lib"
}

# uncompress VMLINUZ VMLINUX: the kernel inside of a bzImage, whose header says where
# (Documentation/arch/x86/boot.rst). Emulated, unpacking it takes longer than all
# the rest of the boot; QEMU starts the unpacked one by its PVH entry. That of arm64 is not packed.
uncompress() {
	local magic
	magic=$(od -An -c -j 56 -N 4 "$1" | tr -d ' ')
	[ "$magic" != ARMd ] || { cp "$1" "$2" && return; }
	_sectors=$(od -An -tu1 -j 497 -N 1 "$1")
	_start=$(od -An -tu4 -j 584 -N 4 "$1")
	_size=$(od -An -tu4 -j 588 -N 4 "$1")
	_start=$(((_sectors + 1) * 512 + _start))
	# The last four bytes are the unpacked size
	tail -c +$((_start + 1)) "$1" | head -c $((_size - 4)) >"$2.packed"
	{ xz -qdc "$2.packed" || zstd -qdc "$2.packed" || gzip -dc "$2.packed"; } \
		>"$2" 2>/dev/null || die "cannot unpack $1: not xz, zstd or gzip"
	rm "$2.packed"
	# Debian's 32-bit kernels have no PVH entry
	[ "$(od -An -tu1 -j 4 -N 1 "$2")" -eq 2 ] || cp "$1" "$2"
}

# add_program PATH…: copy programs and the libraries they are linked with
add_program() {
	for _p in "$@"; do
		for _f in "$_p" $(ldd "$_p" 2>/dev/null |
			sed -n 's|^[^/]*\(/[^ ]*\).*|\1|p'); do
			[ ! -e "$root$_f" ] || continue
			mkdir -p "$root${_f%/*}"
			cp -L "$_f" "$root$_f"
		done
	done
}

# sadc: what sar starts; it looks in one place only, another one since Debian 13
sadc() {
	for _p in /usr/libexec/sysstat/sadc /usr/lib/sysstat/sadc; do
		[ ! -x "$_p" ] || { echo "$_p" && return; }
	done
	die "sadc is missing; on Debian: apt-get install sysstat"
}

# add_modules FROM: the wanted modules and what they depend on, uncompressed
# because busybox's insmod may not know the compression
add_modules() {
	[ -e "$1/lib/modules/$kver/modules.dep" ] || depmod -b "$1" "$kver"
	# A module that this kernel has built in, or does not have, is left out
	for _m in $MODULES; do
		modprobe -q -d "$1" -S "$kver" --show-depends "$_m" || true
	done | awk -v dir="/lib/modules/$kver/" '$1 == "insmod" && (at = index($2, dir)) {
		print substr($2, at + length(dir)) }' | sort -u |
		while read -r _f; do
			_to=$root/lib/modules/$kver/$_f
			mkdir -p "${_to%/*}"
			case $_f in
			*.xz) xz -dc "$1/lib/modules/$kver/$_f" >"${_to%.xz}" ;;
			*.zst) zstd -qdc "$1/lib/modules/$kver/$_f" >"${_to%.zst}" ;;
			*) cp "$1/lib/modules/$kver/$_f" "$_to" ;;
			esac
		done
	cp "$1/lib/modules/$kver"/modules.builtin* "$1/lib/modules/$kver/modules.order" \
		"$root/lib/modules/$kver/"
	depmod -b "$root" "$kver"
}

add_files() {
	mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/root" \
		"$root/etc" "$root/home/lab" "$root/opt" "$root/share" "$root/var/log"
	ln -s /run "$root/var/run"
	ln -s /proc/mounts "$root/etc/mtab"
	echo 'root:x:0:0:root:/root:/bin/sh
lab:x:1000:1000:lab:/home/lab:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:
lab:x:1000:
nogroup:x:65534:' >"$root/etc/group"
	echo '127.0.0.1 localhost' >"$root/etc/hosts"
	echo lab >"$root/etc/hostname"
	[ ! -d /etc/iproute2 ] || cp -R /etc/iproute2 "$root/etc/"
	for t in $TERMINALS; do
		[ -e "/lib/terminfo/$t" ] || continue
		mkdir -p "$root/lib/terminfo/${t%/*}"
		cp -L "/lib/terminfo/$t" "$root/lib/terminfo/$t"
	done
}

make_base() {
	root=$tmp/root
	mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
	for d in bin sbin lib lib64; do
		ln -s "usr/$d" "$root/$d"
	done
	# shellcheck disable=SC2046 # paths without spaces
	add_program $(for program in $PROGRAMS; do command -v "${program#*:}"; done) "$(sadc)"
	cp "$busybox" "$root/usr/bin/busybox"
	"$busybox" --list | while read -r applet; do
		# dash is Debian's sh, and the real ip, tc, ss, … stand before busybox's
		[ -e "$root/usr/bin/$applet" ] || [ -e "$root/usr/sbin/$applet" ] ||
			ln -s busybox "$root/usr/bin/$applet"
	done
	ln -sf dash "$root/usr/bin/sh"
	add_files
	fetch_kernel "$kver" "$tmp/kernel"
	add_modules "$tmp/kernel"
	mkdir "$tmp/image"
	(cd "$root" && find .) | sort >"$tmp/image/files"
	(cd "$root" && cpio --quiet --reproducible -o -H newc -R +0:+0) <"$tmp/image/files" \
		>"$tmp/base.cpio"
	zstd -q -10 "$tmp/base.cpio" -o "$tmp/image/base.cpio.zst"
	cp "$tmp/kernel/boot/vmlinuz-$kver" "$tmp/image/vmlinuz"
	# A kernel with KASAN dies at the PVH entry
	if [ -n "$from" ]; then
		cp "$tmp/image/vmlinuz" "$tmp/image/vmlinux"
	else
		uncompress "$tmp/image/vmlinuz" "$tmp/image/vmlinux"
	fi
	echo "$kver" >"$tmp/image/kver"
}

kver=
from=
show=
while [ $# -gt 0 ]; do
	case $1 in
	--kver)
		[ $# -ge 2 ] || usage_error "--kver requires a kernel release"
		kver=$2
		shift
		;;
	--from)
		[ $# -ge 2 ] || usage_error "--from requires a folder"
		from=$2
		shift
		;;
	--show-kver) show=1 ;;
	--show-packages)
		echo "$PACKAGES"
		exit 0
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -z "$from" ] || [ -n "$kver" ] || usage_error "--from requires --kver too"
[ -n "$kver" ] || kver=$(default_kver)
[ -n "$kver" ] || die "no Debian kernel headers here; on Debian: apt-get install linux-headers-amd64"
case $kver in
*[!A-Za-z0-9.+~_-]*) usage_error "'$kver' is not a kernel release" ;;
esac
if [ -n "$show" ]; then
	echo "$kver"
	exit 0
fi

busybox=/bin/busybox
missing=''
for program in $PROGRAMS busybox-static:$busybox cpio:cpio zstd:zstd xz-utils:xz kmod:depmod; do
	command -v "${program#*:}" >/dev/null || missing="$missing ${program%:*}"
done
[ -z "$missing" ] ||
	die "programs are missing; on Debian: apt-get install $(echo "$missing" | xargs -n 1 | sort -u | xargs)"
sadc >/dev/null
# shellcheck disable=SC2086 # a list of words
key=$( (
	echo "$kver"
	dpkg-query -W $PACKAGES 2>/dev/null || true
	[ -z "$from" ] || cat "$from/boot/vmlinuz-$kver"
	cat "$0"
) | sha256sum | cut -c1-16)
images=$(cache_dir image)
image=$images/$kver-$key
if [ ! -d "$image" ]; then
	log "$prog: making the guest for $kver (once, about 10 s)"
	mkdir -p "$images"
	# Remnants of a killed run, and images made obsolete by a change
	find "$images" -mindepth 1 -maxdepth 1 \( -name 'tmp.*' -mmin +60 -o \
		-name "$kver-*" -mtime +7 \) -exec rm -rf {} +
	tmp=$(mktemp -d "$images/tmp.XXXXXX")
	trap 'rm -rf "$tmp"; give_back_all "$here/.."' EXIT
	trap 'exit 1' HUP INT TERM
	make_base
	# The first one wins; the others are identical
	mv -T "$tmp/image" "$image" 2>/dev/null || [ -d "$image" ] || die "cannot write $image"
fi
echo "$image"
