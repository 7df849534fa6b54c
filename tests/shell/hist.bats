#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# hist.sh on made-up snapshots.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	snap=$BATS_TEST_TMPDIR/snapshot
	unset LC_ALL LC_CTYPE
}

# snapshot NAME UNIT SUM MAX ROW…: a whole one, with this histogram in it
snapshot() {
	local name=$1 unit=$2 sum=$3 max=$4
	shift 4
	cat <<-END
		# e1000_napi 2 snapshot
		# device 0000:00:03.0 eth1
		# weight 64
		# since_ns 5000000000
		# now_ns 15000000000
		# polls_during_read 0
		# counters
		polls 1000
		polls_whole_budget 42
		# histogram $name $unit $(printf '%s\n' "$@" | awk '{ n += $2 } END { print n + 0 }') $sum $max
	END
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

# rows_shown: of the last run, lines that are rows
rows_shown() { printf '%s\n' "$output" | grep -c ' %  '; }

@test "heading and a row a value, gaps and empty polls too" {
	snapshot rx_per_poll packets 85 20 '0 5' '1 30' '3 5' '20 2' >"$snap"
	run scripts/hist.sh --snapshot "$snap" --width 60
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "eth1 (0000:00:03.0), weight 64: packets received per poll, 10.0 s since load" ]
	[ "${lines[1]}" = "42 polls, 85 packets, mean 2.02, max 20; 4.2 % of all polls since load used the whole budget" ]
	[ "${lines[2]}" = " 0  5  11.9 %  #######" ]
	[ "${lines[3]}" = " 1 30  71.4 %  ############################################" ]
	[ "${lines[4]}" = " 2  0   0.0 %  " ]
	[ "$(rows_shown)" -eq 21 ]
	[[ $output != *merged* ]]
}

@test "many values are merged without loss, and a line says so" {
	for max in 64 100 200 1000 4096 4000000000; do
		snapshot rx_per_irq packets 9 $max '0 1' '1 2' "$((max / 2)) 4" "$max 8" >"$snap"
		run scripts/hist.sh --snapshot "$snap" --file rx_per_irq --width 80
		[ "$status" -eq 0 ]
		[ "$(rows_shown)" -le 24 ]
		[[ $output == *"rows merged"* ]]
		[ "$(printf '%s\n' "$output" | awk '/ %  / { n += $2 } END { print n }')" -eq 15 ]
	done
}

@test "empty polls are a row of their own when others are merged" {
	snapshot rx_per_poll packets 9 64 '0 7' '1 1' '2 1' '64 3' >"$snap"
	run scripts/hist.sh --snapshot "$snap" --width 60
	[[ ${lines[2]} == "    0 7 "* ]]
	[[ ${lines[3]} == "  1-3 2 "* ]]
	[[ $output == *$'\n'"   64 3 "* ]]
}

@test "times have units" {
	snapshot poll_ns ns 3000000 1900000 '800 5' '40960 3' '1835008 1' >"$snap"
	run scripts/hist.sh --snapshot "$snap" --file poll_ns
	[[ $output == *"9 times, mean 333.3 us, max 1.9 ms"* ]]
	[[ $output == *"768 ns 5"* ]]
	[[ $output == *"1.573 ms 1"* ]]
	[ "$(rows_shown)" -le 24 ]
}

@test "csv: every bucket" {
	snapshot rx_per_poll packets 85 20 '0 5' '1 30' '3 5' '20 2' >"$snap"
	run scripts/hist.sh --snapshot "$snap" --csv
	[ "$output" = "$(printf 'histogram,lower,count\nrx_per_poll,0,5\nrx_per_poll,1,30\nrx_per_poll,3,5\nrx_per_poll,20,2')" ]
}

@test "all histograms, and one that is empty" {
	snapshot rx_per_poll packets 1 1 '1 1' >"$snap"
	echo '# histogram poll_ns ns 0 0 0' >>"$snap"
	run scripts/hist.sh --snapshot "$snap" --file all
	[ "$status" -eq 0 ]
	[[ $output == *"packets received per poll"*"time in a poll"*"is timing on?"* ]]
	run scripts/hist.sh --snapshot "$snap" --file tx_per_poll
	[ "$status" -eq 1 ]
	[[ $output == *"has no tx_per_poll"* ]]
}

@test "other formats and damaged files are refused" {
	snapshot rx_per_poll packets 1 1 '1 1' | sed '1s/ 2 / 3 /' >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	[[ $output == *"format 3, and this one knows format 2"* ]]
	# what it shows steers no terminal
	snapshot rx_per_poll packets 1 1 '1 1' | sed "s/^# weight .*/# weight 60$(printf '\033')]0;x/; 2s/\$/$(printf '\033')[2J/" >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[[ $output != *$'\e'* ]]
	snapshot rx_per_poll packets 1 1 '1 1' | sed '1s/snapshot/counters/' >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	echo hello >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	[[ $output == *"not a snapshot"* ]]
	: >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	snapshot rx_per_poll packets 1 1 '1 1' '2 $(reboot)' >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	[[ $output == *"is not a number"* ]]
	snapshot rx_per_poll packets 3 2 '1 1' '2 1' | sed '$d' >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	[[ $output == *"do not add up"* ]]
	run scripts/hist.sh --snapshot "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 1 ]
}

@test "a name cannot control the terminal" {
	snapshot rx_per_poll packets 1 1 '1 1' | sed "s/eth1/e$(printf '\033')[2J/" >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[[ $output == "e?[2J "* ]]
}

