/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The results folder and its files. A sweep runs as root, the folder may be
 * anywhere: a link, a FIFO or a folder that another user planted is
 * refused, never followed, never waited for.
 */
#ifndef NAPIMETER_FOLDER_H
#define NAPIMETER_FOLDER_H

#include "util.h"

/* Only root, the caller and sudo's caller decide what is at this path. */
int folder_check(const char *path);
/*
 * Opened (-1: the reason is kept), made first with make_it. The folder itself may not be a
 * link. What root makes in here is its owner's.
 */
int folder_dir(const char *path, bool make_it);
/* A folder below an open one; no part of sub may be a link. */
int folder_below(int dir, const char *sub, bool make_it);
/* A plain file with one name, by open(2)'s flags; -1 with the reason kept. */
int folder_open(const char *dir, const char *name, int flags);
/* path: for messages */
int folder_open_at(int dir, const char *name, int flags, const char *path);
/* Its whole text (caller frees) and length; NULL: *len is 0 if there is no such file. */
char *folder_read(const char *dir, const char *name, ssize_t *len);
char *folder_read_at(int dir, const char *name, const char *path, ssize_t *len);
/* All or nothing, also across a power cut: temporary file, fsync, rename. */
int folder_replace(const char *dir, const char *name, const char *text);
/* The same below an open folder; missing folders in name are made. */
int folder_put(int dir, const char *name, const char *text, size_t len);
/* Remove everything in it, follow nothing. */
int folder_empty(int dir);
/* put DIR NAME <FILE: folder_put() for scripts. */
int cmd_put(int argc, char *argv[]);
/* give DIR: chown what root made there to its owner, or to sudo's caller. */
int cmd_give(int argc, char *argv[]);
/* Is this user root, the caller, or sudo's caller? */
bool is_trusted(uid_t uid);

#endif
