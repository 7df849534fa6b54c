/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAPIMETER_META_H
#define NAPIMETER_META_H

#include "plan.h"

/*
 * meta.json: the machine, the NIC and the software a sweep ran on. Which hypervisor and
 * NIC that is, detect.sh --json says on stdin: it alone knows.
 */
int meta_write(const struct plan *plan, const char *command);
/* The probes' choice goes into it as "chosen"; takes the reference. */
int meta_chosen(const struct plan *plan, json_t *chosen);

/*
 * iperf here and on the server, "" if not to be found out. -1 with the reason
 * kept if one of them cannot be used.
 */
int iperf_versions(const struct plan *plan, char *guest, char *server, size_t len);
int parse_iperf_version(const char *text, char *version, size_t len);

#endif
