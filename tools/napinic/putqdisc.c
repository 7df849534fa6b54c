// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "qdisc.h"
#include "step.h"

/* The request of a line, which is split (caller frees): "qdisc IF" is left of it. */
static struct nlmsghdr *request_of(char *line)
{
	char *name = strchr(line, ' ') + 1, *hex = strrchr(line, ' ');
	int type = *line == 'q' ? RTM_NEWQDISC : *line == 'c' ? RTM_NEWTCLASS : RTM_NEWTFILTER;
	struct nlmsghdr *msg;
	struct tcmsg *tc;
	unsigned char *at;

	*hex++ = '\0';
	msg = xalloc(NL_MAX);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | (type == RTM_NEWQDISC ? NLM_F_REPLACE : 0);
	for (at = NLMSG_DATA(msg); *hex; hex += 2) {
		char byte[] = { hex[0], hex[1], '\0' };

		*at++ = strtoul(byte, NULL, 16);
	}
	msg->nlmsg_len = at - (unsigned char *)msg;
	tc = NLMSG_DATA(msg);
	tc->tcm_ifindex = if_nametoindex(name);
	return msg;
}

/* u32 makes its first hash tables itself, as the first filter comes. */
static bool is_own_table(const struct nlmsghdr *msg)
{
	const struct tcmsg *tc = NLMSG_DATA(msg);

	return msg->nlmsg_type == RTM_NEWTFILTER && !strcmp(qdisc_kind(msg), "u32") &&
	       tc->tcm_handle >= 0x80000000 && !(tc->tcm_handle & 0xfffff);
}

/* Is what msg hangs on yet to be put back? htb would hang a class without its parent on the root. */
static bool waits(const struct nlmsghdr *msg, struct nlmsghdr *const requests[], size_t count)
{
	const struct tcmsg *tc = NLMSG_DATA(msg), *other;
	size_t i;

	for (i = 0; i < count; i++) {
		other = requests[i] ? NLMSG_DATA(requests[i]) : NULL;
		if (other && requests[i] != msg && requests[i]->nlmsg_type != RTM_NEWTFILTER &&
		    other->tcm_handle == tc->tcm_parent)
			return true;
	}
	return false;
}

/*
 * A filter that a killed restore has already restored may differ in its counts, and cannot be
 * replaced by itself: delete it and add it again.
 */
static int put_one(int socket, struct nlmsghdr *msg)
{
	int err = nl_ask(socket, msg, NULL, NULL);
	struct nlmsghdr *old;

	if (err != -EEXIST || msg->nlmsg_type != RTM_NEWTFILTER || is_own_table(msg))
		return err;
	old = nl_new(RTM_DELTFILTER, 0, NLMSG_DATA(msg), sizeof(struct tcmsg));
	nl_ask(socket, old, NULL, NULL);
	free(old);
	return nl_ask(socket, msg, NULL, NULL);
}

static void list_present(struct list *present, const char *line)
{
	char *name = xasprintf("%s", strchr(line, ' ') + 1);

	name[strcspn(name, " ")] = '\0';
	list_qdiscs(present, name);
	free(name);
}

void put_qdiscs(struct list *lines)
{
	size_t left = lines->count, before, i;
	int socket = left ? nl_open() : -1, err;
	struct nlmsghdr **requests = xalloc((left + 1) * sizeof(*requests));
	struct list present = { 0 };
	bool last = false;

	if (left)
		list_present(&present, lines->text[0]);
	for (i = 0; i < lines->count; i++) {
		/* an identical one exists: htb cannot be changed into itself */
		if (!list_has(&present, lines->text[i]))
			requests[i] = request_of(lines->text[i]);
		left -= !requests[i];
	}
	/* the kernel tells them in no order in which it takes them */
	while (left && socket >= 0) {
		before = left;
		for (i = 0; i < lines->count; i++) {
			if (!requests[i] || (!last && waits(requests[i], requests, lines->count)))
				continue;
			err = put_one(socket, requests[i]);
			if (err && !is_own_table(requests[i]) && !last)
				continue;
			if (err && !is_own_table(requests[i]))
				missed(lines->text[i], strerror(-err));
			free(requests[i]);
			requests[i] = NULL;
			left--;
		}
		last = left == before;
	}
	for (i = 0; i < lines->count; i++)
		free(requests[i]);
	free(requests);
	if (socket >= 0)
		close(socket);
	list_free(&present);
	list_free(lines);
}
