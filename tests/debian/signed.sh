#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a full Debian guest that takes only signed modules, with both packages installed: an unsigned
# one is refused before anything changes, and a signed one works if the kernel knows its key. Run by
# tests/distro.sh, in lab/debian.sh, with module.sig_enforce=1 and with --secure-boot.
set -eu

server=10.0.0.1
# shellcheck source=tests/debian/lib.sh
. /share/lib.sh

unit=/etc/systemd/system/e1000-napi@.service
changes() { cat /sys/class/net/ens4/carrier_changes; }

# refused WHAT REASON…: as if load had not been called
refused() {
	local what="$1" reason
	shift
	check "$what: load is refused" fails e1000-napi load ens4
	for reason; do
		check "... it says: $reason" says "$reason"
	done
	check "... e1000 has the NIC" is "$(driver ens4)" e1000
	check "... its link was never down" is "$(changes)" "$before"
	check "... no state of a change" sh -c '! find /run/e1000_napi -name "*:*.*" ! -name "ticket*" | grep .'
	check "... the module is not loaded" test ! -e /sys/module/e1000_napi
	check "... all of it is as before" looks_like before
}

# sign: as docs/install.md says; the lab has put the firmware's key where DKMS keeps its own
sign() {
	local module keys=/var/lib/dkms
	module=$(modinfo -n e1000_napi)
	[ -e $keys/mok.key ] || keys=/share
	case $module in *.xz) unxz "$module" && module=${module%.xz} ;; esac
	"$(readlink -f "/lib/modules/$(uname -r)/build/scripts")/sign-file" sha256 \
		$keys/mok.key $keys/mok.pub "$module" && depmod && modinfo -F signer e1000_napi | grep .
}

# unsign: strip drops what stands behind the ELF file
unsign() {
	local module
	module=$(modinfo -n e1000_napi)
	case $module in *.xz) unxz "$module" && module=${module%.xz} ;; esac
	strip -d "$module" && depmod && ! modinfo -F signer e1000_napi | grep .
}

sweep() {
	e1000-napi sweep ens4 --server $server --weight 1,60 --load 10M --seconds 1 --out sweep &&
		napistat rows --columns status,reason sweep | grep -c '^ok' | grep -qx 2
}

wait_until settled
picture >before 2>&1
before=$(changes)
efi=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
why=module.sig_enforce
if [ -d /sys/firmware/efi ]; then
	check "the firmware has Secure Boot on" is "$(od -An -tu1 -j4 "$efi" | tr -d ' ')" 1
	check "the kernel is locked down" grep -F '[integrity]' /sys/kernel/security/lockdown
	why=lockdown
	check "DKMS has signed the module with its key" is "$(modinfo -F signer e1000_napi)" "e1000_napi lab"
	check "the signature is taken off" unsign
fi
refused "an unsigned module" "is not signed" "$why" "Secure Boot in docs/install.md"
check "the dry run says so, too" fails e1000-napi load ens4 --dry-run
check "... with the reason" says "is not signed"
check "enable is refused" fails e1000-napi enable ens4
check "... with the reason" says "is not signed"
check "... and nothing is written" test ! -e /etc/e1000_napi -a ! -e "$unit"
check "the module gets signed" sign
if [ "$why" = module.sig_enforce ]; then
	refused "a key that the kernel does not know" "cannot be loaded" "Secure Boot in docs/install.md"
	finish
	exit
fi
check "load" e1000-napi load ens4 weight=60
check "... e1000_napi has the NIC" is "$(driver ens4)" e1000_napi
check "... all of it is as before" looks_like before
check "hist" e1000-napi hist ens4
check "a sweep over two weights" sweep
check "apply what tune found" apply weight=32 gro=0
check "... it is in force" is "$(settings ens4 | cut -d ' ' -f 1-4)" "weight 32 gro off"
check "tune --undo" e1000-napi tune --undo
check "... undoes it" is "$(settings ens4 | cut -d ' ' -f 1-4)" "weight 60 gro on"
check "restore" e1000-napi restore ens4
check "... all of it is as before" looks_like before
finish
