// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static char reason[512];

int fail(const char *fmt, ...)
{
	va_list args;

	if (*reason)
		return -1;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	return -1;
}

const char *failure(void)
{
	return *reason ? reason : NULL;
}

void no_failure(void)
{
	*reason = '\0';
}

void message(const char *fmt, ...)
{
	char text[2048], *c;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = *c == '\n' ? ' ' : '?';
	fprintf(stderr, "napinic: %s\n", text);
}

void *xalloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		message("out of memory");
		exit(1);
	}
	return memory;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0) {
		message("out of memory");
		exit(1);
	}
	va_end(args);
	return text;
}

FILE *xmemstream(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out) {
		message("out of memory");
		exit(1);
	}
	return out;
}

const char *sys_dir(void)
{
	const char *dir = getenv("E1000_NAPI_SYS");

	return dir && *dir ? dir : "/sys";
}

char *read_file(const char *path)
{
	size_t size = 0, room = 4096;
	char *text = xalloc(room + 1);
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		free(text);
		return NULL;
	}
	while ((got = read(fd, text + size, room - size)) > 0) {
		size += got;
		if (size == room) {
			room *= 2;
			text = realloc(text, room + 1);
			if (!text)
				exit(1);
		}
	}
	close(fd);
	/* some of /proc/sys can be opened and not read */
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* The rest of a variadic function whose arguments make a path. */
#define PATH_OF(path, fmt)						\
	do {								\
		va_list args;						\
									\
		va_start(args, fmt);					\
		vsnprintf(path, sizeof(path), fmt, args);		\
		va_end(args);						\
	} while (0)

char *read_line(const char *fmt, ...)
{
	char path[512], *text;

	PATH_OF(path, fmt);
	text = read_file(path);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

char *link_target(const char *fmt, ...)
{
	char path[512], target[512], *slash;
	ssize_t len;

	PATH_OF(path, fmt);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return NULL;
	target[len] = '\0';
	slash = strrchr(target, '/');
	return xasprintf("%s", slash ? slash + 1 : target);
}

bool is_there(const char *fmt, ...)
{
	char path[512];

	PATH_OF(path, fmt);
	return !access(path, F_OK);
}

bool is_ifname(const char *word)
{
	const char *c;

	if (!*word || *word == '-' || strlen(word) > 15 || !strcmp(word, ".") || !strcmp(word, ".."))
		return false;
	for (c = word; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			return false;
	return true;
}

void put_word(FILE *out, const char *fmt, ...)
{
	char word[256];
	const char *c;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(word, sizeof(word), fmt, args);
	va_end(args);
	for (c = word; *c && !isspace((unsigned char)*c) && !iscntrl((unsigned char)*c); c++)
		;
	if (*c || !*word || *word == '-' || len >= (int)sizeof(word))
		fail("'%s' cannot be written down: names with spaces or a leading '-' are not supported",
		     word);
	fprintf(out, " %s", word);
}

bool wait_for(unsigned int seconds, bool (*done)(void *data), void *data)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	unsigned int tries = seconds * 10;

	while (!done(data)) {
		if (!tries--)
			return false;
		nanosleep(&tenth, NULL);
	}
	return true;
}

void list_add(struct list *list, char *text)
{
	list->text = realloc(list->text, (list->count + 1) * sizeof(*list->text));
	if (!list->text)
		exit(1);
	list->text[list->count++] = text;
}

bool list_has(const struct list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->text[i], text))
			return true;
	return false;
}

void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->text[i]);
	free(list->text);
	*list = (struct list){ 0 };
}

const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_int_t number_of(json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool is_true(json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool array_has(json_t *array, const char *text)
{
	json_t *each;
	size_t i;

	json_array_foreach(array, i, each)
		if (json_is_string(each) && !strcmp(json_string_value(each), text))
			return true;
	return false;
}
