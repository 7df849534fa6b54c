// SPDX-License-Identifier: GPL-2.0
/* facts: meta.json of every folder side by side, nested keys as a.b. */
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

struct facts {
	char **keys;
	size_t n, room;
};

static void add_key(struct facts *f, const char *key)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (!strcmp(f->keys[i], key))
			return;
	f->keys = grow(f->keys, f->n, &f->room, sizeof(*f->keys));
	f->keys[f->n++] = must(strdup(key));
}

/* collect: every key into f; else: the text of the one key that is wanted */
static char *walk(json_t *o, const char *prefix, struct facts *collect,
		  const char *wanted)
{
	char *name, *found = NULL;
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) {
		if (found)
			break;
		if (asprintf(&name, "%s%s%s", prefix, *prefix ? "." : "", key) < 0)
			must(NULL);
		if (json_is_object(v))
			found = walk(v, name, collect, wanted);
		else if (collect)
			add_key(collect, name);
		else if (!strcmp(name, wanted))
			found = json_is_string(v) || json_is_null(v) ?
				must(strdup(json_is_null(v) ? "" : json_string_value(v))) :
				must(json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT));
		free(name);
	}
	return found;
}

int cmd_facts(const struct data *d, const struct options *o)
{
	struct table *t = table_new("facts");
	int fact = table_column(t, U_VALUE, "fact", "fact");
	struct facts f = { 0 };
	size_t i, k;
	char *text;

	for (i = 0; i < d->n_folders; i++) {
		table_column(t, U_VALUE, d->folders[i].label, d->folders[i].label);
		walk(d->folders[i].meta, "", &f, NULL);
	}
	for (k = 0; k < f.n; k++) {
		table_row(t);
		table_text(t, fact, "%s", f.keys[k]);
		for (i = 0; i < d->n_folders; i++) {
			const struct folder *in = &d->folders[i];

			text = walk(in->meta, "", NULL, f.keys[k]);
			table_text(t, fact + 1 + i, "%s%s", text ? text : "",
				   in->stand_in && !strcmp(f.keys[k], "hypervisor") ?
				   " (stand-in)" : "");
			free(text);
		}
		free(f.keys[k]);
	}
	free(f.keys);
	note_folders(t, d);
	return finish(t, o);
}
