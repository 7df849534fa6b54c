// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
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

static bool is_missing(void)
{
	return errno == ENOENT || errno == ENOTDIR;	/* of which walk() says more */
}

/*
 * From the root on: what lies where everybody may write must be one of ours. Not whole: as far
 * as it is there already.
 */
static int check_parts(char *path, bool whole)
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
			return !whole && is_missing() ? 0 : fail("%s: %s", path, strerror(errno));
		if (parent.st_mode & S_IWOTH && !is_trusted(st.st_uid))
			return fail("%s belongs to another user (%u), in a folder where everybody may write: give another one",
				    path, (unsigned int)st.st_uid);
		if (stat(path, &parent))
			return !whole && is_missing() ? 0 : fail("%s: %s", path, strerror(errno));
		if (next) {
			*next = '/';
			slash = next;
		}
	} while (next);
	if (!S_ISDIR(parent.st_mode))
		return fail("%s is not a folder", path);
	if (parent.st_mode & S_IWOTH)
		return fail("%s: everybody may write there: give another folder, or run chmod o-w on it",
			    path);
	return 0;
}

static int check(const char *path, bool all)
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
	err = check_parts(whole, all);
	free(whole);
	return err;
}

int folder_check(const char *path)
{
	return check(path, true);
}

/* Files that root makes in a user's folder become the user's. */
static int give(int fd, int dir)
{
	struct stat st;

	if (geteuid() || fstat(dir, &st) || !st.st_uid)
		return 0;
	return fchown(fd, st.st_uid, st.st_gid);
}

/* An open folder, or the reason why it is refused. */
static int enter(int dir, const char *name, int flags, const char *path)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	struct stat st;

	if (fd >= 0)
		return fd;
	if (flags & O_NOFOLLOW && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode))
		return fail("%s is a symbolic link, and links are not followed here: remove it, or give another folder",
			    path);
	if (errno == ENOTDIR || errno == ELOOP)
		return fail("%s is not a folder: remove it, or give another one", path);
	return fail("%s: %s", path, strerror(errno));
}

/* The same; missing ones are made, and belong to the owner of the folder they are in. */
static int make(int dir, const char *name, int flags, const char *path)
{
	bool made = !mkdirat(dir, name, 0755);
	int fd;

	if (!made && errno != EEXIST)
		return fail("the folder %s cannot be made: %s; give another one", path,
			    strerror(errno));
	fd = enter(dir, name, made ? O_NOFOLLOW : flags, path);
	if (fd >= 0 && made && give(fd, dir)) {
		fail("%s: cannot be given to the owner of the folder it is in: %s", path,
		     strerror(errno));
		close(fd);
		fd = -1;
	}
	return fd;
}

/* From the folder at: every part of path, of which links may be followed except for the last. */
static int walk(int at, const char *path, bool make_it, bool follow)
{
	char *copy = xasprintf("%s", path), *end = copy + strlen(copy), *part = copy, *next;
	int fd = dup(at), up;

	while (end > copy + 1 && end[-1] == '/')
		*--end = '\0';
	for (; fd >= 0 && part; part = next) {
		bool last;

		next = strchr(part, '/');
		last = !next;
		if (next)
			*next = '\0';
		up = fd;
		if (*part) {
			int flags = last || !follow ? O_NOFOLLOW : 0;

			if (!follow && !strcmp(part, ".."))
				fd = fail("%s leads out of the folder", path);
			else
				fd = make_it ? make(up, part, flags, copy) : enter(up, part, flags, copy);
			close(up);
		}
		if (next)
			*next++ = '/';
	}
	free(copy);
	return fd;
}

