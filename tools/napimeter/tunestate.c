// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ethtool.h"
#include "folder.h"
#include "tune.h"
#include "tunestate.h"

#define DEVICES "/sys/bus/pci/devices/"

enum undone { DONE, GONE, FAILED };

/* ---- devices and their names ---- */

char *tune_device(const char *interface)
{
	char *link = xasprintf("/sys/class/net/%s/device", interface), to[256], *device = NULL;
	ssize_t len = readlink(link, to, sizeof(to) - 1);

	free(link);
	if (len > 0) {
		to[len] = '\0';
		device = xasprintf(DEVICES "%s/net", strrchr(to, '/') ? strrchr(to, '/') + 1 : to);
		if (access(device, F_OK)) {
			free(device);
			device = NULL;
		} else {
			*strrchr(device, '/') = '\0';
			memmove(device, device + strlen(DEVICES), strlen(device + strlen(DEVICES)) + 1);
		}
	}
	return device ? device : xasprintf("%s", interface);
}

/* The one path that a pattern stands for (caller frees), or NULL. */
static char *resolve(const char *path)
{
	char *one = NULL;
	glob_t found;

	if (!strchr(path, '*'))
		return xasprintf("%s", path);
	if (!glob(path, GLOB_NOSORT, NULL, &found) && found.gl_pathc)
		one = xasprintf("%s", found.gl_pathv[0]);
	globfree(&found);
	return one;
}

char *tune_interface(const char *device)
{
	char *pattern = xasprintf(DEVICES "%s/net/*", device), *path = resolve(pattern), *name;

	free(pattern);
	if (path) {
		name = xasprintf("%s", strrchr(path, '/') + 1);
		free(path);
		return name;
	}
	return if_nametoindex(device) ? xasprintf("%s", device) : NULL;
}

char *tune_device_file(const char *interface, const char *file)
{
	char *device = tune_device(interface);
	char *path = strcmp(device, interface) ? xasprintf(DEVICES "%s/net/*/%s", device, file) :
		     xasprintf("/sys/class/net/%s/%s", interface, file);

	free(device);
	return path;
}

/* ---- the state file ---- */

