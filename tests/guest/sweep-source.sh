#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep's sources: iperf pulled, iperf and our own sender started over ssh.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/common/sweep.sh"

# iperf, pulled from the namespace behind the wire
ip netns exec src iperf -s >/dev/null 2>&1 &
tcp=$!
# shellcheck disable=SC2016 # of the shell there
ip netns exec src sh -c '. "$0"; serve_iperf -u' scripts/lib/common.sh >/dev/null 2>&1 &
udp=$!
udp_server() { pids "iperf -s -u"; }
pull() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --seed 1 --load 10M --seconds 1 "$@" \
		>"$work/$_name.log" 2>&1
}
wait_for 5 listens 5001
check "iperf -R, UDP and TCP" pull iperf --server 10.0.0.1 --protocol udp,tcp --weight 2,60 --rcvbuf 1M
is "four rows, all good" "$(select_rows iperf 'c["status"] != "failed" { n++ } END { print n }')" 4
is "UDP adds up, TCP counts no datagrams" "$(
	select_rows iperf 'c["protocol"] == "udp" && c["sent"] > 100 &&
		c["sent"] == c["received"] + c["lost_before_nic"] + c["lost_ring"] + c["lost_backlog"] +
			c["lost_socket"] + c["lost_app"] + c["remainder"] { u++ }
		c["protocol"] == "tcp" && c["sent"] == "" && c["bandwidth_bps"] > 1e6 { t++ }
		END { print u " " t }'
)" "2 2"
check "both versions are in meta.json" [ "$(grep -cE '"(guest|server)": "2\.' "$work/iperf/meta.json")" = 2 ]
check "the source was tested first" grep -q selftest "$work/iperf/probes.csv"
# A receiver that falls behind gets iperf's last datagram again and again
check "iperf at full speed on one CPU" pull slow --server 10.0.0.1 --load 0 --rcvbuf 8M --weight 1,60 \
	--app-cpu 0 --irq-cpu 0 --reps 2
# shellcheck disable=SC2016 # for awk
is "in overload too every packet has its place" "$(select_rows slow '
	c["remainder_high"] != 0 || c["sent"] == 0 { n++; bad = bad "\n" $0 } END { print n + 0, NR - 1 bad }')" "0 4"
# As in overload: nothing of the end comes, and iperf waits for it for seconds
pull mute --server 10.0.0.1 --seconds 4 --reps 2 --weight 60 &
pid=$!
wait_for 20 grep -q '^\[1/2' "$work/mute.log"
sleep 3.6
server=$(udp_server)
kill -STOP "$server"
wait_for 30 grep -q '^\[2/2' "$work/mute.log"
kill -CONT "$server"
wait $pid || :
is "time spent on a lost last datagram is not the traffic's" "$(select_rows mute '
	c["trial"] == 1 { print (c["status"] != "failed" && c["seconds"] > 3 && c["seconds"] < 4.3) }')" 1
check "a load beyond the source" pull far --server 10.0.0.1 --load 10G --weight 60
check "is told apart from loss" grep -q '; the source sent .* of 10000' "$work/far.log"
check "and kept" grep -q '"sent_bps"' "$work/far/meta.json"
# As iperf 2.1.8's server sometimes does; a loop starts it again
pull died --server 10.0.0.1 --seconds 4 --weight 60 &
pid=$!
# after the self-test
wait_for 30 grep -qs ',selftest,' "$work/died/probes.csv"
sleep 2
kill -SEGV "$(udp_server)"
check "a source that dies and is started again: the trial is made again" wait $pid
is "and its row is good" "$(select_rows died 'c["status"] != "failed" && c["received"] > 100 { n++ } END { print n }')" 1
check "the reason is given" grep -q 'source died.*while :; do iperf -s -u; sleep 1; done\|iperf received nothing' "$work/died.log"
pull gone --server 10.0.0.1 --protocol udp,tcp --weight 60 --seconds 6 --retries 0 &
pid=$!
for n in 1 2; do
	wait_for 20 grep -q "^\[$n/2" "$work/gone.log"
	sleep 2
	case $(grep "^\[$n/2" "$work/gone.log") in
	*tcp*) kill -9 $tcp ;;
	*) kill -9 $udp "$(udp_server)" ;;
	esac
