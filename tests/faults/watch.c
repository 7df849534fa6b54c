// SPDX-License-Identifier: GPL-2.0
/*
 * watch ROOT [hold]: reads all debugfs files of all devices under ROOT again and again,
 * until SIGTERM; with hold it keeps files open across the removal of their device
 * (and so the module from being unloaded). At the end it says what it saw, one `name value` a line:
 *
 *	reads		how many were good
 *	refused		how many the kernel refused, because the device was gone
 *	backwards	counters, or totals of histograms, that sank
 *	broken		texts that are not as docs/driver.md says, and snapshots
 *			of one moment whose counters and histograms disagree
 *	slowest_ms	the longest that one took
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEVICES	16
#define NAMES	32

static const char *const files[] = {
	"counters", "snapshot", "rx_per_poll", "tx_per_poll", "polls_per_irq",
	"rx_per_irq", "poll_ns", "irq_to_poll_ns", "weight",
};

#define FILES	(sizeof(files) / sizeof(files[0]))

/* One life of a device: a new folder has a new inode, and counts from 0 */
struct device {
	ino_t ino;
	int held[FILES];
	int names;
	char name[NAMES][40];
	unsigned long long value[NAMES];
};

static struct device device[DEVICES];
static unsigned long reads, refused, backwards, broken, slowest;
static volatile sig_atomic_t ended;
static bool hold;
static char text[1 << 20];

static void on_term(int sig)
{
	(void)sig;
	ended = 1;
}

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000UL + t.tv_nsec / 1000000;
}

static void complain(unsigned long *count, const char *format, ...)
{
	va_list args;

	if ((*count)++ > 10)
		return;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

/* Returns the length, or -1 if the kernel refuses */
static ssize_t read_all(int fd)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = pread(fd, text + len, sizeof(text) - 1 - len, len);
		if (got < 0)
			return -1;
		len += got;
	} while (got > 0);
	text[len] = '\0';

	return len;
}

static void grows(struct device *d, const char *name, unsigned long long value)
{
	int i;

	for (i = 0; i < d->names; i++)
		if (!strcmp(d->name[i], name))
			break;
	if (i == NAMES)
		return;
	if (i == d->names) {
		snprintf(d->name[i], sizeof(d->name[i]), "%s", name);
		d->names++;
	} else if (value < d->value[i]) {
		complain(&backwards, "%s went from %llu to %llu", name,
			 d->value[i], value);
	}
	d->value[i] = value;
}

static unsigned long long value_of(const char *line)
{
	const char *at = strstr(text, line);

	return at ? strtoull(at + strlen(line), NULL, 10) : 0;
}

/* Invariants of all histograms and counters of one moment; before the text is cut up */
static void check_moment(void)
{
	static const struct {
		const char *hist;	/* up to its count */
		const char *count;
		const char *sum;
	} same[] = {
		{ "# histogram rx_per_poll packets ", "\npolls ", "\nrx_packets " },
		{ "# histogram tx_per_poll packets ", "\npolls ", "\ntx_packets " },
	};
	unsigned long long count, sum;
	const char *at;
	size_t i;

	if (!strstr(text, "# polls_during_read 0\n"))
		return;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		at = strstr(text, same[i].hist);
		if (!at || sscanf(at + strlen(same[i].hist), "%llu %llu", &count, &sum) != 2)
			complain(&broken, "snapshot without %s", same[i].hist);
		else if (count != value_of(same[i].count) || sum != value_of(same[i].sum))
			complain(&broken, "snapshot of two moments: %s%llu %llu, but %llu %llu",
				 same[i].hist, count, sum, value_of(same[i].count),
				 value_of(same[i].sum));
	}
}

