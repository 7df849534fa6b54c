#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Debian packages in a clean Debian 12: installed, DKMS builds for one kernel and
# then for a second, which is booted with what DKMS made; purged, nothing is left. And in
# a full Debian guest, where every command is given once.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=lab/fetched.sh
. "$top/lab/fetched.sh"

usage() {
	cat <<EOF
usage: tests/packages.sh [--dkms DIR] [--no-boot] [--short]      (make check-deb)

Builds the packages, tests them in a private Debian 12 (some minutes; needs root), boots
the second kernel in QEMU, and gives every command in a full Debian guest.

  --dkms DIR  with the dkms whose sources are in DIR in place of Debian's, as that of
              git clone -b v3.4.3 https://github.com/dkms-project/dkms
  --no-boot   only what needs no QEMU
  --short     only the full Debian guest
EOF
}

# in_debian: runs in the private root; /debs, /dkms and /out are bound
in_debian() {
	cat <<'EOF'
set -eu
ok() { echo "ok $*"; }
fail() { echo "not ok $*"; cat /var/lib/dkms/e1000_napi/*/build/make.log 2>/dev/null; exit 1; }
version=$(dpkg-deb -f /debs/e1000-napi-dkms_*.deb Version)
install() { apt-get -qq -y install --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; return 1; }; }
# Those with an image too: Debian publishes it after the headers
apt-cache search --names-only '^linux-(headers|image)-6[.]1[.]0-[0-9]*-amd64$' |
	sed 's/ .*//; s/linux-[a-z]*-//' | sort | uniq -d | sort -V >/tmp/kernels
first=$(tail -n 1 /tmp/kernels)
second=$(sed 1q /tmp/kernels)
[ "$first" != "$second" ] || fail "there are two kernels"

install dkms
[ ! -e /dkms/dkms.in ] || { cp -R /dkms /tmp/dkms && make -s -C /tmp/dkms install-debian >/dev/null; }
ok "$(dkms --version)"

# Without the kernel's sources DKMS cannot build, so the package is not configured
install "linux-headers-$first"
! install /debs/e1000-napi-dkms_*.deb >/dev/null 2>&1 || fail "built from nothing"
grep -q 'no e1000 sources of Linux 6.1 found: install them (apt-get install linux-source-6.1' \
	/var/lib/dkms/e1000_napi/*/build/make.log || fail "the DKMS log says what is missing"
ok "without sources the DKMS log says what is missing"

install linux-source-6.1
dkms status | grep -q "^e1000_napi/$version, $first, x86_64: installed" || fail "DKMS built for $first"
ok "DKMS built for $first"

install "linux-headers-$second"
dkms status | grep -q "^e1000_napi/$version, $second, x86_64: installed" || fail "a second kernel made DKMS build"
ok "DKMS built for a second kernel, $second, as it was installed"
cp "/lib/modules/$second/updates/dkms/e1000_napi.ko" /out/
echo "$second" >/out/kver
modinfo -F vermagic /out/e1000_napi.ko | grep -q "^$second " || fail "the module is of $second"

install /debs/e1000-napi-tools_*.deb
for command in load restore hist sweep report; do
	e1000-napi $command --help >/dev/null || fail "e1000-napi $command --help"
done
napistat --help >/dev/null && napimeter --help >/dev/null && napinic --help >/dev/null || fail "the tools start"
ok "the scripts and tools start"

# Other uses of the packages: the ISO, the demo, the fleet
install qemu-system-x86 busybox-static cpio zstd xorriso isolinux syslinux-common binutils \
	mtools dosfstools grub-common grub-efi-amd64-bin gnuplot-nox iperf sysstat ansible-core \
	openssh-client iputils-ping
cd /root
touch /tmp/installed
apt-get -qq -y purge iputils-ping zstd >/tmp/apt.log 2>&1
! e1000-napi iso --kver "$first" >/tmp/iso.log 2>&1 || fail "iso without ping and zstd"
grep -q 'on Debian: apt-get install iputils-ping zstd$' /tmp/iso.log || fail "iso: $(cat /tmp/iso.log)"
ok "iso names the packages that it lacks"
install iputils-ping zstd
e1000-napi iso --kver "$first" --out lab.iso >/tmp/iso.log 2>&1 || fail "iso: $(tail -n 5 /tmp/iso.log)"
xorriso -indev lab.iso -report_el_torito plain 2>/dev/null | grep -q BIOS || fail "the ISO boots from BIOS"
ok "iso makes one that boots"
e1000-napi demo >/tmp/demo.log 2>&1 || fail "demo: $(tail -n 20 /tmp/demo.log)"
[ -s results/demo/demo.png ] && [ -s results/demo/report/report.html ] || fail "the demo's picture and page"
ok "the demo runs: $(grep -c '^ *[0-9]' results/demo/table.txt) weights"
# This system is its own guest: it has no NIC of e1000, and that is what is to be said
printf 'here ansible_connection=local ansible_become=false napi_server=192.0.2.1\n' >inventory
! e1000-napi fleet -i inventory --dry-run >/tmp/fleet.log 2>&1 || fail "fleet: a guest without e1000 is fine"
grep -q 'here: .*no NIC of e1000 here' /tmp/fleet.log || fail "fleet: $(tail -n 20 /tmp/fleet.log)"
ok "fleet makes what a guest gets, and looks at one"
! find /usr/share/e1000-napi -newer /tmp/installed | grep . || fail "nothing was written below /usr"
cd /

apt-get -qq -y purge e1000-napi-dkms e1000-napi-tools >/tmp/apt.log 2>&1 || fail "purge: $(cat /tmp/apt.log)"
find / -xdev \( -name '*e1000[-_]napi*' -o -name 'napistat*' -o -name 'napimeter*' -o -name 'napinic*' \) \
	! -path '/proc/*' ! -path '/sys/*' ! -path '/debs/*' ! -path '/dkms/*' ! -path '/out/*' ! -path '/tmp/*' >/tmp/left
[ ! -s /tmp/left ] || fail "left after purge: $(cat /tmp/left)"
ok "purged, nothing is left"
EOF
}

boot=1 dkms='' short=''
while [ $# -gt 0 ]; do
	case $1 in
	--no-boot) boot='' ;;
	--short) short=1 ;;
	--dkms)
		dkms=${2-}
		[ -e "$dkms/dkms.in" ] || usage_error "--dkms: '$dkms' is not a folder with dkms's sources"
		shift
		;;
	-h | --help) usage && exit 0 ;;
	*) usage_error "unknown argument: $1" ;;
	esac
	shift
done
need_root

# full: the packages in a normal Debian; prints a line of TAP for each check
full() {
	local share rc=0
	share=$(mktemp -d)
	cp "$top/tests/debian/package.sh" "$share/"
	mkdir -p "$top/build/check"
	"$top/lab/debian.sh" --install "$top"/build/deb/e1000-napi-dkms_*.deb \
		--install "$top"/build/deb/e1000-napi-tools_*.deb --share "$share" \
		--console "$top/build/check/debian.console" --timeout 1200 -- sh /share/package.sh || rc=$?
	rm -rf "$share"
	return "$rc"
}

"$top/packaging/deb.sh" >/dev/null
if [ -n "$short" ]; then
	full
	exit
fi
root=$("$top/dev/kernels/root.sh" make amd64 bookworm bookworm-security)
out=$(mktemp -d)
trap 'rm -rf "$out"; give_back_all "$top"' EXIT
in_debian >"$out/test.sh"
mkdir "$out/none"
"$top/dev/kernels/root.sh" run "$root" --scratch --bind "$top/build/deb" /debs --bind "$out" /out \
	--bind "${dkms:-$out/none}" /dkms -- sh /out/test.sh >"$out/log" 2>&1 || {
	cat "$out/log"
	echo "$(grep -c '^ok' "$out/log" || :) passed, 1 failed, 0 skipped"
	exit 1
}
grep '^ok' "$out/log"
[ -n "$boot" ] || {
	echo "$(grep -c '^ok' "$out/log") passed, 0 failed, 0 skipped"
	exit 0
}

kver=$(cat "$out/kver")
deb=$(cache_dir kernel)/linux-image-$kver.deb
if ! take_fetched "$deb" "$out/kept.deb"; then
	# shellcheck disable=SC2016 # for the inner shell
	"$top/dev/kernels/root.sh" run "$root" --scratch --bind "$out" /out -- \
		sh -c 'cd /out && apt-get -qq -o APT::Sandbox::User=root download "$1"' sh "linux-image-$kver"
	keep_fetched "$out"/linux-image-*.deb "$deb"
fi
mkdir -p "$top/build/$kver"
cp "$out/e1000_napi.ko" "$top/build/$kver/"
"$top/lab/boot.sh" --kver "$kver" -- sh tests/guest/run.sh exact >"$out/guest" || {
	cat "$out/guest"
	echo "not ok the module that DKMS built for $kver, in the guest"
	echo "$(grep -c '^ok' "$out/log") passed, 1 failed, 0 skipped"
	exit 1
}
echo "ok $kver booted with the module that DKMS built: $(tail -n 1 "$out/guest")"
rc=0
full >"$out/full" || rc=$?
cat "$out/full"
failed=$(grep -c '^not ok' "$out/full" || :)
[ "$rc" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$(($(grep -c '^ok' "$out/log" "$out/full" | awk -F: '{ n += $2 } END { print n }') + 1)) passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
