#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Resets one after the other under traffic, from two sides at once, the weight changing.
# Boot: three
# Takes: 32 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
traffic_on
in_background "$bin/fault" weights "$debug/eth0/weight" "$(few 100 2000)" 64
in_background until_time "$(few 8 30)" ethtool -r eth0
until_time "$(few 8 30)" ethtool -r eth0
all_back "both came to their end"
holds
finish
