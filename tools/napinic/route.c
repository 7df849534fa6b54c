// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "link.h"
#include "run.h"

/*
 * ip's name of a metric in JSON, its argument, and a unit. The JSON does not say
 * whether one is locked: that is read from the line of text.
 */
static const struct metric {
	const char *key, *word, *unit;
} metrics[] = {
	{ "mtu", "mtu", "" },
	{ "window", "window", "" },
	{ "rtt", "rtt", "ms" },
	{ "rttvar", "rttvar", "ms" },
	{ "ssthresh", "ssthresh", "" },
	{ "cwnd", "cwnd", "" },
	{ "advmss", "advmss", "" },
	{ "reordering", "reordering", "" },
	{ "hoplimit", "hoplimit", "" },
	{ "initcwnd", "initcwnd", "" },
	{ "rto_min", "rto_min", "ms" },
	{ "initrwnd", "initrwnd", "" },
	{ "quickack", "quickack", "" },
	{ "fastopen_no_cookie", "fastopen_no_cookie", "" },
};

static bool is(json_t *object, const char *key, const char *value)
{
	const char *text = text_of(object, key);

	return text && !strcmp(text, value);
}

/* " NAME VALUE" for a member that is a text */
static void put_text(FILE *out, json_t *object, const char *key, const char *name)
{
	const char *value = text_of(object, key);

	if (value) {
		put_word(out, "%s", name);
		put_word(out, "%s", value);
	}
}

static void put_gateway(FILE *out, json_t *hop)
{
	json_t *via = json_object_get(hop, "via"), *flow = json_object_get(hop, "flow");

	put_text(out, hop, "gateway", "via");
	if (via) {
		fputs(" via", out);
		put_word(out, "%s", text_of(via, "family") ? text_of(via, "family") : "");
		put_word(out, "%s", text_of(via, "host") ? text_of(via, "host") : "");
	}
	put_text(out, hop, "dev", "dev");
	if (flow) {
		fputs(" realms", out);
		put_word(out, "%s%s%s", text_of(flow, "from") ? text_of(flow, "from") : "",
			 text_of(flow, "from") ? "/" : "", text_of(flow, "to") ? text_of(flow, "to") : "");
	}
	/* the others are the kernel's to set: dead, linkdown, offload, ... */
	if (array_has(json_object_get(hop, "flags"), "onlink"))
		fputs(" onlink", out);
}

static bool is_locked(const char *line, size_t len, const char *metric)
{
	char *words = xasprintf(" %s lock ", metric);
	/* this one always is, without a word for it */
	bool yes = strcmp(metric, "rto_min") && line && memmem(line, len, words, strlen(words));

	free(words);
	return yes;
}

static void put_metrics(FILE *out, json_t *route, const char *line, size_t len)
{
	json_t *set = json_array_get(json_object_get(route, "metrics"), 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(metrics); i++)
		if (json_object_get(set, metrics[i].key))
			fprintf(out, " %s%s %lld%s", metrics[i].word,
				is_locked(line, len, metrics[i].word) ? " lock" : "",
				(long long)number_of(set, metrics[i].key), metrics[i].unit);
	if (json_object_get(set, "ecn"))
		fputs(" features ecn", out);
	if (text_of(set, "congestion")) {
		fprintf(out, " congctl%s", is_locked(line, len, "congctl") ? " lock" : "");
		put_word(out, "%s", text_of(set, "congestion"));
	}
}

static void warn_of_unknown(json_t *route)
{
	static const char *const known[] = {
		"type", "dst", "from", "tos", "gateway", "via", "dev", "table", "protocol",
		"scope", "prefsrc", "metric", "flags", "flow", "expires", "error", "metrics",
		"pref", "nexthops", "cache", "uid",
	};
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(route, key, value) {
		for (i = 0; i < ARRAY_SIZE(known) && strcmp(key, known[i]); i++)
			;
		if (i == ARRAY_SIZE(known))
			message("warning: '%s' of the route to %s is not brought back", key,
				text_of(route, "dst"));
	}
}

