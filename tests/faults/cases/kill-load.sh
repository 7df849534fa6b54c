#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The script load killed with -9 at 200 moments spread over its time; after restore.sh each time:
# addresses, routes, neighbours, qdiscs, settings, affinities and the driver are as before.
# Kernel: debian
# Boot: own
# Takes: 60, 2700 s
# Limit: 12000 s
set -eu
KILLS=${KILLS:-$([ -n "${SHORT-}" ] && echo 2 || echo 200)}
export KILLS SCRIPTS=load DRESS=dress_lightly
exec sh "${0%/*}/../../guest/restore-kill.sh"
