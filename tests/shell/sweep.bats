#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# sweep.sh as far as it goes without a NIC: what it plans and what it refuses.

load guests
setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	napimeter=build/tools/napimeter
	[ -x $napimeter ] || make -s -C tools/napimeter
	dir=$BATS_TEST_TMPDIR
}

plan() { scripts/sweep.sh eth0 --server 192.0.2.1 --dry-run "$@"; }
last() { tail -n 1; }

@test "--help names every option, under both shells" {
	for sh in dash 'busybox ash'; do
		run $sh scripts/sweep.sh --help
		[ "$status" -eq 0 ]
		for option in preset quick method weight load rcvbuf cpus burst server sender source out \
			dry-run retries on-error restore seed reps sessions seconds until; do
			[[ $output == *--$option* ]]
		done
	done
}

@test "every option of --help is in docs/sweep.md" {
	for option in $(scripts/sweep.sh --help | grep -oE -- '--[a-z-]*[a-z]' | sort -u); do
		grep -qF -- "$option" docs/sweep.md || {
			echo "$option is missing"
			return 1
		}
	done
}

@test "every column is in docs/sweep.md" {
	$napimeter plan "$dir/r" interface=eth0 server=192.0.2.1 netdev_budget=300
	build/tools/napistat columns | sed 1d | cut -d , -f 1 >"$dir/columns"
	[ "$(wc -l <"$dir/columns")" -eq 64 ]
	# shellcheck disable=SC2016
	sed -n '/^## Results/,/^`hist.csv`/p' docs/sweep.md >"$dir/doc"
	# the settings between datagram and burst are in the options' table
	grep -E '^\| `--' docs/sweep.md >>"$dir/doc"
	while read -r column; do
		grep -q "\`$column\`" "$dir/doc" || {
			echo "$column is missing"
			return 1
		}
	done <"$dir/columns"
}

@test "every option that a plan knows is in docs/sweep.md" {
	sed -n '/ settings\[\] = {/,/^};/s/.*{ COL_\([a-z_]*\),.*/\1/p; /other_keys\[\] = {/,/^};/p' \
		tools/napimeter/planaxis.c tools/napimeter/planfile.c | grep -oE '^[a-z_]+$|"[a-z_]+"' | tr -d '"' |
		sed 's/^offered_bps$/load/; s/_s$/-s/; s/^\(slot\|settle\)-s$/\1/; s/_/-/g' |
		grep -vx interface >"$dir/keys"
	[ "$(wc -l <"$dir/keys")" -ge 37 ]
	while read -r key; do
		grep -qE -- "--$key([^a-z-]|$)" docs/sweep.md || {
			echo "--$key is missing"
			return 1
		}
	done <"$dir/keys"
}

@test "mawk too understands iperf's answer before a sweep" {
	mkdir "$dir/bin"
	printf '#!/bin/sh\necho 20260101000000,192.0.2.1,5001,192.0.2.2,9,1,0.0-0.3,1470,39200\n' >"$dir/bin/iperf"
	for awk in "$(command -v mawk)" "$(command -v busybox) awk"; do
		[ "${awk#/}" != "$awk" ] || continue
		printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$dir/bin/awk"
		chmod +x "$dir/bin/"*
		PATH=$dir/bin:$PATH run sh -c '. scripts/lib/common.sh; . scripts/lib/preflight.sh; pull_iperf 192.0.2.1 5001 udp'
		[ "$status" -eq 0 ]
	done
}

@test "every reason of a trial is in docs/sweep.md" {
	sed -n '/^### Reasons/,/^`hist.csv`/p' docs/sweep.md >"$dir/doc"
	# the first part of each text that no number or name interrupts
	python3 - tools/napimeter/judge.c >"$dir/reasons" <<-'END'
		import re, sys
		text = open(sys.argv[1]).read()
		for call in re.findall(r'(?:\badd\(row, |\bfail\()"((?:[^"\\]|\\.)*)"', text):
		    parts = re.split(r'%[-+.0-9]*[a-z]|[,:(;]', call)
		    # what stands first is what docs name it by
		    first = next((p.strip() for p in parts if len(p.strip()) > 9), "")
		    if first:
		        print(first)
	END
	[ "$(wc -l <"$dir/reasons")" -ge 14 ]
	while read -r reason; do
		grep -qF -- "$reason" "$dir/doc" || {
			echo "$reason is missing"
			return 1
		}
	done <"$dir/reasons"
}

