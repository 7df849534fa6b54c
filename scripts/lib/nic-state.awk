# SPDX-License-Identifier: GPL-2.0
# Reads a state file of nic-save.sh and says what in it nic-save.sh does not write.
# restore.sh does what it says as root, and does nothing of one that somebody edited.
# awk -v pci=ADDRESS -v sys=/sys -f nic-state.awk FILE: exit status 1 and the first reason
function bad(what) {
	print "line " NR ": " what
	failed = 1
	exit 1
}
function is_if(word) { return length(word) < 16 && word ~ /^[^-\/][^\/]*$/ && word != "." && word != ".." }
function is_number(word) { return word ~ /^[0-9]+$/ }
# of an address, a number, or a word of ip and ethtool: nothing a shell or a terminal
# would take for anything else
function plain(from,   i) {
	for (i = from; i <= NF; i++)
		if ($i !~ /^[^-]/ || length($i) > 255)
			bad("\"" $1 "\" with a word of options")
}
BEGIN {
	split("pci name driver uptime set ethtool mac altname run vlan up irq addr route end", list, " ")
	for (i in list) known[list[i]] = 1
}
NR == 1 {
	if ($0 != "# e1000_napi 1 state") bad("this is no state of a NIC")
	next
}
ended { bad("something after its end") }
/[\001-\010\013-\037\177]/ { bad("a control character") }
!($1 in known) { bad("\"" substr($1, 1, 20) "\" is none of its words") }
$1 == "pci" { if ($2 != pci || NF != 2) bad("another PCI address than the file's name"); seen["pci"]++ }
$1 == "name" { if (!is_if($2) || NF != 2) bad("no name of an interface"); seen["name"]++ }
$1 == "driver" { if ($2 !~ /^[A-Za-z0-9_]+$/ || NF != 2) bad("no name of a driver"); seen["driver"]++ }
$1 == "uptime" { if (!is_number($2) || NF != 2) bad("no seconds"); seen["uptime"]++ }
$1 == "set" {
	file = index($2, sys "/") == 1 ? "/sys" substr($2, length(sys) + 1) : $2
	if (file !~ /^\/sys\/class\/net\/[^\/]+\/(queues\/[a-z0-9-]+\/(byte_queue_limits\/)?|brport\/)?[a-z_]+$/ &&
	    file !~ /^\/proc\/sys\/net\/ipv[46]\/(conf|neigh)\/[^\/]+\/[a-z0-9_]+$/ ||
	    $2 ~ /\/\.\.?\//)
		bad("a file that is no setting of a NIC")
}
$1 == "ethtool" { if ($2 !~ /^[KGACs]$/ || !is_if($3) || NF < 5) bad("no settings for ethtool"); plain(4) }
$1 == "mac" { if (!is_if($2) || $3 !~ /^[0-9a-f:]*$/ || NF > 3) bad("no hardware address") }
$1 == "altname" { if (!is_if($2) || NF != 3) bad("no name of an interface"); plain(3) }
$1 == "run" {
	if ($0 !~ /^run ip (link set dev [^ ]+ (promisc|allmulticast|arp|multicast) (on|off)|link set dev [^ ]+ master [^ ]+|neigh replace [^-].*)$/)
		bad("a command that is none of its own")
	plain(4)
}
$1 == "vlan" { if (!is_if($2) || $3 != "link" || !is_if($4)) bad("no VLAN"); plain(3) }
$1 == "up" { if (!is_if($2) || $3 !~ /^[01]?$/ || NF > 3) bad("no carrier") }
$1 == "irq" { if ($2 !~ /^[0-9a-f,]+$/ || NF != 2) bad("no mask of CPUs") }
$1 == "addr" {
	if (!is_if($2) || $3 !~ /^([0-9]+|forever)$/ || $4 !~ /^([0-9]+|forever)$/ || NF < 5) bad("no address")
	plain(5)
}
$1 == "route" { if ($2 !~ /^[46]$/ || NF < 3) bad("no route"); plain(3) }
$1 == "end" { ended = 1 }
END {
	if (failed) exit 1
	if (!ended) { print "it is not whole, its end is missing"; exit 1 }
	for (i = 1; i <= 4; i++)
		if (seen[list[i]] != 1) { print "no " list[i] " in it, or more than one"; exit 1 }
}
