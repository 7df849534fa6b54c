// SPDX-License-Identifier: GPL-2.0
/* Any bytes as a driver's snapshot, iperf's report, and pktgen's and the kernel's files. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "meta.h"
#include "snapshot.h"
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = xcalloc(len + 1, 1), version[32];
	struct snapshot s, d;
	struct counters c = { 0 };
	struct traffic t = { 0 };
	struct row spec = { 0 };
	struct cpu_times cpu;
	double a, b;

	memcpy(text, bytes, len);
	if (!snapshot_parse(&s, text)) {
		if (!snapshot_delta(&d, &s, &s)) {
			free(snapshot_csv(&d, 1));
			snapshot_free(&d);
		}
		free(snapshot_csv(&s, 1));
		snapshot_free(&s);
	}
	row_set(&spec, COL_datagram, "1470");
	row_set(&spec, COL_protocol, "%s", len % 2 ? "udp" : "tcp");
	if (!parse_iperf(text, &spec, &t) && !check_traffic(&t, &spec, 1)) {
		row_set_number(&spec, COL_seconds, t.seconds);
		if (!(row_number(&spec, COL_seconds) >= 0))
			abort();
	}
	parse_iperf_version(text, version, sizeof(version));
	parse_pktgen(text, &a, &b);
	parse_softnet(&c, text);
	parse_snmp(text, "Udp", "InErrors");
	parse_stat(&cpu, text, 100);
	row_set(&spec, COL_reason, "%s", text);
	if (strpbrk(row_text(&spec, COL_reason), "\033\n\r\a\177"))
		abort();
	free(text);
	return 0;
}
