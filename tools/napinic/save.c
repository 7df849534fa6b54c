// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "ethtool.h"
#include "link.h"
#include "manager.h"
#include "qdisc.h"
#include "run.h"
#include "save.h"

/* "set FILE VALUE" when the file can be written and holds something. */
static void save_file(FILE *out, const char *path)
{
	struct stat st;
	char *value;

	/* root may write where the mode says that it is of no use */
	if (stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0222) || access(path, W_OK))
		return;
	value = read_line("%s", path);
	if (value && *value)
		fprintf(out, "set %s %s\n", path, value);
	free(value);
}

/* The same for all files of a pattern, in order; dir is not a pattern. */
static void save_files(FILE *out, const char *dir, const char *pattern)
{
	char path[1024];
	size_t len = 0;
	glob_t found;
	size_t i;

	for (; *dir && len < sizeof(path) / 2; path[len++] = *dir++)
		if (strchr("*?[\\", *dir))
			path[len++] = '\\';
	snprintf(path + len, sizeof(path) - len, "/%s", pattern);
	if (glob(path, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		save_file(out, found.gl_pathv[i]);
	globfree(&found);
}

static void save_each(FILE *out, const char *dir, const char *const names[], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		save_files(out, dir, names[i]);
}

static int no_dot(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

/*
 * The settings under /proc/sys/net/KIND/IF that are not the default's: with those
 * a new interface begins, except for its MTU.
 */
static void save_sysctls(FILE *out, const char *kind, const char *name)
{
	char *dir = xasprintf("/proc/sys/net/%s/%s", kind, name);
	struct dirent **entries;
	int count = scandir(dir, &entries, no_dot, alphasort), i;

	for (i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;
		char *path = xasprintf("%s/%s", dir, file);
		char *standard = read_line("/proc/sys/net/%s/default/%s", kind, file);
		char *value;

		/* the kernel logs a read of a setting that a newer one in ms replaces */
		value = is_there("%s_ms", path) ? NULL : read_line("%s", path);
		if (value && (!standard || strcmp(value, standard) || !strcmp(file, "mtu")))
			save_file(out, path);
		free(value);
		free(standard);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(dir);
}

static void save_ethtool(FILE *out, const char *name, bool is_device)
{
	const char *opt;

	for (opt = is_device ? "KGACs" : "K"; *opt; opt++) {
		char *pairs = ethtool_pairs(*opt, name);

		if (*pairs)
			fprintf(out, "ethtool %c %s %s\n", *opt, name, pairs);
		free(pairs);
	}
}

static void save_port(FILE *out, const char *class, const char *name, const char *master)
{
	static const char *const settings[] = {
		"path_cost", "priority", "hairpin_mode", "isolated", "learning", "bpdu_guard",
		"root_block", "unicast_flood", "multicast_flood", "broadcast_flood",
		"multicast_router", "multicast_fast_leave", "neigh_suppress", "proxyarp",
		"group_fwd_mask",
	};
	char *port = xasprintf("%s/brport", class), *address = NULL;

	fprintf(out, "run ip link set dev %s master %s\n", name, master);
	/* a bond that loses its last port gets a random address, and then that of its first port */
	if (is_there("%s/class/net/%s/bonding", sys_dir(), master))
		address = read_line("%s/class/net/%s/address", sys_dir(), master);
	if (address)
		fprintf(out, "mac %s %s\n", master, address);
	free(address);
	save_each(out, port, settings, ARRAY_SIZE(settings));
	free(port);
}

/* Up and carrier, and which CPUs take its interrupt. */
static void save_up(FILE *out, const char *class, json_t *link)
{
	char *carrier = read_line("%s/carrier", class), *irq = read_line("%s/device/irq", class);
	char *mask = irq ? read_line("/proc/irq/%s/smp_affinity", irq) : NULL;

	if (array_has(json_object_get(link, "flags"), "UP"))
		fprintf(out, "up %s %s\n", text_of(link, "ifname"), carrier ? carrier : "0");
	if (mask)
		fprintf(out, "irq %s\n", mask);
	free(carrier);
	free(irq);
	free(mask);
}

static void save_dad(FILE *out, const char *name)
{
	char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/accept_dad", name);

	save_file(out, path);
	free(path);
}

/* Everything of a link that is below addresses. */
static void save_link(FILE *out, json_t *link)
{
	static const char *const settings[] = {
		"mtu", "tx_queue_len", "netdev_group", "ifalias", "gro_flush_timeout",
		"napi_defer_hard_irqs", "threaded", "queues/*/rps_*", "queues/*/xps_*",
		"queues/*/tx_maxrate", "queues/*/byte_queue_limits/limit_m*",
	};
	static const char *const kinds[] = { "ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh" };
	const char *name = text_of(link, "ifname"), *master = text_of(link, "master");
	char *class = xasprintf("%s/class/net/%s", sys_dir(), name), *address;
	size_t i;

	save_each(out, class, settings, ARRAY_SIZE(settings));
	/* a bond gives its ports their address */
	address = is_there("%s/bonding_slave", class) ? NULL : read_line("%s/address", class);
	if (address)
		fprintf(out, "mac %s %s\n", name, address);
	free(address);
	save_ethtool(out, name, is_there("%s/device", class));
	save_flags(out, link);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		save_sysctls(out, kinds[i], name);
	if (master)
		save_port(out, class, name, master);
	/* these addresses were checked for duplicates before: no second wait */
	if (is_there("/proc/sys/net/ipv6/conf/%s/accept_dad", name))
		fprintf(out, "set /proc/sys/net/ipv6/conf/%s/accept_dad 0\n", name);
	save_qdiscs(out, name);
	save_up(out, class, link);
	free(class);
}

static int save_tree(FILE *out, json_t *links, const struct list *tree)
{
	json_t *neighbours = IP_JSON("neigh", "show", "nud", "permanent");
	json_t *proxies = IP_JSON("neigh", "show", "proxy");
	struct list routes = { 0 };
	size_t i;

	for (i = 0; i < tree->count; i++) {
		json_t *link = link_named(links, tree->text[i]);

		if (!link) {
			fail("ip does not know %s", tree->text[i]);
			break;
		}
		if (i)
			save_vlan(out, link);
		save_link(out, link);
	}
	for (i = 0; i < tree->count; i++)
		save_addresses(out, link_named(links, tree->text[i]));
	routes_now(links, tree, &routes);
	for (i = 0; i < routes.count; i++)
		fprintf(out, "route %s\n", routes.text[i]);
	for (i = 0; i < tree->count; i++) {
		save_neighbours(out, neighbours, tree->text[i], false);
		save_neighbours(out, proxies, tree->text[i], true);
		save_dad(out, tree->text[i]);
	}
	list_free(&routes);
	json_decref(neighbours);
	json_decref(proxies);
	return failure() ? -1 : 0;
}

long long uptime_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

int save(FILE *out, const char *pci, const char *driver)
{
	char *name = pci_netdev(pci);
	struct list tree = { 0 };
	json_t *links;
	int err = -1;

	if (!name)
		return fail("%s has no network interface here", pci);
	links = links_now();
	if (links) {
		nic_tree(links, name, &tree);
		fprintf(out, "# e1000_napi 1 state\npci %s\nname %s\ndriver %s\nuptime %lld\nindex %lld\n",
			pci, name, driver, uptime_now(),
			(long long)number_of(link_named(links, name), "ifindex"));
		save_manager(out, name, number_of(link_named(links, name), "ifindex"));
		err = save_tree(out, links, &tree);
	}
	if (!err)
		fputs("end\n", out);
	list_free(&tree);
	json_decref(links);
	free(name);
	return err;
}
