#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Options, paths, links and make targets of the docs exist. docs.awk splits the
# pages.

developers="lab/boot.sh lab/debian.sh tests/run.sh $(cd "$BATS_TEST_DIRNAME/../.." && grep -l '^usage()' dev/*.sh)"
others='lab/image.sh lab/fleet.sh lab/hypervisors/xen.sh lab/hypervisors/all.sh tests/faults/run.sh
bench/run.sh tests/packages.sh'

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export docs="$BATS_FILE_TMPDIR/docs" options="$BATS_FILE_TMPDIR/options"
	git ls-files README.md CONTRIBUTING.md 'docs/*.md' | xargs awk -f tests/shell/docs.awk >"$docs"
	# COMMAND<tab>OPTION of every --help
	for command in $(./e1000-napi --help | sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p' | grep -vx host); do
		./e1000-napi $command --help | long_options "$command"
	done >"$options"
	for kind in xen virtualbox vmware kvm cpu; do
		./e1000-napi host $kind --help | long_options "host $kind"
	done >>"$options"
	for script in $developers $others; do
		$script --help | long_options "$script"
	done >>"$options"
	for program in napistat napimeter; do
		[ -x "build/tools/$program" ] || make -s -C "tools/$program"
		build/tools/$program --help | long_options "$program"
	done >>"$options"
}

setup() { cd "$BATS_TEST_DIRNAME/../.."; }

long_options() { # long_options COMMAND <HELP; what is quoted there is another program's
	sed "s/'[^']*'//g" | grep -oE -- '--[a-z][a-z0-9-]*' | grep -vx -- --help | sort -u |
		sed "s|^|$1	|"
}

# section NAME: of the reference of commands; one may be of two, as "## enable, disable"
section() { awk -v name="$1" '/^## / { on = index(", " substr($0, 4) ",", ", " name ",") } on' docs/commands.md; }

# sharing COMMAND: those of its section, with | between
sharing() { sed -n 's/^## //p' docs/commands.md | grep -w -- "$1" | sed 's/, /|/g'; }

# has_option OPTION FILE: not as the beginning of a longer one, unless it is one, as --goal-…
has_option() {
	case $1 in
	*-) grep -qF -- "$1" "$2" ;;
	*) grep -qE -- "(^|[^a-z-])$1([^a-z-]|\$)" "$2" ;;
	esac
}

# nothing_in FILE: fails and shows what is in it
nothing_in() {
	cat "$1"
	[ ! -s "$1" ]
}

@test "every option of a command is in its section of docs/commands.md or on its own page" {
	for command in $(cut -f 1 "$options" | cut -d ' ' -f 1 | grep -v / | grep -v '^napi' | sort -u); do
		page=docs/$command.md
		[ "$command" != iso ] || page=docs/hypervisors/iso.md
		[ -e "$page" ] || page=''
		section "$command" | cat - $page >"$BATS_TEST_TMPDIR/text"
		grep -E "^$command( [a-z]+)?	" "$options" | cut -f 2 | sort -u | while read -r option; do
			has_option "$option" "$BATS_TEST_TMPDIR/text" || echo "$command $option"
		done
	done >"$BATS_TEST_TMPDIR/missing"
	nothing_in "$BATS_TEST_TMPDIR/missing"
}

@test "every option of a developer's script is on a page that names the script" {
	for script in $developers; do
		grep -lF "${script##*/}" CONTRIBUTING.md docs/*.md docs/*/*.md | xargs cat >"$BATS_TEST_TMPDIR/text"
		# dev/check-static.sh --help names an option of checkpatch
		grep "^$script	" "$options" | cut -f 2 | grep -vx -- --strict | while read -r option; do
			has_option "$option" "$BATS_TEST_TMPDIR/text" || echo "$script $option"
		done
	done >"$BATS_TEST_TMPDIR/missing"
	nothing_in "$BATS_TEST_TMPDIR/missing"
}

@test "every option in a section of docs/commands.md is in that command's --help" {
	for command in $(cut -f 1 "$options" | cut -d ' ' -f 1 | grep -v / | grep -v '^napi' | sort -u); do
		section "$command" | sed 's/`make [^`]*`//g' | long_options "$command" |
			while IFS='	' read -r _ option; do
				grep -qE "^($(sharing "$command"))( [a-z]+)?	$option\$" "$options" || echo "$command $option"
			done
	done >"$BATS_TEST_TMPDIR/unknown"
	nothing_in "$BATS_TEST_TMPDIR/unknown"
}

