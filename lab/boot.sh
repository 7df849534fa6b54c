#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Boot the lab's guest in QEMU, run a command in it, give back its exit status.
#
# The serial console is for the kernel alone; the command's stdout, stderr and exit
# status come over three virtio-serial ports, so that nothing mixes.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"
. "$here/../scripts/lib/own-file.sh"

usage() {
	cat <<-END
		usage: boot.sh [OPTION]… [-- COMMAND ARG…]
		Boot the lab's guest, run COMMAND there in /opt/e1000_napi, and exit with its
		status. No COMMAND: a shell with the driver loaded and traffic at hand.
		  --icount         deterministic: time counted in instructions, one CPU
		  --accel A        auto, kvm, tcg or tcg-turns (its CPUs take turns in one
		                   thread); default auto: kvm if it can boot this kernel
		  --smp N          CPUs (default 2; 1 with --icount)
		  --mem MB         memory (default 512)
		  --nic MODEL      one NIC: e1000, e1000-82545em, e1000-82544gc; may be
		                   repeated (default: one e1000); none: no NIC but by --qemu
		  --net hub        each NIC has a virtio-net peer in the guest (default)
		  --net tap        each NIC has a peer outside, in a network namespace of its
		                   own that runs iperf -s for TCP and UDP; needs root
		  --net none       no peers
		  --kver V         kernel release (default: newest with headers here)
		  --image DIR      a folder that image.sh made, in place of its choice
		  --no-module      boot without e1000_napi.ko
		  --monitor        QEMU's monitor is /dev/vport0p5 in the guest; ethN is its
		                   device nicN on netdev eN
		  --share DIR      DIR is /share in the guest, for reading and writing
		  --timeout S      give up after S seconds (default 600; 0: never; a shell: 0)
		  --console FILE   the guest's kernel log goes to FILE, as it comes
		  --append STR     more words for the kernel's command line
		  --qemu ARG       one more argument for QEMU; may be repeated
		Exit status: COMMAND's; 1 if the guest crashed, its kernel complained (BUG,
		WARNING, Oops, …) or time ran out; 2 wrong usage.
	END
}

word() { # word OPTION COUNT: an option's word must be there
	[ "$2" -ge 2 ] || usage_error "$1 requires an argument"
}

number() { # number OPTION WORD LEAST
	if ! is_uint "$2" || [ "$2" -lt "$3" ]; then
		usage_error "$1 requires a whole number from $3, not '$2'"
	fi
}

# comma TEXT: commas in QEMU's option values are doubled
comma() { printf '%s\n' "$1" | sed 's/,/,,/g'; }

last_lines() {
	log "The guest's last kernel messages:"
	tail -n 15 "$work/console" 2>/dev/null | tr -d '\r' >&2
}

kernel_line='console=ttyS0 panic=-1 oops=panic nokaslr mitigations=off random.trust_cpu=on'
icount='' accel=auto smp='' mem=512 nics='' net=hub kver='' module=1 share=''
image='' limit='' keep='' append='' extra='' monitor=''
while [ $# -gt 0 ]; do
	case $1 in
	--icount) icount=1 ;;
	--no-module) module= ;;
	--monitor) monitor=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	--accel | --smp | --mem | --nic | --net | --kver | --image | --share | --timeout | \
		--console | --append | --qemu)
		word "$1" $#
		case $1 in
		--accel) accel=$2 ;;
		--smp) smp=$2 ;;
		--mem) mem=$2 ;;
		--nic) nics="$nics $2" ;;
		--net) net=$2 ;;
		--kver) kver=$2 ;;
		--image) image=$2 ;;
		--share) share=$2 ;;
		--timeout) limit=$2 ;;
		--console) keep=$2 ;;
		--append) append="$append $2" ;;
		--qemu) extra="$extra$2
" ;;
		esac
		shift
		;;
	--)
		shift
		break
		;;
	-*) usage_error "unknown option '$1'" ;;
	*) usage_error "unknown argument '$1'; a command goes after --" ;;
	esac
	shift
