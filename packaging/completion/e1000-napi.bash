# SPDX-License-Identifier: GPL-2.0
# Completion for bash: commands, then the options that COMMAND --help names, then
# network interfaces and files. Source it, or install it as
# /usr/share/bash-completion/completions/e1000-napi.

_e1000_napi() {
	local front=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} command help words=''
	if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "${COMP_WORDS[1]}" = help ]; }; then
		words=$("$front" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  *[^ ].*/\1/p')
		words="$words help --help --version"
	else
		command=${COMP_WORDS[1]}
		if [ "$command" = host ] && [ "$COMP_CWORD" -eq 2 ]; then
			words='xen virtualbox vmware kvm cpu'
		elif [ "$command" = help ]; then
			[ "${COMP_WORDS[2]}" != host ] || words='xen virtualbox vmware kvm cpu'
		else
			[ "$command" != host ] || command="host ${COMP_WORDS[2]}"
			# shellcheck disable=SC2086 # one or two words
			case $word in
			-*) words=$("$front" --options $command 2>/dev/null) ;;
			*)
				help=$("$front" $command --help 2>/dev/null)
				# the first argument of these is an interface; a later word is an option's
				case $COMP_CWORD-$help in
				2-*"$command IF"*) words=$(cd /sys/class/net && echo *) ;;
				esac
				;;
			esac
		fi
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _e1000_napi e1000-napi ./e1000-napi
