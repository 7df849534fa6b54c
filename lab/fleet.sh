#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Several of the lab's guests at once, with ssh, for scripts/fleet: each has a NIC
# for ssh and one to sweep, on two bridges in a network namespace of their own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib/common.sh"

usage() {
	cat <<-END
		usage: fleet.sh [--guests N] [-- COMMAND ARG…]
		Boot N guests (3) with stock e1000 and an ssh server, write an Ansible inventory
		for them, and run COMMAND, or a shell, where they can be reached; \$FLEET is the
		inventory. A host with iperf -s is 10.0.0.1. Root. Exit status: COMMAND's; 1 if
		a guest did not come up or its kernel complained.
		For example: fleet.sh -- sh -c 'scripts/fleet/run.sh -i "\$FLEET"'
	END
}

# For the guests: an ssh server with its libraries
ssh_server() {
	mkdir -p "$1/lib"
	cp "$(command -v dropbear)" "$1/"
	ldd "$1/dropbear" | sed -n 's|^[^/]*\(/[^ ]*\).*|\1|p' | while read -r lib; do
		cp -L "$lib" "$1/lib/"
	done
	ssh-keygen -q -t ed25519 -N '' -f "$work/key"
	cp "$work/key.pub" "$1/"
}

inventory() {
	echo '[guests]'
	n=1
	while [ "$n" -le "$guests" ]; do
		echo "g$n ansible_host=192.168.77.$((10 + n))"
		n=$((n + 1))
	done
	cat <<-END
		[guests:vars]
		ansible_user=root
		ansible_ssh_private_key_file=$work/key
		ansible_ssh_common_args=-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10
		napi_server=10.0.0.1
	END
}

# nic N NAME MAC: QEMU's arguments for a NIC on the tap NAMEN
nic() {
	printf '%s\n' --qemu -netdev --qemu "tap,id=$2,ifname=$2$1,script=no,downscript=no" \
		--qemu -device --qemu "e1000,netdev=$2,mac=52:54:00:00:$3:0$1,romfile="
}

boot() { # boot N
	mkdir "$work/g$1"
	cp -R "$work/ssh/." "$work/g$1/"
	# A host busy with several guests can be too slow for the kernel's test of the timer
	# shellcheck disable=SC2046 # words without spaces
	exec ip netns exec "$space" "$here/boot.sh" --no-module --timeout 0 --smp 1 --mem 384 \
		--net none --nic none $(nic "$1" manage 0a) $(nic "$1" sweep 0b) --share "$work/g$1" \
		--append no_timer_check \
		-- sh lab/fleet-guest.sh "$1" >"$work/g$1.log" 2>&1
}

reached() { # reached N: by ssh; also when its boot.sh is gone, for nothing more to wait for
	! grep -q '^boot.sh: ' "$work/g$1.log" || return 0
	ip netns exec "$space" ssh -i "$work/key" -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes \
		-o ConnectTimeout=3 "root@192.168.77.$((10 + $1))" true 2>/dev/null
}

guests=3
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--guests)
		[ $# -ge 2 ] || usage_error "--guests requires a number"
		guests=$2
		shift
		;;
	--)
		shift
		break
		;;
	*) usage_error "unknown argument '$1'; a command goes after --" ;;
	esac
	shift
done
if ! is_uint "$guests" || [ "$guests" -lt 1 ] || [ "$guests" -gt 9 ]; then
	usage_error "--guests requires a number from 1 to 9, not '$guests'"
fi
need_root
need dropbear dropbear-bin
need ssh openssh-client
# Once, not by each guest at the same time
"$here/image.sh" >/dev/null

work=$(mktemp -d "${TMPDIR:-/tmp}/e1000_napi_fleet.XXXXXX")
space=e1000_napi_fleet-$$
running=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	trap '' HUP INT TERM
	for pid in $running; do
		kill "$pid" 2>/dev/null || :
	done
	wait
	"$here/tap.sh" down "$space"
	rm -rf "$work"
	give_back_all "$here/.."
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
"$here/tap.sh" bridge "$space" "$guests"
ssh_server "$work/ssh"
inventory >"$work/inventory"
log "booting $guests guests (some seconds each)"
n=1
while [ "$n" -le "$guests" ]; do
	boot "$n" &
	running="$running $!"
	n=$((n + 1))
done
n=1
while [ "$n" -le "$guests" ]; do
	# Sixty tries of up to three seconds
	if ! wait_for 6 reached "$n" || grep -q '^boot.sh: ' "$work/g$n.log"; then
		cat "$work/g$n.log" >&2
		die "guest $n cannot be reached by ssh"
	fi
	n=$((n + 1))
done

# ssh names its sockets by address, which is not unique on this machine
export ANSIBLE_SSH_CONTROL_PATH_DIR="$work/cp" ANSIBLE_HOME="$work/ansible" FLEET="$work/inventory"
[ $# -gt 0 ] || set -- "${SHELL:-/bin/sh}"
rc=0
ip netns exec "$space" "$@" || rc=$?

# Ended this way, boot.sh prints complaints of their kernels
n=1
while [ "$n" -le "$guests" ]; do
	: >"$work/g$n/stop"
	n=$((n + 1))
done
n=1
for pid in $running; do
	wait "$pid" || {
		cat "$work/g$n.log" >&2
		log "$prog: guest $n did not end well"
		[ "$rc" -ne 0 ] || rc=1
	}
	n=$((n + 1))
done
running=''
exit "$rc"
