// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

static void *words;

void *must(void *p)
{
	if (p)
		return p;
	fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
	exit(1);
}

void *grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	return must(reallocarray(array, *room, size));
}

int refuse(struct problem *why, const char *name, size_t line, size_t column,
	   const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(why->text, sizeof(why->text), "%s:%zu:%zu: ", name, line,
		     column);
	if (n >= 0 && (size_t)n < sizeof(why->text)) {
		va_start(args, format);
		vsnprintf(why->text + n, sizeof(why->text) - n, format, args);
		va_end(args);
	}
	clean_text(why->text);
	return -1;
}

static int by_word(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *intern(const char *word)
{
	const char **found = tfind(word, &words, by_word);

	if (!found)
		found = must(tsearch(must(strdup(word)), &words, by_word));
	return *found;
}

void intern_free(void)
{
	tdestroy(words, free);
	words = NULL;
}

bool is_count(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 20 && !s[n] && (s[0] != '0' || n == 1);
}

bool is_real(const char *s, double *to)
{
	char *end;

	if (!s[0] || s[strspn(s, "0123456789.eE+-")])
		return false;
	*to = strtod(s, &end);
	return !*end && isfinite(*to);
}

/* Length of the UTF-8 character that begins here and can be shown; 0: there is none. */
static size_t shown(const unsigned char *p)
{
	size_t len = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 :
		     *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
	size_t i;

	if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* U+202A to 202E and 2066 to 2069 turn the direction of what follows */
	if (len == 3 && p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
					 (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
		return 0;
	return len;
}

/*
 * A program on the other side, or an edited file, may have anything
 * into a text: what could steer a terminal or break a line becomes "?".
 */
void clean_text(char *text)
{
	unsigned char *p = (unsigned char *)text;

	while (*p) {
		size_t len = shown(p);

		if (!len)
			*p = *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : '?';
		p += len ? len : 1;
	}
}
