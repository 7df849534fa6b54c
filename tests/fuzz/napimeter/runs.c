// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as runs.csv, and hist.csv after a NUL: refused and not a byte changed; or
 * opened, and then read again as the same, with what comes next after them.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "next.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char dir[] = "/dev/shm/napimeter-fuzz.XXXXXX";

static void put(const char *name, const void *text, size_t len)
{
	int fd = folder_open(dir, name, O_WRONLY | O_CREAT | O_TRUNC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd))
		abort();
}

static void same(const char *name, const void *text, size_t len)
{
	ssize_t got;
	char *now = folder_read(dir, name, &got);

	if (!now || (size_t)got != len || memcmp(now, text, len))
		abort();
	free(now);
}

static void clean(void)
{
	static const char *const names[] = { "runs.csv", "hist.csv", "runs.csv.cut" };
	size_t i;

	for (i = 0; i < 3; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char asked[] = "{\"format\": 1, \"seed\": 1, \"asked\": {\"interface\": \"e\","
		"\"source\": \"pktgen\", \"weight\": \"1,2\", \"reps\": \"2\", \"method\": \"%s\"}}";
	static const char *const methods[] = { "grid", "mlfrr" };
	static char *header;
	const uint8_t *cut = memchr(bytes, 0, len);
	size_t runs_len = cut ? (size_t)(cut - bytes) : len, i, count, size;
	struct journal j, none = { .runs_fd = -1, .hist_fd = -1 };
	char text[512], *runs;

	if (dir[strlen(dir) - 1] == 'X') {
		if (!mkdtemp(dir))
			abort();
		atexit(clean);
		if (!freopen("/dev/null", "w", stderr))
			abort();
	}
	/* the header is not for the fuzzer to guess */
	if (!header)
		header = run_header(COL_COUNT_PLAIN);
	size = strlen(header);
	runs = xcalloc(size + runs_len + 1, 1);
	memcpy(runs, header, size);
	memcpy(runs + size, bytes, runs_len);
	size += runs_len;
	put("runs.csv", runs, size);
	put("hist.csv", cut ? (const char *)cut + 1 : "", cut ? len - runs_len - 1 : 0);
	if (journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN)) {
		same("runs.csv", runs, size);
		same("hist.csv", cut ? (const char *)cut + 1 : "", cut ? len - runs_len - 1 : 0);
		free(runs);
		return 0;
	}
	free(runs);
	count = j.count;
	journal_close(&j);
	if (journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN) || j.count != count)
		abort();
	for (i = 0; i < 2; i++) {
		struct todo todo;
		struct plan plan;

		snprintf(text, sizeof(text), asked, methods[i]);
		if (plan_parse(&plan, dir, text, strlen(text)))
			abort();
		none.columns = plan.columns;
		if (!plan_check(&plan, &j))
			plan_next(&plan, &j, &none, &todo);
		/* as probes, they decide what comes next too */
		plan_next(&plan, &none, &j, &todo);
		plan_free(&plan);
	}
	journal_close(&j);
	return 0;
}
