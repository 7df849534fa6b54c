// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "napi.h"

/* Of include/uapi/linux/netdev.h, which the headers of older systems lack */
enum { CMD_NAPI_GET = 11, CMD_NAPI_SET = 14 };
enum { A_NAPI_IFINDEX = 1, A_NAPI_ID = 2, A_NAPI_IRQ_SUSPEND_TIMEOUT = 7 };

#define NAPIS_MAX 64

struct request {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char room[64];
};

struct napis {
	unsigned int count;
	uint32_t id[NAPIS_MAX];
	uint32_t suspend_ns;	/* of the last one: they are set alike */
	bool known;
};

static void begin(struct request *q, uint16_t family, uint16_t flags, uint8_t cmd)
{
	memset(q, 0, sizeof(*q));
	q->head = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family,
				     .nlmsg_flags = NLM_F_REQUEST | flags };
	q->genl = (struct genlmsghdr){ .cmd = cmd, .version = 1 };
}

static void add(struct request *q, uint16_t type, const void *data, uint16_t size)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };
	char *end = (char *)q + NLMSG_ALIGN(q->head.nlmsg_len);

	memcpy(end, &attr, sizeof(attr));
	memcpy(end + NLA_HDRLEN, data, size);
	q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) + NLA_ALIGN(attr.nla_len);
}

/* An attribute of an answer as a number; those of netdev's type uint are 4 or 8 bytes. */
static int number(const struct nlmsghdr *head, uint16_t type, uint64_t *value)
{
	const char *at = (const char *)NLMSG_DATA(head) + GENL_HDRLEN;
	const char *end = (const char *)head + head->nlmsg_len;
	struct nlattr attr;

	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || at + attr.nla_len > end)
			break;
		if ((attr.nla_type & NLA_TYPE_MASK) != type || attr.nla_len - NLA_HDRLEN > 8)
			continue;
		*value = 0;
		memcpy(value, at + NLA_HDRLEN, attr.nla_len - NLA_HDRLEN);
		return 0;
	}
	return -1;
}

static void take_napi(const struct nlmsghdr *head, struct napis *napis)
{
	uint64_t value;

	if (!number(head, A_NAPI_IRQ_SUSPEND_TIMEOUT, &value)) {
		napis->suspend_ns = value;
		napis->known = true;
	}
	if (napis->count < NAPIS_MAX && !number(head, A_NAPI_ID, &value))
		napis->id[napis->count++] = value;
}

/* Sends q, and takes what answers it until its end. 0, or -1 with errno. */
static int exchange(int fd, const struct request *q, uint64_t *family, struct napis *napis)
{
	_Alignas(struct nlmsghdr) char answer[16384];
	struct nlmsgerr err;
	ssize_t left;

	if (send(fd, q, q->head.nlmsg_len, 0) < 0)
		return -1;
	while ((left = recv(fd, answer, sizeof(answer), 0)) > 0) {
		const struct nlmsghdr *head = (const void *)answer;

		for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return 0;
			if (head->nlmsg_type == NLMSG_ERROR) {
				memcpy(&err, NLMSG_DATA(head), sizeof(err));
				errno = -err.error;
				return err.error ? -1 : 0;
			}
			if (family)
				number(head, CTRL_ATTR_FAMILY_ID, family);
			if (napis)
				take_napi(head, napis);
		}
	}
	return -1;
}

static int all_napis(int fd, const char *interface, uint16_t *family, struct napis *napis)
{
	uint32_t index = if_nametoindex(interface);
	uint64_t id = 0;
	struct request q;

	begin(&q, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	add(&q, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
	if (exchange(fd, &q, &id, NULL) || !id) {
		errno = EOPNOTSUPP;
		return -1;
	}
	*family = id;
	begin(&q, id, NLM_F_DUMP, CMD_NAPI_GET);
	add(&q, A_NAPI_IFINDEX, &index, sizeof(index));
	if (exchange(fd, &q, NULL, napis))
		return -1;
	if (!napis->known)
		errno = EOPNOTSUPP;
	return napis->known ? 0 : -1;
}

int napi_irq_suspend(const char *interface, const uint32_t *value, uint32_t *current)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), err, why;
	struct napis napis = { 0 };
	struct request q;
	uint16_t family;
	unsigned int i;

	if (fd < 0)
		return -1;
	err = all_napis(fd, interface, &family, &napis);
	*current = napis.suspend_ns;
	for (i = 0; !err && value && i < napis.count; i++) {
		begin(&q, family, NLM_F_ACK, CMD_NAPI_SET);
		add(&q, A_NAPI_ID, &napis.id[i], sizeof(*napis.id));
		add(&q, A_NAPI_IRQ_SUSPEND_TIMEOUT, value, sizeof(*value));
		err = exchange(fd, &q, NULL, NULL);
		*current = *value;
	}
	why = errno;
	close(fd);
	errno = why;
	return err;
}
