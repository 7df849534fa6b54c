/* SPDX-License-Identifier: GPL-2.0 */
/* ethtool's settings, read through its ioctls. */
#ifndef NAPINIC_ETHTOOL_H
#define NAPINIC_ETHTOOL_H

/*
 * "name value name value..." (caller frees) in the words that `ethtool -OPT IF`
 * takes, for opt K (features), G (rings), A (pause), C (coalescing) or s (speed
 * and wake-on); empty when the driver has no such settings. The weight
 * (rx-frames-irq) is left out, it belongs to one driver only.
 */
char *ethtool_pairs(char opt, const char *name);

#endif
