// SPDX-License-Identifier: GPL-2.0
/* doctor's judgement of given counters. */
#include <netinet/in.h>

#include "doctor_patient.h"

static void nothing_wrong(void **state)
{
	struct patient p = healthy();

	(void)state;
	only_harmless(&p, "");
	/* nor is what was lost before */
	p.before.missed = p.after.missed = 500;
	p.before.missed_kept = p.after.missed_kept = 500;
	p.before.cpu[0].dropped = p.after.cpu[0].dropped = 7;
	only_harmless(&p, "");
	p = healthy();
	p.after.cpu[0].squeezed = 30;
	only_harmless(&p, "squeeze");
	p = healthy();
	p.after.unwanted = 5;
	only_harmless(&p, "unwanted");
	p = healthy();
	p.after.filtered = p.after.no_port = 0;
	p.after.filtered = 100;	/* one in a hundred: a firewall does what it is for */
	only_harmless(&p, "filter");
	p.after.multicast = 100;
	only_harmless(&p, "");
	/* announcements that no program here wants are a large share of a quiet interface's packets */
	p = healthy();
	p.after.received = 20;
	p.after.filtered = 20;
	only_harmless(&p, "filter");
	p.after.filtered = 0;
	p.after.no_route = p.after.no_port = p.after.reverse_path = 7;
	assert_false(of(&p).wrong);
	assert_int_equal(of(&p).count, 3);
	/* QEMU's counter grows at each read: 500 again and again */
	p = healthy();
	p.facts.qemu = true;
	p.before.missed = 1000;
	p.after.missed = 3500;
	p.before.missed_kept = p.after.missed_kept = 500;
	only_harmless(&p, "qemu");
}

static void full_rings(void **state)
{
	struct patient p = healthy();

	(void)state;
	p.after.missed = 1000;
	first_is(&p, "ring", "ring", "ethtool -G eth0 rx 1024");
	p.facts.ring = 80;
	peaks[0].busy = 1;	/* a small ring first, however busy the CPU */
	first_is(&p, "ring", "ring", "ethtool -G eth0 rx 1024");
	p.facts.ring = 256;
	first_is(&p, "ring", "cpu", "echo 2 >/sys/class/net/eth0/queues/rx-0/rps_cpus");
	p.facts.online = 1;
	first_is(&p, "ring", "cpu", "on the host: give this guest one more CPU");
	p.after.cpu[0].steal = 300;
	first_is(&p, "ring", "host", "on the host");
	p.after.cpu[0].steal = 0;
	/* a small budget costs only where its end was reached */
	p.facts.budget = 10;
	first_is(&p, "ring", "cpu", "");
	p.after.cpu[0].squeezed = 900;
	first_is(&p, "ring", "budget", "sysctl -w net.core.netdev_budget=300");
	p.facts.budget = 300;
	p.facts.budget_usecs = 100;
	first_is(&p, "ring", "time", "sysctl -w net.core.netdev_budget_usecs=8000");
	/* QEMU's register tells, not the sum of what was read */
	p = healthy();
	p.facts.qemu = true;
	p.after.missed = 9000;
	p.after.missed_kept = 40;
	assert_true(of(&p).finding[0].packets == 40);
	/* a driver that cannot have a larger ring */
	p = healthy();
	p.after.overrun = 3;
	p.facts.ring_most = 256;
	first_is(&p, "ring", "bursts", "");
}

static struct snapshot polls(uint64_t all, uint64_t whole)
{
	struct snapshot s = { .weight = 1, .counters = 2, .counter_name = { "polls", "polls_whole_budget" },
			      .counter = { all, whole } };

	return s;
}

static void small_weight(void **state)
{
	struct patient p = healthy();

	(void)state;
	p.facts.weight = 1;
	p.before.has_nap = p.after.has_nap = true;
	p.before.nap = polls(0, 0);
	p.after.nap = polls(10000, 9900);
	only_harmless(&p, "");	/* it loses nothing */
	p.after.missed = 1000;
	peaks[0].busy = 0.99;
	first_is(&p, "ring", "weight", "ethtool -C eth0 rx-frames-irq 64");
	p.after.nap = polls(10000, 10);	/* its end is hardly ever reached */
	first_is(&p, "ring", "cpu", "");
}

