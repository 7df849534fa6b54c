#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Where does this guest lose packets now, and what limits it? napimeter looks and judges.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib/common.sh"

usage() {
	cat <<-END
		usage: $prog IF [--seconds N] [--json]
		Look at the NIC IF, of any driver, for some seconds, and say where packets are lost
		on their way to a program, what limits them, what only looks bad, and which command
		to try first. Changes nothing, sends nothing. Root sees more: other users' programs,
		e1000_napi's polls, the kernel's log.
		  --seconds N  seconds to watch: 1 to 60 (default 10)
		  --json       for scripts
		Exit status: 0 nothing is wrong, 1 something is or the NIC went away, 2 wrong usage or no such
		interface.
		Example: sudo $prog eth1 --seconds 60
	END
}

for word; do
	case $word in
	-h | --help)
		usage
		exit 0
		;;
	esac
done
[ $# -gt 0 ] || usage_error "which interface?"
napimeter=$(tool napimeter)
exec "$napimeter" doctor "$@"
