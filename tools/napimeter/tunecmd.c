// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of scripts/tune.sh, which asks for the next sweep, runs it, and says how
 * it ended. Every file of the results folder is written and read here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "tunecmd.h"
#include "tunefolder.h"

/* Statuses that scripts/tune.sh must distinguish from a sweep's own, and from a failure. */
enum {
	TUNE_NO_FOLDER = 3,	/* sweep: not started, as its folder or the log is refused */
	TUNE_NOTHING = 4,
};

static const char usage[] =
	"usage: napimeter tune COMMAND ..., as scripts/tune.sh does (DIR: its results folder)\n"
	"  plan WORD...              what would be tried, and how long it takes\n"
	"  start DIR WORD...         make DIR/tune, or check that it is the same\n"
	"  next DIR                  the next sweep: FOLDER SECONDS OPTION..., then news\n"
	"  sweep DIR FOLDER PROGRAM… run it there, its output in DIR/log\n"
	"  again DIR FOLDER          empty it, for another try\n"
	"  took DIR FOLDER SECONDS yes|no [REASON]\n"
	"                            write down how it ended\n"
	"  said DIR                  the last line of DIR/log\n"
	"  found DIR                 the settings found, and the pairs that confirm them\n"
	"  answer DIR                write what napistat says about these pairs (stdin)\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage; next: 4 nothing left to do; answer: 4 the\n"
	"defaults are kept; sweep: the program's, or 3 if its folder is refused.\n";

/* The results folder as a source of measurements. */
struct disk {
	struct tune_world world;
	const struct tune *t;
	int dir;
	char *news;		/* since the last measurement that ended */
	bool show_ended;	/* all of it is news */
};

static int look(struct tune_world *w, const char *place, const struct tune_config *config,
		struct tune_result *result)
{
	struct disk *d = (struct disk *)w;

	(void)config;
	return tune_look(d->dir, d->t, place, result);
}

static int fix_pairs(struct tune_world *w, unsigned int *n)
{
	return tune_fix_pairs(((struct disk *)w)->dir, n);
}

static int forget(struct tune_world *w, const char *place)
{
	return tune_forget(((struct disk *)w)->dir, place);
}

static void add_news(struct disk *d, const char *text, const char *end)
{
	char *all = xasprintf("%s%s%s", d->news ? d->news : "", text, end);

	free(d->news);
	d->news = all;
}

static void say(struct tune_world *w, const char *text)
{
	add_news((struct disk *)w, text, "\n");
}

static void ended(struct tune_world *w, const char *text)
{
	struct disk *d = (struct disk *)w;

	if (d->show_ended)
		printf("%s%s\n", d->news ? d->news : "", text);
	free(d->news);
	d->news = NULL;
}

static int open_dir(const char *path)
{
	int dir = folder_dir(path, false);

	if (dir < 0)
		die(EXIT_FAILED, "%s", failure());
	return dir;
}

static void failed(int err, const char *path)
{
	if (err == TUNE_TOO_SHORT)
		die(EXIT_BAD_USAGE, "%s", failure());
	die(EXIT_FAILED, "%s: %s", path, failure());
}

static struct disk disk_of(const struct tune *t, int dir)
{
	return (struct disk){ .world = { .look = look, .fix_pairs = fix_pairs, .say = say,
					 .ended = ended }, .t = t, .dir = dir };
}

/* 1 or 0 of tune_search(), or the end of the program. */
static int search(struct disk *d, const char *path, struct tune_step *step,
		  struct tune_answer *answer)
{
	int more = tune_search(d->t, &d->world, step, answer);

	if (more < 0) {
		if (d->show_ended || d->news)
			fputs(d->news ? d->news : "", stdout);
		failed(more, path);
	}
	return more;
}

