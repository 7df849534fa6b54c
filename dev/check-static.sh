#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Static checks: one failure fails the whole.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

checks='checkpatch kernel_doc build sparse clang coccicheck shellcheck shfmt'
checks="$checks program_text cppcheck analyzer tidy codespell words pictures reuse"

usage() {
	cat <<EOF
usage: dev/check-static.sh [CHECK…]      (make check-static)

Runs all checks, or those named:
  checkpatch  --strict, the driver's files and the patches
  kernel_doc  comments of the driver's functions and structures, complete
  build       W=1, a warning is an error
  sparse      C=2, the same
  clang       the same by clang
  coccicheck  the kernel's semantic patches, on the driver's files
  program_text  no program of awk, sed, sh -c or eval has a shell variable pasted into it
  cppcheck, analyzer (gcc), tidy (clang)  the tools
  shellcheck, shfmt, codespell, reuse  all files that git knows
  words       no phrase of dev/words in any text: pages, messages, comments
  pictures    docs/architecture.svg shows what docs/architecture.dot says
The kernel is KVER (default: the newest with Debian headers here). What a check says
is in build/check/static/CHECK.log. Exit status: 1 if one failed.
EOF
}

need_all() {
	need sparse
	need clang
	need spatch coccinelle
	need cppcheck
	need clang-tidy
	need shellcheck
	need shfmt
	need codespell
	need reuse
	need dot graphviz
}

