// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU plugin: how many instructions the guest's kernel spends in each function.
 *
 * qemu-system-x86_64 -plugin insns.so,syms=FILE,out=FILE: every kernel instruction that
 * is executed is counted, exactly. At the end syms, a copy of the guest's /proc/kallsyms
 * made meanwhile (boot with nokaslr), gives the addresses names, and out gets a line
 *
 *	MODULE FUNCTION CALLS INSTRUCTIONS
 *
 * for each function that ran; CALLS is how often its first instruction did. The kernel
 * itself is the module "-".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * The part of QEMU's plugin interface, version 1, that is used here. Debian packages no
 * header of it.
 */
#define EXPORT __attribute__((visibility("default")))
#define PLUGIN_VERSION 1
#define INLINE_ADD_U64 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*cb)(uint64_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t, void *), void *user);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						       void *ptr, uint64_t imm);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
							size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* The kernel and its modules are in the last 2 GB of the address space. The table is
 * as large, in words; only what is touched takes memory.
 */
#define FIRST 0xffffffff80000000ull
#define LAST 0xfffffffffffffffeull

struct symbol {
	uint64_t address;
	char name[64];
	char module[32];
};

static uint64_t *times;
static const char *syms_path, *out_path;
static struct symbol *symbols;
static size_t n_symbols;

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);

		if (at >= FIRST && at <= LAST)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
								   &times[at - FIRST], 1);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static bool read_symbols(void)
{
	FILE *f = fopen(syms_path, "r");
	size_t room = 0;
	char line[512];

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		struct symbol s = { .module = "-" };
		char type;

		if (sscanf(line, "%" SCNx64 " %c %63s [%31[^]]]", &s.address, &type, s.name,
			   s.module) < 3)
			continue;
		if (!strchr("tTwW", type) || s.address < FIRST)
			continue;
		if (n_symbols == room) {
			struct symbol *more;

			room = room ? 2 * room : 65536;
			more = realloc(symbols, room * sizeof(*symbols));
			if (!more)
				break;
			symbols = more;
		}
		symbols[n_symbols++] = s;
	}
	fclose(f);
	qsort(symbols, n_symbols, sizeof(*symbols), by_address);
	return n_symbols;
}

static void ended(uint64_t id, void *unused)
{
	uint64_t at, end, sum;
	FILE *f;
	size_t i;

	(void)id;
	(void)unused;
	f = fopen(out_path, "w");
	if (!f || !read_symbols()) {
		fprintf(stderr, "insns: %s or %s: cannot be used\n", syms_path, out_path);
		exit(1);
	}
	for (i = 0; i < n_symbols; i++) {
		const struct symbol *s = &symbols[i];

		/* Of two names of one place the last has it */
		end = i + 1 < n_symbols ? symbols[i + 1].address : s->address + 4096;
		/* Between the kernel's last function and the first module are gigabytes */
		if (end > s->address + (1 << 20))
			end = s->address + (1 << 20);
		for (sum = 0, at = s->address; at < end; at++)
			sum += times[at - FIRST];
		if (sum)
			fprintf(f, "%s %s %" PRIu64 " %" PRIu64 "\n", s->module, s->name,
				times[s->address - FIRST], sum);
	}
	if (fclose(f))
		exit(1);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "syms=", 5))
			syms_path = argv[i] + 5;
		else if (!strncmp(argv[i], "out=", 4))
			out_path = argv[i] + 4;
	}
	if (!syms_path || !out_path) {
		fprintf(stderr, "insns: wants syms=FILE,out=FILE\n");
		return -1;
	}
	times = mmap(NULL, (LAST - FIRST + 1) * sizeof(*times), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (times == MAP_FAILED) {
		fprintf(stderr, "insns: no address space for the table\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
