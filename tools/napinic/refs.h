/* SPDX-License-Identifier: GPL-2.0 */
/* References to a NIC, and parts of it, that do not come back with it. */
#ifndef NAPINIC_REFS_H
#define NAPINIC_REFS_H

#include <stdio.h>

#include "util.h"

/*
 * One line for each rule and set of nftables (as `nft -j list ruleset` tells them) that
 * knows one of these interfaces by its index: where the index cannot be kept they match
 * it no more.
 */
void nft_refs(FILE *out, json_t *ruleset, const struct list *names);

/*
 * The same of this moment, if the kernel cannot keep the index; and tc filters of other
 * interfaces that send to one of these, which do not find it again in any case.
 */
int refs(FILE *out, const char *name);

/*
 * Rules that go away with the interface or its VLANs, as a script for `nft -f` that makes it
 * again: chains that hang on one of them, and their places in flowtables.
 */
int hooks(FILE *out, const char *name);

/* "qdisc KIND HANDLE of IF" and the like, of an interface and its VLANs: what does not come back. */
int lost(FILE *out, const char *name);

#endif
