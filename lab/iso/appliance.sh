#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest of the bootable ISO and of the Xen and VirtualBox labs: takes its orders
# from the kernel line, else from a menu; runs a sweep; hands the results out.
#
# Orders are words of the kernel line: napi.server=ADDR runs a sweep against the
# iperf server there. napi.ip=dhcp (default) or ADDRESS/BITS, napi.gw=ADDR, napi.print
# (results on the console too). Any other napi.NAME=VALUE becomes --NAME VALUE of
# sweep.sh, napi.NAME becomes --NAME; without a load they are chosen by what the
# place carries. napi.run=NAME runs bench/guest-NAME.sh in place of a sweep;
# napi.run=tune runs tune.sh, and the others are its options.
# Progress is on the console and at http://GUEST/state, results at http://GUEST/.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
cd "$here/../.." || exit
www=/run/www
results=$www/results
mkdir -p "$www"

state() { # state WORD…: for those who wait outside
	echo "$*" >"$www/state.new"
	mv "$www/state.new" "$www/state"
	echo "e1000_napi: $*"
}

order() { # order NAME DEFAULT: a word of the kernel line
	_value=$(tr ' ' '\n' </proc/cmdline | after_text "napi.$1=" | tail -n 1)
	printf '%s\n' "${_value:-$2}"
}

# The kernel line's other orders are sweep.sh's options
sweep_options() {
	tr ' ' '\n' </proc/cmdline | while read -r _word; do
		case $_word in
		napi.ip=* | napi.gw=* | napi.percent=* | napi.run=* | napi.print) ;;
		napi.*=*)
			_word=${_word#napi.}
			echo "--${_word%%=*} ${_word#*=}"
			;;
		napi.*) echo "--${_word#napi.}" ;;
		esac
	done
}

interface() {
	for _dev in /sys/bus/pci/drivers/e1000_napi/*/net/*; do
		[ ! -e "$_dev" ] || {
			echo "${_dev##*/}"
			return
		}
	done
	return 1
}

has_link() { grep -qs 1 "/sys/class/net/$nic/carrier"; }

network() { # network IP GATEWAY
	ip link set "$nic" up
	wait_for 60 has_link || return
	if [ "$1" = dhcp ]; then
		busybox udhcpc -q -n -t 10 -i "$nic" -s "$here/udhcpc" || return
	else
		ip addr replace "$1" dev "$nic"
		[ -z "$2" ] || ip route replace default via "$2"
	fi
	sysctl -qw net.core.rmem_max=33554432 net.core.wmem_max=33554432
}

address() { # the guest's own
	ip -o -4 addr show dev "$nic" 2>/dev/null | awk '{ sub("/.*", "", $4); print $4; exit }'
}

# One TCP stream shows roughly what the network carries. Use loads from well below to
# well above it (napi.percent=): fixed loads would be all idle or all lost on other
# machines.
choose_loads() { # choose_loads SERVER
	_bps=$(timeout 40 iperf -c "$1" -R -y C -t 5 2>/dev/null |
		awk -F, 'NF > 8 && $9 > best { best = $9 } END { printf "%d", best / 1e5 }')
	# In units of 100 kbit/s; 4 Mbit/s if there was no answer
	[ "${_bps:-0}" -ge 4 ] || _bps=40
	for _percent in $(order percent 25,50,100,200 | tr , ' '); do
		echo "$((_bps * _percent))k"
	done | paste -sd , -
}