static void behind_the_driver(void **state)
{
	struct patient p = healthy();

	(void)state;
	p.after.cpu[1].dropped = 20;
	p.facts.backlog = 10;
	first_is(&p, "backlog", "backlog", "sysctl -w net.core.netdev_max_backlog=1000");
	p.after.unwanted = 20;	/* the same packets */
	assert_int_equal(of(&p).count, 1);
	p.facts.backlog = 10000;
	peaks[1].busy = 1;
	first_is(&p, "backlog", "cpu", "echo 1 >");
	p = healthy();
	p.after.filtered = 3000;
	first_is(&p, "filter", "", "nft list ruleset");
	p.after.conntrack = 3000;	/* the same packets */
	first_is(&p, "conntrack", "", "sysctl -w net.netfilter.nf_conntrack_max=262144");
	assert_int_equal(of(&p).count, 1);
	p = healthy();
	p.after.bad_sums = 10;
	p.after.bad_sums_ip = 12;
	first_is(&p, "checksum", "", "ethtool -K eth0 rx off");
	assert_true(of(&p).finding[0].packets == 12);
	p = healthy();
	p.after.ingress = 4;
	p.after.damaged = 5;
	first_is(&p, "wire", "", "ethtool -S eth0");
	assert_int_equal(of(&p).count, 2);
	p = healthy();
	p.after.hangs = 1;
	p.after.missed = 10;
	first_is(&p, "transmitter", "host", "ethtool -K eth0 tso off gso off");
	p.facts.up = p.facts.carrier = false;
	first_is(&p, "link", "", "ip link set dev eth0 up");
}

/* Counters of IP and sockets cover all interfaces: 30 000 packets came on eth1 as well. */
static void losses_of_others(void **state)
{
	struct exam_link links[] = { { "lo", true, 5, 5 }, { "eth0", false, 10000, 100 },
				     { "eth1", true, 30000, 0 } };
	struct exam_socket s = { .protocol = IPPROTO_UDP, .port = 53, .dropped = 4000, .room = 16384,
				 .looks = 50, .full = 10 };
	struct patient p = healthy();
	struct diagnosis d;

	(void)state;
	p.after.links = 3;
	p.after.link = links;
	only_harmless(&p, "");
	/* more than came on this NIC: theirs */
	p.after.no_port = 29000;
	only_harmless(&p, "no-socket");
	d = of(&p);
	assert_true(d.finding[0].elsewhere);
	assert_string_equal(d.finding[0].next, "e1000-napi doctor eth1");
	/* more than came on the others: its own, at least in part */
	p.after.no_port = 38000;
	first_is(&p, "no-socket", "", "tcpdump");
	d = of(&p);
	assert_true(d.finding[0].packets == 7995);
	/* this or others */
	p.after.no_port = 9000;
	first_is(&p, "no-socket", "", "tcpdump");
	d = of(&p);
	assert_non_null(strstr(d.finding[0].text, "30005 packets came on others, most on eth1, and the loss may be theirs."));
	/* likewise a queue between CPUs, except for the drops that the NIC counts */
	p.after.no_port = 0;
	p.after.cpu[1].dropped = 12000;
	only_harmless(&p, "backlog");
	p.after.unwanted = 12000;
	first_is(&p, "backlog", "backlog", "sysctl");
	p.after.cpu[1].dropped = p.after.unwanted = 0;
	/* only lo reaches a socket that is bound to 127.0.0.1 */
	p.socket = &s;
	p.sockets = 1;
	p.after.socket_full = 4000;
	first_is(&p, "socket", "buffer", "");
	s.loopback = true;
	only_harmless(&p, "socket");
	d = of(&p);
	assert_string_equal(d.finding[0].next, "e1000-napi doctor lo");
	p.facts.interface = "lo";
	first_is(&p, "socket", "buffer", "");
}

