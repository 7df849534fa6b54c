// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conditions.h"
#include "ethtool.h"
#include "napi.h"

#define NO_AXIS COL_COUNT

/* %s: the interface. Not the interrupt's CPU: irqbalance moves it. */
static const struct setting {
	const char *name, *path;
	enum column axis;
} settings[] = {
	{ "mtu", "/sys/class/net/%s/mtu", COL_mtu },
	{ "threaded", "/sys/class/net/%s/threaded", COL_threaded },
	{ "defer_hard_irqs", "/sys/class/net/%s/napi_defer_hard_irqs", COL_defer_hard_irqs },
	{ "gro_flush_timeout", "/sys/class/net/%s/gro_flush_timeout", COL_gro_flush_timeout },
	{ "rps_cpus", "/sys/class/net/%s/queues/rx-0/rps_cpus", COL_rps_cpus },
	{ "rps_flow_cnt", "/sys/class/net/%s/queues/rx-0/rps_flow_cnt", NO_AXIS },
	{ "netdev_budget", "/proc/sys/net/core/netdev_budget", COL_netdev_budget },
	{ "netdev_budget_usecs", "/proc/sys/net/core/netdev_budget_usecs",
	  COL_netdev_budget_usecs },
	{ "netdev_max_backlog", "/proc/sys/net/core/netdev_max_backlog", COL_netdev_max_backlog },
	{ "rmem_default", "/proc/sys/net/core/rmem_default", COL_rcvbuf },
	{ "busy_read", "/proc/sys/net/core/busy_read", COL_busy_read },
	{ "busy_poll", "/proc/sys/net/core/busy_poll", NO_AXIS },
	/* not a file */
	{ "ring_rx", NULL, COL_rx_ring },
	{ "irq_suspend_timeout", NULL, COL_irq_suspend_timeout },
};

static void add_rings(json_t *all, const char *interface)
{
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };

	if (ethtool_ask(interface, &ring))
		return;
	json_object_set_new(all, "ring_rx", json_sprintf("%u", ring.rx_pending));
	json_object_set_new(all, "ring_tx", json_sprintf("%u", ring.tx_pending));
}

json_t *conditions_now(const char *interface)
{
	json_t *all = json_object();
	char line[256], path[128];
	uint32_t ns;
	size_t i;

	add_rings(all, interface);
	if (!napi_irq_suspend(interface, NULL, &ns))
		json_object_set_new(all, "irq_suspend_timeout", json_sprintf("%u", ns));
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *file = settings[i].path, *slot = file ? strstr(file, "%s") : NULL;
		int before = !file ? 0 : slot ? slot - file : (int)strlen(file);

		if (!file)
			continue;
		snprintf(path, sizeof(path), "%.*s%s%s", before, file,
			 slot ? interface : "", slot ? slot + 2 : "");
		if (!read_line(path, line, sizeof(line)))
			json_object_set_new(all, settings[i].name, json_string(line));
	}
	return all;
}

bool plan_sets(const struct plan *plan, enum column col)
{
	const struct axis *axis = &plan->axis[col];

	return axis->count && *axis->value[0] && strcmp(axis->value[0], "default");
}

static bool is_set(const struct plan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return settings[i].axis != NO_AXIS && plan_sets(plan, settings[i].axis);
	return false;
}

int conditions_same(const struct plan *plan, json_t *before, json_t *now)
{
	const char *name;
	json_t *then;

	json_object_foreach(before, name, then) {
		json_t *today = json_object_get(now, name);
		char *a, *b;
		int err = 0;

		if (!today || json_equal(then, today) || is_set(plan, name))
			continue;
		a = json_dumps(then, JSON_ENCODE_ANY | JSON_SORT_KEYS);
		b = json_dumps(today, JSON_ENCODE_ANY | JSON_SORT_KEYS);
		err = fail("this sweep began with %s %s, and now it is %s: trials would not be of one condition; set it back, or give another --out",
			   name, a ? a : "?", b ? b : "?");
		free(a);
		free(b);
		return err;
	}
	return 0;
}