done
rc=0
wait $pid || rc=$?
is "server gone in the middle: it says so at the end" $rc 1
is "and in both rows, with the remedy" "$(grep -c 'failed,.*while :; do iperf -s' "$work/gone/runs.csv")" 2
check "no server: refused with a hint" refused pull silent --server 10.0.0.1 --retries 0
check "the hint" grep -q 'nothing listens on udp port 5001 of 10.0.0.1; there: while :; do iperf -s -u;' "$work/silent.log"
check "and nothing is written" refused ls "$work/silent"

ip netns exec src busybox nc -l -p 5001 >/dev/null &
wait_for 5 listens 5001
check "a server older than 2.1 is refused" refused pull oldserver --server 10.0.0.1 --protocol tcp
check "with a sentence too" grep -q "or an iperf before 2.1" "$work/oldserver.log"

mkdir "$work/bin"
printf '#!/bin/sh\necho "iperf version 2.0.13 (21 Jan 2019) pthreads"\n' >"$work/bin/iperf"
chmod +x "$work/bin/iperf"
old() { PATH=$work/bin:$PATH pull old --server 10.0.0.1; }
check "iperf 2.0 is refused" refused old
check "with a sentence" grep -q 'iperf is 2.0.13; .* needs 2.1' "$work/old.log"
rm "$work/bin/iperf"

# A real ssh and sshd; tests/run.sh brings them along
if [ -x /share/programs/dropbear ]; then
	LD_LIBRARY_PATH=/share/programs/lib
	export LD_LIBRARY_PATH
	mkdir -p /root/.ssh /etc/dropbear
	chmod 700 /root/.ssh
	printf 'Host *\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' >/root/.ssh/config
	/share/programs/ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
	cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
	ip netns exec src /share/programs/dropbear -R -F -E -P /run/dropbear 2>/run/dropbear.log &
	sshd=$!
	ln -sf /share/programs/ssh "$work/bin/ssh"
	by_ssh() { PATH=$work/bin:$PATH pull "$@" --sender ssh:root@10.0.0.1 --weight 60 --rcvbuf 1M; }
	wait_for 10 listens 22 || cat /run/dropbear.log
	check "--sender ssh:HOST, iperf" by_ssh ssh
	is "its row" "$(select_rows ssh 'c["received"] > 100 { n++ } END { print n }')" 1
	by_ssh again --seconds 3 &
	pid=$!
	wait_for 20 grep -q '^\[1/1' "$work/again.log"
	sleep 1
	kill -SEGV "$(udp_server)"
	check "its UDP server dies: the sweep goes on" wait $pid
	is "and measures" "$(select_rows again 'c["received"] > 100 { n++ } END { print n }')" 1
	check "bursts from our own source, over ssh" by_ssh own --source napimeter --burst 1,32
	is "two rows" "$(select_rows own 'c["received"] > 100 { n++ } END { print n }')" 2
	is "packets per interrupt are more in bursts" "$(select_rows own '
		{ per[c["burst"]] = c["rx_per_irq"] } END { print (per[32] > 1.5 * per[1]) }')" 1
	by_ssh cut --seconds 20 &
	pid=$!
	wait_for 20 grep -q '1/1' "$work/cut.log"
	# shellcheck disable=SC2046 # a list
	kill -9 $(pids "scripts/sweep.sh eth0 --out $work/cut") || :
	wait "$pid" || :
	check "nothing of it is left on the other side, after kill -9 neither" wait_for 10 none_left \
		"iperf -s" "napimeter serve"
	scripts/sweep.sh --restore
	ip netns exec src busybox nc -l -p 5001 >/dev/null &
	wait_for 5 listens 5001
	check "something else on the port there: refused" refused by_ssh taken
	# where iperf is slow to give up, what has the port is asked
	check "and told" grep -q 'its port free\|or is not iperf 2\|an iperf before 2.1' "$work/taken.log"
	kill "$sshd" "$!" || :
	unset LD_LIBRARY_PATH
else
	echo "ok --sender ssh:HOST # SKIP no ssh and dropbear in /share/programs, see tests/run.sh"
fi
as_before "iperf and ssh"
rm -rf "$work"
finish
