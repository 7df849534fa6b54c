# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# recorded_guest FILE TREE [SED-SCRIPT]: make the proc and sys of a guest from what
# `detect.sh --record` said there: PATH<TAB>CONTENT, PATH<TAB>-> TARGET for a link, or FOLDER/.
recorded_guest() {
	local file=$1 tree=$2 path content
	rm -rf "$tree"
	mkdir -p "$tree"
	sed "${3-}" "$file" | while IFS=$'\t' read -r path content; do
		case $path in '#'* | '') continue ;; esac
		mkdir -p "$tree/${path%/*}"
		case $path in
		*/) ;;
		*)
			case $content in
			'-> '*) ln -s "${content#-> }" "$tree/$path" ;;
			*) printf '%s\n' "$content" >>"$tree/$path" ;;
			esac
			;;
		esac
	done
}
