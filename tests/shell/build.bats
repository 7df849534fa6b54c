#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The module: built without a warning, installed and taken away.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	kver=$(lab/image.sh --show-kver)
	tmp=$(mktemp -d)
}

# bash forgives a failing "! command", so say it with a word
refute() { if "$@"; then return 1; fi; }

teardown() { rm -rf "$tmp"; }

@test "our code builds without a warning, W=1 and sparse too" {
	dev/prepare.sh --kver "$kver" --out "$tmp/build"
	run make -C "/lib/modules/$kver/build" M="$tmp/build" W=1 C=2 modules
	[ "$status" -eq 0 ]
	[ -e "$tmp/build/e1000_napi.ko" ]
	[[ $output != *warning:* && $output != *error:* ]]
}

@test "make install puts it under updates/ with depmod, uninstall takes it away" {
	make module KVER="$kver"
	mkdir -p "$tmp/lib/modules/$kver"
	make install KVER="$kver" INSTALL_MOD_PATH="$tmp"
	[ -e "$tmp/lib/modules/$kver/updates/e1000_napi.ko" ]
	grep -q updates/e1000_napi.ko "$tmp/lib/modules/$kver/modules.dep"
	refute grep -q e1000_napi "$tmp/lib/modules/$kver/modules.alias"
	make uninstall KVER="$kver" INSTALL_MOD_PATH="$tmp"
	[ ! -e "$tmp/lib/modules/$kver/updates" ]
	refute grep -q e1000_napi "$tmp/lib/modules/$kver/modules.dep"
}

@test "a kernel without headers is one clear sentence" {
	run make module KVER=9.9.9-none
	[ "$status" -ne 0 ]
	[[ $output == *"no headers for kernel 9.9.9-none"*"linux-headers-9.9.9-none"* ]]
}

@test "the tools are hardened: PIE, RELRO, no lazy binding, no code on the stack, checked calls" {
	make -s tools
	for tool in build/tools/napimeter build/tools/napinic build/tools/napistat; do
		echo "$tool"
		readelf -hW $tool | grep -q 'Type: *DYN'
		readelf -lW $tool >"$tmp/segments"
		grep -q GNU_RELRO "$tmp/segments"
		grep -q 'GNU_STACK.* RW ' "$tmp/segments"
		refute grep -q 'LOAD.* RWE ' "$tmp/segments"
		readelf -dW $tool | grep -qE 'BIND_NOW|FLAGS_1.*NOW'
		readelf -sW $tool >"$tmp/symbols"
		grep -q ' __stack_chk_fail' "$tmp/symbols"
		grep -qE ' __[a-z]+_chk(@|$| )' "$tmp/symbols"
	done
}

@test "serve and hostcpu can open no file and start no program" {
	cat >"$tmp/taken.c" <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/mman.h>
		#include <sys/prctl.h>
		#include <sys/ptrace.h>
		#include <sys/socket.h>
		#include <unistd.h>
		#include "privileges.h"
		#define REFUSED(call) (errno = 0, (call) == -1 && errno == EPERM ? 0 : printf("%s\n", #call))

		int main(void)
		{
			char *argv[] = { "echo", "execv()", NULL };

			setbuf(stdout, NULL);
			privileges_none();
			REFUSED(open("/dev/null", O_RDONLY));
			REFUSED(socket(AF_INET, SOCK_DGRAM, 0));
			REFUSED((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
			REFUSED(ptrace(PTRACE_TRACEME, 0, 0, 0));
			REFUSED(unlink("taken"));
			REFUSED(prctl(PR_SET_DUMPABLE, 1));
			REFUSED(fork());
			REFUSED(execv("/bin/echo", argv));
			return 0;
		}
	END
	make -s tools
	gcc -D_GNU_SOURCE -static-pie -fPIE -iquote tools/napimeter -o "$tmp/taken" \
		"$tmp/taken.c" build/obj/napimeter/privileges.o build/obj/napimeter/util.o \
		build/obj/napimeter/base.o -lseccomp -lm
	run "$tmp/taken"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "nothing of stock e1000 is tracked" {
	run git ls-files '*e1000_main.c' '*e1000_hw.[ch]' '*e1000_param.c' '*e1000_osdep.h' '*.ko'
	[ -z "$output" ]
}

@test "patches carry one line of context at most" {
	# the text above the first hunk may be indented
	run awk 'FNR == 1 || /^diff / { hunk = 0 } /^@@/ { hunk = 1; n = 0; next }
		hunk && /^ / && ++n > 1 { print FILENAME ": " $0 }
		/^[-+]/ { n = 0 }' patches/*.patch
	[ -z "$output" ]
}

@test "CI counts a part that is cut off in the middle of a line as failed" {
	work=$BATS_TEST_TMPDIR
	{
		sed -n '/^elapsed()/p; /^part()/,/^}/p' .ci/run
		echo 'part 1 "cut off" sh -c "echo ok one; printf in-the-mid; exit 124"'
	} >"$work/part"
	export minutes=85 began work
	began=$(date +%s)
	run sh -u "$work/part"
	[[ $output == *"not ok cut off: it ended with status 124"* ]]
	[ "$(cat "$work/sums")" = "1 1 0" ]
}
