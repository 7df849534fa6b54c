// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "conditions.h"
#include "ethtool.h"
#include "folder.h"
#include "host.h"
#include "meta.h"
#include "route.h"

static json_t *line_of(const char *path)
{
	char line[128];

	return read_line(path, line, sizeof(line)) ? json_null() : json_string(line);
}

/* The output of detect.sh --json, on stdin. */
static json_t *detected(void)
{
	json_error_t error;
	json_t *said = json_loadf(stdin, 0, &error);

	if (json_is_string(json_object_get(said, "hypervisor")))
		return said;
	fail("standard input is not what detect.sh --json prints: %s",
	     said ? "no hypervisor" : error.text);
	json_decref(said);
	return NULL;
}

static json_t *nic_of(const char *interface, const json_t *said)
{
	json_t *nics = json_object_get(said, "e1000"), *nic;
	size_t i;

	json_array_foreach(nics, i, nic) {
		const char *name = json_string_value(json_object_get(nic, "interface"));

		if (name && !strcmp(name, interface))
			return json_pack("{sO? sO? sO?}",
					 "model", json_object_get(nic, "model"),
					 "pci_id", json_object_get(nic, "pci_id"),
					 "pci_address", json_object_get(nic, "pci_address"));
	}
	return json_pack("{ss sn sn}", "model", "unknown", "pci_id", "pci_address");
}

/* ---- the NIC's settings and the module ---- */

static json_t *offloads(const char *interface)
{
	static const struct {
		const char *name;
		uint32_t cmd;
	} flags[] = {
		{ "rx_checksum", ETHTOOL_GRXCSUM }, { "tx_checksum", ETHTOOL_GTXCSUM },
		{ "scatter_gather", ETHTOOL_GSG }, { "tso", ETHTOOL_GTSO },
		{ "gso", ETHTOOL_GGSO }, { "gro", ETHTOOL_GGRO },
	};
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct ethtool_value value = { .cmd = flags[i].cmd };

		if (!ethtool_ask(interface, &value))
			json_object_set_new(all, flags[i].name, json_boolean(value.data));
	}
	return all;
}

static json_t *itr(const char *interface)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_GCOALESCE };

	/* null: this NIC does not tell (82540EM), the module's default holds */
	return ethtool_ask(interface, &c) || !c.rx_coalesce_usecs ? json_null() :
	       json_integer(c.rx_coalesce_usecs);
}

/* Its own number if it has one, else what the linker made of its contents. */
static json_t *module_version(void)
{
	char raw[128], hex[64] = "", line[64];
	size_t i, got = 0;
	FILE *f;

	if (!read_line("/sys/module/e1000_napi/version", line, sizeof(line)) ||
	    !read_line("/sys/module/e1000_napi/srcversion", line, sizeof(line)))
		return json_string(line);
	f = fopen("/sys/module/e1000_napi/notes/.note.gnu.build-id", "r");
	if (f) {
		got = fread(raw, 1, sizeof(raw), f);
		fclose(f);
	}
	/* an ELF note: three words, "GNU", 20 bytes */
	for (i = 16; i < got && i < 16 + 20; i++)
		sprintf(hex + 2 * (i - 16), "%02x", (unsigned char)raw[i]);
	return got > 16 ? json_sprintf("build-id %s", hex) : json_null();
}

/* ---- iperf ---- */

int parse_iperf_version(const char *text, char *version, size_t len)
{
	const char *p = strstr(text, "iperf version ");
	int major, minor, patch;

	if (strstr(text, "iperf 3"))
		return fail("this is iperf3; the sweep needs iperf 2.1 or newer (Debian package iperf)");
	if (!p || sscanf(p, "iperf version %d.%d.%d", &major, &minor, &patch) != 3)
		return fail("iperf 2.1 or newer is needed and there is none (Debian package iperf)");
	snprintf(version, len, "%d.%d.%d", major, minor, patch);
	if (major != 2 || minor < 1)
		return fail("iperf is %s; -R over UDP needs 2.1 or newer", version);
	return 0;
}

