/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UNIT_LINUX_BITOPS_H
#define UNIT_LINUX_BITOPS_H

/* Position of the highest set bit, from 0; one is set */
static inline unsigned long __fls(unsigned long x)
{
	return 8 * sizeof(x) - 1 - __builtin_clzl(x);
}

#endif
