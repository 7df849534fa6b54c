#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Files of tune.sh --apply, read by the readers at a boot: modprobe of kmod, udev,
# sysctl. Applied again, the same and otherwise, and undone once: everything is as it was
# before the first, also an older file of that name.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
if [ ! -x /share/programs/udevadm ] || [ ! -x /share/programs/modprobe ]; then
	echo "ok what tune.sh makes permanent # SKIP no udevadm or modprobe in /share/programs, see tests/run.sh"
	exit 4
fi
cd "$top"
here=$top/scripts
. scripts/lib/nic.sh
. scripts/lib/nic-reach.sh
. scripts/lib/tune-keep.sh
need_tools
work=$(mktemp -d)

# program NAME FILE: one that was brought, by a name that it obeys
program() {
	mkdir -p "$work/bin" "$work/real"
	cp "/share/programs/$2" "$work/real/$1"
	printf '#!/bin/sh\nLD_LIBRARY_PATH=/share/programs/lib exec %s "$@"\n' "$work/real/$1" >"$work/bin/$1"
	chmod 755 "$work/bin/$1"
}
program modprobe modprobe
program depmod modprobe
program udevadm udevadm
program systemd-udevd udevadm
PATH=$work/bin:$PATH
settled() { udevadm settle -t 20; }

# boot: what a boot does with the files in /etc
boot() {
	echo 300 >/proc/sys/net/core/netdev_budget
	echo 1000 >/proc/sys/net/core/netdev_max_backlog
	echo 212992 >/proc/sys/net/core/rmem_default
	modprobe e1000_napi
	settled
	for _f in /etc/sysctl.d/*; do
		[ ! -e "$_f" ] || sysctl -qp "$_f"
	done
}
settings() {
	for _nic in eth0 eth1; do
		echo "$_nic weight $(cat "$debug/$_nic/weight") threaded $(cat /sys/class/net/$_nic/threaded)" \
			"defer $(cat /sys/class/net/$_nic/napi_defer_hard_irqs):$(cat /sys/class/net/$_nic/gro_flush_timeout)" \
			"ring $(rx_ring $_nic)" \
			"rps $(cat /sys/class/net/$_nic/queues/rx-0/rps_cpus)" \
			"gro $(ethtool -k $_nic | sed -n 's/^generic-receive-offload: //p')" \
			"rx-usecs $(ethtool -c $_nic | sed -n 's/^rx-usecs:[^0-9]*//p')"
	done
	echo "budget $(cat /proc/sys/net/core/netdev_budget)" \
		"backlog $(cat /proc/sys/net/core/netdev_max_backlog) rmem_default $(cat /proc/sys/net/core/rmem_default)"
}
etc() { find /etc -type f -exec md5sum {} + | sort; }

mkdir -p "/lib/modules/$(uname -r)/updates" /run/udev
cp "$ko" "/lib/modules/$(uname -r)/updates/"
depmod -a
systemd-udevd --daemon 2>"$work/udevd.log"
check "udev runs" settled
mkdir -p /etc/sysctl.d
echo "net.core.netdev_budget = 450" >/etc/sysctl.d/90-e1000_napi-tune.conf
boot
stock=$(settings)
etc >"$work/etc"

# eth1 is an 82545, which has rx-usecs
words='weight=32 rx-usecs=50 gro=0 threaded=1 defer=2:50000 budget=600 rcvbuf=8M ring=512 rps=2 backlog=10000'
want="eth0 weight 32 threaded 0 defer 0:0 ring 256 rps 0 gro on rx-usecs $(echo "$stock" | sed -n '1s/.*usecs *//p')
eth1 weight 32 threaded 1 defer 2:50000 ring 512 rps 3 gro off rx-usecs 50
budget 600 backlog 10000 rmem_default 16777216"
# shellcheck disable=SC2086 # words
keep_files eth1 "$work/keep" $words
# shellcheck disable=SC2086
check "--apply" keep_apply eth1 "$work/keep" $words
# the weight of the other ports is the module's, from the next load on
is "all is set at once" "$(settings | sed '1s/weight 64/weight 32/')" "$want"
is "eth0 is left alone" "$(cat "$debug/eth0/weight")" 64
check "udev takes its rules" settled

rmmod e1000_napi
boot
is "the same after a boot" "$(settings)" "$want"

cp "$KEPT/undo" "$work/undo"
etc >"$work/etc1"
# shellcheck disable=SC2086
check "--apply again" keep_apply eth1 "$work/keep" $words
is "nothing changes" "$(settings)" "$want"
etc >"$work/etc2"
check "no file either" cmp "$work/etc1" "$work/etc2"
check "and one undo still leads to before the first" cmp "$KEPT/undo" "$work/undo"
words='weight=16 gro=1 defer=4:20000 budget=1200'
# shellcheck disable=SC2086
keep_files eth1 "$work/keep" $words
# shellcheck disable=SC2086
check "--apply of other values" keep_apply eth1 "$work/keep" $words
want="$(echo "$want" | sed -n 1p)
eth1 weight 16 threaded 1 defer 4:20000 ring 512 rps 3 gro on rx-usecs 50
budget 1200 backlog 10000 rmem_default 16777216"
is "they are set, the rest stays" "$(settings)" "$want"
check "udev takes its rules" settled
rmmod e1000_napi
boot
is "and after a boot" "$(settings)" "$(echo "$want" | sed '1s/weight 32/weight 16/')"

# a user has it from stock e1000, with other values
rmmod e1000_napi
modprobe e1000
settled
check "load" scripts/load.sh eth1
is "leaves what was applied in force, the weight too" "$(settings 2>/dev/null | sed -n 2p)" \
	"$(echo "$want" | sed -n 2p)"
check "restore" scripts/restore.sh eth1
rmmod e1000
boot

check "--undo" scripts/tune.sh --undo
etc >"$work/etc2"
check "no file is left, none is changed" cmp "$work/etc" "$work/etc2"
is "the user's own file is back" "$(cat /etc/sysctl.d/90-e1000_napi-tune.conf)" "net.core.netdev_budget = 450"
is "eth1 is at once as before" "$(settings | sed '1s/weight 16/weight 64/')" "$stock"
rmmod e1000_napi
boot
is "and after a boot" "$(settings)" "$stock"
udevadm control --exit
rm -rf "/lib/modules/$(uname -r)/updates" /etc/sysctl.d/90-e1000_napi-tune.conf "$work"
finish
