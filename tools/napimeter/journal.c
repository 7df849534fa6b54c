// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "folder.h"
#include "journal.h"

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

bool journal_has(const struct journal *j, int64_t trial)
{
	size_t i;

	/* rows are in the order of trials nearly always */
	if (trial > 0 && (uint64_t)trial <= j->count &&
	    row_integer(&j->rows[trial - 1], COL_trial, -1) == trial)
		return true;
	for (i = 0; i < j->count; i++)
		if (row_integer(&j->rows[i], COL_trial, -1) == trial)
			return true;
	return false;
}

struct loading {
	struct journal *j;
	int64_t highest;
};

static int load_row(struct run_reader *r, const struct row *row, size_t line)
{
	struct loading *l = r->to;
	int64_t trial = row_integer(row, COL_trial, -1);

	if (trial < 1)
		return refuse(r->why, r->name, line, 1, "trial: there is no number");
	if (trial <= l->highest && journal_has(l->j, trial))
		return refuse(r->why, r->name, line, 1, "trial %lld is there twice",
			      (long long)trial);
	if (trial > l->highest)
		l->highest = trial;
	return add_row(l->j, row);
}

/* Length of the header and all whole rows of text, which go to the journal. */
static ssize_t load_rows(struct journal *j, const char *path, const char *text, size_t len)
{
	struct loading loading = { .j = j };
	struct problem why;
	struct run_reader r = { .name = path, .why = &why, .lenient = true, .to = &loading,
				.row = load_row };
	const char *end, *last = memrchr(text, '\n', len);
	char *header;
	bool other;

	/* a power cut may leave NULs, but only after the last whole row */
	if (last && strlen(text) < (size_t)(last - text))
		return fail("%s: it has NUL bytes in it: it was damaged; nothing is changed", path);
	end = strchr(text, '\n');
	if (!end)
		return 0;
	header = run_header(j->columns);
	other = strncmp(text, header, end + 1 - text);
	free(header);
	if (other)
		return fail("%s has other columns: it is of another sweep or version; use another --out",
			    path);
	if (run_read(&r, text, last + 1 - text))
		return fail("%s; put it right, or give another --out", why.text);
	return last + 1 - text;
}

/*
 * A sweep that was stopped leaves trials without a row at the end of hist.csv
 * only. Elsewhere a user removed a row, and we cannot know what else
 * would have to go.
 */
static ssize_t whole_hist(struct journal *j, const char *path, const char *text, size_t len)
{
	const char *line = text, *end = strchr(text, '\n'), *cut = NULL;
	const char *newline = memrchr(text, '\n', len);
	int64_t last = -1, orphan = -1;

	if (newline && strlen(text) < (size_t)(newline - text))
		return fail("%s: it has NUL bytes in it: it was damaged; nothing is changed", path);
	if (!end)
		return 0;
	if (strncmp(text, HIST_HEADER, end + 1 - text))
		return fail("%s has other columns: it is of another sweep or version; use another --out",
			    path);
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		int64_t trial = strtoll(line, NULL, 10);

		if (trial == last)
			continue;
		last = trial;
		if (!journal_has(j, trial)) {
			if (!cut) {
				cut = line;
				orphan = trial;
			}
		} else if (cut) {
			return fail("%s: trial %lld has no row in runs.csv: it was edited; put the row back, or take the trial's lines away here too",
				    path, (long long)orphan);
		}
	}
	return (cut ? cut : line) - text;
}

static int accept(struct run_reader *r, const struct row *row, size_t line)
{
	(void)r;
	(void)row;
	(void)line;
	return 0;
}

