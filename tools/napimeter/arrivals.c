// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arrivals.h"
#include "util.h"

#define OP(op, dst, src, offset, value) \
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), \
			    .imm = (value) })
#define MOVE(dst, src)		OP(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MATH(op, dst, value)	OP(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, value)
/* into register 0, as a number; what is not there ends the program */
#define HEADER(size, at)	OP(BPF_LD | BPF_ABS | (size), 0, 0, 0, at)
#define UDP(size, at)		OP(BPF_LD | BPF_IND | (size), 0, 8, 0, at)
#define FIELD(name)		offsetof(struct arrivals_page, name)
#define GET(dst, name)		OP(BPF_LDX | BPF_MEM | BPF_DW, dst, 7, FIELD(name), 0)
#define PUT(name, src)		OP(BPF_STX | BPF_MEM | BPF_DW, 7, src, FIELD(name), 0)
/* of a 32-bit place behind a pointer in register dst */
#define WORD(offset, dst, src)	OP(BPF_STX | BPF_MEM | BPF_W, dst, src, offset, 0)
#define ADD(name, src)		OP(BPF_STX | BPF_ATOMIC | BPF_DW, 7, src, FIELD(name), BPF_ADD)
/* instructions to jump over if the condition holds */
#define OVER(count, cond, dst, value)	OP(BPF_JMP | (cond) | BPF_K, dst, 0, count, value)
#define OVER_REG(count, cond, dst, src)	OP(BPF_JMP | (cond) | BPF_X, dst, src, count, 0)
#define CALL(function)		OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##function)
#define END			MATH(BPF_MOV, 0, 0), OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define UNLESS(value)		OVER(2, BPF_JEQ, 0, value), END

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Register 8: where the UDP header begins. Of fragments only the first has one. */
#define IPV4 \
	HEADER(BPF_B, 9), UNLESS(IPPROTO_UDP), \
	HEADER(BPF_H, 6), MATH(BPF_AND, 0, 0x1fff), UNLESS(0), \
	HEADER(BPF_B, 0), MATH(BPF_AND, 0, 15), MATH(BPF_LSH, 0, 2), MOVE(8, 0)
#define IPV6 \
	HEADER(BPF_B, 6), UNLESS(IPPROTO_UDP), MATH(BPF_MOV, 8, 40)

/*
 * Two numbers in a row that are near each other confirm the lower one. A datagram is seen here
 * before its checksum is verified, so one alone may hold any number.
 */
#define CONFIRM \
	GET(2, newest), PUT(newest, 9), OVER(2, BPF_JNE, 2, 0), END, \
	MOVE(3, 2), MOVE(4, 9), OVER_REG(2, BPF_JLE, 3, 4), MOVE(3, 9), MOVE(4, 2), \
	OP(BPF_ALU64 | BPF_SUB | BPF_X, 4, 3, 0, 0), OVER(2, BPF_JLE, 4, ARRIVALS_NEAR), END, \
	GET(2, first), OVER(1, BPF_JNE, 2, 0), PUT(first, 3), \
	GET(2, highest), OVER_REG(1, BPF_JGE, 2, 3), PUT(highest, 3), \
	END

/*
 * A sample of delay: now, and the time of sending, which is in the page already. Here a clock is
 * read for each datagram, 17 instructions beside it.
 */
#define SAMPLE_AT(name)	(FIELD(sample) + offsetof(struct delay_sample, name))
#define SAMPLE(share) \
	MOVE(1, 9), OP(BPF_ALU | BPF_MUL | BPF_K, 1, 0, 0, (int32_t)DELAY_HASH), \
	OP(BPF_ALU | BPF_RSH | BPF_K, 1, 0, 0, 8), OVER(13, BPF_JGE, 1, share), \
	CALL(ktime_get_ns), GET(2, samples), OVER(10, BPF_JGE, 2, DELAY_ROOM), \
	MOVE(1, 2), MATH(BPF_LSH, 1, 4), OP(BPF_ALU64 | BPF_ADD | BPF_X, 1, 7, 0, 0), \
	OP(BPF_STX | BPF_MEM | BPF_DW, 1, 0, SAMPLE_AT(at), 0), \
	GET(3, sent_last_s), WORD(SAMPLE_AT(sent_s), 1, 3), \
	GET(3, sent_last_us), WORD(SAMPLE_AT(sent_us), 1, 3), \
	MATH(BPF_ADD, 2, 1), PUT(samples, 2)

