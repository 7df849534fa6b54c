// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ethtool.h"
#include "index.h"
#include "manager.h"
#include "qdisc.h"
#include "put.h"
#include "run.h"
#include "save.h"
#include "step.h"

/* Where "index N" is in a line of a VLAN. */
#define INDEX_AT 6

/* State of the lines before, and work left for after all of them. */
static struct {
	long long elapsed;	/* seconds since it was saved */
	char pci[16], name[16];
	struct list routes;	/* "4 ARGUMENT..." in their order */
	struct list qdiscs;	/* the lines of one interface */
	struct manager manager;
	bool manager_waited;
	const char *const *left;	/* settings that stay what they are now */
} state;

static bool is_left(const char *setting)
{
	const char *const *left;

	for (left = state.left; *left; left++)
		if (!strcmp(*left, setting))
			return true;
	return false;
}

/* Is it a setting of the NIC that must not change? */
static bool is_left_file(const char *path)
{
	char *dir = xasprintf("%s/class/net/%s/", sys_dir(), state.name);
	bool yes = !strncmp(path, dir, strlen(dir)) && is_left(path + strlen(dir));

	free(dir);
	return yes;
}

/* Written only when it differs: some act when written. */
static void put_file(const char *path, const char *value)
{
	char *now = read_line("%s", path), *line, *what;
	bool same = now && !strcmp(now, value);
	ssize_t len;
	int fd;

	free(now);
	if (same)
		return;
	line = xasprintf("%s\n", value);
	len = strlen(line);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, line, len) != len) {
		what = xasprintf("%s in %s", value, path);
		missed(what, strerror(errno));
		free(what);
	}
	if (fd >= 0)
		close(fd);
	free(line);
}

/* Value of a name in "name value name value...", and how long it is; NULL if it is not there. */
static const char *pair_value(const char *pairs, const char *name, size_t *len)
{
	size_t size = strlen(name);

	while (*pairs) {
		const char *value = pairs + strcspn(pairs, " ");
		bool found = (size_t)(value - pairs) == size && !strncmp(pairs, name, size);

		value += *value == ' ';
		*len = strcspn(value, " ");
		if (found)
			return value;
		pairs = value + *len;
		pairs += *pairs == ' ';
	}
	return NULL;
}

/* Only what differs, and only what the present driver has. */
static void put_ethtool(const struct words *w)
{
	char option[] = { '-', *w->word[1], '\0' }, *now = ethtool_pairs(*w->word[1], w->word[2]);
	struct words args = { .count = 0 };
	bool differs = false;
	size_t i, len = 0;
	char *out;

	words_add(&args, "ethtool");
	words_add(&args, option);
	words_add(&args, w->word[2]);
	for (i = 3; i + 1 < w->count; i += 2) {
		const char *value = pair_value(now, w->word[i], &len);
		bool stays = !strcmp(w->word[2], state.name) && is_left(w->word[i]);
		bool other = value && !stays && (strlen(w->word[i + 1]) != len || strncmp(value, w->word[i + 1], len));

		/* speed and duplex go with autoneg off, also while they are not known */
		if (other || (option[1] == 's' && (value || strcmp(w->word[i], "wol")))) {
			words_add(&args, w->word[i]);
			words_add(&args, w->word[i + 1]);
		}
		differs |= other;
	}
	if (differs && run(args.word, &out, NULL)) {
		char *what = words_join(args.word);

		out[strcspn(out, "\n")] = '\0';
		missed(what, out);
		free(what);
	}
	if (differs)
		free(out);
	free(now);
}

static void put_mac(const char *name, const char *address)
{
	char *now = read_line("%s/class/net/%s/address", sys_dir(), name);

	if (!now || strcmp(now, address))
		TRY_IP("link", "set", "dev", name, "address", address);
	free(now);
}

static void put_altname(const char *name, const char *altname)
{
	const char *const ask[] = { "link", "show", "dev", altname, NULL };
	char *out;

	if (run_ip(&out, ask))
		TRY_IP("link", "property", "add", "dev", name, "altname", altname);
	free(out);
}

static bool has_carrier(void *name)
{
	char *carrier = read_line("%s/class/net/%s/carrier", sys_dir(), (char *)name);
	bool yes = carrier && !strcmp(carrier, "1");

	free(carrier);
	return yes;
}

static void put_up(const char *name, const char *carrier)
{
	TRY_IP("link", "set", "dev", name, "up");
	if (!carrier || strcmp(carrier, "1") || has_carrier((void *)name))
		return;
	message("%s: waiting for link (10 s at most)", name);
	if (!wait_for(10, has_carrier, (void *)name))
		message("warning: %s had link before, and has none now", name);
}

/* The interrupt's number may be another one now. */
static void put_irq(const char *mask)
{
	char *irq = read_line("%s/bus/pci/devices/%s/irq", sys_dir(), state.pci);
	char *path = xasprintf("/proc/irq/%s/smp_affinity", irq ? irq : "none");

	if (is_there("%s", path))
		put_file(path, mask);
	free(path);
	free(irq);
}

static bool has_address(const char *name, const char *address)
{
	char *plain = strndup(address, strcspn(address, "/")), *out = NULL;
	const char *const args[] = { "-oneline", "address", "show", "dev", name, "to", plain, NULL };
	bool yes = plain && !run_ip(&out, args) && *out;

	free(plain);
	free(out);
	return yes;
}

