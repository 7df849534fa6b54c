// SPDX-License-Identifier: GPL-2.0
/*
 * coalesce IF			what ETHTOOL_GCOALESCE answers: rx-usecs and rx-frames-irq
 * coalesce IF USECS FRAMES	what ETHTOOL_SCOALESCE answers to these two, all else 0: as a
 *				program of before netlink asks that knows no more
 *
 * Prints the answer, or the error's name; the exit status is 0 in any case.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_GCOALESCE };
	struct ifreq r = { .ifr_data = (void *)&c };

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: coalesce IF [USECS FRAMES]\n");
		return 2;
	}
	snprintf(r.ifr_name, IFNAMSIZ, "%s", argv[1]);
	if (argc == 4) {
		c.cmd = ETHTOOL_SCOALESCE;
		c.rx_coalesce_usecs = atoi(argv[2]);
		c.rx_max_coalesced_frames_irq = atoi(argv[3]);
	}
	if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCETHTOOL, &r))
		printf("%s\n", strerrorname_np(errno));
	else if (argc == 4)
		printf("done\n");
	else
		printf("%u %u\n", c.rx_coalesce_usecs, c.rx_max_coalesced_frames_irq);

	return 0;
}
