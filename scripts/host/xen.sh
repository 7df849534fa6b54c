#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A VM on Xen, from dom0, by xl. Full virtualisation: a PV guest has no e1000.
set -eu
kind=xen title=Xen
create_options="On Xen --net is the bridge (default xenbr0) and --extra a line of the xl file."
. "$(dirname "$0")/lib.sh"

vm_exists() { xl domid "$vm" >/dev/null 2>&1; }

vm_runs() { vm_exists; }

vm_create() {
	need xl xen-utils-common
	# xen_platform_pci=0: else the guest's kernel unplugs the emulated NIC for Xen's own
	cat >"$state/$vm/vm.cfg" <<-END
		name="$vm"
		type="hvm"
		memory=$mem
		vcpus=$cpus
		vif=['type=ioemu,model=${nic:-e1000},bridge=${net:-xenbr0}']
		xen_platform_pci=0
		vga="none"
		vnc=0
		sdl=0
		usb=0
		serial="pty"
		on_reboot="restart"
		on_crash="destroy"
	END
	if [ -n "$kernel" ]; then
		cat >>"$state/$vm/vm.cfg" <<-END
			kernel="$kernel"
			ramdisk="$initrd"
			extra="$append"
		END
	else
		# The ISO is a disk image as well; a disk needs no CD drive
		cat >>"$state/$vm/vm.cfg" <<-END
			disk=['format=raw,vdev=hda,access=rw,backendtype=qdisk,target=$iso']
			hdtype="ahci"
			boot="c"
		END
	fi
	printf '%s' "$extra" >>"$state/$vm/vm.cfg"
	xl create -q -n "$state/$vm/vm.cfg" >"$state/$vm/log" 2>&1 || {
		cat "$state/$vm/log" >&2
		return 1
	}
}

vm_start() {
	! vm_exists || die "'$vm' runs already"
	xl create -q "$state/$vm/vm.cfg"
}

vm_stop() {
	vm_exists || return 0
	# The ISO's guest ignores shutdown requests and has nothing to lose
	xl destroy "$vm" || gone ||
		die "xl did not destroy '$vm', see above; run $prog $verb $vm again"
	# The domain dies some time after xl returns; its name is in use until then
	wait_until 20 gone ||
		die "'$vm' has not gone after 20 s; look at 'xl list', then run $prog $verb $vm again"
}

vm_destroy() { vm_stop; }

# xentop's first sample is always 0, and it buffers its output in a pipe.
vm_cpu() {
	need xentop xen-system-amd64
	vm_exists || die "there is no running '$vm'"
	_iterations=''
	[ "$count" -eq 0 ] || _iterations="-i $((count + 1))"
	echo time_ns,cpu
	# shellcheck disable=SC2086 # an option and its word
	stdbuf -oL xentop -b -f -d "$interval" $_iterations |
		while read -r _name _ _ _cpu _; do
			case $_name in
			"$vm") _seen=1 ;;
			Domain-0)
				# A new round began, and the last one lacked the VM: it is gone
				[ "${_seen-1}" = 1 ] || break
				_seen=0
				continue
				;;
			*) continue ;;
			esac
			if [ -z "${_first-}" ]; then
				_first=1
				continue
			fi
			echo "$(now_ns),$_cpu"
		done
}

vm_facts() {
	need xl xen-utils-common
	echo hypervisor=Xen
	xl info | sed -n 's/^xen_version *: */version=/p; s/^\(virt_caps\|xen_commandline\) *: */\1=/p'
	echo "dom0_kernel=$(uname -r)"
	_domid=$(xl domid "$vm" 2>/dev/null) || return 0
	echo "domid=$_domid"
	echo "vcpus=$(xl vcpu-list "$vm" | tail -n +2 | wc -l)"
	[ -r "$state/$vm/vm.cfg" ] || return 0
	echo "nic=$(sed -n 's/.*model=\([^,]*\).*/\1/p' "$state/$vm/vm.cfg")"
	# QEMU's e1000 throttles interrupts as the driver asks, unless mitigation is off
	echo "nic_mitigation=$(grep -q 'mitigation=off' "$state/$vm/vm.cfg" && echo off || echo on)"
	echo "xen_platform_pci=$(sed -n 's/^xen_platform_pci=//p' "$state/$vm/vm.cfg")"
}

host_main "$@"
