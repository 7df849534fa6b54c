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
ip netns exec src iperf -s -u >/dev/null 2>&1 &
udp=$!
pull() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --seed 1 --load 10M --seconds 1 "$@" \
		>"$work/$_name.log" 2>&1
}
wait_for 5 sh -c 'ip netns exec src ss -ltn | grep -q :5001'
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
kill -9 $tcp $udp
check "no server: refused with a hint" refused pull nobody --server 10.0.0.1 --retries 0
check "the hint" grep -q 'failed,.*server' "$work/nobody/runs.csv"

mkdir "$work/bin"
printf '#!/bin/sh\necho "iperf version 2.0.13 (21 Jan 2019) pthreads"\n' >"$work/bin/iperf"
chmod +x "$work/bin/iperf"
old() { PATH=$work/bin:$PATH pull old --server 10.0.0.1; }
check "iperf 2.0 is refused" refused old
check "with a sentence" grep -q 'iperf is 2.0.13; .* needs 2.1' "$work/old.log"
rm "$work/bin/iperf"

# ssh as far as the sweep sees it: runs a command on the other side
# shellcheck disable=SC2016 # for that script
printf '#!/bin/sh\nwhile [ "$1" = -o ]; do shift 2; done\nshift\nexec ip netns exec src sh -c "$*"\n' >"$work/bin/ssh"
chmod +x "$work/bin/ssh"
by_ssh() { PATH=$work/bin:$PATH pull "$@" --sender ssh:root@10.0.0.1 --weight 60 --rcvbuf 1M; }
check "--sender ssh:HOST" by_ssh ssh
is "its row" "$(select_rows ssh 'c["received"] > 100 { n++ } END { print n }')" 1
check "bursts from our own source, over ssh" by_ssh own --source napimeter --burst 1,32
is "two rows" "$(select_rows own 'c["received"] > 100 { n++ } END { print n }')" 2
is "packets per interrupt are more in bursts" "$(select_rows own '
	{ per[c["burst"]] = c["rx_per_irq"] } END { print (per[32] > 1.5 * per[1]) }')" 1
check "nothing of it is left on the other side" wait_for 5 none_left "iperf -s" "napimeter serve"
as_before "iperf and ssh"
rm -rf "$work"
finish