/* "FAMILY ARGUMENT..." (caller frees) */
static char *route_words(const char *family, json_t *route, const char *line, size_t len)
{
	json_t *hops = json_object_get(route, "nexthops"), *hop;
	const char *scope = text_of(route, "scope"), *dst = text_of(route, "dst");
	char *words = NULL;
	size_t size, i;
	FILE *out;

	if (json_object_get(route, "encap") || json_object_get(route, "nhid")) {
		fail("the route to %s has %s that could not be brought back; remove it first", dst,
		     json_object_get(route, "nhid") ? "a nexthop object" : "an encapsulation");
		return NULL;
	}
	warn_of_unknown(route);
	out = xmemstream(&words, &size);
	fputs(family, out);
	if (!is(route, "type", "unicast"))
		put_word(out, "%s", text_of(route, "type") ? text_of(route, "type") : "unicast");
	put_word(out, "%s", dst ? dst : "default");
	put_text(out, route, "from", "from");
	put_text(out, route, "tos", "tos");
	if (!is(route, "table", "main"))
		put_text(out, route, "table", "table");
	if (!is(route, "protocol", "boot"))
		put_text(out, route, "protocol", "proto");
	/* what ip would choose: link without a gateway, else global */
	if (*family == '4' && (!is(route, "scope", "global") ||
			       !(hops || json_object_get(route, "gateway") || json_object_get(route, "via"))))
		put_text(out, route, scope ? "scope" : "", "scope");
	put_text(out, route, "prefsrc", "src");
	if (json_object_get(route, "metric"))
		fprintf(out, " metric %lld", (long long)number_of(route, "metric"));
	put_gateway(out, route);
	if (json_object_get(route, "expires"))
		fprintf(out, " expires %lld", (long long)number_of(route, "expires"));
	put_metrics(out, route, line, len);
	if (!is(route, "pref", "medium"))
		put_text(out, route, "pref", "pref");
	json_array_foreach(hops, i, hop) {
		fputs(" nexthop", out);
		put_gateway(out, hop);
		fprintf(out, " weight %lld", (long long)number_of(hop, "weight"));
	}
	fclose(out);
	return words;
}

static bool is_ours(json_t *links, const struct list *tree, json_t *route)
{
	const char *source = text_of(route, "prefsrc"), *dev = text_of(route, "dev");
	json_t *hops = json_object_get(route, "nexthops"), *hop, *address, *addresses;
	size_t i, n;

	if (is(route, "table", "local") && is(route, "protocol", "kernel"))
		return false;
	if (dev && list_has(tree, dev))
		return true;
	json_array_foreach(hops, i, hop)
		if (text_of(hop, "dev") && list_has(tree, text_of(hop, "dev")))
			return true;
	for (i = 0; source && i < tree->count; i++) {
		addresses = json_object_get(link_named(links, tree->text[i]), "addr_info");
		json_array_foreach(addresses, n, address)
			if (is(address, "local", source))
				return true;
	}
	return false;
}

void routes_of(json_t *links, const struct list *tree, const char *family, json_t *routes,
	       const char *text, struct list *found)
{
	struct list late = { 0 };
	json_t *route;
	size_t i;

	json_array_foreach(routes, i, route) {
		size_t len = text ? strcspn(text, "\n") : 0;
		const char *line = text;

		if (text)
			text += len + (text[len] == '\n');
		if (is_ours(links, tree, route)) {
			char *words = route_words(family, route, line, len);

			if (words)
				list_add(strstr(words, " via ") || strstr(words, " nexthop ") ?
					 &late : found, words);
		}
	}
	for (i = 0; i < late.count; i++)
		list_add(found, late.text[i]);
	free(late.text);
}

/* Does one of them have a metric, perhaps locked? */
static bool has_metrics(json_t *routes)
{
	json_t *route;
	size_t i;

	json_array_foreach(routes, i, route)
		if (json_object_get(route, "metrics"))
			return true;
	return false;
}

static size_t lines_in(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static int routes_of_family(json_t *links, const struct list *tree, const char *family,
			    struct list *found)
{
	char option[] = { '-', *family, '\0' }, *text = NULL;
	const char *const as_text[] = { "-details", "-oneline", option, "route", "show", "table",
					"all", NULL };
	const char *const as_json[] = { option, "route", "show", "table", "all", NULL };
	int tries = 5, err = 0;
	json_t *routes;

	do {
		routes = ip_json(as_json);
		if (!routes)
			return -1;
		free(text);
		text = NULL;
		/* the two lists are of one moment if they are as long */
		if (!has_metrics(routes) || run_ip(&text, as_text) ||
		    lines_in(text) == json_array_size(routes))
			break;
		json_decref(routes);
		routes = NULL;
	} while (--tries);
	if (routes)
		routes_of(links, tree, family, routes, text, found);
	else
		err = fail("the routes change all the time; try again");
	free(text);
	json_decref(routes);
	return err;
}

int routes_now(json_t *links, const struct list *tree, struct list *found)
{
	if (routes_of_family(links, tree, "4", found))
		return -1;
	if (access("/proc/sys/net/ipv6", F_OK))
		return 0;
	return routes_of_family(links, tree, "6", found);
}
