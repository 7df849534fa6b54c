// SPDX-License-Identifier: GPL-2.0
/* Any bytes as a state file: what is let through names no other file, and no other program. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_line(const char *line)
{
	const char *c;

	for (c = line; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			abort();
	if (!strncmp(line, "set ", 4)) {
		const char *path = line + 4, *end = strchr(path, ' ');

		if (!end || memmem(path, end - path, "/../", 4) ||
		    (strncmp(path, "/sys/class/net/", 15) && strncmp(path, "/proc/sys/net/ipv", 17)))
			abort();
	} else if (!strncmp(line, "run ", 4)) {
		if (strncmp(line, "run ip link set dev ", 20) && strncmp(line, "run ip neigh replace ", 21))
			abort();
	}
	/* nothing but a value may look like an option */
	if (strncmp(line, "set ", 4) && strstr(line, " -"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = xalloc(len + 1), *line, *rest = text;

	memcpy(text, bytes, len);
	if (!check_text(text, len, NULL)) {
		if (len < 4 || memcmp(text + len - 4, "end\n", 4))
			abort();
		while ((line = strsep(&rest, "\n")))
			check_line(line);
	}
	no_failure();
	free(text);
	return 0;
}