@test "a refused value cannot control the terminal" {
	snapshot rx_per_poll packets 1 1 "$(printf '\033[2J') 1" >"$snap"
	run scripts/hist.sh --snapshot "$snap"
	[ "$status" -eq 1 ]
	[[ $output == *"'?[2J' is not a number"* ]]
}

@test "live: what came since" {
	dir=$BATS_TEST_TMPDIR/debug/e1000_napi/eth1
	mkdir -p "$dir"
	snapshot rx_per_poll packets 40 8 '1 8' '8 4' >"$dir/snapshot"
	(
		sleep 0.5
		snapshot rx_per_poll packets 100 9 '1 18' '8 8' '9 2' |
			sed 's/polls 1000/polls 1010/; s/now_ns 15/now_ns 17/' >"$dir/new"
		mv "$dir/new" "$dir/snapshot"
	) &
	E1000_NAPI_DEBUGFS=$BATS_TEST_TMPDIR/debug run timeout 1.7 scripts/hist.sh eth1 --watch
	[[ ${lines[0]} == *"last 2.0 s" ]]
	[[ ${lines[1]} == "16 polls, 60 packets, mean 3.75, max 9; 0.0 % of all polls used the whole budget" ]]
	[[ ${lines[2]} == "1 10 "* ]]
}

# grown: the snapshot 2 seconds and 10 polls later
grown() {
	snapshot rx_per_poll packets 100 9 '1 18' '8 8' '9 2' |
		sed 's/polls 1000/polls 1010/; s/now_ns 15/now_ns 17/'
}

@test "since a mark: the driver only counts on, so what came is the difference" {
	snapshot rx_per_poll packets 40 8 '1 8' '8 4' >"$BATS_TEST_TMPDIR/a=mark"
	grown >"$snap"
	cd "$BATS_TEST_TMPDIR"
	run "$OLDPWD/scripts/hist.sh" --snapshot "$snap" --since a=mark
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *"last 2.0 s" ]]
	[[ ${lines[1]} == "16 polls, 60 packets, mean 3.75, max 9; 0.0 % of all polls used the whole budget" ]]
	[[ ${lines[2]} == "1 10 "* ]]
	run "$OLDPWD/scripts/hist.sh" --snapshot "$snap" --since a=mark --csv
	[ "$output" = "$(printf 'histogram,lower,count\nrx_per_poll,1,10\nrx_per_poll,8,4\nrx_per_poll,9,2')" ]
	run "$OLDPWD/scripts/hist.sh" --snapshot "$snap" --since none
	[ "$status" -eq 1 ]
	[[ $output == *"cannot read the mark none"* ]]
}

@test "a mark of another load or another NIC is refused" {
	grown >"$snap"
	for other in 's/since_ns 5/since_ns 6/' 's/:03.0/:04.0/'; do
		snapshot rx_per_poll packets 40 8 '1 8' '8 4' | sed "$other" >"$BATS_TEST_TMPDIR/mark"
		run scripts/hist.sh --snapshot "$snap" --since "$BATS_TEST_TMPDIR/mark"
		[ "$status" -eq 1 ]
		[[ $output == *"take a new mark"* ]]
	done
}

@test "--for shows only the next seconds" {
	dir=$BATS_TEST_TMPDIR/debug/e1000_napi/eth1
	mkdir -p "$dir"
	snapshot rx_per_poll packets 40 8 '1 8' '8 4' >"$dir/snapshot"
	(
		sleep 0.3
		grown >"$dir/new"
		mv "$dir/new" "$dir/snapshot"
	) &
	E1000_NAPI_DEBUGFS=$BATS_TEST_TMPDIR/debug run scripts/hist.sh eth1 --for 1
	[ "$status" -eq 0 ]
	[[ ${lines[1]} == "16 polls, 60 packets,"* ]]
}

@test "the NIC's address counts, not a name that another namespace may have too" {
	sys=$BATS_TEST_TMPDIR/sys
	files=$sys/kernel/debug/e1000_napi
	mkdir -p "$sys/class/net/eth1" "$files/0000:00:03.0" "$files/0000:00:04.0"
	ln -s ../../../0000:00:03.0 "$sys/class/net/eth1/device"
	ln -s 0000:00:04.0 "$files/eth1"
	snapshot rx_per_poll packets 40 8 '1 8' '8 4' >"$files/0000:00:03.0/snapshot"
	snapshot rx_per_poll packets 0 0 | sed 's/:03.0/:04.0/' >"$files/0000:00:04.0/snapshot"
	E1000_NAPI_SYS=$sys run scripts/hist.sh eth1
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *":03.0"* ]]
}

@test "wrong usage" {
	for args in '' 'eth0 eth1' 'eth0 --watch 0' 'eth0 --width 10' 'eth0 --width x' '--file x eth0' \
		'eth0 --file' '../x' '--snapshot x eth0' 'eth0 --csv --watch' '--nonsense' \
		'eth0 --for 0' 'eth0 --for x' 'eth0 --for 5 --watch' 'eth0 --since x --watch' '--snapshot x --for 5'; do
		run scripts/hist.sh $args
		[ "$status" -eq 2 ] || {
			echo "$args: $status $output"
			false
		}
	done
	run scripts/hist.sh --help
	[ "$status" -eq 0 ]
}

@test "the same under busybox" {
	command -v busybox >/dev/null || skip "no busybox"
	snapshot rx_per_irq packets 9 4096 '0 1' '1 2' '300 4' '4096 8' >"$snap"
	want=$(scripts/hist.sh --snapshot "$snap" --file rx_per_irq)
	run busybox ash scripts/hist.sh --snapshot "$snap" --file rx_per_irq
	[ "$output" = "$want" ]
}
