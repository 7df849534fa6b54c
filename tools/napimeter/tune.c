// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/ethtool.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ethtool.h"
#include "folder.h"
#include "tune.h"

/* A setting that is not a file: read and written by ethtool's ioctl. */
static const struct ethtool_setting {
	const char *name;
	uint32_t get, set;
} ethtool_settings[] = {
	{ "rx_usecs", ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE },
	{ "gro", ETHTOOL_GGRO, ETHTOOL_SGRO },
};

/* NULL value: read into *current; else set. */
static int ethtool_value(const struct ethtool_setting *e, const char *interface,
			 const uint32_t *value, uint32_t *current)
{
	struct ethtool_coalesce coalesce = { .cmd = e->get };
	struct ethtool_value flag = { .cmd = e->get };
	bool is_coalesce = e->get == ETHTOOL_GCOALESCE;
	void *command = is_coalesce ? (void *)&coalesce : (void *)&flag;
	int err = ethtool_ask(interface, command);

	if (!err && value) {
		coalesce.cmd = flag.cmd = e->set;
		coalesce.rx_coalesce_usecs = flag.data = *value;
		err = ethtool_ask(interface, command);
	}
	err = err ? errno : 0;
	*current = is_coalesce ? coalesce.rx_coalesce_usecs : flag.data;
	if (err == EOPNOTSUPP)
		return fail("%s: this NIC cannot change %s", interface, e->name);
	return err ? fail("%s: %s: %s", interface, e->name, strerror(err)) : 0;
}

/* What a sweep changes, and hence may put back; * stands for one part of a path. */
static bool is_ours(const char *path)
{
	static const char *const patterns[] = {
		"/sys/kernel/debug/e1000_napi/*/weight", "/sys/class/net/*/threaded",
		"/sys/class/net/*/napi_defer_hard_irqs", "/sys/class/net/*/gro_flush_timeout",
		"/proc/sys/net/core/netdev_budget", "/proc/sys/net/core/netdev_budget_usecs",
		"/proc/irq/*/smp_affinity_list",
#ifdef TUNE_TEST_FILES
		TUNE_TEST_FILES,
#endif
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		if (!fnmatch(patterns[i], path, FNM_PATHNAME | FNM_PERIOD))
			return true;
	return false;
}

/* "KIND<tab>TARGET<tab>VALUE" */
static int check_line(const char *line)
{
	char *copy = strdup(line), *rest = copy;
	char *kind = strsep(&rest, "\t"), *target = strsep(&rest, "\t");
	bool good = false;
	size_t i;

	if (rest && !strchr(rest, '\t') && strlen(rest) < 64) {
		if (!strcmp(kind, "file"))
			good = is_ours(target) && rest[strspn(rest, "0123456789,-")] == '\0';
		for (i = 0; i < ARRAY_SIZE(ethtool_settings); i++)
			if (!strcmp(kind, ethtool_settings[i].name))
				good = strlen(target) < IFNAMSIZ && !strchr(target, '/') && *rest &&
				       !rest[strspn(rest, "0123456789")];
	}
	free(copy);
	return good ? 0 : fail("\"%s\" is not what a sweep writes there", line);
}

/* All of it, before any of it is done. The last line without its end was never in force. */
int tune_check_state(const char *text, size_t len)
{
	const char *line, *end;
	int err = strlen(text) < len ? fail("it has NUL bytes in it") : 0;

	for (line = text; !err && (end = strchr(line, '\n')); line = end + 1) {
		char *copy = strndup(line, end - line);

		err = check_line(copy);
		free(copy);
	}
	return err;
}

/*
 * The state file's text, or NULL with the reason kept. Root replays it, so it has to be
 * root's own, and what a sweep wrote.
 */
static char *read_state(int fd, const char *state)
{
	struct stat st;
	ssize_t len;
	char *text;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid() ||
	    st.st_mode & (S_IWGRP | S_IWOTH)) {
		fail("%s could have been written by somebody else: nothing is put back; look at it, and remove it",
		     state);
		return NULL;
	}
	text = read_fd(fd, state, &len);
	if (text && tune_check_state(text, len)) {
		fail("%s: %s: somebody has edited it, and nothing is put back; look at it, and remove it",
		     state, failure());
		free(text);
		return NULL;
	}
	return text;
}

/* A line "KIND<tab>TARGET<tab>VALUE", synced; only the first of a target counts. */
static int record(const char *state, const char *kind, const char *target, const char *value)
{
	char *start = xasprintf("%s\t%s\t", kind, target);
	char *line = xasprintf("%s%s\n", start, value);
	char *old = NULL, *end;
	off_t whole = 0;
	int fd, err = 0;

	mkdir("/run/e1000_napi", 0755);
	fd = open(state, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = fail("%s: %s", state, strerror(errno));
		goto out;
	}
	old = read_state(fd, state);
	if (!old) {
		err = -1;
		goto out;
	}
	/* a half line, of a sweep that was stopped, would spoil the next one */
	end = strrchr(old, '\n');
	whole = end ? end + 1 - old : 0;
	if (old[whole] && ftruncate(fd, whole))
		err = fail("%s: %s", state, strerror(errno));
	old[whole] = '\0';
	if (!err && !strstr(old, start) && (write_all(fd, line, strlen(line)) || fsync(fd))) {
		err = fail("%s: %s", state, strerror(errno));
		if (ftruncate(fd, whole))
			warning("%s: a half line remains", state);
	}
out:
	if (fd >= 0)
		close(fd);
	free(old);
	free(line);
	free(start);
	return err;
}

