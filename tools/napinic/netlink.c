// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "util.h"

struct nlmsghdr *nl_new(int type, int flags, const void *header, size_t len)
{
	struct nlmsghdr *msg = xalloc(NL_MAX);

	memset(msg, 0, NL_MAX);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_len = NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(msg), header, len);
	return msg;
}

void nl_add(struct nlmsghdr *msg, int type, const void *data, size_t len)
{
	struct rtattr *at = (struct rtattr *)((char *)msg + NLMSG_ALIGN(msg->nlmsg_len));

	if (NLMSG_ALIGN(msg->nlmsg_len) + RTA_SPACE(len) > NL_MAX || RTA_LENGTH(len) > UINT16_MAX)
		return;
	at->rta_type = type;
	at->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(at), data, len);
	msg->nlmsg_len = NLMSG_ALIGN(msg->nlmsg_len) + RTA_ALIGN(at->rta_len);
}

int nl_open(void)
{
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return fail("no routing socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* 1: more is to come; else the end of the answer to seq. */
static int take(const char *text, size_t size, __u32 seq,
		void (*each)(const struct nlmsghdr *answer, void *data), void *data)
{
	const struct nlmsghdr *msg = (const struct nlmsghdr *)text;

	for (; NLMSG_OK(msg, size); msg = NLMSG_NEXT(msg, size)) {
		if (msg->nlmsg_seq != seq)
			continue;
		if (msg->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(msg))->error;
		if (msg->nlmsg_type == NLMSG_DONE)
			return 0;
		if (each)
			each(msg, data);
	}
	return 1;
}

int nl_ask(int fd, struct nlmsghdr *msg, void (*each)(const struct nlmsghdr *answer, void *data),
	   void *data)
{
	static __u32 seq;
	char *text = xalloc(NL_MAX);
	ssize_t size;
	int err = 1;

	msg->nlmsg_seq = ++seq;
	/* NLM_F_REPLACE is a part of NLM_F_DUMP */
	if ((msg->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		msg->nlmsg_flags |= NLM_F_ACK;
	if (send(fd, msg, msg->nlmsg_len, 0) < 0)
		err = -errno;
	while (err == 1) {
		size = recv(fd, text, NL_MAX, 0);
		if (size < 0 && errno == EINTR)
			continue;
		err = size < 0 ? -errno : take(text, size, seq, each, data);
	}
	free(text);
	return err;
}
