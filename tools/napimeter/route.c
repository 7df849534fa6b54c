// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"
#include "util.h"

#define DEEPEST 8	/* a bridge on a VLAN on a bond is three */

static int is_on(const char *sys, const char *upper, const char *interface, int depth)
{
	char *path = xasprintf("%s/class/net/%s", sys, upper);
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool tells = !strcmp(upper, "lo");
	int on = !strcmp(upper, interface);

	free(path);
	while (dir && on <= 0 && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, "device"))
			tells = true;
		if (strncmp(entry->d_name, "lower_", 6) || depth == DEEPEST)
			continue;
		tells = true;
		if (is_on(sys, entry->d_name + 6, interface, depth + 1) > 0)
			on = 1;
	}
	if (dir)
		closedir(dir);
	return on ? on : tells ? 0 : -1;
}

/* 1, 0, or -1: it has no known lower device, as a tunnel. */
int route_is_on(const char *sys, const char *upper, const char *interface)
{
	return is_on(sys, upper, interface, 0);
}

/* Of RTA_METRICS: what was learned of the path, 0: nothing. */
static unsigned int path_mtu(const struct rtattr *metrics)
{
	const struct rtattr *attr = RTA_DATA(metrics);
	unsigned int left = RTA_PAYLOAD(metrics), mtu = 0;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == RTAX_MTU)
			memcpy(&mtu, RTA_DATA(attr), sizeof(mtu));
	return mtu;
}

/* The index of the interface that the kernel sends by; 0: not known. *mtu: of the path, or 0. */
static unsigned int index_to(const struct sockaddr_storage *to, unsigned int *mtu)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg msg;
		char room[64];
	} q = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			  .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
		.msg = { .rtm_family = to->ss_family } };
	const void *address = to->ss_family == AF_INET ?
		(const void *)&((const struct sockaddr_in *)to)->sin_addr :
		(const void *)&((const struct sockaddr_in6 *)to)->sin6_addr;
	size_t size = to->ss_family == AF_INET ? 4 : 16;
	struct rtattr *attr = (void *)((char *)&q + NLMSG_ALIGN(q.head.nlmsg_len));
	_Alignas(struct nlmsghdr) char answer[4096];
	struct nlmsghdr *head = (void *)answer;
	unsigned int index = 0;
	int fd, left;
	ssize_t got;

	*attr = (struct rtattr){ .rta_type = RTA_DST, .rta_len = RTA_LENGTH(size) };
	memcpy(RTA_DATA(attr), address, size);
	q.msg.rtm_dst_len = 8 * size;
	q.head.nlmsg_len += RTA_LENGTH(size);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return 0;
	got = send(fd, &q, q.head.nlmsg_len, 0) < 0 ? -1 : recv(fd, answer, sizeof(answer), 0);
	close(fd);
	if (got < 0 || !NLMSG_OK(head, got) || head->nlmsg_type != RTM_NEWROUTE)
		return 0;
	attr = RTM_RTA(NLMSG_DATA(head));
	for (left = RTM_PAYLOAD(head); RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (attr->rta_type == RTA_OIF)
			memcpy(&index, RTA_DATA(attr), sizeof(index));
		else if (attr->rta_type == RTA_METRICS)
			*mtu = path_mtu(attr);
	return index;
}

/*
 * Packets are counted where they are lost, and a datagram in fragments is several of them.
 * by: the interface; mtu: of the path, 0: not known.
 */
static int check_size(unsigned int datagram, bool ipv6, const char *by, unsigned int mtu)
{
	char *path = xasprintf("/sys/class/net/%s/mtu", by), line[16];
	unsigned int headers = ipv6 ? 48 : 28;

	if (!read_line(path, line, sizeof(line)) && (!mtu || mtu > strtoul(line, NULL, 10)))
		mtu = strtoul(line, NULL, 10);
	free(path);
	if (!mtu || datagram + headers <= mtu)
		return 0;
	return fail("a datagram of %u bytes does not fit into one packet here (MTU %u), and fragments cannot be counted one by one: give --datagram %u, or less",
		    datagram, mtu, mtu > headers ? mtu - headers : 0);
}

int route_check(const char *address, const char *interface, unsigned int datagram)
{
	char name[IF_NAMESIZE];
	struct sockaddr_storage to;
	unsigned int mtu = 0;

	if (!*address)
		return check_size(datagram, false, interface, 0);
	if (parse_address(address, 1, &to) < 0)
		return -1;
	/* no route at all: the source will not answer, and the row says so */
	if (!if_indextoname(index_to(&to, &mtu), name))
		return 0;
	if (!route_is_on("/sys", name, interface))
		return fail("this guest reaches %s through %s, not %s: nothing would come through %s; see ip route get %s",
			    address, name, interface, interface, address);
	return check_size(datagram, to.ss_family == AF_INET6, name, mtu);
}
