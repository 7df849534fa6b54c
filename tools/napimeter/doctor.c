// SPDX-License-Identifier: GPL-2.0
/* napimeter doctor: look at a guest's NIC for some seconds, and say what is wrong. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctorjudge.h"
#include "privileges.h"

#define SECONDS_DEFAULT 10
#define SECONDS_LONGEST 60

static const char doctor_usage[] = "usage: napimeter doctor IF [--seconds N] [--json]";

/* ---- looking ---- */

/* Work of each CPU in the last second, if more than in any before. */
static void keep_peak(struct patient *p, struct exam *last)
{
	struct exam now = { 0 };
	char *text = read_file("/proc/stat");
	size_t i;

	exam_parse_stat(&now, text);
	free(text);
	for (i = 0; i < now.cpus && i < last->cpus && i < p->before.cpus; i++) {
		double all = now.cpu[i].all - last->cpu[i].all;
		struct exam_peak peak = {
			1 - (now.cpu[i].idle - last->cpu[i].idle) / all,
			(now.cpu[i].softirq - last->cpu[i].softirq) / all,
		};

		if (all > 0 && peak.busy > p->peak[i].busy)
			p->peak[i] = peak;
	}
	exam_free(last);
	*last = now;
}

static void progress(const char *interface, int left, int seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, left ? "\r%s: looking, %d s left " : "\r\033[K", interface, left);
	else if (left == seconds)
		fprintf(stderr, "%s: looking for %d s\n", interface, left);
}

/* Another may have its name now, whose counters begin at 0. */
static int went_away(const struct exam_facts *facts)
{
	if (if_nametoindex(facts->interface) == facts->index)
		return 0;
	return fail("%s went away while doctor looked", facts->interface);
}

static int look(struct patient *p, int seconds)
{
	struct sockets *sockets = sockets_begin();
	struct exam last = { 0 };
	char *text;
	int i, err;

	err = exam_read(&p->before, &p->facts);
	if (err)
		goto out;
	p->peak = xcalloc(p->before.cpus, sizeof(*p->peak));
	text = read_file("/proc/stat");
	exam_parse_stat(&last, text);
	free(text);
	for (i = 0; i < seconds * SOCKET_LOOKS; i++) {
		if (i % SOCKET_LOOKS == 0)
			progress(p->facts.interface, seconds - i / SOCKET_LOOKS, seconds);
		sleep_until(p->before.mono + sockets_look_after(i));
		if (went_away(&p->facts)) {
			err = -1;
			break;
		}
		sockets_look(sockets);
		if (i % SOCKET_LOOKS == SOCKET_LOOKS - 1)
			keep_peak(p, &last);
	}
	progress(p->facts.interface, 0, seconds);
	exam_free(&last);
	if (!err)
		err = exam_read(&p->after, &p->facts);
	/* it may have gone in the middle of that */
	if (!err)
		err = went_away(&p->facts);
	/* one that came meanwhile has no history */
	if (!err && p->after.cpus > p->before.cpus)
		p->after.cpus = p->before.cpus;
out:
	/* its sockets are looked at before and after the counter of them all, which tells the rest */
	sockets_end(sockets, p);
	return err;
}

/* ---- telling ---- */

static double seconds_of(const struct patient *p)
{
	return (p->after.mono - p->before.mono) / 1e9;
}

static double received(const struct patient *p)
{
	return p->after.received - p->before.received;
}

/* Of the most important finding that has a command. */
static const char *next_step(const struct diagnosis *d)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if (!d->finding[i].harmless && *d->finding[i].next)
			return d->finding[i].next;
	return NULL;
}

/* Wrapped, behind a first column of its own. */
static void say(const char *title, const char *text)
{
	size_t width = 80 - 14, len = strlen(text);

	while (len) {
		size_t n = len;

		if (n > width)
			for (n = width; n > 1 && text[n] != ' '; n--)
				;
		printf("  %-11s %.*s\n", title, (int)n, text);
		title = "";
		text += n + (text[n] == ' ');
		len = strlen(text);
	}
}

static const char *title_of(const struct finding *f)
{
	return f->elsewhere ? "On other interfaces" : f->harmless ? "Harmless" : "Wrong";
}

