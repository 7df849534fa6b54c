// SPDX-License-Identifier: GPL-2.0
/* napinic without a NIC: what it makes of ip's JSON, and the check of a state file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "check.h"
#include "link.h"

#include <cmocka.h>	/* last: it makes a macro of fail() */

#define PCI "0000:00:04.0"

/* The releases of iproute2 whose words are beside this file (capture.sh). */
static const char *const versions[] = { "6.1", "6.15" };
static char sys[] = "/tmp/napinic_test.XXXXXX";

static char *fixture(const char *kind, const char *version, const char *suffix)
{
	char path[128], *text;

	snprintf(path, sizeof(path), "napinic/%s-%s.%s", kind, version, suffix);
	text = read_file(path);
	assert_non_null(text);
	return text;
}

static json_t *json_fixture(const char *kind, const char *version)
{
	char *text = fixture(kind, version, "json");
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	free(text);
	return json;
}

static void make_dir(const char *path)
{
	char *whole = xasprintf("%s/%s", sys, path);

	assert_int_equal(mkdir(whole, 0755), 0);
	free(whole);
}

/* eth0 with two VLANs, one of them with one on top: as the guest had it. */
static int make_sys(void **data)
{
	static const char *const dirs[] = {
		"class", "class/net", "class/net/eth0", "class/net/eth0/upper_eth0.8",
		"class/net/eth0/upper_eth0.7", "class/net/eth0.7", "class/net/eth0.7/upper_br9",
		"class/net/eth0.8", "class/net/eth0.8/upper_v8.9", "class/net/v8.9",
	};
	size_t i;

	(void)data;
	if (!mkdtemp(sys))
		return -1;
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	return setenv("E1000_NAPI_SYS", sys, 1);
}

static int remove_sys(void **data)
{
	char *command = xasprintf("rm -r %s", sys);
	int err = system(command);

	(void)data;
	free(command);
	return err;
}

static int no_reason(void **data)
{
	(void)data;
	no_failure();
	return 0;
}

/* A stream whose text ends up in *text. */
static FILE *into(char **text)
{
	static size_t size;

	return open_memstream(text, &size);
}

static void the_tree(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		json_t *links = json_fixture("address", versions[i]);
		struct list tree = { 0 };

		nic_tree(links, "eth0", &tree);
		assert_int_equal(tree.count, 4);
		assert_string_equal(tree.text[1], "eth0.7");
		assert_string_equal(tree.text[2], "eth0.8");
		assert_string_equal(tree.text[3], "v8.9");
		assert_string_equal(link_kind(links, "br9"), "bridge");
		assert_string_equal(link_kind(links, "eth0"), "unknown");
		assert_string_equal(link_kind(links, "none"), "unknown");
		list_free(&tree);
		json_decref(links);
	}
}

static void vlans_and_flags(void **data)
{
	static const char *const names[] = { "eth0.7", "eth0.8", "v8.9", "eth0" };
	size_t i, n;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		json_t *links = json_fixture("address", versions[i]);
		char *text;
		FILE *out = into(&text);

		for (n = 0; n < 3; n++)
			save_vlan(out, link_named(links, names[n]));
		save_flags(out, link_named(links, "eth0"));
		fclose(out);
		assert_null(failure());
		assert_string_equal(text,
			"vlan eth0.7 link eth0 name eth0.7 index 7 type vlan protocol 802.1Q id 7 reorder_hdr on egress-qos-map 0:1 1:2\n"
			"vlan eth0.8 link eth0 name eth0.8 index 8 type vlan protocol 802.1ad id 8 reorder_hdr off\n"
			"vlan v8.9 link eth0.8 name v8.9 index 9 type vlan protocol 802.1Q id 9 reorder_hdr on\n"
			"run ip link set dev eth0 promisc on\n"
			"altname eth0 alt0\naltname eth0 other0\n");
		free(text);
		json_decref(links);
	}
}

static void what_cannot_be_written(void **data)
{
	json_t *links = json_fixture("address", "6.15"), *link = link_named(links, "eth0");
	char *text;
	FILE *out;

	(void)data;
	json_array_append_new(json_object_get(link, "altnames"), json_string("two words"));
	out = into(&text);
	save_flags(out, link);
	fclose(out);
	assert_non_null(strstr(failure(), "'two words' cannot be written down"));
	free(text);
	no_failure();
	json_object_del(link_named(links, "eth0.7"), "link");
	out = into(&text);
	save_vlan(out, link_named(links, "eth0.7"));
	fclose(out);
	assert_non_null(strstr(failure(), "the VLAN eth0.7"));
	free(text);
	json_decref(links);
}

