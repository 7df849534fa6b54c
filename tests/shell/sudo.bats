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
common() { sh -euc '. "$0/scripts/lib/common.sh"; . "$0/lab/fetched.sh"; "$@"' "$top" "$@"; }

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
	# report.sh continues as the caller, who must be able to enter the folder
	chmod 755 "$BATS_RUN_TMPDIR" "$tmp"
	mkdir -m 755 "$tmp/results"
	make -s tools CALLER=1
	tests/shell/make-results.sh --kind irq "$tmp/results/irq"
	# where the caller can read it
	mkdir "$tmp/clone/build"
	cp -R build/tools "$tmp/clone/build/"
	"$tmp/clone/scripts/report.sh" --out "$tmp/results/report" "$tmp/results/irq"
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

@test "no file outside the caller's folders is given away" {
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
	# root's folder in another's, or no caller of sudo: nothing is given
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
	chown 0 "$tmp"
	[ "$(common cache_dir x)" = "$(getent passwd 0 | cut -d : -f 6)/.cache/e1000_napi/x" ]
	[ "$(XDG_CACHE_HOME=$tmp/c common cache_dir x)" = "$tmp/c/e1000_napi/x" ]
	[ "$(E1000_NAPI_CACHE=$tmp/c common cache_dir x)" = "$tmp/c/x" ]
	run scripts/host/kvm.sh --help
	[ "$status" -eq 0 ]
}

