#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The packages in full Debian guests with each network manager: the configuration after load,
# restore, reboots, an upgrade of the kernel and the purge. And guests that take signed modules only.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
# shellcheck source=lab/fetched.sh
. "$top/lab/fetched.sh"

usage() {
	cat <<-END
		usage: tests/distro.sh [--short] [--suite S] [--manager M]    (make check-distro)
		Install the packages in full Debian guests and compare addresses, routes, rules, qdiscs
		and DNS, whole, after load, restore, tune --apply, enable, reboots, an upgrade of the
		kernel and purge. The last guests take only signed modules; one has Secure Boot.
		Needs root; 10 minutes a guest without hardware virtualisation, the first time
		5 more.
		  --short        one guest, Debian 12 with NetworkManager: no bond, bridge, upgrade and
		                 signed modules
		  --suite S      only bookworm or trixie
		  --manager M    only ifupdown, networkmanager, networkd, netplan, or signed
		Exit status: 0 all passed, 1 not all, 2 wrong usage.
	END
}

suites='bookworm trixie' managers='networkmanager networkd ifupdown netplan signed' short=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--short) short=1 suites=bookworm managers=networkmanager ;;
	--suite | --manager)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--suite) suites=$2 ;;
		--manager) managers=$2 ;;
		esac
		shift
		;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
need_root

# packages_are_new: reuse those of an earlier test if nothing has changed
packages_are_new() {
	local deb
	for deb in "$top"/build/deb/e1000-napi-dkms_*.deb "$top"/build/deb/e1000-napi-tools_*.deb; do
		[ -e "$deb" ] || return 1
		[ -z "$(cd "$top" && git ls-files -z -- dkms.conf dev e1000-napi e1000_napi lab packaging patches scripts tools |
			xargs -0 -I FILE find FILE -prune -newer "$deb" 2>/dev/null)" ] || return 1
	done
}
packages_are_new || "$top/packaging/deb.sh" >/dev/null

# upgrade_debs SUITE: the newest kernel that Debian's security team has, its headers and sources, as
# files in $work/upgrade; kept in the cache
upgrade_debs() {
	local root names name file source
	root=$("$top/dev/kernels/root.sh" make amd64 "$1" "$1-security") || return 4
	[ "$1" = bookworm ] && source=linux-source-6.1 || source=linux-source-6.12
	rm -rf "$work/upgrade"
	mkdir "$work/upgrade"
	names=$("$top/dev/kernels/root.sh" run "$root" -- apt-cache depends --recurse --no-recommends \
		--no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
		linux-image-amd64 linux-headers-amd64 "$source" |
		grep -E "^linux-(image|headers|kbuild|compiler|source)" | grep -v -- -unsigned | sort -u)
	for name in $names; do
		# virtual ones have no version
		file=$("$top/dev/kernels/root.sh" run "$root" -- apt-cache show --no-all-versions "$name" 2>/dev/null |
			sed -n 's|^Filename: .*/||p' | sed 1q)
		[ -n "$file" ] || continue
		file=$(cache_dir kernel)/$file
		if ! take_fetched "$file" "$work/upgrade/$name.deb"; then
			# shellcheck disable=SC2016 # for the inner shell
			"$top/dev/kernels/root.sh" run "$root" --bind "$work/upgrade" /mnt -- sh -c \
				'cd /mnt && apt-get -qq -o APT::Sandbox::User=root download "$1"' sh "$name" || return 4
			mv "$work/upgrade/$name"_*.deb "$work/upgrade/$name.deb"
			keep_fetched "$work/upgrade/$name.deb" "$file"
		fi
	done
}

work=$(mktemp -d) share=$work/share
trap 'rm -rf "$work"; give_back_all "$top"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
mkdir "$share"
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
# a key that no kernel knows
openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=unknown/ -keyout "$work/mok.key" \
	-outform DER -out "$work/mok.pub" 2>/dev/null
mkdir -p "$top/build/check"
passed=0 failed=0 skipped=0 table=''

# guest NAME OPTION… -- COMMAND…: one row of the table
guest() {
	local name="$1" start rc=0 p f how
	shift
	rm -rf "$share"
	mkdir "$share"
	cp "$top"/tests/debian/*.sh "$work/key.pub" "$work"/mok.* "$share/"
	echo "$short" >"$share/short"
	start=$(uptime_now)
	{
		"$top/lab/debian.sh" --install "$top"/build/deb/e1000-napi-dkms_*.deb \
			--install "$top"/build/deb/e1000-napi-tools_*.deb --share "$share" \
			--console "$top/build/check/distro.console" --timeout 3600 "$@" || rc=$?
		echo "$rc" >"$work/rc"
	} | tee "$work/log" | sed -u "s/^\(not ok\|ok\) /&$name: /; /^[0-9]* passed, /d"
	rc=$(cat "$work/rc")
	p=$(grep -c '^ok ' "$work/log" || :) f=$(grep -c '^not ok ' "$work/log" || :) how="$p of $((p + f))"
	if [ "$rc" -eq 4 ]; then
		skipped=$((skipped + 1)) how="skipped: see above"
	elif [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "not ok $name: it ended with status $rc"
		f=1 how="$p, then it ended with status $rc"
	fi
	passed=$((passed + p)) failed=$((failed + f))
	table="$table$(printf '%-25s %s, %s s' "$name" "$how" $(($(uptime_now) - start)))
"
}

# each_signed SUITE: only signed modules, by the kernel's command line, and by Secure Boot
each_signed() {
	guest "$1, sig_enforce" --suite "$1" --append module.sig_enforce=1 -- sh /share/signed.sh
	guest "$1, Secure Boot" --suite "$1" --secure-boot -- sh /share/signed.sh
}

for suite in $suites; do
	for manager in $managers; do
		if [ "$manager" = signed ]; then
			each_signed "$suite"
			continue
		fi
		set --
		if [ -z "$short" ] && upgrade_debs "$suite"; then
			for deb in "$work"/upgrade/*.deb; do
				set -- "$@" --upgrade "$deb"
			done
		fi
		guest "$suite, $manager" --suite "$suite" --manager "$manager" --both "$@" \
			--outside "$top/tests/debian/outside.sh" -- sh /share/distro.sh
	done
done
printf '\n%s' "$table"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
