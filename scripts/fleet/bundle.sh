#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make the one file that a guest gets: a shell script with an archive behind it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<-END
		usage: bundle.sh KVER
		Make build/fleet/KVER.sh, which holds the scripts, the tools and e1000_napi.ko
		for the kernel KVER, and print its name. The module is built first if it can be;
		without one the guest must have e1000_napi installed. Run in a guest, as root:
		  sh KVER.sh install NIC   unpack into /opt/e1000_napi-fleet, say whether NIC
		                           can be swept
		  sh KVER.sh check NIC     only say it; nothing stays
	END
}

# By pattern, so that new helpers are included
parts='scripts/*.sh scripts/lib/*.sh scripts/lib/*.awk scripts/fleet/guest.sh'

kver=${1-}
case $kver in
-h | --help) usage && exit 0 ;;
'' | .* | *[!A-Za-z0-9.+~_-]*) usage_error "'$kver' is not a kernel release" ;;
esac
napimeter=$(tool napimeter)
napinic=$(tool napinic)
out=$(cache_dir fleet)
! in_clone || out=$top/build/fleet
make_dir "$out"
module=$top/build/$kver/e1000_napi.ko
in_clone || module=$(modinfo -k "$kver" -F filename e1000_napi 2>/dev/null) || module=none
# Every guest of that kernel asks for it; the first one builds it
old=$out/$kver.sh
# shellcheck disable=SC2086 # a list of words
if [ -e "$module" ] && [ -e "$old" ] && [ -z "$(cd "$top" && find $parts scripts/fleet/bundle.sh "$napimeter" \
	"$napinic" "$module" -newer "$old" 2>/dev/null)" ]; then
	echo "$old"
	exit 0
fi
work=$(TMPDIR=$out temp_dir)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if in_clone && [ ! -e "$module" ] && [ -e "/lib/modules/$kver/build" ]; then
	log "building the module for $kver"
	make -s -C "$top" module "KVER=$kver" >"$out/$kver.log" 2>&1 ||
		log "it failed, see $out/$kver.log"
fi
mkdir -p "$work/root/tools"
# shellcheck disable=SC2086 # a list of words
(cd "$top" && cp --parents $parts "$work/root/")
cp "$napimeter" "$napinic" "$work/root/tools/"
[ ! -e "$module" ] || cp "$module" "$work/root/"
if command -v strip >/dev/null; then
	find "$work/root" -name '*.ko' -exec strip -g {} +
	strip "$work/root/tools/"*
fi
cat >"$work/bundle" <<'END'
#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Made by scripts/fleet/bundle.sh; an archive follows the last line.
set -eu
umask 022
verb=$1
shift
dir=/opt/e1000_napi-fleet
guest=scripts/fleet/guest.sh
[ "$(id -u)" -eq 0 ] || {
	echo "bundle.sh: root is required; set ansible_become=true in the inventory" >&2
	exit 1
}
if [ "$verb" = check ]; then
	dir=$(mktemp -d /tmp/e1000_napi-fleet.XXXXXX)
	trap 'rm -rf "$dir"' EXIT
fi
state=none
[ ! -e "$dir/pid" ] || state=$(sh "$dir/$guest" poll)
case $state in
running*) ;;
*)
	mkdir -p "$dir"
	tail -n +LINES "$0" | tar -xz -C "$dir"
	;;
esac
sh "$dir/$guest" check "$@"
exit
END
lines=$(($(wc -l <"$work/bundle") + 1))
{
	awk -v lines="$lines" '{ sub(/\+LINES/, "+" lines); print }' "$work/bundle"
	tar -cz --owner=0 --group=0 -C "$work/root" .
} >"$work/done"
mv "$work/done" "$out/$kver.sh"
echo "$out/$kver.sh"