/* addr IF VALID PREFERRED ADDRESS ARGUMENT... */
static void put_address(const struct words *w)
{
	char *valid = lifetime_left(w->word[2], state.elapsed);
	char *preferred = lifetime_left(w->word[3], state.elapsed), *why = NULL;
	struct words args = { .count = 0 };
	size_t i;

	if (valid) {
		words_add(&args, "address");
		words_add(&args, "add");
		for (i = 4; i < w->count; i++)
			words_add(&args, w->word[i]);
		words_add(&args, "dev");
		words_add(&args, w->word[1]);
		words_add(&args, "valid_lft");
		words_add(&args, valid);
		words_add(&args, "preferred_lft");
		words_add(&args, preferred ? preferred : "0");
		if (run_ip(&why, args.word) && !has_address(w->word[1], w->word[4])) {
			char *what = xasprintf("address %s of %s", w->word[4], w->word[1]);

			missed(what, why);
			free(what);
		}
	}
	free(valid);
	free(preferred);
	free(why);
}

/* An index that another interface has by now is not asked for. */
static void put_vlan(const struct words *w)
{
	char taken[IF_NAMESIZE];
	struct words args = { .count = 0 };
	size_t i;

	words_add(&args, "link");
	words_add(&args, "add");
	for (i = 2; i < w->count; i++) {
		if (i == INDEX_AT && (!index_can_be_kept() || if_indextoname(atoi(w->word[i + 1]), taken)))
			i += 2;
		words_add(&args, w->word[i]);
	}
	try_ip(args.word);
}

static void set_manager(const struct words *w)
{
	snprintf(state.manager.who, sizeof(state.manager.who), "%s", w->word[1]);
	snprintf(state.manager.connection, sizeof(state.manager.connection), "%s", w->word[2]);
	state.manager.number = strtoll(w->word[3], NULL, 10);
	state.manager.since = time(NULL) - state.elapsed;
}

/* Once, when the links are up and nothing is on them yet. */
static void let_manager_configure(void)
{
	if (*state.manager.who && !state.manager_waited)
		wait_for_manager(&state.manager, state.name);
	/* with another metric it flushes what it does not know, which takes a moment */
	if (!strcmp(state.manager.who, "networkmanager") && !state.manager_waited &&
	    put_metrics(&state.routes, state.name))
		sleep(1);
	state.manager_waited = true;
}

static void put_line(char *line)
{
	struct words w;

	if (!strncmp(line, "set ", 4)) {
		char *path = line + 4, *value = strchr(path, ' ');

		if (value) {
			*value = '\0';
			if (!is_left_file(path))
				put_file(path, value + 1);
		}
		return;
	}
	if (!strncmp(line, "qdisc ", 6) || !strncmp(line, "class ", 6) || !strncmp(line, "filter ", 7)) {
		list_add(&state.qdiscs, xasprintf("%s", line));
		return;
	}
	put_qdiscs(&state.qdiscs);
	if (!strncmp(line, "addr ", 5) || !strncmp(line, "route ", 6))
		let_manager_configure();
	/* all of them at the end */
	if (!strncmp(line, "route ", 6))
		return;
	words_split(&w, line);
	if (!strcmp(w.word[0], "pci"))
		snprintf(state.pci, sizeof(state.pci), "%s", w.word[1]);
	else if (!strcmp(w.word[0], "name"))
		snprintf(state.name, sizeof(state.name), "%s", w.word[1]);
	else if (!strcmp(w.word[0], "uptime"))
		state.elapsed = uptime_now() - strtoll(w.word[1], NULL, 10);
	else if (!strcmp(w.word[0], "ethtool"))
		put_ethtool(&w);
	else if (!strcmp(w.word[0], "mac"))
		put_mac(w.word[1], w.word[2]);
	else if (!strcmp(w.word[0], "altname"))
		put_altname(w.word[1], w.word[2]);
	else if (!strcmp(w.word[0], "run"))
		try_ip(w.word + 2);
	else if (!strcmp(w.word[0], "vlan") && !is_there("%s/class/net/%s", sys_dir(), w.word[1]))
		put_vlan(&w);
	else if (!strcmp(w.word[0], "up"))
		put_up(w.word[1], w.word[2]);
	else if (!strcmp(w.word[0], "irq"))
		put_irq(w.word[1]);
	else if (!strcmp(w.word[0], "manager"))
		set_manager(&w);
	else if (!strcmp(w.word[0], "addr"))
		put_address(&w);
}

unsigned int put(const char *text, const char *const left[])
{
	char *copy = xasprintf("%s", text), *rest = copy, *line;
	const char *at;

	state.left = left;
	for (at = strstr(text, "\nroute "); at; at = strstr(at + 1, "\nroute "))
		list_add(&state.routes, xasprintf("%.*s", (int)strcspn(at + 7, "\n"), at + 7));
	while ((line = strsep(&rest, "\n")))
		if (*line && *line != '#' && strcmp(line, "end"))
			put_line(line);
	put_qdiscs(&state.qdiscs);
	put_routes(&state.routes, state.name, state.elapsed);
	list_free(&state.routes);
	free(copy);
	return steps_missed();
}
