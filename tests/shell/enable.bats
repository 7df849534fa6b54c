#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# enable.sh, disable.sh and what systemd runs at a boot, with a made-up PCI device and a real
# link in a namespace. tests/debian/distro.sh has the real thing.

# shellcheck disable=SC2154 # variables of nic9.bash
load nic9
setup() {
	make_nic9
	export E1000_NAPI_ROOT=$BATS_TEST_TMPDIR/root E1000_NAPI_FRONT=e1000-napi
	conf=$E1000_NAPI_ROOT/etc/e1000_napi
	units=$E1000_NAPI_ROOT/etc/systemd/system
	in_ns ip link set dev nic9 up
	in_ns ip addr add 10.0.0.2/24 dev nic9
	mkdir -p "$units"
	echo $mac >"$class/address"
	# a copy that runs the two that change drivers only in name, and a module
	tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	cp -R scripts "$tree/"
	mkdir -p "$tree/tools"
	cp build/tools/napinic "$tree/tools/"
	: >"$tree/e1000_napi.ko"
	for name in load restore; do
		printf '#!/bin/sh\necho "%s $*" >>"$E1000_NAPI_RUN/calls"\n[ ! -e "$E1000_NAPI_RUN/no-%s" ]\n' \
			$name $name >"$tree/scripts/$name.sh"
	done
	# what it would do to the links of systemd
	cat >"$BATS_TEST_TMPDIR/bin/systemctl" <<-'END'
		#!/bin/sh
		echo "$*" >>"$E1000_NAPI_RUN/systemctl"
		[ ! -e "$E1000_NAPI_RUN/no-systemctl" ]
	END
	chmod 755 "$BATS_TEST_TMPDIR/bin/systemctl"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

enable() { run in_ns "$tree/scripts/enable.sh" "$@"; }
disable() { run in_ns "$tree/scripts/disable.sh" "$@"; }
boot() { run in_ns sh "$tree/scripts/lib/boot.sh" $mac; }

# up CARRIER: as the made-up /sys tells it
up() {
	echo 0x1003 >"$class/flags"
	echo "$1" >"$class/carrier"
}

@test "wrong usage, and NICs that are none" {
	for args in '' '--nonsense nic9' 'nic9 nic8' 'nic9 weight=0' 'nic9 weight=5000' 'nic9 --timeout 4' \
		'nic9 --timeout' 'nic9 a=$b'; do
		enable $args
		[ "$status" -eq 2 ]
	done
	for args in '' '--nonsense' '--all nic9' 'nic9 nic8'; do
		disable $args
		[ "$status" -eq 2 ]
	done
	enable nic8
	[ "$status" -eq 1 ]
	[[ $output == *"there is no interface nic8"* ]]
	ln -sfn ../../drivers/other "$dev/driver"
	enable nic9
	[ "$status" -eq 1 ]
	[[ $output == *"nic9 is driven by other"* ]]
	[ -z "$(ls "$units")" ]
	[ ! -e "$conf" ]
}

@test "disable removes everything that enable wrote; a dry run writes nothing" {
	enable nic9 weight=60 timing=1 --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"arguments weight=60 timing=1"*"ExecStart=/bin/sh"*"boot.sh"* ]]
	[ -z "$(ls "$units")" ]
	[ ! -e "$conf" ]
	in_ns ip route add default via 10.0.0.1
	enable nic9 weight=60 timing=1 --timeout 77
	[ "$status" -eq 0 ]
	[[ $output == *"weight=60 timing=1; systemctl status e1000-napi@$mac shows"* ]]
	[[ $output == *"e1000-napi load nic9 weight=60"* ]]
	run cat "$conf/$mac"
	[ "$output" = "# by e1000-napi enable; e1000-napi disable takes it away
arguments weight=60 timing=1
timeout 77
gateway 1" ]
	grep -qx "ExecStart=/bin/sh \"$tree/scripts/lib/boot.sh\" %I" "$units/e1000-napi@.service"
	grep -q "enable e1000-napi@$mac.service" "$E1000_NAPI_RUN/systemctl"
	disable nic9 --dry-run
	[ -e "$conf/$mac" ]
	disable nic9
	[ "$status" -eq 0 ]
	grep -q "disable e1000-napi@$mac.service" "$E1000_NAPI_RUN/systemctl"
	[ -z "$(ls -A "$units")" ]
	[ ! -e "$conf" ]
	disable --all
	[ "$status" -eq 0 ]
	disable $mac
	[ "$status" -eq 0 ]
	[[ $output == *"was not enabled"* ]]
}

@test "a unit that systemd refuses leaves nothing behind" {
	: >"$E1000_NAPI_RUN/no-systemctl"
	enable nic9
	[ "$status" -eq 1 ]
	[[ $output == *"systemd did not enable e1000-napi@$mac.service"* ]]
	[ ! -e "$conf/$mac" ]
}

@test "a module that no boot could load is refused" {
	mkdir -p "$E1000_NAPI_SYS/module/module/parameters"
	echo Y >"$E1000_NAPI_SYS/module/module/parameters/sig_enforce"
	enable nic9
	[ "$status" -eq 1 ]
	[[ $output == *"is not signed"* ]]
	[ -z "$(ls "$units")" ]
	[ ! -e "$conf" ]
}

