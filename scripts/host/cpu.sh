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

port=5002 record=/dev/null
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--port | --record)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--port) port=$2 ;;
		--record) record=$2 ;;
		esac
		shift 2
		;;
	-*) usage_error "unknown option '$1'" ;;
	*) break ;;
	esac
done
[ $# -eq 2 ] || usage_error "say HYPERVISOR VM, or pid PID"
{ is_uint "$port" && [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; } ||
	usage_error "--port requires a number from 1 to 65535, not '$port'"
need_own_file "$record" "--record $record" "write there; give a file in a folder of your own" 002
napimeter=$(tool napimeter)

samples() {
	case $1 in
	pid)
		# shellcheck disable=SC2034 # for cpu_of_process
		interval=0.5 count=0
		cpu_of_process "$2"
		;;
	*) "$here/$1.sh" cpu "$2" ;;
	esac
}

case $1 in
pid) [ -e "/proc/$2/stat" ] || die "there is no process $2" ;;
xen | virtualbox | vmware | kvm)
	"$here/$1.sh" facts "$2" 2>/dev/null | grep -qx running=yes ||
		die "no VM $2 runs on $1 here; start it first"
	;;
*) usage_error "which hypervisor: xen, virtualbox, vmware or kvm, not '$1'" ;;
esac
log "answering on UDP port $port; Ctrl-C ends it"
samples "$@" | tee "$record" | "$napimeter" hostcpu "$port"
