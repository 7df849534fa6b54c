// SPDX-License-Identifier: GPL-2.0
/* Any bytes as sweep.state: what is let through names only files that a sweep changes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = xcalloc(len + 1, 1), *line, *end;

	memcpy(text, bytes, len);
	if (!tune_check_state(text, len))
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (!strncmp(line, "file\t", 5) ?
			    strncmp(line + 5, "/sys/", 5) && strncmp(line + 5, "/proc/", 6) :
			    strncmp(line, "gro\t", 4) && strncmp(line, "rx_usecs\t", 9) &&
			    strncmp(line, "ring_rx\t", 8))
				abort();
			if (strstr(line, "/.."))
				abort();
		}
	free(text);
	return 0;
}
