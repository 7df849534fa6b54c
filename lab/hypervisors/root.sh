#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make the host that a hypervisor runs on, or find it in the cache: a small Debian
# made by mmdebstrap, with the hypervisor's packages. Prints the folder it is in.
#
#   xen         disk (Xen's tools, Debian 12), xen, vmlinuz, initrd, kver
#   virtualbox  disk (VirtualBox and its modules, Debian sid), vmlinuz, initrd, kver
#   qemu        root/ (a newer QEMU than Debian 12 has), run: starts a program of it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
. "$here/../bootstrap.sh"
LC_ALL=C
export LC_ALL

usage() {
	cat <<-END
		usage: root.sh [--show] xen|virtualbox|qemu
		Make the host that this hypervisor runs on in the lab (once, 2 to 10 min, needs
		root and Debian's packages), or find it in the cache, and print its folder.
		  --show   print the folder, make nothing
		Exit status 4: a package could not be fetched.
	END
}

# minimal SUITE COMPONENTS PACKAGES TARGET [OPTION…]: without documents
minimal() {
	local suite="$1" components="$2" packages="$3" target="$4"
	shift 4
	bootstrap "$target" "$packages" "$components" "$suite" --variant=minbase \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$@"
}

# make_disk ROOT: as an ext4 image; nothing is written back to it in use
make_disk() {
	mkdir -p "$1/share" "$1/opt/e1000_napi"
	rm -rf "$1"/var/cache/apt "$1"/var/lib/apt/lists
	_mb=$(($(du -sm "$1" | cut -f1) * 5 / 4 + 256))
	mkfs.ext4 -q -O ^has_journal -m 0 -d "$1" "$tmp/new/disk" "${_mb}M"
}

# make_initrd ROOT KVER: just enough to mount the disk and the shared folder
make_initrd() {
	_initrd=$tmp/initrd
	mkdir -p "$_initrd/bin" "$_initrd/proc" "$_initrd/sys" "$_initrd/dev" "$_initrd/root" \
		"$_initrd/modules"
	cp /bin/busybox "$_initrd/bin/busybox"
	install -m 755 "$here/host-initrd" "$_initrd/init"
	for _m in virtio_pci virtio_blk crc32c_generic ext4 9pnet_virtio 9p; do
		modprobe -q -d "$1" -S "$2" --show-depends "$_m" || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tmp/modules"
	grep -q virtio_blk "$tmp/modules" || die "no modules for $2 in the host's root"
	_n=100
	while read -r _f; do
		_name=${_f##*/}
		case $_f in
		*.xz) xz -dc "$_f" ;;
		*.zst) zstd -qdc "$_f" ;;
		*) cat "$_f" ;;
		esac >"$_initrd/modules/$_n-${_name%%.ko*}"
		_n=$((_n + 1))
	done <"$tmp/modules"
	(cd "$_initrd" && find . | cpio --quiet -o -H newc -R +0:+0) >"$tmp/new/initrd"
}

make_xen() {
	_image=$("$here/../image.sh")
	_kver=$(cat "$_image/kver")
	minimal bookworm main "$XEN" "$tmp/root"
	# dom0 runs the kernel that the guests run
	zstd -qdc "$_image/base.cpio.zst" |
		(cd "$tmp/root" && cpio --quiet -idm 'usr/lib/modules/*')
	cp "$_image/vmlinuz" "$tmp/new/vmlinuz"
	gzip -dc "$tmp"/root/boot/xen-4*.gz >"$tmp/new/xen"
	echo "$_kver" >"$tmp/new/kver"
	make_initrd "$tmp/root" "$_kver"
	make_disk "$tmp/root"
}

make_virtualbox() {
	minimal sid 'main contrib' "$VIRTUALBOX" "$tmp/root"
	_kver=$(cd "$tmp/root/lib/modules" && echo *)
	[ -n "$(find "$tmp/root/lib/modules/$_kver" -name 'vboxdrv.ko*')" ] ||
		die "VirtualBox's modules were not built for $_kver, see above"
	cp "$tmp/root/boot/vmlinuz-$_kver" "$tmp/new/vmlinuz"
	echo "$_kver" >"$tmp/new/kver"
	make_initrd "$tmp/root" "$_kver"
	rm -rf "$tmp"/root/boot "$tmp"/root/usr/src "$tmp"/root/var/lib/dkms
	# Build dependencies are half of it
	rm -rf "$tmp"/root/usr/lib/gcc "$tmp"/root/usr/libexec/gcc
	make_disk "$tmp/root"
}

make_qemu() {
	minimal sid main "$QEMU" "$tmp/root" --variant=extract
	mv "$tmp/root" "$tmp/new/root"
	cat >"$tmp/new/run" <<-'END'
		#!/bin/sh
		# run PROGRAM ARG…: one of root/usr/bin, with the libraries of root/
		root=$(cd "$(dirname "$0")" && pwd)/root
		program=$1
		shift
		exec "$root/usr/lib64/ld-linux-x86-64.so.2" \
			--library-path "$root/usr/lib/x86_64-linux-gnu" \
			"$root/usr/bin/$program" -L "$root/usr/share/seabios" -L "$root/usr/share/qemu" "$@"
	END
	chmod +x "$tmp/new/run"
}

XEN='xen-utils-4.17 xen-utils-common xenstore-utils xen-hypervisor-4.17-amd64
xen-hypervisor-common qemu-system-xen seabios ipxe-qemu iproute2 bridge-utils iperf ethtool
procps kmod busybox-static'
VIRTUALBOX='systemd-sysv udev kmod iproute2 iperf procps busybox linux-image-amd64
linux-headers-amd64 dkms virtualbox virtualbox-dkms initramfs-tools'
QEMU='qemu-system-x86 seabios'

show=''
if [ "${1-}" = --show ]; then
	show=1
	shift
fi
kind=${1-}
case $kind in
xen | virtualbox | qemu) ;;
-h | --help)
	usage
	exit 0
	;;
*) usage_error "which one: xen, virtualbox or qemu?" ;;
esac

# Raise the number when something else is made of the same packages
key=$( (
	echo 1
	case $kind in
	xen) echo "$XEN" && "$here/../image.sh" --show-kver ;;
	virtualbox) echo "$VIRTUALBOX" ;;
	qemu) echo "$QEMU" ;;
	esac
	cat "$here/host-initrd"
) | sha256sum | cut -c1-16)
roots=$(cache_dir root)
folder=$roots/$kind-$key
[ ! -d "$folder" ] || [ "$(id -u)" -ne 0 ] || is_own "$folder" ||
	die "$folder belongs to, or can be written by, another user; remove it"
if [ ! -d "$folder" ] && [ -z "$show" ]; then
	need_root
	log "$prog: making the host for $kind (once, 2 to 10 min)"
	mkdir -p "$roots"
	# Remnants of a killed run, and files made obsolete by a change
	find "$roots" -mindepth 1 -maxdepth 1 \( -name 'tmp.*' -mmin +60 -o \
		-name "$kind-*" -mtime +1 \) -exec rm -rf {} +
	tmp=$(mktemp -d "$roots/tmp.XXXXXX")
	chmod 755 "$tmp"
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
	mkdir "$tmp/new"
	# Its tools print too (mkfs.ext4 even with -q), and stdout is the folder's name
	"make_$kind" >&2
	mv -T "$tmp/new" "$folder" 2>/dev/null || [ -d "$folder" ] || die "cannot write $folder"
fi
echo "$folder"
