#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The file of a case, and the keys of its header; for run.sh and, in the guest, guest.sh.
# Both set $top before they source it.
#
# shellcheck disable=SC2154

# file_of CASE: the guest tests are guest-NAME
file_of() {
	case $1 in
	guest-*) echo "$top/tests/guest/${1#guest-}.sh" ;;
	*) echo "$top/tests/faults/cases/$1.sh" ;;
	esac
}

# header CASE KEY DEFAULT: a `# KEY: value` of its file
header() {
	_value=$(sed -n "s/^# $2: //p" "$(file_of "$1")" | sed 1q)
	echo "${_value:-$3}"
}

# limit_of CASE: seconds after which it counts as hung
limit_of() {
	_value=$(header "$1" Limit "600 s")
	echo "${_value% s}"
}
