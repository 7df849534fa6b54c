// SPDX-License-Identifier: GPL-2.0
/* State files, names, remaining lifetimes and indexes that napinic accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "refs.h"
#include "step.h"

#include <cmocka.h>	/* last: it makes a macro of fail() */

#define PCI "0000:00:04.0"
#define BEGIN "# e1000_napi 1 state\npci " PCI "\nname eth0\ndriver e1000\nuptime 12\n"

static void steps_that_save_writes(void **data)
{
	static const char *const good[] = {
		"set /proc/sys/net/ipv4/conf/eth0/rp_filter 2",
		"set /proc/sys/net/ipv6/neigh/eth0.7/gc_stale_time 77",
		"set SYS/class/net/eth0/ifalias two  words; * $(id)",
		"set SYS/class/net/eth0/queues/tx-0/byte_queue_limits/limit_max 10",
		"set SYS/class/net/eth0/queues/rx-0/rps_cpus 1",
		"set SYS/class/net/eth0.7/brport/path_cost 33",
		"ethtool K eth0 tx-udp_tnl-segmentation on rx-checksum off",
		"ethtool s eth0 autoneg off speed 100 duplex full wol d",
		"mac eth0 02:00:00:00:09:00", "altname eth0 a-long-name-for-an-interface",
		"run ip link set dev eth0.7 master br9", "run ip link set dev eth0 arp off",
		"run ip neigh replace proxy 10.9.0.78 dev eth0", "up eth0 1", "irq ff,ffffffff",
		"index 4", "manager networkd - 0",
		"manager networkmanager 8c9ea64f-cd40-4b0c-ba8c-5ff9a4ab1f2e 3", "vlan v9 link eth0 name v9 index 9 type vlan protocol 802.1Q id 9 reorder_hdr on",
		"qdisc eth0 000000000000000000000100ffffffff0000000008000100687462",
		"route 6 unreachable fd00::/64 metric 1024", "route 4 default dev eth0 scope link",
		"addr eth0 5 forever 10.1.0.1 peer 10.1.0.2/32 brd 10.1.0.3 metric 7 scope 99 label eth0:x",
	};
	static const char *const bad[] = {
		"set SYS/class/net/eth0/device/../x 1", "set SYS/class/net/mtu 1", "set SYS/class/net//mtu 1",
		"set SYS/class/net/eth0/ 1", "set SYS/class/net/eth0 1", "set SYS/class/net/eth0/mtu",
		"set SYS/class/net/eth0/device/driver_override x", "set SYS/class/net/eth0/queues/rps 1",
		"set /proc/sys/net/ipv4/ip_forward 1", "set /proc/sys/net/ipv4/conf/eth0 1",
		"set /proc/sys/net/ipv4/conf/eth0/../../x 1", "set /proc/sys/net/core/rmem_max 1",
		"set /etc/passwd x", "ethtool K eth0 rx", "ethtool K eth0", "ethtool Z eth0 rx on",
		"ethtool K -x rx on", "ethtool K eth0 rx -on", "ethtool flash eth0 x y",
		"mac eth0 02:00 x", "altname eth0 -x", "altname eth0", "run", "run ip", "run ip link set dev eth0",
		"run ip link set dev eth0 name x", "run ip link set dev eth0 up promisc on",
		"run ip link del dev eth0", "run ip neigh replace 10.0.0.1 dev", "run ip -batch /tmp/x y z",
		"run ip netns exec x id now y", "up", "up eth0 2", "irq 0x1", "irq", "addr eth0 1 1",
		"addr eth0 1s 1 10.0.0.1/24", "addr eth0 -1 1 10.0.0.1/24", "addr eth0 1 1 10.0.0.1/24 scope",
		"addr eth0 1 1 10.0.0.1/24 dev eth1", "addr eth0 1 1 $(id)", "route 5 default",
		"route 4", "route 4 local", "route 4 default via", "route 4 default via inet6",
		"route 4 default mtu lock", "route 4 default encap mpls 5", "route 4 default nexthop bpf x",
		"vlan v9 link eth0 name v9 index 9 type vlan", "vlan v9 link eth0 name v8 index 9 type vlan id 9",
		"vlan v9 link eth0 name v9 index 9 type vxlan id 9",
		"vlan v9 link eth0 name v9 index 9 type vlan id 9 dev x",
		"vlan v9 link eth0 name v9 index 0 type vlan id 9", "index 0", "manager networkd", "manager x $(id) 1", "manager networkd -", "index 4294967297", "index",
		"qdisc eth0", "qdisc eth0 00", "qdisc eth0 zz", "filter -x 00",
		"eval reboot", "", " ", "end ", "pci " PCI, "# more", "set\t/proc/sys/net/ipv4/conf/eth0/x 1",
	};
	size_t i;

	(void)data;
	setenv("E1000_NAPI_SYS", "SYS", 1);
	for (i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool want = i < ARRAY_SIZE(good);
		const char *line = want ? good[i] : bad[i - ARRAY_SIZE(good)];
		char *state = xasprintf(BEGIN "%s\nend\n", line);
		bool got = !check_text(state, strlen(state), PCI);

		if (got != want)
			print_error("%s: %s\n", line, got ? "let through" : failure());
		assert_int_equal(got, want);
		no_failure();
		free(state);
	}
	unsetenv("E1000_NAPI_SYS");
}

