#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The front door: one command for all others, its completion and its manual pages.

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

commands() { ./e1000-napi --help | sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p'; }

@test "--help names every command once, and each describes itself" {
	run commands
	[ "$(echo $output)" = "load restore hist sweep report tune detect iso host fleet demo" ]
	for command in $(commands | grep -v host) 'host xen' 'host virtualbox' 'host vmware' 'host kvm' \
		'host cpu'; do
		run ./e1000-napi $command --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: e1000-napi $command "* ]]
		run ./e1000-napi help $command
		[[ $output == "usage: e1000-napi $command "* ]]
	done
}

@test "a command of the user is in the front door, nothing else is in scripts/" {
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
	[[ $output == *"'two words'"*"Try: e1000-napi load --help"* ]]
}

@test "messages name the next command as this one was called" {
	run ./e1000-napi report --nonsense x
	[[ $output == *"Try: e1000-napi report --help"* ]]
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
	[ -z "$(completed ./e1000-napi sweep eth0 --preset '')" ]
}

@test "zsh can read its completion" {
	zsh -n packaging/completion/_e1000-napi
}
