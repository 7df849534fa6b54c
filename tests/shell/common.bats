#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The scripts do the same wherever they are called from: PATH, HOME, umask, locale.

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

# in_env VARIABLE=VALUE… -- COMMAND: with common.sh, in each shell the scripts have to run in
in_env() {
	local env=()
	while [ "$1" != -- ]; do
		env+=("$1")
		shift
	done
	for shell in dash "busybox ash"; do
		env -i PATH=/usr/bin:/bin "${env[@]}" $shell -euc 'here=scripts; . scripts/lib/common.sh; '"$2" || return
	done
}

@test "programs of root are found without /usr/sbin in PATH" {
	in_env HOME=/ -- 'need ip iproute2; need modprobe kmod'
	[ "$(id -u)" -eq 0 ] || skip "the rest needs root"
	run env -i PATH=/usr/bin:/bin scripts/load.sh none0 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"no interface none0"* ]]
}

@test "a missing program is named with a package that apt can install" {
	found=$(grep -rhoE --include='*.sh' '(^[[:space:]]*|(\|\||&&) )need [a-zA-Z].*' scripts lab dev bench | sed 's/.*need //')
	[ "$(echo "$found" | wc -l)" -gt 30 ]
	run grep -Evx '[A-Za-z0-9_.-]+( [a-z0-9][a-z0-9.+-]+)?' <<<"$found"
	[ -z "$output" ]
	[ "$status" -eq 1 ]
}

@test "without HOME the cache is in the home of passwd" {
	home=$(getent passwd "$(id -u)" | cut -d : -f 6)
	run in_env -- 'cache_dir x'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$home/.cache/e1000_napi/x" ]
	[ "${lines[1]}" = "${lines[0]}" ]
	run in_env HOME=/elsewhere -- 'cache_dir x'
	[ "${lines[0]}" = /elsewhere/.cache/e1000_napi/x ]
}

@test "files we make are not writable by others, and no more open than the umask allows" {
	cd "$BATS_TEST_TMPDIR"
	ln -s "$OLDPWD/scripts" scripts
	umask 002
	in_env HOME=/ -- 'mkdir a; is_own a; rmdir a'
	umask 077
	in_env HOME=/ -- 'mkdir b; [ "$(stat -c %a b)" = 700 ]; rmdir b'
}

@test "numbers have a point, whatever the locale" {
	localedef -i de_DE -f UTF-8 "$BATS_TEST_TMPDIR/de_DE.UTF-8" 2>/dev/null || skip "no locale de_DE here"
	export LOCPATH=$BATS_TEST_TMPDIR
	awk=$(command -v mawk || command -v awk)
	[ "$(LC_ALL=de_DE.UTF-8 $awk 'BEGIN { printf "%.1f", 1.5 }')" = 1,5 ] || skip "this awk knows no locales"
	in_env HOME=/ LOCPATH="$LOCPATH" LC_ALL=de_DE.UTF-8 -- '[ "$('"$awk"' "BEGIN { printf \"%.1f\", 1.5 }")" = 1.5 ]'
	run env LC_ALL=de_DE.UTF-8 scripts/tune.sh eth9 --server 192.0.2.1 --dry-run --minutes 30
	[ "$status" -eq 0 ]
	[[ $output != *[0-9],[0-9]* ]]
}

complains() { sh -c '. "$1/scripts/lib/common.sh"; printf "%s\n" "$2" | grep -Eq "$complaints"' sh "$BATS_TEST_DIRNAME/../.." "$1"; }

