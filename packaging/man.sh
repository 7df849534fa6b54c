#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The manual pages, from what each command's --help prints: man.sh VERSION FOLDER
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
version=$1 to=$2

escape() { sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'\'']\)/\\\&\1/'; }

# sections: the options, and the lines that begin with Files:, Exit status: and Example:, each
# under a heading of its own
sections() {
	awk '/^  / && !options { options = 1; print ".fi\n.SH OPTIONS\n.nf" }
		/^Files: / { heading("FILES") }
		/^Exit status: / { heading("EXIT STATUS") }
		/^Example: / { heading("EXAMPLES") }
		{ print }
		function heading(name) {
			sub(/^[^:]*: /, "")
			print ".fi\n.SH " name "\n.nf"
		}'
}

# page NAME ABOUT COMMAND…: COMMAND --help has the usage first, up to the first line that
# is neither "usage:" nor an indented continuation of it
page() {
	local name="$1" about="$2" help
	shift 2
	help=$("$@" --help | sed "s,\./e1000-napi,e1000-napi,g")
	{
		printf '.TH %s 1 "" "e1000_napi %s"\n' "$(echo "$name" | tr '[:lower:]' '[:upper:]')" "$version"
		printf '.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.nf\n' "$(echo "$name" | escape)" \
			"$(echo "$about" | escape)"
		printf '%s\n' "$help" | sed -n '1s/^[Uu]sage: //p; 2,${ /^       /!q; s/^       //p; }' | escape
		printf '.fi\n.SH DESCRIPTION\n.nf\n'
		printf '%s\n' "$help" | sed '1,/^\([^ Uu]\|$\)/{ /^\([Uu]sage:\|       \)/d; }' | escape | sections
		printf '.fi\n.SH SEE ALSO\n'
		if [ "$name" = e1000-napi ]; then
			# one page a command
			all_commands | while read -r command _; do
				printf '.BR e1000\\-napi\\-%s (1),\n' "$(echo "$command" | escape)"
			done
			printf '.BR napimeter (1),\n.BR napinic (1),\n.BR napistat (1)\n'
		else
			printf '.BR e1000\\-napi (1)\n'
		fi
		printf '.br\n/usr/share/doc/e1000\\-napi\\-tools/\n'
	} >"$to/$name.1"
}

# all_commands: "NAME ABOUT" of each page, from "  load     hand a NIC …" of the front door's help
all_commands() {
	./e1000-napi --help | sed -n 's/^  \([a-z][a-z]*\)  *\([^ ].*\)/\1 \2/p' | while read -r command about; do
		[ "$command" = host ] || echo "$command $about"
		[ "$command" != host ] || for each in xen virtualbox vmware kvm cpu; do
			echo "host-$each on the host of a $each guest: make a VM, sample its CPU use"
		done
	done
}

cd "$top"
page e1000-napi "is this virtual NIC's NAPI weight right, and what does it cost" ./e1000-napi
all_commands | while read -r command about; do
	# shellcheck disable=SC2046 # host-xen is two words there
	page "e1000-napi-$command" "$about" ./e1000-napi $(echo "$command" | tr - ' ')
done
page napimeter "measure a network receiver under offered loads" build/tools/napimeter
page napistat "statistics of sweeps of the NAPI weight" build/tools/napistat
page napinic "save, check and bring back how a network card is configured" build/tools/napinic
