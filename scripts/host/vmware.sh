#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A VM on VMware Workstation or Fusion, by vmrun, or on ESXi, by vim-cmd and esxtop.
set -eu
kind=vmware title=VMware
create_options="On VMware --net is bridged, nat or hostonly (on ESXi a port group) and --extra a
line of the .vmx file."
. "$(dirname "$0")/lib.sh"

on_esxi() { command -v vim-cmd >/dev/null 2>&1; }

# On ESXi only a datastore holds VMs: E1000_NAPI_DATASTORE=/vmfs/volumes/NAME
vmx() {
	if on_esxi; then
		echo "${E1000_NAPI_DATASTORE:-/vmfs/volumes/datastore1}/$vm/$vm.vmx"
	else
		echo "$state/$vm/$vm.vmx"
	fi
}

esxi_id() { vim-cmd vmsvc/getallvms | awk -v vm="$vm" '$2 == vm { print $1 }'; }

vm_exists() {
	if on_esxi; then
		[ -n "$(esxi_id)" ]
	else
		[ -e "$(vmx)" ]
	fi
}

vm_runs() {
	if on_esxi; then
		vim-cmd vmsvc/power.getstate "$(esxi_id)" 2>/dev/null | grep -q 'Powered on'
	else
		vmrun list 2>/dev/null | grep -qxF "$(vmx)"
	fi
}

vm_create() {
	[ -z "$kernel" ] || die "VMware boots no kernel file; give --iso (make iso)"
	on_esxi || command -v vmrun >/dev/null 2>&1 ||
		die "vmrun is missing; it comes with VMware Workstation and VMware Fusion"
	mkdir -p "$(dirname "$(vmx)")" || return
	if on_esxi; then
		_net="ethernet0.networkName = \"${net:-VM Network}\""
	else
		_net="ethernet0.connectionType = \"${net:-nat}\""
	fi
	cat >"$(vmx)" <<-END || return
		config.version = "8"
		virtualHW.version = "10"
		displayName = "$vm"
		guestOS = "other3xlinux-64"
		memsize = "$mem"
		numvcpus = "$cpus"
		ide1:0.present = "TRUE"
		ide1:0.deviceType = "cdrom-image"
		ide1:0.fileName = "$iso"
		ethernet0.present = "TRUE"
		ethernet0.virtualDev = "${nic:-e1000}"
		ethernet0.addressType = "generated"
		$_net
		serial0.present = "TRUE"
		serial0.fileType = "file"
		serial0.fileName = "$vm.serial"
		pciBridge0.present = "TRUE"
		floppy0.present = "FALSE"
		sound.present = "FALSE"
	END
	printf '%s' "$extra" >>"$(vmx)"
	! on_esxi || vim-cmd solo/registervm "$(vmx)" "$vm" >/dev/null
}

vm_start() {
	if on_esxi; then
		vim-cmd vmsvc/power.on "$(esxi_id)" >/dev/null
	else
		vmrun start "$(vmx)" nogui
	fi
}

# The ISO's guest has no VMware tools for a clean shutdown, and nothing to lose
vm_stop() {
	vm_runs || return 0
	if on_esxi; then
		vim-cmd vmsvc/power.off "$(esxi_id)" >/dev/null
	else
		vmrun stop "$(vmx)" hard
	fi || gone || die "VMware did not stop '$vm', see above; run $prog $verb $vm again"
	wait_until 20 gone ||
		die "'$vm' runs 20 s after it was stopped; end its process, then run $prog $verb $vm again"
}

delete() {
	if on_esxi; then
		_said=$(vim-cmd vmsvc/destroy "$(esxi_id)" 2>&1)
	else
		_said=$(vmrun deleteVM "$(vmx)" 2>&1)
	fi || ! vm_exists
}

vm_destroy() {
	vm_exists || return 0
	vm_stop
	# VMware keeps the files locked for some time
	wait_until 30 delete || die "VMware still holds '$vm' after 30 s ($(echo "$_said" | head -n 1)); \
end its vmware-vmx process, then run $prog destroy $vm again"
}

# esxtop's CSV names its columns once: \\host\Group Cpu(ID:VM)\% Used, 100 = one thread.
# Its first sample covers no interval.
cpu_of_esxtop() {
	_iterations=''
	[ "$count" -eq 0 ] || _iterations="-n $((count + 1))"
	# esxtop samples every 2 s at the soonest
	[ "$interval" -ge 2 ] || interval=2
	echo time_ns,cpu
	# shellcheck disable=SC2086 # an option and its word
	esxtop -b -d "$interval" $_iterations | while IFS= read -r _line; do
		if [ -z "${_column-}" ]; then
			_column=$(echo "$_line" | sed 's/","/\n/g' |
				grep -nE "Group Cpu\([0-9]+:$vm\).% Used" | head -n 1 | cut -d: -f1)
			[ -n "$_column" ] || die "esxtop shows no VM '$vm'"
			_first=1
		elif [ -n "$_first" ]; then
			_first=''
		else
			echo "$(now_ns),$(echo "$_line" | sed 's/","/\n/g' | awk -v n="$_column" 'NR == n' | tr -d '"')"
		fi
	done
}

vm_cpu() {
	if command -v esxtop >/dev/null 2>&1; then
		cpu_of_esxtop
		return
	fi
	_pid=$(pgrep -f -- "vmware-vmx.*/$vm\.vmx" | head -n 1)
	[ -n "$_pid" ] || die "'$vm' does not run"
	[ -d /proc/self ] ||
		die "no /proc here: use top -pid $_pid, its share is of one CPU thread too"
	cpu_of_process "$_pid"
}

vm_facts() {
	echo hypervisor=VMware
	if on_esxi; then
		echo "version=$(vmware -vl | head -n 1)"
	else
		echo "version=$(vmrun 2>/dev/null | sed -n 's/^vmrun version //p' | head -n 1)"
	fi
	[ -r "$(vmx)" ] || return 0
	for _key in numvcpus memsize ethernet0.virtualDev ethernet0.connectionType \
		ethernet0.networkName; do
		_value=$(after_text "$_key = " <"$(vmx)" | tr -d '"')
		# VMware's e1000 is an 82545EM
		[ "$_value" != e1000 ] || _value='e1000 (82545EM)'
		[ -z "$_value" ] || echo "$(echo "$_key" | tr . _)=$_value"
	done
}

host_main "$@"
