// SPDX-License-Identifier: GPL-2.0
/* Any bytes as meta.json: with a hypervisor's name, or refused with a place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct data d = { 0 };
	struct problem why = { "" };
	const char *c;

	data_begin_folder(&d, "fuzz");
	if (read_meta(&d, "meta.json", (const char *)bytes, len, &why)) {
		if (strncmp(why.text, "meta.json:", 10) || !strchr(why.text + 10, ':'))
			abort();
	} else {
		data_arrange(&d);
		/* the label goes into tables and pages */
		for (c = d.folders[0].label; *c; c++)
			if (*c < ' ' || *c >= 0x7f)
				abort();
		if (d.folders[0].stand_in && !strstr(d.folders[0].label, "stand-in"))
			abort();
	}
	data_free(&d);
	intern_free();
	return 0;
}
