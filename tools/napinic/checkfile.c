// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "util.h"

char *check_file(const char *path, const char *pci)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t size;
	char *text;

	if (fd < 0 && errno == ELOOP) {
		fail("it is a symbolic link, and this never makes one; remove it");
		return NULL;
	}
	if (fd < 0 || fstat(fd, &st)) {
		fail("%s", strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022 ||
	    st.st_size > 16 << 20) {
		fail("it belongs to, or can be written by, another user; it is ignored");
		close(fd);
		return NULL;
	}
	text = xalloc(st.st_size + 1);
	size = pread(fd, text, st.st_size, 0);
	close(fd);
	if (size == st.st_size && !check_text(text, size, pci))
		return text;
	fail("it cannot be read");
	free(text);
	return NULL;
}