/* Lifetimes differ between the captures: those that are neither 0 nor forever become N. */
static void no_times(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		size_t digits = strspn(from, "0123456789");

		if (digits >= 3 && digits <= 4 && to > text && to[-1] == ' ' && from[digits] == ' ') {
			*to++ = 'N';
			from += digits;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static void addresses(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		json_t *links = json_fixture("address", versions[i]);
		char *text;
		FILE *out = into(&text);

		save_addresses(out, link_named(links, "eth0"));
		fclose(out);
		no_times(text);
		assert_null(failure());
		assert_string_equal(text,
			"addr eth0 forever forever 10.0.0.2/24 scope global label eth0\n"
			"addr eth0 forever forever 10.9.0.5/24 brd 10.9.0.255 scope global label eth0:a\n"
			"addr eth0 forever forever 10.99.0.1 peer 10.99.0.2/32 scope global label eth0\n"
			"addr eth0 forever forever 10.9.0.4/24 scope global label eth0\n"
			"addr eth0 N N 10.9.0.3/24 scope global noprefixroute label eth0\n"
			"addr eth0 forever forever fe80::ff:fe00:900/64 scope link\n"
			"addr eth0 forever forever fd00:9::1/64 scope global nodad\n"
			"addr eth0 forever 0 fd00:9::2/64 scope global nodad\n"
			"addr eth0 N N fd00:9::3/64 scope global mngtmpaddr nodad\n");
		free(text);
		json_decref(links);
	}
}

static void neighbours(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		json_t *neigh = json_fixture("neigh", versions[i]), *proxy = json_fixture("proxy", versions[i]);
		char *text;
		FILE *out = into(&text);

		save_neighbours(out, neigh, "eth0", false);
		save_neighbours(out, proxy, "eth0", true);
		save_neighbours(out, neigh, "eth1", false);
		fclose(out);
		assert_string_equal(text,
			"run ip neigh replace 10.9.0.77 lladdr 02:00:00:00:00:77 nud permanent dev eth0\n"
			"run ip neigh replace fd00:9::77 lladdr 02:00:00:00:00:77 nud permanent dev eth0 router\n"
			"run ip neigh replace proxy 10.9.0.78 dev eth0\n");
		free(text);
		json_decref(neigh);
		json_decref(proxy);
	}
}

/* Take the one with an encapsulation out of both lists. */
static void drop_encapsulated(json_t *routes, char *text)
{
	char *line = strstr(text, "unicast 10.34.0.0/16"), *next = strchr(line, '\n') + 1;
	json_t *route;
	size_t i;

	memmove(line, next, strlen(next) + 1);
	json_array_foreach(routes, i, route)
		if (json_object_get(route, "encap"))
			break;
	json_array_remove(routes, i);
}

static void expect_routes(const char *version, const char *family, const char *const want[])
{
	char kind[] = { 'r', 'o', 'u', 't', 'e', *family, '\0' }, *text = fixture(kind, version, "txt");
	json_t *links = json_fixture("address", version), *routes = json_fixture(kind, version);
	struct list tree = { 0 }, found = { 0 };
	size_t i;

	nic_tree(links, "eth0", &tree);
	if (*family == '4') {
		routes_of(links, &tree, family, routes, text, &found);
		assert_non_null(strstr(failure(), "an encapsulation that could not be brought back"));
		list_free(&found);
		no_failure();
		drop_encapsulated(routes, text);
	}
	routes_of(links, &tree, family, routes, text, &found);
	assert_null(failure());
	for (i = 0; i < found.count && want[i]; i++) {
		no_times(found.text[i]);
		assert_string_equal(found.text[i], want[i]);
	}
	assert_int_equal(i, found.count);
	assert_null(want[i]);
	list_free(&tree);
	list_free(&found);
	json_decref(links);
	json_decref(routes);
	free(text);
}

