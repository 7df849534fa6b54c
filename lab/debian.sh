#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Boot a full Debian guest, with systemd, udev and a network manager, and run a command in it.
#
#    namespace of this boot               |   guest
#    QEMU's own network (10.0.2.2) -------+-- ens3  virtio (or e1000), for the internet
#    tap0  10.0.0.1/24, iperf -s, -s -u --+-- ens4  e1000   10.0.0.2/24, the NIC under test
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib/common.sh"
. "$here/../scripts/lib/own-file.sh"
. "$here/bootstrap.sh"

usage() {
	cat <<-END
		usage: debian.sh [OPTION]… [-- COMMAND ARG…]
		Boot Debian as people install it, run COMMAND there as root, and exit with its
		status. Without COMMAND: log in on the console as root, no password; poweroff
		ends it. The root is made once (5 min) and kept in the cache. Needs root.
		A COMMAND that ends with status 75 is run again after a reboot, with what it
		wrote to /share/.lab/append on the kernel's command line; with status 76, apt
		installs the --upgrade packages before that, and its newest kernel boots.
		  --suite S        bookworm (default) or trixie
		  --manager M      ifupdown (default), networkmanager, networkd or netplan
		  --both           the NIC for the internet is an e1000 too
		  --install FILE   this .deb is installed before the boot; may be repeated
		  --upgrade FILE   this .deb is installed when COMMAND asks; may be repeated
		  --append ARGS    more of the kernel's command line
		  --outside FILE   run this shell script, with the --share folder as argument, in the
		                   namespace of 10.0.0.1 meanwhile
		  --secure-boot    UEFI with Secure Boot. Its only key signs the kernel, and is
		                   in the guest where DKMS keeps its own: /var/lib/dkms/mok.*
		  --share DIR      DIR is /share in the guest
		  --timeout S      give up after S seconds (default 1200)
		  --console FILE   what the kernel and systemd print goes to FILE
		  --prepare        only make the root
		Exit status: COMMAND's; 1 if the boot failed, the kernel complained or time ran
		out; 2 wrong usage; 4 packages could not be fetched.
	END
}

suite=bookworm manager=ifupdown debs='' upgrades='' both='' share='' limit=1200 console='' prepare=''
append='' outside='' secure=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--prepare) prepare=1 ;;
	--both) both=1 ;;
	--secure-boot) secure=1 ;;
	--suite | --manager | --install | --upgrade | --append | --outside | --share | --timeout | --console)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--suite) suite=$2 ;;
		--manager) manager=$2 ;;
		--install | --upgrade | --outside)
			[ -f "$2" ] || usage_error "$1: no file '$2'"
			file=$(readlink -f "$2")
			case $1 in
			--install) debs="$debs $file" ;;
			--upgrade) upgrades="$upgrades $file" ;;
			--outside) outside=$file ;;
			esac
			;;
		--append) append=$2 ;;
		--share) share=$2 ;;
		--timeout) limit=$2 ;;
		--console) console=$2 ;;
		esac
		shift
		;;
	--)
		shift
		break
		;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
