/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPINIC_SAVE_H
#define NAPINIC_SAVE_H

#include <stdio.h>

/*
 * Write down how the interface of a PCI device is configured, so that put can
 * bring it back after the driver under it changed; driver is the one to go back
 * to. The network device goes away with its driver, and everything that hung on
 * it with it. Plain text, one step a line, in the order of replay:
 *   pci ADDRESS, name IF, driver DRIVER, uptime SECONDS   whose state this is
 *   index N                   by which firewalls may know it (index_put)
 *   manager WHO CONNECTION NUMBER  who configures it, when it appears (save_manager)
 *   set FILE VALUE            a file of /sys or /proc/sys
 *   ethtool OPT IF NAME VALUE...  what `ethtool -OPT` changes (ethtool_pairs)
 *   mac IF ADDRESS            hardware address
 *   altname IF NAME           one more name
 *   run COMMAND...            another command: ip link set, or ip neigh replace
 *   vlan IF ARGUMENT...       `ip link add` arguments that make this VLAN again
 *   qdisc|class|filter IF HEX  traffic control (save_qdiscs)
 *   up IF CARRIER             up, and link when CARRIER is 1
 *   irq MASK                  which CPUs take its interrupt
 *   addr IF VALID PREFERRED ARGUMENT...   `ip addr add` arguments and lifetimes
 *   route 4|6 ARGUMENT...     `ip route` arguments
 *   end                       without it the file is not whole
 * Nothing in it is ever evaluated by a shell: names cannot hold spaces, and the
 * lines are split at spaces only. Returns -1 with the reason kept.
 */
int save(FILE *out, const char *pci, const char *driver);

/* Seconds since boot, which no clock that is set can move. */
long long uptime_now(void);

#endif
