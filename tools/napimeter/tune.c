// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tune.h"
#include "tunestate.h"

int tune_weight(const char *interface, int64_t weight)
{
	char *path = driver_file(interface, "weight");
	int fd = open(path, O_RDWR | O_CLOEXEC), err;
	char value[24];

	snprintf(value, sizeof(value), "%lld", (long long)weight);
	/* lockdown, as with Secure Boot, forbids this file, but not ethtool */
	if (fd < 0 && errno == EPERM)
		err = tune_ethtool(TUNE_STATE, "weight", interface, weight);
	else
		err = tune_file(TUNE_STATE, path, value);
	if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

static char *irq_file(const char *interface)
{
	char *path = xasprintf("/sys/class/net/%s/device/irq", interface);
	char irq[16];
	int err;

	err = read_line(path, irq, sizeof(irq));
	free(path);
	return err ? NULL : xasprintf("/proc/irq/%s/smp_affinity_list", irq);
}

static int tune_irq(const char *interface, const char *cpu)
{
	char *path = irq_file(interface);
	int err = path ? tune_file(TUNE_STATE, path, cpu) : -1;

	free(path);
	return err;
}

int tune_check(const char *interface, const struct row *spec)
{
	const char *cpu = row_text(spec, COL_irq_cpu);
	char *path, now[64];
	int err = 0;

	if (!*cpu)
		return 0;
	path = irq_file(interface);
	if (!path || read_line(path, now, sizeof(now)))
		err = -1;
	else if (strcmp(now, cpu))
		err = fail("the interrupt was moved to CPU %s during the trial; stop irqbalance", now);
	free(path);
	return err;
}

/* A setting that is a file: of the interface, or of the system. */
static int apply_file(const char *interface, const char *file, const char *value)
{
	char *path = *file == '/' ? xasprintf("%s", file) : tune_device_file(interface, file);
	int err = tune_file(TUNE_STATE, path, value);

	free(path);
	return err;
}

/* The first N CPUs share the work behind the driver; 0: none but the interrupt's. */
static int apply_rps(const char *interface, unsigned int cpus)
{
	char mask[24];

	snprintf(mask, sizeof(mask), "%llx", (1ULL << cpus) - 1);
	return apply_file(interface, "queues/rx-0/rps_cpus", mask);
}

int tune_apply(const char *interface, const struct row *spec)
{
	static const struct {
		enum column col;
		const char *file;
	} files[] = {
		{ COL_threaded, "threaded" },
		{ COL_defer_hard_irqs, "napi_defer_hard_irqs" },
		{ COL_gro_flush_timeout, "gro_flush_timeout" },
		{ COL_netdev_budget, "/proc/sys/net/core/netdev_budget" },
		{ COL_netdev_budget_usecs, "/proc/sys/net/core/netdev_budget_usecs" },
		{ COL_netdev_max_backlog, "/proc/sys/net/core/netdev_max_backlog" },
		/* sockets take it when they are made, so before the source is started */
		{ COL_busy_read, "/proc/sys/net/core/busy_read" },
		{ COL_mtu, "mtu" },
	};
	static const struct {
		enum column col;
		const char *name;
	} numbers[] = { { COL_rx_ring, "ring_rx" }, { COL_rx_usecs, "rx_usecs" }, { COL_gro, "gro" },
			{ COL_irq_suspend_timeout, "irq_suspend_timeout" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!row_empty(spec, files[i].col) &&
		    apply_file(interface, files[i].file, row_text(spec, files[i].col)))
			return -1;
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!row_empty(spec, numbers[i].col) &&
		    tune_ethtool(TUNE_STATE, numbers[i].name, interface,
				 row_integer(spec, numbers[i].col, 0)))
			return -1;
	if (!row_empty(spec, COL_rps_cpus) && apply_rps(interface, row_integer(spec, COL_rps_cpus, 0)))
		return -1;
	if (!row_empty(spec, COL_irq_cpu) && tune_irq(interface, row_text(spec, COL_irq_cpu)))
		return -1;
	return tune_weight(interface, row_integer(spec, COL_weight, 64));
}

int tune_restore(void)
{
	return tune_undo(TUNE_STATE);
}
