#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The front door: one command for all others, its completion and its manual pages.

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

commands() { ./e1000-napi --help | sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p'; }

@test "--help names every command once, and each describes itself" {
	run commands
	[ "$(echo $output)" = "load restore enable disable hist sweep report tune doctor detect iso host fleet demo" ]
	for command in $(commands | grep -v host) 'host xen' 'host virtualbox' 'host vmware' 'host kvm' \
		'host cpu'; do
		run ./e1000-napi $command --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: ./e1000-napi $command "* ]]
		run ./e1000-napi help $command
		[[ $output == "usage: ./e1000-napi $command "* ]]
	done
}

@test "every script in scripts/ is a command of e1000-napi" {
	for script in scripts/*.sh; do
		name=${script##*/}
		commands | grep -qx "${name%.sh}"
	done
}

@test "wrong usage is status 2 and names --help; the version is dkms.conf's" {
	for args in '' nonsense 'host' 'host nonsense' '../scripts/load' 'load.sh'; do
		run ./e1000-napi $args
		[ "$status" -eq 2 ]
		[[ $output == *"--help"* ]]
	done
	run ./e1000-napi --version
	[ "$output" = "e1000_napi $(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)" ]
}

@test "it is found through a link and from any folder, and passes arguments on whole" {
	ln -s "$PWD/e1000-napi" "$BATS_TEST_TMPDIR/napi"
	cd "$BATS_TEST_TMPDIR"
	run ./napi load --help
	[ "$status" -eq 0 ]
	run ./napi load 'two words'
	[ "$status" -eq 2 ]
	[[ $output == *"'two words'"*"Try: ./napi load --help"* ]]
}

@test "messages name the next command as this one was called" {
	run ./e1000-napi report --nonsense x
	[[ $output == *"Try: ./e1000-napi report --help"* ]]
	run scripts/report.sh --nonsense x
	[[ $output == *"Try: report.sh --help"* ]]
	run sh -c '. scripts/lib/common.sh; how_to load eth1; how_to "host cpu"'
	[ "$output" = "$(printf 'scripts/load.sh eth1\nscripts/host/cpu.sh')" ]
	E1000_NAPI_FRONT=e1000-napi run sh -c '. scripts/lib/common.sh; how_to load eth1; how_to "host cpu"'
	[ "$output" = "$(printf 'e1000-napi load eth1\ne1000-napi host cpu')" ]
}

@test "bash completes commands, options and interfaces" {
	completed() {
		bash -c '. packaging/completion/e1000-napi.bash
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_e1000_napi
			echo "${COMPREPLY[*]}"' - "$@"
	}
	[ "$(completed ./e1000-napi re)" = "restore report" ]
	[ "$(completed ./e1000-napi restore --)" = "--all --dry-run" ]
	[[ " $(completed ./e1000-napi load '') " == *" lo "* ]]
	[ "$(completed ./e1000-napi host v)" = "virtualbox vmware" ]
	[ "$(completed ./e1000-napi help sw)" = "sweep" ]
	[ "$(completed ./e1000-napi help host v)" = "virtualbox vmware" ]
	# what a text mentions is not an option of the command
	[[ " $(completed ./e1000-napi fleet --) " != *" --preset "* ]]
	[[ " $(completed ./e1000-napi host cpu --) " != *" --host "* ]]
	[[ " $(completed ./e1000-napi sweep --) " == *" --goal-width "* ]]
	[[ " $(completed ./e1000-napi host kvm --) " == *" --initrd "*" --yes "* ]]
	[ -z "$(completed ./e1000-napi sweep eth0 --preset '')" ]
}

@test "zsh can read its completion" {
	zsh -n packaging/completion/_e1000-napi
}