@test "every key of meta.json is in docs/sweep.md" {
	$napimeter plan "$dir/r" interface=lo source=pktgen peer=lo
	scripts/detect.sh --json | $napimeter meta "$dir/r" "the command"
	grep -oE '"[a-z_]+":' "$dir/r/meta.json" | tr -d '":' | sort -u >"$dir/keys"
	[ "$(wc -l <"$dir/keys")" -ge 30 ]
	# shellcheck disable=SC2016
	sed -n '/^`meta.json`/,/^`sweep.json`/p' docs/sweep.md >"$dir/doc"
	while read -r key; do
		grep -q "\`$key\`" "$dir/doc" || {
			echo "$key is missing"
			return 1
		}
	done <"$dir/keys"
}

@test "meta.json names the machine and the NIC as detect.sh does, in every recorded guest" {
	for guest in xen-hvm virtualbox vmware-stand-in qemu-tcg; do
		mkdir "$dir/$guest"
		recorded_guest "$BATS_TEST_DIRNAME/guests/$guest" "$dir/$guest/tree"
		scripts/detect.sh --json --root "$dir/$guest/tree" >"$dir/$guest/said"
		nic=$(grep -o '"interface": "[a-z0-9]*"' "$dir/$guest/said" | cut -d '"' -f 4 | tail -n 1)
		$napimeter plan "$dir/$guest" interface="$nic" source=pktgen peer=lo datagram=500
		$napimeter meta "$dir/$guest" x <"$dir/$guest/said"
		python3 - "$dir/$guest" "$nic" <<-'END'
			import json, sys
			said, meta = (json.load(open(sys.argv[1] + f)) for f in ("/said", "/meta.json"))
			for theirs, ours in (("hypervisor",) * 2, ("stand_in",) * 2, ("dmi",) * 2,
			                     ("version", "hypervisor_version")):
			    assert said[theirs] == meta[ours], (theirs, said, meta)
			nic = next(n for n in said["e1000"] if n["interface"] == sys.argv[2])
			assert meta["nic"] == {k: nic[k] for k in ("model", "pci_id", "pci_address")}, meta
		END
	done
	# and it makes up nothing of its own
	for wrong in '' '{' '[]' '{"hypervisor": 1}'; do
		$napimeter plan "$dir/wrong" interface=lo source=pktgen peer=lo
		run $napimeter meta "$dir/wrong" x <<<"$wrong"
		[ "$status" -eq 1 ]
		[[ $output == *"not what detect.sh --json prints"* ]]
		[ ! -e "$dir/wrong/meta.json" ]
	done
}

@test "the presets are the study's" {
	[[ $(plan --preset tcp | last) == "200 trials, 0 of them done, about 1 h 43 min to go" ]]
	[[ $(plan --preset udp | last) == "200 trials"* ]]
	[[ $(plan --preset irq | last) == "200 trials"* ]]
	plan --preset irq >"$dir/irq"
	for load in $(seq 100 100 1000); do
		[ "$(grep -c "udp $load Mbit/s, weight" "$dir/irq")" -eq 20 ]
	done
	[ "$(grep -c 'weight 60,' "$dir/irq")" -eq 50 ]
	run plan --preset irq-affinity --app-cpu 0,1
	[[ $output == *app_cpu* ]]
	[[ $(plan --preset xen | last) == "200 trials"* ]]
	[[ $(plan --preset vmware | last) == "200 trials"* ]]
	[[ $(plan --preset udp-buffer | last) == "200 trials"* ]]
}

@test "--quick is a tenth of the time and at most 3 repetitions; options override a preset" {
	[[ $(plan --preset tcp --quick | last) == "60 trials, 0 of them done, about 4 min "* ]]
	[[ $(plan --preset irq --weight 64 --reps 2 --seconds 2 | last) == "20 trials, 0 of them done, about 1 min 3 s to go" ]]
}

@test "the order depends on the seed and on nothing else" {
	plan --weight 1..50 --seed 7 >"$dir/a"
	plan --weight 1..50 --seed 7 >"$dir/b"
	plan --weight 1..50 --seed 8 >"$dir/c"
	cmp "$dir/a" "$dir/b"
	run cmp -s "$dir/a" "$dir/c"
	[ "$status" -eq 1 ]
	[ "$(grep -o 'weight [0-9]*' "$dir/a" | sort -u | wc -l)" -eq 50 ]
}

