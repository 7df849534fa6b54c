#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Started by load.sh for a NIC that a session or route uses, in a session of
# its own: puts the old driver back if load.sh dies or hangs before it is done.
set -eu
here=$(dirname "$0")/..
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/nic.sh
. "$here/lib/nic.sh"
# shellcheck source=scripts/lib/handover.sh
. "$here/lib/handover.sh"

usage() {
	cat <<-END
		usage: watchdog.sh PCI OWNER S
		Run restore.sh for the NIC at the address PCI when the process OWNER (load.sh;
		"pid:key" of handover.sh) died or was not done after S seconds; one that is
		putting the old driver back itself has the time it needs. Ends without doing
		anything when /run/e1000_napi/PCI.watchdog no longer holds OWNER.
		load.sh starts it; there is no need to do so by hand.
	END
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
[ $# -eq 3 ] || usage_error "PCI, OWNER and S are needed"
if ! is_pci_address "$1" || ! is_uint "$3"; then
	usage_error "$1 $3: not a PCI address and seconds"
fi
pci=$1 owner=$2 end=$(($(uptime_now) + $3))

armed() { [ "$(first_line "$RUN/$pci.watchdog")" = "$owner" ]; }

# load.sh gave up and is restoring (finish): starting again would only take longer
goes_back() { grep -qx back "$RUN/$pci.watchdog" 2>/dev/null; }

# family PID: it and its children, except this watchdog. One of them may be what hangs, and would
# keep the lock
family() {
	local pid
	printf '%s\n' "$1"
	# shellcheck disable=SC2013 # all on one line
	for pid in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		[ "$pid" = $$ ] || family "$pid"
	done
}

while armed && is_alive "$owner" && { [ "$(uptime_now)" -lt "$end" ] || goes_back; }; do
	sleep 1
done
armed || exit 0
if is_alive "$owner"; then
	log "$prog: load.sh hangs and is killed"
	# shellcheck disable=SC2046 # process ids
	kill -9 $(family "${owner%%:*}") || :
fi
log "$prog: load.sh is dead and the network may be too: putting the old driver of $pci back"
E1000_NAPI_WATCHDOG=1
export E1000_NAPI_WATCHDOG
wait_for 10 sh "$here/restore.sh" "$pci"
rm -f "$RUN/$pci.watchdog"
