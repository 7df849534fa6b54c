#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The commands of README.md on a new machine: a bare Debian, a user with sudo, a clone.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/check-fresh.sh [--only 12|13] [--without WORD]…        (make check-fresh)
       dev/check-fresh.sh --list

Makes bare Debian 12 and Debian 13 systems (sudo and git, nothing else), each with a
user who may use sudo and who has a clone of HEAD. Runs the commands of README.md there,
in its order, as that user. Each must pass, leave the clone to its user, leave no process,
and leave no file outside the clone but where README.md says so (\`/…\` or \`~/…\` in it).
An indented line of README.md is a command. One that cannot run there is named by a comment:
<!-- check-fresh leaves out WORD: REASON -->.

  --only N        one of the two
  --without WORD  leave out the commands with this word in them; may be repeated
  --list          print the commands, run nothing

Needs root, 4 GB of free memory, and Debian's packages, which are kept in the cache.
Logs are in build/check/fresh-12/ and fresh-13/. Minutes: 30 for Debian 12, 30 for 13.
EOF
}

# commands < README: one per line; "# REASON<tab>COMMAND" if it cannot run there. Fails if
# no command has a comment's word
commands() {
	awk -v without="$without" '
	/^<!-- check-fresh leaves out [^ ]+: .* -->$/ {
		word = $5
		sub(/:$/, "", word)
		reason = $0
		sub(/^[^:]*: /, "", reason)
		sub(/ -->$/, "", reason)
		why[word] = reason
		next
	}
	/^```/ { fenced = !fenced }
	/^    / && !fenced {
		sub(/^ +/, "")
		if (sub(/ *\\$/, " ")) {
			begun = begun $0
			next
		}
		sub(/ +# .*/, "")
		line[++n] = begun $0
		begun = ""
	}
	END {
		m = split(without, words, " ")
		for (i = 1; i <= n; i++) {
			reason = ""
			for (word in why)
				if (index(" " line[i] " ", " " word " ")) {
					reason = why[word]
					used[word] = 1
				}
			for (j = 1; j <= m; j++)
				if (index(line[i], words[j]))
					next_one = i
			if (next_one == i)
				continue
			print (reason == "" ? "" : "# " reason "\t") line[i]
		}
		for (word in why)
			if (!(word in used)) {
				print "README.md: no command has the word " word " of a comment" >"/dev/stderr"
				bad = 1
			}
		exit bad || n == 0
	}'
}

# admitted: the places outside the clone that README.md names
admitted() {
	# shellcheck disable=SC2016 # backquotes of the text
	grep -o '`\(~\|/[a-z]*\)/[^`]*`' "$top/README.md" | tr -d '`' | sed 's|^~|/home/stranger|'
}

# in_system: run as the first process of the new system
in_system() {
	cat <<'END'
set -u
PATH=/usr/local/sbin:/usr/local/bin:$PATH
cd /
useradd -m -s /bin/bash stranger
echo 'stranger ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stranger
echo '127.0.0.1 localhost fresh' >/etc/hosts
[ -z "${http_proxy:-}" ] || echo "Acquire::http::Proxy \"$http_proxy\";" >/etc/apt/apt.conf.d/95proxy
# The running kernel is not Debian's. For the commands it is the one whose headers are here
cat >/usr/local/bin/uname <<'UNAME'
#!/bin/sh
kver=$(ls -v /usr/src | sed -n 's/^linux-headers-\(.*-amd64\)$/\1/p' | tail -n 1)
if [ "$*" = -r ] && [ -n "$kver" ]; then echo "$kver"; else exec /usr/bin/uname "$@"; fi
UNAME
# files FILE: everything outside the clone, except for apt's and dpkg's own records
cat >/usr/local/sbin/files <<'FILES'
#!/bin/sh
LC_ALL=C find / -xdev \( -path /fresh -o -path /home/stranger/e1000_napi -o -path /var/lib/apt \
	-o -path /var/lib/dpkg -o -path /var/cache/apt -o -path /var/log/apt \) -prune -o \
	\( -type d -printf '%p\n' -o -printf '%p\t%s %T@ %u\n' \) | LC_ALL=C sort >"$1"
FILES
# Files of packages appear between two of these
cat >/usr/local/sbin/dpkg-began <<'BEGAN'
#!/bin/sh
n=$(($(ls /fresh/lists | wc -l) / 2))
files /fresh/lists/$n.until
BEGAN
cat >/usr/local/sbin/dpkg-ended <<'ENDED'
#!/bin/sh
n=$((($(ls /fresh/lists | wc -l) + 1) / 2))
files /fresh/lists/$n.from
ENDED
chmod 755 /usr/local/bin/uname /usr/local/sbin/*
echo 'DPkg::Pre-Invoke {"/usr/local/sbin/dpkg-began";}; DPkg::Post-Invoke {"/usr/local/sbin/dpkg-ended";};' \
	>/etc/apt/apt.conf.d/95fresh
mkdir /fresh/lists
su -l stranger -c 'git -c advice.detachedHead=false clone -q /fresh/tree.bundle e1000_napi'
files /fresh/lists/0.from

# run N COMMAND: its output to N.log, its status, and what it left behind, to N.status
run() {
	timeout -k 10 2400 su -l stranger -c "cd e1000_napi && $2" >"/fresh/$1.log" 2>&1 </dev/null &
	wait $!
	status=$?
	# out of time: also the guest that it has booted, in which the next command would stand
	[ "$status" -ne 124 ] || kill -9 -1
	n=$1
	set -- /proc/[0-9]*
	{
		[ "$status" -eq 0 ] || echo "it ended with status $status"
		find /home/stranger/e1000_napi ! -user stranger | sed -n '1,5s/^/not of the user: /p'
		for p; do
			[ "$p" = /proc/1 ] || [ ! -e "$p/exe" ] ||
				echo "still running: $(tr '\0' ' ' <"$p/cmdline")"
		done
	} >"/fresh/$n.new"
	mv "/fresh/$n.new" "/fresh/$n.status"
}
while IFS='	' read -r n command; do
	: >"/fresh/$n.begun"
	run "$n" "$command" </dev/null
	[ ! -e /fresh/stop ] || break
done </fresh/commands

files "/fresh/lists/$(($(ls /fresh/lists | wc -l) / 2)).until"
last=$(ls -v /fresh/lists | tail -n 1)
for until in /fresh/lists/*.until; do
	comm -13 "${until%.until}.from" "$until"
done | sort -u | comm -12 - "/fresh/lists/$last" | cut -f 1 >/fresh/left
# Report removed files too
cut -f 1 "/fresh/lists/$last" | sort >/fresh/now
cut -f 1 /fresh/lists/0.from | sort | comm -23 - /fresh/now | sed 's/$/ (gone)/' >>/fresh/left
END
}

# show N WHAT: the end of a command's log
show() { tail -n "$1" "$2" | sed 's/^/# /'; }

say() { log "$(printf '[%3d min] Debian %s: %s' "$((($(uptime_now) - began) / 60))" "$release" "$*")"; }

ok() { echo "ok Debian $release: $*"; }

# counts LOG: the numbers of its last line "N passed, N failed, N skipped"
counts() { grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1; }

# judge N COMMAND SECONDS: judge a command that has ended; add its own counts
judge() {
	_own=$(counts "$work/$1.log")
	# shellcheck disable=SC2086 # six words
	set -- "$1" "$2" "$3" ${_own:-0 passed, 0 failed, 0 skipped}
	passed=$((passed + $4)) failed=$((failed + $6)) skipped=$((skipped + $8))
	grep -E -A 12 '^not ok|^ok .*# [Ss][Kk][Ii][Pp]' "$work/$1.log" | sed 's/^/# /' || :
	if [ -s "$work/$1.status" ]; then
		echo "not ok Debian $release: $2 ($3 s)"
		show 5 "$work/$1.status"
		show 40 "$work/$1.log"
		[ "$6" -gt 0 ] || failed=$((failed + 1))
	else
		ok "$2 ($3 s)${_own:+: $_own}"
		passed=$((passed + 1))
	fi
}

# follow: reports each command as it begins and ends, until $system ends
follow() {
	while IFS=$tab read -r _n _command; do
		while [ ! -e "$work/$_n.begun" ] && kill -0 "$system" 2>/dev/null; do sleep 1; done
		say "$_command"
		_start=$(uptime_now) _told=0
		while [ ! -e "$work/$_n.status" ] && kill -0 "$system" 2>/dev/null; do
			sleep 1
			_told=$((_told + 1))
			[ $((_told % 120)) -ne 0 ] || say "$_command: $(tail -n 1 "$work/$_n.log" | cut -c 1-90)"
		done
		[ -e "$work/$_n.status" ] || echo "the system ended before it" >"$work/$_n.status"
		judge "$_n" "$_command" $(($(uptime_now) - _start))
	done <"$work/commands"
}

# one_system RELEASE SUITE
one_system() {
	release=$1
	work=$top/build/check/fresh-$1
	rm -rf "$work"
	mkdir -p "$work"
	say "making it"
	root=$("$top/dev/kernels/root.sh" make --bare amd64 "$2" "$2-updates" "$2-security")
	archives=$(cache_dir fresh)/archives-$1
	mkdir -p "$archives/partial"
	git -C "$top" bundle create -q "$work/tree.bundle" HEAD
	in_system >"$work/run"
	awk -F "$tab" '!/^# / { print NR "\t" $0 }' "$list" >"$work/commands"
	"$top/dev/kernels/root.sh" run "$root" --scratch --alone --bind "$work" /fresh \
		--bind "$archives" /var/cache/apt/archives -- sh /fresh/run >"$work/log" 2>&1 &
	system=$!
	follow
	_rc=0
	wait "$system" || _rc=$?
	system=''
	awk -F "$tab" '/^# / { print $2 " # SKIP " substr($1, 3) }' "$list" >"$work/skipped"
	while read -r _line; do ok "$_line"; done <"$work/skipped"
	skipped=$((skipped + $(wc -l <"$work/skipped")))
	# Only files that the README admits, and their directories
	admitted >"$work/admitted"
	awk -v list="$work/admitted" 'BEGIN { while ((getline place <list) > 0) at[++n] = place }
		{
			for (i = 1; i <= n; i++)
				if (index($0 "/", at[i] "/") == 1 || index(at[i] "/", $0 "/") == 1)
					next
			print
		}' "$work/left" >"$work/more" 2>/dev/null || :
	if [ "$_rc" -ne 0 ] || [ ! -e "$work/left" ]; then
		echo "not ok Debian $release: the system ended with status $_rc"
		show 20 "$work/log"
		failed=$((failed + 1))
	elif [ -s "$work/more" ]; then
		echo "not ok Debian $release: nothing is left but where README.md says so"
		show 20 "$work/more"
		failed=$((failed + 1))
	else
		ok "nothing is left but where README.md says so ($(tr '\n' ' ' <"$work/admitted"))"
		passed=$((passed + 1))
	fi
}

tab=$(printf '\t') only='12 13' without='' listing='' system=''
while [ $# -gt 0 ]; do
	case $1 in
	--only)
		case ${2-} in
		12 | 13) only=$2 ;;
		*) usage_error "--only takes 12 or 13" ;;
		esac
		shift
		;;
	--without)
		[ $# -ge 2 ] || usage_error "--without requires a word"
		without="$without $2"
		shift
		;;
	--list) listing=1 ;;
	-h | --help) usage && exit 0 ;;
	*) usage_error "unknown argument: $1" ;;
	esac
	shift
done
list=$(mktemp)
trap 'rm -f "$list"; give_back_all "$top"; [ -z "$system" ] || kill "$system" 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
commands <"$top/README.md" >"$list" || die "README.md has no commands, or a wrong comment"
if [ -n "$listing" ]; then
	cat "$list"
	exit 0
fi
need_root
need git
need mmdebstrap
[ -z "$(git -C "$top" status --porcelain)" ] || warn "changes that are not committed are not in the clone"

passed=0 failed=0 skipped=0 began=$(uptime_now)
for n in $only; do
	case $n in
	12) one_system 12 bookworm ;;
	13) one_system 13 trixie ;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