# Options as they are used on the pages: "PAGE<tab>COMMAND<tab>OPTION", COMMAND empty for a
# span that is an option alone
used() {
	awk -F '\t' '
	function known(word, name) {
		name = word
		sub(/^.*\//, "", name)
		if (word ~ /^(scripts\/)?(load|restore|hist|sweep|report|tune|doctor|detect)\.sh$/) {
			sub(/\.sh$/, "", name)
			return name
		}
		if (word ~ /^scripts\/host\//) {
			sub(/\.sh$/, "", name)
			return "host " name
		}
		if (word ~ /^(scripts\/fleet\/)?run\.sh$/)
			return "fleet"
		if (word ~ /^(lab\/)?boot\.sh$/)
			return "lab/boot.sh"
		if (word ~ /^(lab|dev|tests|bench)\/.*\.sh$/)
			return word == "lab/iso/iso.sh" ? "iso" : word
		if (name == "napistat" || name == "napimeter")
			return name
		return ""
	}
	BEGIN {
		split("load restore hist sweep report tune doctor detect iso fleet demo", all, " ")
		for (i in all)
			front[all[i]] = 1
	}
	$2 == "code" {
		line = $3
		sub(/ # .*/, "", line)
		gsub(/['"'"'"()]/, " ", line)
		gsub(/;|&&|\|\|?| & /, " ; ", line)
		n = split(line, word, /[ \t]+/)
		command = ""
		for (i = 1; i <= n; i++) {
			w = word[i]
			if (w == "")
				continue
			if (w == ";")
				command = ""
			else if (w == "--")
				command = command == "fleet" ? "sweep" : ""
			else if (w ~ /(^|\/)e1000-napi$/) {
				command = word[++i]
				if (command == "host") {
					command = "host " word[++i]
					sub(/HYPERVISOR/, "kvm", command)
				}
			} else if (known(w) != "" && word[i - 1] !~ /^--/)
				command = known(w)
			else if (i == 1 && w in front)
				command = w
			else if (match(w, /^\[?--[a-z][a-z0-9-]*/)) {
				sub(/^\[/, "", w)
				match(w, /^--[a-z][a-z0-9-]*/)
				if (command != "" || i == 1)
					print $1 "\t" command "\t" substr(w, 1, RLENGTH)
			}
		}
	}' "$docs" | sort -u
}

@test "every option on a page exists" {
	# of other programs
	foreign='--help --version --strict --collector'
	used >"$BATS_TEST_TMPDIR/used"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/used")" -gt 100 ]
	while IFS='	' read -r page command option; do
		case " $foreign " in *" $option "*) continue ;; esac
		if [ -n "$command" ]; then
			grep -qE "^$command	" "$options" || continue
			grep -qxF "$command	$option" "$options" && continue
		else
			cut -f 2 "$options" | grep -qxF -- "$option" && continue
		fi
		case $option in
		# sweep --help says --goal-…
		--goal-*) grep -qF "\"$(echo "${option#--}" | tr - _)\"" tools/napimeter/*.c && continue ;;
		esac
		echo "$page: $command $option"
	done <"$BATS_TEST_TMPDIR/used" >"$BATS_TEST_TMPDIR/unknown"
	nothing_in "$BATS_TEST_TMPDIR/unknown"
}

@test "every path on a page exists" {
	awk -F '\t' '$2 == "code" {
		line = $3
		sub(/ # .*/, "", line)
		gsub(/['"'"'"();|&>]/, " ", line)
		n = split(line, word, /[ \t]+/)
		for (i = 1; i <= n; i++)
			if (word[i] ~ /^(\.\/)?(docs|scripts|lab|tests|tools|dev|bench|patches|packaging|e1000_napi|LICENSES)\/./ &&
			    word[i] !~ /[<>$…]/)
				print $1 "\t" word[i]
	}' "$docs" | sort -u >"$BATS_TEST_TMPDIR/paths"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/paths")" -gt 50 ]
	while IFS='	' read -r page path; do
		path=$(printf '%s\n' "$path" | sed 's/[.,:]*$//; s/[A-Z][A-Z]*\([^a-z]\|$\)/*\1/g')
		case $path in CONTRIBUTING* | README*) continue ;; esac
		set -- $path
		[ -e "$1" ] || echo "$page: $path"
	done <"$BATS_TEST_TMPDIR/paths" >"$BATS_TEST_TMPDIR/missing"
	nothing_in "$BATS_TEST_TMPDIR/missing"
}

@test "every link on a page leads to a page and a heading" {
	# PAGE#anchor of every heading, as forges make them
	awk -F '\t' '$2 == "head" {
		text = tolower($3)
		sub(/^#+ /, "", text)
		gsub(/[^a-z0-9 _-]/, "", text)
		gsub(/ /, "-", text)
		print $1 "#" text
	}' "$docs" >"$BATS_TEST_TMPDIR/heads"
	awk -F '\t' '$2 == "link" && $3 !~ /^https?:/ { print $1 "\t" $3 }' "$docs" |
		while IFS='	' read -r page link; do
			to=${link%%#*}
			case $to in
			'') file=$page ;;
			*) file=$(realpath -ms --relative-to=. "$(dirname "$page")/$to") ;;
			esac
			[ -e "$file" ] || echo "$page: $link"
			case $link in
			*#*) grep -qxF "$file#${link#*#}" "$BATS_TEST_TMPDIR/heads" || echo "$page: $link" ;;
			esac
		done >"$BATS_TEST_TMPDIR/dead"
	nothing_in "$BATS_TEST_TMPDIR/dead"
}

