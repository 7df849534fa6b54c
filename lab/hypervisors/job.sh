#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the host of the Xen or VirtualBox lab: bring the hypervisor up, boot the guest
# from the ISO, wait for its sweep, take the results. ./conf says which and how long.
set -eu
here=$(pwd)
. ./scripts/lib/common.sh
prog=job
# shellcheck disable=SC1091 # of this run
. ./conf
: "${kind:?}" "${limit:?}" "${nic=}"
began=$(date +%s)
vm=napi
host=$here/scripts/host/$kind.sh
left() { echo $((limit - ($(date +%s) - began))); }

# fetch PATH: from the guest's web server
fetch() { timeout 20 busybox wget -q -O - "http://10.0.0.2/$1"; }

guest_state() { fetch state 2>/dev/null || echo none; }

xen_up() {
	modprobe -a xenfs xen-evtchn xen-gntdev xen-gntalloc xen-privcmd bridge tun xen-netback
	mount -t xenfs xenfs /proc/xen
	mkdir -p /var/log/xen/console
	mount --bind "$here/console" /var/log/xen/console
	echo XENCONSOLED_ARGS=--log=guest >>/etc/default/xen
	/etc/init.d/xen start
	ip link add xenbr0 type bridge
	ip addr add 10.0.0.1/24 dev xenbr0
	ip link set xenbr0 up
}

# tsc_mode: emulated in emulation, the default kills the guest at its first RDTSCP
xen_create() {
	"$host" create "$vm" --iso "$iso" --mem 256 --cpus 1 \
		--extra 'tsc_mode="native"' --extra 'on_reboot="destroy"'
}

virtualbox_up() {
	modprobe -a vboxdrv vboxnetflt vboxnetadp
	# Else VirtualBox allows only 192.168.56.0/21
	mkdir -p /etc/vbox
	echo '* 10.0.0.0/24' >/etc/vbox/networks.conf
	VBoxManage hostonlyif create >/dev/null
	VBoxManage hostonlyif ipconfig vboxnet0 --ip 10.0.0.1 --netmask 255.255.255.0
	ip link set vboxnet0 up
}

virtualbox_create() {
	"$host" create "$vm" --iso "$iso" --mem 384 --cpus 1 --net vboxnet0 \
		--extra 'setextradata VBoxInternal/TM/TSCMode RealTSCOffset' \
		--extra 'setextradata VBoxInternal/CPUM/IsaExts/XSAVE 0' \
		--extra 'modifyvm --uart1 0x3F8 4 --uartmode1 file /share/console/guest.log'
}

# QEMU itself is the hypervisor: the NIC's other end and iperf exist already
kvm_up() { :; }

kvm_create() {
	set -- --iso "$iso" --mem 512 --cpus 2 --net tap0 --nic "$nic"
	if [ "$nic" = e1000-82545em ]; then
		# So that a guest takes it for VMware
		set -- "$@" --extra -machine --extra vmport=on --extra -smbios --extra \
			'type=1,manufacturer=VMware,, Inc.,product=VMware Virtual Platform,serial=VMware-56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 00'
	fi
	"$host" create "$vm" "$@"
}

runs() { "$host" facts "$vm" | grep -qx running=yes; }

# wait_state SECONDS PATTERN [SILENCE]: wait until the guest's state matches; fail if the
# VM is gone, time is up, or the guest has not answered for SILENCE seconds
wait_state() {
	_end=$(($(date +%s) + $1))
	_heard=$(date +%s)
	while [ "$(date +%s)" -lt "$_end" ]; do
		_state=$(guest_state)
		case $_state in
		none)
			runs || return
			[ $(($(date +%s) - _heard)) -lt "${3:-$1}" ] || break
			;;
		*)
			_heard=$(date +%s)
			! echo "$_state" | grep -Eq "$2" || return 0
			;;
		esac
		_line=$(fetch progress 2>/dev/null || :)
		if [ "$_line" != "${_last-}" ]; then
			echo "guest: $_line"
			_last=$_line
		fi
		sleep 3
	done
	return 1
}

iso=$here/guest.iso
if [ "$kind" != kvm ]; then
	# Not on the shared directory, which is too slow for a disk
	cp guest.iso /run/guest.iso
	iso=/run/guest.iso
fi
"${kind}_up"
echo "$kind is up; facts:"
"$host" facts "$vm" | tee results/host_facts.txt
if [ "$kind" != kvm ]; then
	serve_iperf >/dev/null 2>&1 &
	serve_iperf -u >/dev/null 2>&1 &
fi

# Left by an earlier job, if any
"$host" destroy "$vm" --yes 2>/dev/null || :
for try in 1 2 3; do
	echo "guest, try $try"
	"${kind}_create"
	"$host" start "$vm"
	booted=$(date +%s)
	# Keep half of the time for another try
	patience=$(($(left) / 2))
	[ "$patience" -le 240 ] || patience=240
	if wait_state "$patience" '^(ready|sweeping|done|failed)'; then
		# Not earlier: xentop uses much of such a host's CPU
		"$here/scripts/host/cpu.sh" --record "$here/results/host_cpu.csv" "$kind" "$vm" \
			2>console/cpu.log &
		cpu=$!
		echo "guest is up after $(($(date +%s) - booted)) s"
		wait_state "$(left)" '^(done|failed)' 120 || :
		echo "guest: $(guest_state)"
		"$host" facts "$vm" >results/host_facts.txt
		if fetch results.tgz >got.tgz; then
			tar -xzf got.tgz || :
		fi
		fetch log >console/sweep.log || :
		case $(guest_state) in done*) good=1 ;; esac
	fi
	# The sampler ends with the VM
	stuck=''
	timeout 150 "$host" destroy "$vm" --yes || stuck=1
	[ -z "${cpu-}" ] || wait "$cpu" || :
	cpu=''
	[ -z "${good-}" ] || exit 0
	if [ -n "$stuck" ]; then
		warn "$kind still holds '$vm', which would be in the next try's way; the lab starts the host again"
		exit 75
	fi
	[ "$(left)" -gt 120 ] || break
done
die "the guest did not do its sweep"
