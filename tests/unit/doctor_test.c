// SPDX-License-Identifier: GPL-2.0
/* doctor without a NIC: what it reads of /proc, and what it says about counters. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"

#include <cmocka.h>	/* last: it makes a macro of fail() */

/* Ten seconds of a guest with two CPUs that lacks nothing: 10 000 packets by CPU 0. */
static struct exam_cpu cpus_before[2], cpus_after[2];
static struct exam_peak peaks[2];

static struct patient healthy(void)
{
	struct patient p = {
		.facts = { .interface = "eth0", .driver = "e1000_napi", .up = true, .carrier = true,
			   .root = true, .weight = 64, .ring = 256, .ring_most = 4096, .budget = 300,
			   .budget_usecs = 8000, .backlog = 1000, .rmem_default = 212992,
			   .conntrack_most = 65536, .online = 2, .clock = "tsc", .hypervisor = "" },
		.before = { .cpus = 2, .cpu = cpus_before },
		.after = { .mono = 10 * NSEC, .received = 10000, .sent = 100, .cpus = 2,
			   .cpu = cpus_after },
		.peak = peaks, .sockets_told = true,
	};

	memset(cpus_before, 0, sizeof(cpus_before));
	cpus_after[0] = (struct exam_cpu){ .here = true, .processed = 10000, .all = 1000, .idle = 900,
					   .softirq = 50 };
	cpus_after[1] = (struct exam_cpu){ .here = true, .processed = 10, .all = 1000, .idle = 1000 };
	peaks[0] = (struct exam_peak){ 0.1, 0.05 };
	peaks[1] = (struct exam_peak){ 0.01, 0 };
	return p;
}

static struct diagnosis of(const struct patient *p)
{
	struct diagnosis d;

	diagnose(&d, p);
	return d;
}

/* The most important finding. */
static void first_is(const struct patient *p, const char *place, const char *limit, const char *next)
{
	struct diagnosis d = of(p);

	assert_true(d.wrong);
	assert_string_equal(d.finding[0].place, place);
	assert_string_equal(d.finding[0].limit ? d.finding[0].limit : "", limit);
	if (strncmp(d.finding[0].next, next, strlen(next)))
		assert_string_equal(d.finding[0].next, next);
}

static void only_harmless(const struct patient *p, const char *place)
{
	struct diagnosis d = of(p);

	assert_false(d.wrong);
	assert_int_equal(d.count, *place ? 1 : 0);
	if (*place)
		assert_string_equal(d.finding[0].place, place);
}

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

static void full_sockets(void **state)
{
	struct exam_socket s = { .inode = 5, .protocol = IPPROTO_UDP, .port = 53, .dropped = 70,
				 .room = 16384, .looks = 50, .full = 10, .pid = 77, .command = "named",
				 .state = 'S' };
	struct patient p = healthy();

	(void)state;
	p.socket = &s;
	p.sockets = 1;
	/* its drops are of bad checksums, as no socket was full */
	only_harmless(&p, "");
	p.after.socket_full = 70;
	first_is(&p, "socket", "buffer", "sysctl -w net.core.rmem_max=16777216 net.core.rmem_default=851968");
	assert_non_null(strstr(of(&p).finding[0].text, "named (process 77), UDP port 53"));
	s.full = 50;
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
	s.listens = true;
	s.state = 'S';
	p.sockets = 1;
	p.after.socket_full = 0;
	first_is(&p, "listen", "queue", "ss -ltn sport = :53");
}

/* Never more than there is room for, whatever a guest has. */
static void many_sockets(void **state)
{
	static struct exam_socket s[100];
	struct patient p = healthy();
	struct diagnosis d;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		s[i] = (struct exam_socket){ .protocol = IPPROTO_UDP, .port = i, .dropped = 1 };
	p.socket = s;
	p.sockets = 100;
	p.after.socket_full = 100;
	p.after.missed = p.after.ingress = p.after.damaged = 1;
	d = of(&p);
	assert_true(d.count <= FINDINGS_MAX);
	assert_true(d.wrong);
}