@test "wrong usage is refused with status 2 and a reason" {
	refuse() {
		_want=$1
		shift
		run plan "$@"
		[ "$status" -eq 2 ] || {
			echo "$* gave $status"
			return 1
		}
		[[ $output == *"$_want"* ]] || {
			echo "$output"
			return 1
		}
	}
	refuse "not in 1..4096" --weight 0
	refuse "not in 1..4096" --weight 4097
	refuse "no preset 'fast'" --preset fast
	refuse "not a setting of a sweep" --speed 9
	refuse "requires an argument" --weight
	refuse "no spaces" --weight '1, 2'
	refuse "is there twice" --weight 1,2,1
	refuse "bursts" --burst 32
	refuse "tcp goes with" --protocol tcp --method interleave
	refuse "--sessions goes with" --sessions 2 --method mlfrr
	refuse "--sessions goes with" --sessions 2 --until 5
	refuse "ssh:HOST" --sender host
	refuse "auto, one or two" --cpus three
	run scripts/sweep.sh eth0 --dry-run
	[ "$status" -eq 2 ]
	[[ $output == *"needs a server"* ]]
	run scripts/sweep.sh --weight 2
	[ "$status" -eq 2 ]
	# hexadecimal digits and dots alone are not an address yet
	for name in nowhere.invalid cafe.invalid; do
		run scripts/sweep.sh eth0 --server $name --dry-run
		[ "$status" -eq 1 ]
		[[ $output == *"the name $name cannot be resolved here; give the server's address"* ]]
	done
	run scripts/sweep.sh eth0 --server 192.0.2 --dry-run
	[ "$status" -eq 2 ]
	[[ $output == *"not an IPv4 or IPv6 address"* ]]
	refuse "neither a host's name nor an address" --server 1::x
	refuse "there is no CPU 99 here; the last one is $(($(nproc --all) - 1))" --app-cpu 0,99
	refuse "there is no CPU 99 here" --irq-cpu 0..99
	refuse "did you mean 100M?" --load 100
}

@test "a NIC that cannot be swept is refused before anything is written" {
	[ "$(id -u)" -eq 0 ] || skip "sweep.sh measures as root only"
	export E1000_NAPI_SYS=$dir/sys
	net=$dir/sys/class/net
	mkdir -p "$net/eth0/device" "$net/eth1/device" "$net/eth2/device" "$net/br0"
	ln -s ../drivers/e1000 "$net/eth0/device/driver"
	ln -s ../drivers/virtio_net "$net/eth1/device/driver"
	ln -s ../drivers/e1000_napi "$net/eth2/device/driver"
	refuse() { # refuse NIC SERVER WHY
		run scripts/sweep.sh "$1" --server "$2" --weight 1,2 --out "$dir/out"
		[ "$status" -eq 1 ] && [[ $output == *"$3"* ]] && [ "${#lines[@]}" -eq 1 ] || {
			echo "$*: $status $output"
			return 1
		}
		[ ! -e "$dir/out" ]
	}
	refuse eth9 192.0.2.1 "there is no interface eth9; ip link shows"
	refuse eth0 192.0.2.1 "eth0 is driven by e1000, not by e1000_napi; run: scripts/load.sh eth0"
	refuse eth1 192.0.2.1 "eth1 is driven by virtio_net; only NICs of e1000"
	refuse br0 192.0.2.1 "br0 is driven by no driver"
	refuse eth2 192.0.2.1 "debugfs is not mounted, and the counters are there; run: mount -t debugfs"
	mkdir -p "$dir/sys/kernel/debug/e1000_napi/eth2"
	refuse eth2 192.0.2.1 "e1000_napi/eth2 cannot be read; a locked-down kernel forbids it"
	echo "# e1000_napi 2 snapshot" >"$dir/sys/kernel/debug/e1000_napi/eth2/snapshot"
	refuse eth2 nowhere.invalid "the name nowhere.invalid cannot be resolved here"
	# no server, a host that does not answer, one that says nothing; tune looks before its first sweep
	start=$(date +%s)
	refuse eth2 127.0.0.1 "nothing listens on udp port 5001 of 127.0.0.1; there: while :; do iperf -s -u; sleep 1; done"
	run scripts/tune.sh eth2 --server 127.0.0.1 --port 5999 --try weight --out "$dir/out"
	[ "$status" -eq 1 ]
	[[ $output == *"nothing listens on udp port 5999 of 127.0.0.1; there: while :; do iperf -s -u -p 5999; sleep 1; done" ]]
	[ ! -e "$dir/out" ]
	# not ip netns: that leaves /run/netns behind
	run unshare -n scripts/sweep.sh eth2 --server 192.0.2.1 --out "$dir/out"
	[ "$status" -eq 1 ]
	[[ $output == *"192.0.2.1 cannot be reached from here (ip route get 192.0.2.1)"* ]]
	[ $(($(date +%s) - start)) -lt 20 ]
	# a datagram socket that takes all and sends nothing
	python3 -c 'import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 5997)); time.sleep(30)' &
	mute=$!
	sleep 0.5
	run scripts/sweep.sh eth2 --server 127.0.0.1 --port 5997 --out "$dir/out"
	kill $mute
	[ "$status" -eq 1 ]
	[[ $output == *"127.0.0.1 sends nothing from udp port 5997: wrong host, a firewall on the way, or an iperf before 2.1"* ]]
	[ ! -e "$dir/out" ]
}

