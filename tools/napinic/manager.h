/* SPDX-License-Identifier: GPL-2.0 */
/* NetworkManager and systemd-networkd, which configure a NIC again when it appears. */
#ifndef NAPINIC_MANAGER_H
#define NAPINIC_MANAGER_H

#include <stdio.h>
#include <time.h>

/* The manager that configured an interface, with what, and how the old one is distinguished from the new. */
struct manager {
	char who[16];		/* "networkmanager" or "networkd"; "": neither */
	char connection[64];	/* NetworkManager's UUID */
	long long number;	/* by which NetworkManager knew the device */
	time_t since;		/* when it went away, not earlier */
};

/* "manager networkmanager UUID NUMBER" or "manager networkd - 0", if one of them configured name. */
void save_manager(FILE *out, const char *name, long long index);

/*
 * Wait until the manager has configured name again, 20 s at most, so that only what it does
 * not know must be restored afterwards, and it does not flush that. Ask NetworkManager for a
 * connection that it does not bring up by itself.
 */
void wait_for_manager(const struct manager *manager, const char *name);

#endif
