// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "ethtool.h"

/* One line per CPU, hexadecimal: processed, dropped, time_squeeze, ... */
void parse_softnet(struct counters *c, const char *text)
{
	unsigned int dropped, squeeze;

	c->backlog_dropped = c->time_squeeze = 0;
	for (; text && *text; text = next_line(text)) {
		if (sscanf(text, "%*x %x %x", &dropped, &squeeze) != 2)
			continue;
		c->backlog_dropped += dropped;
		c->time_squeeze += squeeze;
	}
}

/* /proc/net/snmp: a line of names, then a line of values, both "Udp: ...". */
double parse_snmp(const char *text, const char *protocol, const char *name)
{
	size_t len = strlen(protocol);
	const char *names = NULL;
	int column = 0, i;

	for (; text && *text; text = next_line(text)) {
		if (strncmp(text, protocol, len) || text[len] != ':')
			continue;
		if (!names) {
			const char *p = names = text + len + 1;
			size_t name_len = strlen(name);

			for (i = 1; *p == ' '; i++) {
				size_t n = strcspn(++p, " \n");

				if (n == name_len && !strncmp(p, name, n))
					column = i;
				p += n;
			}
			continue;
		}
		for (text += len + 1, i = 1; *text == ' '; i++) {
			char *end;
			double value = strtoll(text, &end, 10);

			if (end == text)
				return NAN;
			if (i == column)
				return value;
			text = end;
		}
		return NAN;
	}
	return NAN;
}

double parse_snmp6(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text && *text; text = next_line(text))
		if (!strncmp(text, name, len) && strchr(" \t", text[len]))
			return strtoll(text + len, NULL, 10);
	return NAN;
}

int parse_stat(struct cpu_times *c, const char *text, double ticks)
{
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal = 0;
	unsigned int cpu;

	if (sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64, &user, &nice, &system, &idle, &iowait,
		   &irq, &softirq, &steal) < 7)
		return fail("/proc/stat: cannot read its first line");
	c->idle = (idle + iowait) / ticks;
	c->softirq = softirq / ticks;
	c->system = (system + irq) / ticks;
	c->steal = steal / ticks;
	for (c->cpus = 0; (text = strstr(text, "\ncpu")); text++)
		c->cpus += sscanf(text, "\ncpu%u", &cpu) == 1;
	return 0;
}

static double or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

static int read_udp(struct counters *c)
{
	char *v4 = read_file("/proc/net/snmp");
	char *v6, *more;

	if (!v4)
		return -1;
	c->udp_delivered = parse_snmp(v4, "Udp", "InDatagrams");
	c->udp_errors = parse_snmp(v4, "Udp", "InErrors");
	c->udp_no_port = parse_snmp(v4, "Udp", "NoPorts");
	c->udp_csum = or_zero(parse_snmp(v4, "Udp", "InCsumErrors"));
	c->filtered = or_zero(parse_snmp(v4, "Ip", "InDiscards")) +
		      or_zero(parse_snmp(v4, "Ip", "InAddrErrors"));
	free(v4);

	v6 = read_file("/proc/net/snmp6");	/* not there without IPv6 */
	if (v6) {
		c->udp_delivered += or_zero(parse_snmp6(v6, "Udp6InDatagrams"));
		c->udp_errors += or_zero(parse_snmp6(v6, "Udp6InErrors"));
		c->udp_no_port += or_zero(parse_snmp6(v6, "Udp6NoPorts"));
		c->udp_csum += or_zero(parse_snmp6(v6, "Udp6InCsumErrors"));
		c->filtered += or_zero(parse_snmp6(v6, "Ip6InDiscards")) +
			       or_zero(parse_snmp6(v6, "Ip6InAddrErrors"));
	}
	free(v6);
	more = read_file("/proc/net/netstat");
	if (more)
		c->filtered += or_zero(parse_snmp(more, "TcpExt", "IPReversePathFilter")) +
			       or_zero(parse_snmp(more, "IpExt", "InNoRoutes"));
	free(more);
	return 0;
}

static bool is_qemu_nic(const char *interface)
{
	char *path = xasprintf("/sys/class/net/%s/device/subsystem_vendor", interface);
	char vendor[16];
	bool qemu = !read_line(path, vendor, sizeof(vendor)) && !strcmp(vendor, "0x1af4");

	free(path);
	return qemu;
}

static int read_nic(struct counters *c, const char *interface)
{
	char *path = driver_file(interface, "snapshot");
	char *text = read_file(path);
	int err = -1;

	if (!text)
		fail("%s has no statistics of e1000_napi (%s); is the module loaded and the NIC handed to it? scripts/load.sh does that",
		     interface, failure());
	else
		err = snapshot_parse(&c->nic, text);
	free(text);
	free(path);
	return err;
}

static double read_number(const char *path)
{
	char line[32];

	return read_line(path, line, sizeof(line)) ? (double)NAN : strtod(line, NULL);
}

int cpu_read(struct cpu_times *cpu)
{
	char *text = read_file("/proc/stat");
	int err = text ? parse_stat(cpu, text, sysconf(_SC_CLK_TCK)) : -1;

	cpu->mono = mono_ns();
	cpu->real = real_ns();
	free(text);
	return err;
}

/*
 * On the real NIC reading MPC clears it and the driver adds up what it reads.
 * QEMU's e1000 (also Xen's) does not clear it, so there each read by
 * anybody adds all of MPC again, and the register is what a second read adds. The driver's own
 * read, every two seconds, may come between two of ours, but not between three.
 */
void read_missed(const char *interface, double *missed, double *kept)
{
	double again, third;

	*missed = or_zero(ethtool_stat(interface, "rx_missed_errors"));
	*kept = 0;
	if (!is_qemu_nic(interface))
		return;
	again = or_zero(ethtool_stat(interface, "rx_missed_errors"));
	third = or_zero(ethtool_stat(interface, "rx_missed_errors"));
	*kept = fmin(again - *missed, third - again);
}

int counters_read(struct counters *c, const char *interface)
{
	char *text, *path;
	int err;

	memset(c, 0, sizeof(*c));
	c->mono = mono_ns();
	if (read_nic(c, interface))
		return -1;
	read_missed(interface, &c->missed, &c->missed_kept);
	path = xasprintf("/sys/class/net/%s/carrier_changes", interface);
	c->carrier_changes = read_number(path);
	free(path);
	path = xasprintf("/sys/class/net/%s/carrier", interface);
	c->carrier = read_number(path) == 1;
	free(path);
	text = read_file("/proc/net/softnet_stat");
	if (text)
		parse_softnet(c, text);
	free(text);
	err = read_udp(c);
	err = cpu_read(&c->cpu) || err;
	if (err)
		counters_free(c);
	return err ? -1 : 0;
}

void counters_free(struct counters *c)
{
	snapshot_free(&c->nic);
}