static void full_sockets(void **state)
{
	struct exam_socket s = { .inode = 5, .protocol = IPPROTO_UDP, .port = 53, .dropped = 70,
				 .room = 16384, .looks = 50, .full = 10, .pid = 77, .command = "named",
				 .state = 'S' };
	struct exam_link other = { "eth1", true, 9, 9 };
	struct patient p = healthy();

	(void)state;
	p.socket = &s;
	p.sockets = 1;
	/* its drops are of bad checksums, as no socket was full */
	only_harmless(&p, "");
	p.after.socket_full = 70;
	/* the program's own SO_RCVBUF, as much of it as rmem_max allows, and the default */
	first_is(&p, "socket", "buffer", "in the settings of named: a larger SO_RCVBUF");
	s.room = 425984;
	first_is(&p, "socket", "buffer", "sysctl -w net.core.rmem_max=16777216");
	s.room = 212992;
	first_is(&p, "socket", "buffer", "sysctl -w net.core.rmem_max=16777216 net.core.rmem_default=851968");
	assert_non_null(strstr(of(&p).finding[0].text, "named (process 77), UDP port 53"));
	s.full = 30;	/* it loses more than half */
	first_is(&p, "socket", "reader", "top -H -p 77");
	s.state = 'T';
	first_is(&p, "socket", "reader", "kill -CONT 77");
	/* others, of sockets that are gone */
	p.after.socket_full = 100;
	assert_int_equal(of(&p).count, 2);
	assert_true(of(&p).finding[1].packets == 30);
	p.sockets = 0;
	p.sockets_told = false;
	first_is(&p, "socket", "buffer", "ss -uampn");
	s.protocol = IPPROTO_TCP;
	p.sockets = 1;
	p.after.socket_full = 0;
	s.full = 1;
	s.state = 'S';
	first_is(&p, "socket", "buffer", "sysctl -w net.ipv4.tcp_rmem=");
	s.stuck = true;
	s.dropped = 0;
	p.after.link = &other;
	p.after.links = 1;
	assert_non_null(strstr(of(&p).finding[0].text, "may be behind another interface, such as eth1."));
	p.after.links = 0;
	first_is(&p, "socket", "reader", "top -H -p 77");
	assert_non_null(strstr(of(&p).finding[0].text, "TCP loses nothing"));
	s.stuck = false;
	s.dropped = 70;
	s.listens = true;
	s.state = 'S';
	p.sockets = 1;
	p.after.socket_full = 0;
	first_is(&p, "listen", "queue", "ss -ltn sport = :53");
}

/* An XDP program is always named, and blamed only for packets that are missing. */
static void taken_by_xdp(void **state)
{
	struct patient p = healthy();
	struct diagnosis d;

	(void)state;
	/* 10 000 came; IP saw 4000 of them, and 2500 that came through lo */
	p.after.ip_packets = 6500;
	p.after.lo_received = 2500;
	first_is(&p, "before-ip", "", "tc filter show dev eth0 ingress; nft list ruleset");
	/* unless others are known to take them, or they are few */
	p.after.ingress = p.after.unwanted = 2000;
	first_is(&p, "tc", "", "");
	assert_int_equal(of(&p).count, 1);
	p.after.ingress = p.after.unwanted = 0;
	p.facts.above = true;
	only_harmless(&p, "");
	p.facts.above = false;
	p.facts.promiscuous = true;
	only_harmless(&p, "");
	p.facts.promiscuous = false;
	p.after.ip_packets = 8500;
	only_harmless(&p, "");
	p.after.ip_packets = 6500;
	p.facts.xdp = 17;
	first_is(&p, "xdp", "", "bpftool prog show id 17");
	d = of(&p);
	assert_true(d.finding[0].packets == 6000);
	/* one that passes all: ARP is not IP */
	p.after.ip_packets = 12450;
	only_harmless(&p, "xdp");
	/* a bridge takes frames before IP too */
	p.after.ip_packets = 2500;
	snprintf(p.facts.master, sizeof(p.facts.master), "br0");
	d = of(&p);
	assert_false(d.wrong);
}

