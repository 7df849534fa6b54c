#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The in-tree form: git am takes the patch, checkpatch accepts it, it builds on and off.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	kver=$(lab/image.sh --show-kver)
	tmp=$(mktemp -d)
	tarball=$(ls /usr/src/linux-source-*.tar.xz)
	export E1000_NAPI_CACHE=${E1000_NAPI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/e1000_napi}
	export HOME=$tmp
	unset XDG_CONFIG_HOME GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
	git config --global user.name "A Person"
	git config --global user.email person@example.org
	from=$(dev/prepare.sh --show-tree --ksrc "$tarball")
	cp -R "$from" "$tmp/tree"
	intel=$tmp/tree/drivers/net/ethernet/intel
}

teardown() { rm -rf "$tmp"; }

# build CONFIG…: the in-tree folder as a module, with the headers that are here
build() {
	cp -R "$intel/e1000" "$tmp/build"
	make -s -C "/lib/modules/$kver/build" M="$tmp/build" W=1 CONFIG_E1000=m "$@" modules 2>&1 |
		grep -v 'Skipping BTF' >"$tmp/log" || :
	cat "$tmp/log"
	[ -e "$tmp/build/e1000.ko" ]
	! grep -q 'warning:' "$tmp/log" || false
}

@test "make patch prints a mail that git am takes and checkpatch accepts" {
	make patch KSRC="$tarball" >"$tmp/patch"
	head -n 1 "$tmp/patch" | grep -q '^From [0-9a-f]\{40\} '
	grep -q '^From: A Person ' "$tmp/patch"
	grep -q '^Signed-off-by: A Person <person@example.org>$' "$tmp/patch"
	cd "$tmp/tree"
	git init -q
	git add -f .
	git commit -qm stock
	git am -q "$tmp/patch"
	[ -f drivers/net/ethernet/intel/e1000/e1000_napi/poll.c ]
	# A line of MAINTAINERS covers all folders of intel/
	mkdir "$tmp/check"
	tar -xf "$tarball" -C "$tmp/check" --strip-components=1 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
	perl "$tmp/check/scripts/checkpatch.pl" --no-tree --strict --ignore FILE_PATH_CHANGES "$tmp/patch"
}

@test "make patch-net prints the fix alone, for net, and the rest applies on it and without it" {
	make -s patch-net KSRC="$tarball" >"$tmp/fix"
	make -s patch KSRC="$tarball" >"$tmp/patch"
	grep -q '^Subject: \[PATCH net\] e1000: stop the queue' "$tmp/fix"
	[ "$(grep -c '^+[^+]' "$tmp/fix")" -eq 2 ]
	# Nothing of the fix is in the rest, which says that without the option nothing changes
	! grep -q 'netif_tx_disable' "$tmp/patch" || false
	cd "$tmp/tree"
	git init -q
	git add -f .
	git commit -qm stock
	git am -q "$tmp/fix"
	git am -q "$tmp/patch"
	git reset -q --hard HEAD~2
	git am -q "$tmp/patch"
}

@test "make intree changes the tree once; it is stock except for the option" {
	make intree KSRC="$tmp/tree"
	grep -q '^config E1000_NAPI_STATS' "$intel/Kconfig"
	grep -q 'e1000_driver_name\[\] = "e1000"' "$intel/e1000/e1000_main.c"
	grep -q 'MODULE_DEVICE_TABLE(pci' "$intel/e1000/e1000_main.c"
	run make intree KSRC="$tmp/tree"
	[ "$status" -ne 0 ]
	[[ $output == *"has it already"* ]]
}

@test "it builds with the option on" {
	make intree KSRC="$tmp/tree"
	build CONFIG_E1000_NAPI_STATS=y KCFLAGS=-DCONFIG_E1000_NAPI_STATS
	modinfo -F parm "$tmp/build/e1000.ko" | grep -q '^weight:'
}

