# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used by the tests
# nic9: a made-up PCI device of e1000 with a real link, one end of a pair, in a namespace $ns

# ip makes and mounts this folder for the first namespace, and leaves it
setup_file() { [ -e /run/netns ] || : >"$BATS_FILE_TMPDIR/ours"; }

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/ours" ] || [ -n "$(ls /run/netns)" ] || { umount -n /run/netns && rmdir /run/netns; }
}

make_nic9() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	[ "$(id -u)" -eq 0 ] || skip "needs root, for a network namespace"
	[ -x build/tools/napinic ] || make -s -C tools/napinic
	export E1000_NAPI_SYS=$BATS_TEST_TMPDIR/sys E1000_NAPI_RUN=$BATS_TEST_TMPDIR/run
	pci=0000:00:09.0 mac=02:00:00:00:00:09
	dev=$E1000_NAPI_SYS/bus/pci/devices/$pci
	class=$E1000_NAPI_SYS/class/net/nic9
	mkdir -p "$E1000_NAPI_SYS/bus/pci/drivers/e1000" "$class" "$dev/net/nic9" "$E1000_NAPI_RUN" \
		"$BATS_TEST_TMPDIR/bin"
	ln -s ../../drivers/e1000 "$dev/driver"
	ln -s "$dev" "$class/device"
	ns=napi-$$-$BATS_TEST_NUMBER
	ip netns add "$ns"
	in_ns ip link add nic9 address $mac type veth peer name peer9
}

teardown() { [ -z "${ns-}" ] || ip netns del "$ns"; }

in_ns() { ip netns exec "$ns" "$@"; }
