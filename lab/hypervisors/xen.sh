#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A sweep on real Xen: an HVM guest with emulated e1000, Xen and its dom0 in QEMU.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/hypervisors/nested.sh
. "$here/nested.sh"
lab=xen kind=xen title='real Xen, which runs in QEMU'
host_is='Xen and its dom0 in QEMU; about 2 min to the guest'
# Use Xen's console, because a serial line costs milliseconds per character there.
# Searching for an AGP bridge costs up to a minute
guest_console=console=hvc0
guest_append='quiet init_on_alloc=0 pci=noearly'
counted_loads=75M,150M,225M,300M

host_prepare() {
	root=$("$here/root.sh" xen)
	choose_accel nested
	# QEMU 7.2's SMAP kills dom0
	cpu=max,-smap,-xsave
	[ "$accel" = tcg ] || cpu=host
	choose_time 1
	outer_qemu=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
}

# QEMU 7.2's AMD-V sometimes loses a pending interrupt (likely because helper_vmrun() sets
# another bit of that word without a lock). If that was the timer's, Xen sleeps until the next
# interrupt: so send one over the serial line five times a second. In counted time QEMU has one
# thread and loses none. conswitch=ax: the input is for Xen, which ignores dots.
keep_awake() {
	rm -f "$work/dots"
	if [ "$time" = counted ]; then
		: >"$work/dots"
		return
	fi
	mkfifo "$work/dots"
	(while sleep 0.2; do printf .; done >"$work/dots") 2>/dev/null &
}

# host_machine PREFIX…: start QEMU with this prefix
host_machine() {
	keep_awake
	# shellcheck disable=SC2086 # options
	exec "$@" qemu-system-x86_64 -accel "$accel" $clock -cpu "$cpu" -m 3072 \
		-nodefaults -no-user-config -display none -vga none -no-reboot \
		-chardev "stdio,id=console,signal=off,logfile=$work/console" -serial chardev:console \
		-kernel "$root/xen" \
		-append 'console=com1 com1=115200,8n1 conswitch=ax dom0_mem=1024M,max:1024M' \
		-initrd "$root/vmlinuz console=hvc0 panic=-1 quiet,$root/initrd" \
		-drive "file=$root/disk,if=none,id=disk,format=raw,snapshot=on" \
		-device virtio-blk-pci,drive=disk \
		-virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap" \
		<"$work/dots" >/dev/null
}

host_tidy() { :; }

nested_main "$@"