done
interactive=0
[ $# -gt 0 ] || interactive=1
: "${nics:=e1000}"
if [ -z "$smp" ]; then
	smp=2
	[ -z "$icount" ] || smp=1
fi
[ -n "$limit" ] || limit=$((600 * (1 - interactive)))
number --smp "$smp" 1
number --mem "$mem" 128
number --timeout "$limit" 0
[ -z "$icount" ] || [ "$smp" -eq 1 ] || usage_error "--icount has one CPU only"
[ -z "$icount" ] || [ "$accel" != kvm ] || usage_error "--icount is emulated, not for --accel kvm"
for model in $nics; do
	case $model in
	e1000 | e1000-82545em | e1000-82544gc) ;;
	none) nics=' ' ;;
	*) usage_error "no NIC model '$model': e1000, e1000-82545em or e1000-82544gc" ;;
	esac
done
case $accel in auto | kvm | tcg | tcg-turns) ;; *) usage_error "--accel is auto, kvm, tcg or tcg-turns" ;; esac
case $net in hub | tap | none) ;; *) usage_error "--net is hub, tap or none" ;; esac
[ -z "$share" ] || [ -d "$share" ] || usage_error "--share: no folder '$share'"
[ -z "$keep" ] || need_own_file "$keep" "--console $keep" "write there; give a file in a folder of your own" 002
[ -z "$keep" ] || true 2>/dev/null >>"$keep" || usage_error "--console: cannot write '$keep'"
[ "$net" != tap ] || need_root
need cpio
need setpriv util-linux

[ -n "$image" ] || image=$("$here/image.sh" ${kver:+--kver "$kver"})
kver=$(cat "$image/kver")
system='qemu-system-x86_64'
case $kver in
*-arm64)
	system='qemu-system-aarch64 -machine virt -cpu cortex-a57'
	kernel_line="$kernel_line console=ttyAMA0"
	[ "$accel" != auto ] || accel=tcg
	need qemu-system-aarch64 qemu-system-arm
	;;
*) need qemu-system-x86_64 qemu-system-x86 ;;
esac
if [ -n "$module" ]; then
	module=$(module_of "$kver")
fi

# Its name has the PID and an unpredictable part
temp=${TMPDIR:-/tmp}/e1000_napi-lab
for old in "$temp".*; do
	is_own "$old" || continue
	pid=${old#"$temp."}
	# Remove the folders of runs killed with -9
	grep -qs 'boot\.sh' "/proc/${pid%%.*}/cmdline" || rm -rf "$old" 2>/dev/null || true
done
work=$(mktemp -d "$temp.$$.XXXXXX" 2>/dev/null) ||
	die "no temporary folder can be made in ${temp%/*}: is it full (df) or read-only? TMPDIR=FOLDER takes another one"
qemu='' space=''
# Stop QEMU and wait for it, so that nothing stays behind
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	trap '' HUP INT TERM
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	exec 4>&- 5>&-
	[ -z "$space" ] || "$here/tap.sh" down "$space"
	wait
	rm -rf "$work"
	[ -z "$keep" ] || give_back "$keep"
	give_back_all "$here/.."
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# A killed run keeps its log in the usual place
[ -z "$keep" ] || ln -s "$(readlink -f "$keep")" "$work/console"
cat >"$work/conf" <<END
LAB_INTERACTIVE=$interactive
LAB_SHARE=$([ -z "$share" ] && echo 0 || echo 1)
LAB_TTY='$(stty size 2>/dev/null || true)'
LAB_TERM='$(printf '%s' "${TERM:-linux}" | tr -cd 'A-Za-z0-9.+-')'
END
"$here/overlay.sh" "$image" "$work" "$module" "$@"

# With --icount every device must act at an instruction, not when a thread of the host
# gets to it: no ioeventfd, and a virtio-net that sends by a timer of the guest's clock.
# So two runs of one tree are identical to the last interrupt. Answers of a shared
# directory take real time, and shift later events by some microseconds.
sync='' peer=''
if [ -n "$icount" ]; then
	sync=,ioeventfd=off
	peer=,ioeventfd=off,tx=timer,x-txtimer=1000
fi
count=0
devices=
for model in $nics; do
	# eN on QEMU's side belongs to ethN in the guest, pN to peerN
	mac=$(printf '%02x' $count)
	case $net in
	hub)
		devices="$devices -netdev hubport,hubid=$count,id=e$count
			-netdev hubport,hubid=$count,id=p$count
			-device virtio-net-pci,netdev=p$count,mac=52:54:00:00:02:$mac,romfile=$peer"
		;;
	tap)
		devices="$devices -netdev tap,id=e$count,ifname=tap$count,script=no,downscript=no"
		;;
	none) devices="$devices -netdev hubport,hubid=$count,id=e$count" ;;
	esac
	devices="$devices -device $model,id=nic$count,netdev=e$count,mac=52:54:00:00:01:$mac,romfile="
	count=$((count + 1))