@test "through the front door, no --help names a script" {
	for command in $(commands | grep -v host) 'host xen' 'host virtualbox' 'host vmware' 'host kvm' \
		'host cpu'; do
		run ./e1000-napi $command --help
		[[ $output != *scripts/* && $output != *.sh\ * ]] || {
			echo "$command: $output"
			return 1
		}
	done
}

@test "each --help ends with its exit status and an example; each manual page has both, and options" {
	make -s tools
	packaging/man.sh 1 "$BATS_TEST_TMPDIR"
	[ "$(ls "$BATS_TEST_TMPDIR"/*.1 | wc -l)" -eq 22 ]
	for page in "$BATS_TEST_TMPDIR"/*.1; do
		name=$(basename "$page" .1)
		# shellcheck disable=SC2046 # "host xen" is two words
		case $name in
		e1000-napi*) help=$(./e1000-napi $(echo "${name#e1000-napi}" | sed 's/^-host-/host /; s/^-//') --help) ;;
		*) help=$(build/tools/$name --help) ;;
		esac
		[[ $help == *$'\n'"Exit status: "*$'\n'"Example: "* ]] &&
			[ "$(grep -c '^\.SH \(NAME\|SYNOPSIS\|DESCRIPTION\|EXIT STATUS\|EXAMPLES\|SEE ALSO\)$' "$page")" -eq 6 ] || {
			echo "$name: $help"
			return 1
		}
		case $name in
		# they write nothing that lasts, or have no options
		e1000-napi | *-doctor | *-detect | *-iso | *-cpu | napinic) ;;
		*) grep -q '^\.SH FILES$' "$page" || {
			echo "$name: no files"
			return 1
		} ;;
		esac
	done
}

@test "no manual page refers to itself, and the first one refers to all others" {
	make -s tools
	packaging/man.sh 1 "$BATS_TEST_TMPDIR"
	for page in "$BATS_TEST_TMPDIR"/*.1; do
		name=$(basename "$page" .1)
		also=$(sed -n '/SEE ALSO/,$p' "$page" | tr -d '\\')
		[[ $also != *".BR $name (1)"* ]] || {
			echo "$name: $also"
			return 1
		}
		[ "$name" = e1000-napi ] ||
			sed -n '/SEE ALSO/,$p' "$BATS_TEST_TMPDIR/e1000-napi.1" | tr -d '\\' | grep -q "^.BR $name (1)"
	done
}

@test "the demo takes no folder away that it did not make" {
	mkdir "$BATS_TEST_TMPDIR/sweep" "$BATS_TEST_TMPDIR/demo"
	touch "$BATS_TEST_TMPDIR"/sweep/{sweep.json,runs.csv,notes.txt} "$BATS_TEST_TMPDIR"/demo/{.demo,runs.csv,notes.txt}
	run ./e1000-napi demo "$BATS_TEST_TMPDIR/sweep"
	[ "$status" -eq 1 ]
	[[ $output == *"is not empty, and no demo made it; give another folder"* ]]
	run ./e1000-napi demo "$BATS_TEST_TMPDIR/demo"
	[ "$status" -eq 1 ]
	[[ $output == *"holds what no demo made (notes.txt)"* ]]
	[ "$(find "$BATS_TEST_TMPDIR" -type f | wc -l)" -eq 6 ]
	run ./e1000-napi demo ""
	[ "$status" -eq 2 ]
	# no QEMU: noticed before anything is removed
	rm "$BATS_TEST_TMPDIR/demo/notes.txt"
	mkdir "$BATS_TEST_TMPDIR/bin"
	for p in sh dirname readlink sed id stat ls find tr grep cat gnuplot; do ln -s "$(command -v $p)" "$BATS_TEST_TMPDIR/bin/"; done
	PATH=$BATS_TEST_TMPDIR/bin run ./e1000-napi demo "$BATS_TEST_TMPDIR/demo"
	[ "$status" -eq 1 ]
	[ -e "$BATS_TEST_TMPDIR/demo/runs.csv" ]
}

@test "the demo executes no part of its folder's name, and refuses another user's folder" {
	for name in 'x$(id)' "x'y" 'a;b' 'a b' 'x"'; do
		run ./e1000-napi demo "$BATS_TEST_TMPDIR/$name"
		[ "$status" -eq 2 ]
		[[ $output == *"DIR takes letters, digits"* ]]
	done
	# gnuplot would start a shell for it
	run grep -rnE "'<|\"<" lab/demo.sh scripts/lib/report --include='*.gp' --include=demo.sh
	[[ $output != *plot* ]]
	[ "$(id -u)" -eq 0 ] || skip "the rest needs root, to make another user's folder"
	unset SUDO_UID SUDO_GID
	mkdir -p "$BATS_TEST_TMPDIR/his/root"
	touch "$BATS_TEST_TMPDIR"/his/{.demo,runs.csv} "$BATS_TEST_TMPDIR"/his/root/{.demo,runs.csv}
	chown 12345 "$BATS_TEST_TMPDIR"/his "$BATS_TEST_TMPDIR"/his/{.demo,runs.csv}
	for command in bench/run.sh lab/study.sh lab/hypervisors/all.sh; do
		run "$command" --out "$BATS_TEST_TMPDIR/his/new"
		[ "$status" -eq 1 ]
		[[ $output == *"$BATS_TEST_TMPDIR/his belongs to another user"* ]]
	done
	for dir in his his/root his/new; do
		run ./e1000-napi demo "$BATS_TEST_TMPDIR/$dir"
		[ "$status" -eq 1 ]
		[[ $output == *"$BATS_TEST_TMPDIR/his belongs to another user"* ]]
	done
	[ "$(find "$BATS_TEST_TMPDIR/his" -type f | wc -l)" -eq 4 ]
	[ ! -e "$BATS_TEST_TMPDIR/his/new" ]
}

@test "the demo removes only its own files, and leaves the report to report.sh" {
	dir=$BATS_TEST_TMPDIR/demo
	mkdir -p "$dir/report/mine" "$BATS_TEST_TMPDIR/lab" "$BATS_TEST_TMPDIR/away"
	touch "$dir"/{.demo,runs.csv,runs.csv.cut,sar-1,demo.png,table.txt} "$dir/report/mine/thesis.txt"
	ln -s "$BATS_TEST_TMPDIR/away" "$dir/hist.csv"
	: >"$BATS_TEST_TMPDIR/away/file"
	cp lab/demo.sh "$BATS_TEST_TMPDIR/lab/"
	ln -s "$PWD/scripts" "$BATS_TEST_TMPDIR/scripts"
	printf '#!/bin/sh\necho no guest >&2\nexit 1\n' >"$BATS_TEST_TMPDIR/lab/boot.sh"
	chmod 755 "$BATS_TEST_TMPDIR/lab/boot.sh"
	run "$BATS_TEST_TMPDIR/lab/demo.sh" "$dir"
	[ "$status" -eq 1 ]
	[[ $output == *"no guest"* ]]
	[ "$(cd "$dir" && find . -type f -o -type l | sort | xargs)" = "./.demo ./report/mine/thesis.txt" ]
	[ -e "$BATS_TEST_TMPDIR/away/file" ]
}

@test "a script for a guest does nothing on this machine" {
	before=$(hostname)
	run sh lab/fleet-guest.sh --help
	[ "$status" -eq 2 ]
	[ "$(hostname)" = "$before" ]
}

@test "make in a folder with a space says so" {
	mkdir "$BATS_TEST_TMPDIR/my clone"
	cp -R Makefile dkms.conf dev tools "$BATS_TEST_TMPDIR/my clone/"
	run make -C "$BATS_TEST_TMPDIR/my clone" tools
	[ "$status" -eq 2 ]
	[[ $output == *'my clone", has a space in it'* ]]
}

@test "iso: where it cannot write it says so at once" {
	: >"$BATS_TEST_TMPDIR/file"
	run lab/iso/iso.sh --out "$BATS_TEST_TMPDIR"
	[ "$status" -eq 2 ]
	[[ $output == *"is a folder; give a file"* ]]
	run lab/iso/iso.sh --out "$BATS_TEST_TMPDIR/file/x.iso"
	[ "$status" -eq 1 ]
	[[ $output == *"the folder $BATS_TEST_TMPDIR/file cannot be made: "*"; give another one"* ]]
	[ "$(id -u)" -eq 0 ] || skip "root only: it becomes another user"
	mkdir -m 755 "$BATS_TEST_TMPDIR/ro"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	# another user who can read this tree
	uid=$(stat -c %u .)
	[ "$uid" -ne 0 ] || uid=65534
	user="setpriv --reuid $uid --regid $uid --clear-groups"
	$user test -r "$PWD/lab/iso/iso.sh" -a -x "$BATS_TEST_TMPDIR" || skip "this tree is closed to other users"
	HOME=/nonexistent run timeout 20 $user lab/iso/iso.sh --out "$BATS_TEST_TMPDIR/ro/x.iso"
	[ "$status" -eq 1 ]
	[[ $output == *"x.iso cannot be written by $($user id -un 2>/dev/null || echo "$uid"); give another --out"* ]]
}

@test "restore --all reports that there is nothing to do" {
	mkdir -p "$BATS_TEST_TMPDIR/sys"
	E1000_NAPI_SYS=$BATS_TEST_TMPDIR/sys E1000_NAPI_RUN=$BATS_TEST_TMPDIR/run run scripts/restore.sh --all --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to undo"* ]]
}

@test "where programs are not built, the first message is the only one" {
	mkdir "$BATS_TEST_TMPDIR/clone"
	cp -R scripts e1000-napi dkms.conf Makefile "$BATS_TEST_TMPDIR/clone/"
	cd "$BATS_TEST_TMPDIR/clone"
	PATH=/usr/sbin:/usr/bin:/sbin:/bin run ./e1000-napi doctor lo
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "--restore and --undo have no --dry-run, and a fleet's sweep no --restore" {
	for words in 'sweep --restore --dry-run' 'tune --undo --dry-run' 'fleet -i /dev/null -- --restore' \
		'sweep eth9=1 --source pktgen --dry-run' 'tune eth9 --source pktgen --dry-run --try weight='; do
		# shellcheck disable=SC2086
		run ./e1000-napi $words
		echo "$words: $status $output"
		[ "$status" -eq 2 ]
		[ -n "$output" ]
	done
	run ./e1000-napi fleet -i /dev/null --limit ''
	[ "$status" -eq 2 ]
	run ./e1000-napi sweep eth9 --weight '' --source pktgen --dry-run
	[ "$status" -eq 2 ]
	run ./e1000-napi host kvm create ..
	[ "$status" -eq 2 ]
}
