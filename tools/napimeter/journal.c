// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "journal.h"

#define LINE_MAX_LEN (COL_COUNT * (2 * CELL_MAX + 4))
#define HIST_HEADER "trial,histogram,lower,count\n"

static int append_fd(int fd, const char *text, size_t len, const char *what)
{
	off_t before = lseek(fd, 0, SEEK_END);
	size_t done = 0;
	int err = 0;

	while (!err && done < len) {
		ssize_t put = write(fd, text + done, len - done);

		if (put < 0 && errno != EINTR)
			err = errno;
		else if (put > 0)
			done += put;
	}
	if (!err && fsync(fd))
		err = errno;
	if (!err)
		return 0;
	/* disk full in the middle: leave no half row behind */
	if (before >= 0 && ftruncate(fd, before))
		warning("%s: a half-written row remains; it is cut off on the next start", what);
	return fail("%s: %s", what, strerror(err));
}

static int add_row(struct journal *j, const struct row *row)
{
	if (!(j->count & (j->count - 1))) {
		j->rows = realloc(j->rows, (j->count ? j->count * 2 : 1) * sizeof(*row));
		if (!j->rows)
			die(EXIT_FAILED, "out of memory");
	}
	j->rows[j->count++] = *row;
	return 0;
}

/* Length of the header and all whole rows of text, which go to the journal. */
static ssize_t load_rows(struct journal *j, const char *path, const char *text)
{
	static char header[LINE_MAX_LEN];
	const char *line = text, *end;
	struct row row;

	csv_header(header, sizeof(header), j->columns);
	end = strchr(line, '\n');
	if (!end)
		return 0;
	if (strncmp(line, header, end + 1 - line))
		return fail("%s has other columns: it is of another sweep or version; use another --out",
			    path);
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		char *copy = strndup(line, end - line);
		int bad = !copy || csv_parse(&row, copy, j->columns);

		free(copy);
		if (bad)
			return fail("%s: %s", path, failure());
		add_row(j, &row);
	}
	return line - text;
}

bool journal_has(const struct journal *j, int64_t trial)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		if (row_integer(&j->rows[i], COL_trial, -1) == trial)
			return true;
	return false;
}

/* Trials without a row can only be at the end of hist.csv. */
static ssize_t whole_hist(struct journal *j, const char *text)
{
	const char *line = text, *end = strchr(text, '\n');
	int64_t last = -1;

	if (!end)
		return 0;
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		int64_t trial = strtoll(line, NULL, 10);

		if (trial != last && !journal_has(j, trial))
			break;
		last = trial;
	}
	return line - text;
}

static int open_file(const char *dir, const char *name, char **path)
{
	int fd;

	*path = xasprintf("%s/%s", dir, name);
	fd = open(*path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		fail("%s: %s", *path, strerror(errno));
	return fd;
}

static int cut(int fd, const char *path, const char *text, ssize_t whole, const char *header)
{
	if (whole < 0)
		return -1;
	if ((size_t)whole < strlen(text) && ftruncate(fd, whole))
		return fail("%s: %s", path, strerror(errno));
	return whole ? 0 : append_fd(fd, header, strlen(header), path);
}

int journal_read(struct journal *j, const char *dir, const char *runs, int columns)
{
	char *path = xasprintf("%s/%s", dir, runs);
	char *text = NULL;
	ssize_t whole = 0;

	*j = (struct journal){ .runs_fd = -1, .hist_fd = -1, .columns = columns };
	if (access(path, F_OK) == 0) {
		text = read_file(path);
		whole = text ? load_rows(j, path, text) : -1;
	}
	free(text);
	free(path);
	return whole < 0 ? -1 : 0;
}

int journal_open(struct journal *j, const char *dir, const char *runs, const char *hist,
		 int columns)
{
	static char header[LINE_MAX_LEN];
	char *path = NULL, *text = NULL;
	int dirfd, err = -1;

	*j = (struct journal){ .runs_fd = -1, .hist_fd = -1, .columns = columns };
	csv_header(header, sizeof(header), columns);

	j->runs_fd = open_file(dir, runs, &path);
	if (j->runs_fd < 0)
		goto out;
	if (flock(j->runs_fd, LOCK_EX | LOCK_NB)) {
		fail("%s: another sweep is writing it", path);
		goto out;
	}
	text = read_file(path);
	if (!text || cut(j->runs_fd, path, text, load_rows(j, path, text), header))
		goto out;

	if (hist) {
		free(text);
		free(path);
		text = NULL;
		j->hist_fd = open_file(dir, hist, &path);
		if (j->hist_fd < 0)
			goto out;
		text = read_file(path);
		if (!text || cut(j->hist_fd, path, text, whole_hist(j, text), HIST_HEADER))
			goto out;
	}
	/* the files' names must survive a power cut too */
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd >= 0) {
		fsync(dirfd);
		close(dirfd);
	}
	err = 0;
out:
	free(text);
	free(path);
	if (err)
		journal_close(j);
	return err;
}

int journal_append(struct journal *j, const struct row *row, const char *hist_text)
{
	static char line[LINE_MAX_LEN];
	size_t len = csv_format(row, line, sizeof(line), j->columns);

	if (hist_text && j->hist_fd >= 0 &&
	    append_fd(j->hist_fd, hist_text, strlen(hist_text), "hist.csv"))
		return -1;
	if (append_fd(j->runs_fd, line, len, "runs.csv"))
		return -1;
	return add_row(j, row);
}

void journal_close(struct journal *j)
{
	if (j->runs_fd >= 0)
		close(j->runs_fd);
	if (j->hist_fd >= 0)
		close(j->hist_fd);
	free(j->rows);
	*j = (struct journal){ .runs_fd = -1, .hist_fd = -1 };
}
