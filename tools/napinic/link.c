// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "run.h"

json_t *links_now(void)
{
	return IP_JSON("address", "show");
}

json_t *link_named(json_t *links, const char *name)
{
	json_t *link;
	size_t i;

	json_array_foreach(links, i, link) {
		const char *ifname = text_of(link, "ifname");

		if (ifname && !strcmp(ifname, name))
			return link;
	}
	return NULL;
}

const char *link_kind(json_t *links, const char *name)
{
	json_t *info = json_object_get(link_named(links, name), "linkinfo");
	const char *kind = text_of(info, "info_kind");

	return kind ? kind : "unknown";
}

char *pci_netdev(const char *pci)
{
	char *path = xasprintf("%s/bus/pci/devices/%s/net", sys_dir(), pci), *name = NULL;
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && !name && (entry = readdir(dir)))
		if (is_ifname(entry->d_name))
			name = xasprintf("%s", entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
	return name;
}

static int is_upper(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "upper_", 6);
}

void each_upper(const char *name, void (*each)(const char *upper, void *data), void *data)
{
	char *path = xasprintf("%s/class/net/%s", sys_dir(), name);
	struct dirent **entries;
	int count = scandir(path, &entries, is_upper, alphasort), i;

	for (i = 0; i < count; i++) {
		each(entries[i]->d_name + 6, data);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(path);
}

struct tree {
	json_t *links;
	struct list *list;
};

static void add_vlan(const char *upper, void *data)
{
	struct tree *tree = data;

	if (!strcmp(link_kind(tree->links, upper), "vlan") && !list_has(tree->list, upper))
		nic_tree(tree->links, upper, tree->list);
}

void nic_tree(json_t *links, const char *name, struct list *tree)
{
	struct tree data = { links, tree };

	list_add(tree, xasprintf("%s", name));
	each_upper(name, add_vlan, &data);
}

static void put_map(FILE *out, const char *word, json_t *map)
{
	json_t *pair;
	size_t i;

	if (json_array_size(map))
		put_word(out, "%s", word);
	json_array_foreach(map, i, pair)
		put_word(out, "%lld:%lld", (long long)number_of(pair, "from"),
			 (long long)number_of(pair, "to"));
}

void save_vlan(FILE *out, json_t *link)
{
	static const char *const flags[][2] = {
		{ "GVRP", "gvrp" }, { "MVRP", "mvrp" },
		{ "LOOSE_BINDING", "loose_binding" }, { "BRIDGE_BINDING", "bridge_binding" },
	};
	json_t *data = json_object_get(json_object_get(link, "linkinfo"), "info_data");
	const char *name = text_of(link, "ifname"), *lower = text_of(link, "link");
	const char *protocol = text_of(data, "protocol");
	json_t *set = json_object_get(data, "flags");
	size_t i;

	if (!lower || !protocol || !json_object_get(data, "id")) {
		fail("ip does not say how the VLAN %s is made", name);
		return;
	}
	fputs("vlan", out);
	put_word(out, "%s", name);
	fputs(" link", out);
	put_word(out, "%s", lower);
	fputs(" name", out);
	put_word(out, "%s", name);
	fprintf(out, " index %lld type vlan protocol", (long long)number_of(link, "ifindex"));
	put_word(out, "%s", protocol);
	fprintf(out, " id %lld reorder_hdr %s", (long long)number_of(data, "id"),
		array_has(set, "REORDER_HDR") ? "on" : "off");
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (array_has(set, flags[i][0]))
			fprintf(out, " %s on", flags[i][1]);
	put_map(out, "ingress-qos-map", json_object_get(data, "ingress_qos"));
	put_map(out, "egress-qos-map", json_object_get(data, "egress_qos"));
	fputs("\n", out);
}

void save_flags(FILE *out, json_t *link)
{
	json_t *flags = json_object_get(link, "flags"), *altnames, *altname;
	const char *name = text_of(link, "ifname");
	size_t i;

	if (array_has(flags, "PROMISC"))
		fprintf(out, "run ip link set dev %s promisc on\n", name);
	if (array_has(flags, "ALLMULTI"))
		fprintf(out, "run ip link set dev %s allmulticast on\n", name);
	if (array_has(flags, "NOARP"))
		fprintf(out, "run ip link set dev %s arp off\n", name);
	if (!array_has(flags, "MULTICAST"))
		fprintf(out, "run ip link set dev %s multicast off\n", name);
	altnames = json_object_get(link, "altnames");
	json_array_foreach(altnames, i, altname) {
		fprintf(out, "altname %s", name);
		put_word(out, "%s", json_string_value(altname));
		fputs("\n", out);
	}
}
