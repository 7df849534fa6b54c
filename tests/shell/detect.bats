#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# detect.sh against what `detect.sh --record` said in real guests (tests/shell/guests/).
load guests

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tree=$BATS_TEST_TMPDIR/tree
}

# bash forgives a failing "! command", so say it with a word
refute() { if "$@"; then return 1; fi; }

# guest NAME [SED-SCRIPT]: make its tree
guest() { recorded_guest "$BATS_TEST_DIRNAME/guests/$1" "$tree" "${2-}"; }

detect() { run scripts/detect.sh --root "$tree" "$@"; }

is() { # is NAME HYPERVISOR: the JSON says so
	guest "$1" "${3-}"
	detect --json
	[[ $output == *"\"hypervisor\": \"$2\""* ]] || {
		echo "$1 is not $2 but: $output"
		return 1
	}
}

@test "each recorded guest is recognised" {
	is xen-hvm xen-hvm
	is virtualbox virtualbox
	is vmware-stand-in vmware
	is qemu-tcg qemu-tcg
	is kvm kvm
}

@test "guests that no lab can boot are recognised by their documentation" {
	is made/xen-pv xen-pv
	is made/vmware vmware
	is made/hyperv hyperv
	is made/none none
	is made/unknown unknown
}

@test "VirtualBox shows KVM's clock and is VirtualBox all the same" {
	is virtualbox virtualbox 's/available_clocksource\t/&kvm-clock /'
}

@test "a stand-in for VMware is called one, VMware is not" {
	guest vmware-stand-in
	detect
	[[ $output == *stand-in* ]]
	guest made/vmware
	detect
	[[ $output == vmware* && $output != *stand-in* ]]
}

@test "detect prints one line: hypervisor, version, model, address, interface, driver" {
	guest xen-hvm
	detect
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output =~ ^xen-hvm\ 4\.17\..*:\ 82540EM\ \(8086:100e\)\ at\ 0000:.*,\ eth0,\ driver\ e1000_napi$ ]]
}

@test "JSON is JSON, also with odd letters in DMI" {
	for name in xen-hvm virtualbox qemu-tcg made/none; do
		guest "$name"
		detect --json
		echo "$output" | python3 -m json.tool >/dev/null
	done
	guest qemu-tcg 's/sys_vendor\t.*/sys_vendor\ta "b" \\c/'
	detect --json
	echo "$output" | python3 -c 'import json, sys; assert json.load(sys.stdin)["dmi"]["sys_vendor"] == "a \"b\" \\c"'
}

@test "without an e1000 it says how to add one, and fails" {
	guest xen-hvm '/0x100e/s/100e/10d3/'
	detect
	[ "$status" -eq 1 ]
	[[ $output == *"no e1000 NIC"*model=e1000* ]]
	guest virtualbox '/0x100e/s/100e/2000/'
	detect
	[ "$status" -eq 1 ]
	[[ $output == *"--nic-type1 82540EM"* ]]
}

@test "the three NIC models have their names" {
	guest qemu-tcg
	detect
	[[ $output == *82540EM* ]]
	guest qemu-tcg 's/0x100e/0x100f/'
	detect
	[[ $output == *82545EM* ]]
	guest qemu-tcg 's/0x100e/0x100c/'
	detect
	[[ $output == *82544GC* ]]
}

@test "detect gives the same answer from the output of --record" {
	for name in xen-hvm virtualbox vmware-stand-in qemu-tcg; do
		guest "$name"
		detect
		first=$output
		detect --record
		echo "$output" >"$BATS_TEST_TMPDIR/again"
		rm -rf "$tree"
		BATS_TEST_DIRNAME=$BATS_TEST_TMPDIR
		mkdir -p "$BATS_TEST_TMPDIR/guests"
		mv "$BATS_TEST_TMPDIR/again" "$BATS_TEST_TMPDIR/guests/again"
		guest again
		BATS_TEST_DIRNAME=$OLDPWD/tests/shell
		detect
		[ "$output" = "$first" ]
	done
}

@test "wrong arguments are named" {
	run scripts/detect.sh --nonsense
	[ "$status" -eq 2 ]
	run scripts/detect.sh --root /nonexistent
	[ "$status" -eq 2 ]
}