done

if [ -n "$icount" ]; then
	accel='tcg -icount shift=1,sleep=off -rtc base=2024-01-01,clock=vm -seed 1'
else
	[ "$accel" != auto ] ||
		accel=$("$here/accel.sh" /dev/kvm "$image" "$work/initrd")
	case $accel in
	tcg) accel=tcg,thread=multi ;;
	tcg-turns) accel=tcg,thread=single ;;
	esac
	[ "$accel" != kvm ] || accel='kvm -cpu host'
fi

prefix=
if [ "$net" = tap ]; then
	space=e1000_napi-$$
	"$here/tap.sh" up "$space" "$count"
	prefix="ip netns exec $space"
fi
# pass_on FIFO: copy to stdout while it has a reader, then discard
pass_on() { { cat || cat >/dev/null; } <"$1"; }
mkfifo "$work/out" "$work/err"
pass_on "$work/out" 2>/dev/null &
pass_on "$work/err" >&2 &
# This shell holds the pipes open too, so that it decides when they end, even without QEMU
exec 4>"$work/out" 5>"$work/err"
ports="-device virtio-serial-pci$sync
	-chardev file,id=out,path=$work/out -device virtserialport,chardev=out,nr=1
	-chardev file,id=err,path=$work/err -device virtserialport,chardev=err,nr=2
	-chardev file,id=status,path=$work/status -device virtserialport,chardev=status,nr=3"
if [ "$interactive" = 1 ]; then
	ports="$ports -chardev stdio,id=tty,signal=off -device virtconsole,chardev=tty,nr=4"
fi
# QEMU connects to itself: the port is a client of its own monitor
[ -z "$monitor" ] || ports="$ports
	-chardev socket,id=monitor,path=$work/monitor,server=on,wait=off -mon chardev=monitor
	-chardev socket,id=guest,path=$work/monitor
	-device virtserialport,chardev=guest,nr=5"
# One argument for QEMU per line; arguments may contain spaces
set -f
IFS='
'
# shellcheck disable=SC2086 # split at newlines
set -- $extra
unset IFS
[ -z "$share" ] || set -- "$@" -device "virtio-9p-pci,fsdev=share,mount_tag=share$sync" \
	-fsdev "local,id=share,path=$(comma "$share"),security_model=none,multidevs=remap"
exec 3<&0
[ "$interactive" = 1 ] || exec 3</dev/null
# setpriv: QEMU ends even if this shell is killed with -9
# shellcheck disable=SC2086 # lists of words
setpriv --pdeathsig TERM $prefix timeout --foreground -k 5 "$limit" \
	$system -accel $accel -smp "$smp" -m "$mem" \
	-nodefaults -no-user-config -display none -vga none -no-reboot \
	-serial "file:$work/console" -kernel "$image/vmlinux" -initrd "$work/initrd" \
	-append "$kernel_line$append" $ports $devices "$@" <&3 2>"$work/qemu" 4>&- 5>&- &
set +f
qemu=$!
ended=0
wait "$qemu" || ended=$?
qemu=
exec 4>&- 5>&-
wait

if [ "$ended" -eq 124 ] || [ "$ended" -eq 137 ]; then
	last_lines
	die "no end after $limit s; stopped the guest (--timeout gives it longer)"
fi
if [ "$ended" -ne 0 ]; then
	cat "$work/qemu" >&2
	die "QEMU failed with status $ended"
fi
if grep -Eq "$complaints" "$work/console"; then
	grep -E -A 25 "$complaints" "$work/console" | tr -d '\r' | head -n 60 >&2
	die "the guest's kernel complained, see above"
fi
status=$(cat "$work/status" 2>/dev/null || true)
if ! is_uint "$status"; then
	last_lines
	die "the guest ended before the command did"
fi
exit "$status"