# tested: as if the source had passed its test before the first trial
tested() {
	build/tools/napistat columns | awk -F, 'NR > 1 && !/^(netdev_|busy_read|mtu|rx_ring|rps_cpus|defer_hard|gro_flush|irq_suspend|session)/ {
		head = head sep $1
		row = row sep ($1 == "trial" ? 1 : $1 == "status" ? "ok" : $1 == "method" ? "selftest" : "")
		sep = "," }
		END { print head; print row }' >"$dir/r/probes.csv"
}

@test "a source that fails its test: no trial runs, and the same command continues later" {
	$napimeter plan "$dir/r" interface=none9 server=127.0.0.1 source=napimeter weight=1,3 offered_bps=1M seconds=0.1
	for i in 1 2; do
		run $napimeter run "$dir/r" --retries 1
		[ "$status" -eq 1 ]
		[ "$(grep -c "it is tried again" <<<"$output")" -eq 1 ]
		[[ $output == *"The source's test failed 2 times, so no trial was made; fix that, and give the same command again" ]]
		[ "$(cat "$dir/r/runs.csv" "$dir/r/probes.csv" 2>/dev/null | grep -c none9)" -eq 0 ]
	done
}

@test "a running server is found, over UDP and TCP, with every shell" {
	command -v iperf >/dev/null || skip "no iperf here"
	iperf -s -u -p 5996 >/dev/null 2>&1 3>&- &
	udp=$!
	iperf -s -p 5996 >/dev/null 2>&1 3>&- &
	tcp=$!
	sleep 0.5
	for shell in dash 'busybox ash'; do
		for protocol in udp tcp; do
			run $shell -c 'here=scripts prog=test; . scripts/lib/common.sh; . scripts/lib/preflight.sh
				preflight_source iperf 127.0.0.1 5996 "$1"' sh $protocol
			[ "$status" -eq 0 ] || {
				echo "$shell $protocol: $output"
				kill -9 $udp $tcp
				return 1
			}
			[ -z "$output" ]
			sleep 0.5
		done
	done
	kill -9 $udp $tcp
}

@test "a sweep in which every trial failed is never done" {
	$napimeter plan "$dir/r" interface=none9 server=127.0.0.1 source=napimeter weight=1,3 offered_bps=1M seconds=0.1
	tested
	for i in 1 2; do
		run $napimeter run "$dir/r" --retries 0
		[ "$status" -eq 1 ]
		[[ $output == *"every trial of this sweep failed ("*none9*"); fix that, and give another --out" ]]
		# two trials, once
		[ "$(grep -c none9 "$dir/r/runs.csv")" -eq 2 ]
	done
}

