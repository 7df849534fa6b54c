/* SPDX-License-Identifier: GPL-2.0 */
/* Devices on top of a NIC, and peers reached over it. */
#ifndef NAPINIC_REACH_H
#define NAPINIC_REACH_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Why the network device of name cannot be taken away: what would be lost for
 * good (caller frees); NULL when all of it can be brought back, or when ip failed,
 * which is kept.
 */
char *obstacle(const char *name);

/*
 * "default|ssh ADDRESS DEVICE" lines, sorted, for the gateways of default routes
 * and for ssh_peer (ADDRESS or ADDRESS%DEVICE, or NULL) that are reached over name,
 * its VLANs, or a bridge, bond or VRF that it is in; ADDRESS is - for a default
 * route without a gateway. Returns -1 with the reason kept.
 */
int peers(FILE *out, const char *name, const char *ssh_peer);

/* Did this neighbour answer not long ago? */
bool is_neighbour(const char *address, const char *dev);

#endif
