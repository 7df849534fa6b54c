#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Sweep the NAPI weight in many guests over ssh, and make one report of all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
# shellcheck source=scripts/lib/options.sh
. "$here/../lib/options.sh"
# shellcheck source=scripts/fleet/names.sh
. "$here/names.sh"

usage() {
	cat <<-END
		usage: $prog -i INVENTORY [OPTION]… [-- SWEEP OPTION…]
		In each guest of an Ansible inventory: install, hand one NIC to e1000_napi, sweep
		its weight, collect, put everything back. Then one report of all. A guest that
		cannot be reached or fails is named, and the others continue; --failed retries
		those. Guests need ssh, a shell, iproute2, ethtool, iperf. inventory.example beside
		this script and docs/fleet.md describe the inventory.
		  -i, --inventory FILE  the inventory
		  --limit HOSTS   only these, as Ansible says it: g1,g2 or a group or 'web*'
		  --failed        only those that the last run did not finish
		  --dry-run       look at each guest, say what would be done, change nothing
		  --undo          stop sweeps, give NICs back, remove the installed files; also
		                  after a run that was killed. Results stay
		  --keep          leave module and files in the guests, for more to come
		  --batch N       guests under way at a time (default 10)
		  --out DIR       results and report (default results/fleet)
		  --textfile DIR  put the fleet's Prometheus file there, for this machine's
		                  node_exporter (Debian: /var/lib/prometheus/node-exporter)
		  --report        only make the report again
		  -v              say more
		The sweep's options ($(how_to sweep --help)) go to every guest; without them, each
		guest's napi_sweep of the inventory, else --preset irq --quick.
		Files: DIR/fleet.csv, DIR/fleet.prom, DIR/report/report.html, DIR/guests/
		Exit status: 0 all guests done, 1 not all, 2 wrong usage.
		Example: $prog -i my-guests --dry-run
	END
}

# check_folders OUT TEXTFILE: root must not write in another user's directory. Debian's directory for
# textfiles belongs to the system user prometheus
check_folders() {
	local why="write there: run this as that user, or give another folder"
	need_own_path "$1" "--out $1" "$why" 002
	[ -z "$2" ] || need_own_path "$2" "--textfile $2" "$why" 002 1000
	if [ -L "$1/state.tsv" ] || [ -L "$1/guests" ]; then
		die "$1: state.tsv and guests must not be links; remove them, or give another --out"
	fi
}

# json WORDS: as a string in JSON
json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

set_option() {
	case $1 in
	i) inventory=$2 ;;
	v) verbose=-v ;;
	dry-run) check=--check ;;
	keep) keep=true ;;
	limit)
		[ -n "$2" ] || usage_error "--limit: which guests? without it, all"
		limit=$2
		;;
	*) set_variable "$@" ;;
	esac
}
operand() { usage_error "unknown argument '$1'; the sweep's options go after --"; }
unknown_option() { operand "$1"; }
rest() {
	words=$*
	case " $words " in *" --restore "*) usage_error "--restore is for one guest; a fleet has --undo" ;; esac
}
inventory='' limit='' failed='' check='' undo='' keep=false batch=10 out=results/fleet
textfile='' report='' verbose='' words=''
parse "$@"
if ! is_uint "$batch" || [ "$batch" -lt 1 ]; then
	usage_error "--batch requires a whole number from 1, not '$batch'"
fi
case $words in
*[!A-Za-z0-9.,:=+/_@%\ -]*) usage_error "a sweep's options are plain words, not '$words'" ;;
esac
[ -z "$textfile" ] || [ -d "$textfile" ] || usage_error "--textfile: no folder '$textfile'"
check_folders "$out" "$textfile"
if [ -n "$report" ]; then
	E1000_NAPI_PROG=$prog exec "$here/report.sh" "$out" ${textfile:+"$textfile"}
