// SPDX-License-Identifier: GPL-2.0
/*
 * napimeter - what scripts/sweep.sh needs to be exact: counters, clocks,
 * traffic, settings, and a journal that survives a crash.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "host.h"
#include "meta.h"
#include "plan.h"
#include "privileges.h"
#include "probe.h"
#include "search.h"
#include "send.h"
#include "sink.h"
#include "step.h"
#include "tune.h"

static const char usage[] =
	"usage: napimeter COMMAND ...\n"
	"\n"
	"A sweep, which scripts/sweep.sh conducts (DIR: its results folder):\n"
	"  plan DIR KEY=VALUE...     make DIR/sweep.json, or see that it is the same\n"
	"  list DIR                  all trials and the total time\n"
	"  meta DIR COMMAND          write DIR/meta.json if it is not there; fails if iperf\n"
	"                            is too old\n"
	"  next DIR                  say what is next and how long it will take\n"
	"  step DIR [--last-try]     do it and write it down\n"
	"  mlfrr DIR                 CSV of what the search has found so far\n"
	"  restore                   put the guest's settings back as they were\n"
	"\n"
	"On their own:\n"
	"  serve [PORT]              be a source of UDP traffic for other hosts\n"
	"  sink PORT SECONDS [RCVBUF|default [CPU]]\n"
	"                            receive UDP and count\n"
	"  hostcpu PORT              tell a guest its VM's CPU use; samples on stdin, as\n"
	"                            scripts/host/cpu.sh makes them\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 the results cannot be\n"
	"written, 4 nothing left to do.\n";

static struct plan plan;
static struct journal runs, probes;

static void load(const char *dir)
{
	if (folder_check(dir) || plan_load(&plan, dir))
		die(EXIT_FAILED, "%s", failure());
	if (journal_read(&runs, dir, "runs.csv", plan.columns) ||
	    journal_read(&probes, dir, "probes.csv", plan.columns))
		die(EXIT_NO_JOURNAL, "%s", failure());
	if (plan_check(&plan, &runs))
		die(EXIT_FAILED, "%s", failure());
}

static bool next(struct todo *todo)
{
	int more = plan_next(&plan, &runs, &probes, todo);

	if (more < 0)
		die(EXIT_FAILED, "%s", failure());
	return more;
}

static const char *minutes(double seconds)
{
	static char text[48];
	long s = lround(seconds);

	if (s >= 3600)
		snprintf(text, sizeof(text), "%ld h %ld min", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(text, sizeof(text), "%ld min %ld s", s / 60, s % 60);
	else
		snprintf(text, sizeof(text), "%ld s", s);
	return text;
}

static void say_trial(const struct row *spec)
{
	static const enum column shown[] = {
		COL_weight, COL_rcvbuf, COL_datagram, COL_burst, COL_app_cpu, COL_irq_cpu,
		COL_rx_usecs, COL_gro, COL_threaded, COL_netdev_budget, COL_netdev_budget_usecs,
		COL_defer_hard_irqs, COL_gro_flush_timeout,
	};
	double offered = row_number(spec, COL_offered_bps);
	size_t i;

	printf("%s", row_text(spec, COL_protocol));
	if (offered > 0)
		printf(" %g Mbit/s", offered / 1e6);
	else
		printf(" full speed");
	/* what does not vary is in the plan, not in every line */
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (!row_empty(spec, shown[i]) &&
		    (shown[i] == COL_weight || plan.axis[shown[i]].count > 1))
			printf(", %s %s", column_name(shown[i]), row_text(spec, shown[i]));
	if (!row_empty(spec, COL_rep) && plan.reps > 1)
		printf(", repetition %s", row_text(spec, COL_rep));
}

static int cmd_plan(int argc, char *argv[])
{
	ssize_t len = -1;

	if (argc < 1)
		die(EXIT_BAD_USAGE, "plan: which results folder?");
	if (mkdir(argv[0], 0755) && access(argv[0], W_OK))
		die(EXIT_FAILED, "%s: cannot make or write this folder", argv[0]);
	/* what is wrong there is no fault of the options */
	if (!folder_check(argv[0]))
		free(folder_read(argv[0], "sweep.json", &len));
	if (len < 0)
		die(EXIT_FAILED, "%s", failure());
	if (plan_make(argv[0], argv + 1))
		die(EXIT_BAD_USAGE, "%s", failure());
	return EXIT_OK;
}

