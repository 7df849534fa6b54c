#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The packages in full Debian guests with each network manager: the configuration after load,
# restore, reboots and the purge.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<-END
		usage: tests/distro.sh [--short] [--suite S] [--manager M]    (make check-distro)
		Install the packages in full Debian guests and compare addresses, routes, rules, qdiscs
		and DNS, whole, after load, restore, tune --apply, enable, reboots and purge.
		Needs root; 15 minutes a guest without hardware virtualisation, the first time
		5 more.
		  --short        one guest, Debian 12 with NetworkManager, and a reboot less
		  --suite S      only bookworm or trixie
		  --manager M    only ifupdown, networkmanager or networkd
		Exit status: 0 all passed, 1 not all, 2 wrong usage.
	END
}

suites='bookworm trixie' managers='networkmanager networkd ifupdown' short=''
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

share=$(mktemp -d)
trap 'rm -rf "$share"; give_back_all "$top"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$share"
mkdir -p "$top/build/check"
passed=0 failed=0 skipped=0 table=''
for suite in $suites; do
	for manager in $managers; do
		cp "$top/tests/debian/distro.sh" "$share/"
		echo "$short" >"$share/short"
		start=$(uptime_now) rc=0
		{
			"$top/lab/debian.sh" --suite "$suite" --manager "$manager" --both \
				--install "$top"/build/deb/e1000-napi-dkms_*.deb \
				--install "$top"/build/deb/e1000-napi-tools_*.deb --share "$share" \
				--console "$top/build/check/distro.console" --timeout 3600 -- sh /share/distro.sh || rc=$?
			echo "$rc" >"$share/rc"
		} | tee "$share/log" | sed -u "s/^\(not ok\|ok\) /&$suite, $manager: /; /^[0-9]* passed, /d"
		rc=$(cat "$share/rc")
		p=$(grep -c '^ok ' "$share/log" || :) f=$(grep -c '^not ok ' "$share/log" || :) how="$p of $((p + f))"
		if [ "$rc" -eq 4 ]; then
			skipped=$((skipped + 1)) how="skipped: see above"
		elif [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
			echo "not ok $suite, $manager: it ended with status $rc"
			f=1 how="$p, then it ended with status $rc"
		fi
		passed=$((passed + p)) failed=$((failed + f))
		table="$table$(printf '%-10s %-16s %s, %s s' "$suite" "$manager" "$how" $(($(uptime_now) - start)))
"
	done
done
printf '\n%s' "$table"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