static void routes(void **data)
{
	static const char *const four[] = {
		"4 10.0.0.0/24 proto kernel scope link src 10.0.0.2 dev eth0",
		"4 10.9.0.0/24 proto kernel scope link src 10.9.0.5 dev eth0",
		"4 10.10.0.0/24 proto kernel scope link src 10.10.0.1 dev eth0.8",
		"4 10.11.0.0/24 proto kernel scope link src 10.11.0.1 dev v8.9",
		"4 10.99.0.2 proto kernel scope link src 10.99.0.1 dev eth0",
		"4 10.35.0.0/16 table 77 mtu lock N nexthop via 10.9.0.1 dev eth0 weight 2 nexthop via inet6 fe80::2 dev eth0 onlink weight 1",
		"4 default table N proto openr via 10.9.0.1 dev eth0",
		"4 10.12.0.0/24 via 10.11.0.2 dev v8.9",
		"4 10.20.0.0/16 src 10.9.0.4 metric 77 via 10.9.0.1 dev eth0 mtu lock 1300",
		"4 10.20.0.0/16 metric 77 via 10.9.0.9 dev eth0",
		"4 10.21.0.0/16 nexthop via 10.9.0.1 dev eth0 weight 2 nexthop via 10.9.0.9 dev eth0 weight 1",
		"4 10.23.0.0/24 via 10.24.0.1 dev eth0 onlink",
		"4 10.30.0.0/16 via 10.9.0.1 dev eth0 realms 5/6 mtu N rtt 100ms advmss N hoplimit 9 initcwnd 20 rto_min 200ms quickack 1 features ecn congctl cubic",
		"4 10.31.0.0/16 via inet6 fe80::1 dev eth0",
		"4 10.32.0.0/16 tos 0x10 via 10.9.0.1 dev eth0",
		NULL
	};
	static const char *const six[] = {
		"6 fd00:9::/64 proto kernel metric N dev eth0",
		"6 fe80::/64 proto kernel metric N dev eth0",
		"6 fe80::/64 proto kernel metric N dev eth0.7",
		"6 fe80::/64 proto kernel metric N dev eth0.8",
		"6 fe80::/64 proto kernel metric N dev v8.9",
		"6 default table N metric N via fe80::1 dev eth0",
		"6 fd00:96::/64 from fd00:9::/64 metric N via fd00:9::9 dev eth0",
		"6 fd00:97::/64 metric N via fd00:9::9 dev eth0 expires N pref high",
		"6 fd00:98::/64 metric N nexthop via fd00:9::8 dev eth0 weight 1 nexthop via fd00:9::9 dev eth0 weight 1",
		"6 fd00:99::/64 metric 55 via fd00:9::9 dev eth0",
		NULL
	};
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		expect_routes(versions[i], "4", four);
		expect_routes(versions[i], "6", six);
	}
}

/* check accepts what save writes of the captures. */
static char *whole_state(const char *version)
{
	static const char *const names[] = { "eth0", "eth0.7", "eth0.8", "v8.9" };
	json_t *links = json_fixture("address", version), *neigh = json_fixture("neigh", version);
	json_t *all = json_fixture("route4", version);
	struct list tree = { 0 }, found = { 0 };
	char *text, *state, *lines = fixture("route4", version, "txt");
	FILE *out = into(&text);
	size_t i;

	drop_encapsulated(all, lines);
	nic_tree(links, "eth0", &tree);
	fprintf(out, "# e1000_napi 1 state\npci " PCI "\nname eth0\ndriver e1000\nuptime 12\n");
	for (i = 1; i < ARRAY_SIZE(names); i++)
		save_vlan(out, link_named(links, names[i]));
	save_flags(out, link_named(links, "eth0"));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		save_addresses(out, link_named(links, names[i]));
	routes_of(links, &tree, "4", all, lines, &found);
	for (i = 0; i < found.count; i++)
		fprintf(out, "route %s\n", found.text[i]);
	save_neighbours(out, neigh, "eth0", false);
	fprintf(out, "end\n");
	fclose(out);
	state = xasprintf("%s", text);
	list_free(&tree);
	list_free(&found);
	json_decref(links);
	json_decref(neigh);
	json_decref(all);
	free(lines);
	free(text);
	return state;
}

static void what_is_saved_is_let_through(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		char *state = whole_state(versions[i]);
		int err = check_text(state, strlen(state), PCI);

		if (err)
			print_error("%s\n%s", failure(), state);
		assert_int_equal(err, 0);
		/* nothing of it may be missing at the end */
		assert_int_equal(check_text(state, strlen(state) - 1, PCI), -1);
		no_failure();
		assert_int_equal(check_text(state, strlen(state) - 4, PCI), -1);
		no_failure();
		assert_int_equal(check_text(state, strlen(state), "0000:00:05.0"), -1);
		no_failure();
		free(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_tree, no_reason),
		cmocka_unit_test_teardown(vlans_and_flags, no_reason),
		cmocka_unit_test_teardown(what_cannot_be_written, no_reason),
		cmocka_unit_test_teardown(addresses, no_reason),
		cmocka_unit_test_teardown(neighbours, no_reason),
		cmocka_unit_test_teardown(routes, no_reason),
		cmocka_unit_test_teardown(what_is_saved_is_let_through, no_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_sys, remove_sys);
}
