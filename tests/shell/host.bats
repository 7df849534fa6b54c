#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/host/*.sh against stand-ins for xl, VBoxManage, vmrun, esxtop that keep a
# list of VMs and note how they were called; KVM's against the real QEMU.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	fake=$BATS_TEST_TMPDIR/fake
	mkdir -p "$fake"
	export FAKE=$fake PATH=$fake:$PATH
	echo iso >"$BATS_TEST_TMPDIR/guest.iso"
	iso=$BATS_TEST_TMPDIR/guest.iso
	state_of_his=$BATS_TEST_TMPDIR/his
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/kvm.pid" ] || kill "$(cat "$BATS_TEST_TMPDIR/kvm.pid")" || :
}

# bash forgives a failing "! command", so say it with a word
refute() { if "$@"; then return 1; fi; }

# program NAME: a stand-in, its body from stdin
program() {
	{
		echo '#!/bin/sh'
		echo 'echo "${0##*/} $*" >>"$FAKE/calls"'
		cat
	} >"$fake/$1"
	chmod +x "$fake/$1"
}

fake_xl() {
	program xl <<-'END'
		for last; do :; done
		case $1 in
		domid) [ -e "$FAKE/vm-$2" ] && echo 7 ;;
		create)
			name=$(sed -n 's/^name="\(.*\)"/\1/p' "$last")
			[ "$3" = -n ] || : >"$FAKE/vm-$name"
			cp "$last" "$FAKE/cfg"
			;;
		destroy) rm "$FAKE/vm-$2" ;;
		vcpu-list) echo Name; echo vcpu ;;
		info) echo 'xen_version            : 4.17.5' ;;
		esac
	END
	program xentop <<-'END'
		for cpu in 0.0 12.5 80.0; do
			echo '      NAME  STATE   CPU(sec) CPU(%)     MEM(k)'
			echo "  Domain-0 -----r        100   99.0    1048576"
			echo "      tiny --b---          1    $cpu     262144"
			echo "     tiny2 --b---          1   55.0     262144"
		done
	END
}

fake_vbox() {
	program VBoxManage <<-'END'
		case $1 in
		--version) echo 7.2.22r1 ;;
		createvm) echo poweroff >"$FAKE/vm-$3" ;;
		showvminfo)
			[ -e "$FAKE/vm-$2" ] || exit 1
			echo "VMState=\"$(cat "$FAKE/vm-$2")\""
			echo 'UUID="1-2-3"'
			;;
		startvm)
			case $* in
			*emergencystop) [ -e "$FAKE/stuck" ] || echo poweroff >"$FAKE/vm-$2" ;;
			*) echo running >"$FAKE/vm-$2" ;;
			esac
			;;
		controlvm) [ -e "$FAKE/hangs" ] || echo poweroff >"$FAKE/vm-$2" ;;
		unregistervm)
			if [ "$(cat "$FAKE/vm-$2")" != poweroff ] || [ -e "$FAKE/locked" ]; then
				rm -f "$FAKE/locked"
				echo "VBoxManage: error: Cannot unregister the machine '$2' while it is locked" >&2
				exit 1
			fi
			rm "$FAKE/vm-$2"
			;;
		getextradata) echo 'No value set!' ;;
		storageattach) [ ! -e "$FAKE/break" ] ;;
		esac
	END
}

fake_vmrun() {
	program vmrun <<-'END'
		case $1 in
		list) cat "$FAKE/running" 2>/dev/null || : ;;
		start) echo "$2" >"$FAKE/running" ;;
		stop) rm "$FAKE/running" ;;
		deleteVM) rm "$2" ;;
		'') echo 'vmrun version 1.17.0' ;;
		esac
	END
}

