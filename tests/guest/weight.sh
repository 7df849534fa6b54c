#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Weights at load, good and bad; the live doors agree, on all three controllers.
# Takes: 230 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"

for bad in 0 4097 -1 0x40 64.5 abc 64,0 64,,2 99999999999 ' '; do
	dmesg -c >/dev/null
	check "weight='$bad' is refused" refused insmod $ko weight="$bad"
	check "and dmesg says why" sh -c "dmesg | grep -q 'e1000_napi: weight \".*\" is not a whole number from 1 to 4096'"
done
check "33 ports are refused" refused insmod $ko weight="$(seq -s, 33)"
check "the module is not there" refused grep -q ^e1000_napi /proc/modules

for good in 1 64 4096; do
	insmod $ko weight=$good
	is "weight=$good at load" "$(cat $debug/eth0/weight)" $good
	is "and on every port" "$(cat $debug/eth2/weight)" $good
	rmmod e1000_napi
done

insmod $ko weight=3,200
is "the first port has its own weight" "$(cat $debug/eth0/weight)" 3
is "the second too" "$(cat $debug/eth1/weight)" 200
is "ports beyond the list keep the default" "$(cat $debug/eth2/weight)" 64
rmmod e1000_napi

insmod $ko
is "the default" "$(cat $debug/eth0/weight)" 64
is "the driver's name" "$(ethtool -i eth0 | sed -n 's/^driver: //p')" e1000_napi
check "no message about weights from the core" refused sh -c 'dmesg | grep -q "called with weight"'
check "no module alias, so udev does not load it" refused grep -q e1000_napi "/lib/modules/$(uname -r)/modules.alias"

doors() { # doors IF WANTED: what each door shows
	is "$1: debugfs shows $2" "$(cat "$debug/$1/weight")" "$2"
	is "$1: ethtool shows $2" "$(ethtool -c "$1" | sed -n 's/^rx-frames-irq:[^0-9]*//p')" "$2"
	is "$1: a histogram's head shows $2" "$(count_of "$1/rx_per_poll" weight)" "$2"
}

for i in eth0 eth1 eth2; do
	model=$(cat /sys/class/net/$i/device/device)
	ip link set $i up
	wait_for 10 link_up $i || :
	changes=$(cat /sys/class/net/$i/carrier_changes)
	echo "# $i is $model"
	ethtool -C $i rx-frames-irq 7
	doors $i 7
	echo 200 >$debug/$i/weight
	doors $i 200
	printf 1 >$debug/$i/weight
	doors $i 1
	for bad in 0 4097 -1 '' 0x10 '1 2' 18446744073709551617; do
		check "$i: debugfs refuses '$bad'" refused sh -c "echo '$bad' >$debug/$i/weight"
	done
	check "$i: debugfs refuses a NUL" refused sh -c "printf '6\\0004' >$debug/$i/weight"
	# Before 5.15 this looks like an ioctl that knows no rx-frames-irq
	case $(uname -r) in
	5.10.*) ethtool -C $i rx-frames-irq 0 || : ;;
	*) check "$i: ethtool refuses 0" refused ethtool -C $i rx-frames-irq 0 ;;
	esac
	check "$i: ethtool refuses 4097" refused ethtool -C $i rx-frames-irq 4097
	doors $i 1
	check "$i: the link did not change" [ "$(cat /sys/class/net/$i/carrier_changes)" = "$changes" ]
	ip link set $i down
	ethtool -C $i rx-frames-irq 33
	ip link set $i up
	doors $i 33
done

# rx-usecs is stock's: not on 82540EM and 82544GC, unchanged on 82545EM
check "82540EM still has no rx-usecs" refused ethtool -C eth0 rx-usecs 100
check "82544GC still has no rx-usecs" refused ethtool -C eth2 rx-usecs 100
for i in eth0 eth2; do
	check "$i: nor is 0 accepted" refused ethtool -C $i rx-usecs 0 rx-frames-irq 8
	is "$i: nor is any shown" "$(ethtool -c $i | sed -n 's/^rx-usecs:[^0-9]*//p')" ""
done
case $(uname -r) in
5.10.*) ;;
*)
	ethtool -C eth1 rx-frames-irq 4097 2>/tmp/why || :
	check "ethtool says why it refuses" grep -q 'rx-frames-irq, the NAPI weight, is from 1 to 4096' /tmp/why
	;;
esac
check "82545EM takes rx-usecs" ethtool -C eth1 rx-usecs 100
is "and shows it" "$(ethtool -c eth1 | sed -n 's/^rx-usecs:[^0-9]*//p')" 100
ethtool -C eth1 rx-frames-irq 9
is "the weight alone leaves rx-usecs" "$(ethtool -c eth1 | sed -n 's/^rx-usecs:[^0-9]*//p')" 100
check "a bad rx-usecs changes no weight" refused ethtool -C eth1 rx-usecs 2 rx-frames-irq 10
is "it is as it was" "$(cat $debug/eth1/weight)" 9
check "both at once" ethtool -C eth1 rx-usecs 50 rx-frames-irq 11
is "rx-usecs of both" "$(ethtool -c eth1 | sed -n 's/^rx-usecs:[^0-9]*//p')" 50
is "weight of both" "$(cat $debug/eth1/weight)" 11

check "weight is for root only" [ "$(stat -c %a $debug/eth0/weight)" = 600 ]
finish
