// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

bool is_trusted(uid_t uid)
{
	const char *sudo = getenv("SUDO_UID");
	char *end;

	if (uid == 0 || uid == geteuid())
		return true;
	return sudo && *sudo && uid == strtoul(sudo, &end, 10) && !*end;
}

/* From the root on: what lies where everybody may write must be one of ours. */
static int check_parts(char *path)
{
	char *slash = path, *next;
	struct stat st, parent;

	if (stat("/", &parent))
		return fail("/: %s", strerror(errno));
	do {
		next = strchr(slash + 1, '/');
		if (next)
			*next = '\0';
		if (lstat(path, &st))
			return fail("%s: %s", path, strerror(errno));
		if (parent.st_mode & S_IWOTH && !is_trusted(st.st_uid))
			return fail("%s belongs to another user (%u), in a folder where everybody may write: give another one",
				    path, (unsigned int)st.st_uid);
		if (stat(path, &parent))
			return fail("%s: %s", path, strerror(errno));
		if (next) {
			*next = '/';
			slash = next;
		}
	} while (next);
	if (!S_ISDIR(parent.st_mode))
		return fail("%s is no folder", path);
	if (parent.st_mode & S_IWOTH)
		return fail("%s: everybody may write there: give another folder, or run chmod o-w on it",
			    path);
	return 0;
}

int folder_check(const char *path)
{
	char here[PATH_MAX], *whole;
	size_t len;
	int err;

	if (*path != '/' && !getcwd(here, sizeof(here)))
		return fail("the folder we are in: %s", strerror(errno));
	whole = *path == '/' ? xasprintf("%s", path) : !strcmp(path, ".") ? xasprintf("%s", here) :
		xasprintf("%s/%s", here, path);
	for (len = strlen(whole); len > 1 && whole[len - 1] == '/';)
		whole[--len] = '\0';
	err = check_parts(whole);
	free(whole);
	return err;
}

int folder_open(const char *dir, const char *name, int flags)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct stat st;
	int fd, err;

	/* O_NONBLOCK: a FIFO shall not keep us waiting until it is found out */
	fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	err = fd < 0 ? errno : 0;
	if (err == ELOOP)
		fail("%s is a symbolic link: a sweep writes no other file than its own; remove it, or give another folder",
		     path);
	else if (err == ENXIO || (!err && (fstat(fd, &st) || !S_ISREG(st.st_mode))))
		err = fail("%s is not a file: remove it, or give another folder", path);
	else if (err)
		fail("%s: %s", path, strerror(err));
	else if (st.st_nlink > 1)
		err = fail("%s is the same file as another one (a hard link): copy it, or give another folder",
			   path);
	free(path);
	if (err && fd >= 0)
		close(fd);
	return err ? -1 : fd;
}

char *folder_read(const char *dir, const char *name, ssize_t *len)
{
	char *path = xasprintf("%s/%s", dir, name), *text = NULL;
	bool missing = access(path, F_OK) && errno == ENOENT;
	struct stat st;
	int fd;

	*len = -1;
	fd = folder_open(dir, name, O_RDONLY);
	/* a link to nowhere is there, and is refused */
	if (fd < 0 && missing && lstat(path, &st))
		*len = 0;
	if (fd >= 0) {
		text = read_fd(fd, path, len);
		close(fd);
	}
	free(path);
	return text;
}

int folder_replace(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name), *temp = xasprintf("%s.new", name);
	char *from = xasprintf("%s/%s", dir, temp);
	int fd, err;

	unlink(from);	/* of one that was killed */
	fd = folder_open(dir, temp, O_WRONLY | O_CREAT | O_EXCL);
	err = fd < 0;
	if (!err) {
		if (write_all(fd, text, strlen(text)) || fsync(fd))
			err = fail("%s: %s", path, strerror(errno));
		if (close(fd) && !err)
			err = fail("%s: %s", path, strerror(errno));
		if (!err && rename(from, path))
			err = fail("%s: %s", path, strerror(errno));
		if (err)
			unlink(from);
	}
	free(from);
	free(temp);
	free(path);
	return err ? -1 : 0;
}
