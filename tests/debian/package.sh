#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a full Debian guest with both packages installed: every command that a user runs,
# from the first load to the purge. Run by tests/packages.sh, in lab/debian.sh.
set -eu

nic=ens4 server=10.0.0.1
passed=0 failed=0
cd /root

# check WHAT COMMAND…; what it printed is in /tmp/out, for says
check() {
	local what="$1" rc=0
	shift
	"$@" >/tmp/new 2>&1 || rc=$?
	if [ "$rc" -eq 0 ]; then
		echo "ok $what"
		passed=$((passed + 1))
	else
		echo "not ok $what (status $rc)"
		sed 's/^/# /' /tmp/new | tail -n 15
		failed=$((failed + 1))
	fi
	[ "$1" = says ] || mv /tmp/new /tmp/out
}

driver() { basename "$(readlink "/sys/class/net/$nic/device/driver")"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'" && return 1; }; }
says() { grep -q -- "$1" /tmp/out || { echo "nothing about: $1" && return 1; }; }

# a failed row names the reason
six_ok() {
	napistat rows --columns status,reason results/grid >/tmp/rows
	[ "$(grep -c '^ok' /tmp/rows)" -eq 6 ] || { cat /tmp/rows && return 1; }
}

# config: addresses and routes of the NIC, without its index and the time left
config() {
	ip -json addr show dev "$nic" | python3 -c '
import json, sys
for link in json.load(sys.stdin):
    for a in link["addr_info"]:
        print(a["family"], a["local"], a["prefixlen"], a["scope"])'
	ip -o route show dev "$nic"
}

echo "# $(uname -r), $(sed -n 's/^PRETTY_NAME=//p' /etc/os-release), up after $(cut -d . -f 1 /proc/uptime) s"
check "ping the server" ping -c 1 -W 5 "$server"
config >before
uptime=$(cut -d . -f 1 /proc/uptime)

check "detect names the NIC" e1000-napi detect
check "... and stock e1000" says "$nic, driver e1000"
check "a sweep before the load is refused" sh -c "! e1000-napi sweep $nic --server $server"
check "... and names the command that is missing" says "e1000-napi load $nic"
check "load" e1000-napi load "$nic" weight=60
check "e1000_napi has the NIC" is "$(driver)" e1000_napi
config >now
check "addresses and routes are as before" diff before now
check "hist" e1000-napi hist "$nic"
check "sweep, two weights" e1000-napi sweep "$nic" --server "$server" --weight 1,60 --load 10M \
	--reps 3 --seconds 1
check "six trials are ok" six_ok
check "report" e1000-napi report results/grid
check "... ends in a verdict" says "weight 60\|keep 64\|[Uu]se \|cannot say"
check "the page is beside the results" test -s results/grid/report/report.html
check "nothing was written below /usr" sh -c '! find /usr/share/e1000-napi -newer /root/before | grep .'

# A killed sweep leaves the weight of its trial; restore sets the earlier one
ethtool -C "$nic" rx-frames-irq 33
e1000-napi sweep "$nic" --server "$server" --weight 7 --load 10M --seconds 30 --out killed >/dev/null 2>&1 &
sweep=$!
i=0
while [ "$(ethtool -c "$nic" | sed -n 's/^rx-frames-irq:[[:space:]]*//p')" != 7 ] && [ $i -lt 300 ]; do
	sleep 0.1
	i=$((i + 1))
done
kill -9 "$sweep" 2>/dev/null || :
check "restore after a killed sweep" e1000-napi restore "$nic"
check "stock e1000 has the NIC again" is "$(driver)" e1000
config >now
check "addresses and routes are as at first" diff before now
pkill -9 -f 'napimeter run' || :

check "load again" e1000-napi load "$nic"
# In emulation a search takes long: one round and three pairs, with wider intervals
sed -i "s/^search=.*/search='rounds=1 pairs=3-3 width=0.05 confirm-width=0.05'/" \
	/usr/share/e1000-napi/scripts/tune.sh
check "tune" e1000-napi tune "$nic" --server "$server" --against weight=1 --try weight=64 --minutes 12 \
	--trial 0.3 --min-load 5M --max-load 200M --seed 1 --apply
tail -n 12 /tmp/out | sed 's/^/# /'
if grep -q '^Applied' /tmp/out; then
	check "what tune applied is in /etc" grep -q weight=64 /etc/modprobe.d/e1000_napi-tune.conf
else
	echo "# tune kept the setting that it had"
fi
check "tune --undo" e1000-napi tune --undo
check "nothing of it is left in /etc" sh -c '! find /etc -name "*e1000_napi*" | grep .'
check "host cpu finds its program" sh -c 'timeout 2 e1000-napi host cpu pid $$; test $? -eq 124'
for command in load restore enable disable hist sweep report tune detect iso fleet demo 'host xen' 'host cpu'; do
	# shellcheck disable=SC2086 # one or two words
	check "$command --help" e1000-napi $command --help
	check "man e1000-napi-$(echo "$command" | tr ' ' -)" man "e1000-napi-$(echo "$command" | tr ' ' -)"
done
check "restore" e1000-napi restore --all
check "stock e1000 has the NIC" is "$(driver)" e1000
config >now
check "addresses and routes are as at first" diff before now
check "purge" apt-get -y -qq purge e1000-napi-dkms e1000-napi-tools
check "nothing is left" sh -c '! find / -xdev \( -name "*e1000[-_]napi*" -o -name "napi[ms]*t*" \) ! -path "/root/*" ! -path "/proc/*" ! -path "/run/*" ! -path "/tmp/*" ! -path "/share/*" ! -path "/var/cache/man/*" | grep .'
echo "# all of it took $(($(cut -d . -f 1 /proc/uptime) - uptime)) s in the guest"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
