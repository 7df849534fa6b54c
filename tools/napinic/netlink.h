/* SPDX-License-Identifier: GPL-2.0 */
/* Questions to the kernel's routing socket, where ip and tc cannot ask them. */
#ifndef NAPINIC_NETLINK_H
#define NAPINIC_NETLINK_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>

/* Room for one request: the largest attribute is 64 KB. */
#define NL_MAX (80 * 1024)

/* A request of this type, flags beside NLM_F_REQUEST, and a header of len bytes (caller frees). */
struct nlmsghdr *nl_new(int type, int flags, const void *header, size_t len);

/* One more attribute; those that do not fit are left out, and the kernel refuses the rest. */
void nl_add(struct nlmsghdr *msg, int type, const void *data, size_t len);

/* A socket in the present network namespace; -1 with the reason kept. */
int nl_open(void);

/*
 * Send msg and wait for its end: each(answer, data) is called for every answer of a
 * dump. Returns 0, or the kernel's error as a negative errno.
 */
int nl_ask(int fd, struct nlmsghdr *msg, void (*each)(const struct nlmsghdr *answer, void *data),
	   void *data);

#endif
