#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Helpers that more than one script needs. Source it: . "$here/lib/common.sh"
#
# Exit codes everywhere: 0 done, 1 failed, 2 wrong usage, 4 skipped.
# shellcheck disable=SC2034 # used by the scripts that source this
EXIT_FAIL=1
EXIT_USAGE=2
EXIT_SKIP=4

# The name that the user called: the entry point (E1000_NAPI_PROG) or the script itself. A script
# that this one starts sets its own name.
prog=${E1000_NAPI_PROG:-${0##*/}}
unset E1000_NAPI_PROG

# Do not depend on the caller's environment. /usr/sbin is not in PATH after a plain su; cron and
# DKMS may set no HOME; others must not write what root makes, whatever the umask; and awk's
# numbers must not have a locale's decimal comma.
PATH=$PATH:/usr/sbin:/sbin
: "${HOME:=$(getent passwd "$(id -u)" 2>/dev/null | cut -d : -f 6)}"
umask go-w
user_locale=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
LC_ALL=C.UTF-8
export LC_ALL

# Complaints of a kernel, for grep -E. Crashes of programs do not
# count: "traps: iperf[178] general protection fault ip:…", "iperf[178]: segfault at …"
complaints='BUG[: ]|WARNING: |Oops|Kernel panic|general protection fault[,:]|possible .*deadlock'
complaints="$complaints|rcu: INFO|INFO: task|UBSAN|KASAN|KCSAN|KFENCE|NETDEV WATCHDOG|Call Trace"

unprintable=$(printf '\001\002\003\004\005\006\007\010\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037\177')
c1=$(printf '\302') # the first of two bytes, those of control characters too
# clean: remove what would control the terminal
clean() { LC_ALL=C awk '{ gsub(/[\001-\010\013-\037\177]|\302[\200-\237]/, "?"); print; fflush() }'; }
# Ignore a closed terminal. File names and text of others may be in the message: strip what
# would control the terminal
log() {
	case $* in
	*["$unprintable"]* | *"$c1"*) printf '%s\n' "$*" | clean >&2 || : ;;
	*) printf '%s\n' "$*" >&2 || : ;;
	esac
}
warn() { log "$prog: warning: $*"; }

die() {
	log "$prog: $*"
	exit "$EXIT_FAIL"
}

# how_to COMMAND [ARGUMENT…]: how to call one of our commands here, for messages
how_to() {
	local name="$1"
	shift
	if [ -n "${E1000_NAPI_FRONT-}" ]; then
		printf '%s\n' "$E1000_NAPI_FRONT $name${*:+ $*}"
	else
		printf '%s\n' "scripts/$(printf '%s' "$name" | tr ' ' /).sh${*:+ $*}"
	fi
}

usage_error() {
	log "$prog: $*"
	log "Try: $prog --help"
	exit "$EXIT_USAGE"
}

# after_text TEXT: print the rest of each line on stdin that begins with TEXT. TEXT is never
# interpreted as a pattern
after_text() {
	START=$1 awk 'BEGIN { start = ENVIRON["START"] }
		index($0, start) == 1 { print substr($0, length(start) + 1) }'
}

# need COMMAND PACKAGE: a missing command names the package that has it
need() {
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is missing; on Debian: apt-get install ${2:-$1}"
}

# make_dir FOLDER: make it with its parents, or die with the reason and what to do
make_dir() {
	local why
	why=$(mkdir -p -- "$1" 2>&1) ||
		die "the folder $1 cannot be made: ${why##*: }; give another one, or see ls -ld of its parents"
}

# temp_dir: a new folder of our own in TMPDIR, for the caller to remove
temp_dir() {
	mktemp -d "${TMPDIR:-/tmp}/e1000_napi.XXXXXX" 2>/dev/null ||
		die "no temporary folder can be made in ${TMPDIR:-/tmp}: is it full (df) or read-only? TMPDIR=FOLDER takes another one"
}

