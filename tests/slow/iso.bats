#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The ISO boots in QEMU, from BIOS as a disk and from UEFI as a CD, takes its orders
# from the kernel line or the menu, and hands its results out.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tmp=$BATS_TEST_TMPDIR
	. scripts/lib/common.sh
	qemu=
}

teardown() {
	[ -z "$qemu" ] || kill "$qemu" || :
	[ -z "$server" ] || kill "$server" || :
	wait
}

# bash forgives a failing "! command", so say it with a word
refute() { if "$@"; then return 1; fi; }

# boot ARG…: with a NIC behind QEMU's NAT; the guest's port 80 is $port here
boot() {
	port=$((20000 + RANDOM % 20000))
	mkfifo "$tmp/keys"
	timeout 300 qemu-system-x86_64 -accel tcg,thread=multi -smp 1 -m 512 -display none \
		-no-reboot -nic "user,model=e1000,hostfwd=tcp:127.0.0.1:$port-:80" -serial stdio "$@" \
		<>"$tmp/keys" >"$tmp/console" 2>"$tmp/qemu" 3>&- &
	qemu=$!
}

fetch() { timeout 5 busybox wget -q -O - "http://127.0.0.1:$port/$1"; }
state_is() { fetch state 2>/dev/null | grep -Eq "$1"; }
console_has() { grep -aqE "$1" "$tmp/console"; }

@test "it has at most 40 MB" {
	lab/iso/iso.sh --out "$tmp/iso"
	[ "$(stat -c %s "$tmp/iso")" -le $((40 << 20)) ]
}

@test "BIOS, as a disk: orders from the kernel line, a sweep, results by HTTP and console" {
	server_port=$((40000 + RANDOM % 20000))
	iperf -s -p "$server_port" -B 127.0.0.1 >/dev/null 2>&1 3>&- &
	server=$!
	lab/iso/iso.sh --bios --out "$tmp/iso" --console console=ttyS0,115200 --append \
		"quiet napi.ip=10.0.2.15/24 napi.server=10.0.2.2 napi.port=$server_port napi.protocol=tcp napi.load=0 napi.weight=1,64 napi.seconds=2 napi.print"
	boot -drive "file=$tmp/iso,format=raw,snapshot=on"
	wait_for 240 state_is '^(done|failed)'
	fetch results.tgz | tar -xz -C "$tmp"
	state_is '^done'
	# Two rows from two weights, by the driver in that guest
	run awk -F, 'NR > 1 { print $11, ($33 > 0) }' "$tmp/results/runs.csv"
	[ "$(echo "$output" | sort)" = "1 1
64 1" ]
	grep -q '"hypervisor": "qemu-tcg"' "$tmp/results/detect.json"
	wait_for 30 console_has 'END results.tgz'
	sed -n '/BEGIN results.tgz/,/END results.tgz/p' "$tmp/console" | tr -d '\r' | sed '1d;$d' |
		base64 -d | tar -xzO results/runs.csv >"$tmp/printed"
	cmp "$tmp/printed" "$tmp/results/runs.csv"
}

@test "UEFI, as a CD: DHCP, a menu on the serial line" {
	[ -e /usr/share/ovmf/OVMF.fd ] || skip "no firmware: apt-get install ovmf"
	lab/iso/iso.sh --out "$tmp/iso" --append quiet
	boot -bios /usr/share/ovmf/OVMF.fd -cdrom "$tmp/iso"
	wait_for 240 console_has 'Which\?'
	state_is '^ready'
	echo 3 >"$tmp/keys"
	wait_for 20 console_has 'qemu-tcg.*82540EM.*eth0, driver e1000_napi'
	echo 5 >"$tmp/keys"
	wait "$qemu"
	qemu=
}

@test "without an e1000 it says how to add one" {
	lab/iso/iso.sh --bios --out "$tmp/iso" --console console=ttyS0,115200 --append quiet
	timeout 120 qemu-system-x86_64 -accel tcg,thread=multi -smp 1 -m 512 -display none -nic none \
		-no-reboot -serial "file:$tmp/console" -cdrom "$tmp/iso" 3>&- &
	qemu=$!
	wait_for 100 console_has 'no e1000 NIC.*-device e1000'
}
