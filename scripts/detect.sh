#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which hypervisor is this guest on, and has it an e1000 NIC?
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/options.sh"

usage() {
	cat <<-END
		usage: $prog [--json | --record] [--root DIR]
		Say which hypervisor this guest runs on and which e1000 NICs it has; if none,
		how to give it one there. Needs no root (VirtualBox's version does).
		  --json      for scripts
		  --record    print everything it looks at, one line per file
		  --root DIR  look at the proc and sys in DIR instead of this machine's
		Hypervisor: xen-hvm, xen-pvh, xen-pv, virtualbox, vmware, kvm, qemu-tcg, hyperv,
		unknown, none.
		Exit status: 0 there is an e1000 NIC, 1 there is none, 2 wrong usage.
		Example: $prog --json
	END
}

root=''
line_of() { # line_of PATH: its first line, or nothing
	[ ! -r "$root$1" ] || head -n 1 "$root$1" 2>/dev/null | tr -d '\0' || :
}

dmi() { line_of "/sys/class/dmi/id/$1"; }

cpu_says() { # cpu_says PATTERN: in /proc/cpuinfo
	grep -qsE "$1" "$root/proc/cpuinfo"
}

clock() { # clock NAME: the kernel has this clock source
	grep -qsw -- "$1" \
		"$root/sys/devices/system/clocksource/clocksource0/available_clocksource"
}

# Check DMI before CPUID: VirtualBox shows its guests KVM's signature, and KVM can show
# Hyper-V's. Check Xen's own directory before both.
hypervisor() {
	if [ "$(line_of /sys/hypervisor/type)" = xen ]; then
		case $(line_of /sys/hypervisor/guest_type) in
		PV) echo xen-pv ;;
		PVH) echo xen-pvh ;;
		HVM) echo xen-hvm ;;
		# Kernels before 4.13 do not report the type; a PV guest has no DMI
		*) [ -n "$(dmi sys_vendor)" ] && echo xen-hvm || echo xen-pv ;;
		esac
		return
	fi
	case "$(dmi sys_vendor)/$(dmi product_name)" in
	Xen/*) echo xen-hvm ;;
	innotek* | */VirtualBox) echo virtualbox ;;
	VMware*) echo vmware ;;
	Microsoft*/Virtual*) echo hyperv ;;
	*)
		if clock kvm-clock; then
			echo kvm
		elif cpu_says 'QEMU' || [ "$(dmi sys_vendor)" = QEMU ]; then
			# The host may hide KVM's clock; the guest's CPU is then the host's
			cpu_says '^model name.*(QEMU|TCG)' && echo qemu-tcg || echo kvm
		elif clock hyperv_clocksource_tsc_page || clock hyperv_clocksource_msr; then
			echo hyperv
		elif cpu_says '^flags.* hypervisor'; then
			echo unknown
		else
			echo none
		fi
		;;
	esac
}

version() {
	local v
	case $1 in
	xen-*)
		v=$(line_of /sys/hypervisor/version/major).$(line_of /sys/hypervisor/version/minor)
		[ "$v" = . ] || echo "$v$(line_of /sys/hypervisor/version/extra)"
		;;
	virtualbox)
		# An OEM string of DMI, readable by root only
		{ tr '\0' '\n' <"$root/sys/firmware/dmi/entries/11-0/raw"; } 2>/dev/null |
			sed -n 's/.*vboxVer_\([0-9.]*\).*/\1/p' || :
		;;
	none) ;;
	*) dmi product_version ;;
	esac
}

# PCI ids of the stock driver of kernel 6.1 and later
E1000='1000 1001 1004 1008 1009 100c 100d 100e 100f 1010 1011 1012 1013 1014 1015 1016 1017
1018 1019 101a 101d 101e 1026 1027 1028 1075 1076 1077 1078 1079 107a 107b 107c 108a 1099
10b5 2e6e'

model() {
	case $1 in
	1004) echo 82543GC ;;
	1008 | 1009) echo 82544EI ;;
	100c | 100d) echo 82544GC ;;
	100e) echo 82540EM ;;
	100f) echo 82545EM ;;
	1010) echo 82546EB ;;
	1026) echo 82545GM ;;
	1079) echo 82546GB ;;
	*) echo e1000 ;;
	esac
}

# One line per NIC: pci_address pci_id model interface driver; - if missing
nics() {
	local nic dev driver id net
	for dev in "$root"/sys/bus/pci/devices/*; do
		[ "$(cat "$dev/vendor" 2>/dev/null)" = 0x8086 ] || continue
		id=$(cat "$dev/device")
		id=${id#0x}
		echo "$E1000" | grep -qw "$id" || continue
		nic=-
		for net in "$dev"/net/*; do
			[ ! -e "$net" ] || nic=${net##*/}
		done
		driver=$(readlink "$dev/driver" || echo -)
		echo "${dev##*/} 8086:$id $(model "$id") $nic ${driver##*/}"
	done
}

