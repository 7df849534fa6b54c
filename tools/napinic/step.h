/* SPDX-License-Identifier: GPL-2.0 */
/* One step of put: its words and its result. */
#ifndef NAPINIC_STEP_H
#define NAPINIC_STEP_H

#include "util.h"

#define MAX_WORDS 512

/* A line split at spaces, with room for more words; a NULL after the last. */
struct words {
	const char *word[MAX_WORDS];
	size_t count;
};
void words_split(struct words *w, char *text);
void words_add(struct words *w, const char *word);
/* With a space between them (caller frees). */
char *words_join(const char *const words[]);

/* Name a step that failed, and count it. */
void missed(const char *what, const char *why);
unsigned int steps_missed(void);

/* Run ip; when it fails, name and count that. */
void try_ip(const char *const args[]);
#define TRY_IP(...) try_ip((const char *const[]){ __VA_ARGS__, NULL })

/* The rest of a lifetime ("forever" or seconds) after elapsed seconds (caller frees), or NULL. */
char *lifetime_left(const char *lifetime, long long elapsed);

/*
 * NetworkManager may give its routes of name another metric each time: have it take that which
 * they had. It lasts until it activates another connection. Returns whether it was asked.
 */
bool put_metrics(const struct list *routes, const char *name);

/* The routes ("4 ARGUMENT...") of the interface name, in their order; empties the list. */
void put_routes(struct list *routes, const char *name, long long elapsed);

#endif