@test "root takes no cache of another user's, nor one that others may write" {
	unset E1000_NAPI_CACHE SUDO_UID SUDO_GID
	chown 0:0 "$tmp"
	refused() { # refused PART TEXT [NAME]: with HOME or E1000_NAPI_CACHE set before
		run common cache_dir "${3-kernel}"
		[ "$status" -eq 1 ]
		[[ $output == *"$2"* ]] && [[ $output == *"$1"* ]] || { echo "$output" && false; }
	}
	mkdir -p "$tmp/his/.cache/e1000_napi" "$tmp/open" "$tmp/mine"
	chown -R 12345 "$tmp/his"
	# as sudo -E and su -m have it
	HOME=$tmp/his refused "$tmp/his" "belongs to another user"
	[[ $output == *"set E1000_NAPI_CACHE"* ]]
	# also where it is still to be made, and where root's folder is below
	rm -r "$tmp/his/.cache"
	HOME=$tmp/his refused "$tmp/his" "belongs to another user"
	mkdir -p "$tmp/his/.cache/e1000_napi/kernel"
	HOME=$tmp/his refused "$tmp/his" "belongs to another user"
	[ "$(ls -A "$tmp/his/.cache/e1000_napi/kernel")" = '' ]
	chmod 777 "$tmp/open"
	E1000_NAPI_CACHE=$tmp/open refused "chmod go-w $tmp/open" "other users may write"
	# a link to a sticky folder that holds another's key
	rm -r "$tmp/his"
	mkdir -p "$tmp/sticky/e1000-source/KEY" "$tmp/sticky/image" "$tmp/his/.cache"
	chmod 1777 "$tmp/sticky"
	chown 12345 "$tmp/sticky"/*
	chown -R 12345 "$tmp/his"
	ln -s "$tmp/sticky" "$tmp/his/.cache/e1000_napi"
	HOME=$tmp/his refused "$tmp/his" "belongs to another user" e1000-source/KEY
	for link in "$tmp/sticky" /var/cache; do
		ln -sfn "$link" "$tmp/link"
		chown -h 12345 "$tmp/link"
		HOME=$tmp XDG_CACHE_HOME=$tmp/link refused "$tmp/link" "belongs to another user"
	done
	[ ! -e /var/cache/e1000_napi ]
	E1000_NAPI_CACHE=$tmp/sticky refused "$tmp/sticky/image" "belongs to another user" image
	chown 0 "$tmp/sticky/e1000-source"
	chown 12345 "$tmp/sticky/e1000-source/KEY"
	E1000_NAPI_CACHE=$tmp/sticky refused "$tmp/sticky/e1000-source/KEY" "another user" e1000-source/KEY
	E1000_NAPI_CACHE=$tmp/sticky refused "$tmp/sticky/e1000-source/KEY" "of another user" e1000-source
	# his file, or one that he may write, deep in a folder of ours
	mkdir -p "$tmp/mine/image/key/lib" "$tmp/mine/kernels/root/tmp"
	: >"$tmp/mine/image/key/lib/file"
	chmod 666 "$tmp/mine/image/key/lib/file"
	E1000_NAPI_CACHE=$tmp/mine refused "$tmp/mine/image/key/lib/file" "may be written" image
	chmod 664 "$tmp/mine/image/key/lib/file"
	[ "$(E1000_NAPI_CACHE=$tmp/mine common cache_dir image)" = "$tmp/mine/image" ]
	chown 0:12345 "$tmp/mine/image/key/lib/file"
	E1000_NAPI_CACHE=$tmp/mine refused "$tmp/mine/image/key/lib/file" "may be written" image
	chown 12345 "$tmp/mine/image/key/lib/file"
	chmod 600 "$tmp/mine/image/key/lib/file"
	E1000_NAPI_CACHE=$tmp/mine refused "$tmp/mine/image/key/lib/file" "of another user" image
	# root trusts sudo's caller already; a root filesystem has its own users
	[ "$(SUDO_UID=12345 E1000_NAPI_CACHE=$tmp/mine common cache_dir image)" = "$tmp/mine/image" ]
	[ "$(SUDO_UID=12345 HOME=/root XDG_CACHE_HOME=$tmp/his common cache_dir x)" = "$tmp/his/e1000_napi/x" ]
	chmod 1777 "$tmp/mine/kernels/root/tmp"
	[ "$(E1000_NAPI_CACHE=$tmp/mine common cache_dir kernels)" = "$tmp/mine/kernels" ]
	# links of root's are followed; what is missing in a sticky folder is made, so that it is ours
	ln -s mine "$tmp/to-mine"
	[ "$(E1000_NAPI_CACHE=$tmp/to-mine/. common cache_dir x)" = "$tmp/to-mine/./x" ]
	[ "$(E1000_NAPI_CACHE=$tmp/sticky/new common cache_dir x)" = "$tmp/sticky/new/x" ]
	[ "$(stat -c %u:%a "$tmp/sticky/new")" = 0:755 ]
	ln -s loop "$tmp/loop"
	E1000_NAPI_CACHE=$tmp/loop refused "$tmp/loop" "the cache"
}

@test "give back does not follow what the folder's owner planted" {
	chown 0:0 "$tmp"
	mkdir -p "$tmp/mine/made/sub" "$tmp/secret" "$tmp/bin"
	: >"$tmp/secret/file"
	: >"$tmp/mine/made/sub/file"
	ln "$tmp/secret/file" "$tmp/mine/made/hard"
	chown 54321 "$tmp/mine"
	# between find's look and chown, sub becomes a link
	cat >"$tmp/chown" <<-END
		#!/bin/sh
		[ -L "$tmp/mine/made/sub" ] || {
			mv "$tmp/mine/made/sub" "$tmp/mine/made/gone"
			ln -s "$tmp/secret" "$tmp/mine/made/sub"
		}
		exec /bin/chown "\$@"
	END
	chmod 755 "$tmp/chown"
	cp scripts/lib/common.sh "$tmp/changed.sh"
	sed -i "s|\(exec[dir]*\) chown -h|\1 $tmp/chown -h|" "$tmp/changed.sh"
	grep -q "$tmp/chown" "$tmp/changed.sh"
	sh -euc '. "$1"; give_back "$2"' sh "$tmp/changed.sh" "$tmp/mine/made"
	[ "$(stat -c %u "$tmp/secret/file" "$tmp/secret" | tr '\n' ' ')" = "0 0 " ]
	[ "$(stat -c %u "$tmp/mine/made")" = 54321 ]
	[ -L "$tmp/mine/made/sub" ]
}

@test "a cached package is looked at again before it is unpacked" {
	echo package >"$tmp/from"
	common keep_fetched "$tmp/from" "$tmp/cache/kernel/p.deb"
	common take_fetched "$tmp/cache/kernel/p.deb" "$tmp/to"
	cmp "$tmp/from" "$tmp/to"
	# given back to the caller, the sum stays root's
	chown 54321 "$tmp/cache"
	common give_back "$tmp/cache/kernel"
	[ "$(stat -c %u "$tmp/cache/kernel/p.deb" "$tmp/cache/kernel/p.deb.sha256" | tr '\n' ' ')" = "54321 0 " ]
	common take_fetched "$tmp/cache/kernel/p.deb" "$tmp/to"
	echo other >"$tmp/cache/kernel/p.deb"
	run common take_fetched "$tmp/cache/kernel/p.deb" "$tmp/to"
	[ "$status" -eq 1 ]
	[[ $output == *"is not what was downloaded"* ]]
	[ ! -e "$tmp/to" ]
	# nor by a sum that another user wrote
	sha256sum <"$tmp/cache/kernel/p.deb" | cut -d ' ' -f 1 >"$tmp/cache/kernel/p.deb.sha256"
	chown 54321 "$tmp/cache/kernel/p.deb.sha256"
	run common take_fetched "$tmp/cache/kernel/p.deb" "$tmp/to"
	[ "$status" -eq 1 ]
	[ ! -e "$tmp/to" ]
}

@test "image.sh unpacks no package that was changed in the cache" {
	unset SUDO_UID SUDO_GID
	chown -R 0:0 "$tmp"
	mkdir -p "$tmp/bin" "$tmp/cache/kernel" "$tmp/bad/DEBIAN" "$tmp/good/DEBIAN"
	for kind in good bad; do
		mkdir -p "$tmp/$kind/opt"
		: >"$tmp/$kind/opt/$kind"
		printf 'Package: p\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' \
			>"$tmp/$kind/DEBIAN/control"
		dpkg-deb -b "$tmp/$kind" "$tmp/$kind.deb" >/dev/null
	done
	printf '#!/bin/sh\necho "$*" >>"$FETCHED"\ncp "$GOOD" p_1_all.deb\n' >"$tmp/bin/apt-get"
	chmod +x "$tmp/bin/apt-get"
	fetch() {
		rm -rf "$tmp/out"
		mkdir "$tmp/out"
		PATH=$tmp/bin:$PATH FETCHED=$tmp/fetched GOOD=$tmp/good.deb here=lab sh -euc '
			. scripts/lib/common.sh
			. lab/fetched.sh
			eval "$(sed -n "/^fetch_package()/,/^}/p" lab/image.sh)"
			fetch_package p "$1"' sh "$tmp/out"
	}
	fetch
	[ -e "$tmp/out/opt/good" ]
	fetch
	[ "$(wc -l <"$tmp/fetched")" -eq 1 ]
	cp "$tmp/bad.deb" "$tmp/cache/kernel/p.deb"
	fetch
	[ ! -e "$tmp/out/opt/bad" ]
	[ -e "$tmp/out/opt/good" ]
	[ "$(wc -l <"$tmp/fetched")" -eq 2 ]
}

@test "lists past their date are taken where the archive is frozen only" {
	mkdir "$tmp/bin"
	printf '#!/bin/sh\nprintf %%s "$FROZEN"\n' >"$tmp/bin/apt-config"
	chmod +x "$tmp/bin/apt-config"
	frozen() { PATH=$tmp/bin:$PATH FROZEN=$1 sh -euc '. scripts/lib/common.sh; . lab/bootstrap.sh; is_frozen "$1"' sh "$2"; }
	run frozen '' 'deb [signed-by=k] http://deb.debian.org/debian sid main'
	[ "$status" -eq 1 ]
	frozen false 'deb [signed-by=k] http://deb.debian.org/debian sid main'
	frozen '' 'deb [signed-by=k] https://snapshot.debian.org/archive/debian/20260101T000000Z sid main'
	# and no other script says so, or leaves the key to apt
	run grep -rnE 'Check-Valid-Until|trusted=yes|allow-unauthenticated|AllowInsecure' scripts lab dev bench packaging
	[ "$(wc -l <<<"$output")" -eq 2 ]
	[ "$(grep -c lab/bootstrap.sh <<<"$output")" -eq 2 ]
	PATH=$tmp/bin:$PATH run sh -euc '. scripts/lib/common.sh; . lab/bootstrap.sh; mirror() { echo http://m; }
		sources main sid sid-security'
	[ "$(grep -c signed-by <<<"$output")" -eq 2 ]
}

@test "napistat and report.sh say that they need no root, in one line" {
	tests/shell/make-results.sh --reps 2 "$tmp/results" >/dev/null 2>&1
	chown -R 54321 "$tmp/results"
	[ "$(build/tools/napistat verdict "$tmp/results" 2>&1 >/dev/null)" = "napistat: note: this needs no root; run it without sudo" ]
	SUDO_UID='' run build/tools/napistat verdict "$tmp/results"
	[[ $output != *"needs no root"* ]]
	# (bats' folder is closed to that user, so it goes no further; report.bats has the rest)
	run scripts/report.sh "$tmp/results"
	[ "$(grep -c 'needs no root' <<<"$output")" -eq 1 ]
}

@test "without HOME prepare.sh finds sources in a tarball" {
	unset E1000_NAPI_CACHE SUDO_UID HOME
	chown -R 0:0 "$tmp"
	kver=$(lab/image.sh --show-kver)
	XDG_CACHE_HOME=$tmp/cache dev/prepare.sh --kver "$kver" --stock --out "$tmp/out" \
		--ksrc "$(ls /usr/src/linux-source-*.tar.xz)"
	[ -e "$tmp/out/e1000_main.c" ]
}
