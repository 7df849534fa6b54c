// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fnmatch.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ethtool.h"
#include "napi.h"
#include "util.h"

int ethtool_ask(const char *interface, void *command)
{
	struct ifreq ifr = { .ifr_data = command };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err, why;

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	why = errno;
	close(fd);
	errno = why;
	return err;
}

static struct ethtool_gstrings *stat_names(const char *interface)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} sset = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };
	struct ethtool_gstrings *names;

	if (ethtool_ask(interface, &sset) || !sset.info.sset_mask || !sset.count)
		return NULL;
	names = xcalloc(1, sizeof(*names) + (size_t)sset.count * ETH_GSTRING_LEN);
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_STATS;
	names->len = sset.count;
	if (ethtool_ask(interface, names)) {
		free(names);
		return NULL;
	}
	return names;
}

double ethtool_stat(const char *interface, const char *pattern)
{
	struct ethtool_gstrings *names = stat_names(interface);
	struct ethtool_stats *stats = NULL;
	double value = NAN;
	uint32_t i;

	if (names) {
		stats = xcalloc(1, sizeof(*stats) + names->len * sizeof(uint64_t));
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = names->len;
		if (!ethtool_ask(interface, stats))
			for (i = 0; i < names->len; i++) {
				char name[ETH_GSTRING_LEN + 1];

				snprintf(name, sizeof(name), "%.*s", ETH_GSTRING_LEN,
					 (char *)names->data + i * ETH_GSTRING_LEN);
				if (!fnmatch(pattern, name, 0))
					value = stats->data[i] + (isnan(value) ? 0 : value);
			}
	}
	free(stats);
	free(names);
	return value;
}

/* get 0: not of ethtool, but of the NAPI */
static const struct nic_setting {
	const char *name;
	uint32_t get, set;
} settings[] = {
	{ "rx_usecs", ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE },
	{ "weight", ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE },
	{ "gro", ETHTOOL_GGRO, ETHTOOL_SGRO },
	{ "ring_rx", ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM },
	{ "irq_suspend_timeout", 0, 0 },
};

const struct nic_setting *nic_setting_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static int ethtool_value(const struct nic_setting *e, const char *interface,
			 const uint32_t *value, uint32_t *current)
{
	union {
		uint32_t cmd;
		struct ethtool_coalesce coalesce;
		struct ethtool_value flag;
		struct ethtool_ringparam ring;
	} u = { .cmd = e->get };
	uint32_t *place = !strcmp(e->name, "weight")   ? &u.coalesce.rx_max_coalesced_frames_irq :
			  e->get == ETHTOOL_GCOALESCE ? &u.coalesce.rx_coalesce_usecs :
			  e->get == ETHTOOL_GRINGPARAM ? &u.ring.rx_pending : &u.flag.data;
	int err = ethtool_ask(interface, &u);

	if (!err && value) {
		u.cmd = e->set;
		*place = *value;
		err = ethtool_ask(interface, &u);
	}
	*current = *place;
	return err;
}

int nic_setting_value(const struct nic_setting *e, const char *interface,
		      const uint32_t *value, uint32_t *current)
{
	int err = e->get ? ethtool_value(e, interface, value, current) :
			   napi_irq_suspend(interface, value, current);
	int why = errno;

	if (err && why == EOPNOTSUPP && !e->get)
		fail("%s: this kernel has no %s, which Linux 6.13 and newer have", interface, e->name);
	else if (err && why == EOPNOTSUPP)
		fail("%s: this NIC cannot change %s", interface, e->name);
	else if (err)
		fail("%s: %s: %s", interface, e->name, strerror(why));
	errno = why;
	return err;
}
