/* SPDX-License-Identifier: GPL-2.0 */
/* Settings that belong to a NAPI and not to its device (Linux 6.13 on), by netlink. */
#ifndef NAPIMETER_NAPI_H
#define NAPIMETER_NAPI_H

#include <stdint.h>

/*
 * irq-suspend-timeout of the interface's NAPIs, in ns: how long interrupts stay off while an
 * application that polls finds packets (Documentation/networking/napi.rst). value: to be set,
 * NULL: only read into *current. 0, or -1 with errno; EOPNOTSUPP: this kernel has none.
 */
int napi_irq_suspend(const char *interface, const uint32_t *value, uint32_t *current);

#endif