static int cmd_list(int argc, char *argv[])
{
	struct todo todo;
	struct row spec;
	size_t i;

	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter list DIR");
	load(argv[0]);
	if (!next(&todo)) {
		printf("nothing left to do\n");
		return EXIT_OK;
	}
	for (i = 0; strcmp(plan.method, "mlfrr") && i < plan_trials(&plan); i++) {
		plan_trial(&plan, i, &spec);
		printf("%s%s\t", row_text(&spec, COL_trial), journal_has(&runs, i + 1) ? " done" : "");
		say_trial(&spec);
		printf("\n");
	}
	if (strcmp(plan.method, "mlfrr"))
		printf("%s%zu trials, %zu of them done, about %s to go\n",
		       plan.until > 0 ? "at most " : "",
		       /* before the self-test the total is its own */
		       runs.count ? todo.total : plan_trials(&plan), runs.count,
		       minutes(todo.left_s));
	else
		printf("a search of about %zu trials, about %s to go\n",
		       /* before the self-test the total is its own */
		       !strcmp(todo.journal, "runs.csv") ? todo.total : search_trials(&plan),
		       minutes(todo.left_s));
	return EXIT_OK;
}

static bool has_result(const struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (!row_is(&journal->rows[i], COL_status, "failed"))
			return true;
	return false;
}

static int cmd_next(int argc, char *argv[])
{
	struct todo todo;

	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter next DIR");
	load(argv[0]);
	if (!next(&todo)) {
		if (runs.count && !has_result(&runs))
			die(EXIT_FAILED, "every trial of this sweep failed (%s); mend that, and give another --out",
			    row_text(&runs.rows[0], COL_reason));
		return EXIT_NOTHING;
	}
	printf("[%zu/%zu, %s%s left] ", todo.done + 1, todo.total, plan.until > 0 ? "at most " : "",
	       minutes(todo.left_s));
	say_trial(&todo.spec);
	printf("\n");
	return EXIT_OK;
}

static int cmd_step(int argc, char *argv[])
{
	bool last_try = argc == 2 && !strcmp(argv[1], "--last-try");
	bool probe, lost_journal;
	struct journal journal;
	const char *conductor;
	struct todo todo;
	int err;

	if (argc != 1 && !last_try)
		die(EXIT_BAD_USAGE, "usage: napimeter step DIR [--last-try]");
	/* if the conductor is killed, or was before we could ask to be told, nothing of this trial stays behind */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	conductor = getenv("NAPIMETER_CONDUCTOR");
	if (conductor && atoi(conductor) != getppid())
		die(EXIT_FAILED, "whoever started this trial is gone");
	load(argv[0]);
	if (!next(&todo))
		return EXIT_NOTHING;
	probe = !strcmp(todo.journal, "probes.csv");
	if (journal_open(&journal, argv[0], todo.journal, probe ? NULL : "hist.csv", plan.columns))
		die(EXIT_NO_JOURNAL, "%s", failure());
	err = step(&plan, &journal, &todo, last_try, &lost_journal);
	if (probe && !err)
		err = meta_chosen(&plan, probe_report(&plan, &journal));
	journal_close(&journal);
	if (err)
		die(lost_journal ? EXIT_NO_JOURNAL : EXIT_FAILED, "%s", failure());
	return EXIT_OK;
}

static int cmd_meta(int argc, char *argv[])
{
	if (argc != 2)
		die(EXIT_BAD_USAGE, "usage: napimeter meta DIR COMMAND");
	load(argv[0]);
	if (meta_write(&plan, argv[1]))
		die(EXIT_FAILED, "%s", failure());
	return EXIT_OK;
}

static int cmd_mlfrr(int argc, char *argv[])
{
	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter mlfrr DIR");
	load(argv[0]);
	search_report(&plan, &runs);
	return EXIT_OK;
}

static int cmd_restore(int argc, char *argv[])
{
	(void)argv;
	if (argc)
		die(EXIT_BAD_USAGE, "usage: napimeter restore");
	if (tune_restore())
		die(EXIT_FAILED, "%s", failure());
	return EXIT_OK;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(int argc, char *argv[]);
	} commands[] = {
		{ "plan", cmd_plan },   { "list", cmd_list },       { "next", cmd_next },
		{ "step", cmd_step },   { "meta", cmd_meta },       { "mlfrr", cmd_mlfrr },
		{ "hostcpu", cmd_hostcpu },
		{ "sink", cmd_sink },   { "restore", cmd_restore }, { "serve", cmd_serve },
	};
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	privileges_for_trials();
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	fputs(usage, stderr);
	return EXIT_BAD_USAGE;
}
