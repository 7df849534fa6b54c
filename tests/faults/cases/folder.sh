#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sweep with links, FIFOs and folders of others in its way, results edited by hand,
# and the folder replaced under it. After: an error, or the old folder goes on; no other
# file is written, no byte of the results is changed, settings are as before.
# Kernel: debian
# Boot: own
# Takes: 90, 90 s
# Limit: 600 s
# shellcheck disable=SC2016 # the programs of sed
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/../../guest/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/../../guest/common/sweep.sh"

one() { # one NAME: a sweep of two trials
	_name=$1
	timeout 120 scripts/sweep.sh eth0 --out "$work/$_name" --source pktgen --seed 1 --datagram 958 \
		--rcvbuf 4M --load 20M --seconds 0.2 --weight 60 --reps "${reps:-2}" >"$work/$_name.log" 2>&1
}
# no_way NAME TEXT: the sweep refuses at once with TEXT, and victim is unchanged
no_way() {
	_rc=0
	one "$1" || _rc=$?
	is "$1: status" "$_rc" 1
	check "$1: says $2" grep -q "$2" "$work/$1.log"
	is "$1: the other user's file is not written" "$(cat "$work/victim")" "root:x:0:0"
}
sums() { (cd "$1" && for f in *.csv *.json; do md5sum "$f"; done); }

echo root:x:0:0 >"$work/victim"
for f in sweep.json runs.csv hist.csv meta.json probes.csv; do
	mkdir "$work/link-$f" "$work/fifo-$f" "$work/hard-$f"
	ln -s "$work/victim" "$work/link-$f/$f"
	no_way "link-$f" 'is a symbolic link'
	mkfifo "$work/fifo-$f/$f"
	no_way "fifo-$f" 'is not a file'
	ln "$work/victim" "$work/hard-$f/$f"
	no_way "hard-$f" 'hard link'
	rm "$work/hard-$f/$f"
done
# files written last: noticed by then, and not followed either
mkdir "$work/link-mlfrr"
ln -s "$work/victim" "$work/link-mlfrr/mlfrr.csv"
rc=0
scripts/sweep.sh eth0 --out "$work/link-mlfrr" --source pktgen --datagram 958 --method mlfrr --weight 60 \
	--goal-initial-trial-s 0.2 --goal-final-trial-s 0.2 --goal-duration-sum-s 0.2 --goal-width 0.2 \
	--max-load 20M >"$work/mlfrr.log" 2>&1 || rc=$?
is "mlfrr.csv is a link: status" $rc 1
check "and the reason" grep -q 'mlfrr.csv is a symbolic link' "$work/mlfrr.log"
is "and victim is as it was" "$(cat "$work/victim")" "root:x:0:0"
for f in tune log 0; do
	for kind in link fifo hard; do
		case $f-$kind in
		# a folder cannot be a hard link; tests/shell/tune.bats has the files written later
		0-hard) continue ;;
		esac
		rm -rf "$work/search"
		mkdir "$work/search"
		case $kind in
		link) ln -s "$work/victim" "$work/search/$f" ;;
		fifo) mkfifo "$work/search/$f" ;;
		hard) ln "$work/victim" "$work/search/$f" ;;
		esac
		rc=0
		timeout 60 scripts/tune.sh eth0 --out "$work/search" --source pktgen --try weight=32 --minutes 9 \
			>"$work/search.log" 2>&1 || rc=$?
		is "tune, $f a $kind: status" $rc 1
		check "and the reason" grep -q "$f is \|$f: " "$work/search.log"
		is "and victim is as it was" "$(cat "$work/victim")" "root:x:0:0"
	done
done
rm -rf "$work/search"
ln -s "$work/victim" "$work/is-link"
no_way is-link 'cannot make\|File exists\|not a folder'
mkdir -m 777 "$work/open"
no_way open 'everybody may write'
mkdir -m 1777 "$work/tmp"
mkdir "$work/tmp/his"
chown 1000 "$work/tmp/his"
mkdir "$work/real"
ln -s "$work/real" "$work/tmp/trap"
chown -h 1000 "$work/tmp/trap"
ln -s "$work/real" "$work/tmp/his/link"
for f in his trap his/new his/link/new; do
	rc=0
	scripts/sweep.sh eth0 --out "$work/tmp/$f" --source pktgen --weight 60 >"$work/his.log" 2>&1 || rc=$?
	is "another user's $f in /tmp: status" $rc 1
	check "and the reason" grep -q 'another user\|denied\|exists' "$work/his.log"
done
is "nothing was made there" "$(find "$work/tmp/his" "$work/real" -mindepth 1 ! -name link)" ""
mkdir "$work/ro"
mount -t tmpfs -o ro ro "$work/ro"
no_way ro "cannot write to this folder"
umount "$work/ro"

