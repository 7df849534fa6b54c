#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A VM on VirtualBox, by VBoxManage.
set -eu
kind=virtualbox title=VirtualBox
create_options="On VirtualBox --net is a host-only network (default: NAT) and --extra a
command of VBoxManage for this VM, as 'modifyvm --paravirtprovider none'."
. "$(dirname "$0")/lib.sh"

vm_exists() { VBoxManage showvminfo "$vm" >/dev/null 2>&1; }

info() { # info KEY: of VBoxManage showvminfo
	VBoxManage showvminfo "$vm" --machinereadable 2>/dev/null |
		after_text "$1=" | tr -d '"' | head -n 1
}

vm_runs() { [ "$(info VMState)" = running ]; }
is_off() { case $(info VMState) in poweroff | aborted | saved | aborted-saved) ;; *) return 1 ;; esac }

vm_create() {
	command -v VBoxManage >/dev/null 2>&1 ||
		die "VBoxManage is missing; it comes with VirtualBox (https://www.virtualbox.org/wiki/Linux_Downloads)"
	[ -z "$kernel" ] || die "VirtualBox boots no kernel file; give --iso (make iso)"
	VBoxManage createvm --name "$vm" --ostype Linux_64 --register \
		--basefolder "$state/$vm" >/dev/null || return
	if [ -n "$net" ]; then
		_nic="hostonly --hostonlyadapter1 $net"
	else
		_nic=nat
	fi
	# shellcheck disable=SC2086 # an option's words
	VBoxManage modifyvm "$vm" --memory "$mem" --cpus "$cpus" --vram 8 \
		--graphicscontroller vboxvga --audio-enabled off --ioapic on --boot1 dvd \
		--boot2 none --nic1 $_nic --nictype1 "${nic:-82540EM}" --cableconnected1 on || return
	VBoxManage storagectl "$vm" --name cd --add ide || return
	VBoxManage storageattach "$vm" --storagectl cd --port 0 --device 0 --type dvddrive \
		--medium "$iso" || return
	printf '%s' "$extra" | while read -r _command _words; do
		# shellcheck disable=SC2086 # VBoxManage's own words
		VBoxManage "$_command" "$vm" $_words || exit
	done
}

vm_start() {
	! vm_runs || die "'$vm' runs already"
	VBoxManage startvm "$vm" --type headless >/dev/null
}

# A VM that starts, hangs or is in guru meditation holds a session too. Power it off: the ISO's guest
# ignores its power button and has nothing to lose.
vm_stop() {
	vm_exists || return 0
	! is_off || return 0
	VBoxManage controlvm "$vm" poweroff >/dev/null 2>&1 || :
	if ! wait_until 20 is_off; then
		warn "'$vm' is $(info VMState) 20 s after poweroff; ending its process"
		VBoxManage startvm "$vm" --type emergencystop >/dev/null 2>&1 || :
		wait_until 20 is_off ||
			die "'$vm' is still $(info VMState); end its VBoxHeadless process, then run $prog $verb $vm again"
	fi
}

unregister() {
	_said=$(VBoxManage unregistervm "$vm" --delete 2>&1) || ! vm_exists
}

vm_destroy() {
	vm_exists || return 0
	vm_stop
	# VirtualBox closes the session some time after power-off
	wait_until 30 unregister || die "VirtualBox still holds '$vm' after 30 s ($(echo "$_said" | head -n 1)); \
end its VBoxHeadless process, then run $prog destroy $vm again"
}

vm_cpu() {
	_uuid=$(info UUID)
	[ -n "$_uuid" ] || die "there is no VM '$vm'"
	if [ -d /proc/self ]; then
		_pid=$(pgrep -f -- "$_uuid" | while read -r _p; do
			case $(cat "/proc/$_p/comm") in VBoxHeadless* | VirtualBoxVM*) echo "$_p" ;; esac
		done | head -n 1)
		[ -n "$_pid" ] || die "'$vm' does not run"
		cpu_of_process "$_pid"
		return
	fi
	# Hosts without /proc: VirtualBox's metrics are a share of all the host's CPUs
	VBoxManage metrics setup --period "$interval" --samples 1 "$vm" >/dev/null
	_cpus=$(VBoxManage list hostinfo | sed -n 's/^Processor online count: *//p')
	_n=0
	echo time_ns,cpu
	while [ "$count" -eq 0 ] || [ "$_n" -lt "$count" ]; do
		sleep "$interval"
		VBoxManage metrics query "$vm" CPU/Load/User,CPU/Load/Kernel |
			awk -v now="$(now_ns)" -v cpus="$_cpus" '
				$2 ~ /^CPU\/Load/ { sub("%", "", $3); sum += $3 }
				END { printf "%s,%.1f\n", now, sum * cpus }'
		_n=$((_n + 1))
	done
}

vm_facts() {
	echo hypervisor=VirtualBox
	echo "version=$(VBoxManage --version | tail -n 1)"
	echo "host_kernel=$(uname -sr)"
	vm_exists || return 0
	echo "nic=$(info nictype1)"
	echo "nic_attachment=$(info nic1)"
	# ITR is off in VirtualBox's e1000 unless this says otherwise
	_itr=$(VBoxManage getextradata "$vm" VBoxInternal/Devices/e1000/0/Config/ItrEnabled |
		sed -n 's/^Value: //p')
	echo "nic_itr_enabled=${_itr:-default}"
	echo "vcpus=$(info cpus)"
	echo "paravirt_provider=$(info effparavirtprovider)"
	echo "tsc_mode=$(VBoxManage getextradata "$vm" VBoxInternal/TM/TSCMode |
		sed -n 's/^Value: //p')"
}

host_main "$@"
