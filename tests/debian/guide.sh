#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a full Debian guest: the commands of docs/guide.md, in its order, as a user with sudo. Prints
# each with what it says and the time. Run by tests/guide.sh, in lab/debian.sh.
set -eu

# Replace the page's example names and addresses by this guest's
commands() {
	sed -n 's/^    //p' /share/guide.md | sed ':more; /\\$/{ N; s/\\\n */ /; b more; }' |
		sed 's/  *#.*//; s/enp0s8/ens4/g; s/192[.]168[.]56[.]1\b/10.0.0.1/g; s|URL|/share/clone.bundle|
			s/--watch/--watch 1/' |
		grep -E '^(sudo|git|cd|make|ping|ip|ls|[.]/e1000-napi) '\|'^make$' |
		# The packages are there, the NIC has its address, and apt has no network
		grep -vE 'apt-get|ip (addr|link set)'
}

useradd -m -s /bin/sh stranger
echo 'stranger ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stranger
{
	echo 'set -e'
	# shellcheck disable=SC2016 # for the shell of that user
	commands | while IFS= read -r line; do
		echo "echo; echo '\$ $line'"
		echo 'began=$(cut -d . -f 1 /proc/uptime)'
		case $line in
		*--watch*) echo "timeout -s INT 3 $line || :" ;;
		*) echo "$line" ;;
		esac
		echo 'took=$(($(cut -d . -f 1 /proc/uptime) - began))'
		echo '[ $took -lt 5 ] || echo "($took s)"'
	done
} >/home/stranger/guide
chown -R stranger /home/stranger
cp /share/guide.md /tmp/
# git's progress is for a terminal
{
	rc=0
	su - stranger -c 'sh ./guide' 2>&1 || rc=$?
	echo "$rc" >/tmp/rc
} | tr '\r' '\n' | grep --line-buffered -vE '^(Updating files|Receiving objects|Resolving deltas)'
exit "$(cat /tmp/rc)"
