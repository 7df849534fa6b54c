// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "address.h"

#define FOREVER 4294967295LL

static void put_time(FILE *out, json_t *address, const char *key)
{
	json_int_t seconds = number_of(address, key);

	if (seconds == FOREVER)
		fputs(" forever", out);
	else
		fprintf(out, " %lld", (long long)(seconds < 0 ? 0 : seconds));
}

static void save_address(FILE *out, const char *name, json_t *address)
{
	static const char *const words[][2] = {
		{ "broadcast", "brd" }, { "anycast", "any" }, { "scope", "scope" },
	};
	static const char *const flags[] = {
		"noprefixroute", "mngtmpaddr", "home", "nodad", "optimistic", "autojoin",
	};
	const char *local = text_of(address, "local"), *peer = text_of(address, "address"), *label;
	size_t i;

	if (!local) {
		fail("ip does not say an address of %s", name);
		return;
	}
	fprintf(out, "addr %s", name);
	put_time(out, address, "valid_life_time");
	put_time(out, address, "preferred_life_time");
	if (peer)
		put_word(out, "%s", local);
	if (peer)
		fputs(" peer", out);
	put_word(out, "%s/%lld", peer ? peer : local, (long long)number_of(address, "prefixlen"));
	if (json_object_get(address, "metric"))
		fprintf(out, " metric %lld", (long long)number_of(address, "metric"));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (text_of(address, words[i][0])) {
			put_word(out, "%s", words[i][1]);
			put_word(out, "%s", text_of(address, words[i][0]));
		}
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (is_true(address, flags[i]))
			put_word(out, "%s", flags[i]);
	label = text_of(address, "label");
	if (label) {
		fputs(" label", out);
		put_word(out, "%s", label);
	}
	fputs("\n", out);
}

void save_addresses(FILE *out, json_t *link)
{
	json_t *addresses = json_object_get(link, "addr_info"), *address;
	const char *name = text_of(link, "ifname"), *family;
	size_t i;

	json_array_foreach(addresses, i, address) {
		family = text_of(address, "family");
		if (family && !strcmp(family, "inet"))
			save_address(out, name, address);
	}
	for (i = json_array_size(addresses); i--;) {
		address = json_array_get(addresses, i);
		family = text_of(address, "family");
		/* the kernel makes the temporary ones itself */
		if (family && !strcmp(family, "inet6") && !is_true(address, "temporary"))
			save_address(out, name, address);
	}
}

void save_neighbours(FILE *out, json_t *neighbours, const char *name, bool proxy)
{
	json_t *each;
	size_t i;

	json_array_foreach(neighbours, i, each) {
		const char *dev = text_of(each, "dev"), *lladdr = text_of(each, "lladdr");
		const char *dst = text_of(each, "dst");

		if (!dev || strcmp(dev, name) || !dst || proxy != !!json_object_get(each, "proxy"))
			continue;
		if (!proxy && (!lladdr || !array_has(json_object_get(each, "state"), "PERMANENT")))
			continue;
		fprintf(out, "run ip neigh replace%s", proxy ? " proxy" : "");
		put_word(out, "%s", dst);
		if (!proxy) {
			fputs(" lladdr", out);
			put_word(out, "%s", lladdr);
			fputs(" nud permanent", out);
		}
		fprintf(out, " dev %s%s\n", name,
			!proxy && json_object_get(each, "router") ? " router" : "");
	}
}
