// SPDX-License-Identifier: GPL-2.0
/* The kernel's counters of a NIC and of everything behind it. */
#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "counters.h"
#include "doctor.h"
#include "ethtool.h"

#define CPUS_MAX 4096
#define LOG_ALL 3	/* SYSLOG_ACTION_READ_ALL: reads the log, and leaves it */

static double or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

static double number_in(const char *path)
{
	char line[64], *end;
	double value;

	if (read_line(path, line, sizeof(line)))
		return NAN;
	value = strtod(line, &end);
	return end == line ? (double)NAN : value;
}

static double of_interface(const char *interface, const char *file)
{
	char *path = xasprintf("/sys/class/net/%s/%s", interface, file);
	double value = number_in(path);

	free(path);
	return value;
}

static struct exam_cpu *cpu_of(struct exam *exam, size_t n)
{
	if (n >= CPUS_MAX)
		return NULL;
	if (n >= exam->cpus) {
		exam->cpu = must(reallocarray(exam->cpu, n + 1, sizeof(*exam->cpu)));
		memset(&exam->cpu[exam->cpus], 0, (n + 1 - exam->cpus) * sizeof(*exam->cpu));
		exam->cpus = n + 1;
	}
	return &exam->cpu[n];
}

void exam_parse_stat(struct exam *exam, const char *text)
{
	for (; text && *text; text = next_line(text)) {
		unsigned long long t[8] = { 0 };
		struct exam_cpu *cpu;
		unsigned int n;
		size_t i;

		if (sscanf(text, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &n, &t[0], &t[1], &t[2],
			   &t[3], &t[4], &t[5], &t[6], &t[7]) < 8)
			continue;
		cpu = cpu_of(exam, n);
		if (!cpu)
			continue;
		cpu->here = true;
		for (cpu->all = i = 0; i < ARRAY_SIZE(t); i++)
			cpu->all += t[i];
		cpu->idle = t[3] + t[4];
		cpu->softirq = t[6];
		cpu->steal = t[7];
	}
}

/* Hexadecimal; the number of the CPU is in the last of 13 or more columns, since Linux 5.10. */
void exam_parse_softnet(struct exam *exam, const char *text)
{
	size_t row;

	for (row = 0; text && *text; text = next_line(text), row++) {
		unsigned int v[13], n;
		struct exam_cpu *cpu;

		n = sscanf(text, "%x %x %x %x %x %x %x %x %x %x %x %x %x", &v[0], &v[1], &v[2], &v[3],
			   &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11], &v[12]);
		cpu = n < 3 || n > 13 ? NULL : cpu_of(exam, n == 13 ? v[12] : row);
		if (!cpu)
			continue;
		cpu->processed = v[0];
		cpu->dropped = v[1];
		cpu->squeezed = v[2];
	}
}

/*
 * IP counts what it receives and nearly everything that becomes of it. What is missing in the
 * end was taken by netfilter, which counts in its rules only.
 */
void exam_parse_ip(struct exam *exam, const char *snmp, const char *netstat, const char *snmp6)
{
	static const char *const v4[] = { "InHdrErrors", "InAddrErrors", "InUnknownProtos", "InDiscards",
					  "InDelivers", "ForwDatagrams", "ReasmReqds" };
	static const char *const v6[] = {
		"Ip6InHdrErrors", "Ip6InNoRoutes", "Ip6InAddrErrors", "Ip6InUnknownProtos",
		"Ip6InTruncatedPkts", "Ip6InDiscards", "Ip6InDelivers", "Ip6OutForwDatagrams",
		"Ip6ReasmReqds"
	};
	static const char *const marks[] = { "InNoECTPkts", "InECT1Pkts", "InECT0Pkts", "InCEPkts" };
	char name[24];
	size_t i;

	/* these alone count what GRO has merged as the packets that it was */
	exam->ip_packets = 0;
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		snprintf(name, sizeof(name), "Ip6%s", marks[i]);
		exam->ip_packets += or_zero(parse_snmp(netstat, "IpExt", marks[i])) +
				    or_zero(parse_snmp6(snmp6, name));
	}
	exam->forwarded = or_zero(parse_snmp(snmp, "Ip", "ForwDatagrams")) +
			  or_zero(parse_snmp6(snmp6, "Ip6OutForwDatagrams"));
	exam->reverse_path = or_zero(parse_snmp(netstat, "TcpExt", "IPReversePathFilter"));
	exam->no_route = or_zero(parse_snmp(netstat, "IpExt", "InNoRoutes")) +
			 or_zero(parse_snmp(snmp, "Ip", "InAddrErrors")) +
			 or_zero(parse_snmp6(snmp6, "Ip6InNoRoutes")) +
			 or_zero(parse_snmp6(snmp6, "Ip6InAddrErrors"));
	exam->no_port = or_zero(parse_snmp(snmp, "Udp", "NoPorts")) +
			or_zero(parse_snmp6(snmp6, "Udp6NoPorts"));
	exam->socket_full = or_zero(parse_snmp(snmp, "Udp", "RcvbufErrors")) +
			    or_zero(parse_snmp6(snmp6, "Udp6RcvbufErrors"));
	exam->bad_sums_ip = or_zero(parse_snmp(snmp, "Udp", "InCsumErrors")) +
			    or_zero(parse_snmp(snmp, "Tcp", "InCsumErrors")) +
			    or_zero(parse_snmp(netstat, "IpExt", "InCsumErrors")) +
			    or_zero(parse_snmp6(snmp6, "Udp6InCsumErrors"));
	exam->filtered = or_zero(parse_snmp(snmp, "Ip", "InReceives")) +
			 or_zero(parse_snmp(snmp, "Ip", "ReasmOKs")) +
			 or_zero(parse_snmp6(snmp6, "Ip6InReceives")) +
			 or_zero(parse_snmp6(snmp6, "Ip6ReasmOKs")) - exam->reverse_path -
			 or_zero(parse_snmp(netstat, "IpExt", "InNoRoutes")) -
			 or_zero(parse_snmp(netstat, "IpExt", "InTruncatedPkts"));
	for (i = 0; i < ARRAY_SIZE(v4); i++)
		exam->filtered -= or_zero(parse_snmp(snmp, "Ip", v4[i]));
	for (i = 0; i < ARRAY_SIZE(v6); i++)
		exam->filtered -= or_zero(parse_snmp6(snmp6, v6[i]));
}

