#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The lab: arguments, what comes back from the guest, and that nothing is left behind.
# Boots are of stock e1000 or no driver at all, so that no built module is needed.

bats_require_minimum_version 1.5.0

setup_file() {
	export LAB=$BATS_TEST_DIRNAME/../../lab
	# The image, and the answer about KVM, are made once and not in a test's time
	"$LAB/boot.sh" --no-module --timeout 60 -- true
}

setup() {
	tmp=$(mktemp -d)
	boot=$LAB/boot.sh
}

teardown() { rm -rf "$tmp"; }

# guest COMMAND…: in a guest without our module
guest() { "$boot" --no-module --timeout 60 -- "$@"; }

# lab_processes: QEMUs whose folder is that of boot.sh process $1
lab_processes() { grep -ls "e1000_napi-lab[.]$1[.]" /proc/[0-9]*/cmdline; }

started() { [ -s "$(echo "${TMPDIR:-/tmp}/e1000_napi-lab.$1".*/console)" ]; }

# wait_until SECONDS COMMAND…
wait_until() {
	local left=$(($1 * 10))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

@test "--help of boot.sh, image.sh and net.sh" {
	for s in boot image net; do
		run "$LAB/$s.sh" --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: $s.sh"* ]]
	done
}

@test "wrong usage is status 2 and one line that says why" {
	while read -r args; do
		# shellcheck disable=SC2086
		run "$boot" $args
		[ "$status" -eq 2 ] || {
			echo "boot.sh $args: $status"
			return 1
		}
		[ "${#lines[@]}" -eq 2 ]
		[ "${lines[1]}" = "Try: boot.sh --help" ]
	done <<-END
		--nonsense
		uname
		--nic rtl8139 -- true
		--net bridge -- true
		--smp 0 -- true
		--smp
		--mem 64 -- true
		--timeout soon -- true
		--icount --smp 2 -- true
		--icount --accel kvm -- true
		--share /nonexistent -- true
	END
	run "$LAB/net.sh" sideways
	[ "$status" -eq 2 ]
	run "$LAB/image.sh" --kver "../x"
	[ "$status" -eq 2 ]
}

@test "net.sh does nothing outside the guest" {
	run "$LAB/net.sh" up 0
	[ "$status" -eq 1 ]
	[[ $output == *"the lab's guest only"* ]]
}

@test "a kernel that Debian does not have: the package is named, nothing is left" {
	export E1000_NAPI_CACHE=$tmp/cache
	run "$LAB/image.sh" --kver 6.1.0-0-none
	[ "$status" -eq 1 ]
	[[ $output == *"linux-image-6.1.0-0-none"*"apt-get update"* ]]
	[ -z "$(ls -A "$tmp/cache/image")" ]
}

@test "without a built module one message says what to run" {
	cp -R "$LAB" "$LAB/../scripts" "$LAB/../dev" "$tmp/"
	run "$tmp/lab/boot.sh" -- true
	[ "$status" -eq 1 ]
	[[ $output == *"there is no e1000_napi.ko for the kernel "*"; run make KVER="* ]]
}

@test "status, stdout, stderr and arguments pass through, nothing else" {
	status=0
	guest sh -c 'for a; do echo "<$a>"; done; echo oops >&2; exit 7' sh \
		"it's" 'two  words' '' '$HOME' '*' >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" -eq 7 ]
	diff "$tmp/out" - <<-'END'
		<it's>
		<two  words>
		<>
		<$HOME>
		<*>
	END
	[ "$(cat "$tmp/err")" = oops ]
}

@test "a closed reader does not stop the command" {
	run bash -o pipefail -c '"$0" --no-module --timeout 60 -- seq 1000000 | head -n 1' "$boot"
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
}

@test "the guest has what the tests use; /share is read and written" {
	mkdir "$tmp/a,b"
	echo there >"$tmp/a,b/in"
	"$boot" --no-module --timeout 60 --share "$tmp/a,b" -- sh -ec '
		cat /share/in >/share/out
		for p in ip tc ss ethtool iperf sar mpstat taskset timeout ps awk; do
			command -v $p
		done
		ip -V | grep iproute2
		sar -u 1 1 | grep Average
		[ "$(su lab -c "id -u")" = 1000 ]
		[ ! -e /sys/module/e1000 ]
		modprobe -a e1000 pktgen netconsole dummy veth bridge sch_fq'
	[ "$(cat "$tmp/a,b/out")" = there ]
}

@test "several NICs of three models, each with its peer; net.sh up and down" {
	"$boot" --no-module --timeout 60 --nic e1000-82545em --nic e1000-82544gc \
		--nic e1000 -- sh -ec '
		modprobe e1000
		lab/net.sh up
		for n in 0 1 2; do
			ping -q -c 1 -W 5 10.0.$n.1
			ethtool -i eth$n | grep -q "^driver: e1000$"
			[ -e /sys/class/net/eth$n ] && [ ! -e /sys/class/net/peer$n ]
		done
		[ "$(cat /proc/sys/net/core/rmem_max)" -ge 33554432 ]
		lab/net.sh down 1
		[ -e /sys/class/net/peer1 ] && [ ! -e /sys/class/net/peer0 ]
		lab/net.sh up 1' >&2
}

@test "time out: status 1, says so, shows the last of the console" {
	run "$boot" --no-module --timeout 4 -- sleep 100
	[ "$status" -eq 1 ]
	[[ $output == *"last kernel messages"*"no end after 4 s"* ]]
}

@test "a panic, and a splat that the guest survives, are failures" {
	run guest sh -c 'echo c >/proc/sysrq-trigger'
	[ "$status" -eq 1 ]
	[[ $output == *"sysrq triggered crash"*"kernel complained"* ]]
	run guest sh -c 'echo "WARNING: CPU: 0 in a test" >/dev/kmsg'
	[ "$status" -eq 1 ]
	[[ $output == *"in a test"*"kernel complained"* ]]
}

@test "a QEMU that does not start is a failure with QEMU's message" {
	run "$boot" --no-module --qemu -nonsense -- true
	[ "$status" -eq 1 ]
	[[ $output == *"-nonsense"*"QEMU failed"* ]]
}

@test "TERM and kill -9 leave no QEMU, and no folder after the next run" {
	for signal in TERM KILL; do
		"$boot" --no-module --timeout 60 -- sleep 50 3>&- &
		pid=$!
		wait_until 20 started "$pid"
		kill "-$signal" "$pid"
		wait "$pid" || true
		wait_until 10 eval "[ -z \"\$(lab_processes $pid)\" ]"
	done
	guest true
	[ -z "$(ls -d "${TMPDIR:-/tmp}/e1000_napi-lab.$pid".* 2>/dev/null)" ]
}

@test "a folder that another user made is not used and does no harm" {
	[ "$(id -u)" -eq 0 ] || skip "root only: it makes another user's folder"
	mkdir "$tmp/e1000_napi-lab.999999999.x"
	chown 12345 "$tmp/e1000_napi-lab.999999999.x"
	chmod 1777 "$tmp"
	cat >"$tmp/race" <<-'END'
		# the folder of this process, as another user would make it before boot.sh does
		setpriv --reuid 12345 --clear-groups mkdir "$TMPDIR/e1000_napi-lab.$$"
		exec "$0" --no-module --timeout 60 -- true
	END
	TMPDIR=$tmp sh -c "$(cat "$tmp/race")" "$boot"
	[ -d "$tmp/e1000_napi-lab.999999999.x" ]
}

@test "KVM counts only after a boot: a QEMU that hangs or fails means tcg" {
	export E1000_NAPI_CACHE=$tmp/cache
	mkdir "$tmp/bin" "$tmp/image"
	echo any >"$tmp/image/kver"
	# A device that can be opened; a stand-in for QEMU boots
	: >"$tmp/kvm"
	printf '#!/bin/sh\necho run >>"%s"\nexec sleep 60\n' "$tmp/ran" >"$tmp/bin/qemu-system-x86_64"
	chmod +x "$tmp/bin/qemu-system-x86_64"
	start=$SECONDS
	PATH=$tmp/bin:$PATH run --separate-stderr "$LAB/accel.sh" "$tmp/kvm" "$tmp/image" initrd
	[ "$output" = tcg ]
	[ $((SECONDS - start)) -le 15 ]
	# Asked again, the answer is at hand
	PATH=$tmp/bin:$PATH run --separate-stderr "$LAB/accel.sh" "$tmp/kvm" "$tmp/image" initrd
	[ "$output" = tcg ]
	[ "$(wc -l <"$tmp/ran")" -eq 1 ]
}

@test "KVM is used when the probe boots, and not asked without a device" {
	export E1000_NAPI_CACHE=$tmp/cache
	mkdir "$tmp/bin" "$tmp/image"
	echo any >"$tmp/image/kver"
	: >"$tmp/kvm"
	cat >"$tmp/bin/qemu-system-x86_64" <<-'END'
		#!/bin/sh
		while [ "$1" != -serial ]; do shift; done
		echo "lab: probe ok" >"${2#file:}"
	END
	chmod +x "$tmp/bin/qemu-system-x86_64"
	PATH=$tmp/bin:$PATH run --separate-stderr "$LAB/accel.sh" "$tmp/kvm" "$tmp/image" initrd
	[ "$output" = kvm ]
	PATH=$tmp/bin:$PATH run --separate-stderr "$LAB/accel.sh" "$tmp/none" "$tmp/image" initrd
	[ "$output" = tcg ]
}

@test "two images at once end in one, and two kernels do not mix" {
	[ "$(id -u)" -eq 0 ] || skip "would download a kernel per user"
	export E1000_NAPI_CACHE=$tmp/cache
	mkdir "$tmp/cache"
	# The kernel is not downloaded again
	real=${HOME:-/root}/.cache/e1000_napi/kernel
	[ ! -d "$real" ] || ln -s "$real" "$tmp/cache/kernel"
	"$LAB/image.sh" >"$tmp/a" 3>&- &
	"$LAB/image.sh" >"$tmp/b"
	wait $!
	cmp "$tmp/a" "$tmp/b"
	[ "$(ls "$tmp/cache/image")" = "$(basename "$(cat "$tmp/a")")" ]
	[ -s "$(cat "$tmp/a")/vmlinux" ]
	[ -s "$(cat "$tmp/a")/base.cpio.zst" ]
}

@test "--icount: two runs of one tree are alike to the last interrupt" {
	# Other processes may change this tree; a copy stays unchanged
	cp -R "$LAB" "$LAB/../scripts" "$LAB/../dev" "$tmp/"
	cat >"$tmp/scripts/run" <<-'END'
		set -e
		modprobe -a e1000 pktgen
		lab/net.sh up 0
		put() { ip netns exec src sh -c "echo '$2' >/proc/net/pktgen/$1"; }
		put kpktgend_0 "add_device peer0"
		put peer0 "count 5000"
		put peer0 "pkt_size 1000"
		put peer0 "dst 10.0.0.2"
		put peer0 "dst_mac $(cat /sys/class/net/eth0/address)"
		put pgctrl start
		grep eth0 /proc/interrupts
		cat /proc/uptime /proc/stat /proc/net/softnet_stat
		ethtool -S eth0
	END
	for i in 1 2; do
		"$tmp/lab/boot.sh" --icount --no-module --timeout 100 \
			--console "$tmp/console$i" -- sh scripts/run >"$tmp/out$i"
	done
	grep -E 'rx_packets: 50[0-9][0-9]' "$tmp/out1"
	cmp "$tmp/out1" "$tmp/out2"
	cmp "$tmp/console1" "$tmp/console2"
}

@test "--net tap: iperf from outside, and nothing is left, even after kill -9" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	"$boot" --no-module --net tap --timeout 60 -- sleep 50 3>&- &
	pid=$!
	wait_until 20 started "$pid"
	kill -9 "$pid"
	wait "$pid" || true
	servers=$(ip netns pids "e1000_napi-$pid")
	[ -n "$servers" ]
	"$boot" --no-module --net tap --timeout 60 -- sh -ec '
		modprobe e1000
		lab/net.sh up
		iperf -c 10.0.0.1 -R -t 1
		iperf -c 10.0.0.1 -u -R -b 10M -t 1' >"$tmp/out"
	[ "$(grep -c 'bits/sec' "$tmp/out")" -ge 2 ]
	[ ! -e "/run/netns/e1000_napi-$pid" ]
	[ -z "$(lab_processes "$pid")" ]
	for server in $servers; do
		[ "$(cat "/proc/$server/comm" 2>/dev/null)" != iperf ]
	done
	# Nor of the one that ended as it should
	for space in /run/netns/e1000_napi-*; do
		[ ! -e "$space" ] || grep -q boot.sh "/proc/${space##*-}/cmdline"
	done
}
