#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes down how a network interface is configured, so that it can be put
# back after the driver under it changed (nic-replay.sh does). Source it after
# nic.sh.
#
# The network device goes away with its driver, and everything that hung on it
# with it. What is written is plain text, one step a line, in the order of
# replay:
#   pci ADDRESS, name IF, driver DRIVER, uptime SECONDS   whose state this is
#   set FILE VALUE            a file of /sys or /proc/sys
#   ethtool OPT IF NAME VALUE…  what `ethtool -OPT` changes (ethtool_pairs)
#   mac IF ADDRESS            hardware address
#   altname IF NAME           one more name
#   run COMMAND…              another command: ip link set, or ip neigh replace
#   vlan IF ARGUMENT…         `ip link` arguments that make this VLAN again
#   up IF CARRIER             up, and link when CARRIER is 1
#   irq MASK                  which CPUs take its interrupt
#   addr IF VALID PREFERRED ARGUMENT…   `ip addr add` arguments and lifetimes
#   route 4|6 ARGUMENT…       `ip route` arguments
#   end                       without it the file is not whole
# Nothing in it is ever evaluated by a shell: names cannot hold spaces, and the
# lines are split at spaces only.

# save_files FILE…: those that can be read and written, with what they hold
save_files() {
	for _file; do
		shift
		if [ -f "$_file" ] && [ -w "$_file" ]; then
			set -- "$@" "$_file"
		fi
	done
	grep -s '' /dev/null "$@" | sed 's/^\([^:]*\):/set \1 /'
}

# save_vlan IF: how to make this VLAN again
save_vlan() {
	ip -d -o link show dev "$1" | awk -v name="$1" '{
		lower = $2; sub(/^[^@]*@/, "", lower); sub(/:$/, "", lower)
		for (i = 1; i < NF && $i != "vlan"; i++) ;
		args = "link " lower " name " name " type vlan"
		for (i++; i < NF; i++) {
			if ($i == "protocol" || $i == "id")
				args = args " " $i " " $(i + 1)
			else if ($i ~ /^</)
				flags = $i
			else if ($i ~ /gress-qos-map/) {
				map = $i
				for (i += 2; i < NF && $i != "}"; i++)
					map = map " " $i
				maps = maps " " map
			}
		}
		args = args " reorder_hdr " (flags ~ /REORDER_HDR/ ? "on" : "off")
		split("gvrp mvrp loose_binding bridge_binding", names, " ")
		for (n = 1; n in names; n++)
			if (flags ~ toupper(names[n])) args = args " " names[n] " on"
		print "vlan " name " " args maps
	}'
}

