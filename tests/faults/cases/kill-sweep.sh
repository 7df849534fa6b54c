#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep killed with -9 at 200 moments spread over its time; after each: settings as
# before, results whole, nothing doubled, and the same command goes on.
# Kernel: debian
# Boot: own
# Takes: 60, 1200 s
# Limit: 9000 s
set -eu
KILLS=${KILLS:-$([ -n "${SHORT-}" ] && echo 10 || echo 200)}
export KILLS
exec sh "${0%/*}/../../guest/sweep-kill.sh"
