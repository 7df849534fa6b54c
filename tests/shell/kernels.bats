#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Debian publishes a kernel's headers before its signed image: the newest with both is meant.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tmp=$BATS_TEST_TMPDIR
	[ "$(id -u)" -eq 0 ] || skip "root only: it mounts, or kernels.sh wants root"
}

@test "kernels.sh takes the newest kernel that has an image" {
	cp -R dev lab scripts "$tmp/"
	cat >"$tmp/dev/kernels/root.sh" <<-'END'
		#!/bin/sh
		case "$1 $*" in
		make*) mkdir -p "${0%/*}/root" && echo "${0%/*}/root" ;;
		*'apt-cache search'*linux-headers*) for n in 9 55 57 56; do echo "linux-headers-6.1.0-$n-amd64 - x"; done ;;
		*'apt-cache search'*linux-image*) for n in 9 56 55; do echo "linux-image-6.1.0-$n-amd64 - x"; done ;;
		*) exit 1 ;;
		esac
	END
	run "$tmp/dev/kernels.sh" --build-only --jobs 1 6.1
	[ "$status" -ne 0 ]
	[[ $output == *"fetching 6.1.0-56-amd64"* ]]
}

# show IMAGE…: what image.sh chooses of three kernels with headers, when apt knows these images
show() {
	mkdir -p "$tmp/bin"
	printf '#!/bin/sh\nfor i in %s; do [ "$2" != "linux-image-$i" ] || echo "Package: $2"; done\n' "$*" \
		>"$tmp/bin/apt-cache"
	chmod +x "$tmp/bin/apt-cache"
	PATH=$tmp/bin:$PATH E1000_NAPI_CACHE=$tmp/cache unshare -m sh -euc '
		mount -n -t tmpfs tmpfs /lib/modules
		mount -n -t tmpfs tmpfs /usr/src
		mount -n -t tmpfs tmpfs /boot
		for v in 6.1.0-9 6.1.0-56 6.1.0-57; do
			mkdir -p "/lib/modules/$v-amd64/build" "/usr/src/linux-headers-$v-amd64"
			: >"/usr/src/linux-headers-$v-amd64/Makefile"
		done
		exec lab/image.sh --show-kver'
}

@test "image.sh too, and the newest if apt knows none" {
	[ "$(show 6.1.0-9-amd64 6.1.0-56-amd64)" = 6.1.0-56-amd64 ]
	[ "$(show 6.1.0-9-amd64 6.1.0-57-amd64)" = 6.1.0-57-amd64 ]
	[ "$(show)" = 6.1.0-57-amd64 ]
	# what the cache has needs no apt
	mkdir -p "$tmp/cache/kernel"
	: >"$tmp/cache/kernel/linux-image-6.1.0-9-amd64.deb"
	[ "$(show)" = 6.1.0-9-amd64 ]
}
