// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arrivals.h"
#include "util.h"

#define NUMBER_AT 8	/* after the UDP header: the low half, big endian */

#define OP(op, dst, src, offset, value) \
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), \
			    .imm = (value) })
#define SET(dst, value)		OP(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define FIELD(name)		offsetof(struct arrivals_page, name)
#define GET(dst, name)		OP(BPF_LDX | BPF_MEM | BPF_DW, dst, 7, FIELD(name), 0)
#define PUT(name, src)		OP(BPF_STX | BPF_MEM | BPF_DW, 7, src, FIELD(name), 0)
#define ADD(name, src)		OP(BPF_STX | BPF_ATOMIC | BPF_DW, 7, src, FIELD(name), BPF_ADD)
/* jump over so many if the condition holds */
#define OVER(count, cond, dst, value)	OP(BPF_JMP | (cond) | BPF_K, dst, 0, count, value)
#define OVER_REG(count, cond, dst, src)	OP(BPF_JMP | (cond) | BPF_X, dst, src, count, 0)

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Runs for every datagram on its way into the socket's queue; lets all pass. */
static int load_program(int map_fd)
{
	const struct bpf_insn program[] = {
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		OP(BPF_LDX | BPF_MEM | BPF_W, 2, 6, offsetof(struct __sk_buff, len), 0),
		OVER(22, BPF_JLT, 2, NUMBER_AT + 4),
		OP(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, NUMBER_AT),
		OP(BPF_ALU64 | BPF_LSH | BPF_K, 0, 0, 0, 32),
		OP(BPF_ALU64 | BPF_ARSH | BPF_K, 0, 0, 0, 32),
		OP(BPF_LD | BPF_IMM | BPF_DW, 7, BPF_PSEUDO_MAP_VALUE, 0, map_fd),
		OP(0, 0, 0, 0, 0),
		SET(1, 1),
		OVER(9, BPF_JSLT, 0, 0),
		/* data: count, keep the first and the highest number */
		OVER(14, BPF_JEQ, 0, 0),
		ADD(data, 1),
		GET(2, first),
		OVER(1, BPF_JNE, 2, 0),
		PUT(first, 0),
		GET(2, highest),
		OVER_REG(8, BPF_JGE, 2, 0),
		PUT(highest, 0),
		OP(BPF_JMP | BPF_JA, 0, 0, 6, 0),
		/* an end: each repetition has the next number, so the least is the first */
		ADD(ends, 1),
		OP(BPF_ALU64 | BPF_NEG, 0, 0, 0, 0),
		GET(2, end),
		OVER(1, BPF_JEQ, 2, 0),
		OVER_REG(1, BPF_JLE, 2, 0),
		PUT(end, 0),
		OP(BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, -1),
		OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

void arrivals_open(struct arrivals *a)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = sizeof(struct arrivals_page),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,	/* Linux 5.5 */
	};
	int map_fd = bpf(BPF_MAP_CREATE, &attr);
	void *page = MAP_FAILED;

	*a = (struct arrivals){ .program_fd = -1 };
	if (map_fd < 0)
		return;
	a->program_fd = load_program(map_fd);
	if (a->program_fd >= 0)
		page = mmap(NULL, sizeof(struct arrivals_page), PROT_READ, MAP_SHARED, map_fd, 0);
	if (page != MAP_FAILED)
		a->page = page;
	close(map_fd);
}

void arrivals_close(struct arrivals *a)
{
	if (a->page)
		munmap((void *)a->page, sizeof(*a->page));
	if (a->program_fd >= 0)
		close(a->program_fd);
	*a = (struct arrivals){ .program_fd = -1 };
}

bool arrivals_attach(const struct arrivals *a, int socket_fd)
{
	return a->page && !setsockopt(socket_fd, SOL_SOCKET, SO_ATTACH_BPF, &a->program_fd,
				      sizeof(a->program_fd));
}

double arrivals_data(const volatile struct arrivals_page *page)
{
	return page->first ? (double)(page->data + page->first - 1) : 0;
}
