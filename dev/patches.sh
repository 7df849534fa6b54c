#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Edit the patch series as commits, and write it back.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/patches.sh edit [KVER]
       dev/patches.sh save

edit  makes build/edit/, a git repository with the e1000 sources of kernel
      KVER (default: the running one) as its first commit and each patch as
      one commit after it. Change, add, reorder commits there as you like.
save  writes the commits of build/edit/ back to patches/, one file each, with
      one line of context. The commit message becomes the patch's text.
EOF
}

edit=$top/build/edit new=''
trap '[ -z "$new" ] || rm -rf "$new"; give_back "$top/patches" "$edit"' EXIT

# git of its own: no hooks, signatures or settings of the user's
edit_git() {
	git -C "$edit" -c user.name=e1000_napi -c user.email=e1000_napi@localhost \
		-c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

do_edit() {
	[ ! -e "$edit" ] || die "build/edit is there already; save it or remove it first"
	"$top/dev/prepare.sh" --kver "${1:-$(uname -r)}" --stock --out "$edit"
	edit_git init -q
	edit_git add .
	edit_git commit -qm "stock e1000"
	edit_git tag stock
	for p in "$top"/patches/*.patch; do
		(cd "$edit" && patch -p1 -s -F0 --no-backup-if-mismatch -r - <"$p") ||
			die "$(basename "$p") does not apply; see above"
		edit_git add .
		sed -n '/^---$/q; s/^Subject: //; p' "$p" | edit_git commit -qF -
	done
	log "build/edit is ready: change its commits, then dev/patches.sh save"
}

do_save() {
	[ -d "$edit/.git" ] || die "there is no build/edit; begin with: dev/patches.sh edit"
	[ -z "$(edit_git status --porcelain)" ] || die "build/edit has changes that are not committed"
	new=$(mktemp -d)
	n=0
	for c in $(edit_git rev-list --reverse stock..HEAD); do
		n=$((n + 1))
		name=$(edit_git log -1 --format=%f "$c" | sed 's/^e1000-//; s/^\(.\{0,36\}\)-.*/\1/')
		{
			edit_git log -1 --format='Subject: %s%n%n%b' "$c" |
				sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
			echo ---
			edit_git diff -U1 --no-renames "$c^" "$c" | sed '/^index /d'
		} >"$new/$(printf %04d "$n")-$name.patch"
	done
	[ "$n" -gt 0 ] || die "build/edit has no commit after stock"
	rm -f "$top"/patches/*.patch
	mv "$new"/*.patch "$top/patches/"
	log "$n patches written to patches/"
}

case ${1:-} in
edit) do_edit "${2:-}" ;;
save) do_save ;;
-h | --help) usage ;;
*) usage_error "say edit or save" ;;
esac
