#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tutorial as a stranger follows it: docs/guide.md's commands in a full Debian guest.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
here=$top/tests
. "$top/scripts/lib/common.sh"
. "$top/scripts/lib/own-file.sh"

usage() {
	cat <<-END
		usage: tests/guide.sh [--suite S] [--out FILE]
		Run the commands of docs/guide.md in a full Debian guest, from a clone of HEAD, and
		print what they say and how long they take. Needs root; 30 minutes without hardware
		virtualisation.
		  --suite S    bookworm (default) or trixie
		  --out FILE   write the transcript there too
	END
}

suite=bookworm out=/dev/null
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--suite | --out)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--suite) suite=$2 ;;
		--out) out=$2 ;;
		esac
		shift
		;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
need_root
need_own_file "$out" "--out $out" "write there; give a file in a folder of your own" 002
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$share"
git -C "$top" bundle create -q "$share/clone.bundle" HEAD "$(git -C "$top" symbolic-ref --short HEAD)"
cp "$top/docs/guide.md" "$top/tests/debian/guide.sh" "$share/"
mkdir -p "$top/build/check"
{
	rc=0
	"$top/lab/debian.sh" --suite "$suite" --share "$share" --timeout 3600 \
		--console "$top/build/check/guide.console" -- sh /share/guide.sh 2>&1 || rc=$?
	echo "$rc" >"$share/status"
} | tee "$out"
exit "$(cat "$share/status")"