@test "a trial that fails is tried again, then go-on or stop" {
	$napimeter plan "$dir/r" interface=none9 server=127.0.0.1 source=napimeter weight=1,3 seconds=0.1
	run $napimeter run "$dir/r" --retries 1 --on-error stop
	[ "$status" -eq 1 ]
	[ "$(grep -c "^\[1/2, " <<<"$output")" -eq 2 ]
	[ "$(grep -c "it is tried again" <<<"$output")" -eq 1 ]
	[[ $output == *"the same command goes on with the next trial" ]]
	[ "$(grep -c failed "$dir/r/runs.csv")" -eq 1 ]
	run $napimeter run "$dir/r" --retries 0
	[ "$(grep -c "^\[2/2, " <<<"$output")" -eq 1 ]
	[ "$(grep -c failed "$dir/r/runs.csv")" -eq 2 ]
}

@test "sessions: each has all repetitions, and a run between two needs what loads the module" {
	[[ $(plan --weight 1,64 --reps 2 --sessions 3 | last) == "12 trials"* ]]
	for n in 1 2 3; do
		[ "$(plan --weight 1,64 --reps 2 --sessions 3 | grep -c "session $n$")" -eq 4 ]
	done
	$napimeter plan "$dir/r" interface=none9 server=127.0.0.1 source=napimeter weight=3 seconds=0.1 sessions=3
	printf 'echo "load $1"\ntest ! -e "%s"\n' "$dir/broken" >"$dir/reload"
	run $napimeter run "$dir/r" --retries 0
	[ "$status" -eq 1 ]
	[[ $output == *"session 1"*"requires --reload" ]]
	touch "$dir/broken"
	run $napimeter run "$dir/r" --retries 0 --reload "$dir/reload"
	[[ $output == *"load none9"*"session 2: the module could not be loaded again"* ]]
	rm "$dir/broken"
	run $napimeter run "$dir/r" --retries 0 --reload "$dir/reload"
	[ "$(grep -c "load none9" <<<"$output")" -eq 2 ]
	[ "$(head -n 1 "$dir/r/runs.csv" | grep -o '[a-z_]*$')" = session ]
	[ "$(grep -o '[0-9]$' "$dir/r/runs.csv" | xargs)" = "1 2 3" ]
}

@test "a run without its parent, or with wrong usage, measures nothing" {
	$napimeter plan "$dir/r" interface=none9 server=127.0.0.1 source=napimeter weight=1,3 seconds=0.1
	run $napimeter run "$dir/r" --parent 1
	[ "$status" -eq 1 ]
	[[ $output == *"process 1, which this sweep belongs to, is gone" ]]
	for wrong in "--retries" "--retries x" "--on-error perhaps" "--nonsense 1" "--on-error"; do
		# shellcheck disable=SC2086 # words
		run $napimeter run "$dir/r" $wrong
		[ "$status" -eq 2 ] || {
			echo "$wrong: $status $output"
			return 1
		}
	done
	[ ! -e "$dir/r/runs.csv" ]
}

@test "another user cannot hold the lock of a sweep" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run timeout 5 unshare -m sh -c '
		mount -n -t tmpfs -o mode=755 tmpfs /run && mkdir /run/e1000_napi
		"$1" restore
		for file in /run/e1000_napi /run/e1000_napi/sweep.lock; do
			setpriv --reuid 65534 --clear-groups flock -o "$file" sleep 8 >/dev/null 2>&1 3>&- &
		done
		sleep 0.5
		"$1" restore' sh "$napimeter"
	[ "$status" -eq 0 ]
}

@test "a folder with another sweep is refused, the same one is not" {
	$napimeter plan "$dir/r" interface=eth0 server=192.0.2.1 weight=1,2
	$napimeter plan "$dir/r" interface=eth0 server=192.0.2.1 weight=1,2
	run $napimeter plan "$dir/r" interface=eth0 server=192.0.2.1 weight=1,3
	[ "$status" -eq 2 ]
	[[ $output == *"another sweep"* ]]
}

@test "a sink that receives nothing counts nothing, and ends in time" {
	run timeout 5 "$napimeter" sink 5964 0.3
	[ "$status" -eq 0 ]
	[[ $output == "received 0 bytes 0 socket_drops 0" ]]
}

@test "serve: a cookie is random, valid once and for its address; a lost receiver ends its stream" {
	"$napimeter" serve 5971 >"$dir/said" 2>&1 3>&- &
	server=$!
	sleep 0.3
	run timeout 20 python3 - <<-'END'
		import socket, struct, time
		ASK = ">IIQQQIIQ"
		def ask(s, cookie=0, seconds=5):
		    s.send(struct.pack(ASK, 0x6e617031, 1000, cookie, 8000000, int(seconds * 1e9), 1, 0, 0))
		    return s.recv(2000)
		def new():
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.connect(("::1", 5971))
		    s.settimeout(2)
		    return s
		a, b = new(), new()
		cookies = [struct.unpack(ASK, ask(a))[2] for _ in range(8)]
		assert len(set(cookies)) == 8, cookies
		assert len(ask(b)) == 48
		# an older one, and that of another address, start nothing
		assert struct.unpack(ASK, ask(a, cookies[0]))[0] == 0x6e617032
		mine = struct.unpack(ASK, ask(a))[2]
		assert struct.unpack(ASK, ask(b, mine))[0] == 0x6e617032
		# its own does, once
		assert len(ask(a, mine, 0.2)) == 1000
		time.sleep(0.6)
		a.settimeout(0.2)
		try:
		    while True:
		        a.recv(2000)
		except TimeoutError:
		    pass
		a.settimeout(2)
		assert struct.unpack(ASK, ask(a, mine))[0] == 0x6e617032
		# a receiver that has exited
		mine = struct.unpack(ASK, ask(a))[2]
		assert len(ask(a, mine, 10)) == 1000
		a.close()
		begun = time.monotonic()
		while True:
		    try:
		        ask(b)
		        break
		    except (TimeoutError, ConnectionError):
		        assert time.monotonic() - begun < 6
	END
	kill "$server"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the host's CPU is answered: clock and mean of samples" {
	now=$(date +%s%N)
	(
		echo time_ns,cpu
		echo "$now,0"
		echo "$((now + 1000000000)),150"
		sleep 2
	) | $napimeter hostcpu 5965 &
	sleep 0.5
	ask() {
		exec 3<>/dev/udp/127.0.0.1/5965
		printf %s "$1" >&3
		timeout 2 dd bs=100 count=1 <&3 2>/dev/null # one datagram
	}
	[[ $(ask "cpu $((now + 200000000)) $((now + 700000000))") == "cpu 150.0" ]]
	wait
}

@test "a sweep begins when the host has samples, not before" {
	$napimeter plan "$dir" interface=lo server=127.0.0.1 source=napimeter weight=1,3 \
		host=127.0.0.1:5966
	scripts/detect.sh --json >"$dir/said" || :
	run timeout 2 "$napimeter" meta "$dir" x <"$dir/said"
	[ "$status" -eq 124 ]
	[[ $output == "waiting for scripts/host/cpu.sh at 127.0.0.1:5966, at most 60 s" ]]
	[ ! -e "$dir/meta.json" ]
	(
		echo time_ns,cpu
		sleep 2
		echo "$(date +%s%N),0"
		sleep 3
	) | $napimeter hostcpu 5966 &
	run timeout 1 "$napimeter" meta "$dir" x <"$dir/said"
	[ "$status" -eq 124 ]
	run timeout 10 "$napimeter" meta "$dir" x <"$dir/said"
	echo "$output"
	[ "$status" -eq 0 ]
	grep -q '"clock_offset_ns": ' "$dir/meta.json"
	wait
	# a bad folder is reported without the host
	echo '{' >"$dir/meta.json"
	run timeout 5 "$napimeter" meta "$dir" x <"$dir/said"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"meta.json"* && $output != *waiting* ]]
}

