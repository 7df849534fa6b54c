#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build the Debian packages into build/deb/.
#
# debian/ is here and not at the top, where dpkg requires it, because most developers
# do not need it. Its changelog is made from CHANGELOG.md, so that there is only one.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: packaging/deb.sh

Builds e1000-napi-dkms and e1000-napi-tools into build/deb/, from the files that git
knows, and has lintian look at them. What it needs:
  apt-get install debhelper dh-dkms lintian libgsl-dev libjansson-dev libcsv-dev libseccomp-dev
EOF
}

case ${1:-} in
'') ;;
-h | --help) usage && exit 0 ;;
*) usage_error "unknown argument: $1" ;;
esac
need dpkg-buildpackage dpkg-dev
need dh debhelper
need dh_dkms dh-dkms
need lintian

cd "$top"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
out=$top/build/deb
trap 'give_back_all "$top"' EXIT
src=$out/e1000-napi-$version
rm -rf "$out"
mkdir -p "$src"
git ls-files -z | xargs -0 cp --parents -t "$src"
cp -R packaging/debian "$src/debian"

# The newest entry of CHANGELOG.md: "## 0.2.0 - 2026-11-29", then "- change" lines
head=$(grep -m 1 '^## ' CHANGELOG.md)
[ "$(echo "$head" | awk '{ print $2 }')" = "$version" ] ||
	die "CHANGELOG.md's newest entry is '$head', dkms.conf says $version"
{
	echo "e1000-napi ($version) unstable; urgency=medium"
	echo
	# Debian requires lines of at most 80 columns
	awk '/^## / && n++ { exit } n && /^- / { sub(/^- /, ""); print "\n* " $0; next }
		n && /^  / { print substr($0, 3) }' CHANGELOG.md | fmt -w 74 -c | sed '/^$/d; s/^[^*]/  &/; s/^/  /'
	echo
	echo " -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -R -d "$(echo "$head" | awk '{ print $4 }') 12:00 UTC")"
} >"$src/debian/changelog"

log "building the packages"
(cd "$src" && dpkg-buildpackage -us -uc -b -d >"$out/log" 2>&1) || {
	tail -n 30 "$out/log" >&2
	die "dpkg-buildpackage failed, see build/deb/log"
}
# Packages built at home have no maintainer to write to
lintian --allow-root --fail-on error,warning --suppress-tags \
	bogus-mail-host,bogus-mail-host-in-debian-changelog "$out"/*.changes || {
	rm -f "$out"/*.deb
	die "lintian has complaints, see above; the packages are not kept"
}
ls "$out"/*.deb
