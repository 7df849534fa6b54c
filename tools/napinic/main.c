// SPDX-License-Identifier: GPL-2.0
/*
 * napinic - how a NIC is configured: written down before the driver under it
 * changes, checked, and brought back afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "check.h"
#include "index.h"
#include "put.h"
#include "reach.h"
#include "refs.h"
#include "run.h"
#include "save.h"
#include "util.h"

#define EXIT_BAD_USAGE 2

static const char usage[] =
	"usage: napinic COMMAND ...\n"
	"\n"
	"What load.sh and restore.sh need to know of a NIC and to bring back:\n"
	"  save PCI DRIVER           write how the interface of the device PCI is configured\n"
	"                            to stdout; DRIVER is the one to go back to\n"
	"  check FILE PCI            is FILE a whole state of PCI, ours, and not edited?\n"
	"  put FILE [SETTING...]     bring back what is written in FILE, but not these; what\n"
	"                            fails is named, and the rest is done\n"
	"  index PCI N               give the interface of the device PCI the index N that it had\n"
	"  name WORD                 the name of the interface with this name or altname\n"
	"  obstacle IF               say what stands on IF and could not be brought back\n"
	"  peers IF [ADDRESS]        the gateways, and the peer ADDRESS, reached over IF\n"
	"  refs IF                   say what knows IF so that it would no longer match it\n"
	"  hooks IF                  what goes away with IF from nftables, for nft -f\n"
	"  lost IF                   say which qdiscs, classes, filters of IF do not come back\n"
	"  neighbour ADDRESS IF      has this neighbour answered not long ago?\n"
	"  lock PID                  lock the file on stdin for PID, which has it open; if another\n"
	"                            process holds it, print which\n"
	"\n"
	"Exit status: 0 done or yes, 1 failed or no, 2 wrong usage.\n"
	"Example: napinic save 0000:00:08.0 e1000 >state\n";

static int do_save(char **arg)
{
	char *text = NULL;
	size_t size;
	FILE *out = xmemstream(&text, &size);
	int err = save(out, arg[0], arg[1]);

	fclose(out);
	/* all of it or nothing */
	if (!err && (fwrite(text, 1, size, stdout) != size || fflush(stdout)))
		err = fail("the state cannot be written: %m");
	free(text);
	if (err)
		message("%s", failure());
	return err;
}

static int do_check(char **arg)
{
	char *text = check_file(arg[0], arg[1]);

	if (!text)
		message("%s: %s", arg[0], failure());
	free(text);
	return failure() ? -1 : 0;
}

static int do_put(char **arg)
{
	char *text = check_file(arg[0], NULL);
	unsigned int missed;

	if (!text) {
		message("%s: %s", arg[0], failure());
		return -1;
	}
	missed = put(text, (const char *const *)arg + 1);
	free(text);
	return missed ? -1 : 0;
}

static int do_index(char **arg)
{
	int err = index_put(arg[0], atoi(arg[1]));

	if (err)
		message("%s", failure());
	return err;
}

static int do_name(char **arg)
{
	json_t *link = IP_JSON("link", "show", "dev", arg[0]);
	const char *name = text_of(json_array_get(link, 0), "ifname");

	if (name)
		puts(name);
	json_decref(link);
	return name ? 0 : -1;
}

static int do_obstacle(char **arg)
{
	char *reason = obstacle(arg[0]);

	if (reason)
		puts(reason);
	free(reason);
	if (failure())
		message("%s", failure());
	return failure() ? -1 : 0;
}

static int do_peers(char **arg)
{
	int err = peers(stdout, arg[0], arg[1]);

	if (err)
		message("%s", failure());
	return err;
}

static int do_refs(char **arg)
{
	int err = refs(stdout, arg[0]);

	if (err)
		message("%s", failure());
	return err;
}

static int do_hooks(char **arg)
{
	int err = hooks(stdout, arg[0]);

	if (err)
		message("%s", failure());
	return err;
}

static int do_lost(char **arg)
{
	int err = lost(stdout, arg[0]);

	if (err)
		message("%s", failure());
	return err;
}

static int do_neighbour(char **arg)
{
	return is_neighbour(arg[0], arg[1]) ? 0 : -1;
}

/* The lock is on the caller's open file, and stays when this process ends. */
static int do_lock(char **arg)
{
	char holder[16] = "";
	int len = strlen(arg[0]);

	if (flock(STDIN_FILENO, LOCK_EX | LOCK_NB)) {
		if (pread(STDIN_FILENO, holder, sizeof(holder) - 1, 0) > 0)
			puts(holder);
		return -1;
	}
	/* never empty meanwhile: it is read without the lock */
	if (pwrite(STDIN_FILENO, arg[0], len, 0) != len || ftruncate(STDIN_FILENO, len))
		message("the lock's file cannot be written: %m");
	return 0;
}

static const struct command {
	const char *name;
	int least, most;
	int (*run)(char **arg);
} commands[] = {
	{ "save", 2, 2, do_save },
	{ "check", 2, 2, do_check },
	{ "put", 1, 16, do_put },
	{ "index", 2, 2, do_index },
	{ "name", 1, 1, do_name },
	{ "obstacle", 1, 1, do_obstacle },
	{ "peers", 1, 2, do_peers },
	{ "refs", 1, 1, do_refs },
	{ "hooks", 1, 1, do_hooks },
	{ "lost", 1, 1, do_lost },
	{ "neighbour", 2, 2, do_neighbour },
	{ "lock", 1, 1, do_lock },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name) && argc - 2 >= commands[i].least &&
		    argc - 2 <= commands[i].most)
			return commands[i].run(argv + 2) ? 1 : 0;
	fputs(usage, stderr);
	return EXIT_BAD_USAGE;
}