size_t exam_hangs(const char *log, const char *interface)
{
	size_t hangs = 0, len = strlen(interface);

	for (; log && *log; log = next_line(log)) {
		char *line = strndup(log, strcspn(log, "\n")), *at = must(line);

		if (strstr(line, "Unit Hang") || strstr(line, "NETDEV WATCHDOG"))
			while ((at = strstr(at, interface))) {
				if ((at == line || strchr(" (", at[-1])) && strchr(": )", at[len])) {
					hangs++;
					break;
				}
				at += len;
			}
		free(line);
	}
	return hangs;
}

static size_t hangs_in_log(const char *interface)
{
	int size = klogctl(10, NULL, 0);	/* SYSLOG_ACTION_SIZE_BUFFER */
	char *text = size > 0 ? must(calloc(1, size + 1)) : NULL;
	size_t hangs = 0;

	if (text && klogctl(LOG_ALL, text, size) > 0)
		hangs = exam_hangs(text, interface);
	free(text);
	return hangs;
}

/* Drops by tc's ingress or clsact on this interface. */
static double ingress_drops(const char *interface)
{
	struct {
		struct nlmsghdr head;
		struct tcmsg msg;
	} q = { .head = { .nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETQDISC,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.msg = { .tcm_ifindex = if_nametoindex(interface) } };
	_Alignas(struct nlmsghdr) char part[32768];
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), left;
	struct nlmsghdr *head;
	struct rtattr *attr;
	struct tc_stats stats;
	double drops = 0;
	bool more = true;
	ssize_t got;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	more = send(fd, &q, sizeof(q), 0) == sizeof(q);
	while (more && (got = recv(fd, part, sizeof(part), 0)) > 0)
		for (head = (void *)part; NLMSG_OK(head, got); head = NLMSG_NEXT(head, got)) {
			struct tcmsg *tc = NLMSG_DATA(head);

			more = head->nlmsg_type == RTM_NEWQDISC;
			if (!more)
				break;
			if (tc->tcm_ifindex != q.msg.tcm_ifindex || tc->tcm_parent != TC_H_INGRESS)
				continue;
			attr = TCA_RTA(tc);
			for (left = TCA_PAYLOAD(head); RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
				if (attr->rta_type == TCA_STATS && RTA_PAYLOAD(attr) >= sizeof(stats)) {
					memcpy(&stats, RTA_DATA(attr), sizeof(stats));
					drops += stats.drops;
				}
		}
	close(fd);
	return drops;
}

static double tx_timeouts(const char *interface)
{
	char *path = xasprintf("/sys/class/net/%s/queues", interface);
	DIR *dir = opendir(path);
	struct dirent *entry;
	double sum = 0;

	free(path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "tx-", 3))
			continue;
		path = xasprintf("queues/%s/tx_timeout", entry->d_name);
		sum += or_zero(of_interface(interface, path));
		free(path);
	}
	if (dir)
		closedir(dir);
	return sum;
}

/* Column `drop` of all CPUs: a connection that the full table had no room for. */
static double conntrack_drops(void)
{
	char *text = read_file("/proc/net/stat/nf_conntrack");
	const char *line = text;
	size_t column = 0, i;
	double sum = 0;
	char *end;

	for (i = 0; line && *line && *line != '\n'; i++) {
		line += strspn(line, " ");
		if (!strncmp(line, "drop ", 5))
			column = i;
		line += strcspn(line, " \n");
	}
	while (column && line && *(line = next_line(line)))
		for (i = 0; i <= column; i++) {
			double value = strtoul(line, &end, 16);

			if (end == line)
				break;
			line = end;
			sum += i == column ? value : 0;
		}
	free(text);
	return sum;
}

