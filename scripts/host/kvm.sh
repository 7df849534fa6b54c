#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A VM on KVM: one QEMU process, without libvirt. QEMU without KVM where there is none.
set -eu
kind=kvm title='KVM (QEMU)'
create_options="On KVM --net is a tap device that is there, or user (default: NAT of QEMU's own)
and --extra one more argument for QEMU. E1000_NAPI_ACCEL=tcg does without KVM."
. "$(dirname "$0")/lib.sh"

pid_of() {
	_pid=$(cat "$state/$vm/pid" 2>/dev/null) || return
	tr '\0' '\n' <"/proc/$_pid/cmdline" 2>/dev/null | grep -qxF "e1000_napi-$vm" &&
		echo "$_pid"
}

vm_runs() { pid_of >/dev/null; }

# Without libvirt the only list of VMs is that of processes
vm_exists() { pgrep -f -- "-name (guest=)?$vm( |,|\$)" >/dev/null; }

vm_create() {
	need qemu-system-x86_64 qemu-system-x86
	case ${net:-user} in
	user) _netdev=user,id=net0 ;;
	*) _netdev=tap,id=net0,ifname=$net,script=no,downscript=no ;;
	esac
	_accel=${E1000_NAPI_ACCEL:-kvm}
	_cpu=max
	[ "$_accel" = tcg ] || _cpu=host
	# One argument per line
	{
		printf '%s\n' -name "e1000_napi-$vm" -accel "$_accel" -cpu "$_cpu" -m "$mem" \
			-smp "$cpus" -display none -netdev "$_netdev" -device "${nic:-e1000},netdev=net0" \
			-serial "file:$state/$vm/serial" -monitor "unix:$state/$vm/monitor,server,nowait"
		if [ -n "$kernel" ]; then
			printf '%s\n' -kernel "$kernel" -initrd "$initrd" -append "$append"
		else
			printf '%s\n' -cdrom "$iso"
		fi
		printf '%s' "$extra"
	} >"$state/$vm/arguments"
}

vm_start() {
	! vm_runs || die "'$vm' runs already"
	set -f
	IFS='
'
	# shellcheck disable=SC2046 # one argument a line
	set -- $(cat "$state/$vm/arguments")
	unset IFS
	set +f
	qemu-system-x86_64 "$@" -daemonize -pidfile "$state/$vm/pid"
}

vm_stop() {
	_pid=$(pid_of) || return 0
	kill "$_pid"
	wait_until 20 gone || kill -9 "$_pid"
	wait_until 10 gone ||
		die "QEMU's process $_pid does not end; once it has, run $prog $verb $vm again"
}

vm_destroy() { vm_stop; }

vm_cpu() {
	_pid=$(pid_of) || _pid=$(pgrep -f -- "-name (guest=)?$vm( |,|\$)" | head -n 1)
	[ -n "$_pid" ] || die "'$vm' does not run"
	cpu_of_process "$_pid"
}

vm_facts() {
	echo "hypervisor=$([ "${E1000_NAPI_ACCEL:-kvm}" = tcg ] && echo 'QEMU TCG' || echo KVM)"
	echo "version=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version //p')"
	echo "host_kernel=$(uname -sr)"
	[ -r "$state/$vm/arguments" ] || return 0
	echo "nic=$(grep '^e1000.*,netdev=' "$state/$vm/arguments" | cut -d, -f1)"
	# QEMU's e1000 throttles interrupts as the driver asks, unless mitigation is off
	echo "nic_mitigation=$(grep -q 'mitigation=off' "$state/$vm/arguments" && echo off || echo on)"
	echo "vcpus=$(sed -n '/^-smp$/{n;p;}' "$state/$vm/arguments")"
}

host_main "$@"