# edited by hand
check "a sweep" one good
settings >"$work/before"
cp -r "$work/good" "$work/kept"
edit() { # edit FILE SED WHAT
	rm -rf "$work/good"
	cp -r "$work/kept" "$work/good"
	sed -i "$2" "$work/good/$1"
	sums "$work/good" >"$work/sums"
	rc=0
	one good || rc=$?
	check "$1 edited ($3): status $rc is not 0" [ $rc -ne 0 ]
	check "$1 edited ($3): says so" grep -Eq "$1:[0-9]+|edited|sweep.json|meta.json|damaged" "$work/good.log"
	check "$1 edited ($3): no escape sequence" refused grep -q "$(printf '\033')" "$work/good.log"
	is "$1 edited ($3): not a byte is changed" "$(sums "$work/good")" "$(cat "$work/sums")"
	check "$1 edited ($3): nothing was executed" [ ! -e /tmp/pwned ]
}
edit runs.csv '$s/^[0-9]*/x/' 'a word for a number'
edit runs.csv '$s/^[0-9]*/1/;2s/^[0-9]*/1/' 'a row twice'
edit runs.csv '$s/,60,/,61,/' 'another weight'
edit runs.csv '2s/$/,$(touch \/tmp\/pwned)/' 'one more cell'
edit runs.csv '2d' 'a row gone, its histograms not'
edit runs.csv "2s/ok/$(printf '\033')[2J/;2s/^[0-9]*/x/" 'an escape sequence'
edit sweep.json 's/"60"/60/' 'a number for a text'
edit sweep.json 's/eth0/..\/..\/x/' 'a path for a name'
edit sweep.json '1d' 'no JSON'
edit meta.json '1d' 'no JSON'
as_before "hand-edited"
rm -rf "$work/good"
cp -r "$work/kept" "$work/good"
check "and unedited it is done" one good

# replaced in the middle
reps=8
one moved &
pid=$!
wait_for 60 test -s "$work/moved/runs.csv" || :
mv "$work/moved" "$work/away"
mkdir "$work/moved"
ln -s "$work/victim" "$work/moved/runs.csv"
rc=0
wait $pid || rc=$?
is "the folder replaced: the sweep ends in the old one" "$rc $(wc -l <"$work/away/runs.csv")" "0 9"
is "and nothing is in the new one" "$(ls "$work/moved") $(cat "$work/victim")" "runs.csv root:x:0:0"
as_before "folder replaced"

# state files that restore accepts
state=/run/e1000_napi/sweep.state
spoil() { # spoil WHAT: a state that is not to be replayed
	cp -p $state "$work/state"
	check "--restore refuses it: $1" refused scripts/sweep.sh --restore
	check "a new sweep too" refused one new
	check "and it is kept as it was" cmp $state "$work/state"
	check "and nothing was done" [ ! -e /tmp/pwned ]
	settings >"$work/after"
	is "and nothing was changed" "$(diff "$work/before" "$work/after")" ""
	rm -f $state
}
printf 'file\t/tmp/pwned\t1\n' >$state
spoil 'a file that no sweep changes'
printf 'file\t/sys/class/net/eth0/threaded\t0\nrun\ttouch /tmp/pwned\t1\n' >$state
spoil 'a command'
printf 'file\t/proc/sys/net/core/netdev_budget\t1; touch /tmp/pwned\n' >$state
spoil 'a shell word'
printf 'file\t/proc/sys/net/core/netdev_budget\t7\n' >$state
chown 1000 $state
spoil 'one that another user owns'
printf 'file\t/proc/sys/net/core/netdev_budget\t7\n' >$state
chmod 666 $state
spoil 'one that all may write'
echo "1 sar; touch /tmp/pwned" >/run/e1000_napi/sweep.pid
check "a damaged lock is ignored" scripts/sweep.sh --restore
check "and kills no process" kill -0 1

# no room
mkdir "$work/small"
for size in 8k 16k; do
	mount -t tmpfs -o "mode=755,size=$size" small "$work/small"
	rc=0
	reps=12 one small || rc=$?
	check "disk full at $size: it stops with a reason (status $rc)" \
		[ $rc -eq 0 -o "$(grep -c 'No space left' "$work/small.log")" -gt 0 ]
	[ ! -s "$work/small/runs.csv" ] || check "no half row" [ -z "$(tail -c 1 "$work/small/runs.csv" | tr -d '\n')" ]
	mount -o remount,size=2m "$work/small"
	reps=12
	check "to its end" one small
	whole small 12
	umount "$work/small"
done
# /run too: a setting that cannot be recorded is not changed
used=$(df -k /run | awk 'NR == 2 { print $3 }')
# 0 would mean no limit
mount -o "remount,size=$((used + 4))k" /run
head -c 65536 /dev/zero >/run/fill 2>/dev/null || :
rc=0
one full || rc=$?
check "/run full: it fails (status $rc)" [ $rc -ne 0 ]
rm /run/fill
mount -o remount,size=50% /run
scripts/sweep.sh --restore
as_before "/run full"
rm -rf "$work"
finish
