# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# The options of a script are those that its usage() describes. Source it after common.sh.
# shellcheck disable=SC2034,SC2154 # the variables of those that source this

# help_options <TEXT: the options of a help text, one a line: --NAME, --NAME= if it requires an
# argument, --NAME? for --NAME [N]. An option is described in the usage, and where a line or column
# begins with it. One that a sentence mentions is another command's
help_options() {
	awk '/^usage:/ { whole = 1 }
		/^  ? ? ?-/ || !/^(usage:| )/ { whole = 0 }
		/^For the sweep/ { sub(/.*: /, "") }
		/^--/ { whole = 2 }
		whole == 2 || (whole && !/^usage: .*OPTION[^ ]* *$/) { options($0); next }
		{ n = split($0, part, /  +/); for (i = 1; i <= n; i++) if (part[i] ~ /^-/) options(part[i]) }
		function options(text, n, word, i, kind) {
			n = split(text, word, " ")
			for (i = n; i; i--) {
				if (word[i] !~ /^\[?--?[a-z]/)
					continue
				if (word[i + 1] ~ /^\[[A-Z]+\]$/)
					kind = "?"
				else if (word[i] !~ /,$/) # else as its other name
					kind = whole == 2 || (word[i] !~ /\]/ && word[i + 1] ~ /^[A-Za-z]/) ? "=" : ""
				gsub(/[^a-z-]/, "", word[i])
				print word[i] kind
			}
		}'
}

# parse ARGUMENT…: set_option NAME VALUE for each option, where VALUE is 1 for one without an
# argument, and operand WORD for each other argument. A script defines operand and, where it does
# something else, the others
parse() {
	local table word name
	table=" $(usage | help_options | tr '\n' ' ')"
	while [ $# -gt 0 ]; do
		word=$1 name=${1#-}
		name=${name#-}
		shift
		case $word in
		-h | --help)
			usage
			exit 0
			;;
		--)
			rest "$@"
			return
			;;
		-*[!a-z-]*) unknown_option "$word" ;;
		-*)
			case $table in
			*" $word= "*)
				[ $# -gt 0 ] || usage_error "$word requires an argument"
				set_option "$name" "$1"
				shift
				;;
			*" $word? "*)
				is_uint "${1-}" || set -- 1 "$@"
				set_option "$name" "$1"
				shift
				;;
			*" $word "*) set_option "$name" 1 ;;
			*) unknown_option "$word" ;;
			esac
			;;
		*) operand "$word" ;;
		esac
	done
}

# set_option NAME VALUE
set_option() { set_variable "$@"; }

# set_variable NAME VALUE: --dry-run sets the variable dry_run. The value is never a program's text
set_variable() {
	case $2 in *"
"*) usage_error "--$1: more than one line" ;; esac
	IFS= read -r "$(printf '%s\n' "$1" | tr - _)" <<-END
		$2
	END
}

unknown_option() { usage_error "unknown option '$1'"; }

# rest ARGUMENT…: those after --
rest() { unknown_option --; }

# operand WORD
operand() { one_nic "$1"; }

# one_nic WORD: sets $nic, once
one_nic() {
	[ -z "$nic" ] || usage_error "one NIC at a time: '$nic' or '$1'"
	nic=$1
}

# one_or_all ARGUMENT…: sets $which to one NIC or to --all, and $dry_run
one_or_all() {
	which='' dry_run=''
	set_option() {
		case $1 in
		all) operand --all ;;
		*) set_variable "$@" ;;
		esac
	}
	operand() {
		[ -z "$which" ] || usage_error "one NIC, or --all"
		which=$1
	}
	parse "$@"
	[ -n "$which" ] || usage_error "which interface? (--all for all)"
}

# check_weight LIST: numbers 1..4096 with commas between
check_weight() {
	local one
	case ,$1, in
	*,,* | *[!0-9,]*) usage_error "weight=$1: a number from 1 to 4096, or several with commas" ;;
	esac
	for one in $(printf '%s\n' "$1" | tr , ' '); do
		if ! is_uint "$one" || [ "${#one}" -gt 4 ] || [ "$one" -lt 1 ] || [ "$one" -gt 4096 ]; then
			usage_error "weight=$1: '$one' is not a number from 1 to 4096"
		fi
	done
}

# nic_and_params ARGUMENT…: sets $nic, $weight, $params and the options
nic_and_params() {
	operand() {
		case $1 in
		weight=*)
			check_weight "${1#weight=}"
			weight=${1#weight=}
			;;
		[a-zA-Z]*=*)
			case $1 in *[!A-Za-z0-9_=,.+-]*) usage_error "'$1' is not PARAMETER=VALUE" ;; esac
			params="$params $1"
			;;
		*) one_nic "$1" ;;
		esac
	}
	parse "$@"
	[ -n "$nic" ] || usage_error "which interface?"
	if ! is_uint "$timeout" || [ "${#timeout}" -gt 4 ] || [ "$timeout" -lt 5 ] || [ "$timeout" -gt 3600 ]; then
		usage_error "--timeout $timeout: a number from 5 to 3600"
	fi
}