# in_clone: true in a clone, where things are built, false in the package
# shellcheck disable=SC2154 # $here is the script's
in_clone() { [ -e "$here/../dev/prepare.sh" ] || [ -e "$here/../../dev/prepare.sh" ]; }

# tool NAME: path of our program: in the guest's tools/, in a clone's build/tools/, else installed.
# $here is the caller's directory.
tool() {
	local dir file
	for dir in "$here/.." "$here/../.."; do
		# a program beside our tree is not ours
		[ -e "$dir/scripts/lib/common.sh" ] || continue
		for file in "$dir/tools/$1" "$dir/build/tools/$1"; do
			if [ -f "$file" ] && [ -x "$file" ]; then
				printf '%s\n' "$file"
				return
			fi
		done
	done
	command -v "$1" && return
	! in_clone || die "$1 is not built; run: make tools"
	die "$1 is missing; install the package e1000-napi-tools again"
}

# module_of KVER: the file of e1000_napi for this kernel: built in the clone, else installed
module_of() {
	local dir
	for dir in "$here/.." "$here/../.."; do
		if [ -f "$dir/build/$1/e1000_napi.ko" ]; then
			printf '%s\n' "$dir/build/$1/e1000_napi.ko"
			return
		fi
	done
	modinfo -k "$1" -F filename e1000_napi 2>/dev/null && return
	die "there is no e1000_napi.ko for the kernel $1; $(how_to_build "$1")"
}

# how_to_build KVER: how to get the module, for messages
how_to_build() {
	if in_clone; then
		echo "run make KVER=$1 in the clone"
	elif ls -d /usr/src/e1000_napi-* >/dev/null 2>&1; then
		echo "run: apt-get install linux-headers-$1 && dkms autoinstall -k $1"
	else
		echo "run: apt-get install e1000-napi-dkms linux-headers-$1"
	fi
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "root is required; run it with sudo"
}

# is_uint WORD: a plain decimal number without sign or leading zero, of at most 18 digits, which a
# shell can compare; 0 is one
is_uint() {
	case $1 in
	'' | *[!0-9]* | 0?* | ???????????????????*) return 1 ;;
	esac
}

# process_key PID: identifies a living process even if its PID is reused; fails if it is dead
process_key() {
	local stat
	stat=$(head -n 1 "/proc/$1/stat" 2>/dev/null) || return 1
	# shellcheck disable=SC2046,SC2086 # the fields after "(name)"
	set -- "$1" ${stat##*) }
	case $2 in
	Z | X) return 1 ;;
	esac
	shift 20
	printf '%s\n' "$1"
}

# is_alive PID:KEY; an empty key is of a process that died before it was read: not alive
is_alive() {
	local key
	key=$(process_key "${1%%:*}") && [ "$key" = "${1##*:}" ]
}

# live_sweep LOCK: the process of the running sweep, if any
live_sweep() {
	local pid name
	[ -e "$1" ] && is_own "$1" || return 0
	while read -r pid name; do
		if [ "$name" = sweep.sh ] && is_uint "${pid%%:*}" && is_alive "$pid"; then
			printf '%s\n' "${pid%%:*}"
		fi
	done <"$1"
}

# is_own PATH: not a link, owned by the caller, not writable by other users
is_own() {
	[ -n "$(find "$1" -prune ! -type l -user "$(id -u)" ! -perm /022 2>/dev/null)" ]
}

