// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ethtool.h"
#include "util.h"

/* Linux has 64 of them today. */
#define MAX_FEATURES 1024

static int ask(const char *name, void *question)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ifreq request = { .ifr_data = question };

	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	err = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return err;
}

static __u32 feature_count(const char *name)
{
	struct ethtool_sset_info *sets = xalloc(sizeof(*sets) + sizeof(__u32));
	__u32 count = 0;

	sets->cmd = ETHTOOL_GSSET_INFO;
	sets->sset_mask = 1ULL << ETH_SS_FEATURES;
	if (!ask(name, sets) && sets->sset_mask)
		memcpy(&count, sets + 1, sizeof(count));
	free(sets);
	return count < MAX_FEATURES ? count : MAX_FEATURES;
}

static void put_features(FILE *out, const char *name)
{
	struct ethtool_gfeatures *features;
	struct ethtool_gstrings *strings;
	__u32 count = feature_count(name), i;

	if (!count)
		return;
	strings = xalloc(sizeof(*strings) + (size_t)count * ETH_GSTRING_LEN);
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_FEATURES;
	strings->len = count;
	features = xalloc(sizeof(*features) + (count + 31) / 32 * sizeof(features->features[0]));
	features->cmd = ETHTOOL_GFEATURES;
	features->size = (count + 31) / 32;
	if (!ask(name, strings) && !ask(name, features))
		for (i = 0; i < count && i < features->size * 32; i++) {
			struct ethtool_get_features_block *block = &features->features[i / 32];
			char *feature = (char *)strings->data + i * ETH_GSTRING_LEN;

			if (*feature && (block->available & ~block->never_changed) >> (i % 32) & 1)
				fprintf(out, " %.*s %s", ETH_GSTRING_LEN, feature,
					block->requested >> (i % 32) & 1 ? "on" : "off");
		}
	free(strings);
	free(features);
}

static void put_rings(FILE *out, const char *name)
{
	struct ethtool_ringparam rings = { .cmd = ETHTOOL_GRINGPARAM };

	if (!ask(name, &rings))
		fprintf(out, " rx %u tx %u", rings.rx_pending, rings.tx_pending);
}

static void put_pause(FILE *out, const char *name)
{
	struct ethtool_pauseparam pause = { .cmd = ETHTOOL_GPAUSEPARAM };

	if (!ask(name, &pause))
		fprintf(out, " autoneg %s rx %s tx %s", pause.autoneg ? "on" : "off",
			pause.rx_pause ? "on" : "off", pause.tx_pause ? "on" : "off");
}

static void put_coalesce(FILE *out, const char *name)
{
	struct ethtool_coalesce set = { .cmd = ETHTOOL_GCOALESCE };
	const struct {
		const char *name;
		const __u32 *value;
	} others[] = {
		{ "rx-frames", &set.rx_max_coalesced_frames },
		{ "rx-usecs-irq", &set.rx_coalesce_usecs_irq },
		{ "tx-usecs", &set.tx_coalesce_usecs },
		{ "tx-frames", &set.tx_max_coalesced_frames },
		{ "tx-usecs-irq", &set.tx_coalesce_usecs_irq },
		{ "tx-frames-irq", &set.tx_max_coalesced_frames_irq },
		{ "stats-block-usecs", &set.stats_block_coalesce_usecs },
		{ "sample-interval", &set.rate_sample_interval },
	};
	size_t i;

	if (ask(name, &set))
		return;
	fprintf(out, " rx-usecs %u", set.rx_coalesce_usecs);
	/* a driver reads those that it does not have as 0 */
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (*others[i].value)
			fprintf(out, " %s %u", others[i].name, *others[i].value);
}

static void put_speed(FILE *out, const char *name)
{
	/* three masks follow, of 127 words at most */
	struct ethtool_link_settings *link = xalloc(sizeof(*link) + 3 * 127 * sizeof(__u32));
	int err;

	link->cmd = ETHTOOL_GLINKSETTINGS;
	/* the first time the kernel only says how long a mask is */
	err = ask(name, link) || link->link_mode_masks_nwords >= 0;
	link->link_mode_masks_nwords = -link->link_mode_masks_nwords;
	link->cmd = ETHTOOL_GLINKSETTINGS;
	err = err || ask(name, link);
	if (!err && link->autoneg == AUTONEG_ENABLE)
		fputs(" autoneg on", out);
	else if (!err && link->speed && link->speed != (__u32)SPEED_UNKNOWN &&
		 link->duplex <= DUPLEX_FULL)
		fprintf(out, " autoneg off speed %u duplex %s", link->speed,
			link->duplex == DUPLEX_FULL ? "full" : "half");
	free(link);
}

static void put_wake(FILE *out, const char *name)
{
	struct ethtool_wolinfo wake = { .cmd = ETHTOOL_GWOL };
	static const char letters[] = "pumbag";
	size_t i;

	if (ask(name, &wake) || !wake.supported)
		return;
	fputs(" wol ", out);
	for (i = 0; letters[i]; i++)
		if (wake.wolopts >> i & 1)
			fputc(letters[i], out);
	if (!(wake.wolopts & 63))
		fputc('d', out);
}

char *ethtool_pairs(char opt, const char *name)
{
	char *pairs = NULL;
	size_t size;
	FILE *out = xmemstream(&pairs, &size);

	switch (opt) {
	case 'K':
		put_features(out, name);
		break;
	case 'G':
		put_rings(out, name);
		break;
	case 'A':
		put_pause(out, name);
		break;
	case 'C':
		put_coalesce(out, name);
		break;
	case 's':
		put_speed(out, name);
		put_wake(out, name);
		break;
	}
	fclose(out);
	/* the first space */
	if (*pairs)
		memmove(pairs, pairs + 1, size);
	return pairs;
}