static void gone_on(void **state)
{
	struct exam_link links[] = { { "lo", true, 0, 900 }, { "eth0", false, 10000, 0 }, { "eth1", true, 0, 480 } };
	struct patient p = healthy();
	struct diagnosis d;

	(void)state;
	p.facts.namespaces = 3;
	p.facts.namespace_pid = 4321;
	only_harmless(&p, "");
	p.after.forwarded = 500;
	p.after.links = 3;
	p.after.link = links;
	only_harmless(&p, "forwarded");
	d = of(&p);
	assert_non_null(strstr(d.finding[0].text, "500 packets were forwarded."));
	assert_non_null(strstr(d.finding[0].text, "look in the 3 other network namespaces too."));
	assert_non_null(strstr(d.finding[0].next, "nsenter -n -t 4321 "));
	/* a firewall on the way out */
	links[2].sent = 100;
	first_is(&p, "filter", "", "nft list ruleset");
	d = of(&p);
	assert_true(d.finding[0].packets == 400);
	assert_non_null(strstr(d.finding[1].text, "100 packets were forwarded."));
	links[2].sent = 480;
	p.facts.namespaces = 0;
	d = of(&p);
	assert_null(strstr(d.finding[0].text, "namespaces"));
	snprintf(p.facts.master, sizeof(p.facts.master), "br0");
	d = of(&p);
	assert_non_null(strstr(d.finding[0].text, "10000 packets went to br0, which eth0 is a part of."));
}

static void bad_hypervisors(void **state)
{
	static const char raw[] = "\013\005\053\000\002vboxVer_5.1.10\0vboxRev_112026\0";
	struct patient p = healthy();
	struct diagnosis d;
	char version[24];

	(void)state;
	exam_vbox_version(version, sizeof(version), raw, sizeof(raw));
	assert_string_equal(version, "5.1.10");
	exam_vbox_version(version, sizeof(version), raw, 12);
	assert_string_equal(version, "");
	exam_vbox_version(version, sizeof(version), "", 0);
	assert_string_equal(version, "");
	exam_vbox_version(version, 4, raw, sizeof(raw));
	assert_string_equal(version, "5.1");

	p.facts.hypervisor = "VirtualBox";
	snprintf(p.facts.version, sizeof(p.facts.version), "7.2.0");
	only_harmless(&p, "");
	snprintf(p.facts.version, sizeof(p.facts.version), "5.1.10");
	first_is(&p, "hypervisor", "host", "on the host: update VirtualBox");
	/* whose version the guest cannot read: only where the trouble is seen */
	*p.facts.version = '\0';
	p.facts.hypervisor = "VMware";
	only_harmless(&p, "");
	p.after.no_route = 500;
	d = of(&p);
	assert_int_equal(d.count, 1);
	assert_null(strstr(d.finding[0].text, "Workstation"));
	p.after.no_route = 0;
	p.facts.hang_messages = 2;
	first_is(&p, "transmitter", "host", "ethtool -K eth0 tso off gso off");
	d = of(&p);
	assert_non_null(strstr(d.finding[0].text, "Workstation 17.6.3"));
	p.facts.hypervisor = "";
	d = of(&p);
	assert_null(strstr(d.finding[0].text, "Workstation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong),
		cmocka_unit_test(full_rings),
		cmocka_unit_test(small_weight),
		cmocka_unit_test(behind_the_driver),
		cmocka_unit_test(losses_of_others),
		cmocka_unit_test(full_sockets),
		cmocka_unit_test(taken_by_xdp),
		cmocka_unit_test(gone_on),
		cmocka_unit_test(bad_hypervisors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
