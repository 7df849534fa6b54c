// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "index.h"
#include "link.h"
#include "netlink.h"
#include "util.h"

bool index_can_be_kept(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;

	/* an older one ignores the attribute silently */
	if (!is_there("/proc/self/ns/net") || uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 5 || (major == 5 && minor >= 13);
}

/* An interface, by what is known of it: its index, else its hardware address. */
struct nic {
	int index;
	unsigned char address[6];
	bool has_address;
};

static void look_at(const struct nlmsghdr *answer, void *data)
{
	const struct ifinfomsg *link = NLMSG_DATA(answer);
	struct rtattr *at = IFLA_RTA(link);
	size_t left = IFLA_PAYLOAD(answer);
	struct nic *nic = data;

	for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type != IFLA_ADDRESS || RTA_PAYLOAD(at) != sizeof(nic->address))
			continue;
		if (link->ifi_index == nic->index && !nic->has_address) {
			memcpy(nic->address, RTA_DATA(at), sizeof(nic->address));
			nic->has_address = true;
		} else if (!nic->index && !memcmp(nic->address, RTA_DATA(at), sizeof(nic->address))) {
			nic->index = link->ifi_index;
		}
	}
}

static int look(int socket, struct nic *nic)
{
	struct ifinfomsg all = { 0 };
	struct nlmsghdr *msg = nl_new(RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
	int err = nl_ask(socket, msg, look_at, nic);

	free(msg);
	return err;
}

/* To the namespace space, with this index there; 0: any. */
static int move(int socket, int from, int space, int index)
{
	struct ifinfomsg link = { .ifi_index = from };
	struct nlmsghdr *msg = nl_new(RTM_NEWLINK, 0, &link, sizeof(link));
	__u32 fd = space, wanted = index;
	int err;

	nl_add(msg, IFLA_NET_NS_FD, &fd, sizeof(fd));
	if (index)
		nl_add(msg, IFLA_NEW_IFINDEX, &wanted, sizeof(wanted));
	err = nl_ask(socket, msg, NULL, NULL);
	free(msg);
	return err;
}

/* A socket in a namespace of its own, which ends with *space; -1 with the reason kept. */
static int open_space(int *space)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), socket = -1;

	*space = -1;
	if (here < 0 || unshare(CLONE_NEWNET)) {
		fail("no network namespace can be made: %s", strerror(errno));
	} else {
		*space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		socket = nl_open();
		if (setns(here, CLONE_NEWNET)) {
			message("setns: %s", strerror(errno));
			exit(1);
		}
	}
	if (here >= 0)
		close(here);
	return socket;
}

static int there_and_back(int here, int index, int wanted)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), space;
	int there = open_space(&space), err = -1;
	struct nic nic = { .index = index };

	if (there >= 0 && space >= 0 && home >= 0) {
		err = look(here, &nic);
		err = err ? err : move(here, index, space, 0);
		/* its index there may be another one: some modules make interfaces in each namespace */
		nic.index = 0;
		err = err ? err : look(there, &nic);
		if (!err) {
			err = move(there, nic.index, home, wanted);
			if (err)
				move(there, nic.index, home, 0);
		}
		if (err)
			fail("the index %d: %s", wanted, strerror(-err));
	}
	if (there >= 0)
		close(there);
	if (space >= 0)
		close(space);
	if (home >= 0)
		close(home);
	return err ? -1 : 0;
}

int index_put(const char *pci, int index)
{
	char *name = pci_netdev(pci);
	int now = name ? (int)if_nametoindex(name) : 0, here, err;

	free(name);
	if (now == index)
		return 0;
	if (!now)
		return fail("%s has no network interface here", pci);
	/* refs() has reported what that does */
	if (!index_can_be_kept())
		return 0;
	here = nl_open();
	if (here < 0)
		return -1;
	err = there_and_back(here, now, index);
	close(here);
	return err;
}
