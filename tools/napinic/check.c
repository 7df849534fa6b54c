// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "qdisc.h"
#include "util.h"

#define HEAD "# e1000_napi 1 state"
#define MAX_WORDS 512
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* A line, split at spaces. */
struct words {
	char *word[MAX_WORDS];
	size_t count;
};

static bool only(const char *word, const char *set)
{
	return *word && !word[strspn(word, set)];
}

static bool is_number(const char *word)
{
	return only(word, DIGITS) && strlen(word) < 19;
}

static bool is_pci(const char *word)
{
	return strlen(word) == 12 && only(word, DIGITS "abcdef:.") && word[4] == ':' &&
	       word[7] == ':' && word[10] == '.';
}

static bool is_index(const char *word)
{
	return is_number(word) && strtoll(word, NULL, 10) > 0 && strtoll(word, NULL, 10) <= INT_MAX;
}

static bool is_address(const char *word)
{
	return only(word, DIGITS "abcdefABCDEF:./");
}

/* No word from this one on may look like an option. */
static bool are_plain(const struct words *w, size_t from)
{
	size_t i;

	for (i = from; i < w->count; i++)
		if (*w->word[i] == '-' || !*w->word[i] || strlen(w->word[i]) > 255)
			return false;
	return from < w->count;
}

/* An argument of ip and how many words follow it. */
struct key {
	const char *word;
	int words;
};

/* Are the words from this one on keys of the list, each with its arguments? */
static bool are_keys(const struct words *w, size_t from, const struct key *keys, size_t count)
{
	size_t i = from, k;

	while (i < w->count) {
		for (k = 0; k < count && strcmp(w->word[i], keys[k].word); k++)
			;
		if (k == count)
			return false;
		i += 1 + keys[k].words;
		/* a family before the gateway, "lock" before a metric */
		if (keys[k].words && i - 1 < w->count &&
		    (!strcmp(w->word[i - 1], "inet6") || !strcmp(w->word[i - 1], "lock")))
			i++;
	}
	return i == w->count;
}

static bool is_setting(const char *path)
{
	const char *sys = sys_dir(), *at = path;
	size_t len = strlen(sys);

	if (strstr(path, "/../") || strstr(path, "/./") || strstr(path, "//"))
		return false;
	if (!strncmp(path, "/proc/sys/net/ipv4/", 19) || !strncmp(path, "/proc/sys/net/ipv6/", 19)) {
		at += 19;
		if (strncmp(at, "conf/", 5) && strncmp(at, "neigh/", 6))
			return false;
		at = strchr(at, '/') + 1;
		at += strcspn(at, "/");
		return *at && only(at + 1, LOWER DIGITS "_");
	}
	if (strncmp(path, sys, len) || strncmp(path + len, "/class/net/", 11))
		return false;
	at += len + 11;
	at += strcspn(at, "/");
	if (!strncmp(at, "/queues/", 8)) {
		at += 8;
		at += strspn(at, LOWER DIGITS "-");
		if (!strncmp(at, "/byte_queue_limits/", 19))
			at += 18;
	} else if (!strncmp(at, "/brport/", 8)) {
		at += 7;
	}
	return *at == '/' && only(at + 1, LOWER "_");
}

static const char *check_set(const struct words *w)
{
	return w->count < 3 || !is_setting(w->word[1]) ? "not a setting of a NIC" : NULL;
}

static const char *check_ethtool(const struct words *w)
{
	size_t i;

	if (w->count < 5 || w->count % 2 == 0 || strlen(w->word[1]) != 1 ||
	    !strchr("KGACs", *w->word[1]) || !is_ifname(w->word[2]) || !are_plain(w, 3))
		return "not a setting of ethtool";
	for (i = 3; i < w->count; i += 2)
		if (!only(w->word[i], LOWER DIGITS "-_"))
			return "not a setting of ethtool";
	return NULL;
}

static const char *check_mac(const struct words *w)
{
	return w->count != 3 || !is_ifname(w->word[1]) || !only(w->word[2], DIGITS "abcdef:") ?
	       "not a hardware address" : NULL;
}

static const char *check_altname(const struct words *w)
{
	return w->count != 3 || !is_ifname(w->word[1]) || !are_plain(w, 2) || strlen(w->word[2]) > 127 ?
	       "not an interface name" : NULL;
}

static bool is_neighbour(const struct words *w)
{
	static const struct key keys[] = {
		{ "proxy", 1 }, { "lladdr", 1 }, { "nud", 1 }, { "dev", 1 }, { "router", 0 },
	};

	return !strcmp(w->word[4], "proxy") ? are_keys(w, 4, keys, ARRAY_SIZE(keys)) :
	       is_address(w->word[4]) && are_keys(w, 5, keys, ARRAY_SIZE(keys));
}

