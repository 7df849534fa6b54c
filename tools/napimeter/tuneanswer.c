// SPDX-License-Identifier: GPL-2.0
/* The result of a search: DIR/answer, as text, from napistat's answer on the pairs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "tunefolder.h"
#include "../lib/csvfile.h"

void tune_print_config(FILE *out, const struct tune *t, const struct tune_config *c, bool all)
{
	const char *space = "";
	size_t i;

	for (i = 0; i < t->factors; i++) {
		if (!all && !strcmp(c->value[i], t->factor[i].base))
			continue;
		fprintf(out, "%s%s=%s", space, t->factor[i].name, c->value[i]);
		space = " ";
	}
}

/* The fields of napistat's answer that are repeated in ours. */
struct said {
	int action_at, text_at;
	char action[16], text[1024];
};

static int said_field(struct csv_reader *r, const struct csv_field *f)
{
	struct said *s = r->to;

	if (!f->row && !strcmp(f->text, "action"))
		s->action_at = f->index;
	else if (!f->row && !strcmp(f->text, "text"))
		s->text_at = f->index;
	else if (f->row && (int)f->index == s->action_at)
		snprintf(s->action, sizeof(s->action), "%s", f->text);
	else if (f->row && (int)f->index == s->text_at)
		snprintf(s->text, sizeof(s->text), "%s", f->text);
	return 0;
}

static int said_row(struct csv_reader *r, size_t row, size_t fields, size_t line)
{
	(void)r, (void)row, (void)fields, (void)line;
	return 0;
}

static void print_with(FILE *out, const char *text, const char *from, const char *to)
{
	const char *at;

	for (; (at = strstr(text, from)); text = at + strlen(from))
		fprintf(out, "%.*s%s", (int)(at - text), text, to);
	fputs(text, out);
}

/* The obvious question when a larger ring is part of the answer. */
static void print_ring(FILE *out, const struct tune *t, const struct tune_config *found)
{
	const char *ring = NULL;
	size_t i;

	for (i = 0; i < t->factors; i++)
		if (!strcmp(t->factor[i].name, "ring") && strcmp(found->value[i], t->factor[i].base))
			ring = found->value[i];
	for (i = 0; ring && i < t->factors; i++)
		if (!strcmp(t->factor[i].name, "weight") && t->factor[i].values &&
		    !strcmp(found->value[i], t->factor[i].base))
			fprintf(out, "It is the ring, not the weight: beside ring=%s no other weight was better.\n",
				ring);
}

static bool print_answer(FILE *out, const struct tune *t, const struct tune_answer *a,
			 const struct said *said)
{
	struct tune_config base;
	bool change = !strcmp(said->action, "change");
	size_t i;

	for (i = 0; i < t->factors; i++)
		base.value[i] = t->factor[i].base;
	fputs(change ? "Use " : "Keep the defaults (", out);
	tune_print_config(out, t, change ? &a->found : &base, !change);
	if (!a->differs) {
		fprintf(out, "): in the screening nothing was better by more than %g %%.\n",
			100 * t->margin);
	} else {
		if (!change) {
			fputs("). The best in the screening was ", out);
			tune_print_config(out, t, &a->found, false);
		}
		fputs(". ", out);
		if (change && !strncmp(said->text, "The rival is better", 19)) {
			fputs("Better than the defaults", out);
			print_with(out, said->text + 19, "the reference", "the defaults");
		} else {
			print_with(out, said->text, "the reference", "the defaults");
		}
		fputs("\n", out);
	}
	if (change)
		print_ring(out, t, &a->found);
	if (*a->missed)
		fprintf(out, "Not tried, as the time was over:%s; --minutes gives more.\n", a->missed);
	return change;
}

/* Copy napistat's answer to DIR/answer.csv, and the numbers for the text to *said. */
static int take_answer(int dir, int from, struct said *said)
{
	struct problem why;
	struct csv_reader csv = { .name = "answer.csv", .why = &why, .to = said,
				  .field = said_field, .row_end = said_row };
	ssize_t len;
	char *text = read_fd(from, "napistat's answer", &len);
	int err = -1;

	if (text && csv_read(&csv, text, len))
		fail("%s", why.text);
	else if (text && (!*said->action || !strcmp(said->action, "unknown")))
		fail("too few pairs could be measured, see log; the same command tries them again");
	else if (text)
		err = folder_put(dir, "answer.csv", text, len);
	free(text);
	return err;
}

int tune_write_answer(const struct tune *t, const struct tune_answer *answer, int dir, int from)
{
	struct said said = { .action_at = -1, .text_at = -1 };
	char *text = NULL;
	bool change;
	size_t len;
	FILE *out;
	int keep;

	if (answer->differs && take_answer(dir, from, &said))
		return -1;
	out = must(open_memstream(&text, &len));
	change = print_answer(out, t, answer, &said);
	fclose(out);
	if (folder_put(dir, "answer", text, len))
		return -1;
	fputs(text, stdout);
	free(text);
	/* the files of an earlier answer say something else */
	if (faccessat(dir, "keep", F_OK, AT_SYMLINK_NOFOLLOW))
		return change;
	keep = folder_below(dir, "keep", false);
	if (keep < 0 || folder_empty(keep))
		return -1;
	close(keep);
	if (!change && unlinkat(dir, "keep", AT_REMOVEDIR))
		return fail("keep: %s", strerror(errno));
	return change;
}
