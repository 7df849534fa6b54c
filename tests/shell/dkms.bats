#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The sources for dkms are complete, and dkms.conf is right. tests/packages.sh does the
# whole with dkms itself, in a Debian of its own.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	kver=$(lab/image.sh --show-kver)
	tmp=$(mktemp -d)
}

teardown() { rm -rf "$tmp"; }

@test "the sources for dkms build, by dkms.conf's own command" {
	make dkms-source DESTDIR="$tmp"
	cd "$tmp"/usr/src/e1000_napi-*
	# As dkms: the file is read by bash, and the command run in the folder
	kernelver=$kver kernel_source_dir=/lib/modules/$kver/build
	. ./dkms.conf
	[ "$PWD" = "$tmp/usr/src/$PACKAGE_NAME-$PACKAGE_VERSION" ]
	# shellcheck disable=SC2154 # arrays of dkms.conf
	case ${MAKE[0]} in make*) false ;; esac
	env -u HOME -u E1000_NAPI_CACHE sh -c "${MAKE[0]}"
	# shellcheck disable=SC2154
	[ -e "${BUILT_MODULE_LOCATION[0]}/${BUILT_MODULE_NAME[0]}.ko" ]
	make clean
	[ ! -e build ]
}

@test "the version is one: dkms.conf's and the newest of CHANGELOG.md" {
	. ./dkms.conf
	[ "$(awk '/^## / { print $2; exit }' CHANGELOG.md)" = "$PACKAGE_VERSION" ]
}

@test "no deprecated feature of dkms is used" {
	run grep -E '^(REMAKE_INITRD|CLEAN|OBSOLETE_BY|MODULES_CONF)' dkms.conf
	[ "$status" -eq 1 ]
}
