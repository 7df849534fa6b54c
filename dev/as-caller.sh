#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For the Makefile: as-caller.sh COMMAND ARG…: run it as root, after sudo, and give what is then
# in build/, results/ and the cache to who ran sudo. Also when it fails, or ^C ends it.
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
# A make that is killed ends this shell, and this shell what it started
setpriv --pdeathsig TERM "$@" || status=$?
give_back_all "$top"
exit "$status"
