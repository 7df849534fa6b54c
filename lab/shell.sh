#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the lab's guest: an interactive shell, with the driver loaded and traffic at hand.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"
# shellcheck disable=SC1091 # of this boot
. /lab/conf

export TERM="$LAB_TERM" PS1='lab:\w\$ '
[ -z "$LAB_TTY" ] || stty rows "${LAB_TTY% *}" cols "${LAB_TTY#* }"

if [ -e e1000_napi.ko ]; then
	insmod e1000_napi.ko
else
	modprobe e1000
fi
"$here/net.sh" up || warn "no network; going on without"
if [ -e /run/netns/src ]; then
	for option in '' -u; do
		# shellcheck disable=SC2016 # for the shell there
		ip netns exec src sh -c '. "$0"; serve_iperf $1' "$here/../scripts/lib/common.sh" "$option" >/dev/null 2>&1 &
	done
fi
driver=$(ethtool -i eth0 2>/dev/null | sed -n 's/^driver: //p')
cat <<END

eth0 runs on ${driver:-no driver}; 10.0.0.1 on its other side serves iperf (TCP, UDP). Try:
  iperf -c 10.0.0.1 -u -R -b 200M -w 8M -t 5    UDP traffic to this guest
  ethtool -C eth0 rx-frames-irq 1               set the weight, live
  scripts/hist.sh eth0                          packets per poll, as bars
  ethtool -S eth0 | grep napi_                  the driver's counters
Leave with exit.

END
exec bash --noprofile --norc -i
