/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPINIC_PUT_H
#define NAPINIC_PUT_H

/*
 * Restore what save wrote (text, which check_text() has accepted). Every step checks
 * the current state first, so that it can be repeated, and can continue a killed run;
 * lifetimes have kept running. A step that fails is reported on stderr with its reason,
 * and the others are done. Returns how many failed.
 * Settings of the NIC whose names are in left (a NULL after the last: files below
 * /sys/class/net/IF, words of ethtool) are not touched.
 */
unsigned int put(const char *text, const char *const left[]);

#endif
