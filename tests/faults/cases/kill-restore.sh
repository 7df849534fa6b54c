#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The script restore killed with -9 at 200 moments spread over its time; one, two or three in a
# row, by turns, and after the next addresses, routes, neighbours, qdiscs, settings, affinities
# and the driver are as before.
# Kernel: debian
# Boot: own
# Takes: 60, 3800 s
# Limit: 18000 s
set -eu
KILLS=${KILLS:-$([ -n "${SHORT-}" ] && echo 2 || echo 200)}
export KILLS SCRIPTS=restore DRESS=dress_lightly
exec sh "${0%/*}/../../guest/restore-kill.sh"
