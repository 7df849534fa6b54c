// SPDX-License-Identifier: GPL-2.0
/*
 * Counts packets per poll of an interface with count.bpf.o until SIGINT: says "counting" when
 * it does, and at the end a line "@work[PACKETS]: POLLS" for each number, as bpftrace would.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what, int err)
{
	fprintf(stderr, "tpbtf: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 1;
}

static void print_counts(int map)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	unsigned long long *polls = calloc(cpus > 0 ? cpus : 1, sizeof(*polls)), all;
	unsigned int work;

	for (work = 0; polls && !bpf_map_lookup_elem(map, &work, polls); work++) {
		for (all = 0, cpu = 0; cpu < cpus; cpu++)
			all += polls[cpu];
		if (all)
			printf("@work[%u]: %llu\n", work, all);
	}
	free(polls);
}

int main(int argc, char *argv[])
{
	struct bpf_program *program;
	struct bpf_object *object;
	struct bpf_map *values;
	struct bpf_link *link;
	int ifindex, err, sig;
	sigset_t set;

	if (argc != 3) {
		fputs("usage: tpbtf OBJECT INTERFACE\n", stderr);
		return 2;
	}
	ifindex = if_nametoindex(argv[2]);
	object = ifindex ? bpf_object__open_file(argv[1], NULL) : NULL;
	if (!object)
		return failed(ifindex ? argv[1] : argv[2], errno);
	values = bpf_object__find_map_by_name(object, ".rodata");
	err = values ? bpf_map__set_initial_value(values, &ifindex, sizeof(ifindex)) : -ENOENT;
	if (!err)
		err = bpf_object__load(object);
	program = bpf_object__find_program_by_name(object, "count");
	if (err || !program)
		return failed("the program is not taken by this kernel", err ? err : ENOENT);
	link = bpf_program__attach(program);
	if (!link)
		return failed("the tracepoint napi_poll", errno);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("counting");
	fflush(stdout);
	sigwait(&set, &sig);
	bpf_link__destroy(link);
	print_counts(bpf_object__find_map_fd_by_name(object, "work_counts"));
	bpf_object__close(object);
	return 0;
}
