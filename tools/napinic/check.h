/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPINIC_CHECK_H
#define NAPINIC_CHECK_H

#include <stddef.h>

/*
 * Is this text a whole state file of pci (of any NIC when NULL), in which every
 * step is one that save writes? put does what it says as root, and does nothing
 * of one that was edited. Splits nothing, changes nothing; returns -1 with
 * the reason, which names the line.
 */
int check_text(const char *text, size_t size, const char *pci);

/*
 * The text of a state file (caller frees): a file of the caller's that no other user
 * else may write, and that check_text() lets through. NULL with the reason kept.
 */
char *check_file(const char *path, const char *pci);

#endif
