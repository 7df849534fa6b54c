/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings that a sweep changes, how to read and write them, and the state file that restores them.
 * A target is a device, not a name: an interface may be renamed meanwhile.
 */
#ifndef NAPIMETER_TUNESTATE_H
#define NAPIMETER_TUNESTATE_H

#include <stdint.h>

/* A file of the interface below /sys, by its device if it has one (caller frees). */
char *tune_device_file(const char *interface, const char *file);
/* How ethtool's settings name the interface: its PCI address, or its name. The same. */
char *tune_device(const char *interface);
/* The interface that this device has now (caller frees), NULL: none. */
char *tune_interface(const char *device);

/*
 * Change a setting of ethtool: rx_usecs, gro, ring_rx. What it was is recorded before, unless
 * it is the same.
 */
int tune_ethtool(const char *state, const char *name, const char *interface, uint32_t value);

#endif