static int connect_server(const struct plan *plan)
{
	struct sockaddr_storage address;
	struct timeval timeout = { .tv_sec = 2 };
	int len = parse_address(plan->server, plan->port, &address);
	int fd = len < 0 ? -1 : socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * iperf 2.1's exchange of versions over TCP, which its own client does (-X)
 * but does not print. A server older than 2.1 does not answer.
 */
static int server_version(const struct plan *plan, char *version, size_t len)
{
	const uint32_t hello[15] = {
		htobe32(0x46010078),	/* flags: this is a test exchange, length 120 / 2 */
		htobe32(1), htobe32(plan->port), 0, 0, htobe32(0x00000400), 0, 0, 0,
		htobe32(0x00000002), htobe32(0x00010008), htobe32(0x00030000),
	};
	uint32_t answer[7];
	int fd = connect_server(plan);
	bool good;

	version[0] = '\0';
	if (fd < 0)
		return 0;	/* a UDP server only: it cannot be asked */
	good = send(fd, hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello) &&
	       recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer);
	close(fd);
	if (!good)
		return fail("the server's iperf is older than 2.1, or is not iperf 2; the sweep needs 2.1 or newer there");
	snprintf(version, len, "%u.%u.%u", be32toh(answer[3]) >> 16,
		 be32toh(answer[3]) & 0xffff, be32toh(answer[4]) >> 16);
	return 0;
}

int iperf_versions(const struct plan *plan, char *guest, char *server, size_t len)
{
	static char *const argv[] = { "iperf", "-v", NULL };
	char *text;
	int status, err;

	guest[0] = server[0] = '\0';
	if (strcmp(plan->source, "iperf"))
		return 0;
	text = run_program(argv, 5 * NSEC, &status);
	err = text ? parse_iperf_version(text, guest, len) : -1;
	free(text);
	return err ? err : server_version(plan, server, len);
}

/* The host, if it can be asked. The offset is measured again for each trial. */
static json_t *host_facts(const struct plan *plan)
{
	struct host_clock clock;

	if (!*plan->host)
		return json_object();
	if (host_clock(plan->host, &clock)) {
		warning("%s", failure());
		return json_pack("{ss}", "address", plan->host);
	}
	return json_pack("{ss sI sI}", "address", plan->host, "clock_offset_ns",
			 (json_int_t)clock.offset, "clock_round_trip_ns",
			 (json_int_t)clock.round_trip);
}

/* ---- all of it ---- */

static json_t *cpu_model(void)
{
	char *text = read_file("/proc/cpuinfo");
	char *name = text ? strstr(text, "model name") : NULL;
	json_t *model = json_null();

	name = name ? strchr(name, ':') : NULL;
	if (name) {
		name += strspn(name, ": \t");
		name[strcspn(name, "\n")] = '\0';
		model = json_string(name);
	}
	free(text);
	return model;
}

