// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "link.h"
#include "qdisc.h"
#include "refs.h"
#include "run.h"

/* Does yes(key, value, data) hold for a member, at any depth? key is NULL for an array's. */
static bool any(json_t *value, const char *key,
		bool (*yes)(const char *key, json_t *value, const void *data), const void *data)
{
	const char *name;
	json_t *member;
	size_t i;

	if (yes(key, value, data))
		return true;
	json_object_foreach(value, name, member)
		if (any(member, name, yes, data))
			return true;
	json_array_foreach(value, i, member)
		if (any(member, NULL, yes, data))
			return true;
	return false;
}

static bool is_name(const char *key, json_t *value, const void *data)
{
	(void)key;
	return json_is_string(value) && list_has(data, json_string_value(value));
}

static bool is_same(const char *key, json_t *value, const void *data)
{
	(void)key;
	return json_is_string(value) && !strcmp(json_string_value(value), data);
}

/* meta iif, meta oif, fib … oif: iifname and oifname are texts, and go on matching */
static bool is_index(const char *key, json_t *value, const void *data)
{
	const char *what = text_of(value, "key"), *result = text_of(value, "result");

	(void)data;
	if (!key)
		return false;
	if (!strcmp(key, "meta") && what)
		return !strcmp(what, "iif") || !strcmp(what, "oif") || !strcmp(what, "sdif");
	return !strcmp(key, "fib") && result && !strcmp(result, "oif");
}

static bool is_index_type(const char *key, json_t *value, const void *data)
{
	(void)key;
	(void)data;
	return json_is_string(value) && !strcmp(json_string_value(value), "iface_index");
}

static bool is_target(const char *key, json_t *value, const void *data)
{
	return key && !strcmp(key, "to_dev") && is_name(key, value, data);
}

static const char *text_or(json_t *object, const char *key)
{
	const char *text = text_of(object, key);

	return text ? text : "?";
}

static void nft_ref(FILE *out, const char *kind, json_t *item, const struct list *names)
{
	const char *family = text_or(item, "family"), *table = text_or(item, "table");
	json_t *expr = json_object_get(item, "expr");

	if (!strcmp(kind, "rule")) {
		if (any(expr, NULL, is_index, NULL) && any(expr, NULL, is_name, names))
			fprintf(out, "nftables: the rule with handle %lld of chain %s, table %s %s\n",
				(long long)number_of(item, "handle"), text_or(item, "chain"), family,
				table);
	} else if (!strcmp(kind, "set") || !strcmp(kind, "map")) {
		if (any(json_object_get(item, "type"), NULL, is_index_type, NULL) &&
		    any(json_object_get(item, "elem"), NULL, is_name, names))
			fprintf(out, "nftables: the %s %s of table %s %s\n", kind, text_or(item, "name"),
				family, table);
	}
}

/* Is one of these the device, or one of the devices, of a chain as nft lists it? */
static bool hangs_on(const char *text, const struct list *names)
{
	const char *at = strstr(text, " hook "), *end, *found;
	size_t i, len;

	end = at ? strstr(at, " priority ") : NULL;
	for (i = 0; end && i < names->count; i++) {
		len = strlen(names->text[i]);
		for (found = at; (found = strstr(found, names->text[i])) && found < end; found++)
			if (strchr("\" {,", found[-1]) && strchr("\" },", found[len]))
				return true;
	}
	return false;
}

/* Not by its JSON, which has no device in some versions of nft. */
static void chain_hook(FILE *out, const char *family, const char *table, const char *name,
		       const struct list *names)
{
	const char *const ask[] = { "nft", "-s", "list", "chain", family, table, name, NULL };
	char *text, *err;

	if (run(ask, &text, &err))
		fail("nft list chain %s %s %s: %s", family, table, name, err ? err : text);
	else if (hangs_on(text, names))
		/* some kernels take the chain away with the device, others leave it there empty */
		fprintf(out, "add table %s %s\nadd chain %s %s %s\ndelete chain %s %s %s\n%s", family,
			table, family, table, name, family, table, name, text);
	free(text);
	free(err);
}

