#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of boot.sh: which accelerator can boot this very kernel, kvm or tcg?
#
# accel.sh DEVICE IMAGE INITRD: prints the answer. /dev/kvm may exist and create a
# machine, and still never boot a kernel; so it counts only after a boot within 10 s.
# The answer is kept until this machine reboots.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"
device=$1
image=$2
initrd=$3

# Not kept: the next run may be another user's
if [ ! -r "$device" ] || [ ! -w "$device" ]; then
	echo tcg
	exit 0
fi
answers=$(cache_dir kvm)
answer=$answers/$( (
	cat /proc/sys/kernel/random/boot_id
	ls -lL "$device"
	cat "$image/kver"
) | sha256sum | cut -c1-16)
if [ ! -e "$answer" ]; then
	log "$prog: trying whether $device can boot the guest (10 s at most)"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	timeout -k 1 10 qemu-system-x86_64 -accel kvm -cpu host -smp 2 -m 256 \
		-nodefaults -no-user-config -display none -vga none -no-reboot \
		-serial "file:$work/console" -kernel "$image/vmlinux" -initrd "$initrd" \
		-append 'lab.probe console=ttyS0 panic=-1' >"$work/log" 2>&1 || true
	if grep -q 'lab: probe ok' "$work/console" 2>/dev/null; then
		echo kvm >"$work/answer"
	else
		echo tcg >"$work/answer"
		log "$prog: it cannot; using emulation (tcg)"
	fi
	mkdir -p "$answers"
	cp "$work/answer" "$answer.$$"
	mv "$answer.$$" "$answer"
fi
cat "$answer"