/* The last line of a file whose editor wrote no newline is a row too: it is kept. */
static void keep_cut(const struct journal *j, const char *dir, const char *name, const char *text)
{
	char *kept = xasprintf("%s.cut", name), *header = run_header(j->columns);
	char *line = xasprintf("%s%s\n", header, text);
	struct problem why;
	struct run_reader r = { .name = name, .why = &why, .lenient = true, .row = accept };
	int fd;

	if (!run_read(&r, line, strlen(line))) {
		fd = folder_open(dir, kept, O_WRONLY | O_CREAT | O_APPEND);
		if (fd < 0 || write_all(fd, text, strlen(text)) || write_all(fd, "\n", 1))
			warning("%s: %s", kept, failure());
		else
			warning("the last line of %s has no end; it is in %s now, and its trial is done again",
				name, kept);
		if (fd >= 0)
			close(fd);
	}
	free(line);
	free(header);
	free(kept);
}

static int cut(const struct journal *j, int fd, const char *dir, const char *name,
	       const char *text, ssize_t len, ssize_t whole, const char *header)
{
	if (whole < 0)
		return -1;
	/* a row is written after all of its histograms: this newline is an editor's work */
	if (fd == j->hist_fd && whole && whole < len && !strchr(text + whole, '\n') &&
	    journal_has(j, strtoll(text + whole, NULL, 10)))
		return append_fd(fd, "\n", 1, name);
	if (whole < len) {
		if (fd == j->runs_fd && whole)
			keep_cut(j, dir, name, text + whole);
		if (ftruncate(fd, whole))
			return fail("%s: %s", name, strerror(errno));
	}
	return whole ? 0 : append_fd(fd, header, strlen(header), name);
}

int journal_read(struct journal *j, const char *dir, const char *runs, int columns)
{
	ssize_t len, whole;
	char *text;

	*j = (struct journal){ .runs_fd = -1, .hist_fd = -1, .columns = columns };
	text = folder_read(dir, runs, &len);
	whole = text ? load_rows(j, runs, text, len) : len;
	free(text);
	if (whole < 0)
		journal_close(j);
	return whole < 0 ? -1 : 0;
}

int journal_open(struct journal *j, const char *dir, const char *runs, const char *hist,
		 int columns)
{
	char *header = run_header(columns), *text = NULL, *hist_text = NULL;
	ssize_t len, hist_len, whole;
	int dirfd, err = -1;

	*j = (struct journal){ .runs_fd = -1, .hist_fd = -1, .columns = columns };
	j->runs_fd = folder_open(dir, runs, O_RDWR | O_CREAT | O_APPEND);
	if (j->runs_fd < 0)
		goto out;
	if (flock(j->runs_fd, LOCK_EX | LOCK_NB)) {
		fail("%s: another sweep is writing it", runs);
		goto out;
	}
	text = read_fd(j->runs_fd, runs, &len);
	whole = text ? load_rows(j, runs, text, len) : -1;
	if (whole < 0)
		goto out;
	if (hist) {
		j->hist_fd = folder_open(dir, hist, O_RDWR | O_CREAT | O_APPEND);
		if (j->hist_fd < 0)
			goto out;
		/* nothing is cut off before both are known to be good */
		hist_text = read_fd(j->hist_fd, hist, &hist_len);
		if (!hist_text || cut(j, j->hist_fd, dir, hist, hist_text, hist_len,
				      whole_hist(j, hist, hist_text, hist_len), HIST_HEADER))
			goto out;
	}
	if (cut(j, j->runs_fd, dir, runs, text, len, whole, header))
		goto out;
	/* the files' names must survive a power cut too */
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd >= 0) {
		fsync(dirfd);
		close(dirfd);
	}
	err = 0;
out:
	free(hist_text);
	free(text);
	free(header);
	if (err)
		journal_close(j);
	return err;
}

int journal_append(struct journal *j, const struct row *row, const char *hist_text)
{
	char *line;
	int err;

	if (hist_text && j->hist_fd >= 0 &&
	    append_fd(j->hist_fd, hist_text, strlen(hist_text), "hist.csv"))
		return -1;
	line = run_line(row, j->columns);
	err = append_fd(j->runs_fd, line, strlen(line), "runs.csv");
	free(line);
	return err ? -1 : add_row(j, row);
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
