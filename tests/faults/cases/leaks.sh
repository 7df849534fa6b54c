#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# After all that this boot did: no memory is lost.
# Boot: three
# Kernel: kasan
# Takes: 57 s
# Limit: 600 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# What is freed by RCU, or was pointed at from a register, is no leak: look twice
for _ in 1 2; do
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
done
cat /sys/kernel/debug/kmemleak >/tmp/leaks
sed 's/^/# /' /tmp/leaks | head -n 60
is "kmemleak has found nothing" "$(grep -c '^unreferenced' /tmp/leaks || :)" 0
