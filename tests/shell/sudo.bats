#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# After sudo nothing in the caller's folders belongs to root; and HOME may be unset.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tmp=$BATS_TEST_TMPDIR
	top=$PWD
	unset E1000_NAPI_CACHE XDG_CACHE_HOME CALLER
	[ "$(id -u)" -eq 0 ] || skip "root only: it gives files to another user"
	# A caller who is in no list of users has no home folder
	export E1000_NAPI_CACHE=$tmp/cache SUDO_UID=54321 SUDO_GID=54322
	mkdir "$tmp/clone"
	cp -R Makefile Kbuild dkms.conf dev e1000_napi lab patches scripts tools "$tmp/clone/"
	chown -R 54321:54322 "$tmp"
}

# common COMMAND…: with the functions of common.sh
common() { sh -euc '. "$0/scripts/lib/common.sh"; "$@"' "$top" "$@"; }

# of_root: what is root's below $tmp
of_root() { find "$tmp" -user 0; }

@test "make: what is built is the caller's, the cache too" {
	kver=$(lab/image.sh --show-kver)
	cd "$tmp/clone"
	make module KVER="$kver"
	make tools
	[ -e "build/$kver/e1000_napi.ko" ]
	[ -d "$tmp/cache/e1000-source" ]
	[ -z "$(of_root)" ]
}

@test "make that fails, and with more goals than one" {
	cd "$tmp/clone"
	echo '#error on purpose' >>e1000_napi/poll.c
	run make tools module KVER="$(lab/image.sh --show-kver)"
	[ "$status" -ne 0 ]
	[[ $output == *"on purpose"* ]]
	[ -x build/tools/napimeter ]
	[ -z "$(of_root)" ]
}

@test "make passes variables on, and its goals are made once" {
	cd "$tmp/clone"
	run make -n module tools KVER=9.9.9-none
	[ "$(grep -c 'prepare.sh.*9.9.9-none' <<<"$output")" -eq 1 ]
}

@test "the scripts that write results or reports" {
	# report.sh goes on as the caller, who has to get there
	chmod 755 "$BATS_RUN_TMPDIR" "$tmp"
	mkdir -m 755 "$tmp/results"
	make -s tools CALLER=1
	tests/shell/make-results.sh --kind irq "$tmp/results/irq"
	scripts/report.sh --out "$tmp/results/report" "$tmp/results/irq"
	[ -e "$tmp/results/report/report.html" ]
	# the folder results, which is on the way there, and the report; not what it did not make
	[ -z "$(find "$tmp/results/report" "$tmp/results" -maxdepth 0 -user 0)" ]
	[ -z "$(find "$tmp/results/report" -user 0)" ]
	[ -n "$(find "$tmp/results/irq" -user 0)" ]
}

@test "every script of ours that makes a folder for results gives it back" {
	for s in $(grep -lE '^\s*(mkdir|make_dir) .*"\$out["/]' -r scripts lab dev packaging bench tests --include='*.sh'); do
		case $s in
		# in the guest, or run by scripts that give back
		*/guest/* | */guest*.sh | lab/iso/appliance.sh | scripts/fleet/bundle.sh | bench/[!r]*.sh) continue ;;
		esac
		grep -q 'give_back\|napimeter" give' "$s" || { echo "$s" && false; }
	done
}

@test "nothing is given away in folders that are not the caller's" {
	mkdir -p "$tmp/other/of/root" "$tmp/mine/made"
	chown 0:0 "$tmp/mine/made"
	chown 1:1 "$tmp/other"
	: >"$tmp/other/of/root/file"
	: >"$tmp/mine/made/file"
	ln -s "$tmp/other" "$tmp/mine/made/link"
	chown 54321 "$tmp/mine"
	common give_back "$tmp/other/of/root" "$tmp/mine/made" "$tmp/none" /etc/passwd
	[ "$(stat -c %u "$tmp/other/of/root/file" "$tmp/other/of/root" "$tmp/other/of" | tr '\n' ' ')" = "0 0 0 " ]
	[ "$(stat -c %u "$tmp/mine/made" "$tmp/mine/made/file" "$tmp/mine/made/link" | sort -u)" = 54321 ]
	[ "$(stat -c %u "$tmp/other" /etc/passwd | tr '\n' ' ')" = "1 0 " ]
	SUDO_UID='' common give_back "$tmp/other/of/root"
	[ "$(stat -c %u "$tmp/other/of/root")" -eq 0 ]
}

@test "napimeter give: the owner's folder and what is on the way there, through no link" {
	make -s tools CALLER=1
	give() { build/tools/napimeter give "$@"; }
	mkdir -p "$tmp/mine/results/made/deep" "$tmp/other/of/root"
	: >"$tmp/mine/results/made/deep/file"
	: >"$tmp/secret"
	: >"$tmp/other/of/root/file"
	ln -s "$tmp/other" "$tmp/mine/results/made/link"
	ln "$tmp/secret" "$tmp/mine/results/made/hard"
	: >"$tmp/mine/results/made/his"
	chown 1:1 "$tmp/mine/results/made/his" "$tmp/other"
	chown 54321:54322 "$tmp/mine"
	give "$tmp/mine/results/made"
	cd "$tmp/mine"
	[ "$(stat -c %u:%g results results/made results/made/deep/file results/made/link | sort -u)" = 54321:54322 ]
	[ "$(stat -c %u results/made/his)" = 1 ]
	[ "$(stat -c %u "$tmp/secret" "$tmp/other/of/root" | sort -u)" = 0 ]
	cd "$top"
	# root's folder in another's, or nobody called sudo: nothing is given
	give "$tmp/other/of/root"
	[ "$(stat -c %u "$tmp/other/of/root/file" "$tmp/other/of")" = "$(printf '0\n0')" ]
	mkdir "$tmp/mine/again"
	SUDO_UID='' give "$tmp/mine/again"
	[ "$(stat -c %u "$tmp/mine/again")" = 0 ]
	run give "$tmp/mine/results/made/link"
	[ "$status" -eq 1 ]
	[[ $output == *"is a symbolic link"* ]]
}

@test "the cache: the same with sudo and without, and without HOME" {
	unset E1000_NAPI_CACHE
	user=$(getent passwd | awk -F : '$3 >= 1 && $6 ~ /^\// { print $3; exit }')
	home=$(getent passwd "$user" | cut -d : -f 6)
	[ "$(SUDO_UID=$user HOME=/root common cache_dir x)" = "$home/.cache/e1000_napi/x" ]
	unset SUDO_UID HOME
	[ "$(common cache_dir x)" = "$(getent passwd 0 | cut -d : -f 6)/.cache/e1000_napi/x" ]
	[ "$(XDG_CACHE_HOME=$tmp/c common cache_dir x)" = "$tmp/c/e1000_napi/x" ]
	[ "$(E1000_NAPI_CACHE=$tmp/c common cache_dir x)" = "$tmp/c/x" ]
	run scripts/host/kvm.sh --help
	[ "$status" -eq 0 ]
}

@test "without HOME prepare.sh finds sources in a tarball" {
	unset E1000_NAPI_CACHE SUDO_UID HOME
	kver=$(lab/image.sh --show-kver)
	XDG_CACHE_HOME=$tmp/cache dev/prepare.sh --kver "$kver" --stock --out "$tmp/out" \
		--ksrc "$(ls /usr/src/linux-source-*.tar.xz)"
	[ -e "$tmp/out/e1000_main.c" ]
}