/* A histogram's rows ascend and add up to its head; a counter grows */
static void check_text(struct device *d, const char *file)
{
	unsigned long long a, b, last = 0, rows = 0, count = 0;
	bool in_hist = false, first = true;
	char name[40], word[64];
	char *line, *save;

	if (!strcmp(file, "weight")) {
		if (atoi(text) < 1 || atoi(text) > 4096)
			complain(&broken, "weight is '%s'", text);
		return;
	}
	snprintf(word, sizeof(word), "# e1000_napi 2 %s\n", file);
	if (strncmp(text, word, strlen(word)) ||
	    text[strlen(text) - 1] != '\n') {
		complain(&broken, "%s begins '%.40s'", file, text);
		return;
	}
	if (!strcmp(file, "snapshot"))
		check_moment();
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "# histogram %39s %*s %llu", name, &a) == 2) {
			if (in_hist && rows != count)
				complain(&broken, "%s: %llu rows, %llu counted",
					 file, rows, count);
			in_hist = first = true;
			rows = 0;
			count = a;
			grows(d, name, a);
		} else if (sscanf(line, "# count %llu", &a) == 1) {
			in_hist = first = true;
			rows = 0;
			count = a;
		} else if (line[0] == '#') {
			continue;
		} else if (sscanf(line, "%llu %llu", &a, &b) == 2 && in_hist) {
			if (!first && a <= last)
				complain(&broken, "%s: %llu after %llu", file,
					 a, last);
			first = false;
			last = a;
			rows += b;
		} else if (sscanf(line, "%39s %llu", name, &a) == 2) {
			grows(d, name, a);
		} else {
			complain(&broken, "%s: '%s'", file, line);
		}
	}
	if (in_hist && rows != count)
		complain(&broken, "%s: %llu in rows, %llu counted", file, rows,
			 count);
}

/* Reads FD once; returns false if its device is gone */
static bool look(struct device *d, const char *file, int fd)
{
	unsigned long start = now_ms(), took;
	ssize_t len = read_all(fd);

	took = now_ms() - start;
	if (took > slowest)
		slowest = took;
	if (len < 0) {
		if (errno == ENOMEM)
			return true;
		refused++;
		return false;
	}
	reads++;
	if (!len)
		complain(&broken, "%s is empty", file);
	else if (d)
		check_text(d, file);

	return true;
}

static struct device *device_of(ino_t ino)
{
	int i, at = -1;

	for (i = 0; i < DEVICES; i++) {
		if (device[i].ino == ino)
			return &device[i];
		if (!device[i].ino)
			at = i;
	}
	if (at < 0)	/* all seen: forget one, with what it holds open */
		at = ino % DEVICES;
	for (i = 0; i < (int)FILES; i++)
		if (device[at].held[i])
			close(device[at].held[i]);
	memset(&device[at], 0, sizeof(device[at]));
	device[at].ino = ino;

	return &device[at];
}

static void watch(const char *root)
{
	char path[512];
	struct device *d;
	struct dirent *e;
	struct stat st;
	size_t i;
	int fd, n;
	DIR *dir;

	for (n = 0; n < DEVICES; n++)
		for (i = 0; i < FILES; i++)
			if (device[n].held[i] &&
			    !look(NULL, files[i], device[n].held[i])) {
				close(device[n].held[i]);
				device[n].held[i] = 0;
			}
	dir = opendir(root);
	if (!dir) {
		usleep(10000);
		return;
	}
	while ((e = readdir(dir)) && !ended) {
		snprintf(path, sizeof(path), "%s/%.64s", root, e->d_name);
		if (!strchr(e->d_name, ':') || lstat(path, &st))
			continue;
		d = device_of(st.st_ino);
		for (i = 0; i < FILES && !ended; i++) {
			snprintf(path, sizeof(path), "%s/%.64s/%s", root,
				 e->d_name, files[i]);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			/* another life of the device, in this moment? */
			if (!look(d, files[i], fd) || d->held[i] || !hold)
				close(fd);
			else
				d->held[i] = fd;
		}
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: watch ROOT [hold]\n");
		return 2;
	}
	hold = argc > 2;
	signal(SIGTERM, on_term);
	while (!ended) {
		watch(argv[1]);
		/* the others want to get on too */
		usleep(5000);
	}
	printf("reads %lu\nrefused %lu\nbackwards %lu\nbroken %lu\nslowest_ms %lu\n",
	       reads, refused, backwards, broken, slowest);

	return 0;
}
