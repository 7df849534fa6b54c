# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Downloaded packages and sources in the cache, checked again before they are used. Source it after
# common.sh.

# keep_fetched FROM FILE: copy a file that apt has just fetched and checked against the signed
# index, and store its checksum beside it
keep_fetched() {
	local sum
	sum=$(sha256sum <"$1")
	mkdir -p "${2%/*}"
	cp "$1" "$2.new"
	printf '%s\n' "${sum%% *}" >"$2.sha256.new"
	mv "$2.sha256.new" "$2.sha256"
	mv "$2.new" "$2"
}

# is_fetched FILE [COPY]: FILE, or the copy, still has the checksum that root or the caller wrote:
# other users may have written anything else in a cache
is_fetched() {
	local sum
	[ -f "$1" ] && [ -n "$(find "$1.sha256" -prune -type f \( -user 0 -o -user "$(id -u)" \) \
		! -perm /022 2>/dev/null)" ] || return 1
	sum=$(cat "$1.sha256")
	[ "$(sha256sum <"${2:-$1}")" = "$sum  -" ] && return
	warn "$1 is not what was downloaded; downloading it again"
	return 1
}

# take_fetched FILE TO: copy first, so that the file cannot change after the check
take_fetched() {
	! { cp "$1" "$2" 2>/dev/null && is_fetched "$1" "$2"; } || return 0
	rm -f "$2"
	return 1
}
