// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "step.h"

static unsigned int count;

void words_split(struct words *w, char *text)
{
	char *word;

	w->count = 0;
	while ((word = strsep(&text, " ")) && w->count < MAX_WORDS - 16)
		w->word[w->count++] = word;
	w->word[w->count] = NULL;
}

void words_add(struct words *w, const char *word)
{
	if (w->count < MAX_WORDS - 1)
		w->word[w->count++] = word;
	w->word[w->count] = NULL;
}

char *words_join(const char *const words[])
{
	char *text = NULL;
	size_t size, i;
	FILE *out = xmemstream(&text, &size);

	for (i = 0; words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	fclose(out);
	return text;
}

void missed(const char *what, const char *why)
{
	const char *text = why ? why : failure();

	if (text && *text)
		message("not put back: %s (%s)", what, text);
	else
		message("not put back: %s", what);
	count++;
}

unsigned int steps_missed(void)
{
	return count;
}

void try_ip(const char *const args[])
{
	char *why, *words, *what;

	if (run_ip(&why, args)) {
		words = words_join(args);
		what = xasprintf("ip %s", words);
		missed(what, why);
		free(words);
		free(what);
	}
	free(why);
}

char *lifetime_left(const char *lifetime, long long elapsed)
{
	long long seconds;

	if (!strcmp(lifetime, "forever"))
		return xasprintf("forever");
	seconds = strtoll(lifetime, NULL, 10) - elapsed;
	return seconds > 0 ? xasprintf("%lld", seconds) : NULL;
}
