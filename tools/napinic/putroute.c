// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "link.h"
#include "run.h"
#include "step.h"

static void cut(char *text, const char *word)
{
	char *at = strstr(text, word), *rest;

	if (!at)
		return;
	rest = at + strlen(word);
	rest += strcspn(rest, " ");
	memmove(at, rest, strlen(rest) + 1);
}

/*
 * A route without what changes by itself (caller frees): its lifetime, and the metric
 * of a network manager's route, which may differ each time.
 */
static char *lasting(const char *route)
{
	char *text = xasprintf("%s ", route);

	cut(text, " expires ");
	if (strstr(text, " proto dhcp ") || strstr(text, " proto ra ") || strstr(text, " proto kernel "))
		cut(text, " metric ");
	return text;
}

/* The routes of name and its VLANs as they are now. */
static void list_present(struct list *present, const char *name)
{
	struct list tree = { 0 };
	json_t *links = links_now();

	if (links) {
		nic_tree(links, name, &tree);
		routes_now(links, &tree, present);
	}
	list_free(&tree);
	json_decref(links);
}

static int metric_of(const char *route)
{
	const char *metric = strstr(route, " metric ");

	return metric ? atoi(metric + 8) : 0;
}

/* The metric that a manager gave to routes of this family, if it gives another one now; else 0. */
static int lost_metric(const struct list *routes, const struct list *present, char family)
{
	size_t i, n;

	for (i = 0; i < routes->count; i++) {
		char *route = lasting(routes->text[i]);
		int metric = metric_of(routes->text[i]), other = 0;

		/* only of those that may have another, and not if one has the old one too */
		for (n = 0; *route == family && !metric_of(route) && n < present->count; n++) {
			char *now = lasting(present->text[n]);

			if (!strcmp(route, now) && metric_of(present->text[n]) != metric)
				other = metric;
			free(now);
		}
		free(route);
		if (other)
			return other;
	}
	return 0;
}

bool put_metrics(const struct list *routes, const char *name)
{
	struct list present = { 0 };
	char *four, *six, *out;
	int metric4, metric6;

	list_present(&present, name);
	metric4 = lost_metric(routes, &present, '4');
	metric6 = lost_metric(routes, &present, '6');
	list_free(&present);
	if (!metric4 && !metric6)
		return false;
	four = xasprintf("%d", metric4 ? metric4 : -1);
	six = xasprintf("%d", metric6 ? metric6 : -1);
	{
		const char *const modify[] = {
			"nmcli", "-w", "10", "device", "modify", name, "ipv4.route-metric",
			four, "ipv6.route-metric", six, NULL
		};

		/* without it, they stay as the manager has them */
		run(modify, &out, NULL);
		free(out);
	}
	free(four);
	free(six);
	return true;
}

/* Those that what the kernel and the addresses brought does not have. */
static void skip_present(struct list *routes, const char *name)
{
	struct list present = { 0 }, missing = { 0 };
	size_t i;

	list_present(&present, name);
	for (i = 0; i < present.count; i++) {
		char *route = present.text[i];

		present.text[i] = lasting(route);
		free(route);
	}
	for (i = 0; i < routes->count; i++) {
		char *route = lasting(routes->text[i]);

		if (!list_has(&present, route))
			list_add(&missing, xasprintf("%s", routes->text[i]));
		free(route);
	}
	list_free(routes);
	*routes = missing;
	list_free(&present);
}

/* A route that exists already, or has expired, is not an error. */
static bool add_route(const char *route, long long elapsed, char **why)
{
	struct words w, args = { .count = 0 };
	char *text = xasprintf("%s", route), *seconds = NULL;
	char option[] = { '-', *route, '\0' };
	bool over = false, done;
	size_t i;

	words_split(&w, text);
	words_add(&args, option);
	words_add(&args, "route");
	/*
	 * Appended, because other routes to the same place may be there; but a route
	 * with several next hops may have lost only some of them.
	 */
	words_add(&args, strstr(route, " nexthop ") ? "replace" : "append");
	for (i = 1; i < w.count; i++) {
		words_add(&args, w.word[i]);
		if (!strcmp(w.word[i], "expires") && i + 1 < w.count) {
			free(seconds);
			seconds = lifetime_left(w.word[++i], elapsed);
			over |= !seconds;
			words_add(&args, seconds ? seconds : "0");
		}
	}
	*why = NULL;
	done = over || !run_ip(why, args.word) || (*why && strstr(*why, "File exists"));
	free(seconds);
	free(text);
	return done;
}

struct work {
	struct list *routes;
	long long elapsed;
};

/* One more try for each that is still to be added; true when none is left. */
static bool add_routes(void *data)
{
	struct work *work = data;
	struct list *routes = work->routes;
	bool all = true;
	size_t i;

	for (i = 0; i < routes->count; i++) {
		char *why;

		if (!routes->text[i])
			continue;
		if (add_route(routes->text[i], work->elapsed, &why)) {
			free(routes->text[i]);
			routes->text[i] = NULL;
		} else {
			all = false;
		}
		free(why);
	}
	return all;
}

void put_routes(struct list *routes, const char *name, long long elapsed)
{
	struct work work = { routes, elapsed };
	char *why, *what;
	size_t i;

	if (!routes->count)
		return;
	skip_present(routes, name);
	/* IPv6 addresses may take a moment to be usable as a source */
	if (wait_for(3, add_routes, &work))
		return;
	for (i = 0; i < routes->count; i++) {
		if (!routes->text[i] || add_route(routes->text[i], elapsed, &why))
			continue;
		what = xasprintf("ip -%c route %s", *routes->text[i], routes->text[i] + 2);
		missed(what, why);
		free(what);
		free(why);
	}
}
