// SPDX-License-Identifier: GPL-2.0
/*
 * After sudo, chown what root made in a user's folder to the user. Not by path: the folder's
 * owner could replace a part of one with a link to any file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

/*
 * The mount that this is on, so that nothing is given across mounts. Not st_dev: in an overlay,
 * as in containers, files and folders differ in it. Before Linux 5.8 only st_dev exists.
 */
static uint64_t mount_of(int fd)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &sx))
		return UINT64_MAX;
	if (sx.stx_mask & STATX_MNT_ID)
		return sx.stx_mnt_id;
	return (uint64_t)sx.stx_dev_major << 32 | sx.stx_dev_minor;
}

/* All of root's in this folder, which is on mount; files with a second name are left alone. */
static int give_inside(int dir, uint64_t mount, uid_t uid, gid_t gid)
{
	DIR *list = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;
	struct stat st;
	int fd, err = 0;

	if (!list)
		return fail("%s", strerror(errno));
	while (!err && (e = readdir(list))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		/* held open, so that it is the same one that is looked at and given */
		fd = openat(dir, e->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && mount_of(fd) == mount && (S_ISDIR(st.st_mode) || st.st_nlink == 1)) {
			int sub = S_ISDIR(st.st_mode) ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

			if (!st.st_uid && fchownat(fd, "", uid, gid, AT_EMPTY_PATH))
				err = fail("%s: %s", e->d_name, strerror(errno));
			if (!err && sub >= 0)
				err = give_inside(sub, mount, uid, gid);
			if (sub >= 0)
				close(sub);
		}
		close(fd);
	}
	closedir(list);
	return err;
}

/*
 * The folder, and root's folders above it up to one of the caller. If none above is the
 * caller's, it is root's folder, and stays so.
 */
static int give_up(int dir, bool first, uid_t *uid, gid_t *gid)
{
	struct stat st, above;
	int up, err;

	if (fstat(dir, &st))
		return -1;
	if (st.st_uid) {
		if (!first && !is_trusted(st.st_uid))
			return -1;
		*uid = st.st_uid;
		*gid = st.st_gid;
		return 0;
	}
	up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0 || fstat(up, &above) || (above.st_ino == st.st_ino && above.st_dev == st.st_dev))
		err = -1;
	else
		err = above.st_mode & S_IWOTH ? -1 : give_up(up, false, uid, gid);
	if (up >= 0)
		close(up);
	return err ? err : fchown(dir, *uid, *gid);
}

int cmd_give(int argc, char *argv[])
{
	const char *caller = getenv("SUDO_UID");
	struct stat st;
	uid_t uid;
	gid_t gid;
	int dir;

	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter give DIR");
	dir = folder_dir(argv[0], false);
	if (dir < 0)
		die(EXIT_FAILED, "%s", failure());
	if (geteuid() || fstat(dir, &st))
		return EXIT_OK;
	/* a folder that root has not made here is given only to the one who called sudo */
	if (!st.st_uid && (!caller || !strtoul(caller, NULL, 10)))
		return EXIT_OK;
	if (!give_up(dir, true, &uid, &gid) && give_inside(dir, mount_of(dir), uid, gid))
		die(EXIT_FAILED, "%s: %s", argv[0], failure());
	close(dir);
	return EXIT_OK;
}
