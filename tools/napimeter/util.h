/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all parts of napimeter: failing with a reason, time, small files. */
#ifndef NAPIMETER_UTIL_H
#define NAPIMETER_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/base.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NSEC 1000000000LL

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_BAD_USAGE = 2,
};

/*
 * fail() keeps the reason and returns -1, so that a function can end with
 * "return fail(...)". The first caller decides whether that ends the
 * program or becomes the `reason` of a failed trial.
 */
int fail(const char *fmt, ...) PRINTF(1, 2);
const char *failure(void);
void warning(const char *fmt, ...) PRINTF(1, 2);
void die(int code, const char *fmt, ...) PRINTF(2, 3) __attribute__((noreturn));

void *xcalloc(size_t n, size_t size);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

int64_t mono_ns(void);
int64_t real_ns(void);
void sleep_until(int64_t mono);		/* CLOCK_MONOTONIC */
void sleep_ns(int64_t ns);

/* A whole file as a string (caller frees), or NULL with the reason kept. */
char *read_file(const char *path);
/* First line without its newline; -1 if it cannot be read. */
int read_line(const char *path, char *buf, size_t len);
/*
 * The path of a file of the driver in debugfs (caller frees), by the device's
 * address: two network namespaces may have an interface of one name.
 */
char *driver_file(const char *interface, const char *file);
int write_file(const char *path, const char *text);
int write_all(int fd, const char *text, size_t len);
/* The unread rest, as a string (caller frees), and its length; path: what it is. */
char *read_fd(int fd, const char *path, ssize_t *len);

/* The line after this one, or the end of the text. */
const char *next_line(const char *line);

/* "100M", "8k", "3": unit is 1000 for rates, 1024 for memory. */
int parse_scaled(const char *word, unsigned int unit, uint64_t *value);

#define SECONDS_MAX 86400	/* of one stream */

/* A plain decimal number from min (0 or more) to max; -1 with the reason kept for all else. */
int parse_int(const char *word, int min, int max);

/* A numeric IPv4 or IPv6 address and a port; returns the sockaddr's length, -1 if it is none. */
struct sockaddr_storage;
int parse_address(const char *text, unsigned int port, struct sockaddr_storage *address);

/* fork(), whose child gets the signal when its parent is killed. */
pid_t fork_with(int sig);
/* The child's half of it: ends here if the parent was killed before it could ask the kernel for the signal. */
void die_with(pid_t parent, int sig);

/*
 * Run a program and keep what it prints (caller frees); killed after
 * timeout_ns. exit status in *status (128 + signal when killed).
 */
char *run_program(char *const argv[], int64_t timeout_ns, int *status);

#endif
