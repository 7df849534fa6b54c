/* SPDX-License-Identifier: GPL-2.0 */
/* The number of a network interface, by which firewalls and others may know it. */
#ifndef NAPINIC_INDEX_H
#define NAPINIC_INDEX_H

#include <stdbool.h>

/* Does this kernel give an interface the index that is asked for? (Linux 5.13) */
bool index_can_be_kept(void);

/*
 * Give the interface of the PCI device pci the index that it had under another
 * driver. The kernel changes an index only when an interface enters a network
 * namespace, so it leaves this one for a moment and comes back; it must be down,
 * or is taken down, and has no addresses yet. Does nothing where the kernel cannot.
 * Returns -1 with the reason kept; the interface is back with another index then.
 */
int index_put(const char *pci, int index);

#endif
