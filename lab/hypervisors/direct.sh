# shellcheck shell=sh disable=SC2154,SC2034 # of and for the scripts that source this
# SPDX-License-Identifier: GPL-2.0
# For the labs whose hypervisor is QEMU itself: its host is this machine, the job runs
# in a network namespace of its own (tap.sh), and the guest is a VM of host/kvm.sh.

guest_console=console=ttyS0,115200
guest_append=quiet

host_prepare() {
	choose_accel
	space=lab-e1000_napi-$$
	for _path in /run/netns/lab-e1000_napi-*; do
		[ ! -e "$_path" ] || [ -e "/proc/${_path##*-}" ] || "$here/../tap.sh" down "${_path##*/}"
	done
	"$here/../tap.sh" up "$space" 1
}

# host_machine PREFIX…: run the job with this prefix
host_machine() {
	cd "$share" || exit
	export XDG_STATE_HOME="$work/state" E1000_NAPI_ACCEL="$accel"
	"$@" ip netns exec "$space" sh ./job >log 2>&1
	echo $? >status.new
	mv status.new status
}

host_tidy() { [ -z "${space-}" ] || "$here/../tap.sh" down "$space"; }