# ESXi's: its list of VMs is the files vm-NAME, whose content is the state
fake_esxi() {
	program vim-cmd <<-'END'
		case $1 in
		vmsvc/getallvms)
			echo 'Vmid Name File Guest_OS'
			for f in "$FAKE"/vm-*; do
				[ ! -e "$f" ] || echo "id-${f##*/vm-} ${f##*/vm-} [datastore1] other"
			done
			;;
		vmsvc/power.getstate) echo "Powered $(cat "$FAKE/vm-${2#id-}")" ;;
		vmsvc/power.on) echo on >"$FAKE/vm-${2#id-}" ;;
		vmsvc/power.off) echo off >"$FAKE/vm-${2#id-}" ;;
		vmsvc/destroy) rm "$FAKE/vm-${2#id-}" ;;
		solo/registervm) echo off >"$FAKE/vm-$3" ;;
		esac
	END
	program vmware <<-'END'
		echo 'VMware ESXi 8.0.0 build-1'
	END
	export E1000_NAPI_DATASTORE=$BATS_TEST_TMPDIR/datastore
}

whole_life() { # whole_life KIND
	h=scripts/host/$1.sh
	"$h" create tiny --iso "$iso" --mem 300
	"$h" start tiny
	"$h" facts tiny | grep -q ^version=
	run "$h" create tiny --iso "$iso"
	[ "$status" -eq 1 ]
	"$h" stop tiny
	run "$h" destroy tiny </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *--yes* ]]
	"$h" destroy tiny --yes
	run "$h" start tiny
	[ "$status" -eq 1 ]
	[[ $output == *"not made by"* ]]
}

@test "xen: a VM's whole life" {
	fake_xl
	whole_life xen
	grep -qx memory=300 "$fake/cfg"
	grep -qF "model=e1000,bridge=xenbr0" "$fake/cfg"
	grep -qx xen_platform_pci=0 "$fake/cfg"
	[ ! -e "$fake/vm-tiny" ]
}

@test "virtualbox: a VM's whole life" {
	fake_vbox
	whole_life virtualbox
	grep -q 'modifyvm tiny.*--nictype1 82540EM' "$fake/calls"
	[ ! -e "$fake/vm-tiny" ]
}

@test "virtualbox: destroy removes a VM that is locked, hangs or starts" {
	fake_vbox
	# Waits that a test need not sit through
	program sleep <<<:
	h=scripts/host/virtualbox.sh
	"$h" create tiny --iso "$iso"
	: >"$fake/locked"
	"$h" destroy tiny --yes
	for state in starting gurumeditation running; do
		"$h" create tiny --iso "$iso"
		echo "$state" >"$fake/vm-tiny"
		"$h" destroy tiny --yes
		[ ! -e "$fake/vm-tiny" ]
	done
	# date moves on by 7 s a call
	program date <<-'END'
		n=$(($(cat "$FAKE/now" 2>/dev/null || echo 0) + 7))
		echo "$n" | tee "$FAKE/now"
	END
	: >"$fake/hangs"
	"$h" create tiny --iso "$iso"
	"$h" start tiny
	"$h" destroy tiny --yes
	grep -q 'startvm tiny --type emergencystop' "$fake/calls"
	[ ! -e "$fake/vm-tiny" ]
	# A VM that cannot be ended is still ours, and destroy can be run again
	: >"$fake/stuck"
	"$h" create tiny --iso "$iso"
	"$h" start tiny
	run "$h" destroy tiny --yes
	[ "$status" -eq 1 ]
	[[ $output == *"then run virtualbox.sh destroy tiny again"* ]]
	rm "$fake/stuck"
	"$h" destroy tiny --yes
	[ ! -e "$fake/vm-tiny" ]
}

@test "xen: destroy waits for a domain that takes its time to die" {
	fake_xl
	program sleep <<<:
	sed -i 's,destroy) .*,destroy) : >"$FAKE/dying-$2" ;;,
		s,domid) ,domid) if [ -e "$FAKE/dying-$2" ]; then rm "$FAKE/vm-$2" "$FAKE/dying-$2"; echo 7; exit; fi; ,' "$fake/xl"
	scripts/host/xen.sh create tiny --iso "$iso"
	scripts/host/xen.sh start tiny
	scripts/host/xen.sh destroy tiny --yes
	[ ! -e "$fake/vm-tiny" ]
}

