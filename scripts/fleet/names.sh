# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Shared by run.sh and report.sh. Source it after common.sh.

# shellcheck source=scripts/lib/put-file.sh disable=SC2154 # $here of those that source this
. "$here/../lib/put-file.sh"

# check_names FILE <NAMES: refuse guests' names of FILE, one per line, that cannot be directory names
# or arguments of ansible
check_names() {
	local bad
	bad=$(grep -avEx '[A-Za-z0-9_][A-Za-z0-9._-]*' | sed 's/^/name: /;1q')
	[ -z "$bad" ] || die "$1: '$(printf '%s' "${bad#name: }" | tr -cd '[:print:]')' cannot be the name of a guest: letters, digits, . _ - only, and no . or - first; change it there (ansible_host= has the address)"
}