@test "a lock is of a living process only, also where its key is missing" {
	sleep 60 &
	sleeper=$!
	run sh -c '. scripts/lib/common.sh
		key=$(process_key "$1")
		is_alive "$1:$key" && ! is_alive "$1:" && ! is_alive "$1:1" || echo living
		kill -9 "$1"
		while kill -0 "$1" 2>/dev/null && process_key "$1" >/dev/null; do sleep 0.1; done
		! is_alive "$1:$key" && ! is_alive "$1:" || echo dead' sh $sleeper
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

# caps PID LINE: a set of its capabilities
caps() { awk -v line="$2:" '$1 == line { print $2 }' "/proc/$1/status"; }

@test "napimeter gives up what no trial needs, and all of it before it reads what strangers send" {
	[ "$(id -u)" -eq 0 ] || skip "only root has what could be given up"
	port=$((20000 + $$ % 20000))
	for command in serve hostcpu; do
		$napimeter $command $port < <(sleep 3) 3>&- &
		pid=$!
		sleep 0.5
		caps=$(caps $pid CapEff)/$(caps $pid CapPrm)/$(caps $pid Seccomp)
		kill $pid
		wait $pid || :
		[ "$caps" = 0000000000000000/0000000000000000/2 ]
	done
	# ends by itself
	$napimeter sink $port 3 3>&- &
	pid=$!
	sleep 0.5
	# CAP_NET_ADMIN is there, CAP_SYS_MODULE, CAP_SYS_TIME and CAP_SETUID are not, for its children neither
	for set in CapEff CapBnd; do
		[ $((0x$(caps $pid $set) >> 12 & 1)) -eq 1 ]
		for gone in 7 16 25; do
			[ $((0x$(caps $pid $set) >> gone & 1)) -eq 0 ]
		done
	done
	kill $pid
}
