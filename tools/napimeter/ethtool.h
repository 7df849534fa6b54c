/* SPDX-License-Identifier: GPL-2.0 */
/* Reads and writes of a NIC's settings by ethtool's ioctl, and of its NAPI. */
#ifndef NAPIMETER_ETHTOOL_H
#define NAPIMETER_ETHTOOL_H

#include <stdint.h>

/* command: a structure of linux/ethtool.h with its cmd. 0, or -1 with errno set. */
int ethtool_ask(const char *interface, void *command);

/*
 * One of `ethtool -S`, or the sum of those that match the pattern, as of fnmatch(); NaN if the
 * driver has none of this name.
 */
double ethtool_stat(const char *interface, const char *pattern);

/* A setting that is a number and not a file: rx_usecs, weight, gro, ring_rx, irq_suspend_timeout. */
struct nic_setting;
const struct nic_setting *nic_setting_of(const char *name);	/* NULL: there is none */
/* NULL value: read into *current; else set. -1 with errno and the reason kept. */
int nic_setting_value(const struct nic_setting *setting, const char *interface,
		      const uint32_t *value, uint32_t *current);

#endif
