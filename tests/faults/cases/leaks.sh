#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# After all that this boot did: no memory is lost. (Cases with a boot of their own look themselves.)
# Boot: three
# Kernel: kasan
# Takes: 57 s
# Limit: 600 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

no_leaks
finish
