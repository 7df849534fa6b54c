/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses, neighbours and routes: from ip's JSON to the arguments of ip. */
#ifndef NAPINIC_ADDRESS_H
#define NAPINIC_ADDRESS_H

#include <stdio.h>

#include "util.h"

/*
 * "addr IF VALID PREFERRED ARGUMENT..." for each address of a link that the
 * kernel does not make by itself. IPv4 in the kernel's order (it decides which
 * are secondary), IPv6 backwards (the newest is listed first).
 */
void save_addresses(FILE *out, json_t *link);

/* The permanent neighbours of an interface, or with proxy its proxies. */
void save_neighbours(FILE *out, json_t *neighbours, const char *name, bool proxy);

/*
 * "4 ARGUMENT..." or "6 ...": every route, in any table, that leaves through a
 * device of tree or has one of their addresses as its source, but those that
 * the kernel makes by itself. Those with a gateway come last: they need the
 * route to it. text: the lines that `ip -o` prints of the same routes; or NULL.
 */
void routes_of(json_t *links, const struct list *tree, const char *family, json_t *routes,
	       const char *text, struct list *found);

/* The same, of this moment; -1 with the reason kept. */
int routes_now(json_t *links, const struct list *tree, struct list *found);

#endif
