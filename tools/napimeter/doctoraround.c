// SPDX-License-Identifier: GPL-2.0
/*
 * Things around the NIC that count no lost packets: an XDP program, a bridge, other namespaces
 * that packets go on to, and a bad hypervisor.
 */
#include <ctype.h>
#include <dirent.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "doctorjudge.h"

#define SHARE 0.05	/* of the packets: below it, ARP and the like are not told from a drop */
#define MOST 0.5	/* of the packets: protocols besides IP have no counter */
#define ENOUGH 50	/* packets a second, for the same reason */
#define GONE 0.2	/* of the forwarded packets: some are merged or refused on purpose */
#define OEM_STRINGS "/sys/firmware/dmi/entries/11-0/raw"

/*
 * Versions whose e1000 is publicly known to be bad. Without a version: the guest cannot read
 * it, so this is said only where the transmitter hung. docs/doctor.md has the same table.
 */
static const struct known_bad {
	const char *hypervisor, *version, *what, *source;
} known_bad[] = {
	{ "VirtualBox", "5.1.10", "its e1000 stops sending; 5.1.12 does not",
	  "github.com/AnarchyLinux/installer/issues/92" },
	{ "VMware", "", "The same is reported of Workstation 17.6.3 and ESXi 6.7 U3, and helped by another NIC model (vmxnet3)",
	  "github.com/home-assistant/operating-system/issues/4120" },
	{ "QEMU", "", "The same is reported of QEMU 8.2.2, and helped by another NIC model (virtio)",
	  "github.com/home-assistant/operating-system/issues/4120" },
};

/* ---- reading ---- */

/* Of an answer to RTM_GETLINK; 0: no XDP program is attached. */
static uint32_t xdp_in(struct ifinfomsg *info, int left)
{
	struct rtattr *attr = IFLA_RTA(info), *in;
	uint32_t id = 0;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		int part = RTA_PAYLOAD(attr);

		if ((attr->rta_type & NLA_TYPE_MASK) != IFLA_XDP)
			continue;
		/* where several are attached, PROG_ID is not there, and one of the others is */
		for (in = RTA_DATA(attr); RTA_OK(in, part); in = RTA_NEXT(in, part))
			if (in->rta_type >= IFLA_XDP_PROG_ID && in->rta_type <= IFLA_XDP_HW_PROG_ID &&
			    RTA_PAYLOAD(in) >= sizeof(id))
				memcpy(&id, RTA_DATA(in), sizeof(id));
	}
	return id;
}

static uint32_t xdp_of(const char *interface)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} q = { .head = { .nlmsg_len = sizeof(q), .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_index = if_nametoindex(interface) } };
	_Alignas(struct nlmsghdr) char part[32768];
	struct nlmsghdr *head = (void *)part;
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint32_t id = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, &q, sizeof(q), 0) == sizeof(q)) {
		got = recv(fd, part, sizeof(part), 0);
		if (got > 0 && NLMSG_OK(head, got) && head->nlmsg_type == RTM_NEWLINK)
			id = xdp_in(NLMSG_DATA(head), IFLA_PAYLOAD(head));
	}
	close(fd);
	return id;
}

