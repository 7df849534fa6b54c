/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's integer types, to build e1000_napi/hist.c in userspace. */
#ifndef UNIT_LINUX_TYPES_H
#define UNIT_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t u32;
/* As in the kernel, so that formats and warnings are the same */
typedef unsigned long long u64;

#endif
