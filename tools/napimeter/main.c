// SPDX-License-Identifier: GPL-2.0
/*
 * napimeter - what scripts/sweep.sh needs to be exact: counters, clocks,
 * traffic, settings, and a journal that survives a crash.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "folder.h"
#include "host.h"
#include "meta.h"
#include "privileges.h"
#include "search.h"
#include "send.h"
#include "sink.h"
#include "sweep.h"
#include "tune.h"
#include "tunecmd.h"

static const char usage[] =
	"usage: napimeter COMMAND ...\n"
	"\n"
	"A sweep, which scripts/sweep.sh conducts (DIR: its results folder):\n"
	"  plan DIR KEY=VALUE...     make DIR/sweep.json, or check that it is the same\n"
	"  list DIR                  all trials and the total time\n"
	"  meta DIR COMMAND          write DIR/meta.json if it is not there; detect.sh --json\n"
	"                            on stdin. Fails if iperf is too old\n"
	"  run DIR [OPTION]...       do all that is left, and write it down\n"
	"    --retries N             tries after a failed one (default 2)\n"
	"    --on-error go-on|stop   when these have failed too (default go-on)\n"
	"    --reload FILE           script that loads the module again, between sessions\n"
	"    --parent PID            end when this process, which started it, does\n"
	"  mlfrr DIR                 CSV of what the search has found so far\n"
	"  restore                   put the guest's settings back as they were\n"
	"  put DIR NAME              write stdin to a file in DIR, through no link\n"
	"  give DIR                  give what root made there to the folder's owner\n"
	"  tune COMMAND ...          the search of scripts/tune.sh\n"
	"\n"
	"On their own:\n"
	"  doctor IF [--seconds N] [--json]\n"
	"                            say where this guest loses packets; 1: something is wrong\n"
	"  serve [PORT]              be a source of UDP traffic for other hosts\n"
	"  sink PORT SECONDS [RCVBUF|default [CPU]]\n"
	"                            receive UDP and count\n"
	"  hostcpu PORT              tell a guest its VM's CPU use; samples on stdin, as\n"
	"                            scripts/host/cpu.sh makes them\n"
	"  serve and hostcpu give up all privileges and, where the kernel has seccomp, open no file.\n"
	"\n"
	"Files: DIR/sweep.json, DIR/runs.csv, DIR/hist.csv, DIR/meta.json\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n"
	"Example: napimeter serve 5003\n";

static struct plan plan;
static struct journal runs, probes;

static int cmd_plan(int argc, char *argv[])
{
	ssize_t len = -1;
	int dir;

	if (argc < 1)
		die(EXIT_BAD_USAGE, "plan: which results folder?");
	/* what is wrong there is no fault of the options */
	if (access(argv[0], F_OK)) {
		dir = folder_dir(argv[0], true);
		if (dir < 0)
			die(EXIT_FAILED, "%s", failure());
		close(dir);
	}
	if (access(argv[0], W_OK))
		die(EXIT_FAILED, "%s: cannot write to this folder", argv[0]);
	if (!folder_check(argv[0]))
		free(folder_read(argv[0], "sweep.json", &len));
	if (len < 0)
		die(EXIT_FAILED, "%s", failure());
	if (plan_make(argv[0], argv + 1))
		die(EXIT_BAD_USAGE, "%s", failure());
	return EXIT_OK;
}

static int cmd_meta(int argc, char *argv[])
{
	if (argc != 2)
		die(EXIT_BAD_USAGE, "usage: napimeter meta DIR COMMAND");
	sweep_load(argv[0], &plan, &runs, &probes);
	if (meta_write(&plan, argv[1]))
		die(EXIT_FAILED, "%s", failure());
	return EXIT_OK;
}

static int cmd_mlfrr(int argc, char *argv[])
{
	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter mlfrr DIR");
	sweep_load(argv[0], &plan, &runs, &probes);
	search_report(&plan, &runs, stdout);
	return EXIT_OK;
}

static int cmd_restore(int argc, char *argv[])
{
	(void)argv;
	if (argc)
		die(EXIT_BAD_USAGE, "usage: napimeter restore");
	sweep_lock(10);
	if (tune_restore())
		die(EXIT_FAILED, "%s", failure());
	return EXIT_OK;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(int argc, char *argv[]);
		bool trials;	/* does no more than trials do; run decides by its plan */
	} commands[] = {
		{ "plan", cmd_plan, true },       { "list", cmd_list, true },
		{ "meta", cmd_meta, true },       { "run", cmd_run, false },
		{ "mlfrr", cmd_mlfrr, true },     { "restore", cmd_restore, false },
		{ "serve", cmd_serve, true },     { "sink", cmd_sink, true },
		{ "hostcpu", cmd_hostcpu, true }, { "put", cmd_put, false },
		{ "give", cmd_give, false },      { "tune", cmd_tune, false },
		{ "doctor", cmd_doctor, false },
	};
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name)) {
			if (commands[i].trials)
				privileges_for_trials();
			return commands[i].run(argc - 2, argv + 2);
		}
	fputs(usage, stderr);
	return EXIT_BAD_USAGE;
}
