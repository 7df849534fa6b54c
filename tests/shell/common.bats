#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What is taken for a complaint of the kernel.

complains() { sh -c '. "$1/scripts/lib/common.sh"; printf "%s\n" "$2" | grep -Eq "$complaints"' sh "$BATS_TEST_DIRNAME/../.." "$1"; }

@test "what a kernel says of itself is a complaint" {
	while read -r line; do
		complains "$line" || { echo "$line" && false; }
	done <<-'END'
		[  3.1] BUG: unable to handle page fault for address: ffffffffc0a01000
		[  3.1] general protection fault, probably for non-canonical address 0x6b6b6b6b: 0000 [#1] PREEMPT SMP
		[  3.1] general protection fault: 0000 [#1] SMP
		[  3.1] WARNING: CPU: 0 PID: 1 at net/core/dev.c:10 napi_enable+0x1/0x2
		[  3.1] Oops: 0000 [#1] PREEMPT SMP
		[  3.1] Kernel panic - not syncing: Attempted to kill init!
		[  3.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!
		[  3.1] NETDEV WATCHDOG: eth0 (e1000_napi): transmit queue 0 timed out
	END
}

@test "a program that crashes is not" {
	while read -r line; do
		! complains "$line" || { echo "$line" && false; }
	done <<-'END'
		[  3.1] traps: iperf[178] general protection fault ip:7f1 sp:7f2 error:0 in libc.so.6[7f0+1c]
		[  3.1] traps: iperf[178] general protection ip:7f1 sp:7f2 error:0 in libc.so.6[7f0+1c]
		[  3.1] traps: iperf[178] trap invalid opcode ip:7f1 sp:7f2 error:0 in iperf[55+1c]
		[  3.1] iperf[178]: segfault at 0 ip 00007f1 sp 00007f2 error 4 in libc.so.6[7f0+1c] likely on CPU 1
		[  3.1] Code: 0f 0b 48 8b
	END
}
