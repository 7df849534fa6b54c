#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel that finds faults, from the sources that the module is built from, and
# the module for it.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: tests/faults/kernel.sh kasan | kcsan [--plant FAULT DIR]

Builds Debian's kernel with what guest.config and kasan.config (memory, locks,
sleeping, leaks, failing allocations) or kcsan.config (data races) say, seven
minutes on two cores, or finds it in the cache; then e1000_napi.ko for it. Prints
the folder of the guest; lab/boot.sh --image boots it.

  --plant FAULT DIR  build DIR/FAULT.ko instead, with a fault on purpose, see plant.sh
  KSRC=FILE  the sources' tarball (default: /usr/src/linux-source-*.tar.xz)
  JOBS=N     compilers at a time (default: as many as there are CPUs)
EOF
}

case ${1:-} in
-h | --help) usage && exit 0 ;;
kasan | kcsan) flavour=$1 ;;
*) usage_error "say kasan or kcsan" ;;
esac
fault='' dir=''
if [ "$#" -eq 4 ] && [ "$2" = --plant ]; then
	fault=$3 dir=$4
elif [ $# -ne 1 ]; then
	usage_error "too many arguments"
fi
for tool in flex bison bc; do need $tool; done
[ -e /usr/include/libelf.h ] || die "libelf.h is missing; on Debian: apt-get install libelf-dev"

here=$top/tests/faults
series=$("$top/lab/image.sh" --show-kver | cut -d . -f 1-2)
tar=${KSRC:-/usr/src/linux-source-$series.tar.xz}
[ -f "$tar" ] || die "no $tar; on Debian: apt-get install linux-source-$series, or set KSRC="
jobs=${JOBS:-$(nproc)}

# With the other files uninstrumented, KCSAN reports the module alone, and its races
# with others where they change a value: reports name only these, and it is quick
flags=''
[ "$flavour" = kasan ] || flags=KCSAN_SANITIZE=n

# Another version of the sources, another configuration, another kernel
key=$( (
	stat -L -c '%s %Y' "$tar"
	gcc --version
	cat "$here/guest.config" "$here/$flavour.config"
	[ -z "$flags" ] || echo "$flags"
) | sha256sum | cut -c 1-8)
cache=$(cache_dir faults)
kernel=$cache/$flavour-$key

# unpack DIR: the sources, without what no such kernel is built from
unpack() {
	log "unpacking $tar (once, half a minute)"
	mkdir -p "$1"
	tar -xf "$tar" -C "$1" --strip-components 1 --wildcards \
		--exclude='*/arch/[!x]*/*.[chS]' --exclude='*/arch/*/boot/dts/*' \
		--exclude='*/drivers/gpu/drm/*/*.[ch]' --exclude='*/sound/*.[ch]' \
		--exclude='*/drivers/media/*.[ch]' --exclude='*/tools/testing/*' \
		--exclude='*/Documentation/*.rst' --exclude='*/Documentation/devicetree/*'
}

# configure OUT: and nothing that was asked for may have got lost
configure() {
	make -s -C "$src" O="$1" tinyconfig >"$kernel/log" 2>&1
	(cd "$1" && KCONFIG_CONFIG=.config "$src/scripts/kconfig/merge_config.sh" -m \
		.config "$here/guest.config" "$here/$flavour.config" >/dev/null)
	echo "CONFIG_LOCALVERSION=\"-$flavour-$key\"" >>"$1/.config"
	make -s -C "$src" O="$1" olddefconfig >>"$kernel/log" 2>&1
	cat "$here/guest.config" "$here/$flavour.config" | while read -r want; do
		case $want in
		'#'*) ;;
		*=n) ! grep "^${want%=n}=" "$1/.config" ;;
		*) grep -qxF "$want" "$1/.config" || echo "$want" ;;
		esac
	done >"$1/lost"
	[ ! -s "$1/lost" ] || die "this kernel does not take these settings: $(tr '\n' ' ' <"$1/lost")"
}

build() {
	exec 9>"$cache/lock"
	flock 9
	[ ! -e "$kernel/done" ] || return 0
	src=$cache/linux-$(stat -L -c '%s-%Y' "$tar")
	if [ ! -d "$src" ]; then
		rm -rf "$cache/unpack"
		unpack "$cache/unpack"
		mv "$cache/unpack" "$src"
	fi
	rm -rf "$kernel"
	mkdir -p "$kernel/out" "$kernel/boot"
	configure "$kernel/out"
	log "building the $flavour kernel (once, seven minutes on two cores); log: $kernel/log"
	# shellcheck disable=SC2086 # none, or one
	make -C "$src" O="$kernel/out" -j"$jobs" $flags bzImage modules >>"$kernel/log" 2>&1 || {
		grep -B 5 -A 5 -m 1 -i 'error' "$kernel/log" >&2 || tail -n 20 "$kernel/log" >&2
		die "the $flavour kernel was not built, see above"
	}
	kver=$(cat "$kernel/out/include/config/kernel.release")
	# Lockdown has them signed, and this kernel cannot check that: it refuses them (ENOENT)
	make -s -C "$src" O="$kernel/out" INSTALL_MOD_PATH="$kernel" CONFIG_MODULE_SIG_ALL= \
		modules_install >>"$kernel/log" 2>&1
	cp "$kernel/out/arch/x86/boot/bzImage" "$kernel/boot/vmlinuz-$kver"
	# Keep what modules are built with
	find "$kernel/out" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
	rm -f "$kernel"/out/vmlinux* "$kernel"/out/arch/x86/boot/*Image*
	: >"$kernel/done"
}

mkdir -p "$cache"
[ -e "$kernel/done" ] || build
kver=$(cat "$kernel/out/include/config/kernel.release")
[ -z "$fault" ] || exec "$here/plant.sh" "$fault" "$dir" "$kver" --kdir "$kernel/out" --ksrc "$tar"
make -s -C "$top" module KVER="$kver" KDIR="$kernel/out" KSRC="$tar" >&2
"$top/lab/image.sh" --kver "$kver" --from "$kernel"