fi
[ -n "$inventory" ] || usage_error "which guests? -i INVENTORY; inventory.example is one"
[ -e "$inventory" ] || usage_error "there is no inventory $inventory"
need ansible-playbook ansible-core
need ssh openssh-client
if [ -z "$undo" ]; then
	tool napistat >/dev/null
	tool napimeter >/dev/null
	tool napinic >/dev/null
	need gnuplot gnuplot-nox
fi
make_dir "$out"
out=$(cd "$out" && pwd)
state=$out/state.tsv
if [ -n "$failed" ]; then
	[ -z "$limit" ] || usage_error "--failed or --limit, not both"
	[ ! -e "$state" ] || cut -f 1 "$state" | check_names "$state"
	limit=$(awk -F '\t' '$2 != "ok" { printf "%s%s", n++ ? "," : "", $1 }' "$state" 2>/dev/null) ||
		die "$out has no record of a run yet"
	[ -n "$limit" ] || {
		log "nothing failed in the last run"
		exit 0
	}
fi

# Their names become directory names
export ANSIBLE_CONFIG="${ANSIBLE_CONFIG:-$here/ansible.cfg}"
ansible all -i "$inventory" ${limit:+--limit "$limit"} --list-hosts 2>/dev/null |
	sed -n 's/^    //p' | check_names "$inventory"
# Questions to each guest, before any is touched
if [ -z "$undo" ] && [ -n "$words" ]; then
	# shellcheck disable=SC2086 # plain words
	plan=$("$here/../sweep.sh" eth0 --server 192.0.2.1 $words --dry-run 2>&1) ||
		usage_error "the sweep's options are wrong: $plan"
	log "each guest: $(printf '%s\n' "$plan" | tail -n 1)"
fi

work=$(temp_dir)
trap 'rm -rf "$work"; give_back "$out" "$here/../../build/fleet"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
{
	printf '{"napi_batch": %s, "napi_keep": %s, "napi_undo": %s, "napi_out": ' \
		"$batch" "$keep" "$([ -n "$undo" ] && echo true || echo false)"
	json "$out"
	[ -z "$words" ] || {
		printf ', "napi_sweep_now": '
		json "$words"
	}
	echo '}'
} >"$work/vars.json"
# No __pycache__ beside the plugin: dpkg owns the package's directory
export PYTHONDONTWRITEBYTECODE=1
export NAPI_FLEET_STATE="$work/state"
began=$(date +%s)
rc=0
ansible-playbook $verbose $check --forks "$batch" -i "$inventory" ${limit:+--limit "$limit"} \
	-e "@$work/vars.json" "$here/playbook.yml" || rc=$?
[ -s "$work/state" ] || die "no guest was tried (ansible-playbook ended with status $rc)"
log "$(wc -l <"$work/state") guests in $(($(date +%s) - began)) s: $(cut -f 2 "$work/state" |
	sort | uniq -c | awk '{ printf "%s%s %s", n++ ? ", " : "", $1, $2 }')"
bad=$(awk -F '\t' '$2 != "ok"' "$work/state" | wc -l)
if [ -z "$check$undo" ]; then
	# Guests that this run left out keep the last run's state
	[ -e "$state" ] || state=/dev/null
	awk -F '\t' 'NR == FNR { now[$1] = 1; print; next } !($1 in now)' "$work/state" "$state" |
		sort >"$work/all"
	put_file "$out" state.tsv <"$work/all"
	E1000_NAPI_PROG=$prog "$here/report.sh" "$out" ${textfile:+"$textfile"} || rc=$?
fi
if [ "$bad" -gt 0 ]; then
	log "not done:"
	awk -F '\t' '$2 != "ok" { print "  " $1 ": " $2 ": " $3 }' "$work/state" >&2
	[ -n "$check$undo" ] || log "fix it, then give the same command with --failed"
	exit "$EXIT_FAIL"
fi
[ "$rc" -eq 0 ] || exit "$EXIT_FAIL"
