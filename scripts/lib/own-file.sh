# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For files that a person names and root writes. Source it after common.sh.

# need_own_file FILE NAME WHY [OTHERS]: need_own_path() for a file, which may be missing yet
need_own_file() {
	local part
	case $1 in /dev/*) return 0 ;; esac
	[ "$(id -u)" -eq 0 ] && part=$(foreign_part "$1" "${4-}") || return 0
	# in /tmp, say, another user could make it too; made now, and through no link, it is ours
	[ -e "$part" ] || [ ! -d "$(dirname "$1")" ] || (set -C && : >"$1") 2>/dev/null || :
	need_own_path "$@"
}