static json_t *started(void)
{
	time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	return json_string(text);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

/* NULL without a failure: there is none. */
static int load_meta(const struct plan *plan, json_t **meta)
{
	json_error_t error;
	ssize_t len;
	char *text = folder_read(plan->dir, "meta.json", &len);

	*meta = text ? json_loadb(text, len, 0, &error) : NULL;
	if (text && !*meta)
		len = fail("meta.json, line %d: %s: it was edited; put it right, or move it away for a new one",
			   error.line, error.text);
	if (*meta && !json_is_object(*meta)) {
		len = fail("meta.json is not a JSON object: it was edited; put it right, or move it away for a new one");
		json_decref(*meta);
	}
	free(text);
	return len < 0 ? -1 : 0;
}

/* For a continued sweep: is this the same machine in the same state? */
static int same_conditions(const struct plan *plan, json_t *meta)
{
	struct utsname uts;
	json_t *before, *now;
	int err;

	uname(&uts);
	before = json_pack("{sO* sO* sO* sO*}", "kernel", json_object_get(meta, "kernel"),
			   "module_version", json_object_get(meta, "module_version"),
			   "itr", json_object_get(meta, "itr"),
			   "offloads", json_object_get(meta, "offloads"));
	now = json_pack("{ss so so so}", "kernel", uts.release, "module_version", module_version(),
			"itr", itr(plan->interface), "offloads", offloads(plan->interface));
	json_object_update(before, json_object_get(meta, "conditions"));
	json_object_update_new(now, conditions_now(plan->interface));
	if (plan_sets(plan, COL_rx_usecs))
		json_object_del(now, "itr");
	if (plan_sets(plan, COL_gro)) {
		json_object_del(json_object_get(now, "offloads"), "gro");
		json_object_del(json_object_get(before, "offloads"), "gro");
	}
	err = conditions_same(plan, before, now);
	json_decref(before);
	json_decref(now);
	return err;
}

/* 0: the sweep sends none. */
static unsigned int largest_datagram(const struct plan *plan)
{
	const struct axis *protocol = &plan->axis[COL_protocol], *size = &plan->axis[COL_datagram];
	unsigned int largest = 0, one;
	bool udp = false;
	size_t i;

	for (i = 0; i < protocol->count; i++)
		udp |= strcmp(protocol->value[i], "tcp");
	for (i = 0; udp && i < size->count; i++) {
		one = strtoul(size->value[i], NULL, 10);
		largest = one > largest ? one : largest;
	}
	return largest;
}

/* An MTU that the sweep sets takes the place of the one there is. */
static int check_route(const struct plan *plan)
{
	unsigned int datagram = largest_datagram(plan), least = 0, one;
	unsigned int headers = strchr(plan->server, ':') ? 48 : 28;
	const struct axis *mtu = &plan->axis[COL_mtu];
	size_t i;

	if (!plan_sets(plan, COL_mtu))
		return route_check(plan->server, plan->interface, datagram);
	for (i = 0; i < mtu->count; i++) {
		one = strtoul(mtu->value[i], NULL, 10);
		least = !least || one < least ? one : least;
	}
	if (datagram && datagram + headers > least)
		return fail("a datagram of %u bytes does not fit into one packet of --mtu %u: give --datagram %u, or less",
			    datagram, least, least - headers);
	return route_check(plan->server, plan->interface, 0);
}

/* This kernel has it, if the sweep sets it: else each trial would fail. */
static int check_suspend(const struct plan *plan)
{
	uint32_t ns;

	return plan_sets(plan, COL_irq_suspend_timeout) ?
	       nic_setting_value(nic_setting_of("irq_suspend_timeout"), plan->interface, NULL, &ns) : 0;
}

int meta_write(const struct plan *plan, const char *command)
{
	char guest[32], server[32], *text;
	json_t *said = detected(), *meta = NULL;
	struct utsname uts;
	int err;

	err = !said || check_route(plan) || check_suspend(plan) ||
	      iperf_versions(plan, guest, server, sizeof(guest)) || load_meta(plan, &meta) || (*plan->host && host_wait(plan->host)) ? -1 : 0;
	if (meta && !err)
		err = same_conditions(plan, meta);
	if (meta || err) {	/* a sweep that goes on keeps its start */
		json_decref(meta);
		json_decref(said);
		return err;
	}
	uname(&uts);
	meta = json_pack("{si sO sO? sO? sO? so ss so s{so so} so so si so so sI so so so ss ss so}",
			 "format", 1, "hypervisor", json_object_get(said, "hypervisor"),
			 "stand_in", json_object_get(said, "stand_in"),
			 "hypervisor_version", json_object_get(said, "version"),
			 "dmi", json_object_get(said, "dmi"),
			 "nic", nic_of(plan->interface, said), "kernel", uts.release,
			 "module_version", module_version(), "iperf", "guest", text_or_null(guest),
			 "server", text_or_null(server), "itr", itr(plan->interface),
			 "offloads", offloads(plan->interface), "vcpus",
			 (int)sysconf(_SC_NPROCESSORS_ONLN), "cpu_model", cpu_model(),
			 "clocksource",
			 line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
			 "seed", (json_int_t)plan->seed, "started", started(), "host", host_facts(plan),
			 "chosen", json_object(), "interface", plan->interface, "command", command,
			 "conditions", conditions_now(plan->interface));
	text = meta ? json_dumps(meta, JSON_INDENT(2)) : NULL;
	err = text ? folder_replace(plan->dir, "meta.json", text) :
	      fail("meta.json could not be put together");
	free(text);
	json_decref(meta);
	json_decref(said);
	return err;
}

int meta_chosen(const struct plan *plan, json_t *chosen)
{
	char *text = NULL;
	json_t *meta;
	int err;

	err = load_meta(plan, &meta);
	if (!err && !meta)
		err = fail("meta.json is gone");
	if (!err) {
		json_object_set(meta, "chosen", chosen);
		text = json_dumps(meta, JSON_INDENT(2));
		err = text ? folder_replace(plan->dir, "meta.json", text) :
		      fail("meta.json could not be put together");
		json_decref(meta);
	}
	free(text);
	json_decref(chosen);
	return err;
}