@test "it builds with the option off, without any of our code" {
	make intree KSRC="$tmp/tree"
	build
	[ -z "$(nm "$tmp/build/e1000.ko" | grep napi_stats)" ]
	[ -z "$(modinfo -F parm "$tmp/build/e1000.ko" | grep '^weight:')" ]
}

# The smallest kernel that shows it: nothing is a module
config() {
	local y
	for y in 64BIT PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE BLK_DEV_INITRD RD_GZIP BINFMT_ELF \
		BINFMT_SCRIPT FUTEX MULTIUSER POSIX_TIMERS HIGH_RES_TIMERS JUMP_LABEL PROC_FS SYSFS \
		DEVTMPFS DEBUG_FS PCI ACPI NET UNIX PACKET INET NETDEVICES ETHERNET NET_VENDOR_INTEL \
		E1000 E1000_NAPI_STATS; do
		echo "CONFIG_$y=y"
	done
}

@test "built into a kernel: e1000.weight= at boot, a live weight, exact counts" {
	for tool in flex bison bc qemu-system-x86_64 busybox; do
		command -v $tool >/dev/null || skip "no $tool: dev/deps.sh faults"
	done
	# No other architecture, and no graphics
	tar -xf "$tarball" -C "$tmp/tree" --strip-components=1 --exclude='*/arch/[!x]*/*.[chS]' \
		--exclude='*/drivers/gpu/drm/*/*.[ch]' --exclude='*/sound/*.[ch]'
	make intree KSRC="$tmp/tree"
	linux=("make" -s -C "$tmp/tree" O="$tmp/o" -j2)
	"${linux[@]}" tinyconfig
	config >>"$tmp/o/.config"
	"${linux[@]}" olddefconfig
	# Nothing that was asked for got lost
	diff <(config | sort) <(sort "$tmp/o/.config" | comm -12 - <(config | sort))
	"${linux[@]}" bzImage

	mkdir -p "$tmp/root/bin"
	cp "$(command -v busybox)" "$tmp/root/bin/"
	cat >"$tmp/root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mkdir -p /proc /sys
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t debugfs debug /sys/kernel/debug
		d=/sys/kernel/debug/e1000/eth0
		ip link set eth0 up
		ip addr add 10.0.2.15/24 dev eth0
		sleep 3
		echo "says: $(cat $d/weight) at boot"
		echo 9 >$d/weight
		echo 5000 >$d/weight || echo "says: 5000 refused"
		echo "says: $(cat $d/weight) live"
		ping -c 20 -i 0.1 10.0.2.2 | sed -n 's/.* \([0-9]*\) packets received.*/says: \1 answers/p'
		sleep 1
		sums=$(awk '$1 != "#" { s += $1 * $2 } END { print s }' $d/rx_per_poll)
		[ "$sums" -ge 20 ] && [ "$sums" = "$(cat /sys/class/net/eth0/statistics/rx_packets)" ] &&
			echo "says: exact"
		echo "says: end"
		reboot -f
	END
	chmod +x "$tmp/root/init"
	(cd "$tmp/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$tmp/initrd"
	timeout 120 qemu-system-x86_64 -m 256 -display none -no-reboot -serial "file:$tmp/console" \
		-kernel "$tmp/o/arch/x86/boot/bzImage" -initrd "$tmp/initrd" \
		-append 'console=ttyS0 panic=-1 net.ifnames=0 e1000.weight=33' -nic user,model=e1000
	cat "$tmp/console"
	diff - <(tr -d '\r' <"$tmp/console" | grep -a '^says: ') <<-'END'
		says: 33 at boot
		says: 5000 refused
		says: 9 live
		says: 20 answers
		says: exact
		says: end
	END
	! grep -aE 'BUG|WARNING|Oops|Call Trace' "$tmp/console" || false
}

@test "without KSRC, or with a folder that is not a kernel: one sentence" {
	run make intree
	[ "$status" -ne 0 ]
	[[ $output == *"KSRC is missing"* ]]
	run make patch KSRC="$tmp/check"
	[ "$status" -ne 0 ]
	[[ $output == *"has no drivers/net/ethernet/intel/e1000"* ]]
}
