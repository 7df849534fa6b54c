# shellcheck shell=sh disable=SC2154 # of the scripts that source this
# SPDX-License-Identifier: GPL-2.0
# Make a Debian root for the lab and the developers' scripts, from the mirror of this machine's
# apt and with Debian's keys. Source it after common.sh.

# mirror LABEL: the mirror of Debian or Debian-Security that this machine's apt uses
mirror() {
	local uri
	# shellcheck disable=SC2016 # apt's own variables
	uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		after_text "Debian $1|" | sed 1q)
	[ -n "$uri" ] || die "apt has no source labelled $1 here; add one and run: apt-get update"
	printf '%s\n' "$uri"
}

# sources COMPONENTS SUITE…: lines for an apt of these suites
sources() {
	local components="$1" suite label
	shift
	for suite; do
		label=Debian
		case $suite in *-security) label=Debian-Security ;; esac
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s %s\n' \
			"$(mirror "$label")" "$suite" "$components"
	done
}

# is_frozen LINES: these sources are a snapshot of an old day with expired lists, or this machine's
# apt is configured so
is_frozen() {
	case $1 in *://snapshot.debian.org/*) return 0 ;; esac
	case $(apt-config dump --format '%v' Acquire::Check-Valid-Until 2>/dev/null) in
	false | no | 0 | off | without | disable) ;;
	*) return 1 ;;
	esac
}

# bootstrap TARGET PACKAGES COMPONENTS SUITES [OPTION…]: a root of the first suite, with the
# packages, in TARGET; OPTION is mmdebstrap's. Exits with 4 if a package cannot be fetched.
bootstrap() {
	local target="$1" packages lines suites="$4" suite log attempt
	packages=$(printf '%s' "$2" | tr -s ' \n' ,,)
	# shellcheck disable=SC2086 # a list of words
	lines=$(sources "$3" $suites) || exit
	suite=${suites%% *}
	shift 4
	need mmdebstrap
	! is_frozen "$lines" || set -- "$@" --aptopt='Acquire::Check-Valid-Until "false"'
	log=$(mktemp)
	# Try twice: a mirror may be in the middle of an update
	for attempt in 1 2; do
		rm -rf "$target"
		if printf '%s\n' "$lines" | nice timeout 1200 mmdebstrap --quiet --mode=root "$@" \
			--aptopt='Acquire::Retries "3"' \
			--include="$packages" "$suite" "$target" - >"$log" 2>&1; then
			rm -f "$log"
			return
		fi
		log "$prog: mmdebstrap failed for $suite, try $attempt of 2"
	done
	tail -n 15 "$log" >&2
	if grep -Eq 'Unable to locate|has no installation candidate|Failed to fetch|404 ' "$log"; then
		rm -f "$log"
		log "$prog: packages of $suite could not be fetched"
		exit "$EXIT_SKIP"
	fi
	rm -f "$log"
	die "mmdebstrap failed for $suite, see above"
}
