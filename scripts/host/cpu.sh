#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# On the host: sample the CPU use of one VM and tell it to the sweep in that VM.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"

usage() {
	cat <<-END
		usage: $prog [--port N] [--record FILE] HYPERVISOR VM
		       $prog [--port N] [--record FILE] pid PID
		Run this on the host while the sweep runs in the guest with
		--host ADDR:PORT (ADDR: the host's, as the guest reaches it).
		  HYPERVISOR VM  xen, virtualbox, vmware or kvm, and the name of the VM
		  pid PID        any VM that is one process, as QEMU's
		  --port N       UDP port (default 5002)
		  --record FILE  keep the samples too: time_ns,cpu (100 = one CPU thread)
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
		[ $# -ge 2 ] || usage_error "$1 wants a word after it"
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
is_uint "$port" || usage_error "--port wants a number"
napimeter=$(tool napimeter)

# ticks PID: its CPU time so far, user and system, in the kernel's ticks
ticks() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $12 + $13 }'; }

of_process() {
	hz=$(getconf CLK_TCK)
	t0=$(date +%s%N) c0=$(ticks "$1")
	echo time_ns,cpu
	echo "$t0,0"
	while sleep 0.5 && [ -e "/proc/$1" ]; do
		t1=$(date +%s%N) c1=$(ticks "$1")
		[ -n "$c1" ] || break
		awk -v t="$t1" -v ns="$((t1 - t0))" -v c="$((c1 - c0))" -v hz="$hz" \
			'BEGIN { printf "%s,%.1f\n", t, 1e11 * c / hz / ns }'
		t0=$t1 c0=$c1
	done
}

samples() {
	case $1 in
	pid) of_process "$2" ;;
	*) "$here/$1.sh" cpu "$2" ;;
	esac
}

case $1 in
pid) [ -e "/proc/$2/stat" ] || die "there is no process $2" ;;
*) [ -x "$here/$1.sh" ] || usage_error "no scripts/host/$1.sh" ;;
esac
log "answering on UDP port $port; Ctrl-C ends it"
samples "$@" | tee "$record" | "$napimeter" hostcpu "$port"