/* Network namespaces that processes live in, besides ours; one of these processes. */
static size_t other_namespaces(int *pid)
{
	DIR *dir = opendir("/proc");
	struct stat own, one;
	ino_t seen[64];
	size_t n = 0, i;
	struct dirent *entry;

	*pid = 0;
	if (stat("/proc/self/ns/net", &own))
		own.st_ino = 0;
	while (dir && (entry = readdir(dir)) && n < ARRAY_SIZE(seen)) {
		char *path;
		int err;

		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		path = xasprintf("/proc/%s/ns/net", entry->d_name);
		err = stat(path, &one);
		free(path);
		if (err || one.st_ino == own.st_ino)
			continue;
		for (i = 0; i < n && seen[i] != one.st_ino; i++)
			;
		if (i < n)
			continue;
		seen[n++] = one.st_ino;
		if (n == 1)
			*pid = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return n;
}

void exam_vbox_version(char *version, size_t size, const char *raw, size_t len)
{
	static const char mark[] = "vboxVer_";
	size_t at, n = 0;

	*version = '\0';
	for (at = 0; at + strlen(mark) < len; at++)
		if (!memcmp(raw + at, mark, strlen(mark)))
			break;
	for (at += strlen(mark); at < len && (isdigit((unsigned char)raw[at]) || raw[at] == '.') &&
	     n + 1 < size; at++)
		version[n++] = raw[at];
	version[n] = '\0';
}

static void read_hypervisor(struct exam_facts *f)
{
	char vendor[64] = "", product[64] = "";
	ssize_t len = 0;
	char *raw;
	FILE *file;

	if (read_line("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)))
		*vendor = '\0';
	if (read_line("/sys/class/dmi/id/product_name", product, sizeof(product)))
		*product = '\0';
	f->hypervisor = strstr(vendor, "innotek") || !strcmp(product, "VirtualBox") ? "VirtualBox" :
			strstr(vendor, "VMware") ? "VMware" : strstr(vendor, "QEMU") ? "QEMU" : "";
	if (strcmp(f->hypervisor, "VirtualBox"))
		return;
	file = fopen(OEM_STRINGS, "re");
	raw = must(calloc(1, 4096));
	if (file) {
		len = fread(raw, 1, 4096, file);
		fclose(file);
	}
	exam_vbox_version(f->version, sizeof(f->version), raw, len);
	free(raw);
}

void exam_around(struct exam_facts *f)
{
	char *path = xasprintf("/sys/class/net/%s/master", f->interface), to[256], *name;
	ssize_t len = readlink(path, to, sizeof(to) - 1);

	free(path);
	if (len > 0) {
		to[len] = '\0';
		name = strrchr(to, '/');
		snprintf(f->master, sizeof(f->master), "%.15s", name ? name + 1 : to);
	}
	f->above = exam_has_upper(f->interface);
	path = xasprintf("/sys/class/net/%s/flags", f->interface);
	if (!read_line(path, to, sizeof(to)))
		f->promiscuous = strtoul(to, NULL, 0) & IFF_PROMISC;
	free(path);
	f->xdp = xdp_of(f->interface);
	f->namespaces = other_namespaces(&f->namespace_pid);
	read_hypervisor(f);
}

/* ---- judging ---- */

/* Packets that came and did not get to IP; a lower bound: IP counts those of other NICs too. */
static double before_ip(const struct patient *p)
{
	double lo = strcmp(p->facts.interface, "lo") ? GREW(p, lo_received) : 0;

	return GREW(p, received) - fmax(GREW(p, ip_packets) - lo, 0);
}

static void judge_xdp(struct diagnosis *d, const struct patient *p)
{
	double gone = before_ip(p);
	struct finding *f;

	if (*p->facts.master || gone < 10 || gone < SHARE * GREW(p, received)) {
		finding_add(d, "xdp", 0, "An XDP program (id %u) sees each packet first; its drops have no counter.",
			    p->facts.xdp)->harmless = true;
		return;
	}
	f = finding_add(d, "xdp", gone, "They came and did not get to IP: the XDP program with the id %u takes them.",
			p->facts.xdp);
	finding_next(f, "bpftool prog show id %u", p->facts.xdp);
}

/* Only where no other part of the kernel is known to take them. */
static void judge_before_ip(struct diagnosis *d, const struct patient *p)
{
	const struct exam_facts *x = &p->facts;
	double gone = before_ip(p), queue = 0;
	struct finding *f;
	size_t i;

	if (x->above || x->promiscuous || *x->master)
		return;
	for (i = 0; i < p->after.cpus; i++)
		queue += p->after.cpu[i].dropped - exam_cpu_before(p, i)->dropped;
	/* rx_dropped of most kernels holds the drops of tc and of the queue */
	gone -= fmax(GREW(p, unwanted), GREW(p, ingress) + queue);
	if (gone < MOST * GREW(p, received) || gone < ENOUGH * (p->after.mono - p->before.mono) / 1e9)
		return;
	f = finding_add(d, "before-ip", gone, "They came and did not get to IP: tc or an nft netdev hook takes them, or they are of another protocol, VLAN or MAC address.");
	finding_next(f, "tc filter show dev %s ingress; nft list ruleset", x->interface);
}

/* Newer kernels count a forwarded packet before the firewall sees it. */
static double judge_way_out(struct diagnosis *d, const struct patient *p)
{
	double on = GREW(p, forwarded), lost = on - links_sent(p);
	struct finding *f;

	if (lost < GONE * on || lost <= few_packets(p))
		return on;
	f = finding_add(d, "filter", lost, "They were forwarded and no interface sent them: a firewall drops them on the way out, or the next host does not answer ARP.");
	finding_next(f, "nft list ruleset | grep -w -e drop -e reject -e limit; ip neigh");
	judge_shared(f, p, 0);
	return on - lost;
}

static void judge_forwarded(struct diagnosis *d, const struct patient *p)
{
	const struct exam_facts *x = &p->facts;
	char to[64] = "were forwarded";
	struct finding *f;
	double on;

	on = judge_way_out(d, p);
	if (*x->master)
		on = GREW(p, received);
	if (!(on > 0))
		return;
	if (*x->master)
		snprintf(to, sizeof(to), "went to %s, which %s is a part of", x->master, x->interface);
	f = finding_add(d, "forwarded", 0, "%.0f packets %s. Losses behind that, in containers or on other machines, are not seen here",
			on, to);
	f->harmless = true;
	if (!x->namespaces) {
		finding_limit(f, NULL, ".");
		return;
	}
	finding_limit(f, NULL, ": look in the %zu other network namespaces too.", x->namespaces);
	finding_next(f, "ip -a netns; nsenter -n -t %d nstat -az UdpRcvbufErrors TcpExtListenDrops",
		     x->namespace_pid);
}

static void judge_hypervisor(struct diagnosis *d, const struct patient *p)
{
	const struct exam_facts *x = &p->facts;
	struct finding *f;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(known_bad); i++) {
		const struct known_bad *b = &known_bad[i];

		if (strcmp(b->hypervisor, x->hypervisor))
			continue;
		for (k = 0; k < d->count && !*b->version; k++)
			if (!strcmp(d->finding[k].place, "transmitter"))
				finding_limit(&d->finding[k], "host", " %s (%s).", b->what, b->source);
		if (!*b->version || strcmp(b->version, x->version))
			continue;
		f = finding_add(d, "hypervisor", 0, "%s %s is known to be bad for this NIC: %s (%s).", b->hypervisor,
				b->version, b->what, b->source);
		f->limit = "host";
		finding_next(f, "on the host: update %s", b->hypervisor);
	}
}

void judge_around(struct diagnosis *d, const struct patient *p)
{
	if (p->facts.xdp)
		judge_xdp(d, p);
	else
		judge_before_ip(d, p);
	judge_forwarded(d, p);
	judge_hypervisor(d, p);
}