case $suite in
bookworm) source=linux-source-6.1 ;;
trixie) source=linux-source-6.12 ;;
*) usage_error "--suite is bookworm or trixie, not '$suite'" ;;
esac
case $manager in
ifupdown) network='ifupdown isc-dhcp-client' ;;
networkmanager) network='network-manager' ;;
networkd) network='systemd-resolved' ;;
netplan) network='netplan.io systemd-resolved' ;;
*) usage_error "--manager is ifupdown, networkmanager, networkd or netplan, not '$manager'" ;;
esac
is_uint "$limit" || usage_error "--timeout requires a number of seconds, not '$limit'"
[ -z "$share" ] || [ -d "$share" ] || usage_error "--share: no folder '$share'"
[ -z "$secure" ] || [ $# -gt 0 ] || usage_error "--secure-boot requires a COMMAND, before which the key is enrolled"
need_root
[ -z "$console" ] || need_own_file "$console" "--console $console" "write there; give a file in a folder of your own" 002
need mkfs.ext4 e2fsprogs
need qemu-system-x86_64 qemu-system-x86
if [ -n "$secure" ]; then
	need openssl
	need sbsign sbsigntool
	[ -f /usr/share/OVMF/OVMF_CODE_4M.secboot.fd ] || die "OVMF is missing; on Debian: apt-get install ovmf"
fi

# Packages of a reader of docs/guide.md, and tools of the tests
packages="systemd-sysv dbus udev kmod sudo iproute2 iputils-ping procps nftables irqbalance
openssh-server python3 linux-image-amd64 linux-headers-amd64 $source dkms gcc libc6-dev make patch xz-utils
diffutils ethtool iperf sysstat gnuplot-nox git libjansson-dev libgsl-dev libcsv-dev libseccomp-dev man-db bash-completion
$network"

# configure ROOT: addresses by the manager, the command by systemd once all is up
configure() {
	local etc="$1/etc" nm
	echo lab >"$etc/hostname"
	printf '127.0.0.1 localhost lab\n' >"$etc/hosts"
	printf '/dev/vda / ext4 rw,noatime 0 1\nshare /share 9p trans=virtio,version=9p2000.L,msize=262144 0 0\n' \
		>"$etc/fstab"
	mkdir -p "$1/share"
	case $manager in
	ifupdown)
		printf 'auto lo\niface lo inet loopback\n\nauto ens3\niface ens3 inet dhcp\n\n' \
			>"$etc/network/interfaces"
		printf 'auto ens4\niface ens4 inet static\n\taddress 10.0.0.2/24\n' \
			>>"$etc/network/interfaces"
		;;
	networkd)
		printf '[Match]\nName=ens3\n[Network]\nDHCP=yes\n' >"$etc/systemd/network/10-ens3.network"
		printf '[Match]\nName=ens4\n[Network]\nAddress=10.0.0.2/24\n' \
			>"$etc/systemd/network/20-ens4.network"
		chroot "$1" systemctl enable -q systemd-networkd systemd-resolved
		;;
	netplan)
		printf 'network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    ens3: {dhcp4: true}\n    ens4: {addresses: [10.0.0.2/24]}\n' \
			>"$etc/netplan/50-lab.yaml"
		chmod 600 "$etc/netplan/50-lab.yaml"
		chroot "$1" systemctl enable -q systemd-networkd systemd-resolved
		;;
	networkmanager)
		nm=$etc/NetworkManager/system-connections/ens4.nmconnection
		printf '[connection]\nid=ens4\ntype=ethernet\ninterface-name=ens4\n[ipv4]\nmethod=manual\naddress1=10.0.0.2/24\n[ipv6]\nmethod=link-local\n' >"$nm"
		chmod 600 "$nm"
		;;
	esac
	# Indexing the manual pages again at each purge takes minutes in emulation
	rm -f "$1/var/lib/man-db/auto-update"
	chroot "$1" passwd -q -d root
	printf 'net.core.rmem_max = 33554432\n' >"$etc/sysctl.d/50-lab.conf"
	cat >"$etc/systemd/system/lab.service" <<-'END'
		[Unit]
		Description=The lab's command
		After=multi-user.target network-online.target
		Wants=network-online.target
		ConditionPathExists=/share/.lab/command
		[Service]
		Type=oneshot
		ExecStart=/bin/sh /share/.lab/start
		TimeoutStartSec=infinity
		[Install]
		WantedBy=graphical.target
	END
	chroot "$1" systemctl enable -q lab.service
}

# make_root: sets $tar, the root of this suite and manager, from the cache
make_root() {
	local roots key tmp
	# what configure does is in it too
	key=$(echo "$packages $(sed -n "/^configure()/,/^}/p" "$0")" | sha256sum | cut -c 1-16)
	roots=$(cache_dir debian)
	tar=$roots/$suite-$manager-$key.tar
	[ ! -e "$tar" ] || return 0
	log "$prog: making a full Debian ($suite, $manager; once, 3 to 5 min)"
	mkdir -p "$roots"
	tmp=$(mktemp -d "$roots/tmp.XXXXXX")
	chmod 755 "$tmp"
	# shellcheck disable=SC2064 # its name now
	trap "rm -rf '$tmp'" EXIT
	bootstrap "$tmp/root" "$packages" main "$suite" --variant=apt \
		--dpkgopt='path-exclude=/usr/share/locale/*'
	configure "$tmp/root"
	# xattrs: ping's capabilities are one
	tar -C "$tmp/root" --xattrs --xattrs-include="*" -cf "$tmp/tar" .
	mv "$tmp/tar" "$tar"
	rm -rf "$tmp"
	trap - EXIT
	find "$roots" -maxdepth 1 -name "$suite-$manager-*.tar" ! -path "$tar" -mtime +7 -delete
}