static const char *check_run(const struct words *w)
{
	static const char *const flags[] = { "promisc", "allmulticast", "arp", "multicast" };
	size_t i;

	if (w->count > 4 && !strcmp(w->word[1], "ip") && !strcmp(w->word[2], "neigh") &&
	    !strcmp(w->word[3], "replace"))
		return is_neighbour(w) && are_plain(w, 4) ? NULL : "not a neighbour";
	if (w->count != 8 || strcmp(w->word[1], "ip") || strcmp(w->word[2], "link") ||
	    strcmp(w->word[3], "set") || strcmp(w->word[4], "dev") || !is_ifname(w->word[5]))
		return "not one of its commands";
	if (!strcmp(w->word[6], "master") && is_ifname(w->word[7]))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(w->word[6], flags[i]) &&
		    (!strcmp(w->word[7], "on") || !strcmp(w->word[7], "off")))
			return NULL;
	return "not one of its commands";
}

static const char *check_vlan(const struct words *w)
{
	static const char *const begin[] = { "link", NULL, "name", NULL, "index", NULL, "type", "vlan" };
	static const struct key keys[] = {
		{ "protocol", 1 }, { "id", 1 }, { "reorder_hdr", 1 }, { "gvrp", 1 }, { "mvrp", 1 },
		{ "loose_binding", 1 }, { "bridge_binding", 1 },
		{ "ingress-qos-map", 0 }, { "egress-qos-map", 0 },
	};
	struct words options = *w;
	size_t i, n = 10;

	if (w->count < 12 || !is_ifname(w->word[1]) || !is_ifname(w->word[3]) ||
	    strcmp(w->word[1], w->word[5]) || !is_index(w->word[7]))
		return "not a VLAN";
	for (i = 0; i < ARRAY_SIZE(begin); i++)
		if (begin[i] && strcmp(w->word[2 + i], begin[i]))
			return "not a VLAN";
	/* the pairs of the maps */
	for (i = 10; i < w->count; i++)
		if (!strchr(w->word[i], ':') || !only(w->word[i], DIGITS ":"))
			options.word[n++] = w->word[i];
	options.count = n;
	return are_plain(w, 2) && are_keys(&options, 10, keys, ARRAY_SIZE(keys)) ? NULL : "not a VLAN";
}

static const char *check_up(const struct words *w)
{
	if (w->count < 2 || w->count > 3 || !is_ifname(w->word[1]))
		return "not an interface name";
	return w->count > 2 && strcmp(w->word[2], "0") && strcmp(w->word[2], "1") ? "not a carrier" : NULL;
}

static const char *check_irq(const struct words *w)
{
	return w->count != 2 || !only(w->word[1], DIGITS "abcdef,") ? "not a mask of CPUs" : NULL;
}

static bool is_time(const char *word)
{
	return is_number(word) || !strcmp(word, "forever");
}

static const char *check_addr(const struct words *w)
{
	static const struct key keys[] = {
		{ "peer", 1 }, { "brd", 1 }, { "any", 1 }, { "metric", 1 }, { "scope", 1 },
		{ "label", 1 }, { "noprefixroute", 0 }, { "mngtmpaddr", 0 }, { "home", 0 },
		{ "nodad", 0 }, { "optimistic", 0 }, { "autojoin", 0 },
	};

	return w->count < 5 || !is_ifname(w->word[1]) || !is_time(w->word[2]) ||
	       !is_time(w->word[3]) || !is_address(w->word[4]) || !are_plain(w, 4) ||
	       !are_keys(w, 5, keys, ARRAY_SIZE(keys)) ? "not an address" : NULL;
}

static const char *check_route(const struct words *w)
{
	static const char *const types[] = {
		"local", "broadcast", "anycast", "multicast", "blackhole", "unreachable",
		"prohibit", "throw", "nat",
	};
	static const struct key keys[] = {
		{ "from", 1 }, { "tos", 1 }, { "table", 1 }, { "proto", 1 }, { "scope", 1 },
		{ "src", 1 }, { "metric", 1 }, { "via", 1 }, { "dev", 1 }, { "realms", 1 },
		{ "realm", 1 }, { "onlink", 0 }, { "expires", 1 }, { "pref", 1 }, { "nexthop", 0 },
		{ "weight", 1 }, { "mtu", 1 }, { "window", 1 }, { "rtt", 1 }, { "rttvar", 1 },
		{ "ssthresh", 1 }, { "cwnd", 1 }, { "advmss", 1 }, { "reordering", 1 },
		{ "hoplimit", 1 }, { "initcwnd", 1 }, { "rto_min", 1 }, { "initrwnd", 1 },
		{ "quickack", 1 }, { "fastopen_no_cookie", 1 }, { "features", 1 }, { "congctl", 1 },
	};
	size_t at = 2, i;

	if (w->count < 3 || (strcmp(w->word[1], "4") && strcmp(w->word[1], "6")) || !are_plain(w, 2))
		return "not a route";
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(w->word[2], types[i]))
			at = 3;
	if (at == w->count || (strcmp(w->word[at], "default") && !is_address(w->word[at])))
		return "not a route";
	return are_keys(w, at + 1, keys, ARRAY_SIZE(keys)) ? NULL : "not a route";
}

