#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# On the host: sample the CPU use of one VM, and answer the sweep in that VM.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/host/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/lib/own-file.sh
. "$here/../lib/own-file.sh"

usage() {
	cat <<-END
		usage: $prog [--port N] [--record FILE] HYPERVISOR VM
		       $prog [--port N] [--record FILE] pid PID
		Answer a guest's sweep with the CPU use of its VM. Run this on the host while the
		sweep runs with --host ADDR:PORT (ADDR: the host's, as the guest reaches it).
		  HYPERVISOR VM  xen, virtualbox, vmware or kvm, and the name of the VM
		  pid PID        any VM that is one process, as QEMU's
		  --port N       UDP port (default 5002)
		  --record FILE  keep the samples too: time_ns,cpu (100 = one CPU thread)
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: $prog kvm VM
	END
}

operand() {
	[ -z "$vm" ] || usage_error "say HYPERVISOR VM, or pid PID"
	[ -z "$kind" ] && kind=$1 || vm=$1
}
port=5002 record=/dev/null kind='' vm=''
parse "$@"
[ -n "$vm" ] || usage_error "say HYPERVISOR VM, or pid PID"
{ is_uint "$port" && [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; } ||
	usage_error "--port requires a number from 1 to 65535, not '$port'"
need_own_file "$record" "--record $record" "write there; give a file in a folder of your own" 002
napimeter=$(tool napimeter)

samples() {
	case $kind in
	pid)
		# shellcheck disable=SC2034 # for cpu_of_process
		interval=0.5 count=0
		cpu_of_process "$vm"
		;;
	*) "$here/$kind.sh" cpu "$vm" ;;
	esac
}

case $kind in
pid) [ -e "/proc/$vm/stat" ] || die "there is no process $vm" ;;
xen | virtualbox | vmware | kvm)
	"$here/$kind.sh" facts "$vm" 2>/dev/null | grep -qx running=yes ||
		die "no VM $vm runs on $kind here; start it first"
	;;
*) usage_error "which hypervisor: xen, virtualbox, vmware or kvm, not '$kind'" ;;
esac
log "answering on UDP port $port; Ctrl-C ends it"
samples | tee "$record" | "$napimeter" hostcpu "$port"
