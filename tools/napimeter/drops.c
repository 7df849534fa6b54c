// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drops.h"
#include "util.h"

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 ask;
};

/* All UDP sockets on the port of this one. */
static int make_question(struct question *q, int fd)
{
	struct sockaddr_in6 here = { 0 };
	socklen_t len = sizeof(here);

	if (getsockname(fd, (struct sockaddr *)&here, &len))
		return -1;
	*q = (struct question){
		.head = { .nlmsg_len = sizeof(*q), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.ask = { .sdiag_family = here.sin6_family, .sdiag_protocol = IPPROTO_UDP,
			 .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1), .idiag_states = ~0U },
	};
	q->ask.id.idiag_sport = here.sin6_port;
	return 0;
}

static double drops_in(const struct nlmsghdr *head)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(head);
	int left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*msg));
	const struct rtattr *attr = (const void *)(msg + 1);
	uint32_t info[SK_MEMINFO_VARS];

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != INET_DIAG_SKMEMINFO || RTA_PAYLOAD(attr) < sizeof(info))
			continue;
		memcpy(info, RTA_DATA(attr), sizeof(info));
		return info[SK_MEMINFO_DROPS];
	}
	return NAN;
}

/* True: this was the last part of the answer. */
static bool look_through(const void *part, ssize_t got, ino_t inode, double *drops)
{
	const struct nlmsghdr *head = part;

	for (; NLMSG_OK(head, got); head = NLMSG_NEXT(head, got)) {
		const struct inet_diag_msg *msg = NLMSG_DATA(head);

		if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return true;	/* done, or an error */
		if (head->nlmsg_len >= NLMSG_LENGTH(sizeof(*msg)) && msg->idiag_inode == inode)
			*drops = drops_in(head);
	}
	return false;
}

double drops_of(int fd)
{
	_Alignas(struct nlmsghdr) char part[8192];
	struct timeval patience = { .tv_sec = 1 };
	double drops = NAN;
	struct question q;
	struct stat st;
	ssize_t got;
	int diag;

	if (fd < 0 || fstat(fd, &st) || make_question(&q, fd))
		return NAN;
	diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		return NAN;
	setsockopt(diag, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(diag, &q, sizeof(q), 0) == sizeof(q))
		do
			got = recv(diag, part, sizeof(part), 0);
		while (got > 0 && !look_through(part, got, st.st_ino, &drops));
	close(diag);
	return drops;
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