int folder_dir(const char *path, bool make_it)
{
	int at = open(*path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (at < 0)
		return fail("the folder we are in: %s", strerror(errno));
	/* before anything is made */
	if (!check(path, !make_it))
		fd = walk(at, path, make_it, true);
	close(at);
	if (fd >= 0 && folder_check(path)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int folder_below(int dir, const char *sub, bool make_it)
{
	if (*sub == '/')
		return fail("%s leads out of the folder", sub);
	return walk(dir, sub, make_it, false);
}

int folder_open_at(int dir, const char *name, int flags, const char *path)
{
	struct stat st;
	int fd, err;

	/* O_NONBLOCK: a FIFO shall not keep us waiting until it is found out */
	fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
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
	else if (flags & O_CREAT && !st.st_size && give(fd, dir))
		err = fail("%s: cannot be given to the owner of its folder: %s", path,
			   strerror(errno));
	if (err && fd >= 0)
		close(fd);
	return err ? -1 : fd;
}

int folder_open(const char *dir, const char *name, int flags)
{
	char *path = xasprintf("%s/%s", dir, name);
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	fd = at < 0 ? fail("%s: %s", dir, strerror(errno)) : folder_open_at(at, name, flags, path);
	if (at >= 0)
		close(at);
	free(path);
	return fd;
}

char *folder_read_at(int dir, const char *name, const char *path, ssize_t *len)
{
	struct stat st;
	/* a dangling link exists, so refuse it */
	bool missing = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
	char *text = NULL;
	int fd;

	*len = -1;
	fd = folder_open_at(dir, name, O_RDONLY, path);
	if (fd < 0 && missing)
		*len = 0;
	if (fd >= 0) {
		text = read_fd(fd, path, len);
		close(fd);
	}
	return text;
}

char *folder_read(const char *dir, const char *name, ssize_t *len)
{
	char *path = xasprintf("%s/%s", dir, name), *text = NULL;
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*len = -1;
	if (at < 0) {
		*len = errno == ENOENT ? 0 : -1;
		fail("%s: %s", dir, strerror(errno));
	} else {
		text = folder_read_at(at, name, path, len);
		close(at);
	}
	free(path);
	return text;
}

static int put(int dir, const char *name, const char *path, const char *text, size_t len)
{
	char *temp = xasprintf("%s.new", name);
	struct stat st;
	int fd, err;

	/* what is to be replaced must be ours to replace */
	fd = folder_open_at(dir, name, O_RDONLY, path);
	if (fd < 0 && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
		free(temp);
		return -1;
	}
	if (fd >= 0)
		close(fd);
	unlinkat(dir, temp, 0); /* of a run that was killed; of a link only the name goes */
	fd = folder_open_at(dir, temp, O_WRONLY | O_CREAT | O_EXCL, path);
	err = fd < 0;
	if (!err) {
		if (write_all(fd, text, len) || fsync(fd))
			err = fail("%s: %s", path, strerror(errno));
		if (close(fd) && !err)
			err = fail("%s: %s", path, strerror(errno));
		if (!err && renameat(dir, temp, dir, name))
			err = fail("%s: %s", path, strerror(errno));
		if (err)
			unlinkat(dir, temp, 0);
	}
	free(temp);
	return err ? -1 : 0;
}

int folder_put(int dir, const char *name, const char *text, size_t len)
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	char *sub = xasprintf("%.*s", (int)(last - name), name);
	int at = *sub ? folder_below(dir, sub, true) : dup(dir), err;

	if (!*last || !strcmp(last, ".") || !strcmp(last, ".."))
		err = fail("%s is not the name of a file", name);
	else
		err = at < 0 ? -1 : put(at, last, name, text, len);
	if (at >= 0)
		close(at);
	free(sub);
	return err;
}

int folder_replace(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	err = at < 0 ? fail("%s: %s", dir, strerror(errno)) : put(at, name, path, text, strlen(text));
	if (at >= 0)
		close(at);
	free(path);
	return err;
}

int folder_empty(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!list)
		return fail("a folder to be emptied: %s", strerror(errno));
	while (!err && (e = readdir(list))) {
		int sub;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !unlinkat(fd, e->d_name, 0))
			continue;
		sub = enter(fd, e->d_name, O_NOFOLLOW, e->d_name);
		err = sub < 0 ? -1 : folder_empty(sub);
		if (sub >= 0)
			close(sub);
		if (!err && unlinkat(fd, e->d_name, AT_REMOVEDIR))
			err = fail("%s: %s", e->d_name, strerror(errno));
	}
	closedir(list);
	return err;
}

int cmd_put(int argc, char *argv[])
{
	ssize_t len;
	char *text;
	int dir;

	if (argc != 2)
		die(EXIT_BAD_USAGE, "usage: napimeter put DIR NAME <FILE");
	text = read_fd(STDIN_FILENO, "what is to be put there", &len);
	dir = text ? folder_dir(argv[0], false) : -1;
	if (dir < 0 || folder_put(dir, argv[1], text, len))
		die(EXIT_FAILED, "%s", failure());
	free(text);
	close(dir);
	return EXIT_OK;
}