static void files_of_the_kernel(void **state)
{
	static const char snmp[] =
		"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n"
		"Ip: 1 64 1000 1 2 3 4 5 900 0 0 0 0 20 10 0 0 0 0\n"
		"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\n"
		"Udp: 800 7 9 0 6 0 3 0 0\n";
	static const char netstat[] = "TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 15\n"
		"IpExt: InNoRoutes InTruncatedPkts InMcastPkts InCsumErrors InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts\n"
		"IpExt: 11 1 0 2 1000 1 20 300\n";
	static const char snmp6[] = "Ip6InReceives 50\nIp6InDelivers 40\nUdp6NoPorts 1\n"
		"Ip6OutForwDatagrams 6\nIp6InNoECTPkts 4000\nIp6InECT0Pkts 50000\n";
	struct exam e = { 0 };

	(void)state;
	exam_parse_ip(&e, snmp, netstat, snmp6);
	/* 1000 + 10 - 1 - 2 - 3 - 4 - 5 - 900 - 20 - 15 - 11 - 1, and 50 - 40 - 6 */
	assert_true(e.filtered == 52);
	assert_true(e.ip_packets == 55321 && e.forwarded == 9);
	assert_true(e.reverse_path == 15 && e.no_route == 13 && e.no_port == 8);
	assert_true(e.socket_full == 6 && e.bad_sums_ip == 5);
	exam_parse_ip(&e, NULL, NULL, NULL);
	assert_true(e.filtered == 0);

	exam_parse_softnet(&e, "0000000a 00000001 00000002 0 0 0 0 0 0 0 0 0 00000000\n"
			       "00000014 00000000 00000003 0 0 0 0 0 0 0 0 0 00000003\n");
	assert_int_equal(e.cpus, 4);
	assert_true(e.cpu[0].processed == 10 && e.cpu[0].dropped == 1 && e.cpu[0].squeezed == 2);
	assert_true(e.cpu[3].processed == 20 && e.cpu[3].squeezed == 3 && e.cpu[1].processed == 0);
	exam_parse_softnet(&e, "ffffffff 0 0 0 0 0 0 0 0 0 0 0 ffffffff\nnonsense\n");
	assert_int_equal(e.cpus, 4);
	exam_parse_stat(&e, "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu3 1 0 0 1 0 0 0\nintr 5\n");
	assert_true(e.cpu[0].here && !e.cpu[1].here && e.cpu[3].here);
	assert_true(e.cpu[0].all == 36 && e.cpu[0].idle == 9 && e.cpu[0].softirq == 7 &&
		    e.cpu[0].steal == 8);
	exam_free(&e);
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
	only_harmless(&p, "");
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
	struct patient p = healthy();
	struct diagnosis d;

	(void)state;
	p.facts.namespaces = 3;
	p.facts.namespace_pid = 4321;
	only_harmless(&p, "");
	p.after.forwarded = 500;
	only_harmless(&p, "forwarded");
	d = of(&p);
	assert_non_null(strstr(d.finding[0].text, "500 packets were forwarded."));
	assert_non_null(strstr(d.finding[0].text, "look in the 3 other network namespaces too."));
	assert_non_null(strstr(d.finding[0].next, "nsenter -n -t 4321 "));
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

static void logs(void **state)
{
	(void)state;
	assert_int_equal(exam_hangs("<3>[ 1.0] e1000 0000:00:03.0 eth0: Detected Tx Unit Hang\n"
				    "  Tx Queue <0>\n<4>NETDEV WATCHDOG: eth0 (e1000): transmit queue 0 timed out\n",
				    "eth0"), 2);
	assert_int_equal(exam_hangs("e1000 0000:00:03.0 eth01: Detected Tx Unit Hang\n", "eth0"), 0);
	assert_int_equal(exam_hangs("e1000 eth0: link up\n", "eth0"), 0);
	assert_int_equal(exam_hangs("", "eth0"), 0);
}

/* A socket of this process that overflows is found, with its process. */
static void own_socket(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4096, i;
	socklen_t len = sizeof(to);
	struct patient p = { 0 };
	struct sockets *s;
	char data[500];

	(void)state;
	memset(data, 0, sizeof(data));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	s = sockets_begin();
	for (i = 0; i < 100; i++)
		sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to));
	sockets_look(s);
	sockets_end(s, &p);
	if (!p.sockets_told)
		skip();
	assert_true(p.sockets >= 1);
	for (i = 0; (size_t)i < p.sockets && p.socket[i].port != ntohs(to.sin_port); i++)
		;
	assert_true((size_t)i < p.sockets);
	assert_int_equal(p.socket[i].pid, getpid());
	assert_string_equal(p.socket[i].command, "doctor_test");
	assert_true(p.socket[i].dropped > 50 && p.socket[i].dropped < 100 && p.socket[i].full >= 1);
	free(p.socket);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong),
		cmocka_unit_test(full_rings),
		cmocka_unit_test(small_weight),
		cmocka_unit_test(behind_the_driver),
		cmocka_unit_test(full_sockets),
		cmocka_unit_test(many_sockets),
		cmocka_unit_test(files_of_the_kernel),
		cmocka_unit_test(taken_by_xdp),
		cmocka_unit_test(gone_on),
		cmocka_unit_test(bad_hypervisors),
		cmocka_unit_test(logs),
		cmocka_unit_test(own_socket),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
