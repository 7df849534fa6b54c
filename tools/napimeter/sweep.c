// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "meta.h"
#include "next.h"
#include "privileges.h"
#include "probe.h"
#include "search.h"
#include "step.h"
#include "sweep.h"
#include "tune.h"
#include "tunestate.h"

#define LOCK_DIR "/run/e1000_napi"
#define PAUSE_NS (2 * NSEC)	/* a source that died needs a moment to be started again */

struct sweep {
	struct plan plan;
	struct journal runs, probes;
	unsigned int retries;
	bool stop_on_error;
	size_t failed_probes;		/* which are not trials of the plan */
	const char *reload;		/* a program that loads the module again */
	int64_t session;		/* that the module is loaded for */
	char *device;			/* whose name may change */
};

void sweep_load(const char *dir, struct plan *plan, struct journal *runs,
		struct journal *probes)
{
	if (folder_check(dir) || plan_load(plan, dir) ||
	    journal_read(runs, dir, "runs.csv", plan->columns) ||
	    journal_read(probes, dir, "probes.csv", plan->columns) || plan_check(plan, runs))
		die(EXIT_FAILED, "%s", failure());
}

static bool next(const struct sweep *s, struct todo *todo)
{
	int more = plan_next(&s->plan, &s->runs, &s->probes, todo);

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

static void say_trial(const struct plan *plan, const struct row *spec)
{
	double offered = row_number(spec, COL_offered_bps);
	enum column col;

	printf("%s", row_text(spec, COL_protocol));
	if (offered > 0)
		printf(" %g Mbit/s", offered / 1e6);
	else
		printf(" full speed");
	printf(", weight %s", row_text(spec, COL_weight));
	/* what does not vary is in the plan, not in every line */
	for (col = COL_datagram; col < COL_COUNT; col++)
		if (is_axis(col) && col != COL_weight && !row_empty(spec, col) &&
		    plan->axis[col].count > 1)
			printf(", %s %s", column_name(col), row_text(spec, col));
	if (!row_empty(spec, COL_rep) && plan->reps > 1)
		printf(", repetition %s", row_text(spec, COL_rep));
	if (!row_empty(spec, COL_session))
		printf(", session %s", row_text(spec, COL_session));
	printf("\n");
}

int cmd_list(int argc, char *argv[])
{
	static struct sweep s;
	bool search, begun;
	struct todo todo;
	struct row spec;
	size_t i;

	if (argc != 1)
		die(EXIT_BAD_USAGE, "usage: napimeter list DIR");
	sweep_load(argv[0], &s.plan, &s.runs, &s.probes);
	if (!next(&s, &todo)) {
		printf("nothing left to do\n");
		return EXIT_OK;
	}
	search = !strcmp(s.plan.method, "mlfrr");
	for (i = 0; !search && i < plan_trials(&s.plan); i++) {
		plan_trial(&s.plan, i, &spec);
		printf("%s%s\t", row_text(&spec, COL_trial),
		       journal_has(&s.runs, i + 1) ? " done" : "");
		say_trial(&s.plan, &spec);
	}
	/* before the self-test the total is its own */
	begun = !strcmp(todo.journal, "runs.csv");
	if (search)
		printf("a search of about %zu trials, about %s to go\n",
		       begun ? todo.total : search_trials(&s.plan), minutes(todo.left_s));
	else
		printf("%s%zu trials, %zu of them done, about %s to go\n",
		       s.plan.until > 0 ? "at most " : "",
		       s.runs.count ? todo.total : plan_trials(&s.plan), s.runs.count,
		       minutes(todo.left_s));
	return EXIT_OK;
}

/* 0: done and written down. -1: failed, and kept as failed on the last try. */
static int attempt(struct sweep *s, const struct todo *todo, bool last_try, bool *lost_journal)
{
	bool probe = !strcmp(todo->journal, "probes.csv");
	struct journal *journal = probe ? &s->probes : &s->runs;
	int err;

	if (journal->runs_fd < 0) {
		*lost_journal = true;
		journal_close(journal);
		if (journal_open(journal, s->plan.dir, todo->journal, probe ? NULL : "hist.csv",
				 s->plan.columns))
			return -1;
	}
	err = step(&s->plan, journal, todo, last_try, lost_journal);
	if (probe && !err)
		err = meta_chosen(&s->plan, probe_report(&s->plan, journal));
	return err;
}

/*
 * Before the first trial of another session than the last row's. It ends what it has begun,
 * as half a module is worse than a late end.
 */
static void begin_session(struct sweep *s, const struct row *spec)
{
	int64_t session = row_integer(spec, COL_session, s->session);
	int status = -1;
	sigset_t term;
	pid_t pid;

	if (session == s->session)
		return;
	if (!s->reload)
		die(EXIT_FAILED, "a sweep of several sessions requires --reload");
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (tune_restore())
		die(EXIT_FAILED, "%s", failure());
	pid = fork();
	if (pid == 0) {
		execlp("sh", "sh", s->reload, s->plan.interface, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die(EXIT_FAILED, "session %lld: the module could not be loaded again; the same command goes on with this session",
		    (long long)session);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	s->session = session;
}

/* The interface may have been renamed since the last trial. */
static void follow_device(struct sweep *s)
{
	char *now = tune_interface(s->device);

	if (now && strcmp(now, s->plan.interface)) {
		warning("%s is called %s now; the sweep goes on with it", s->plan.interface, now);
		s->plan.interface = intern(now);
	}
	free(now);
}

/* All trials that are left; the number of those that failed. */
static size_t do_all(struct sweep *s)
{
	size_t failed = 0, tries = 0;
	struct todo todo;
	bool lost_journal;

	while (next(s, &todo)) {
		bool last_try = tries >= s->retries;
		/* without a source no trial would tell anything, and none is written down */
		bool self_test = row_is(&todo.spec, COL_method, "selftest");

		follow_device(s);
		printf("[%zu/%zu, %s%s left] ", todo.done + 1, todo.total,
		       s->plan.until > 0 ? "at most " : "", minutes(todo.left_s));
		say_trial(&s->plan, &todo.spec);
		begin_session(s, &todo.spec);
		if (!attempt(s, &todo, last_try && !self_test, &lost_journal)) {
			tries = 0;
			continue;
		}
		if (lost_journal)
			die(EXIT_FAILED, "%s: the results cannot be written; fix that, and give the same command again",
			    failure());
		if (last_try && self_test)
			die(EXIT_FAILED, "%s. The source's test failed %u times, so no trial was made; fix that, and give the same command again",
			    failure(), s->retries + 1);
		warning("%s%s", failure(), last_try ? "" : "; it is tried again");
		tries = last_try ? 0 : tries + 1;
		if (last_try && !strcmp(todo.journal, "probes.csv"))
			s->failed_probes++;
		else
			failed += last_try;
		if (!last_try)
			sleep_ns(PAUSE_NS);
		else if (s->stop_on_error)
			die(EXIT_FAILED, "stopped; the same command goes on with the next trial");
	}
	return failed;
}

static bool has_result(const struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (!row_is(&journal->rows[i], COL_status, "failed"))
			return true;
	return false;
}

static void write_rates(const struct sweep *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	search_report(&s->plan, &s->runs, out);
	fclose(out);
	if (folder_replace(s->plan.dir, "mlfrr.csv", must(text)))
		die(EXIT_FAILED, "%s", failure());
	free(text);
}

/*
 * Only one process at a time changes settings and restores them. The kernel drops the lock
 * when the last process of a sweep ends, even by kill -9; until then restore waits.
 */
void sweep_lock(double seconds)
{
	/* not the directory: another user can open it, and so lock it */
	int fd = open(LOCK_DIR "/sweep.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int64_t end = mono_ns() + (int64_t)(seconds * NSEC);

	/* without it no setting can be changed either */
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		if (mono_ns() > end)
			die(EXIT_FAILED, "another sweep is running");
		sleep_ns(20 * 1000000);
	}
}

/*
 * End with the parent, even if it was killed before prctl() could ask for a signal. Signals
 * from the terminal are for the parent to handle.
 */
static void belong_to(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (parent != getppid())
		die(EXIT_FAILED, "process %d, which this sweep belongs to, is gone", (int)parent);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

static unsigned int count_of(const char *option, const char *text)
{
	uint64_t number;

	if (!text || parse_scaled(text, 1, &number) || number > INT32_MAX)
		die(EXIT_BAD_USAGE, "run: %s requires a number", option);
	return number;
}

int cmd_run(int argc, char *argv[])
{
	static struct sweep s = { .retries = 2 };
	size_t failed;
	int i;

	if (argc < 1)
		die(EXIT_BAD_USAGE, "run: which results directory?");
	for (i = 1; i < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "--retries"))
			s.retries = count_of(argv[i], value);
		else if (!strcmp(argv[i], "--parent"))
			belong_to(count_of(argv[i], value));
		else if (!strcmp(argv[i], "--reload") && value)
			s.reload = value;
		else if (!strcmp(argv[i], "--on-error") && value && !strcmp(value, "stop"))
			s.stop_on_error = true;
		else if (strcmp(argv[i], "--on-error") || !value || strcmp(value, "go-on"))
			die(EXIT_BAD_USAGE, "run: \"%s\": see napimeter --help", argv[i]);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir(LOCK_DIR, 0755);
	sweep_lock(0);
	sweep_load(argv[0], &s.plan, &s.runs, &s.probes);
	/* the next session's module is loaded by a program of ours, which must be allowed to */
	if (s.plan.sessions == 1)
		privileges_for_trials();
	s.session = s.runs.count ? row_integer(&s.runs.rows[s.runs.count - 1], COL_session, 1) : 1;
	s.device = tune_device(s.plan.interface);
	failed = do_all(&s);
	if (s.runs.count && !has_result(&s.runs))
		die(EXIT_FAILED, "every trial of this sweep failed (%s); fix that, and give another --out",
		    row_text(&s.runs.rows[0], COL_reason));
	if (!strcmp(s.plan.method, "mlfrr"))
		write_rates(&s);
	if (failed || s.failed_probes) {
		char *dir = realpath(argv[0], NULL);

		die(EXIT_FAILED, "%zu trial%s failed%s; the reasons are in %s/%s", failed,
		    failed == 1 ? "" : "s", s.failed_probes ? ", and the look at the source before" : "",
		    dir ? dir : argv[0], failed ? "runs.csv" : "probes.csv");
	}
	return EXIT_OK;
}
