/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all parts of the run format: memory, interned words, reasons of refusal. */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>

/* Why a file was refused: "FILE:LINE:COLUMN: FIELD: reason". */
struct problem {
	char text[1024];
};

/* Fill *why; always -1, so that a reader can end with "return refuse(…)". */
int refuse(struct problem *why, const char *name, size_t line, size_t column,
	   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* p, or the end of the program if it is NULL: out of memory. */
void *must(void *p);
/* Room for element n of an array of *room elements of this size. */
void *grow(void *array, size_t n, size_t *room, size_t size);

/* The one copy of this word: equal words are equal pointers. */
const char *intern(const char *word);
/* Free every interned word. */
void intern_free(void);

/* A whole number of at most 19 digits without a sign or a leading zero? */
bool is_count(const char *s);
/* A finite decimal number and nothing else; *to is its value. */
bool is_real(const char *s, double *to);
/* Control characters become "?", line breaks a space. */
void clean_text(char *text);

#endif
