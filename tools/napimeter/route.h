/* SPDX-License-Identifier: GPL-2.0 */
/* Which NIC the traffic will come through, before there is any. */
#ifndef NAPIMETER_ROUTE_H
#define NAPIMETER_ROUTE_H

/*
 * 0 if this guest reaches the address by the interface, by one on top of it (VLAN, bridge,
 * bond), or by one that does not tell what it is on, and a datagram of that many bytes passes there
 * in one packet (0: there are none). Else -1 with the reason kept. For replies another host may
 * have other routes: each row is held to what the NIC took.
 */
int route_check(const char *address, const char *interface, unsigned int datagram);

/* Is the interface upper itself, or below it? sys: "/sys", except in tests. */
int route_is_on(const char *sys, const char *upper, const char *interface);

#endif