/* iperf's number is the first of its data: positive, or negative at the end. */
#define COUNT(map_fd, from, to, share) \
	UDP(BPF_H, 0), UNLESS(from), \
	UDP(BPF_H, 2), UNLESS(to), \
	UDP(BPF_W, 8), MATH(BPF_LSH, 0, 32), MATH(BPF_ARSH, 0, 32), \
	OP(BPF_LD | BPF_IMM | BPF_DW, 7, BPF_PSEUDO_MAP_VALUE, 0, map_fd), OP(0, 0, 0, 0, 0), \
	OVER(2, BPF_JNE, 0, 0), END, \
	MOVE(9, 0), \
	OVER(59, BPF_JSLT, 0, 0), \
	/* data: count, and keep the time, which a call gets that leaves nothing in registers \
	 * 1 to 5; the jiffies, as a clock may cost more than all the rest in a guest */ \
	CALL(jiffies64), PUT(last, 0), \
	GET(2, began), OVER(5, BPF_JNE, 2, 0), PUT(began, 0), \
	UDP(BPF_W, 12), PUT(sent_first_s, 0), UDP(BPF_W, 16), PUT(sent_first_us, 0), \
	UDP(BPF_W, 12), PUT(sent_last_s, 0), UDP(BPF_W, 16), PUT(sent_last_us, 0), \
	MATH(BPF_MOV, 1, 1), ADD(data, 1), \
	SAMPLE(share), \
	/* an end that data goes beyond was none */ \
	GET(2, end), OVER_REG(3, BPF_JGE, 2, 9), \
	MATH(BPF_MOV, 1, 0), PUT(ends, 1), PUT(end, 1), \
	CONFIRM, \
	/* an end: each repetition has the next number, so the least is the first's */ \
	OP(BPF_ALU64 | BPF_NEG, 9, 0, 0, 0), \
	GET(2, highest), OVER_REG(2, BPF_JLT, 2, 9), END, \
	MATH(BPF_MOV, 1, 1), ADD(ends, 1), \
	GET(2, end), OVER(4, BPF_JEQ, 2, 0), OVER_REG(1, BPF_JLE, 2, 9), PUT(end, 9), END, \
	PUT(end, 9), \
	CONFIRM

static int load_program(int map_fd, int family, int from, int to, int share)
{
	const struct bpf_insn ipv4[] = { MOVE(6, 1), IPV4, COUNT(map_fd, from, to, share) };
	const struct bpf_insn ipv6[] = { MOVE(6, 1), IPV6, COUNT(map_fd, from, to, share) };
	bool is_v6 = family == AF_INET6;
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)(is_v6 ? ipv6 : ipv4),
		.insn_cnt = is_v6 ? ARRAY_SIZE(ipv6) : ARRAY_SIZE(ipv4),
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

/*
 * A packet socket whose filter takes nothing: the program runs where IP is handed the
 * packet. On iperf's own socket it would have the kernel sum up each datagram first.
 */
void arrivals_watch(struct arrivals *a, int socket_fd)
{
	struct sockaddr_in6 here = { 0 }, there = { 0 };
	socklen_t here_len = sizeof(here), there_len = sizeof(there);
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = sizeof(struct arrivals_page),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,	/* Linux 5.5; jiffies64 is in 5.6 */
	};
	int map_fd, program = -1;
	void *page = MAP_FAILED;
	bool is_v4;

	*a = (struct arrivals){ .watch_fd = -1, .socket_fd = -1, .share = a->share };
	if (getsockname(socket_fd, (struct sockaddr *)&here, &here_len) ||
	    getpeername(socket_fd, (struct sockaddr *)&there, &there_len))
		return;
	a->socket_fd = fcntl(socket_fd, F_DUPFD_CLOEXEC, 0);
	is_v4 = here.sin6_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&there.sin6_addr);
	map_fd = bpf(BPF_MAP_CREATE, &attr);
	if (map_fd >= 0)
		program = load_program(map_fd, is_v4 ? AF_INET : AF_INET6,
				       ntohs(there.sin6_port), ntohs(here.sin6_port), a->share);
	if (program >= 0)
		page = mmap(NULL, sizeof(struct arrivals_page), PROT_READ, MAP_SHARED, map_fd, 0);
	/* no protocol until the filter is there: it would take everything */
	if (page != MAP_FAILED)
		a->watch_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (a->watch_fd >= 0 && !setsockopt(a->watch_fd, SOL_SOCKET, SO_ATTACH_BPF, &program,
					    sizeof(program))) {
		struct sockaddr_ll all = {
			.sll_family = AF_PACKET,
			.sll_protocol = htons(is_v4 ? ETH_P_IP : ETH_P_IPV6),
		};

		if (!bind(a->watch_fd, (struct sockaddr *)&all, sizeof(all)))
			a->page = page;
	}
	if (!a->page && page != MAP_FAILED)
		munmap(page, sizeof(struct arrivals_page));
	if (program >= 0)
		close(program);
	if (map_fd >= 0)
		close(map_fd);
}

void arrivals_stop(struct arrivals *a)
{
	if (a->page)
		munmap((void *)a->page, sizeof(*a->page));
	if (a->watch_fd >= 0)
		close(a->watch_fd);
	if (a->socket_fd >= 0)
		close(a->socket_fd);
	*a = (struct arrivals){ .watch_fd = -1, .socket_fd = -1 };
}

bool arrivals_known(const struct arrivals *a)
{
	return a->page && a->page->first;
}

double arrivals_highest(const struct arrivals *a)
{
	uint64_t highest = a->page->highest, newest = a->page->newest;

	/* the newest datagram has no successor yet that confirms it */
	return !a->page->ends && newest > highest && newest - highest <= ARRIVALS_STEP ?
	       newest : highest;
}

double arrivals_data(const struct arrivals *a)
{
	return a->page->data + a->page->first - 1;
}

double arrivals_seconds(const struct arrivals *a)
{
	struct timespec tick;

	/* of this clock a tick is the resolution */
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (a->page->last - a->page->began) * (tick.tv_sec + tick.tv_nsec / 1e9);
}

double arrivals_source_seconds(const struct arrivals *a)
{
	return (double)(int64_t)(a->page->sent_last_s - a->page->sent_first_s) +
	       (double)(int64_t)(a->page->sent_last_us - a->page->sent_first_us) / 1e6;
}