@test "every make target on a page exists" {
	awk -F '\t' '$2 == "code" {
		line = $3
		sub(/ # .*/, "", line)
		gsub(/'"'"'[^'"'"']*'"'"'/, "Q", line)
		n = split(line, part, /;|&&|\||\(/)
		for (i = 1; i <= n; i++) {
			m = split(part[i], word, /[ \t]+/)
			j = 1
			while (j <= m && (word[j] == "" || word[j] == "sudo"))
				j++
			if (word[j] != "make")
				continue
			dir = "."
			while (++j <= m && word[j] !~ /[>#<]/)
				if (word[j] == "-C")
					dir = word[++j]
				else if (word[j] ~ /^[a-z][a-z-]*$/)
					print $1 "\t" dir "\t" word[j]
		}
	}' "$docs" | sort -u >"$BATS_TEST_TMPDIR/targets"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/targets")" -gt 20 ]
	while IFS='	' read -r page dir target; do
		make -C "$dir" -qp 2>/dev/null | grep -qE "^$target:" || echo "$page: make -C $dir $target"
	done <"$BATS_TEST_TMPDIR/targets" >"$BATS_TEST_TMPDIR/missing"
	nothing_in "$BATS_TEST_TMPDIR/missing"
}

@test "pages have lines of 100 columns and tables of 5" {
	export LC_ALL=C.UTF-8
	git ls-files README.md CONTRIBUTING.md 'docs/*.md' | while read -r page; do
		# a program's output may be wider
		sed '/^ *```/,/^ *```/d' "$page" | grep -nE '^.{101}' | sed "s|^|$page: |"
		sed 's/\\|//g' "$page" | grep -nE '^\|([^|]*\|){6}' | sed "s|^|$page: |"
	done >"$BATS_TEST_TMPDIR/wide"
	nothing_in "$BATS_TEST_TMPDIR/wide"
}

@test "every sweep and search on a page can be planned, and takes the time that it says" {
	awk -F '\t' '$2 == "code" && $3 ~ /e1000-napi (sweep|tune) .*--server/ && $3 !~ /…|OPTION/ { print $3 }' \
		"$docs" | sort -u >"$BATS_TEST_TMPDIR/commands"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -gt 10 ]
	while read -r line; do
		command=$(printf '%s\n' "$line" | sed 's/ *#.*//; s/^\$ //; s/^sudo //; s/^e1000-napi/.\/&/; s/HOST/192.0.2.1/g; s/ --apply//')
		run $command --dry-run --out "$BATS_TEST_TMPDIR/none"
		[ "$status" -eq 0 ] || echo "$line: ${lines[-1]}"
		case $line in
		*'# 1 h 43 min'*) [[ $output == *"about 1 h 43 min to go" ]] || echo "$line: ${lines[-1]}" ;;
		*'# 8 minutes'*) [[ $output == *"about 8 min "*" to go" ]] || echo "$line: ${lines[-1]}" ;;
		*'# half an hour'*) [[ $output == *"at most about 30 min"* ]] || echo "$line: ${lines[-1]}" ;;
		esac
	done <"$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/wrong"
	nothing_in "$BATS_TEST_TMPDIR/wrong"
}

@test "a report of a tracked results folder is not for git" {
	for folder in docs/results/sweep/udp docs/results/hypervisors/virtualbox; do
		git check-ignore -q "$folder/report/report.html"
	done
	[ -z "$(git ls-files -ci --exclude-standard)" ]
}
