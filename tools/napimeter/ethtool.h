/* SPDX-License-Identifier: GPL-2.0 */
/* Reads and writes of a NIC's settings by ethtool's ioctl. */
#ifndef NAPIMETER_ETHTOOL_H
#define NAPIMETER_ETHTOOL_H

/* command: a structure of linux/ethtool.h with its cmd. 0, or -1 with errno set. */
int ethtool_ask(const char *interface, void *command);

/*
 * One of `ethtool -S`, or the sum of those that match the pattern, as of fnmatch(); NaN if the
 * driver has none of this name.
 */
double ethtool_stat(const char *interface, const char *pattern);

#endif