# is_own_path PATH: the same, and no other user can replace it: root or the caller owns the
# directories above, and those that others may write are sticky
is_own_path() {
	local path
	path=$(readlink -f "$1") && is_own "$path" || return 1
	while path=${path%/*} && [ -n "$path" ]; do
		[ -n "$(find "$path" -prune \( -user 0 -o -user "$(id -u)" \) \
			\( ! -perm /022 -o -perm -1000 \) 2>/dev/null)" ] || return 1
	done
}

# foreign_part PATH [OTHERS [LEAST]]: the first part of PATH, targets of links included, that
# belongs to a user (id LEAST or above, default 1) other than root, sudo's caller and the owner of
# these scripts, or that others may write (mode bits OTHERS, default 022). Others can make what is
# missing in a sticky directory. Fails if there is none
foreign_part() {
	local rest at='' what uid gid mode kind others open='' links=0 ours
	# the owner of the scripts that root runs here can do anything anyway
	ours=$(stat -c %u "${here:-/}" 2>/dev/null) || ours=0
	case $1 in /*) rest=$1 ;; *) rest=$(pwd -P)/$1 ;; esac
	while what=$(stat -c '%u %g %a %F' "${at:-/}" 2>/dev/null); do
		read -r uid gid mode kind <<-END
			$what
		END
		others=$((0${2:-022})) mode=$((0$mode)) open=''
		[ "$gid" -ne 0 ] || others=$((others & ~020))
		if [ "$links" -gt 40 ] || { [ "$uid" -ge "${3:-1}" ] && [ "$uid" != "${SUDO_UID:-0}" ] && [ "$uid" != "$ours" ]; }; then
			printf '%s\n' "${at:-/}" && return
		fi
		if [ "$kind" = 'symbolic link' ]; then
			links=$((links + 1)) rest=$(readlink "$at")/$rest
			case $rest in /*) at='' ;; *) at=${at%/*} ;; esac
		elif [ $((mode & others)) -ne 0 ]; then
			open=1
			[ $((mode & 01000)) -ne 0 ] || { printf '%s\n' "${at:-/}" && return; }
		fi
		rest=${rest#"${rest%%[!/]*}"}
		[ -n "$rest" ] || break
		case ${rest%%/*} in
		.) ;;
		..) at=${at%/*} ;;
		*) at=$at/${rest%%/*} ;;
		esac
		case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
	done
	[ -n "$open" ] && printf '%s\n' "${at:-/}"
}

# owner_of PATH: the first user other than root who owns a part of PATH or of its links' targets,
# else 0. Root must not write there: that user can replace it with a link
owner_of() {
	local part here=/ SUDO_UID=0
	part=$(foreign_part "$1" 0) || part=/
	stat -c %u "$part"
}

# need_own_path PATH NAME WHY [OTHERS [LEAST]]: die if foreign_part finds one. The message calls PATH
# NAME; WHY says what root would do there and what to do instead
need_own_path() {
	local part=''
	[ "$(id -u)" -ne 0 ] || part=$(foreign_part "$1" "${4-}" "${5-}") || return 0
	[ -n "$part" ] || return 0
	# in /tmp, for example, another user could make it first: make it now
	if [ ! -e "$part" ] && mkdir "$part" 2>/dev/null; then
		part=$(foreign_part "$1" "${4-}" "${5-}") || return 0
	fi
	case $(stat -c %u "$part") in
	0 | "${SUDO_UID:-0}") die "$2: other users may write $part, and root would $3; or run chmod go-w $part" ;;
	*) die "$2: $part belongs to another user ($(stat -c %U "$part")), and root would $3" ;;
	esac
}

# uptime_now: whole seconds, independent of clock changes
uptime_now() { cut -d . -f 1 /proc/uptime; }

# wait_for SECONDS COMMAND…: poll until COMMAND, which must be quick, succeeds or time is up: ten
# tries a second
wait_for() {
	local left=$(($1 * 10))
	shift
	while ! "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# serve_iperf OPTION…: never returns. iperf 2.1.8 sometimes crashes at the end of a pulled UDP
# stream, so start it again
serve_iperf() {
	while :; do
		iperf -s "$@" || sleep 0.1
	done
}

# is_sudo: root, on behalf of a user who ran sudo
is_sudo() { [ "${SUDO_UID:-0}" -ne 0 ] && [ "$(id -u)" -eq 0 ]; }

# home_of UID: its home directory by the user database, which in a guest is only a file
home_of() {
	{ getent passwd "$1" || cat /etc/passwd; } 2>/dev/null |
		awk -F : -v uid="$1" '$3 == uid { print $6; exit }' | grep .
}

# home_dir: works without HOME too, as in systemd units
home_dir() { printenv HOME | grep . || home_of "$(id -u)"; }

# cache_dir NAME: a directory for files that are costly to make but can be made again. The same with
# and without sudo
cache_dir() {
	local cache="${E1000_NAPI_CACHE:-}"
	if [ -z "$cache" ] && [ -n "${XDG_CACHE_HOME:-}" ]; then
		cache=$XDG_CACHE_HOME/e1000_napi
	elif [ -z "$cache" ]; then
		{ is_sudo && cache=$(home_of "$SUDO_UID"); } || cache=$(home_dir) ||
			die "no home folder for a cache: set E1000_NAPI_CACHE to a folder"
		cache=$cache/.cache/e1000_napi
	fi
	[ "$(id -u)" -ne 0 ] || check_cache "$cache" "$1"
	printf '%s/%s\n' "$cache" "$1"
}

# check_cache FOLDER NAME: root runs what is in there. With sudo -E or su -m, HOME may be another user's
check_cache() {
	local say depth='' bad
	say="run what is in it: set E1000_NAPI_CACHE to a folder of root's, or HOME to /root"
	need_own_path "$1/$2" "the cache $1" "$say"
	# a root filesystem has its own users and writable directories
	case $2 in . | debian | fresh | kernels | root) depth='-maxdepth 1' ;; esac
	# shellcheck disable=SC2086 # two words
	bad=$(find -H "$1/$2" -xdev $depth \( ! -user 0 ! -user "${SUDO_UID:-0}" -o ! -type l \
		\( -perm /002 -o -perm /020 ! -group 0 \) \) 2>/dev/null | sed 1q)
	[ -z "$bad" ] || die "the cache $1: $bad is of another user, or may be written by one, and root would $say; or remove $bad"
}

# give_back PATH…: after sudo, chown what root made in the caller's directory to the caller, with
# the directories above. Enter each directory first: the caller may move things meanwhile
give_back() {
	local path
	is_sudo || return 0
	for path; do
		path=$(readlink -f "$path") || continue
		[ ! -e "$path" ] || (cd -P "${path%/*}/" && give_here "${path##*/}") || :
	done
}