# install_debs ROOT DEBS: with apt, as a user does; the root has their dependencies
install_debs() {
	local root="$1" deb
	[ -n "$2" ] || return 0
	log "$prog: installing$(for deb in $2; do printf ' %s' "${deb##*/}"; done)"
	mkdir -p "$root/tmp/debs"
	# shellcheck disable=SC2086 # a list of files
	cp $2 "$root/tmp/debs/"
	# shellcheck disable=SC2016 # for the shell there
	"$here/../dev/kernels/root.sh" run "$root" -- sh -euc '
		printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
		chmod +x /usr/sbin/policy-rc.d
		apt-get -qq -y --no-install-recommends install /tmp/debs/*.deb
		rm -r /usr/sbin/policy-rc.d /tmp/debs' >"$work/install.log" 2>&1 || {
		tail -n 30 "$work/install.log" "$root"/var/lib/dkms/*/*/build/make.log >&2 2>/dev/null || :
		die "the packages could not be installed, see above"
	}
}

# take_kernel ROOT: the newest one of its /boot, as a boot loader would
take_kernel() {
	local newest
	newest=$(printf '%s\n' "$1"/boot/vmlinuz-* | sort -V | tail -n 1)
	cp "$newest" "$work/vmlinuz"
	cp "$1/boot/initrd.img-${newest##*/vmlinuz-}" "$work/initrd"
	[ -z "$secure" ] || sbsign --key "$work/key" --cert "$work/key.pem" --output "$work/vmlinuz" "$work/vmlinuz" 2>/dev/null
}

# upgrade: install the packages of --upgrade in the disk of the guest, which is off
upgrade() {
	mkdir -p "$work/mnt"
	mount -o loop "$work/disk" "$work/mnt"
	install_debs "$work/mnt" "$upgrades"
	take_kernel "$work/mnt"
	umount "$work/mnt"
}

# make_key ROOT: one key for the firmware, the kernel and the modules, and what start writes to
# the firmware's variables at the first boot
make_key() {
	local owner=8be4df61-93ca-11d2-aa0d-00e098032b8c name
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=e1000_napi lab/" \
		-keyout "$work/key" -out "$work/key.pem" 2>/dev/null
	mkdir -p "$1/var/lib/dkms"
	cp "$work/key" "$1/var/lib/dkms/mok.key"
	openssl x509 -outform DER -in "$work/key.pem" -out "$1/var/lib/dkms/mok.pub"
	sbsiglist --owner "$owner" --type x509 --output "$work/list" "$1/var/lib/dkms/mok.pub"
	mkdir "$share/.lab/keys"
	for name in db KEK PK; do
		sbvarsign --include-attrs --key "$work/key" --cert "$work/key.pem" \
			--output "$share/.lab/keys/$name" "$name" "$work/list" >/dev/null
	done
	# PCI slots have other names on that machine
	printf '[Match]\nPath=pci-0000:00:03.0\n[Link]\nName=ens3\n' >"$1/etc/systemd/network/10-ens3.link"
	printf '[Match]\nPath=pci-0000:00:04.0\n[Link]\nName=ens4\n' >"$1/etc/systemd/network/10-ens4.link"
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$work/vars"
}

# boot SECONDS: until the guest ends
boot() {
	local firmware='' limit="$1"
	set -- -serial mon:stdio
	[ -z "${made-}" ] || set -- -no-reboot -chardev "file,id=serial,path=$console,append=on" -serial chardev:serial
	# words without spaces
	[ -z "$secure" ] || firmware="-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on
		-drive if=pflash,format=raw,unit=0,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd,readonly=on
		-drive if=pflash,format=raw,unit=1,file=$work/vars"
	# The CPUs take turns: with a thread for each, QEMU 7.2 may stay at a branch of the kernel that another
	# CPU has just patched (a static key, such as of SO_TIMESTAMP, which iperf sets), until it is stopped
	# shellcheck disable=SC2086 # $firmware
	ip netns exec "$space" timeout --foreground -k 5 "$limit" qemu-system-x86_64 $firmware "$@" \
		-accel tcg,thread=single -cpu max -smp 2 -m 2048 -nodefaults -no-user-config -display none \
		-kernel "$work/vmlinuz" -initrd "$work/initrd" \
		-append "root=/dev/vda rw console=ttyS0 mitigations=off systemd.show_status=1 $append $(cat "$share/.lab/append" 2>/dev/null)" \
		-drive "if=none,id=disk,file=$work/disk,format=raw,cache=unsafe" \
		-device virtio-blk-pci,drive=disk,addr=0x8 -device virtio-rng-pci,addr=0x9 \
		-netdev user,id=n0 -device "$first,netdev=n0,addr=0x3,romfile=" \
		-netdev tap,id=n1,ifname=tap0,script=no,downscript=no \
		-device e1000,netdev=n1,addr=0x4,mac=52:54:00:00:01:00,romfile= \
		-fsdev "local,id=share,path=$share,security_model=none" \
		-device virtio-9p-pci,fsdev=share,mount_tag=share,addr=0xa &
	qemu=$!
	[ -z "${made-}" ] || {
		tail -c "+$((shown + 1))" -f --pid="$qemu" "$share/.lab/out" &
		follow=$!
	}
	rc=0
	wait "$qemu" || rc=$?
	qemu=''
	[ -z "${follow-}" ] || wait "$follow" || :
	follow=''
	[ -z "${made-}" ] || shown=$(stat -c %s "$share/.lab/out")
}