@test "vmware: a VM's whole life" {
	fake_vmrun
	scripts/host/vmware.sh create tiny --iso "$iso"
	grep -qx 'ethernet0.virtualDev = "e1000"' "$XDG_STATE_HOME"/e1000_napi/host/vmware/tiny/tiny.vmx
	scripts/host/vmware.sh destroy tiny --yes
	whole_life vmware
}

@test "vmware: a VM's whole life on ESXi" {
	fake_esxi
	whole_life vmware
	[ ! -e "$fake/vm-tiny" ]
	grep -q '^vim-cmd vmsvc/power.off id-tiny' "$fake/calls"
	grep -qx 'ethernet0.networkName = "VM Network"' "$E1000_NAPI_DATASTORE/tiny/tiny.vmx"
}

@test "destroy asks, and only y is yes" {
	fake_xl
	scripts/host/xen.sh create tiny --iso "$iso"
	scripts/host/xen.sh start tiny
	for answer in n '' yes; do
		[ -e "$fake/vm-tiny" ]
		run script -qec 'scripts/host/xen.sh destroy tiny' /dev/null <<<"$answer"
		[[ $output == *"Destroy the VM tiny and its files? [y/N]"* ]]
	done
	[ "$status" -eq 0 ]
	[ ! -e "$fake/vm-tiny" ]
}

@test "a VM that is not ours is never touched" {
	fake_xl
	fake_vbox
	fake_esxi
	echo on >"$fake/vm-theirs"
	bash -c 'exec -a "qemu-system-x86_64 -name guest=theirs,debug-threads=on" sleep 60' 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/kvm.pid"
	for kind in xen virtualbox vmware kvm; do
		for verb in start stop; do
			run "scripts/host/$kind.sh" $verb theirs
			[ "$status" -eq 1 ]
		done
		run "scripts/host/$kind.sh" destroy theirs --yes
		[ "$status" -eq 1 ]
		run "scripts/host/$kind.sh" create theirs --iso "$iso"
		[ "$status" -eq 1 ]
		[[ $output == *"another name"* ]]
	done
	[ "$(cat "$fake/vm-theirs")" = on ]
	kill -0 "$(cat "$BATS_TEST_TMPDIR/kvm.pid")"
	refute grep -Eq 'create|destroy|startvm|controlvm|(un)?register|modifyvm|power.o' "$fake/calls"
}

@test "a VM that cannot be made leaves nothing behind" {
	fake_vbox
	: >"$fake/break"
	run scripts/host/virtualbox.sh create tiny --iso "$iso"
	[ "$status" -eq 1 ]
	[ ! -e "$fake/vm-tiny" ]
	[ ! -e "$XDG_STATE_HOME/e1000_napi/host/virtualbox/tiny" ]
}

@test "xen: CPU is this VM's by xentop, without its first sample" {
	fake_xl
	: >"$fake/vm-tiny"
	run scripts/host/xen.sh cpu tiny --count 2
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = time_ns,cpu ]
	[[ ${lines[1]} =~ ^[0-9]{19},12\.5$ ]]
	[[ ${lines[2]} =~ ^[0-9]{19},80\.0$ ]]
}