# give_here NAME: the same for a file in the working directory
give_here() {
	local up=. way=.
	while [ "$(stat -c %u "$up")" -eq 0 ]; do
		[ "$(stat -c %d:%i "$up")" != "$(stat -c %d:%i "$up/..")" ] || return 0
		up=$up/..
	done
	[ "$(stat -c %u "$up")" = "$SUDO_UID" ] || return 0
	# checksums of root's downloads stay root's; a file with two names may have one elsewhere. find
	# refuses -execdir with relative directories in PATH
	# shellcheck disable=SC2153 # sudo sets both
	PATH=/usr/sbin:/usr/bin:/sbin:/bin find "./$1" -xdev -user 0 ! -name '*.sha256' \
		\( -type d -o -links 1 \) -execdir chown -h "$SUDO_UID:$SUDO_GID" {} + || :
	while [ "$way" != "$up" ]; do
		chown "$SUDO_UID:$SUDO_GID" "$way"
		way=$way/..
	done
}

# give_back_all FOLDER: give back what make and the scripts write in this tree, FOLDER, and the cache,
# except root filesystems in the cache, whose files must stay root's
give_back_all() {
	local folder
	is_sudo || return 0
	give_back "$1/build" "$1/results"
	for folder in image kernel kvm e1000-source kernel-scripts bench; do
		give_back "$(cache_dir "$folder")"
	done
}