int tune_file(const char *state, const char *path, const char *value)
{
	char current[64];

	if (read_line(path, current, sizeof(current)))
		return -1;
	if (!strcmp(current, value))
		return 0;
	return record(state, "file", path, current) ? -1 : write_file(path, value);
}

static int tune_ethtool(const char *name, const char *interface, const char *word)
{
	const struct ethtool_setting *e = &ethtool_settings[!strcmp(name, "gro")];
	uint32_t current, value = strtoul(word, NULL, 10);
	char text[16];

	if (ethtool_value(e, interface, NULL, &current))
		return -1;
	if (current == value)
		return 0;
	snprintf(text, sizeof(text), "%u", current);
	return record(TUNE_STATE, name, interface, text) ? -1 :
	       ethtool_value(e, interface, &value, &current);
}

int tune_weight(const char *interface, int64_t weight)
{
	char *path = driver_file(interface, "weight");
	char value[24];
	int err;

	snprintf(value, sizeof(value), "%lld", (long long)weight);
	err = tune_file(TUNE_STATE, path, value);
	free(path);
	return err;
}

static char *irq_file(const char *interface)
{
	char *path = xasprintf("/sys/class/net/%s/device/irq", interface);
	char irq[16];
	int err;

	err = read_line(path, irq, sizeof(irq));
	free(path);
	return err ? NULL : xasprintf("/proc/irq/%s/smp_affinity_list", irq);
}

static int tune_irq(const char *interface, const char *cpu)
{
	char *path = irq_file(interface);
	int err = path ? tune_file(TUNE_STATE, path, cpu) : -1;

	free(path);
	return err;
}

int tune_check(const char *interface, const struct row *spec)
{
	const char *cpu = row_text(spec, COL_irq_cpu);
	char *path, now[64];
	int err = 0;

	if (!*cpu)
		return 0;
	path = irq_file(interface);
	if (!path || read_line(path, now, sizeof(now)))
		err = -1;
	else if (strcmp(now, cpu))
		err = fail("the interrupt was moved to CPU %s during the trial; stop irqbalance", now);
	free(path);
	return err;
}

int tune_apply(const char *interface, const struct row *spec)
{
	static const struct {
		enum column col;
		const char *path;	/* %s: the interface */
	} files[] = {
		{ COL_threaded, "/sys/class/net/%s/threaded" },
		{ COL_defer_hard_irqs, "/sys/class/net/%s/napi_defer_hard_irqs" },
		{ COL_gro_flush_timeout, "/sys/class/net/%s/gro_flush_timeout" },
		{ COL_netdev_budget, "/proc/sys/net/core/netdev_budget" },
		{ COL_netdev_budget_usecs, "/proc/sys/net/core/netdev_budget_usecs" },
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const char *slot = strstr(files[i].path, "%s");

		if (row_empty(spec, files[i].col))
			continue;
		if (slot)
			snprintf(path, sizeof(path), "%.*s%s%s", (int)(slot - files[i].path),
				 files[i].path, interface, slot + 2);
		else
			snprintf(path, sizeof(path), "%s", files[i].path);
		if (tune_file(TUNE_STATE, path, row_text(spec, files[i].col)))
			return -1;
	}
	if (!row_empty(spec, COL_rx_usecs) &&
	    tune_ethtool("rx_usecs", interface, row_text(spec, COL_rx_usecs)))
		return -1;
	if (!row_empty(spec, COL_gro) && tune_ethtool("gro", interface, row_text(spec, COL_gro)))
		return -1;
	if (!row_empty(spec, COL_irq_cpu) && tune_irq(interface, row_text(spec, COL_irq_cpu)))
		return -1;
	return tune_weight(interface, row_integer(spec, COL_weight, 64));
}

static int undo_line(char *line)
{
	char *kind = strsep(&line, "\t");
	char *target = strsep(&line, "\t");
	uint32_t value, current;
	size_t i;

	if (!line)
		return 0;	/* half-written: its change was never made */
	if (!strcmp(kind, "file"))
		return write_file(target, line);
	for (i = 0; i < ARRAY_SIZE(ethtool_settings); i++)
		if (!strcmp(kind, ethtool_settings[i].name)) {
			value = strtoul(line, NULL, 10);
			return ethtool_value(&ethtool_settings[i], target, &value, &current);
		}
	return fail("cannot undo \"%s\"", kind);
}

/* Last change first. Goes on after a failure: the module may be gone, the rest is not. */
int tune_undo(const char *state)
{
	int fd = open(state, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), err = 0;
	char *text, *line;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail("%s: %s", state, strerror(errno));
	text = read_state(fd, state);
	close(fd);
	if (!text)
		return -1;
	while (*text) {
		size_t len = strlen(text);
		bool whole = text[len - 1] == '\n';

		if (whole)
			text[len - 1] = '\0';
		line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		if (whole && undo_line(line)) {
			warning("not put back: %s", failure());
			err = -1;
		}
		*line = '\0';
	}
	free(text);
	if (unlink(state))
		return fail("%s: %s", state, strerror(errno));
	return err;
}

int tune_restore(void)
{
	return tune_undo(TUNE_STATE);
}
