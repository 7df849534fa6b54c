/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The results folder and its files. A sweep runs as root, the folder may be
 * anywhere: a link, a FIFO or a folder that somebody else put in the way is
 * refused, never followed, never waited for.
 */
#ifndef NAPIMETER_FOLDER_H
#define NAPIMETER_FOLDER_H

#include "util.h"

/* Nobody but root, the caller and who called sudo decides what is at this path. */
int folder_check(const char *path);
/* A plain file with one name, by open(2)'s flags; -1 with the reason kept. */
int folder_open(const char *dir, const char *name, int flags);
/* Its whole text (caller frees) and length; NULL: *len is 0 if there is no such file. */
char *folder_read(const char *dir, const char *name, ssize_t *len);
/* All or nothing, also across a power cut: temporary file, fsync, rename. */
int folder_replace(const char *dir, const char *name, const char *text);
/* Is this user root, the caller, or who called sudo? */
bool is_trusted(uid_t uid);

#endif