@test "complaints of a kernel are recognised" {
	while read -r line; do
		complains "$line" || { echo "$line" && false; }
	done <<-'END'
		[  3.1] BUG: unable to handle page fault for address: ffffffffc0a01000
		[  3.1] general protection fault, probably for non-canonical address 0x6b6b6b6b: 0000 [#1] PREEMPT SMP
		[  3.1] general protection fault: 0000 [#1] SMP
		[  3.1] WARNING: CPU: 0 PID: 1 at net/core/dev.c:10 napi_enable+0x1/0x2
		[  3.1] Oops: 0000 [#1] PREEMPT SMP
		[  3.1] Kernel panic - not syncing: Attempted to kill init!
		[  3.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!
		[  3.1] NETDEV WATCHDOG: eth0 (e1000_napi): transmit queue 0 timed out
	END
}

@test "a program that crashes is not" {
	while read -r line; do
		! complains "$line" || { echo "$line" && false; }
	done <<-'END'
		[  3.1] traps: iperf[178] general protection fault ip:7f1 sp:7f2 error:0 in libc.so.6[7f0+1c]
		[  3.1] traps: iperf[178] general protection ip:7f1 sp:7f2 error:0 in libc.so.6[7f0+1c]
		[  3.1] traps: iperf[178] trap invalid opcode ip:7f1 sp:7f2 error:0 in iperf[55+1c]
		[  3.1] iperf[178]: segfault at 0 ip 00007f1 sp 00007f2 error 4 in libc.so.6[7f0+1c] likely on CPU 1
		[  3.1] Code: 0f 0b 48 8b
	END
}

@test "a folder that cannot be made is named, with the reason and what to do" {
	: >"$BATS_TEST_TMPDIR/file"
	run sh -c '. scripts/lib/common.sh; make_dir "$0"; echo made' "$BATS_TEST_TMPDIR/file/x/y"
	[ "$status" -eq 1 ]
	[[ $output == *"the folder $BATS_TEST_TMPDIR/file/x/y cannot be made: Not a directory; give another one"* ]]
	TMPDIR=$BATS_TEST_TMPDIR/file run sh -c '. scripts/lib/common.sh; set -e; x=$(temp_dir); echo made'
	[ "$status" -eq 1 ]
	[[ $output == *"no temporary folder can be made in $BATS_TEST_TMPDIR/file: "*"TMPDIR=FOLDER"* ]]
	# every script of the user says it so
	run grep -nE '^[a-z]*=\$\(mktemp -d\)|^mkdir -p "\$out"' -r scripts lab/iso/iso.sh
	[ -z "$output" ]
}

@test "a file that root is to write: in no other user's folder, and through no link of theirs" {
	[ "$(id -u)" -eq 0 ] || skip "root only: it makes another user's files"
	unset SUDO_UID SUDO_GID
	own() { sh -euc '. scripts/lib/common.sh; . scripts/lib/own-file.sh
		need_own_file "$0" "--out $0" "write there" 002' "$1"; }
	tmp=$BATS_TEST_TMPDIR
	mkdir "$tmp/his" "$tmp/sticky"
	chmod 1777 "$tmp/sticky"
	echo secret >"$tmp/secret"
	ln -s "$tmp/secret" "$tmp/sticky/link"
	ln -s "$tmp/nowhere" "$tmp/sticky/dangling"
	: >"$tmp/sticky/file"
	chown -Rh 12345 "$tmp/his" "$tmp/sticky"/*
	for file in his/new his/a/b sticky/link sticky/dangling sticky/file; do
		run own "$tmp/$file"
		[ "$status" -eq 1 ]
		[[ $output == *"belongs to another user"*"root would write there"* ]] || { echo "$file: $output" && false; }
	done
	[ -z "$(ls "$tmp/his")" ] && [ ! -e "$tmp/nowhere" ]
	own "$tmp/sticky/new"
	[ "$(stat -c %u "$tmp/sticky/new")" -eq 0 ]
	own "$tmp/sticky/new"
	own "$tmp/mine"
	own "$tmp/a/b"
	[ ! -e "$tmp/mine" ] && [ ! -e "$tmp/a" ]
	own /dev/stdout
	# the scripts that have such files
	for command in "lab/iso/iso.sh --out $tmp/his/x" "scripts/host/cpu.sh --record $tmp/his/x pid $$" \
		"lab/boot.sh --console $tmp/his/x -- true" "lab/debian.sh --console $tmp/his/x" \
		"tests/guide.sh --out $tmp/his/x"; do
		# shellcheck disable=SC2086 # words
		run timeout 20 $command
		[ "$status" -eq 1 ]
		[[ $output == *"$tmp/his belongs to another user"* ]] || { echo "$command: $output" && false; }
	done
	[ -z "$(ls "$tmp/his")" ]
}

@test "a temporary folder has a new name, and is ours alone" {
	export TMPDIR=$BATS_TEST_TMPDIR
	temp() { sh -euc '. scripts/lib/common.sh; temp_dir'; }
	one=$(temp)
	two=$(temp)
	[ "$one" != "$two" ]
	[ "$(stat -c %a "$one" "$two" | sort -u)" = 700 ]
	# nor does any script have a fixed name there; in a guest all of /tmp is ours
	run grep -rnE '(^|[ "=>])/(var/)?tmp/[a-z]' scripts lab dev bench packaging e1000-napi --include='*.sh' --include=e1000-napi
	left=$(grep -vE '^(bench/guest|lab/demo.sh:.*--out /tmp/search|lab/demo.sh:.*lost /tmp/search|lab/debian.sh:|dev/kernels.sh:|scripts/sweep.sh:.*# )|mktemp' <<<"$output" || :)
	echo "$left"
	[ -z "$left" ]
}

@test "no message steers the terminal, in any shell" {
	for sh in dash 'busybox ash' bash; do
		# shellcheck disable=SC2016 # for the shell there
		run $sh -c '. scripts/lib/common.sh
			log "$(printf "a\302\233b\302\260 \033[2J\007 \303\251\tx\ny")"
			warn "$(printf "\033]52;c;QQ==")" && die "$(printf "\302\2332J")"' me
		[ "$status" -eq 1 ]
		[ "$output" = "$(printf 'a?b° ?[2J? é\tx\ny\nme: warning: ?]52;c;QQ==\nme: ?2J')" ]
	done
}

@test "options are those of --help, and their values are taken as they are" {
	parse() {
		for shell in bash dash "busybox ash"; do
			run $shell -euc '
				prog=test nic="" yes="" dry_run="" kver="" watch="" i=""
				. scripts/lib/common.sh
				. scripts/lib/options.sh
				usage() {
					echo "usage: test IF [--yes] [OPTION]…"
					echo "  --yes        not as --no does"
					echo "  --kver V, --dry-run  two"
					echo "  --watch [S]  perhaps a number"
					echo "  -i, --inventory FILE   a file"
				}
				parse "$@"
				printf "<%s>" "$nic" "$yes" "$dry_run" "$kver" "$watch" "$i"' sh "$@"
			[ "$status" -eq "$expected" ] && [[ $output == *"$text"* ]] || {
				echo "$shell: $*: $status $output"
				return 1
			}
		done
	}
	expected=0 text=
	text="<eth1><1><1><\$(reboot) 'x' \"y\" \\><1><>" parse --dry-run --kver "\$(reboot) 'x' \"y\" \\" eth1 --watch --yes
	text="<eth1><><><--yes><7><f>" parse --watch 7 -i f eth1 --kver --yes
	text="usage: test IF" parse eth1 --help --no
	expected=2
	text="unknown option '--no'" parse --no
	text="unknown option '--yes --dry-run'" parse "--yes --dry-run"
	text="unknown option '--y*'" parse '--y*'
	text="unknown option '--'" parse eth1 -- x
	text="--kver requires an argument" parse --kver
	text="--kver: more than one line" parse --kver $'a\nb'
	text="one NIC at a time: 'a' or 'b'" parse a b
}

@test "a number that the shell cannot compare is none" {
	for command in "hist eth0 --watch" "host cpu --port" "fleet -i /dev/null --batch" "sweep eth9 --source pktgen --retries"; do
		# shellcheck disable=SC2086
		run ./e1000-napi $command 99999999999999999999
		echo "$command: $status $output"
		[ "$status" -eq 2 ]
		[[ $output != *"llegal number"* && $output != *"nteger expression"* ]]
	done
}