static void tell(const struct patient *p, const struct diagnosis *d)
{
	const struct exam_facts *x = &p->facts;
	const char *next = next_step(d);
	const char *title = "";
	size_t i;

	printf("%s (%s", x->interface, *x->driver ? x->driver : "no driver");
	if (!isnan(x->weight))
		printf(", weight %.0f", x->weight);
	if (!isnan(x->ring))
		printf(", ring %.0f", x->ring);
	printf("): %.0f packets came and %.0f went in %.0f s\n", received(p),
	       p->after.sent - p->before.sent, seconds_of(p));
	if (!d->wrong)
		printf("Nothing wrong.\n");
	for (i = 0; i < d->count; i++) {
		const struct finding *f = &d->finding[i];
		char text[sizeof(f->text) + 64];

		if (strcmp(title, title_of(f)))
			printf("%s:\n", title = title_of(f));
		if (f->packets > 0 && f->shared)
			snprintf(text, sizeof(text), "%.0f packets. %s", f->packets, f->text);
		else if (f->packets > 0)
			snprintf(text, sizeof(text), "%.0f packets (%.*f %%). %s", f->packets,
				 share_lost(p, f) < 10 ? 1 : 0, share_lost(p, f), f->text);
		else
			snprintf(text, sizeof(text), "%s", f->text);
		say(f->place, text);
	}
	if (next)
		printf("Next:\n  %s\n", next);
	if (!x->root)
		printf("Not seen without root: other users' programs, e1000_napi's polls, the kernel's log.\n");
}

static json_t *socket_object(const struct exam_socket *s)
{
	return json_pack("{ss si sf ss? so sf}", "protocol", s->protocol == IPPROTO_TCP ? "tcp" : "udp",
			 "port", s->port, s->listens ? "queue" : "rcvbuf", s->room,
			 "command", s->pid ? s->command : NULL,
			 "pid", s->pid ? json_integer(s->pid) : json_null(), "dropped", s->dropped);
}

static json_t *number_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static void tell_json(const struct patient *p, const struct diagnosis *d)
{
	json_t *wrong = json_array(), *harmless = json_array(), *elsewhere = json_array(), *all;
	const struct exam_facts *x = &p->facts;
	size_t i;

	for (i = 0; i < d->count; i++) {
		const struct finding *f = &d->finding[i];
		json_t *one = json_pack("{ss ss? sf sf ss ss? so}", "place", f->place, "limit", f->limit,
					"packets", f->packets, "percent", f->packets > 0 ? share_lost(p, f) : 0.0,
					"text", f->text, "next", *f->next ? f->next : NULL, "socket",
					f->socket ? socket_object(f->socket) : json_null());

		json_array_append_new(f->elsewhere ? elsewhere : f->harmless ? harmless : wrong, one);
	}
	all = json_pack("{si ss ss sf sf sf so so so so so ss? sb}", "format", 1, "interface", x->interface,
			"driver", x->driver, "seconds", seconds_of(p), "received", received(p),
			"sent", p->after.sent - p->before.sent, "weight", number_or_null(x->weight),
			"ring", number_or_null(x->ring), "wrong", wrong, "harmless", harmless, "elsewhere", elsewhere,
			"next", next_step(d), "all_seen", x->root);
	json_dumpf(all, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(all);
}

/* 0: nothing is wrong, 1: something is, or it could not look to the end, 2: wrong usage. */
int cmd_doctor(int argc, char *argv[])
{
	int seconds = SECONDS_DEFAULT, i;
	const char *interface = NULL;
	struct patient p = { 0 };
	struct diagnosis d;
	bool json = false;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (!strcmp(argv[i], "--seconds")) {
			seconds = i + 1 < argc ? parse_int(argv[++i], 1, SECONDS_LONGEST) :
				  fail("it requires an argument");
			if (seconds < 0)
				die(EXIT_BAD_USAGE, "doctor: --seconds: %s", failure());
		} else if (*argv[i] == '-' || interface) {
			die(EXIT_BAD_USAGE, "doctor: unknown argument '%s'; %s", argv[i], doctor_usage);
		} else {
			interface = argv[i];
		}
	}
	if (!interface)
		die(EXIT_BAD_USAGE, "doctor: which interface? %s", doctor_usage);
	privileges_to_look();
	if (exam_facts_read(&p.facts, interface))
		die(EXIT_BAD_USAGE, "%s", failure());
	if (look(&p, seconds))
		die(EXIT_FAILED, "%s", failure());
	diagnose(&d, &p);
	if (json)
		tell_json(&p, &d);
	else
		tell(&p, &d);
	exam_free(&p.before);
	exam_free(&p.after);
	free(p.peak);
	free(p.socket);
	if (fflush(stdout) || ferror(stdout))
		die(EXIT_FAILED, "doctor: cannot write the answer: %s", strerror(errno));
	return d.wrong ? EXIT_FAILED : EXIT_OK;
}