@test "scripts that others may write are not run at a boot, nor by their settings" {
	chmod 777 "$tree/scripts/lib"
	enable nic9
	[ "$status" -eq 1 ]
	[[ $output == *"lib, or a folder above it, can be written by another user"* ]]
	[ ! -e "$conf/$mac" ]
	chmod 755 "$tree/scripts/lib"
	refused() {
		enable nic9
		[ "$status" -eq 1 ] && [[ $output == *"$1"*"can be written by another user"* ]] ||
			{ echo "$1: $output" && false; }
		[ ! -e "$conf/$mac" ]
	}
	mkdir -p "$tree/build/$(uname -r)"
	for file in scripts/lib/common.sh scripts/lib/nic.sh scripts/lib/handover.sh scripts/lib/hist.awk \
		scripts/restore.sh scripts/load.sh e1000_napi.ko tools tools/napinic build "build/$(uname -r)"; do
		chown 65534 "$tree/$file"
		refused "${file##*/}"
		chown 0 "$tree/$file"
		mode=$(stat -c %a "$tree/$file")
		chmod go+w "$tree/$file"
		refused "${file##*/}"
		chmod "$mode" "$tree/$file"
	done
	mv "$tree/scripts/lib/nic.sh" "$BATS_TEST_TMPDIR/nic.sh"
	chmod 666 "$BATS_TEST_TMPDIR/nic.sh"
	ln -s "$BATS_TEST_TMPDIR/nic.sh" "$tree/scripts/lib/nic.sh"
	refused nic.sh
	chmod 644 "$BATS_TEST_TMPDIR/nic.sh"
	enable nic9
	[ "$status" -eq 0 ]
	chmod 666 "$conf/$mac"
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"it is ignored"* ]]
	chmod 644 "$conf/$mac"
	# words that enable does not write, as after an edit
	for words in "weight=60;touch $BATS_TEST_TMPDIR/pwned" '$(id)' '*' "weight=60 /etc/x" 'weight=60"'; do
		sed -i "s|^arguments.*|arguments $words|" "$conf/$mac"
		boot
		[ "$status" -eq 1 ]
		[[ $output == *"arguments that e1000-napi enable does not write; run it again"* ]]
	done
	[ ! -e "$BATS_TEST_TMPDIR/pwned" ]
	[ ! -e "$E1000_NAPI_RUN/calls" ]
}

@test "at a boot: the driver, and e1000 back when link or gateway do not come" {
	enable nic9 weight=60 --timeout 5
	[ "$status" -eq 0 ]
	up 0
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"nic9: there is no link, 5 s after the network managers started: putting e1000 back"* ]]
	[ "$(cat "$E1000_NAPI_RUN/calls")" = "load 0000:00:09.0 weight=60 --yes
restore 0000:00:09.0" ]
	# a link is enough where there was no gateway
	rm "$E1000_NAPI_RUN/calls"
	up 1
	boot
	[ "$status" -eq 0 ]
	[[ $output == *"nic9: e1000_napi has it, and its network is there"* ]]
	[ "$(cat "$E1000_NAPI_RUN/calls")" = "load 0000:00:09.0 weight=60 --yes" ]
	sed -i 's/gateway 0/gateway 1/' "$conf/$mac"
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"no default route goes over it"* ]]
	in_ns ip route add default via 10.0.0.1
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"no gateway answers: 10.0.0.1"* ]]
	in_ns ip link set dev peer9 up
	in_ns ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 nud reachable dev nic9
	boot
	[ "$status" -eq 0 ]
	# it is not in use
	sed -i 's/gateway 1/gateway 0/' "$conf/$mac"
	echo 0x1002 >"$class/flags"
	rm "$E1000_NAPI_RUN/calls"
	boot
	[ "$status" -eq 0 ]
	! grep restore "$E1000_NAPI_RUN/calls" || false
}

@test "at a boot the timeout begins when the network managers have started" {
	enable nic9 --timeout 5
	# network.target is not reached at the first look, and then the NIC is up
	cat >"$BATS_TEST_TMPDIR/bin/systemctl" <<-'END'
		#!/bin/sh
		echo "$*" >>"$E1000_NAPI_RUN/systemctl"
		[ "$(grep -c is-active "$E1000_NAPI_RUN/systemctl")" -ge 7 ]
	END
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/bin/systemd-notify"
	chmod 755 "$BATS_TEST_TMPDIR/bin/systemd-notify"
	up 0
	(sleep 7 && up 1) &
	NOTIFY_SOCKET=/nonexistent boot
	[ "$status" -eq 0 ]
	[[ $output == *"its network is there"* ]]
	! grep restore "$E1000_NAPI_RUN/calls" || false
	[ "$(grep -cx -- '-q is-active network.target' "$E1000_NAPI_RUN/systemctl")" -eq 7 ]
}

@test "at a boot a refusal of load.sh and a missing NIC are reported" {
	enable nic9
	: >"$E1000_NAPI_RUN/no-load"
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"e1000_napi did not get $mac; e1000 has it"* ]]
	rm -r "$class"
	sed -i 's/wait_for 30 found_nic/wait_for 1 found_nic/' "$tree/scripts/lib/boot.sh"
	boot
	[ "$status" -eq 1 ]
	[[ $output == *"no NIC of e1000 with the hardware address $mac"*"e1000-napi disable $mac"* ]]
	disable $mac
	[ "$status" -eq 0 ]
	[ ! -e "$conf" ]
}