sweep() { # sweep OPTION…
	state sweeping
	rm -rf "$results"
	mkdir "$results"
	rm -f "$www/log"
	{
		if [ "$run" = tune ]; then
			scripts/tune.sh "$nic" --out "$results" "$@" 2>&1
		elif [ -n "$run" ]; then
			sh "bench/guest-$run.sh" "$results" 2>&1 >"$results/output"
		else
			scripts/sweep.sh "$nic" --out "$results" "$@" 2>&1
		fi
		echo $? >"$www/status"
	} | while IFS= read -r _line; do
		echo "$_line"
		echo "$_line" >>"$www/log"
		echo "$_line" >"$www/progress"
	done
	_status=$(cat "$www/status")
	scripts/detect.sh --json >"$results/detect.json"
	scripts/detect.sh --record >"$results/machine.txt"
	dmesg >"$results/dmesg.txt"
	for _f in /sys/kernel/debug/e1000_napi/0*/snapshot; do
		cp "$_f" "$results/snapshot.txt"
	done
	tar -C "$www" -czf "$www/results.tgz.new" results
	mv "$www/results.tgz.new" "$www/results.tgz"
	[ ! -e "$results/runs.csv" ] || tools/napistat table "$results" || :
	if [ "$_status" -eq 0 ]; then
		state "done; results at http://$(address)/results.tgz"
	else
		state "failed with status $_status; what there is: http://$(address)/results.tgz"
	fi
	return "$_status"
}

# For a user with a serial console and no network to the guest
print_results() {
	if [ ! -e "$www/results.tgz" ]; then
		echo "no results yet"
		return
	fi
	cat "$results/runs.csv"
	echo "-----BEGIN results.tgz (base64 -d gives it back)-----"
	busybox base64 "$www/results.tgz"
	echo "-----END results.tgz-----"
}

ask() { # ask QUESTION DEFAULT
	printf '%s [%s] ' "$1" "$2" >&2
	# A console without a keyboard
	read -r _answer || exec sleep infinity
	echo "${_answer:-$2}"
}

ask_sweep() {
	_server=$(ask 'Address of the host with iperf -s -u and iperf -s?' "$server")
	[ -n "$_server" ] || return
	_weights=$(ask 'Weights?' 1,2,60,200)
	_loads=$(ask 'Offered loads (as 100M,500M; auto: by what this place carries)?' auto)
	_reps=$(ask 'Repetitions?' 3)
	[ "$_loads" != auto ] || _loads=$(choose_loads "$_server")
	sweep --server "$_server" --weight "$_weights" --load "$_loads" --reps "$_reps" \
		--rcvbuf 8M
}

menu() {
	while :; do
		cat <<-END

			e1000_napi: $nic, address $(address); results at http://$(address)/
			  1  run a sweep              4  a shell (exit comes back here)
			  2  print the results here   5  power off
			  3  what machine is this
		END
		case $(ask 'Which?' 1) in
		1) ask_sweep ;;
		2) print_results ;;
		3) scripts/detect.sh ;;
		4) setsid -c bash --noprofile --norc -i ;;
		5) poweroff -f ;;
		esac
	done
}

boot() {
	state starting
	sysctl -qw kernel.printk='3 4 1 3'
	insmod ./e1000_napi.ko
	if ! nic=$(interface); then
		state "failed: no e1000 NIC. $(scripts/detect.sh || :)"
	elif ! network "$(order ip dhcp)" "$(order gw '')"; then
		state "failed: no link or no address on $nic (napi.ip=ADDRESS/BITS gives one)"
	else
		# on the NIC under test only: the guest may have others
		busybox httpd -p "$(address):80" -h "$www"
		state "ready at http://$(address)/"
		[ -n "$server" ] || return
		loads=''
		[ -n "$(order load '')$(order preset '')$run" ] || loads="--load $(choose_loads "$server")"
		# shellcheck disable=SC2046,SC2086 # options without spaces
		sweep $loads $(sweep_options) || :
		! grep -qw napi.print /proc/cmdline || print_results
	fi
}

server=$(order server '') run=$(order run '')
case ${1-} in
boot)
	boot
	# A menu on every console: screen and serial line
	# shellcheck disable=SC2013 # words, not lines
	for console in $(cat /sys/class/tty/console/active); do
		setsid -c "$0" menu <"/dev/$console" >"/dev/$console" 2>&1 &
	done
	wait
	;;
menu)
	nic=$(interface) || nic=-
	menu
	;;
*) usage_error "for the ISO's guest only; boot or menu" ;;
esac
