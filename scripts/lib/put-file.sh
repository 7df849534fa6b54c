# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# put_file FOLDER NAME [MODE] <TEXT: a file there, whole or not at all, and through no link, even if another
# may write FOLDER. fleet/take.sh gives it to guests: it uses nothing else of ours
put_file() (
	cd -P -- "$1" && _new=$(mktemp -d ./.e1000_napi.XXXXXX) || exit 1
	# entered, it is ours, whatever its name is by now
	cd -P "$_new" && [ -O . ] || exit 1
	trap 'cd .. && rm -rf "$_new"' EXIT
	cat >file && chmod "${3:-+r}" file && mv -fT file "../$2"
)
