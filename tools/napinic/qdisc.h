/* SPDX-License-Identifier: GPL-2.0 */
/* Traffic control of an interface: qdiscs, classes, filters, as the kernel tells them. */
#ifndef NAPINIC_QDISC_H
#define NAPINIC_QDISC_H

#include <linux/netlink.h>
#include <stdio.h>

#include "util.h"

/*
 * "qdisc IF HEX", "class IF HEX", "filter IF HEX": one line for each that was set by
 * hand, a netlink message without the interface's index in it. Those that the kernel
 * cannot be given back as it tells them are left out, see qdiscs_lost().
 */
void save_qdiscs(FILE *out, const char *name);

/* "qdisc KIND HANDLE of IF" and the like: those that save_qdiscs() leaves out. */
void qdiscs_lost(FILE *out, const char *name);

/* The lines of save_qdiscs(), added to a list. */
void list_qdiscs(struct list *lines, const char *name);

/* The kind of one, from its netlink message ("htb"); "" when it has none, or it is not text. */
const char *qdisc_kind(const struct nlmsghdr *msg);

/* Is this the HEX of such a line? */
bool is_qdisc(const char *hex);

/* putqdisc.c */
/* Bring back the lines "qdisc IF HEX", ... of a list, whichever order they need; empties it. */
void put_qdiscs(struct list *lines);

#endif