make_root
[ -z "$prepare" ] || exit 0
work=$(mktemp -d)
space=e1000_napi-debian-$$ qemu=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	trap '' HUP INT TERM
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
	[ -z "${follow-}" ] || kill "$follow" 2>/dev/null || :
	[ -z "${helper-}" ] || kill "$helper" 2>/dev/null || :
	"$here/tap.sh" down "$space"
	wait
	! mountpoint -q "$work/mnt" || umount "$work/mnt"
	rm -rf "$work"
	[ -z "${made-}" ] || rm -rf "$share/.lab"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

mkdir "$work/root"
tar -C "$work/root" --xattrs --xattrs-include="*" -xf "$tar"
[ -n "$share" ] || {
	share=$work/share
	mkdir "$share"
}
if [ $# -gt 0 ]; then
	made=1
	rm -rf "$share/.lab"
	mkdir "$share/.lab"
	for arg; do
		printf "'%s' " "$(printf '%s' "$arg" | sed "s/'/'\\\\''/g")"
	done >"$share/.lab/command"
	cat >"$share/.lab/start" <<-'END'
		if [ -d /share/.lab/keys ]; then
			# each in one write; PK is the last, and ends the firmware's setup mode
			for name in db-d719b2cb-3d3a-4596-a3bc-dad00e67656f \
				KEK-8be4df61-93ca-11d2-aa0d-00e098032b8c PK-8be4df61-93ca-11d2-aa0d-00e098032b8c; do
				dd bs=64k status=none if="/share/.lab/keys/${name%%-*}" of="/sys/firmware/efi/efivars/$name" ||
					echo "the key cannot be put into $name" >>/share/.lab/out
			done
			rm -r /share/.lab/keys
			echo 75 >/share/.lab/again
			systemctl reboot
			exit
		fi
		status=0
		cd /share
		HOME=/root sh /share/.lab/command >>/share/.lab/out 2>&1 || status=$?
		case $status in
		75 | 76)
			echo "$status" >/share/.lab/again
			systemctl reboot
			exit
			;;
		esac
		echo "$status" >/share/.lab/status
		systemctl poweroff
	END
	: >"$share/.lab/out"
else
	mkdir -p "$share/.lab"
fi
[ -z "$secure" ] || make_key "$work/root"
install_debs "$work/root" "$debs"
take_kernel "$work/root"
room=512
[ -z "$upgrades" ] || room=1536
mkfs.ext4 -q -O ^has_journal -m 0 -d "$work/root" "$work/disk" \
	"$(($(du -sm "$work/root" | cut -f 1) * 5 / 4 + room))M" >/dev/null
rm -rf "$work/root"

"$here/tap.sh" up "$space" 1
[ -n "$console" ] || console=$work/console
: >"$console"
first=virtio-net-pci
[ -z "$both" ] || first=e1000
log "$prog: booting Debian $suite with $manager (about a minute without hardware virtualisation)"
end=$(($(uptime_now) + limit)) shown=0
if [ -z "${made-}" ]; then
	boot "$limit"
	exit 0
fi
[ -z "$outside" ] || {
	ip netns exec "$space" sh "$outside" "$share" &
	helper=$!
}
while :; do
	rm -f "$share/.lab/again"
	left=$((end - $(uptime_now)))
	boot "$((left > 1 ? left : 1))"
	case $(cat "$share/.lab/again" 2>/dev/null) in
	75) ;;
	76) upgrade ;;
	*) break ;;
	esac
	! grep -E "$complaints" "$console" >&2 || die "the guest's kernel complained, see above"
done
[ -e "$share/.lab/status" ] || {
	tail -n 20 "$console" | tr -d '\r' >&2
	die "the guest ended (or its $limit s were over: $rc) without a result"
}
! grep -E "$complaints" "$console" >&2 || die "the guest's kernel complained, see above"
exit "$(cat "$share/.lab/status")"
