// SPDX-License-Identifier: GPL-2.0
#include <cpuid.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "host.h"
#include "meta.h"

static json_t *line_of(const char *path)
{
	char line[128];

	return read_line(path, line, sizeof(line)) ? json_null() : json_string(line);
}

static bool line_has(const char *path, const char *text)
{
	char line[128];

	return !read_line(path, line, sizeof(line)) && strstr(line, text);
}

/* ---- hypervisor ---- */

static void cpuid_signature(char text[13])
{
	unsigned int eax, ebx, ecx, edx;

	memset(text, 0, 13);
	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & 1u << 31))
		return;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(text, &ebx, 4);
	memcpy(text + 4, &ecx, 4);
	memcpy(text + 8, &edx, 4);
}

/*
 * DMI goes before CPUID: VirtualBox shows the guest KVM's signature. The e1000
 * of QEMU has QEMU's subsystem id, so a QEMU that poses as VMware is found out.
 */
static const char *hypervisor(const char *nic, bool *stand_in)
{
	static const char vendor[] = "/sys/class/dmi/id/sys_vendor";
	char *path = xasprintf("/sys/class/net/%s/device/subsystem_vendor", nic);
	bool is_qemu = line_has(path, "0x1af4");
	char signature[13];

	free(path);
	*stand_in = false;
	cpuid_signature(signature);
	if (line_has("/sys/hypervisor/type", "xen"))
		return "xen";
	if (line_has(vendor, "innotek"))
		return "virtualbox";
	if (line_has(vendor, "VMware")) {
		*stand_in = is_qemu;
		return "vmware";
	}
	if (!strcmp(signature, "KVMKVMKVM"))
		return "kvm";
	if (is_qemu || line_has(vendor, "QEMU") || !strcmp(signature, "TCGTCGTCGTCG"))
		return "qemu";
	return signature[0] ? "unknown" : "none";
}

static json_t *hypervisor_version(const char *name)
{
	char major[16], minor[16], extra[32] = "";

	if (!strcmp(name, "xen") &&
	    !read_line("/sys/hypervisor/version/major", major, sizeof(major)) &&
	    !read_line("/sys/hypervisor/version/minor", minor, sizeof(minor))) {
		read_line("/sys/hypervisor/version/extra", extra, sizeof(extra));
		return json_sprintf("%s.%s%s", major, minor, extra);
	}
	if (!strcmp(name, "virtualbox")) {
		/* an OEM string of DMI: vboxVer_7.2.22 */
		FILE *f = fopen("/sys/firmware/dmi/entries/11-0/raw", "r");
		char raw[1024] = "", *version;
		size_t got = f ? fread(raw, 1, sizeof(raw) - 1, f) : 0;

		if (f)
			fclose(f);
		version = memmem(raw, got, "vboxVer_", 8);
		if (version)
			return json_string(version + 8);
	}
	return line_of("/sys/class/dmi/id/product_version");
}

/* ---- NIC ---- */

static json_t *nic_of(const char *interface)
{
	static const struct {
		const char *id, *model;
	} models[] = {
		{ "0x100e", "82540EM" }, { "0x100f", "82545EM" }, { "0x1004", "82543GC" },
		{ "0x1008", "82544EI" }, { "0x100c", "82544GC" }, { "0x100d", "82544GC" },
		{ "0x1010", "82546EB" }, { "0x1026", "82545GM" }, { "0x1079", "82546GB" },
	};
	char *base = xasprintf("/sys/class/net/%s/device", interface);
	char *path = xasprintf("%s/device", base);
	char id[32] = "", link[256], vendor[32] = "";
	const char *model = "unknown";
	json_t *nic = json_object();
	ssize_t len;
	size_t i;

	read_line(path, id, sizeof(id));
	free(path);
	path = xasprintf("%s/vendor", base);
	read_line(path, vendor, sizeof(vendor));
	free(path);
	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(id, models[i].id))
			model = models[i].model;
	json_object_set_new(nic, "model", json_string(model));
	json_object_set_new(nic, "pci_id", strlen(id) > 2 && strlen(vendor) > 2 ?
			    json_sprintf("%s:%s", vendor + 2, id + 2) : json_null());
	len = readlink(base, link, sizeof(link) - 1);
	link[len > 0 ? len : 0] = '\0';
	json_object_set_new(nic, "pci_address",
			    len > 0 ? json_string(strrchr(link, '/') + 1) : json_null());
	free(base);
	return nic;
}

static int ask_nic(const char *interface, void *data)
{
	struct ifreq ifr = { .ifr_data = data };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return err;
}

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

		if (!ask_nic(interface, &value))
			json_object_set_new(all, flags[i].name, json_boolean(value.data));
	}
	return all;
}

static json_t *itr(const char *interface)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_GCOALESCE };

	/* null: this NIC does not tell (82540EM), the module's default holds */
	return ask_nic(interface, &c) || !c.rx_coalesce_usecs ? json_null() :
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

/* The host, if it can be asked. The offset is measured anew for each trial. */
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
		len = fail("meta.json, line %d: %s: somebody has edited it; put it right, or move it away for a new one",
			   error.line, error.text);
	if (*meta && !json_is_object(*meta)) {
		len = fail("meta.json is no JSON object: somebody has edited it; put it right, or move it away for a new one");
		json_decref(*meta);
	}
	free(text);
	return len < 0 ? -1 : 0;
}

int meta_write(const struct plan *plan, const char *command)
{
	char guest[32], server[32], *text;
	struct utsname uts;
	const char *name;
	bool stand_in;
	json_t *meta, *dmi;
	int err;

	if (iperf_versions(plan, guest, server, sizeof(guest)) || load_meta(plan, &meta))
		return -1;
	err = *plan->host ? host_wait(plan->host) : 0;
	if (meta || err) {	/* a sweep that goes on keeps its start */
		json_decref(meta);
		return err;
	}
	uname(&uts);
	name = hypervisor(plan->interface, &stand_in);
	dmi = json_pack("{so so so}", "sys_vendor", line_of("/sys/class/dmi/id/sys_vendor"),
			"product_name", line_of("/sys/class/dmi/id/product_name"), "bios_version",
			line_of("/sys/class/dmi/id/bios_version"));
	meta = json_pack("{si ss sb so so so ss so s{so so} so so si so so sI so so so ss ss}",
			 "format", 1, "hypervisor", name, "stand_in", stand_in,
			 "hypervisor_version", hypervisor_version(name), "dmi", dmi,
			 "nic", nic_of(plan->interface), "kernel", uts.release,
			 "module_version", module_version(), "iperf", "guest", text_or_null(guest),
			 "server", text_or_null(server), "itr", itr(plan->interface),
			 "offloads", offloads(plan->interface), "vcpus",
			 (int)sysconf(_SC_NPROCESSORS_ONLN), "cpu_model", cpu_model(),
			 "clocksource",
			 line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
			 "seed", (json_int_t)plan->seed, "started", started(), "host", host_facts(plan),
			 "chosen", json_object(), "interface", plan->interface, "command", command);
	text = meta ? json_dumps(meta, JSON_INDENT(2)) : NULL;
	err = text ? folder_replace(plan->dir, "meta.json", text) :
	      fail("meta.json could not be put together");
	free(text);
	json_decref(meta);
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