static const char *check_driver(const struct words *w)
{
	return w->count != 2 || !only(w->word[1], LOWER DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") ?
	       "not the name of a driver" : NULL;
}

static const char *check_name(const struct words *w)
{
	return w->count != 2 || !is_ifname(w->word[1]) ? "not an interface name" : NULL;
}

static const char *check_uptime(const struct words *w)
{
	return w->count != 2 || !is_number(w->word[1]) ? "not a number of seconds" : NULL;
}

static const char *check_index(const struct words *w)
{
	return w->count != 2 || !is_index(w->word[1]) ? "not an index" : NULL;
}

static const char *check_manager(const struct words *w)
{
	return w->count != 4 || !only(w->word[1], LOWER) || !only(w->word[2], LOWER DIGITS "-") ||
	       !is_number(w->word[3]) ? "not who configures a NIC" : NULL;
}

static const char *check_qdisc(const struct words *w)
{
	return w->count != 3 || !is_ifname(w->word[1]) || !is_qdisc(w->word[2]) ? "not a qdisc" : NULL;
}

static const char *check_pci(const struct words *w)
{
	return w->count != 2 || !is_pci(w->word[1]) ? "not a PCI address" : NULL;
}

/* The first four, and no other, must be there once. */
static const struct step {
	const char *word;
	const char *(*check)(const struct words *w);
} steps[] = {
	{ "pci", check_pci }, { "name", check_name }, { "driver", check_driver },
	{ "uptime", check_uptime }, { "index", check_index }, { "qdisc", check_qdisc },
	{ "class", check_qdisc }, { "filter", check_qdisc }, { "set", check_set }, { "mac", check_mac },
	{ "ethtool", check_ethtool }, { "altname", check_altname }, { "run", check_run }, { "up", check_up },
	{ "vlan", check_vlan }, { "irq", check_irq }, { "route", check_route }, { "addr", check_addr },
	{ "manager", check_manager },
};
#define ONCE 4

/* Splits line; NULL when it is a step that save writes, else what is wrong with it. */
static const char *check_line(char *line, const char *pci, int *seen)
{
	struct words w = { .count = 0 };
	char *word;
	size_t i;

	for (word = line; *word; word++)
		if (iscntrl((unsigned char)*word) && *word != '\t')
			return "a control character";
	while ((word = strsep(&line, " "))) {
		if (w.count == MAX_WORDS)
			return "too many words";
		w.word[w.count++] = word;
	}
	for (i = 0; i < ARRAY_SIZE(steps) && strcmp(w.word[0], steps[i].word); i++)
		;
	if (i == ARRAY_SIZE(steps))
		return "an unknown step";
	if (i < ONCE)
		seen[i]++;
	if (!i && pci && (w.count != 2 || strcmp(w.word[1], pci)))
		return "another PCI address than the file's name";
	/* cppcheck-suppress returnDanglingLifetime ; what a check returns is a literal */
	return steps[i].check(&w);
}

int check_text(const char *text, size_t size, const char *pci)
{
	const char *at = text, *end = text + size, *newline, *wrong = NULL;
	int seen[ONCE] = { 0 };
	unsigned int number = 1;
	bool ended = false;
	size_t i;

	if (size < sizeof(HEAD) || strncmp(text, HEAD "\n", sizeof(HEAD)))
		return fail("line 1: not the state of a NIC");
	for (at += sizeof(HEAD); at < end; at = newline + 1) {
		char *line;

		number++;
		newline = memchr(at, '\n', end - at);
		if (!newline)
			return fail("not whole: the last line is cut off");
		line = strndup(at, newline - at);
		if (!line)
			return fail("out of memory");
		if (ended)
			wrong = "text after its end";
		else if (strlen(line) != (size_t)(newline - at))
			wrong = "a control character";
		else if (!strcmp(line, "end"))
			ended = true;
		else
			wrong = check_line(line, pci, seen);
		free(line);
		if (wrong)
			return fail("line %u: %s", number, wrong);
	}
	if (!ended)
		return fail("not whole: its end is missing");
	for (i = 0; i < ONCE; i++)
		if (seen[i] != 1)
			return fail("'%s' is missing, or there twice", steps[i].word);
	return 0;
}