static void damaged_states(void **data)
{
	static const char nul[] = BEGIN "up eth0\0 1\nend\n";
	static const char *const bad[] = {
		"", "\n", "# e1000_napi 2 state\nend\n", "# e1000_napi 1 state\n", "# e1000_napi 1 state\nend\n",
		BEGIN, BEGIN "end", BEGIN "end\nup eth0 1\n", BEGIN "name eth0\nend\n",
		"# e1000_napi 1 state\npci " PCI "\nname eth0\ndriver e1000\nend\n",
		BEGIN "set SYS/class/net/eth0/ifalias \033[2J\nend\n",
	};
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(check_text(bad[i], strlen(bad[i]), PCI), -1);
		assert_non_null(failure());
		no_failure();
	}
	assert_int_equal(check_text(nul, sizeof(nul) - 1, PCI), -1);
	no_failure();
	assert_int_equal(check_text(BEGIN "end\n", strlen(BEGIN "end\n"), NULL), 0);
}

static void files_of_others(void **data)
{
	char dir[] = "/tmp/napinic_test.XXXXXX", *path, *link, *text;
	FILE *file;

	(void)data;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/state", dir);
	link = xasprintf("%s/link", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(BEGIN "end\n", file);
	fclose(file);
	chmod(path, 0644);
	text = check_file(path, PCI);
	assert_string_equal(text, BEGIN "end\n");
	free(text);
	chmod(path, 0664);
	assert_null(check_file(path, PCI));
	assert_non_null(strstr(failure(), "another user"));
	no_failure();
	chmod(path, 0644);
	assert_int_equal(symlink(path, link), 0);
	assert_null(check_file(link, PCI));
	assert_non_null(strstr(failure(), "symbolic link"));
	no_failure();
	assert_null(check_file(dir, PCI));
	no_failure();
	assert_null(check_file("/nowhere", PCI));
	no_failure();
	assert_int_equal(unlink(path) | unlink(link) | rmdir(dir), 0);
	free(path);
	free(link);
}

static void lifetimes(void **data)
{
	char *left = lifetime_left("100", 40);

	(void)data;
	assert_string_equal(left, "60");
	free(left);
	left = lifetime_left("forever", 40);
	assert_string_equal(left, "forever");
	free(left);
	assert_null(lifetime_left("40", 40));
	assert_null(lifetime_left("0", 1));
}

static void names(void **data)
{
	static const char *const good[] = { "eth0", "enp0s3", "v8.9", "a", "fifteen-chars-x", "eth[0]" };
	static const char *const bad[] = { "", "-a", ".", "..", "a/b", "a b", "a:b", "sixteen-chars-xx", "a\n" };
	size_t i;

	(void)data;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(is_ifname(good[i]));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(is_ifname(bad[i]));
}

static void what_knows_an_index(void **data)
{
	json_t *rules = json_load_file("napinic/nft-1.1.3.json", 0, NULL);
	struct list names = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)data;
	assert_non_null(rules);
	list_add(&names, xasprintf("n7"));
	nft_refs(out, rules, &names);
	list_add(&names, xasprintf("n9"));
	nft_refs(out, rules, &names);
	fclose(out);
	/* and not that with iifname */
	assert_string_equal(text,
		"nftables: the set ifs of table inet filter\n"
		"nftables: the rule with handle 4 of chain input, table inet filter\n"
		"nftables: the rule with handle 6 of chain input, table inet filter\n"
		"nftables: the rule with handle 8 of chain input, table inet filter\n"
		"nftables: the rule with handle 12 of chain input, table inet filter\n");
	free(text);
	list_free(&names);
	json_decref(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_that_save_writes),
		cmocka_unit_test(damaged_states),
		cmocka_unit_test(files_of_others),
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(names),
		cmocka_unit_test(what_knows_an_index),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
