/* SPDX-License-Identifier: GPL-2.0 */
/* The links of this network namespace, as `ip -json -details address show` tells. */
#ifndef NAPINIC_LINK_H
#define NAPINIC_LINK_H

#include <stdio.h>

#include "util.h"

/* The same array (caller decrefs), or NULL with the reason kept. */
json_t *links_now(void);
/* The link with this name, or NULL. */
json_t *link_named(json_t *links, const char *name);
/* vlan, bridge, macvlan, ...: "unknown" for a device without a kind. */
const char *link_kind(json_t *links, const char *name);
/* Name of the interface of a PCI device (caller frees), or NULL. */
char *pci_netdev(const char *pci);

/* Call each(name, data) for all that stands directly on name, in order of their names. */
void each_upper(const char *name, void (*each)(const char *upper, void *data), void *data);
/* name, then the VLANs on top of it, each after what it stands on. */
void nic_tree(json_t *links, const char *name, struct list *tree);

/* "vlan IF ...": the `ip link add` arguments that make this VLAN again. */
void save_vlan(FILE *out, json_t *link);
/* Its other names, and the flags that a new interface does not have. */
void save_flags(FILE *out, json_t *link);

#endif