@test "vmware: CPU is this VM's by esxtop, without its first sample" {
	program esxtop <<-'END'
		echo '"(PDH-CSV 4.0) (UTC)(0)","\\h\Group Cpu(1:idle)\% Used","\\h\Group Cpu(12:tiny2)\% Used","\\h\Group Cpu(13:tiny)\% Run","\\h\Group Cpu(13:tiny)\% Used"'
		echo '"11/23/2026 06:00:00","1","2","3","0.00"'
		echo '"11/23/2026 06:00:02","1","2","3","151.25"'
	END
	run scripts/host/vmware.sh cpu tiny --count 1
	[ "$status" -eq 0 ]
	[[ ${lines[1]} =~ ^[0-9]{19},151\.25$ ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "kvm: a real QEMU's whole life, its CPU measured" {
	export E1000_NAPI_ACCEL=tcg
	vmlinux=$(lab/image.sh)/vmlinux
	echo >"$BATS_TEST_TMPDIR/initrd"
	h=scripts/host/kvm.sh
	"$h" create tiny --kernel "$vmlinux" --initrd "$BATS_TEST_TMPDIR/initrd" \
		--append 'console=ttyS0 panic=0' --cpus 1 --mem 256
	"$h" start tiny
	cp "$XDG_STATE_HOME/e1000_napi/host/kvm/tiny/pid" "$BATS_TEST_TMPDIR/kvm.pid"
	run "$h" cpu tiny --count 2
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	# Booting, it computes; and one vCPU cannot use much over one thread and some
	echo "${lines[1]}" | awk -F, '{ exit !($2 > 5 && $2 < 300) }'
	"$h" facts tiny | grep -qx nic=e1000
	"$h" destroy tiny --yes
	run pgrep -f 'name e1000_napi-tiny '
	[ "$status" -eq 1 ]
	rm "$BATS_TEST_TMPDIR/kvm.pid"
	run "$h" cpu tiny
	[ "$status" -eq 1 ]
	[[ $output == *"does not run"* ]]
}

@test "wrong arguments are named" {
	for h in xen virtualbox vmware kvm; do
		run scripts/host/$h.sh
		[ "$status" -eq 2 ]
		run scripts/host/$h.sh create ../x --iso "$iso"
		[ "$status" -eq 2 ]
		run scripts/host/$h.sh cpu x --interval 1.5
		[ "$status" -eq 2 ]
		run scripts/host/$h.sh --help
		[ "$status" -eq 0 ]
	done
	fake_vbox
	run scripts/host/virtualbox.sh create tiny --iso /nonexistent
	[ "$status" -eq 2 ]
}

@test "an answer is not a question: two hosts cannot be set on each other" {
	mkfifo "$BATS_TEST_TMPDIR/samples"
	build/tools/napimeter hostcpu 15998 <"$BATS_TEST_TMPDIR/samples" 3>&- &
	pid=$!
	exec 9>"$BATS_TEST_TMPDIR/samples"
	sleep 0.5
	run python3 - <<-'END'
		import socket
		s = socket.socket(type=socket.SOCK_DGRAM)
		s.settimeout(1)
		def ask(text):
		    s.sendto(text, ("127.0.0.1", 15998))
		    try:
		        return s.recv(200).decode().split()[:2]
		    except socket.timeout:
		        return None
		print(ask(b"clock 7"), ask(b"clock 7 1 2"), ask(b"cpu 1 2 3"))
	END
	exec 9>&-
	kill "$pid" 2>/dev/null || :
	[ "$output" = "['clock', '7'] None None" ]
}

@test "root takes no list of VMs from another user's HOME" {
	[ "$(id -u)" -eq 0 ] || skip "root only: it makes another user's folders"
	unset SUDO_UID SUDO_GID
	fake_xl
	whole_life xen
	mkdir -p "$state_of_his"/e1000_napi/host/xen/tiny
	: >"$fake/vm-tiny"
	: >"$state_of_his/e1000_napi/host/xen/tiny/made"
	chown -R 12345 "$state_of_his"
	for verb in start stop facts 'destroy --yes' "create --iso $iso"; do
		# shellcheck disable=SC2046 # words
		XDG_STATE_HOME=$state_of_his run scripts/host/xen.sh ${verb%% *} tiny $(echo "$verb" | sed 's/^[a-z]*//')
		[ "$status" -eq 1 ]
		[[ $output == *"$state_of_his belongs to another user"* ]]
	done
	[ -e "$fake/vm-tiny" ]
}
