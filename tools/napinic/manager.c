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

/* The state of a device in NetworkManager; all is 0 or empty without it. */
struct nm {
	int state;
	long long number;	/* of the device; another one when it came again */
	char uuid[64];		/* its connection's */
};

/* In one call: nmcli takes long to start on a slow machine, and is asked again and again. */
static struct nm nm_ask(const char *name)
{
	const char *const ask[] = { "nmcli", "-t", "-f",
				    "GENERAL.STATE,GENERAL.DBUS-PATH,GENERAL.CON-UUID", "device", "show",
				    name, NULL };
	char *out, *err, *rest, *line;
	struct nm nm = { 0 };

	if (!run(ask, &out, &err)) {
		rest = out;
		while ((line = strsep(&rest, "\n"))) {
			char *value = strchr(line, ':'), *slash = strrchr(line, '/');

			if (!strncmp(line, "GENERAL.STATE:", 14))
				nm.state = atoi(value + 1);
			else if (!strncmp(line, "GENERAL.DBUS-PATH:", 18) && slash)
				nm.number = atoll(slash + 1);
			else if (!strncmp(line, "GENERAL.CON-UUID:", 17))
				snprintf(nm.uuid, sizeof(nm.uuid), "%s", value + 1);
		}
	}
	free(out);
	free(err);
	return nm;
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
	struct nm nm = { 0 };

	if (is_there("/run/NetworkManager"))
		nm = nm_ask(name);
	if (nm.state == ACTIVATED) {
		if (*nm.uuid) {
			fputs("manager networkmanager", out);
			put_word(out, "%s", nm.uuid);
			fprintf(out, " %lld\n", nm.number);
		}
	} else if (networkd_has(index, 0)) {
		fputs("manager networkd - 0\n", out);
	}
}

void wait_for_manager(const struct manager *manager, const char *name)
{
	const char *const up[] = { "nmcli", "-w", "15", "connection", "up", "uuid",
				   manager->connection, "ifname", name, NULL };
	long long start = uptime_now(), passed;
	bool asked = !strcmp(manager->who, "networkd");
	struct nm nm = { 0 };
	char *out;

	for (;;) {
		passed = uptime_now() - start;
		if (!strcmp(manager->who, "networkd")) {
			if (networkd_has(if_nametoindex(name), manager->since))
				return;
		} else {
			nm = nm_ask(name);
			/* the same device is one that it has not seen going yet */
			if (nm.state == ACTIVATED &&
			    (passed >= PATIENCE / 2 || nm.number != manager->number))
				return;
		}
		if (passed >= PATIENCE) {
			message("%s did not configure %s again within %d s; what it had is put back without it",
				manager->who, name, PATIENCE);
			return;
		}
		/* a connection that was brought up by hand does not come up by itself */
		if (!asked && passed >= 5 && nm.state == DISCONNECTED) {
			run(up, &out, NULL);
			free(out);
			asked = true;
		}
		usleep(300000);
	}
}
