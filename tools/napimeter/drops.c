// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "drops.h"

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 ask;
};

/* False: the kernel did not tell what the socket has dropped. */
static bool read_memory(const struct nlmsghdr *head, struct drops_socket *s)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(head);
	int left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg));
	const struct rtattr *attr = (const void *)(msg + 1);
	uint32_t info[SK_MEMINFO_VARS];

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != INET_DIAG_SKMEMINFO || RTA_PAYLOAD(attr) < sizeof(info))
			continue;
		memcpy(info, RTA_DATA(attr), sizeof(info));
		s->drops = info[SK_MEMINFO_DROPS];
		s->held = info[SK_MEMINFO_RMEM_ALLOC];
		s->room = info[SK_MEMINFO_RCVBUF];
		return true;
	}
	return false;
}

static bool read_socket(const struct nlmsghdr *head, int protocol, struct drops_socket *s)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(head);

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*msg)))
		return false;
	*s = (struct drops_socket){ .inode = msg->idiag_inode, .family = msg->idiag_family,
				    .protocol = protocol, .state = msg->idiag_state,
				    .port = ntohs(msg->id.idiag_sport), .waiting = msg->idiag_rqueue,
				    .most_waiting = msg->idiag_wqueue };
	s->loopback = s->family == AF_INET ? ntohl(msg->id.idiag_src[0]) >> 24 == IN_LOOPBACKNET :
		      IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)msg->id.idiag_src);
	return read_memory(head, s);
}

int drops_each(int family, int protocol, uint16_t port,
	       void (*found)(void *to, const struct drops_socket *), void *to)
{
	struct question q = {
		.head = { .nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.ask = { .sdiag_family = family, .sdiag_protocol = protocol, .id.idiag_sport = port,
			 .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1), .idiag_states = ~0U },
	};
	_Alignas(struct nlmsghdr) char part[32768];
	struct timeval patience = { .tv_sec = 1 };
	const struct nlmsghdr *head;
	struct drops_socket s;
	ssize_t got = -1;
	int diag, err = 1;

	diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		return -1;
	setsockopt(diag, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(diag, &q, sizeof(q), 0) != sizeof(q))
		err = -1;
	while (err > 0 && (got = recv(diag, part, sizeof(part), 0)) > 0)
		for (head = (const void *)part; err > 0 && NLMSG_OK(head, got);
		     head = NLMSG_NEXT(head, got)) {
			if (head->nlmsg_type == NLMSG_DONE)
				err = 0;
			else if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				err = -1;
			else if (read_socket(head, protocol, &s))
				found(to, &s);
		}
	close(diag);
	return err ? -1 : 0;
}

struct wanted {
	ino_t inode;
	double drops;
};

static void take_wanted(void *to, const struct drops_socket *s)
{
	struct wanted *w = to;

	if (s->inode == w->inode)
		w->drops = s->drops;
}

double drops_of(int fd)
{
	struct wanted w = { .drops = NAN };
	struct sockaddr_in6 here = { 0 };
	socklen_t len = sizeof(here);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || getsockname(fd, (struct sockaddr *)&here, &len))
		return NAN;
	w.inode = st.st_ino;
	drops_each(here.sin6_family, IPPROTO_UDP, here.sin6_port, take_wanted, &w);
	return w.drops;
}

void drops_unread(int fd, double *data, double *ends)
{
	uint32_t number;
	ssize_t got;

	*data = *ends = 0;
	/* the kernel cuts off what the buffer has no room for */
	while ((got = recv(fd, &number, sizeof(number), MSG_DONTWAIT)) > 0) {
		if (got == sizeof(number) && (int32_t)ntohl(number) < 0)
			++*ends;
		else
			++*data;
	}
}
