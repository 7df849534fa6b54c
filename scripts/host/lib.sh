# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0
# Shared by the hypervisors' scripts: the command line, our VMs, CPU samples.
# Each script sets kind and title, defines the vm_… functions and calls host_main "$@".
#
# A VM is ours if its directory in $state exists. No verb touches another VM.

host_here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$host_here/../lib/common.sh"
# shellcheck source=scripts/lib/options.sh
. "$host_here/../lib/options.sh"
: "${kind:=}" "${title:=}" "${create_options:=}"
state=${XDG_STATE_HOME:-$(home_dir)/.local/state}/e1000_napi/host/$kind

usage() {
	cat <<-END
		usage: $prog create VM OPTION… | start VM | stop VM | destroy VM [--yes]
		       $prog cpu VM [--interval S] [--count N] | facts VM
		Make a VM with an e1000 NIC on $title, and print its CPU use and facts for the sweep.
		  create    make the VM; never touches one that it did not make
		    --iso FILE       boot this ISO (make iso)
		    --kernel FILE --initrd FILE [--append STR]   boot these (Xen and KVM)
		    --mem MB         memory (default 512)        --cpus N  (default 2)
		    --net NAME       network of the NIC
		    --nic MODEL      in the hypervisor's own words (default: its 82540EM)
		    --extra WORDS    one more setting, in the hypervisor's own words; repeatable
		  start, stop, destroy   of a VM that create made; destroy asks first
		  cpu       CSV of the VM's CPU use as the host sees it, 100 = one CPU thread
		  facts     hypervisor, version, settings of the NIC, one NAME=VALUE a line
		$create_options
		Files: ~/.local/state/e1000_napi/host/
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: $prog create tiny --iso build/e1000_napi.iso
	END
}

# wait_until SECONDS COMMAND…: poll by the clock, for a COMMAND that may take seconds itself
wait_until() {
	local end
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 1
	done
}

gone() { ! vm_runs; }

# now_ns: wall clock time. date has no nanoseconds on some hosts.
now_ns() {
	local now
	now=$(date +%s%N)
	case $now in
	*N) echo "$(date +%s)000000000" ;;
	*) echo "$now" ;;
	esac
}

ours() { [ -e "$state/$vm/made" ]; }

need_ours() {
	ours || die "'$vm' was not made by $prog create; it is left alone"
}

ask_destroy() {
	local answer
	[ -z "$yes" ] || return 0
	[ -t 0 ] || die "destroy asks, and this is not a terminal: give --yes"
	printf 'Destroy the VM %s and its files? [y/N] ' "$vm" >&2
	read -r answer
	case $answer in y* | Y*) ;; *) die "left as it is" ;; esac
}

# ticks PID: user and system time of all its threads in the kernel's ticks; the name,
# in brackets, may have spaces
ticks() {
	[ -r "/proc/$1/stat" ] || return 1
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# cpu_of_process PID: samples of its CPU use, until it ends or count is reached
cpu_of_process() {
	local before after hz t0 t1 n
	hz=$(getconf CLK_TCK)
	n=0
	t0=$(now_ns)
	before=$(ticks "$1") || die "there is no process $1"
	echo time_ns,cpu
	while [ "$count" -eq 0 ] || [ "$n" -lt "$count" ]; do
		sleep "$interval"
		t1=$(now_ns)
		after=$(ticks "$1") || break
		awk -v t0="$t0" -v t1="$t1" -v c="$((after - before))" -v hz="$hz" \
			'BEGIN { printf "%s,%.1f\n", t1, c / hz * 100 / ((t1 - t0) / 1e9) }'
		t0=$t1
		before=$after
		n=$((n + 1))
	done
}

host_main() {
	local number
	iso='' kernel='' initrd='' append='' nic='' mem=512 cpus=2 net='' extra='' yes=''
	interval=1 count=0
	verb=${1-}
	case $verb in
	-h | --help)
		usage
		exit 0
		;;
	create | start | stop | destroy | cpu | facts)
		case ${2-} in
		-h | --help)
			usage
			exit 0
			;;
		esac
		;;
	*) usage_error "say create, start, stop, destroy, cpu or facts" ;;
	esac
	vm=${2-}
	case $vm in
	'' | [.-]* | *[!A-Za-z0-9._-]*)
		usage_error "$verb which VM? A name of letters, digits, dot, dash, underscore, the first not a dot or dash"
		;;
	esac
	need_own_path "$state/$vm" "the folder of VMs $state" "act by it: set HOME to /root, or XDG_STATE_HOME" 002
	shift 2
	operand() { usage_error "unknown argument '$1'"; }
	set_option() {
		case $1 in
		extra) extra="$extra$2
" ;;
		*) set_variable "$@" ;;
		esac
	}
	parse "$@"
	for number in "$mem" "$cpus" "$interval" "$count"; do
		is_uint "$number" || usage_error "'$number' is not a whole number"
	done
	case $verb in
	create)
		! ours || die "'$vm' is there already; $prog destroy $vm takes it away"
		! vm_exists || die "$title has a VM '$vm' that $prog did not make; choose another name"
		if [ -n "$kernel" ]; then
			[ -r "$kernel" ] || usage_error "cannot read '$kernel'"
			[ -r "$initrd" ] || usage_error "--kernel requires --initrd, and '$initrd' cannot be read"
		else
			[ -n "$iso" ] || usage_error "create requires --iso FILE (make iso makes one)"
			[ -r "$iso" ] || usage_error "cannot read '$iso'"
			iso=$(cd "$(dirname "$iso")" && pwd)/${iso##*/}
		fi
		mkdir -p "$state/$vm"
		# Mark the VM before it is made, so that destroy works on a half-made one
		: >"$state/$vm/made"
		if ! vm_create; then
			vm_destroy || :
			rm -rf "${state:?}/$vm"
			die "$title did not make '$vm', see above"
		fi
		;;
	destroy)
		need_ours
		ask_destroy
		vm_destroy
		rm -rf "${state:?}/$vm"
		;;
	start | stop)
		need_ours
		"vm_$verb"
		;;
	cpu) vm_cpu ;;
	facts)
		vm_facts
		echo "running=$(vm_runs && echo yes || echo no)"
		;;
	esac
}
