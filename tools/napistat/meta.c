// SPDX-License-Identifier: GPL-2.0
/* meta.json of a results folder, checked and read. */
#include <string.h>

#include "data.h"

/*
 * Where the key of the outermost object stands. The text is JSON by now
 * (jansson read it), so strings and brackets are all there is to follow.
 */
static void find_key(const char *buf, size_t len, const char *key, size_t *line,
		     size_t *column)
{
	size_t i, at = 0, start = 0, deep = 0, k = strlen(key);
	bool string = false;

	*line = 1;
	for (i = 0; i < len; i++) {
		char c = buf[i];

		*column = i - start + 1;
		if (string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				string = false;
		} else if (c == '"') {
			at = i + 1;
			string = true;
			if (deep == 1 && at + k < len && !memcmp(buf + at, key, k) &&
			    buf[at + k] == '"')
				return;
		} else if (c == '\n') {
			++*line;
			start = i + 1;
		} else {
			deep += c == '{' || c == '[';
			deep -= c == '}' || c == ']';
		}
	}
	*line = *column = 1;
}

int read_meta(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why)
{
	struct folder *f = &d->folders[d->n_folders - 1];
	const char *wrong = NULL, *key = NULL;
	size_t line, column;
	json_error_t err;
	json_t *v;

	f->meta = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &err);
	if (!f->meta)
		return refuse(why, name, err.line > 0 ? err.line : 1,
			      err.column > 0 ? err.column : 1, "%s", err.text);
	if (!json_is_object(f->meta))
		return refuse(why, name, 1, 1, "not a JSON object");
	v = json_object_get(f->meta, key = "format");
	if (!json_is_integer(v) || json_integer_value(v) != 1)
		wrong = "must be 1, the format that this program knows";
	if (!wrong) {
		v = json_object_get(f->meta, key = "hypervisor");
		if (!json_is_string(v) || !json_string_length(v))
			wrong = "must be the hypervisor's name";
	}
	if (!wrong) {
		f->hypervisor = json_string_value(v);
		v = json_object_get(f->meta, key = "stand_in");
		if (!json_is_boolean(v))
			wrong = "must be true or false";
		f->stand_in = json_is_true(v);
	}
	if (!wrong)
		return 0;
	if (!v)
		return refuse(why, name, 1, 1, "%s is missing; it %s", key, wrong);
	find_key(buf, len, key, &line, &column);
	return refuse(why, name, line, column, "%s %s", key, wrong);
}

/* Optional: folders of other sources have none, and then nothing is known. */
int read_asked(struct data *d, const char *name, const char *buf, size_t len,
	       struct problem *why)
{
	struct folder *f = &d->folders[d->n_folders - 1];
	json_error_t err;

	f->sweep = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &err);
	if (f->sweep)
		return 0;
	return refuse(why, name, err.line > 0 ? err.line : 1, err.column > 0 ? err.column : 1,
		      "%s", err.text);
}

unsigned int folder_boots(const struct folder *f)
{
	json_t *v = json_object_get(f->meta, "boots");

	return json_is_integer(v) && json_integer_value(v) > 1 ? json_integer_value(v) : 1;
}

const char *folder_ring(const struct folder *f)
{
	const char *asked = asked_text(f, "rx_ring"), *found;

	if (*asked)
		return asked;
	found = json_string_value(json_object_get(json_object_get(f->meta, "conditions"), "ring_rx"));
	return found ? found : "";
}

const char *asked_text(const struct folder *f, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(f->sweep, "asked"),
							  key));

	return s ? s : "";
}

double asked_number(const struct folder *f, const char *key, double otherwise)
{
	double v;

	return is_real(asked_text(f, key), &v) ? v : otherwise;
}