# QEMU's devices carry its own subsystem id; real VMware's do not
is_stand_in() {
	[ "$1" = vmware ] && grep -qs 0x1af4 "$root"/sys/bus/pci/devices/*/subsystem_vendor
}

hint() {
	case $1 in
	xen-hvm)
		echo "in the domain's xl file: vif=['type=ioemu,model=e1000,bridge=xenbr0'] and" \
			"xen_platform_pci=0 (else the kernel unplugs e1000; or boot it with" \
			"xen_emul_unplug=never)"
		;;
	xen-pv | xen-pvh) echo "such a guest has no emulated NIC: make it type=\"hvm\" in its xl file" ;;
	virtualbox) echo "with the VM off: VBoxManage modifyvm VM --nic-type1 82540EM" ;;
	vmware) echo "with the VM off, in its .vmx file: ethernet0.virtualDev = \"e1000\"" ;;
	kvm) echo "libvirt: <model type='e1000'/> in the <interface>; QEMU: -device e1000" ;;
	qemu-tcg) echo "start QEMU with -device e1000" ;;
	hyperv) echo "Hyper-V has no e1000: use another hypervisor" ;;
	none) echo "this is not a virtual machine; boot one: make lab" ;;
	*) echo "choose the NIC model e1000 (82540EM) in the settings of the VM" ;;
	esac
}

text() { # text STRING: as JSON
	if [ -z "$1" ] || [ "$1" = - ]; then
		printf null
	else
		printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"
	fi
}

json() {
	local nic sep address driver id model
	printf '{"hypervisor": "%s", "version": %s, "stand_in": %s,\n' "$kind" \
		"$(text "$version")" "$stand_in"
	printf ' "dmi": {"sys_vendor": %s, "product_name": %s, "bios_version": %s},\n "e1000": [' \
		"$(text "$(dmi sys_vendor)")" "$(text "$(dmi product_name)")" \
		"$(text "$(dmi bios_version)")"
	sep=
	while read -r address id model nic driver; do
		[ -n "$address" ] || continue
		printf '%s{"pci_address": "%s", "pci_id": "%s", "model": "%s", ' "$sep" "$address" \
			"$id" "$model"
		printf '"interface": %s, "driver": %s}' "$(text "$nic")" "$(text "$driver")"
		sep=', '
	done <<-END
		$list
	END
	printf '],\n "hint": %s}\n' "$(text "$hint")"
}

people() {
	local nic address driver model head id
	head="$kind${version:+ $version}"
	[ "$stand_in" = false ] || head="$head (a stand-in: QEMU says it is VMware)"
	if [ -z "$list" ]; then
		echo "$head: no e1000 NIC; $hint"
		return
	fi
	echo "$list" | while read -r address id model nic driver; do
		[ "$nic" != - ] || nic='no interface'
		[ "$driver" = - ] && driver='no driver' || driver="driver $driver"
		echo "$head: $model ($id) at $address, $nic, $driver"
	done
}

record() {
	local f
	cd "${root:-/}"
	for f in sys/hypervisor/type sys/hypervisor/guest_type sys/hypervisor/version/* \
		sys/class/dmi/id/sys_vendor sys/class/dmi/id/product_* sys/class/dmi/id/bios_v* \
		sys/devices/system/clocksource/clocksource0/available_clocksource \
		sys/bus/pci/devices/*/vendor sys/bus/pci/devices/*/device \
		sys/bus/pci/devices/*/subsystem_vendor; do
		case $f in *serial | *uuid) continue ;; esac
		[ ! -r "$f" ] || printf '%s\t%s\n' "$f" "$(head -n 1 "$f")"
	done
	grep -m 1 '^model name' proc/cpuinfo | sed 's|^|proc/cpuinfo\t|' || :
	grep -m 1 '^flags' proc/cpuinfo | sed 's|^|proc/cpuinfo\t|' || :
	if [ -r sys/firmware/dmi/entries/11-0/raw ]; then
		printf 'sys/firmware/dmi/entries/11-0/raw\t%s\n' \
			"$(tr '\0' ' ' <sys/firmware/dmi/entries/11-0/raw | tr -cd '[:print:]')"
	fi
	for f in sys/bus/pci/devices/*/driver; do
		[ ! -L "$f" ] || printf '%s\t-> %s\n' "$f" "$(readlink "$f")"
	done
	for f in sys/bus/pci/devices/*/net/*; do
		[ ! -e "$f" ] || printf '%s/\n' "$f"
	done
}

operand() { usage_error "unknown argument '$1'"; }
json='' record='' form=people
parse "$@"
[ -d "$root/" ] || usage_error "--root: no folder '$root'"
root=${root%/}
[ -z "$json" ] || form=json
if [ -n "$record" ]; then
	record
	exit 0
fi
kind=$(hypervisor)
version=$(version "$kind")
list=$(nics)
stand_in=false
! is_stand_in "$kind" || stand_in=true
hint=''
[ -n "$list" ] || hint=$(hint "$kind")
$form
[ -n "$list" ]
