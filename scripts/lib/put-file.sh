# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# put_file FOLDER NAME [MODE] <TEXT: write a file whole or not at all, and through no link, even if
# another user may write FOLDER. fleet/take.sh sends it to guests, so it uses nothing else of ours
put_file() (
	cd -P -- "$1" && _new=$(mktemp -d ./.e1000_napi.XXXXXX) || exit 1
	# once entered it stays the same directory, even if renamed
	cd -P "$_new" && [ -O . ] || exit 1
	trap 'cd .. && rm -rf "$_new"' EXIT
	cat >file && chmod "${3:-+r}" file && mv -fT file "../$2"
)
