#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For the Makefile: as-caller.sh COMMAND ARG…: run it as root, after sudo, then give build/,
# results/ and the cache to the user who ran sudo, even if it fails or ^C ends it.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

case ${1:-} in
-h | --help | '')
	echo "usage: dev/as-caller.sh COMMAND [ARGUMENT…]"
	exit 0
	;;
esac
trap : HUP INT
status=0
# If make is killed it ends this shell, which ends what it started
setpriv --pdeathsig TERM "$@" || status=$?
give_back_all "$top"
exit "$status"
