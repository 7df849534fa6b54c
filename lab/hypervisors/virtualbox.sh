#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A sweep on real VirtualBox: a guest with its 82540EM, VirtualBox and its host in QEMU.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/hypervisors/nested.sh
. "$here/nested.sh"
lab=virtualbox kind=virtualbox title='real VirtualBox, which runs in QEMU'
host_is='VirtualBox and its host in QEMU; about 2 min to the guest'
guest_console=console=ttyS0,115200
guest_append='quiet init_on_alloc=0 cryptomgr.notests no_timer_check'

host_prepare() {
	root=$("$here/root.sh" virtualbox)
	# Debian 12's QEMU sometimes breaks the inner guest
	qemu_root=$("$here/root.sh" qemu)
	choose_accel nested
	cpu=max,la57=off
	if [ "$accel" = tcg ]; then
		accel=tcg,thread=multi,tb-size=1024
	else
		cpu=host
	fi
}

# host_machine PREFIX…: start QEMU with this prefix
host_machine() {
	exec "$@" "$qemu_root/run" qemu-system-x86_64 -accel "$accel" -machine q35 \
		-cpu "$cpu" -smp 2 -m 2G \
		-nodefaults -no-user-config -display none -vga none -no-reboot \
		-serial "file:$work/console" -kernel "$root/vmlinuz" \
		-append 'console=ttyS0 panic=-1 quiet mitigations=off net.ifnames=0' \
		-initrd "$root/initrd" \
		-drive "file=$root/disk,if=none,id=disk,format=raw,snapshot=on" \
		-device virtio-blk-pci,drive=disk,romfile= \
		-virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap"
}

host_tidy() { :; }

nested_main "$@"
