// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "reach.h"
#include "run.h"

/* One of the interface's tree, and what is found to be in the way. */
struct stand {
	json_t *links;
	const char *name, *master;
	char *reason;
};

static void look_at_upper(const char *upper, void *data)
{
	struct stand *stand = data;
	const char *kind = link_kind(stand->links, upper);

	if (stand->reason || !strcmp(kind, "vlan"))
		return;
	if (stand->master && !strcmp(upper, stand->master) &&
	    (!strcmp(kind, "bridge") || !strcmp(kind, "bond") || !strcmp(kind, "vrf")))
		return;
	stand->reason = xasprintf("%s (%s) stands on %s and could not be brought back; remove it first",
				  upper, kind, stand->name);
}

/* The tunnel that sends over a device, or NULL */
static const char *tunnel_over(json_t *links, const char *name)
{
	json_t *link;
	size_t i;

	json_array_foreach(links, i, link) {
		json_t *data = json_object_get(json_object_get(link, "linkinfo"), "info_data");
		const char *over = text_of(data, "link");

		if (over && !strcmp(over, name))
			return text_of(link, "ifname");
	}
	return NULL;
}

static bool filters_vlans(const char *bridge)
{
	char *on = read_line("%s/class/net/%s/bridge/vlan_filtering", sys_dir(), bridge);
	bool yes = on && !strcmp(on, "1");

	free(on);
	return yes;
}

static bool has_nexthops(const char *name)
{
	json_t *hops = IP_JSON("nexthop", "show", "dev", name);
	bool yes = json_array_size(hops);

	/* a kernel without them has none */
	if (!hops)
		no_failure();
	json_decref(hops);
	return yes;
}

static char *obstacle_of(json_t *links, const char *name)
{
	json_t *link = link_named(links, name);
	struct stand stand = { .links = links, .name = name, .master = text_of(link, "master") };
	const char *tunnel = tunnel_over(links, name);

	each_upper(name, look_at_upper, &stand);
	if (stand.reason)
		return stand.reason;
	if (stand.master && filters_vlans(stand.master))
		return xasprintf("the bridge %s filters VLANs, and the list of %s could not be brought back; take %s out of it first",
				 stand.master, name, name);
	if (tunnel)
		return xasprintf("the tunnel %s runs over %s and could not be brought back; remove it first",
				 tunnel, name);
	if (json_object_get(link, "xdp"))
		return xasprintf("an XDP program is attached to %s and could not be brought back; detach it first (ip link set dev %s xdp off)",
				 name, name);
	if (has_nexthops(name))
		return xasprintf("%s has nexthop objects (ip nexthop show dev %s) that could not be brought back; remove them first",
				 name, name);
	return NULL;
}

/* A driver's interface starts in the first network namespace. A test's has a /sys of its own. */
static bool is_elsewhere(void)
{
	char *first = link_target("/proc/1/ns/net"), *own = link_target("/proc/self/ns/net");
	bool yes = first && own && strcmp(first, own) && !getenv("E1000_NAPI_SYS");

	free(first);
	free(own);
	return yes;
}

char *obstacle(const char *name)
{
	struct list tree = { 0 };
	char *reason = NULL;
	json_t *links;
	size_t i;

	if (is_elsewhere())
		return xasprintf("this shell is in a network namespace of its own, and a driver's interface starts in the first one; run this there");
	links = links_now();
	if (!links)
		return NULL;
	nic_tree(links, name, &tree);
	for (i = 0; i < tree.count && !reason; i++)
		reason = obstacle_of(links, tree.text[i]);
	list_free(&tree);
	json_decref(links);
	return reason;
}

/* name and its VLANs, and a bridge, bond or VRF they are in with its VLANs */
static void family_of(json_t *links, const char *name, struct list *family)
{
	struct list tree = { 0 };
	const char *master;
	size_t i;

	nic_tree(links, name, &tree);
	for (i = 0; i < tree.count; i++) {
		list_add(family, xasprintf("%s", tree.text[i]));
		master = text_of(link_named(links, tree.text[i]), "master");
		if (master)
			nic_tree(links, master, family);
	}
	list_free(&tree);
}

static void add_peer(struct list *found, const struct list *family, const char *who,
		     const char *address, const char *dev)
{
	char *line;

	if (!dev || !list_has(family, dev))
		return;
	line = xasprintf("%s %s %s", who, address ? address : "-", dev);
	if (list_has(found, line))
		free(line);
	else
		list_add(found, line);
}

static void add_gateway(struct list *found, const struct list *family, json_t *hop)
{
	const char *gateway = text_of(hop, "gateway");

	if (!gateway)
		gateway = text_of(json_object_get(hop, "via"), "host");
	add_peer(found, family, "default", gateway, text_of(hop, "dev"));
}

static int add_defaults(struct list *found, const struct list *family, const char *option)
{
	json_t *routes = IP_JSON(option, "route", "show", "default"), *route, *hop, *hops;
	size_t i, n;

	if (!routes)
		return -1;
	json_array_foreach(routes, i, route) {
		add_gateway(found, family, route);
		hops = json_object_get(route, "nexthops");
		json_array_foreach(hops, n, hop)
			add_gateway(found, family, hop);
	}
	json_decref(routes);
	return 0;
}

static void add_ssh(struct list *found, const struct list *family, const char *peer)
{
	char *address = xasprintf("%s", peer), *dev = strchr(address, '%');
	json_t *routes, *route;
	size_t i;

	if (dev) {
		*dev = '\0';
		add_peer(found, family, "ssh", address, dev + 1);
	} else if (*address != '-') {
		routes = IP_JSON("route", "get", address);
		/* a peer without a route is not reached over this NIC */
		if (!routes)
			no_failure();
		json_array_foreach(routes, i, route)
			add_peer(found, family, "ssh", address, text_of(route, "dev"));
		json_decref(routes);
	}
	free(address);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int peers(FILE *out, const char *name, const char *ssh_peer)
{
	struct list family = { 0 }, found = { 0 };
	json_t *links = links_now();
	int err = -1;
	size_t i;

	if (!links)
		return -1;
	family_of(links, name, &family);
	err = add_defaults(&found, &family, "-4");
	if (!err && !access("/proc/sys/net/ipv6", F_OK))
		err = add_defaults(&found, &family, "-6");
	if (ssh_peer && *ssh_peer)
		add_ssh(&found, &family, ssh_peer);
	if (found.count)
		qsort(found.text, found.count, sizeof(*found.text), by_text);
	for (i = 0; i < found.count; i++)
		fprintf(out, "%s\n", found.text[i]);
	list_free(&family);
	list_free(&found);
	json_decref(links);
	return err;
}

bool is_neighbour(const char *address, const char *dev)
{
	static const char *const known[] = { "REACHABLE", "DELAY", "PROBE", "STALE" };
	json_t *neighbours = IP_JSON("neigh", "show", "to", address, "dev", dev), *each;
	bool yes = false;
	size_t i, n;

	json_array_foreach(neighbours, i, each)
		for (n = 0; n < ARRAY_SIZE(known); n++)
			yes |= text_of(each, "lladdr") && array_has(json_object_get(each, "state"), known[n]);
	json_decref(neighbours);
	return yes;
}
