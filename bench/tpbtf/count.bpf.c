// SPDX-License-Identifier: GPL-2.0
/*
 * Packets per poll of one NIC, as the cheapest BPF program can have them: a BTF tracepoint,
 * which takes its arguments as they are, and an array of each CPU's own.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define WORK_MAX 4096

/* Of the kernel's, the members that are read here; libbpf finds where this kernel has them */
struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct napi_struct {
	struct net_device *dev;
} __attribute__((preserve_access_index));

const volatile int ifindex;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WORK_MAX + 1);
	__type(key, __u32);
	__type(value, __u64);
} work_counts SEC(".maps");

SEC("tp_btf/napi_poll")
int BPF_PROG(count, struct napi_struct *napi, int work, int budget)
{
	__u32 key = work;
	__u64 *polls;

	if (!napi->dev || napi->dev->ifindex != ifindex)
		return 0;
	polls = bpf_map_lookup_elem(&work_counts, &key);
	if (polls)
		(*polls)++;
	return 0;
}

char gpl[] SEC("license") = "GPL";
