#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# deps.sh waits for an apt that is at work, and check-fresh.sh takes its commands from README.md.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tmp=$BATS_TEST_TMPDIR
	mkdir "$tmp/bin"
	PATH=$tmp/bin:$PATH
	# No package is installed; apt-get is busy $tmp/busy times; nothing sleeps
	stand_in dpkg-query 'exit 1'
	stand_in sleep 'echo "$*" >>"$0.log"'
	stand_in id 'echo 0'
	stand_in apt-get '
		echo "$*" >>"$0.log"
		n=$(cat "$0.busy")
		[ "$n" -gt 0 ] || exit 0
		echo $((n - 1)) >"$0.busy"
		echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (unattended-upgr)" >&2
		exit 100'
}

# stand_in COMMAND SCRIPT
stand_in() { printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1" && chmod +x "$tmp/bin/$1"; }

@test "another apt holds a lock: deps.sh names it, waits and continues" {
	echo 3 >"$tmp/bin/apt-get.busy"
	run dev/deps.sh
	[ "$status" -eq 0 ]
	[ "$(grep -c 'held by process 42' <<<"$output")" -eq 1 ]
	[[ $output == *"Waiting for it, ten minutes at most"* ]]
	[ "$(wc -l <"$tmp/bin/sleep.log")" -eq 3 ]
	[ "$(grep -c '^update' "$tmp/bin/apt-get.log")" -eq 4 ]
	[ "$(grep -c '^install .* gcc make' "$tmp/bin/apt-get.log")" -eq 1 ]
}

@test "and gives up after ten minutes, with a reason" {
	echo 1000 >"$tmp/bin/apt-get.busy"
	run dev/deps.sh
	[ "$status" -eq 1 ]
	[[ $output == *"gave up after ten minutes: another program uses apt"* ]]
	[ "$(wc -l <"$tmp/bin/sleep.log")" -eq 120 ]
}

@test "any other failure of apt is shown at once" {
	stand_in apt-get 'echo "E: Unable to locate package gcc" >&2; exit 100'
	run dev/deps.sh
	[ "$status" -eq 1 ]
	[[ $output == *"Unable to locate package gcc"*"apt-get update failed"* ]]
	[ ! -e "$tmp/bin/sleep.log" ]
}

@test "check-fresh takes README.md's commands, and no line of a fenced block" {
	run dev/check-fresh.sh --list
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "sudo dev/deps.sh" ]
	for command in "sudo make demo" "sudo make check" make "sudo make uninstall" "make clean"; do
		grep -qx "$command" <<<"$output"
	done
	[[ $output != *"  105"* ]]
	# Commands that cannot run there have a reason
	grep -q '^# needs an e1000 NIC of your own	sudo .*load.* eth1' <<<"$output"
	[ -z "$(grep ' eth1\b' <<<"$output" | grep -v '^# ')" ]
}

@test "a comment of README.md that names no command is an error" {
	cp -R dev scripts README.md "$tmp/"
	sed -i '/check-fresh leaves out/s/eth1/eth9/' "$tmp/README.md"
	run "$tmp/dev/check-fresh.sh" --list
	[ "$status" -eq 1 ]
	[[ $output == *"no command has the word eth9"* ]]
}
