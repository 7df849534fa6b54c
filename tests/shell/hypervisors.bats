#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The hypervisors' labs, as far as that goes without booting one: .ci/run boots them.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	tmp=$BATS_TEST_TMPDIR
	fake=$tmp/fake
	mkdir -p "$fake"
}

# mmdebstrap SAYS: a stand-in that fails with these words
mmdebstrap() {
	printf '#!/bin/sh\necho "%s"\nexit 1\n' "$1" >"$fake/mmdebstrap"
	chmod +x "$fake/mmdebstrap"
}

lab() { PATH=$fake:$PATH E1000_NAPI_CACHE=$tmp/cache run lab/hypervisors/"$@"; }

@test "a package that cannot be fetched skips the lab by name, with status 4" {
	mmdebstrap "E: Unable to locate package virtualbox"
	lab virtualbox.sh --out "$tmp/out"
	[ "$status" -eq 4 ]
	[[ $output == *"packages of sid could not be fetched"* ]]
	lab all.sh --out "$tmp/out" virtualbox
	[ "$status" -eq 4 ]
	[[ $output == *"skipped, packages could not be fetched: virtualbox"* ]]
}

@test "another failure of the image's making fails" {
	mmdebstrap "E: disk full"
	lab virtualbox.sh --out "$tmp/out"
	[ "$status" -eq 1 ]
	[[ $output == *"disk full"* ]]
	lab all.sh --out "$tmp/out" virtualbox
	[ "$status" -eq 1 ]
	[[ $output == *"labs failed: virtualbox"* ]]
	# Nothing half made stays in the cache
	[ -z "$(ls "$tmp/cache/root")" ]
}

# A host that does as \$1, \$2, … say: the first time, the second time, …
hosts() {
	here=$PWD/lab/hypervisors work=$tmp share=$tmp/share limit=900 kind=none host_is="a host"
	mkdir -p "$share"
	began=$(date +%s)
	. scripts/lib/common.sh
	. lab/hypervisors/nested.sh
	prog="test"
	acts=("$@")
	host_machine() {
		echo x >>"$tmp/started"
		case ${acts[$(wc -l <"$tmp/started") - 1]} in
		hangs)
			echo 1 >"$share/alive"
			touch -d '-50 seconds' "$share/alive"
			exec "$@" sleep 100 3>&-
			;;
		dies) exit 1 ;;
		asks) echo 75 >"$share/status" ;;
		works) echo 0 >"$share/status" ;;
		esac
	}
	run_hosts 2>"$tmp/said"
}

@test "a host that hangs, dies, or whose VM cannot be destroyed is started again" {
	hosts hangs dies asks works
	[ "$(wc -l <"$tmp/started")" -eq 4 ]
	[ "$(grep -c 'has not moved' "$tmp/said")" -eq 1 ]
	[ "$(cat "$share/status")" = 0 ]
}

@test "but not when two thirds of the time are over" {
	date() { [ "$1" = +%s ] && echo $(($(command date +%s) + ${late:-0})); }
	late=0
	hosts works
	late=700
	rm "$share/status" "$tmp/started"
	acts=(dies works)
	run_hosts
	[ "$(wc -l <"$tmp/started")" -eq 1 ]
}

@test "the host's facts go to meta.json as JSON" {
	printf '{\n  "host": {\n    "address": "a"\n  }\n}\n' >"$tmp/meta.json"
	printf 'version=4.17.5\nodd="x" \\ y=z\n' >"$tmp/host_facts.txt"
	here=$PWD/lab/hypervisors out=$tmp work=$tmp time=counted outer_qemu=7.2.22
	. scripts/lib/common.sh
	. lab/hypervisors/nested.sh
	add_facts
	python3 - "$tmp/meta.json" <<-'END'
		import json, sys
		host = json.load(open(sys.argv[1]))["host"]
		assert host.pop("time_counted_by").startswith("QEMU 7.2.22 TCG"), host
		assert host == {"version": "4.17.5", "odd": '"x" \\ y=z', "time": "counted", "address": "a"}, host
	END
}

@test "time is counted where all is emulated, and on request it is not" {
	. lab/hypervisors/nested.sh
	accel=tcg real_time=''
	choose_time 1
	[ "$time" = counted ]
	[ "$accel" = tcg,thread=single,tb-size=512 ]
	[[ $clock == *"-icount shift=0,sleep=on"* ]]
	for accel in tcg kvm; do
		[ "$accel" = kvm ] || real_time=1
		choose_time 2
		[ "$time $clock $accel" = "real -smp 2 $accel" ]
		real_time=''
	done
}

@test "a sweep's orders: a preset with what is given beside it, else this lab's grid" {
	. lab/hypervisors/nested.sh
	orders='' preset=irq weight=1,60 load='' reps=1 seconds='' rcvbuf='' short='' time=counted
	sweep_orders
	[ "$orders" = " napi.preset=irq napi.weight=1,60 napi.reps=1" ]
	orders='' preset='' weight='' reps='' counted_loads=75M,150M
	sweep_orders
	[ "$orders" = " napi.weight=1,2,60,200 napi.load=75M,150M napi.rcvbuf=8M napi.reps=1 napi.seconds=1" ]
	orders='' weight='' load='' reps='' seconds='' rcvbuf='' short=1
	sweep_orders
	[ "$orders" = " napi.weight=1,60 napi.load=100M,200M napi.rcvbuf=8M napi.reps=1 napi.seconds=1" ]
	orders='' weight='' load='' reps='' seconds='' rcvbuf='' time=real
	sweep_orders
	[ "$orders" = " napi.percent=100 napi.weight=1,60 napi.rcvbuf=8M napi.reps=1 napi.seconds=4" ]
}

@test "a trial whose host CPU came too late gets it from the host's record" {
	echo '    "clock_offset_ns": -1000000000,' >"$tmp/meta.json"
	# Samples end at 11, 12, 13 s of the host's clock, which is 1 s behind the guest's
	printf '%s\n' time_ns,cpu 10000000000,0 11000000000,10.0 12000000000,20.0 \
		13000000000,60.0 >"$tmp/host_cpu.csv"
	{
		echo trial,reason,started_ns,seconds,cpu_total,host_cpu
		echo '1,"a, b",12500000000,1.0,5,'
		echo '2,,12500000000,1.0,5,77'
		echo '3,,99000000000,1.0,5,'
	} >"$tmp/runs.csv"
	here=$PWD/lab/hypervisors out=$tmp work=$BATS_TEST_TMPDIR/fake
	. scripts/lib/common.sh
	. lab/hypervisors/nested.sh
	add_late_cpu
	# Half a second of 20 and half of 60; what was there stays; nothing is made up
	run tail -n 3 "$tmp/runs.csv"
	[ "${lines[0]}" = '1,"a, b",12500000000,1.0,5,40.0' ]
	[ "${lines[1]}" = '2,,12500000000,1.0,5,77' ]
	[ "${lines[2]}" = '3,,99000000000,1.0,5,' ]
}

@test "wrong arguments are named" {
	for lab in qemu xen virtualbox vmware; do
		run lab/hypervisors/$lab.sh --nonsense
		[ "$status" -eq 2 ]
		run lab/hypervisors/$lab.sh --help
		[ "$status" -eq 0 ]
	done
	run lab/hypervisors/vmware.sh --help
	[[ $output == *stand-in* ]]
	run lab/hypervisors/all.sh hyperv
	[ "$status" -eq 2 ]
	run lab/hypervisors/root.sh hyperv
	[ "$status" -eq 2 ]
}