/* Settings that a sweep changes, and hence may restore; * stands for one part of a path. */
static bool is_ours(const char *path)
{
	static const char *const patterns[] = {
		"/sys/kernel/debug/e1000_napi/*/weight", "/sys/class/net/*/threaded",
		"/sys/class/net/*/napi_defer_hard_irqs", "/sys/class/net/*/gro_flush_timeout",
		DEVICES "*/net/*/threaded", DEVICES "*/net/*/napi_defer_hard_irqs",
		DEVICES "*/net/*/gro_flush_timeout", DEVICES "*/net/*/queues/rx-0/rps_cpus",
		"/sys/class/net/*/queues/rx-0/rps_cpus",
		"/proc/sys/net/core/netdev_budget", "/proc/sys/net/core/netdev_budget_usecs",
		DEVICES "*/net/*/mtu", "/sys/class/net/*/mtu", "/proc/sys/net/core/busy_read",
		"/proc/sys/net/core/netdev_max_backlog", "/proc/irq/*/smp_affinity_list",
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

static bool is_value(const char *target, const char *value)
{
	/* a mask of CPUs is hexadecimal */
	const char *of = strstr(target, "/rps_cpus") ? "0123456789abcdef," : "0123456789,-";

	return !value[strspn(value, of)];
}

/* "KIND<tab>TARGET<tab>VALUE" */
static int check_line(const char *line)
{
	char *copy = strdup(line), *rest = copy;
	char *kind = strsep(&rest, "\t"), *target = strsep(&rest, "\t");
	bool good = false;

	if (rest && !strchr(rest, '\t') && strlen(rest) < 64) {
		if (!strcmp(kind, "file"))
			good = is_ours(target) && is_value(target, rest);
		else if (nic_setting_of(kind))
			good = strlen(target) < IFNAMSIZ && !strpbrk(target, "/*?[") && *rest &&
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
		fail("%s could have been written by another user: nothing is put back; look at it, and remove it",
		     state);
		return NULL;
	}
	text = read_fd(fd, state, &len);
	if (text && tune_check_state(text, len)) {
		fail("%s: %s: it was edited, and nothing is put back; look at it, and remove it",
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
	char *real = resolve(path), current[64];
	int err = real ? read_line(real, current, sizeof(current)) : fail("%s: there is none", path);

	if (!err && strcmp(current, value))
		err = record(state, "file", path, current) ? -1 : write_file(real, value);
	free(real);
	return err;
}

int tune_ethtool(const char *state, const char *name, const char *interface, uint32_t value)
{
	const struct nic_setting *e = nic_setting_of(name);
	char *device, text[16];
	uint32_t current;
	int err;

	if (!e)
		return fail("%s is not a setting of a NIC", name);
	if (nic_setting_value(e, interface, NULL, &current))
		return -1;
	if (current == value)
		return 0;
	snprintf(text, sizeof(text), "%u", current);
	device = tune_device(interface);
	err = record(state, name, device, text) ? -1 : nic_setting_value(e, interface, &value, &current);
	free(device);
	if (!err && nic_setting_value(e, interface, NULL, &current))
		err = -1;
	/* a driver may round */
	if (!err && current != value)
		err = fail("%s: of %s %u its driver makes %u", interface, name, value, current);
	return err ? -1 : 0;
}

/* Where a name alone leads there, what is not there may have another name now. */
static enum undone undo_file(const char *target, const char *value)
{
	char *path = resolve(target);
	enum undone result = DONE;

	if (!path || (access(path, F_OK) && strncmp(target, "/sys/class/net/", 15)))
		result = GONE;
	else if (write_file(path, value))
		result = FAILED;
	free(path);
	return result;
}

static enum undone undo_ethtool(const struct nic_setting *e, const char *device, const char *word)
{
	uint32_t value = word ? strtoul(word, NULL, 10) : 0, current;
	char *interface = tune_interface(device);
	enum undone result = DONE;

	/* the line was checked before: this is not a word of another kind */
	if (!e)
		result = FAILED;
	else if (!interface && strchr(device, ':'))
		result = GONE;
	else if (nic_setting_value(e, interface ? interface : device, &value, &current))
		result = FAILED;
	free(interface);
	return result;
}

static enum undone undo_line(const char *line)
{
	char *copy = strdup(line), *rest = copy;
	char *kind = strsep(&rest, "\t"), *target = strsep(&rest, "\t");
	enum undone result = !strcmp(kind, "file") ? undo_file(target, rest) :
			     undo_ethtool(nic_setting_of(kind), target, rest);

	free(copy);
	return result;
}

/* The lines that are left, in their order; the file is never half of it. */
static int keep_lines(const char *state, const char *lines)
{
	char *new = xasprintf("%s.new", state);
	int fd, err = 0;

	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, lines, strlen(lines)) || fsync(fd) || rename(new, state))
		err = fail("%s: %s", new, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(new);
	return err;
}

/*
 * Last change first. Continue after a failure: the module may be unloaded, but the rest can be
 * restored. What could not be restored stays in the file for the next try.
 */
int tune_undo(const char *state)
{
	int fd = open(state, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), err = 0;
	char *text, *line, *left, *more;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail("%s: %s", state, strerror(errno));
	text = read_state(fd, state);
	close(fd);
	if (!text)
		return -1;
	left = xasprintf("%s", "");
	while (*text) {
		size_t len = strlen(text);
		bool whole = text[len - 1] == '\n';

		if (whole)
			text[len - 1] = '\0';
		line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		if (whole && undo_line(line) == FAILED) {
			warning("not put back: %s", failure());
			more = xasprintf("%s\n%s", line, left);
			free(left);
			left = more;
		}
		*line = '\0';
	}
	free(text);
	if (*left)
		err = keep_lines(state, left) ? -1 :
		      fail("%s keeps what could not be put back: fix that, and run sweep --restore; or remove the file",
			   state);
	else if (unlink(state))
		err = fail("%s: %s", state, strerror(errno));
	free(left);
	return err;
}
