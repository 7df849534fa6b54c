/* SPDX-License-Identifier: GPL-2.0 */
/* What a NIC has, or others have of it, that does not come back with it. */
#ifndef NAPINIC_REFS_H
#define NAPINIC_REFS_H

#include <stdio.h>

#include "util.h"

/*
 * One line for each rule, set, chain and flowtable of nftables (as `nft -j list
 * ruleset` tells them) that knows one of these interfaces by its index, or hangs
 * on it: a new network device has another index, and they match it no more.
 */
void nft_refs(FILE *out, json_t *ruleset, const struct list *names);

/* The same of this moment, and of tc filters of other interfaces that send to one of them. */
int refs(FILE *out, const char *name);

/* "qdisc KIND HANDLE of IF": those of an interface and its VLANs that were set by hand. */
int lost(FILE *out, const char *name);

#endif
