// SPDX-License-Identifier: GPL-2.0
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager.h"
#include "run.h"
#include "save.h"
#include "util.h"

#define PATIENCE 20	/* seconds: a lease takes one or two */
#define DISCONNECTED 30	/* NetworkManager's states */
#define ACTIVATED 100

/* A property of an interface, as nmcli tells it (caller frees); NULL without NetworkManager. */
static char *nm_property(const char *property, const char *name)
{
	const char *const ask[] = { "nmcli", "-g", property, "device", "show", name, NULL };
	char *out, *err;

	if (run(ask, &out, &err)) {
		free(out);
		out = NULL;
	} else {
		out[strcspn(out, "\n")] = '\0';
	}
	free(err);
	return out;
}

static int nm_state(const char *name)
{
	char *text = nm_property("GENERAL.STATE", name);
	int state = text ? atoi(text) : 0;

	free(text);
	return state;
}

/* The number by which NetworkManager knows the device; another one when it came again. 0: none. */
static long long nm_number(const char *name)
{
	char *path = nm_property("GENERAL.DBUS-PATH", name);
	const char *slash = path ? strrchr(path, '/') : NULL;
	long long number = slash ? atoll(slash + 1) : 0;

	free(path);
	return number;
}

/* Its record of a removed interface stays for a moment: since then, by the clock. */
static bool networkd_has(long long index, time_t since)
{
	char *path = xasprintf("/run/systemd/netif/links/%lld", index);
	char *text = read_file(path);
	struct stat st;
	bool yes = text && strstr(text, "ADMIN_STATE=configured\n") && !stat(path, &st) &&
		   st.st_mtime >= since;

	free(text);
	free(path);
	return yes;
}

void save_manager(FILE *out, const char *name, long long index)
{
	if (is_there("/run/NetworkManager") && nm_state(name) == ACTIVATED) {
		char *uuid = nm_property("GENERAL.CON-UUID", name);

		if (uuid && *uuid) {
			fputs("manager networkmanager", out);
			put_word(out, "%s", uuid);
			fprintf(out, " %lld\n", nm_number(name));
		}
		free(uuid);
	} else if (networkd_has(index, 0)) {
		fputs("manager networkd - 0\n", out);
	}
}

static bool is_configured(const struct manager *manager, const char *name, bool any)
{
	if (!strcmp(manager->who, "networkd"))
		return networkd_has(if_nametoindex(name), manager->since);
	/* the same device is one that it has not seen going yet */
	return nm_state(name) == ACTIVATED && (any || nm_number(name) != manager->number);
}

void wait_for_manager(const struct manager *manager, const char *name)
{
	const char *const up[] = { "nmcli", "-w", "15", "connection", "up", "uuid",
				   manager->connection, "ifname", name, NULL };
	long long start = uptime_now(), passed;
	bool asked = !strcmp(manager->who, "networkd");
	char *out;

	for (;;) {
		passed = uptime_now() - start;
		if (is_configured(manager, name, passed >= PATIENCE / 2))
			return;
		if (passed >= PATIENCE) {
			message("%s did not configure %s again within %d s; what it had is put back without it",
				manager->who, name, PATIENCE);
			return;
		}
		/* a connection that was brought up by hand does not come up by itself */
		if (!asked && passed >= 5 && nm_state(name) == DISCONNECTED) {
			run(up, &out, NULL);
			free(out);
			asked = true;
		}
		usleep(300000);
	}
}
