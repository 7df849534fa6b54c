// SPDX-License-Identifier: GPL-2.0
/* doctor without a NIC: what it reads of /proc and of sockets. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor_patient.h"

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

	exam_parse_dev(&e, "Inter-|   Receive  |  Transmit\n face |bytes packets\n"
			   "    lo:  10 1 0 0 0 0 0 0 10 2 0 0 0 0 0 0\neth0:99 7 0 0 0 0 0 0 99 8 0 0 0 0 0 0\n");
	assert_int_equal(e.links, 2);
	assert_true(e.link[0].received == 1 && e.link[1].sent == 8);
	assert_string_equal(e.link[1].name, "eth0");

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
	assert_string_equal(p.socket[i].command, "doctorread_test");
	assert_true(p.socket[i].dropped > 50 && p.socket[i].dropped < 100 && p.socket[i].full >= 1);
	free(p.socket);
	close(fd);
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

/* A burst each 20 ms: the looks find it at all moments */
static void looks_not_in_step(void **state)
{
	enum { PARTS = 5, ALL = 10 * SOCKET_LOOKS };
	int64_t period = 20000000, last = 0;
	int count[PARTS] = { 0 }, i;

	(void)state;
	for (i = 0; i < ALL; i++) {
		int64_t at = sockets_look_after(i);

		assert_true(at > last);
		last = at;
		count[at % period * PARTS / period]++;
	}
	assert_int_equal(last, 10 * NSEC);
	for (i = 0; i < PARTS; i++)
		assert_in_range(count[i], 1, ALL / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_the_kernel),
		cmocka_unit_test(logs),
		cmocka_unit_test(own_socket),
		cmocka_unit_test(many_sockets),
		cmocka_unit_test(looks_not_in_step),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("doctorread", tests, NULL, NULL);
}
