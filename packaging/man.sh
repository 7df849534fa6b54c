#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A manual page from what PROGRAM --help prints: man.sh PROGRAM VERSION
set -eu

name=$(basename "$1")
case $name in
e1000-napi)
	about="hand a network card to the driver e1000_napi and measure it"
	# The scripts are not installed yet
	help=$(sed -n '/^usage: /,/^COMMAND is/p' "$1")
	set -- "$@" 'load, restore, hist, sweep, report and others: see e1000-napi \-\-help'
	;;
napistat)
	about="statistics of sweeps of the NAPI weight"
	help=$("$1" --help)
	;;
napimeter)
	about="measure a network receiver under offered loads"
	help=$("$1" --help)
	;;
napinic)
	about="save, check and bring back how a network card is configured"
	help=$("$1" --help)
	;;
*)
	echo "man.sh: say here what $name is" >&2
	exit 1
	;;
esac
cat <<EOF
.TH $(echo "$name" | tr '[:lower:]' '[:upper:]') 1 "" "e1000_napi $2"
.SH NAME
$name \\- $about
.SH SYNOPSIS
.nf
EOF
printf '%s\n' "$help" "${3:-}" | sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'\'']\)/\\\&\1/'
cat <<EOF
.fi
.SH SEE ALSO
/usr/share/doc/e1000\\-napi\\-tools/
EOF