static int cmd_plan(int argc, char *argv[])
{
	struct tune_schedule s;
	struct tune t;
	size_t i, k;

	if (tune_parse(&t, argv, argc) || tune_schedule(&t, &s))
		die(EXIT_BAD_USAGE, "%s", failure());
	printf("to beat:");
	for (i = 0; i < t.factors; i++)
		printf(" %s=%s", t.factor[i].name, t.factor[i].base);
	printf("\n");
	for (i = 0; i < t.factors; i++) {
		if (!t.factor[i].values)
			continue;
		printf("try %s:", t.factor[i].name);
		for (k = 0; k < t.factor[i].values; k++)
			printf(" %s", t.factor[i].value[k]);
		printf("  (%u round%s each, in random order, beside the best so far)\n", s.rounds,
		       s.rounds == 1 ? "" : "s");
	}
	printf("then the best against the defaults: %u pairs of fresh trials\n", s.pairs);
	printf("about %zu measurements of %.0f s: %s", s.measurements, s.seconds,
	       tune_minutes(s.measurements * s.seconds));
	printf(", at most about %g min\n", t.minutes);
	return EXIT_OK;
}

static int cmd_start(int argc, char *argv[])
{
	struct tune_answer answer;
	struct tune_schedule s;
	struct tune_step step;
	struct disk d;
	struct tune t;
	int dir;

	if (argc < 1)
		die(EXIT_BAD_USAGE, "%s", usage);
	if (tune_parse(&t, argv + 1, argc - 1) || tune_schedule(&t, &s))
		die(EXIT_BAD_USAGE, "%s", failure());
	dir = folder_dir(argv[0], true);
	if (dir < 0 || tune_begin(&t, dir, argv[0], argv + 1, argc - 1))
		die(EXIT_FAILED, "%s", failure());
	/* what is known already; the first `next` prints the rest of the news */
	d = disk_of(&t, dir);
	d.world.forget = forget;
	d.show_ended = true;
	if (search(&d, argv[0], &step, &answer) && step.state == TUNE_COST)
		printf("%s%s: ", d.news ? d.news : "", step.about);
	return EXIT_OK;
}

static int cmd_next(int argc, char *argv[])
{
	struct tune_answer answer;
	struct tune_step step;
	struct disk d;
	struct tune t;
	int dir;

	(void)argc;
	dir = open_dir(argv[0]);
	if (tune_load(&t, dir))
		failed(-1, argv[0]);
	d = disk_of(&t, dir);
	if (!search(&d, argv[0], &step, &answer)) {
		printf("done\n%s", d.news ? d.news : "");
		return TUNE_NOTHING;
	}
	printf("%s/%s %.0f --seed %llu", step.place, step.state == TUNE_RATE ? "rate" : "cost",
	       step.seconds, (unsigned long long)t.seed);
	tune_print_options(&t, &step.config);
	if (step.state == TUNE_RATE)
		printf(" --method mlfrr --goal-initial-trial-s %g --goal-final-trial-s %g --goal-duration-sum-s %g --goal-width %g\n%s%s: ",
		       t.trial_s, t.trial_s, t.trial_s, step.width, d.news ? d.news : "", step.about);
	else
		printf(" --load %.0f --seconds %g --reps 2\n", step.load, tune_cost_s(&t));
	return EXIT_OK;
}

/* The source was tested once; a sweep that finds its probes there does not test it again. */
static int copy_probes(int dir, int to)
{
	int from = folder_below(dir, "0/rate", false), err = 0;
	ssize_t len, have;
	char *text;

	if (from < 0)
		return 0;
	text = folder_read_at(from, "probes.csv", "0/rate/probes.csv", &len);
	free(folder_read_at(to, "probes.csv", "probes.csv", &have));
	if (text && len && !have)
		err = folder_put(to, "probes.csv", text, len);
	free(text);
	close(from);
	return err;
}

