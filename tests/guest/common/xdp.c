// SPDX-License-Identifier: GPL-2.0
/*
 * Until it is ended, an XDP program drops every other packet of an interface: what iproute2
 * cannot load without an object file.
 */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

int main(int argc, char *argv[])
{
	/* return (random & 1) + XDP_DROP, which XDP_PASS is one above */
	static const struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_prandom_u32 },
		{ .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr link = { .link_create = { .attach_type = BPF_XDP, .flags = XDP_FLAGS_SKB_MODE } };

	link.link_create.target_ifindex = argc > 1 ? if_nametoindex(argv[1]) : 0;
	link.link_create.prog_fd = bpf(BPF_PROG_LOAD, &load);
	if ((int)link.link_create.prog_fd < 0 || bpf(BPF_LINK_CREATE, &link) < 0) {
		perror("xdp");
		return 1;
	}
	/* the end of the process takes the program away */
	pause();
	return 0;
}
