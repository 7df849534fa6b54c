#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make a bootable ISO with the lab's guest: kernel, initramfs, module, scripts.
# It boots from BIOS and UEFI, from a CD drive or written to a disk.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/scripts/lib/common.sh"
. "$top/scripts/lib/options.sh"
. "$top/scripts/lib/own-file.sh"

usage() {
	cat <<-END
		usage: $prog [--out FILE] [--kver V] [--append STR] [--console WORDS] [--bios]
		Make the ISO that boots in any hypervisor whose VM has an e1000 NIC; its orders
		are in docs/hypervisors/iso.md.
		  --out FILE       where to (default build/e1000_napi.iso; from the package,
		                   ./e1000_napi.iso)
		  --kver V         kernel release (default: newest with headers here)
		  --append STR     orders on the kernel's command line, as napi.server=10.0.0.1
		  --console WORDS  console= arguments; without them a boot menu asks for screen or
		                   serial line
		  --bios           for BIOS only: smaller
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: $prog --append "napi.server=10.0.0.1 napi.preset=irq napi.quick"
	END
}

out=e1000_napi.iso kver='' append='' console='' bios=''
! in_clone || out=$top/build/e1000_napi.iso
operand() { usage_error "unknown argument '$1'"; }
parse "$@"
# check first, because the rest takes minutes
[ ! -d "$out" ] || usage_error "--out: $out is a folder; give a file"
need_own_file "$out" "--out $out" "write there; give a file in a folder of your own" 002
make_dir "$(dirname "$out")"
if [ ! -w "$(dirname "$out")" ] || { [ -e "$out" ] && [ ! -w "$out" ]; }; then
	die "$out cannot be written by $(id -un); give another --out"
fi
need xorriso
need strip binutils
isolinux=/usr/lib/ISOLINUX
bioses=/usr/lib/syslinux/modules/bios
[ -e "$isolinux/isolinux.bin" ] || die "isolinux is missing; on Debian: apt-get install isolinux"
[ -e "$bioses/ldlinux.c32" ] ||
	die "syslinux's modules are missing; on Debian: apt-get install syslinux-common"

image=$("$top/lab/image.sh" ${kver:+--kver "$kver"})
kver=$(cat "$image/kver")
module=$(module_of "$kver")

work=$(temp_dir)
trap 'rm -rf "$work"; give_back "$out"; give_back_all "$top"' EXIT
trap 'exit 1' HUP INT TERM
cd=$work/cd
mkdir -p "$cd/isolinux" "$work/module" "$(dirname "$out")"
case $module in
*.xz) xz -dc "$module" ;;
*.zst) zstd -qdc "$module" ;;
*) cat "$module" ;;
esac >"$work/module/e1000_napi.ko"
strip -g "$work/module/e1000_napi.ko"
echo LAB_APPLIANCE=1 >"$work/conf"
"$top/lab/overlay.sh" "$image" "$work" "$work/module/e1000_napi.ko"
mv "$work/initrd" "$cd/initrd"
cp "$image/vmlinuz" "$cd/vmlinuz"
cp "$isolinux/isolinux.bin" "$bioses/ldlinux.c32" "$cd/isolinux/"

common="panic=10 mitigations=off${append:+ $append}"
if [ -n "$console" ]; then
	cat >"$cd/isolinux/isolinux.cfg" <<-END
		default guest
		prompt 0
		label guest
		kernel /vmlinuz
		initrd /initrd
		append $console $common
	END
else
	cat >"$cd/isolinux/isolinux.cfg" <<-END
		serial 0 115200
		say e1000_napi. Enter or 5 s: screen and serial line. "serial": messages to the serial line.
		say More orders can follow, as: screen napi.server=192.168.56.1 napi.ip=192.168.56.9/24
		default screen
		prompt 1
		timeout 50
		label screen
		kernel /vmlinuz
		initrd /initrd
		append console=ttyS0,115200 console=tty0 $common
		label serial
		kernel /vmlinuz
		initrd /initrd
		append console=tty0 console=ttyS0,115200 $common
	END
fi

efi=
if [ -z "$bios" ]; then
	need grub-mkimage grub-common
	need mcopy mtools
	need mkfs.fat dosfstools
	[ -d /usr/lib/grub/x86_64-efi ] ||
		die "GRUB for EFI is missing; on Debian: apt-get install grub-efi-amd64-bin"
	mkdir -p "$cd/boot/grub"
	cat >"$work/early.cfg" <<-'END'
		search --no-floppy --set=root --file /boot/grub/e1000_napi.cfg
		configfile /boot/grub/e1000_napi.cfg
	END
	cat >"$cd/boot/grub/e1000_napi.cfg" <<-END
		set timeout=5
		[ -z "$console" ] || set timeout=0
		menuentry "e1000_napi: screen and serial line" {
			linux /vmlinuz ${console:-console=ttyS0,115200 console=tty0} $common
			initrd /initrd
		}
		menuentry "e1000_napi: messages to the serial line" {
			linux /vmlinuz ${console:-console=tty0 console=ttyS0,115200} $common
			initrd /initrd
		}
	END
	grub-mkimage -O x86_64-efi -o "$work/bootx64.efi" -p /boot/grub -c "$work/early.cfg" \
		iso9660 fat part_gpt part_msdos normal configfile search search_fs_file linux \
		serial terminal all_video gfxterm test echo
	mkfs.fat -C "$cd/boot/efi.img" 2048 >/dev/null
	mmd -i "$cd/boot/efi.img" ::/EFI ::/EFI/BOOT
	mcopy -i "$cd/boot/efi.img" "$work/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
	efi='-eltorito-alt-boot -e boot/efi.img -no-emul-boot -isohybrid-gpt-basdat'
fi
# shellcheck disable=SC2086 # a list of words
xorriso -as mkisofs -quiet -V E1000_NAPI -J -R -o "$work/iso" \
	-b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
	-boot-info-table -isohybrid-mbr "$isolinux/isohdpfx.bin" $efi "$cd" 2>"$work/log" || {
	cat "$work/log" >&2
	die "xorriso failed, see above"
}
mv -fT "$work/iso" "$out"
log "$prog: $out, $(($(wc -c <"$out") >> 20)) MB"