static int cmd_sweep(int argc, char *argv[])
{
	int dir, to, log;

	if (argc < 3)
		die(EXIT_BAD_USAGE, "%s", usage);
	dir = open_dir(argv[0]);
	to = folder_below(dir, argv[1], true);
	log = to < 0 ? -1 : folder_open_at(dir, "log", O_WRONLY | O_CREAT | O_APPEND, "log");
	if (log < 0 || copy_probes(dir, to))
		die(TUNE_NO_FOLDER, "%s: %s", argv[0], failure());
	if (fchdir(to) || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		die(TUNE_NO_FOLDER, "%s/%s: %s", argv[0], argv[1], strerror(errno));
	execv(argv[2], argv + 2);
	die(TUNE_NO_FOLDER, "%s: %s", argv[2], strerror(errno));
}

static int cmd_again(int argc, char *argv[])
{
	int dir, sub;

	if (argc != 2)
		die(EXIT_BAD_USAGE, "%s", usage);
	dir = open_dir(argv[0]);
	sub = folder_below(dir, argv[1], false);
	if (sub < 0 || folder_empty(sub))
		die(EXIT_FAILED, "%s: %s", argv[0], failure());
	return EXIT_OK;
}

static int cmd_took(int argc, char *argv[])
{
	struct tune_result r;
	bool possible, rate;
	char why[128] = "", *what;
	struct tune t;
	int dir;

	if (argc < 4 || argc > 5 || !is_count(argv[2]))
		die(EXIT_BAD_USAGE, "%s", usage);
	possible = !strcmp(argv[3], "yes");
	what = strrchr(argv[1], '/');
	if (!what)
		die(EXIT_BAD_USAGE, "%s", usage);
	*what++ = '\0';
	rate = !strcmp(what, "rate");
	dir = open_dir(argv[0]);
	if (argc == 5)
		snprintf(why, sizeof(why), "%s", argv[4]);
	else if (!possible)
		tune_said(dir, why, sizeof(why));
	if (tune_load(&t, dir) || tune_took(dir, argv[1], rate, strtod(argv[2], NULL), possible, why) ||
	    tune_look(dir, &t, argv[1], &r))
		failed(-1, argv[0]);
	if (!possible)
		printf("not possible: %s\n", r.why);
	else if (!rate)
		printf("%.1f Mbit/s\n", r.rate / 1e6);
	return EXIT_OK;
}

static int cmd_said(int argc, char *argv[])
{
	char text[256];

	(void)argc;
	tune_said(open_dir(argv[0]), text, sizeof(text));
	printf("%s\n", text);
	return EXIT_OK;
}

static void load_answer(const char *path, struct tune *t, struct tune_answer *answer, int *dir)
{
	struct tune_step step;
	struct disk d;

	*dir = open_dir(path);
	if (tune_load(t, *dir))
		failed(-1, path);
	d = disk_of(t, *dir);
	if (search(&d, path, &step, answer))
		die(EXIT_FAILED, "%s: the search has not ended", path);
	free(d.news);
}

static int cmd_found(int argc, char *argv[])
{
	struct tune_answer answer;
	struct tune t;
	size_t i;
	int dir;

	(void)argc;
	load_answer(argv[0], &t, &answer, &dir);
	tune_print_config(stdout, &t, &answer.found, false);
	printf("\n");
	for (i = 0; i < answer.pairs; i++)
		printf("%s%u", i ? " " : "", answer.pair[i]);
	printf("\n");
	return EXIT_OK;
}

static int cmd_answer(int argc, char *argv[])
{
	struct tune_answer answer;
	struct tune t;
	int dir, change;

	(void)argc;
	load_answer(argv[0], &t, &answer, &dir);
	change = tune_write_answer(&t, &answer, dir, STDIN_FILENO);
	if (change < 0)
		failed(-1, argv[0]);
	return change ? EXIT_OK : TUNE_NOTHING;
}

int cmd_tune(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(int argc, char *argv[]);
	} commands[] = {
		{ "plan", cmd_plan }, { "start", cmd_start }, { "next", cmd_next },
		{ "sweep", cmd_sweep }, { "again", cmd_again }, { "took", cmd_took },
		{ "said", cmd_said }, { "found", cmd_found }, { "answer", cmd_answer },
	};
	size_t i;

	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fputs(usage, argc == 1 && !strcmp(argv[0], "--help") ? stdout : stderr);
	return argc == 1 && !strcmp(argv[0], "--help") ? EXIT_OK : EXIT_BAD_USAGE;
}