static void read_nic(struct exam *e, const struct exam_facts *facts)
{
	const char *name = facts->interface;

	/* this reads the registers, which the other counters are made from */
	read_missed(name, &e->missed, &e->missed_kept);
	e->received = or_zero(of_interface(name, "statistics/rx_packets"));
	e->sent = or_zero(of_interface(name, "statistics/tx_packets"));
	e->multicast = or_zero(of_interface(name, "statistics/multicast"));
	e->damaged = or_zero(of_interface(name, "statistics/rx_crc_errors")) +
		     or_zero(of_interface(name, "statistics/rx_frame_errors"));
	e->unwanted = or_zero(of_interface(name, "statistics/rx_dropped"));
	e->bad_sums = or_zero(ethtool_stat(name, "rx_csum_offload_errors"));
	/* many drivers have one number in both */
	e->overrun = fmax(or_zero(of_interface(name, "statistics/rx_fifo_errors")),
			  or_zero(of_interface(name, "statistics/rx_over_errors"))) +
		     or_zero(ethtool_stat(name, "rx_queue_*_drops"));
	if (!e->missed)
		e->missed = or_zero(of_interface(name, "statistics/rx_missed_errors"));
	e->hangs = tx_timeouts(name);
	e->link_changes = or_zero(of_interface(name, "carrier_changes"));
	e->ingress = ingress_drops(name);
	e->lo_received = or_zero(of_interface("lo", "statistics/rx_packets"));
	exam_links(e, name);
}

int exam_read(struct exam *e, const struct exam_facts *facts)
{
	char *snmp, *netstat, *snmp6, *text, *path;

	*e = (struct exam){ .mono = mono_ns() };
	read_nic(e, facts);
	path = driver_file(facts->interface, "snapshot");
	text = read_file(path);
	e->has_nap = text && !snapshot_parse(&e->nap, text);
	free(text);
	free(path);
	snmp = read_file("/proc/net/snmp");
	netstat = read_file("/proc/net/netstat");
	snmp6 = read_file("/proc/net/snmp6");
	exam_parse_ip(e, snmp, netstat, snmp6);
	free(snmp);
	free(netstat);
	free(snmp6);
	e->conntrack = conntrack_drops();
	text = read_file("/proc/stat");
	exam_parse_stat(e, text);
	free(text);
	text = read_file("/proc/net/softnet_stat");
	exam_parse_softnet(e, text);
	free(text);
	return e->cpus ? 0 : fail("/proc/stat: cannot read it");
}

void exam_free(struct exam *e)
{
	free(e->cpu);
	free(e->link);
	snapshot_free(&e->nap);
	*e = (struct exam){ 0 };
}

int exam_facts_read(struct exam_facts *f, const char *interface)
{
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	char vendor[16] = "", *path;
	uint32_t weight;

	*f = (struct exam_facts){ .interface = interface, .weight = NAN, .ring = NAN, .ring_most = NAN };
	if (!strchr(interface, '/') && strlen(interface) < IF_NAMESIZE)
		f->index = if_nametoindex(interface);
	if (!f->index)
		return fail("there is no interface %s; ip link shows those there are", interface);
	if (!ethtool_ask(interface, &driver))
		snprintf(f->driver, sizeof(f->driver), "%s", driver.driver);
	if (!ethtool_ask(interface, &ring) && ring.rx_pending) {
		f->ring = ring.rx_pending;
		f->ring_most = ring.rx_max_pending;
	}
	path = driver_file(interface, "weight");
	f->weight = number_in(path);
	free(path);
	/* lockdown forbids that file, but not ethtool */
	if (isnan(f->weight) && !strcmp(f->driver, "e1000_napi") &&
	    !nic_setting_value(nic_setting_of("weight"), interface, NULL, &weight))
		f->weight = weight;
	path = xasprintf("/sys/class/net/%s/device/subsystem_vendor", interface);
	f->qemu = !read_line(path, vendor, sizeof(vendor)) && !strcmp(vendor, "0x1af4");
	free(path);
	f->up = !isnan(of_interface(interface, "carrier"));	/* EINVAL while it is down */
	f->carrier = of_interface(interface, "carrier") == 1;
	f->budget = number_in("/proc/sys/net/core/netdev_budget");
	f->budget_usecs = number_in("/proc/sys/net/core/netdev_budget_usecs");
	f->backlog = number_in("/proc/sys/net/core/netdev_max_backlog");
	f->rmem_default = number_in("/proc/sys/net/core/rmem_default");
	f->rmem_max = number_in("/proc/sys/net/core/rmem_max");
	f->conntrack_most = number_in("/proc/sys/net/netfilter/nf_conntrack_max");
	f->online = sysconf(_SC_NPROCESSORS_ONLN);
	f->root = !geteuid();
	f->hang_messages = hangs_in_log(interface);
	exam_around(f);
	if (read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", f->clock,
		      sizeof(f->clock)))
		*f->clock = '\0';
	return 0;
}