# The kernel's own checkers, out of the sources that the module is built from
kernel_scripts() {
	_series=$(echo "$kver" | cut -d . -f 1-2)
	_tar=/usr/src/linux-source-$_series.tar.xz
	[ -e "$_tar" ] || die "the checkers come with the kernel's sources: apt-get install linux-source-$_series"
	_dir=$(cache_dir kernel-scripts)/$_series-$(stat -L -c %Y "$_tar")
	if [ ! -d "$_dir" ]; then
		log "unpacking the kernel's checkers (once, some seconds)"
		mkdir -p "$_dir.tmp"
		tar -xf "$_tar" -C "$_dir.tmp" --strip-components=1 --wildcards \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/kernel-doc' \
			'*/scripts/const_structs.checkpatch' '*/scripts/coccinelle/*'
		mv "$_dir.tmp" "$_dir"
	fi
	echo "$_dir/scripts"
}

# kbuild ARG…: build the module again in its own directory; a line that looks like a warning
# is a failure
pattern='warning:|error:'
kbuild() {
	rm -rf "$out/build"
	"$top/dev/prepare.sh" --out "$out/build" --kver "$kver" || return 1
	make -j"$(nproc)" -C "/lib/modules/$kver/build" M="$out/build" "$@" modules >"$out/make" 2>&1 || {
		cat "$out/make"
		return 1
	}
	! grep -E "$pattern" "$out/make"
}

driver_files() { git ls-files 'e1000_napi/*.[ch]'; }
shell_files() { git ls-files -z | xargs -0 grep -lIE '^#!/bin/(ba)?sh' | grep -v '\.bats$'; }

do_checkpatch() {
	# Our files have no MAINTAINERS; a patch here is not a mail, and carries no sign-off
	# shellcheck disable=SC2046 # names without spaces
	perl "$kscripts/checkpatch.pl" --no-tree --strict -q --terse -f $(driver_files) || return 1
	# By stdin, because it takes tracked files for sources
	for p in patches/*.patch; do
		perl "$kscripts/checkpatch.pl" --no-tree --strict -q --terse --no-signoff \
			--ignore UNKNOWN_COMMIT_ID - <"$p" || return 1
	done
}
do_kernel_doc() {
	# shellcheck disable=SC2046
	perl "$kscripts/kernel-doc" -none -Werror $(driver_files)
}
do_build() { kbuild W=1; }
do_sparse() { kbuild W=1 C=2 CHECK="sparse -Wsparse-error"; }
do_clang() {
	# The headers are of a kernel that gcc built, with gcc's options. What clang says about
	# those headers, and objtool of options that are left out, is nothing about our files
	pattern='/build/[^ ]*[.][ch]:.*(warning|error):'
	cat >"$out/cc" <<'EOF'
#!/bin/sh
for a; do
	shift
	case $a in
	-mfunction-return=* | -mindirect-branch* | -fconserve-stack | -mrecord-mcount | \
		-ftrivial-auto-var-init=* | -fno-allow-store-data-races | -mpreferred-stack-boundary=*) ;;
	*) set -- "$@" "$a" ;;
	esac
done
exec clang "$@" -Wno-unknown-warning-option -Wno-unused-command-line-argument
EOF
	chmod +x "$out/cc"
	kbuild W=1 CC="$out/cc"
}
do_coccicheck() {
	# A semantic patch that this spatch cannot read says nothing about our files
	# (and xargs would stop at its status 255)
	# shellcheck disable=SC2016,SC2046 # for the inner shell; names without spaces
	grep -rl --include='*.cocci' 'virtual report' "$kscripts/coccinelle" |
		xargs -P "$(nproc)" -I '{}' sh -c 'timeout 120 spatch --very-quiet -D report \
			--no-includes --include-headers --cocci-file "$@" || :' sh '{}' $(driver_files) \
			>"$out/cocci" 2>/dev/null
	! grep . "$out/cocci"
}
do_shellcheck() {
	shell_files | xargs shellcheck || return 1
	# bats stops at an error by itself; tests use odd words, and set variables for scripts
	# that they source
	git ls-files '*.bats' | xargs -r shellcheck -S warning -e SC2164,SC2034,SC2258,SC2145
}
do_shfmt() {
	shell_files | xargs shfmt -d || return 1
	git ls-files '*.bats' | xargs -r shfmt -d -ln bats
}
# Tests may paste their own variables
do_program_text() {
	shell_files | grep -v '^tests/' | xargs python3 dev/program-text.py
}

# The compiler flags of the tools' Makefiles, and jansson's loops for checkers without its headers
tool_flags='-std=gnu11 -D_GNU_SOURCE -Itools/lib -Itools/napistat'
tool_files() { git ls-files 'tools/*.c'; }
do_cppcheck() {
	cat >"$out/jansson.h" <<'EOF'
#define json_array_foreach(a, i, v) for (i = 0; (v = json_array_get(a, i)); i++)
#define json_object_foreach(o, k, v) while (json_next(o, &k, &v))
EOF
	# shellcheck disable=SC2046 # a list of words without spaces
	cppcheck -q -j"$(nproc)" --enable=warning,portability --inline-suppr --error-exitcode=1 \
		--template='{file}:{line}: {severity}: {message} [{id}]' -D_GNU_SOURCE -Itools/lib -Itools/napistat \
		--include="$out/jansson.h" $(tool_files) 2>&1
}
do_analyzer() {
	# A failed realloc() ends the program, which this gcc does not see: its leaks are false
	# shellcheck disable=SC2016 # for the inner shell
	tool_files | xargs -P "$(nproc)" -n 1 sh -c 'exec gcc $1 -O1 -Wall -Wextra -Werror -fanalyzer \
		-Wno-analyzer-malloc-leak -c -o /dev/null "$2"' sh "$tool_flags"
}
do_tidy() {
	# Exclude checks for functions that C libraries lack (memcpy_s), for !strcmp() and lists of pointers
	_only='-*,clang-analyzer-security.*,clang-analyzer-core.*,clang-analyzer-unix.*,bugprone-*'
	for c in clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling \
		bugprone-suspicious-string-compare bugprone-sizeof-expression bugprone-easily-swappable-parameters \
		bugprone-narrowing-conversions bugprone-reserved-identifier bugprone-branch-clone \
		bugprone-implicit-widening-of-multiplication-result bugprone-assignment-in-if-condition; do
		_only=$_only,-$c
	done
	# shellcheck disable=SC2016 # for the inner shell
	tool_files | xargs -P "$(nproc)" -n 8 sh -c 'flags=$1 only=$2 && shift 2 &&
		exec clang-tidy --quiet --warnings-as-errors="*" --checks="$only" "$@" -- $flags' sh \
		"$tool_flags" "$_only" 2>/dev/null
}
# Words of ip rules, drives and modinfo
do_codespell() { git ls-files | grep -v '^LICENSES/' | xargs codespell -L iif,hda,parm; }
# Not the patches, whose context is the kernel's, nor what was recorded
texts() { git ls-files -z -- . ':!LICENSES' ':!patches' ':!docs/results/*/*' ':!*.svg' ':!dev/words'; }
do_words() {
	_bad=''
	while IFS="$(printf '\t')" read -r _pattern _advice; do
		case $_pattern in '' | '#'*) continue ;; esac
		# xargs fails if grep finds nothing, and if it cannot read the pattern
		_found=$(texts | xargs -0 grep -nIHP -e "$_pattern" 2>&1) || [ -n "$_found" ] || continue
		printf '%s\ninstead: %s\n' "$_found" "$_advice"
		_bad=1
	done <dev/words
	[ -z "$_bad" ]
}
# picture_words < SVG: its nodes, edges and labels, without positions, which depend on fonts
picture_words() { grep -oE '<title>[^<]*</title>|>[^<]+</text>' | LC_ALL=C sort; }
do_pictures() {
	for dot in docs/*.dot; do
		dot -Tsvg "$dot" | picture_words >"$out/drawn" || return 1
		picture_words <"${dot%.dot}.svg" | diff - "$out/drawn" || {
			echo "$dot was changed since: make pictures"
			return 1
		}
	done
}
do_reuse() {
	# reuse accepts .reuse/dep5 for all files; each of ours must name the license itself
	{
		shell_files
		git ls-files '*.[ch]' '*.bats' '*.awk' '*.gp' '*.R' '*Makefile' Kbuild ':!patches/intree'
	} | xargs grep -L SPDX-License-Identifier >"$out/untagged" || :
	! grep . "$out/untagged" || {
		echo "these lack the line SPDX-License-Identifier"
		return 1
	}
	# The kernel says GPL-2.0 where SPDX now says GPL-2.0-only; all else must be clean
	reuse lint >"$out/lint" 2>&1 || :
	awk '/^\* Deprecated licenses: GPL-2.0$/ { next }
		/^\* (Bad|Deprecated|Missing|Unused) licenses:|^\* Licenses without/ && !/:$/ { print; bad = 1 }
		/^\* Read errors:/ && $NF != 0 { print; bad = 1 }
		/^\* Files with/ { n++; if ($(NF - 2) != $NF) { print; bad = 1 } }
		END { exit bad || n != 2 }' "$out/lint" || {
		cat "$out/lint"
		return 1
	}
}

case ${1:-} in
-h | --help) usage && exit 0 ;;
esac
for c in "$@"; do
	case " $checks " in *" $c "*) ;; *) usage_error "no check $c" ;; esac
done
[ $# -gt 0 ] || need_all
cd "$top"
kver=${KVER:-$(lab/image.sh --show-kver)}
out=$top/build/check/static
mkdir -p "$out"
trap 'give_back_all "$top"' EXIT
kscripts=$(kernel_scripts)

passed=0 failed=0
# (set -e is off in a condition: each check returns what failed by itself)
# shellcheck disable=SC2048,SC2086 # a list of words
for c in ${*:-$checks}; do
	if (do_"$c") >"$out/$c.log" 2>&1; then
		echo "ok $c"
		passed=$((passed + 1))
	else
		echo "not ok $c"
		head -n 40 "$out/$c.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