/* A chain or flowtable that hangs on one of them: what makes it again. */
static void nft_hook(FILE *out, const char *kind, json_t *item, const struct list *names)
{
	const char *family = text_of(item, "family"), *table = text_of(item, "table");
	const char *name = text_of(item, "name"), *hook = text_of(item, "hook");
	size_t i;

	if (!family || !table || !name || !hook)
		return;
	if (!strcmp(kind, "chain") && (!strcmp(hook, "ingress") || !strcmp(hook, "egress"))) {
		chain_hook(out, family, table, name, names);
	} else if (!strcmp(kind, "flowtable")) {
		for (i = 0; i < names->count; i++)
			if (any(json_object_get(item, "dev"), NULL, is_same, names->text[i]))
				fprintf(out, "add flowtable %s %s %s { hook ingress priority %lld; devices = { \"%s\" }; }\n",
					family, table, name, (long long)number_of(item, "prio"),
					names->text[i]);
	}
}

static void each_item(FILE *out, json_t *ruleset, const struct list *names,
		      void (*tell)(FILE *out, const char *kind, json_t *item, const struct list *names))
{
	json_t *items = json_object_get(ruleset, "nftables"), *entry, *item;
	const char *kind;
	size_t i;

	json_array_foreach(items, i, entry)
		json_object_foreach(entry, kind, item)
			tell(out, kind, item, names);
}

void nft_refs(FILE *out, json_t *ruleset, const struct list *names)
{
	each_item(out, ruleset, names, nft_ref);
}

/* Filters of others that send to one of these: redirect and mirror know an index. */
static void tc_refs(FILE *out, json_t *links, const struct list *names)
{
	static const char *const places[] = { "root", "ingress", "egress" };
	json_t *qdiscs = PROGRAM_JSON("tc", "-json", "qdisc", "show"), *qdisc, *filters;
	struct list seen = { 0 };
	size_t i, n;

	/* without tc there are none */
	if (!qdiscs)
		no_failure();
	json_array_foreach(qdiscs, i, qdisc) {
		const char *dev = text_of(qdisc, "dev"), *handle = text_of(qdisc, "handle");

		if (!dev || !handle || !strcmp(handle, "0:") || list_has(names, dev) ||
		    list_has(&seen, dev) || !link_named(links, dev))
			continue;
		list_add(&seen, xasprintf("%s", dev));
		for (n = 0; n < ARRAY_SIZE(places); n++) {
			filters = PROGRAM_JSON("tc", "-json", "filter", "show", "dev", dev, places[n]);
			no_failure();
			if (any(filters, NULL, is_target, names))
				fprintf(out, "tc: a filter of %s (%s)\n", dev, places[n]);
			json_decref(filters);
		}
	}
	list_free(&seen);
	json_decref(qdiscs);
}

/* Where there is no nft, or the kernel has no nftables, there are no rules. */
static json_t *ruleset_now(void)
{
	json_t *rules = PROGRAM_JSON("nft", "-j", "list", "ruleset");

	if (!rules)
		no_failure();
	return rules;
}

int hooks(FILE *out, const char *name)
{
	json_t *links = links_now(), *rules;
	struct list tree = { 0 };

	if (!links)
		return -1;
	nic_tree(links, name, &tree);
	rules = ruleset_now();
	each_item(out, rules, &tree, nft_hook);
	list_free(&tree);
	json_decref(rules);
	json_decref(links);
	return failure() ? -1 : 0;
}

int refs(FILE *out, const char *name)
{
	json_t *links = links_now(), *rules = NULL;
	struct list tree = { 0 };

	if (!links)
		return -1;
	nic_tree(links, name, &tree);
	if (!index_can_be_kept())
		rules = ruleset_now();
	nft_refs(out, rules, &tree);
	tc_refs(out, links, &tree);
	list_free(&tree);
	json_decref(rules);
	json_decref(links);
	return 0;
}

int lost(FILE *out, const char *name)
{
	json_t *links = links_now();
	struct list tree = { 0 };
	size_t n;

	if (!links)
		return -1;
	nic_tree(links, name, &tree);
	for (n = 0; n < tree.count; n++)
		qdiscs_lost(out, tree.text[n]);
	list_free(&tree);
	json_decref(links);
	return 0;
}
