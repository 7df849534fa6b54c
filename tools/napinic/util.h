/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all parts of napinic: failing with a reason, files, programs, links. */
#ifndef NAPINIC_UTIL_H
#define NAPINIC_UTIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Keep the first reason and return -1, so that a function can end with "return fail(...)". */
int fail(const char *fmt, ...) PRINTF(1, 2);
/* The reason, or NULL when nothing has failed. */
const char *failure(void);
/* Forget it. */
void no_failure(void);
/* "napinic: ..." on stderr; a control character, which could steer a terminal, becomes "?". */
void message(const char *fmt, ...) PRINTF(1, 2);

void *xalloc(size_t size);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
/* open_memstream(), of which both must live until it is closed. */
FILE *xmemstream(char **text, size_t *size);

/* The prefix of /sys: tests set E1000_NAPI_SYS to their own tree. */
const char *sys_dir(void);

/* A whole small file as a string (caller frees), or NULL. */
char *read_file(const char *path);
/* The first line of a file without its newline (caller frees), or NULL. */
char *read_line(const char *fmt, ...) PRINTF(1, 2);
/* The last part of where a symbolic link points to (caller frees), or NULL. */
char *link_target(const char *fmt, ...) PRINTF(1, 2);
bool is_there(const char *fmt, ...) PRINTF(1, 2);

/* Interface names that the kernel accepts, without those that look like an option or a path. */
bool is_ifname(const char *word);

/*
 * Write " WORD" to out. A state file is split at spaces, so a word with a space, or
 * one that looks like an option, is an error.
 */
void put_word(FILE *out, const char *fmt, ...) PRINTF(2, 3);

/* Poll every 0.1 s until done(data) or the time is up: did it come? */
bool wait_for(unsigned int seconds, bool (*done)(void *data), void *data);

/* A list of strings, which owns them. */
struct list {
	char **text;
	size_t count;
};
void list_add(struct list *list, char *text);
bool list_has(const struct list *list, const char *text);
void list_free(struct list *list);

/* A member of a JSON object: NULL, 0 or false when it is absent or of another type. */
const char *text_of(json_t *object, const char *key);
json_int_t number_of(json_t *object, const char *key);
bool is_true(json_t *object, const char *key);
/* Is the text in this array? */
bool array_has(json_t *array, const char *text);

#endif
