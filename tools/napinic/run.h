/* SPDX-License-Identifier: GPL-2.0 */
/* Running iproute2 and ethtool, never through a shell. */
#ifndef NAPINIC_RUN_H
#define NAPINIC_RUN_H

#include <jansson.h>

/*
 * Run a program with LC_ALL=C, whatever the caller's locale. What it prints on
 * stdout and stderr comes back in *out and *err (caller frees), together in *out
 * when err is NULL. Returns its exit status, 128 + the signal that ended it, or
 * 127 when it cannot be started.
 */
int run(const char *const argv[], char **out, char **err);

/*
 * Run iproute2's ip with these arguments, a NULL after the last: -1 and the
 * reason kept when it fails. busybox has an ip too, which can do too little.
 */
int run_ip(char **out, const char *const args[]);

/* A program's JSON output (caller decrefs), or NULL with the reason kept. */
json_t *program_json(const char *const argv[]);
#define PROGRAM_JSON(...) program_json((const char *const[]){ __VA_ARGS__, NULL })

/* The same for `ip -json -details ARGUMENT...`: what it says (caller decrefs), or NULL. */
json_t *ip_json(const char *const args[]);
#define IP_JSON(...) ip_json((const char *const[]){ __VA_ARGS__, NULL })

#endif