# save_link IF: everything below addresses
save_link() {
	_class=$SYS/class/net/$1
	_master=$(link_target "$_class/master" 2>/dev/null) || _master=
	save_files "$_class/mtu" "$_class/tx_queue_len" "$_class/netdev_group" \
		"$_class/ifalias" "$_class/gro_flush_timeout" \
		"$_class/napi_defer_hard_irqs" "$_class/threaded" \
		"$_class"/queues/*/rps_* "$_class"/queues/*/xps_* \
		"$_class"/queues/*/tx_maxrate "$_class"/queues/*/byte_queue_limits/limit_m*
	# a bond gives its ports their address
	if [ ! -e "$_class/bonding_slave" ]; then
		printf 'mac %s %s\n' "$1" "$(first_line "$_class/address")"
	fi
	_opts=K
	[ ! -e "$_class/device" ] || _opts='K G A C s'
	for _opt in $_opts; do
		_pairs=$(ethtool_pairs "$_opt" "$1")
		[ -z "$_pairs" ] || printf 'ethtool %s %s %s\n' "$_opt" "$1" "$_pairs"
	done
	ip -d -o link show dev "$1" | awk -v dev="$1" '{
		gsub(/\\/, " ")
		set = "run ip link set dev " dev " "
		if ($3 ~ /[<,]PROMISC[,>]/) print set "promisc on"
		if ($3 ~ /[<,]ALLMULTI[,>]/) print set "allmulticast on"
		if ($3 ~ /[<,]NOARP[,>]/) print set "arp off"
		if ($3 !~ /[<,]MULTICAST[,>]/) print set "multicast off"
		for (i = 4; i < NF; i++)
			if ($i == "altname") print "altname " dev " " $(i + 1)
	}'
	# a new interface begins with the defaults, but for its MTU
	save_files /proc/sys/net/ipv[46]/conf/"$1"/* /proc/sys/net/ipv[46]/neigh/"$1"/* |
		awk -v dev="/$1/" '{
			at = index($2, dev)
			name = substr($2, at + length(dev))
			file = substr($2, 1, at) "default/" name
			if ((getline value <file) <= 0 || $0 != "set " $2 " " value || name == "mtu")
				print
			close(file)
		}'
	if [ -n "$_master" ]; then
		printf 'run ip link set dev %s master %s\n' "$1" "$_master"
		_port=$_class/brport
		save_files "$_port/path_cost" "$_port/priority" "$_port/hairpin_mode" \
			"$_port/isolated" "$_port/learning" "$_port/bpdu_guard" \
			"$_port/root_block" "$_port/unicast_flood" "$_port/multicast_flood" \
			"$_port/broadcast_flood" "$_port/multicast_router" \
			"$_port/multicast_fast_leave" "$_port/neigh_suppress" \
			"$_port/proxyarp" "$_port/group_fwd_mask"
	fi
	# these addresses were checked for duplicates before: no second wait
	_dad=/proc/sys/net/ipv6/conf/$1/accept_dad
	[ ! -e "$_dad" ] || printf 'set %s 0\n' "$_dad"
	if ip -o link show dev "$1" up | grep -q .; then
		printf 'up %s %s\n' "$1" "$(first_line "$_class/carrier" || echo 0)"
	fi
	if _value=$(first_line "/proc/irq/$(first_line "$_class/device/irq")/smp_affinity"); then
		printf 'irq %s\n' "$_value"
	fi
}

# save_addresses IF: IPv4 in the kernel's order (it decides which are
# secondary), IPv6 backwards (the newest is listed first)
save_addresses() {
	ip -o addr show dev "$1" | awk -v dev="$1" '{
		gsub(/\\/, " \\ ")
		args = $4; label = ""; temporary = 0
		for (i = 5; i <= NF && $i != "\\"; i++) {
			if ($i ~ /^(peer|brd|any|metric|scope)$/) {
				args = args " " $i " " $(i + 1)
				i++
			} else if ($i == "proto")
				i++
			else if ($i ~ /^(noprefixroute|mngtmpaddr|home|nodad|optimistic|autojoin)$/)
				args = args " " $i
			else if ($i == "temporary")
				temporary = 1 # the kernel makes these itself
			else if ($3 == "inet" && $(i + 1) == "\\")
				label = " label " $i
		}
		for (; i < NF; i++) {
			if ($i == "valid_lft") valid = $(i + 1)
			if ($i == "preferred_lft") preferred = $(i + 1)
		}
		sub(/sec$/, "", valid); sub(/sec$/, "", preferred)
		line = "addr " dev " " valid " " preferred " " args label
		if ($3 == "inet") print line
		else if ($3 == "inet6" && !temporary) v6 = line "\n" v6
	} END { printf "%s", v6 }'
}

# routes_of IF…: every route, in any table, that leaves through one of these or
# uses one of their addresses as source, but those the kernel makes by itself
routes_of() {
	_sources=$(for _dev; do ip -o addr show dev "$_dev"; done | awk '{ sub(/\/.*/, "", $4); printf "%s ", $4 }')
	for _family in 4 6; do
		ip "-$_family" -o route show table all | awk -v family="$_family" -v devs="$*" -v sources="$_sources" '
			BEGIN {
				n = split(devs, list, " "); while (n) want["dev " list[n--]]
				n = split(sources, list, " "); while (n) want["src " list[n--]]
			}
			/ table local / && / proto kernel / { next }
			{
				gsub(/\\/, " ")
				line = ""; ours = 0
				for (i = 1; i <= NF; i++) {
					if (($i " " $(i + 1)) in want) ours = 1
					if ($i ~ /^(linkdown|dead|offload|offload_failed|trap|rt_offload|rt_trap|pervasive)$/) continue
					if ($i == "expires") sub(/sec$/, "", $(i + 1))
					line = line " " $i
				}
				# gateways need the routes to them first
				if (ours && / (via|nexthop) /) late = late "route " family line "\n"
				else if (ours) print "route " family line
			}
			END { printf "%s", late }'
	done
}

# save_nic PCI DRIVER: all of it, for its interface as it is now; DRIVER is
# the one to go back to
save_nic() {
	_name=$(pci_netdev "$1")
	_tree=$(nic_tree "$_name")
	printf '# e1000_napi 1 state\npci %s\nname %s\ndriver %s\nuptime %s\n' \
		"$1" "$_name" "$2" "$(uptime_now)"
	for _each in $_tree; do
		[ "$_each" = "$_name" ] || save_vlan "$_each"
		save_link "$_each"
	done
	for _each in $_tree; do
		save_addresses "$_each"
	done
	# shellcheck disable=SC2086 # names hold no spaces
	routes_of $_tree
	for _each in $_tree; do
		ip -o neigh show dev "$_each" nud permanent | awk -v dev="$_each" '$2 == "lladdr" {
			print "run ip neigh replace " $1 " lladdr " $3 " nud permanent dev " dev (/ router / ? " router" : "")
		}'
		ip -o neigh show proxy dev "$_each" | awk -v dev="$_each" '{
			print "run ip neigh replace proxy " $1 " dev " dev
		}'
		save_files "/proc/sys/net/ipv6/conf/$_each/accept_dad"
	done
	echo end
}
