// SPDX-License-Identifier: GPL-2.0
/* napimeter without a NIC: the journal, what it reads, the plan, the search. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conditions.h"
#include "counters.h"
#include "drops.h"
#include "folder.h"
#include "host.h"
#include "journal.h"
#include "judge.h"
#include "meta.h"
#include "next.h"
#include "route.h"
#include "search.h"
#include "snapshot.h"
#include "stream.h"
#include "tune.h"

#include <cmocka.h>	/* last: it makes a macro of fail() */

static char dir[] = "/tmp/napimeter_test.XXXXXX";

static char *in_dir(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static char *get(const char *name)
{
	char *text = read_file(in_dir(name));

	assert_non_null(text);
	return text;
}

static int empty_dir(void **state)
{
	static const char *const names[] = { "runs.csv", "hist.csv", "sweep.json", "a", "state", "runs.csv.cut",
					      "meta.json", "b", "probes.csv" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		unlink(in_dir(names[i]));
	return 0;
}

/* ---- rows ---- */

/* ---- journal ---- */

static struct row trial_row(int trial)
{
	struct row row = { 0 };

	row_set(&row, COL_trial, "%d", trial);
	row_set(&row, COL_status, "ok");
	return row;
}

static void write_trials(int first, int last)
{
	struct journal j;
	char hist[64];
	int i;

	assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
	for (i = first; i <= last; i++) {
		struct row row = trial_row(i);

		snprintf(hist, sizeof(hist), "%d,rx_per_poll,1,%d\n%d,rx_per_poll,2,5\n", i, i, i);
		assert_int_equal(journal_append(&j, &row, hist), 0);
	}
	journal_close(&j);
}

static void assert_trials(int last)
{
	struct journal j;
	int i;

	assert_int_equal(journal_read(&j, dir, "runs.csv", COL_COUNT_PLAIN), 0);
	assert_int_equal(j.count, last);
	for (i = 0; i < last; i++)
		assert_int_equal(row_integer(&j.rows[i], COL_trial, -1), i + 1);
	journal_close(&j);
}

/* Stopped after any byte of any write, the same trials are there in the end, once. */
static void journal_survives(void **state)
{
	char *runs, *hist, *again;
	size_t cut, whole_runs;
	struct journal j;

	(void)state;
	write_trials(1, 3);
	runs = get("runs.csv");
	hist = get("hist.csv");
	/* in runs.csv: hist.csv has all of the trial already */
	for (cut = 0; cut <= strlen(runs); cut++) {
		size_t have;

		put("runs.csv", runs, cut);
		put("hist.csv", hist, strlen(hist));
		assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
		have = j.count;
		journal_close(&j);
		write_trials(have + 1, 3);
		assert_trials(3);
		again = get("runs.csv");
		assert_string_equal(again, runs);
		free(again);
		again = get("hist.csv");
		assert_string_equal(again, hist);
		free(again);
	}
	/* in hist.csv: runs.csv lacks the last trial */
	whole_runs = strlen(runs);
	while (whole_runs > 1 && runs[whole_runs - 2] != '\n')
		whole_runs--;
	for (cut = strstr(hist, "\n3,") + 1 - hist; cut <= strlen(hist); cut++) {
		put("runs.csv", runs, whole_runs - 1);
		put("hist.csv", hist, cut);
		assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
		assert_int_equal(j.count, 2);
		journal_close(&j);
		write_trials(3, 3);
		again = get("hist.csv");
		assert_string_equal(again, hist);
		free(again);
	}
	free(runs);
	free(hist);
}

static void journal_refuses(void **state)
{
	struct journal a, b;

	(void)state;
	assert_int_equal(journal_open(&a, dir, "runs.csv", NULL, COL_COUNT_PLAIN), 0);
	assert_int_equal(journal_open(&b, dir, "runs.csv", NULL, COL_COUNT_PLAIN), -1);
	assert_non_null(strstr(failure(), "another sweep"));
	journal_close(&a);
	assert_int_equal(journal_open(&b, dir, "runs.csv", NULL, COL_COUNT), -1);
	assert_non_null(strstr(failure(), "other columns"));
}

static void write_runs(const char *fmt, ...) PRINTF(1, 2);
static void write_runs(const char *fmt, ...)
{
	static char text[20000];
	char *header = run_header(COL_COUNT_PLAIN);
	va_list ap;

	strcpy(text, header);
	free(header);
	va_start(ap, fmt);
	vsnprintf(strchr(text, '\0'), 8000, fmt, ap);
	va_end(ap);
	put("runs.csv", text, strlen(text));
}

/* Edited by hand: an error that says where, and not a byte of either file changes. */
static void journal_edited(void **state)
{
	static const struct {
		const char *runs, *why;
	} bad[] = {
		{ "1,,,ok%s\n1,,,ok%s\n", "runs.csv:3:1: trial 1 is there twice" },
		{ "1,,,ok%s\nx,,,ok%s\n", "runs.csv:3:1: trial: \"x\"" },
		{ "1,,,ok%s\n-1,,,ok%s\n", "runs.csv:3:1: trial: \"-1\"" },
		{ "1,2;3,,ok%s\n2,,,ok%s\n", "runs.csv:2:3: rep: \"2;3\"" },
		{ "1,nan,,ok%s\n2,,,ok%s\n", "runs.csv:2:3: rep: \"nan\"" },
		{ "1,,,ok%s,\n2,,,ok%s\n", "runs.csv:2:57: more fields" },
		{ "1,,\n2,,,ok%s%s\n", "runs.csv:2:1: 3 fields" },
		{ "1,,,ok%s\n\n2,,,ok%s\n", "runs.csv:3:1: an empty line" },
		{ "1,,,ok%s\n3,,,ok%s\n", "trial 2 has no row" },
	};
	static const char hist[] = "trial,histogram,lower,count\n1,a,1,1\n2,a,1,1\n3,a,1,1\n";
	char rest[64], *runs, *again;
	struct journal j;
	size_t i;

	(void)state;
	memset(rest, ',', COL_COUNT_PLAIN - 4);
	rest[COL_COUNT_PLAIN - 4] = '\0';
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		write_runs(bad[i].runs, rest, rest);
#pragma GCC diagnostic pop
		put("hist.csv", hist, strlen(hist));
		runs = get("runs.csv");
		assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), -1);
		if (!strstr(failure(), bad[i].why))
			fail_msg("%s, not %s", failure(), bad[i].why);
		again = get("runs.csv");
		assert_string_equal(again, runs);
		free(again);
		free(runs);
		again = get("hist.csv");
		assert_string_equal(again, hist);
		free(again);
	}
	/* NULs are a power cut's, and stand after the last whole row */
	write_runs("1,,,ok%s\n", rest);
	runs = get("runs.csv");
	runs[strlen(runs) - 1] = '\0';
	put("runs.csv", runs, strlen(runs) + 1);
	put("hist.csv", hist, 36);
	assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
	assert_int_equal(j.count, 0);
	journal_close(&j);
	/* an editor that ends no line loses no row and no histogram */
	write_runs("1,,,ok%s\n2,,,ok%s", rest, rest);
	put("hist.csv", hist, strlen(hist));
	assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
	assert_int_equal(j.count, 1);
	journal_close(&j);
	again = get("runs.csv.cut");
	assert_non_null(strstr(again, "2,,,ok,"));
	free(again);
	free(runs);
	write_runs("1,,,ok%s\n", rest);
	put("hist.csv", hist, 35);
	assert_int_equal(journal_open(&j, dir, "runs.csv", "hist.csv", COL_COUNT_PLAIN), 0);
	journal_close(&j);
	again = get("hist.csv");
	assert_int_equal(strlen(again), 36);
	assert_int_equal(strncmp(again, hist, 36), 0);
	free(again);
}

/* Links, FIFOs, folders of others: refused at once, and nothing is written through them. */
static void folders(void **state)
{
	char *a = strdup(in_dir("a")), *runs = strdup(in_dir("runs.csv")), *text;
	struct journal j;
	ssize_t len;

	(void)state;
	put("a", "secret\n", 7);
	assert_int_equal(symlink(a, runs), 0);
	assert_int_equal(journal_open(&j, dir, "runs.csv", NULL, COL_COUNT_PLAIN), -1);
	assert_non_null(strstr(failure(), "symbolic link"));
	assert_int_equal(journal_read(&j, dir, "runs.csv", COL_COUNT_PLAIN), -1);
	assert_null(folder_read(dir, "runs.csv", &len));
	assert_int_equal(len, -1);
	unlink(runs);
	assert_int_equal(symlink("/nowhere/at/all", runs), 0);
	assert_int_equal(journal_read(&j, dir, "runs.csv", COL_COUNT_PLAIN), -1);
	unlink(runs);
	assert_int_equal(link(a, runs), 0);
	assert_int_equal(journal_open(&j, dir, "runs.csv", NULL, COL_COUNT_PLAIN), -1);
	assert_non_null(strstr(failure(), "hard link"));
	unlink(runs);
	assert_int_equal(mkfifo(runs, 0600), 0);
	assert_int_equal(journal_open(&j, dir, "runs.csv", NULL, COL_COUNT_PLAIN), -1);
	assert_int_equal(journal_read(&j, dir, "runs.csv", COL_COUNT_PLAIN), -1);
	assert_non_null(strstr(failure(), "not a file"));
	unlink(runs);
	assert_null(folder_read(dir, "runs.csv", &len));
	assert_int_equal(len, 0);
	/* the target of a planted link is not written */
	assert_int_equal(symlink(a, in_dir("meta.json.new")), 0);
	assert_int_equal(folder_replace(dir, "meta.json", "{}"), 0);
	text = get("meta.json");
	assert_string_equal(text, "{}");
	free(text);
	text = get("a");
	assert_string_equal(text, "secret\n");
	free(text);
	assert_int_equal(folder_check(dir), 0);
	assert_int_equal(folder_check(a), -1);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(folder_check(dir), -1);
	assert_non_null(strstr(failure(), "everybody may write"));
	assert_int_equal(chmod(dir, 0700), 0);
	if (!geteuid()) {
		assert_int_equal(chown(dir, 12345, 12345), 0);
		assert_int_equal(folder_check(dir), -1);
		assert_non_null(strstr(failure(), "another user"));
		setenv("SUDO_UID", "12345", 1);
		assert_int_equal(folder_check(dir), 0);
		unsetenv("SUDO_UID");
		assert_int_equal(chown(dir, 0, 0), 0);
	}
	free(runs);
	free(a);
}

static void texts(void **state)
{
	char text[64] = "\033]0;x\a\n\xc3\xa4 \xc2\x9b \x9b \xe2\x82\xac \xff\x7f";

	(void)state;
	clean_text(text);
	assert_string_equal(text, "?]0;x? \xc3\xa4 ?? ? \xe2\x82\xac ??");
	/* cut in the middle of a character */
	strcpy(text, "a\xe2\x82");
	clean_text(text);
	assert_string_equal(text, "a??");
}

/* /dev/full takes nothing: the reason says so and no row counts as written */
static void journal_disk_full(void **state)
{
	struct row row = trial_row(1);
	struct journal j;

	(void)state;
	assert_int_equal(journal_open(&j, dir, "runs.csv", NULL, COL_COUNT_PLAIN), 0);
	close(j.runs_fd);
	assert_true((j.runs_fd = open("/dev/full", O_WRONLY)) >= 0);
	assert_int_equal(journal_append(&j, &row, NULL), -1);
	assert_non_null(strstr(failure(), "No space left"));
	assert_int_equal(j.count, 0);
	journal_close(&j);
}

/* ---- snapshots ---- */

#define SNAP "# e1000_napi 2 snapshot\n# device 0000:00:03.0 eth1\n# weight 60\n" \
	"# since_ns 5\n# now_ns 99\n# polls_during_read 0\n# counters\n"

static void snapshots(void **state)
{
	struct snapshot a, b, d;
	char *csv;

	(void)state;
	assert_int_equal(snapshot_parse(&a, SNAP "polls 10\nrx_packets 100\n"
		"# histogram rx_per_poll packets 10 100 12\n8 5\n12 5\n"
		"# histogram poll_ns ns 0 0 0\n"), 0);
	assert_int_equal(snapshot_parse(&b, SNAP "polls 13\nrx_packets 150\n"
		"# histogram rx_per_poll packets 13 150 30\n0 1\n8 6\n12 5\n30 1\n"
		"# histogram poll_ns ns 1 7 7\n7 1\n"), 0);
	assert_int_equal(a.weight, 60);
	assert_int_equal(a.now_ns, 99);
	assert_int_equal(snapshot_delta(&d, &a, &b), 0);
	assert_true(snapshot_counter(&d, "polls") == 3);
	assert_true(isnan(snapshot_counter(&d, "nothing")));
	assert_int_equal(d.histogram[0].count, 3);
	assert_int_equal(d.histogram[0].sum, 50);
	csv = snapshot_csv(&d, 4);
	assert_string_equal(csv, "4,rx_per_poll,0,1\n4,rx_per_poll,8,1\n4,rx_per_poll,30,1\n"
				 "4,poll_ns,7,1\n");
	free(csv);
	snapshot_free(&d);
	/* loaded again between the two */
	assert_int_equal(snapshot_delta(&d, &b, &a), -1);
	snapshot_free(&a);
	snapshot_free(&b);
	assert_int_equal(snapshot_parse(&a, "# e1000_napi 1 snapshot\n"), -1);
	assert_int_equal(snapshot_parse(&a, SNAP "polls many\n"), -1);
	assert_int_equal(snapshot_parse(&a, SNAP "# histogram x ns 1 1 1\n1 1 1\n"), -1);
}

/* ---- what is read from the kernel and from programs ---- */

static void kernel_files(void **state)
{
	static const char snmp[] =
		"Ip: Forwarding InReceives\nIp: 1 99\n"
		"UdpLite: InDatagrams\nUdpLite: 7\n"
		"Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 500 3 20 19\n";
	struct counters c = { 0 };
	struct cpu_times cpu;

	(void)state;
	parse_softnet(&c, "0000ff00 00000002 00000003 00000000\n00000001 00000010 0000000a 0\n");
	assert_true(c.backlog_dropped == 0x12);
	assert_true(c.time_squeeze == 13);
	assert_true(parse_snmp(snmp, "Udp", "InErrors") == 20);
	assert_true(parse_snmp(snmp, "Udp", "InDatagrams") == 500);
	assert_true(isnan(parse_snmp(snmp, "Udp", "In")));
	assert_true(isnan(parse_snmp(snmp, "Tcp", "InSegs")));
	assert_true(parse_snmp6("Udp6InErrorsX \t3\nUdp6InErrors \t4\n", "Udp6InErrors") == 4);
	assert_int_equal(parse_stat(&cpu, "cpu  100 0 50 1000 10 5 20 30 0 0\ncpu0 1 2\ncpu1 1 2\n"
					  "intr 5\n", 100), 0);
	assert_true(cpu.idle == 10.1);
	assert_true(cpu.softirq == 0.2);
	assert_true(cpu.system == 0.55);
	assert_true(cpu.steal == 0.3);
	assert_int_equal(cpu.cpus, 2);
}

static void sources(void **state)
{
	struct traffic t = { 0 };
	struct row spec = { 0 };
	double sent, seconds;
	char version[32];

	(void)state;
	row_set(&spec, COL_protocol, "udp");
	row_set(&spec, COL_datagram, "1470");
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,38324,1,0.0-1.0,"
		"13109460,104887742,0.002,20,8938,0.224,0\n", &spec, &t), 0);
	assert_true(t.sent == 8938);
	assert_true(t.received == 8918);
	assert_true(fabs(t.seconds - 0.99989) < 1e-4);
	/* the first four never came: iperf does not count them as lost */
	assert_int_equal(parse_iperf("19700101000000,10.0.0.1,5001,10.0.0.2,38324,1,0.0-1.1,"
		"4906860,35815037,0.1,8091,11433,70.769,0\n", &spec, &t), 0);
	assert_true(t.sent == 11433);
	assert_true(t.received == 3338);
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,37523,1,0.0-0.0,0,0,"
		"0.000,0,0,-nan,0\n", &spec, &t), -1);
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,37523,1,0.0-1.0,inf,inf,"
		"0.1,0,5,0,0\n", &spec, &t), -1);
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,37523,1,0.0-1.0,1470,1e4,"
		"nan,0,5,0,0\n", &spec, &t), -1);
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,37523,1,0.0-1.0,1470,1e4,"
		"0.1,0,-5,0,0\n", &spec, &t), -1);
	assert_int_equal(parse_iperf("connect failed: Connection refused\n", &spec, &t), -1);
	assert_non_null(strstr(failure(), "Connection refused"));
	assert_int_equal(parse_iperf("\033]0;x\007\302\233 refused\n", &spec, &t), -1);
	assert_non_null(strstr(failure(), "?]0;x??? refused"));
	/* a server that lies: as many as no wire carries, fewer than came, no time at all */
	t = (struct traffic){ .sent = 1e9, .received = 1000, .bytes = 1e6, .seconds = 1 };
	assert_int_equal(check_traffic(&t, &spec, 1), -1);
	t.sent = 7;
	assert_int_equal(check_traffic(&t, &spec, 1), -1);
	assert_non_null(strstr(failure(), "sent 7 datagrams, and 1000 came"));
	t.sent = 1000;
	assert_int_equal(check_traffic(&t, &spec, 1), 0);
	/* a corrupted number says ten times as much as the source was asked for */
	row_set(&spec, COL_offered_bps, "10000000");
	assert_int_equal(check_traffic(&t, &spec, 1), 0);
	t.sent = 10000;
	assert_int_equal(check_traffic(&t, &spec, 1), -1);
	assert_non_null(strstr(failure(), "can have sent 10: "));
	row_set(&spec, COL_offered_bps, "0");
	t.sent = 1000;
	t.source_seconds = 1.01;
	assert_int_equal(check_traffic(&t, &spec, 1), 0);
	assert_true(t.source_seconds == 1.01);
	t.source_seconds = -4294;
	assert_int_equal(check_traffic(&t, &spec, 1), 0);
	assert_true(isnan(t.source_seconds));
	t.received = NAN;
	assert_int_equal(check_traffic(&t, &spec, 1), -1);
	t = (struct traffic){ .sent = NAN, .received = NAN, .bytes = 1e6, .seconds = 1 };
	assert_int_equal(check_traffic(&t, &spec, 1), 0);
	t.seconds = INFINITY;
	assert_int_equal(check_traffic(&t, &spec, 1), -1);
	row_set(&spec, COL_protocol, "tcp");
	assert_int_equal(parse_iperf("19700101000000,127.0.0.1,5001,127.0.0.1,41892,1,0.0-1.0,"
		"1250000,10000000\n", &spec, &t), 0);
	assert_true(t.only_packets_at_nic);

	assert_int_equal(parse_pktgen("     pkts-sofar: 7  errors: 0\nResult: OK: delay=5\n", &sent,
				      &seconds), 0);
	assert_true(isnan(seconds));
	assert_int_equal(parse_pktgen("     pkts-sofar: 7  errors: 0\n"
		"Result: OK: 1500000(c1000000+d500000) usec, 7 (1000byte,0frags)\n", &sent, &seconds), 0);
	assert_true(sent == 7 && seconds == 1.5);

	assert_int_equal(parse_iperf_version("iperf version 2.1.8 (12 August 2022) pthreads\n",
					     version, sizeof(version)), 0);
	assert_string_equal(version, "2.1.8");
	assert_int_equal(parse_iperf_version("iperf version 2.0.13 (21 Jan 2019) pthreads\n", version,
					     sizeof(version)), -1);
	assert_int_equal(parse_iperf_version("iperf 3.12 (cJSON 1.7.15)\n", version,
					     sizeof(version)), -1);
	assert_non_null(strstr(failure(), "iperf3"));
}

/* The socket of another process, as iperf is one. */
static void buffer_of_another(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 0;
	socklen_t len = sizeof(size);
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();		/* not capped by rmem_max for root only */
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(reach_socket_of(pid, 12345678, NULL), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	assert_int_equal(size, 2 * 12345678);
	close(fd);
}

/* One that waits reads what there is, and then the end. */
static void end_for_another(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), count = 0, status;
	socklen_t len = sizeof(a);
	char data[4];
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(send(fd, "one", 3, 0), 3);
	pid = fork();
	if (pid == 0) {
		alarm(10);
		while (recv(fd, data, sizeof(data), 0) > 0)
			count++;
		_exit(count);
	}
	close(fd);
	shut_socket_of(pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* A child whose parent was killed before it could ask for a death signal does not stay behind. */
static void parent_killed(void **state)
{
	char answer = '-';
	int out[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		pid = getpid();
		if (fork())
			_exit(0);
		alarm(10);
		while (getppid() == pid)
			usleep(1000);
		die_with(pid, SIGKILL);
		_exit(write(out[1], "stays", 1) != 1);
	}
	close(out[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(out[0], &answer, 1), 0);
	assert_int_equal(answer, '-');
	close(out[0]);
}

static uint32_t share = DELAY_SHARES;

/* A connected pair on loopback, of which one is watched, and a third socket. */
struct watched {
	int from, to, other;
	struct sockaddr_in there;
	struct arrivals arrivals;
};

static void watch(struct watched *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in b = a;
	socklen_t len = sizeof(a);

	if (geteuid())
		skip();
	w->arrivals.share = share;
	w->from = socket(AF_INET, SOCK_DGRAM, 0);
	w->to = socket(AF_INET, SOCK_DGRAM, 0);
	w->other = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(w->from, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(bind(w->to, (struct sockaddr *)&b, sizeof(b)), 0);
	getsockname(w->from, (struct sockaddr *)&a, &len);
	getsockname(w->to, (struct sockaddr *)&b, &len);
	assert_int_equal(connect(w->to, (struct sockaddr *)&a, sizeof(a)), 0);
	w->there = b;
	arrivals_watch(&w->arrivals, w->to);
	assert_false(arrivals_known(&w->arrivals));
	if (!w->arrivals.page)
		skip();		/* no bpf(2) here */
}

static void send_number(int fd, const struct sockaddr_in *there, int32_t number)
{
	int32_t data[3] = { htonl(number) };

	assert_int_equal(sendto(fd, data, sizeof(data), 0, (struct sockaddr *)there,
				sizeof(*there)), sizeof(data));
}

static void unwatch(struct watched *w)
{
	arrivals_stop(&w->arrivals);
	close(w->from);
	close(w->to);
	close(w->other);
}

/* As iperf's come: 5, 6, 7, the end as 8 and again as 9; other ports do not count. */
static void numbers_watched(void **state)
{
	static const int32_t numbers[] = { 5, 6, 7, -8, -9 };
	struct watched w;
	size_t i;

	(void)state;
	watch(&w);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		send_number(w.from, &w.there, numbers[i]);
		sendto(w.other, "other program", 13, 0, (struct sockaddr *)&w.there, sizeof(w.there));
		/* too short for a number */
		sendto(w.from, "abc", 3, 0, (struct sockaddr *)&w.there, sizeof(w.there));
	}
	assert_true(arrivals_known(&w.arrivals));
	assert_int_equal(w.arrivals.page->data, 3);
	assert_int_equal(w.arrivals.page->first, 5);
	assert_int_equal(w.arrivals.page->highest, 7);
	assert_int_equal(w.arrivals.page->ends, 2);
	assert_int_equal(w.arrivals.page->end, 8);
	assert_true(arrivals_data(&w.arrivals) == 7);
	unwatch(&w);
}

/* Each datagram with the time it carries; of less than all, those that are picked. */
static void delays_watched(void **state)
{
	const volatile struct delay_sample *s;
	int32_t data[5] = { 0 };
	size_t i, picked = 0;
	struct watched w;
	int64_t began;

	(void)state;
	watch(&w);
	began = mono_ns();
	for (i = 0; i < 1000; i++) {
		data[0] = htonl(1 + i);
		data[1] = htonl(1700000000);
		data[2] = htonl(100 * i);
		assert_int_equal(sendto(w.from, data, sizeof(data), 0, (struct sockaddr *)&w.there,
					sizeof(w.there)), sizeof(data));
	}
	data[0] = htonl(-1001);
	sendto(w.from, data, sizeof(data), 0, (struct sockaddr *)&w.there, sizeof(w.there));
	assert_int_equal(w.arrivals.page->samples, 1000);
	for (i = 0; i < 1000; i++) {
		s = &w.arrivals.page->sample[i];
		assert_int_equal(s->sent_s, 1700000000);
		assert_int_equal(s->sent_us, 100 * i);
		assert_in_range(s->at, i ? s[-1].at : (uint64_t)began, mono_ns());
	}
	unwatch(&w);
	share = DELAY_SHARES / 8;
	watch(&w);
	share = DELAY_SHARES;
	for (i = 0; i < 1000; i++) {
		data[0] = htonl(1 + i);
		data[2] = htonl(i);
		sendto(w.from, data, sizeof(data), 0, (struct sockaddr *)&w.there, sizeof(w.there));
		if (delay_is_picked(1 + i, DELAY_SHARES / 8))
			assert_int_equal(w.arrivals.page->sample[picked++].sent_us, i);
	}
	assert_in_range(picked, 100, 150);
	assert_int_equal(w.arrivals.page->samples, picked);
	unwatch(&w);
}

/* Numbers with a bit turned over, first, in the middle, as an end, and last: none is believed. */
static void numbers_corrupted(void **state)
{
	static const int32_t numbers[] = { 0x40000001, 2, 3, 0x20000004, 5, 6, -7, 8, 0x10000009, 10 };
	struct watched w;
	size_t i;

	(void)state;
	watch(&w);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		send_number(w.from, &w.there, numbers[i]);
	assert_int_equal(w.arrivals.page->first, 2);
	assert_int_equal(w.arrivals.page->highest, 7);
	assert_true(arrivals_highest(&w.arrivals) == 10);
	/* the end that was data */
	assert_int_equal(w.arrivals.page->ends, 0);
	assert_int_equal(w.arrivals.page->end, 0);
	send_number(w.from, &w.there, 0x0800000b);
	assert_true(arrivals_highest(&w.arrivals) == 7);
	send_number(w.from, &w.there, -3);
	assert_int_equal(w.arrivals.page->ends, 0);
	send_number(w.from, &w.there, -12);
	assert_int_equal(w.arrivals.page->end, 12);
	/* most are lost, for long: as far as the NIC can carry in the meantime */
	unwatch(&w);
	watch(&w);
	for (i = 0; i < 5; i++)
		send_number(w.from, &w.there, 1 + 60000 * i);
	send_number(w.from, &w.there, 5000000);
	send_number(w.from, &w.there, 5000001);
	assert_int_equal(w.arrivals.page->highest, 5000000);
	unwatch(&w);
}

/* iperf 2.1.8 needs a moment between two UDP pulls (docs/notes/iperf-2.1.8.md); TCP does not. */
static void pulls_apart(void **state)
{
	static const char *const protocols[] = { "udp", "udp", "tcp" };
	static const char script[] = "#!/bin/sh\nexec date +%s%N\n";
	struct plan plan = { .source = "iperf", .server = "127.0.0.1", .port = 5001 };
	double at[3] = { 0 };
	char *path = xasprintf("%s:%s", dir, getenv("PATH"));
	char *old = strdup(getenv("PATH"));
	size_t i;

	(void)state;
	put("iperf", script, strlen(script));
	assert_int_equal(chmod(in_dir("iperf"), 0755), 0);
	setenv("PATH", path, 1);
	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct row spec = { 0 };
		struct stream s;

		row_set(&spec, COL_protocol, "%s", protocols[i]);
		row_set(&spec, COL_offered_bps, "1000000");
		row_set(&spec, COL_datagram, "1470");
		row_set(&spec, COL_rcvbuf, "default");
		assert_int_equal(stream_start(&s, &plan, &spec, 0.1), 0);
		assert_int_equal(stream_wait(&s), 0);
		at[i] = strtod(s.text, NULL) / 1e9;
		stream_free(&s);
	}
	setenv("PATH", old, 1);
	unlink(in_dir("iperf"));
	assert_true(at[1] - at[0] >= 0.5);
	assert_true(at[2] > at[1]);
	free(old);
	free(path);
}

/* ---- where packets were lost ---- */

static void loss_adds_up(void **state)
{
	struct counters before = { 0 }, after = { 0 };
	struct traffic t = { .sent = 1000, .received = 600, .seconds = 2, .bytes = 600000,
			     .jitter_us = 5, .arrived = NAN, .socket_drops = NAN };
	static const enum column places[] = { COL_lost_before_nic, COL_lost_ring, COL_lost_backlog,
					      COL_lost_socket, COL_lost_app, COL_lost_checksum,
					      COL_lost_filter, COL_remainder };
	struct row row = trial_row(1);
	double sum = 0;
	char *hist;
	size_t i;

	(void)state;
	assert_int_equal(snapshot_parse(&before.nic, SNAP "polls 0\nrx_packets 0\nirqs 0\n"), 0);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 800\nirqs 40\n"), 0);
	after.missed = 150;
	after.backlog_dropped = 30;
	after.udp_errors = 100;
	after.udp_delivered = 610;
	after.cpu = (struct cpu_times){ .mono = 2 * NSEC, .cpus = 2, .idle = 3 };
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_before_nic), "50");
	assert_string_equal(row_text(&row, COL_lost_ring), "150");
	assert_string_equal(row_text(&row, COL_lost_backlog), "30");
	assert_string_equal(row_text(&row, COL_lost_socket), "100");
	assert_string_equal(row_text(&row, COL_lost_app), "10");
	assert_string_equal(row_text(&row, COL_remainder), "60");
	assert_string_equal(row_text(&row, COL_remainder_high), "1");
	assert_string_equal(row_text(&row, COL_rx_per_poll), "10");
	assert_string_equal(row_text(&row, COL_rx_per_irq), "20");
	assert_string_equal(row_text(&row, COL_bandwidth_bps), "2400000");
	assert_string_equal(row_text(&row, COL_cpu_total), "50");
	for (i = 0; i < ARRAY_SIZE(places); i++)
		sum += row_number(&row, places[i]);
	assert_true(sum + row_number(&row, COL_received) == row_number(&row, COL_sent));

	/* iperf, watched: 9 repetitions of its end came, 4 of them unread */
	t.arrived = 710;
	t.control = 9;
	t.unread = 10;
	after.udp_no_port = 4;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_before_nic), "59");
	assert_string_equal(row_text(&row, COL_lost_app), "10");
	assert_string_equal(row_text(&row, COL_remainder), "51");
	/* 300 numbers lost before the first that came: the driver never had them */
	t.arrived = 1010;
	t.unread = 61;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_app), "61");
	assert_string_equal(row_text(&row, COL_remainder), "0");
	t.arrived = 710;
	t.unread = 10;
	/* a slot: what came by the numbers, not what the driver had counted a moment later */
	t.is_slot = true;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_before_nic), "110");
	assert_string_equal(row_text(&row, COL_remainder), "0");
	t.is_slot = false;
	/* the end lost: after 930, the newest that came, the NIC missed 11 more at that pace */
	t.open_end = true;
	t.sent = 930;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_sent), "941");
	assert_true(fabs(row_number(&row, COL_seconds) - 2 * 941.0 / 930) < 1e-4);
	assert_string_equal(row_text(&row, COL_lost_before_nic), "0");
	assert_string_equal(row_text(&row, COL_remainder), "51");
	/* nothing more than that */
	t.sent = 1000;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_sent), "1000");
	t.open_end = false;
	t.arrived = NAN;

	/* QEMU keeps MPC and the driver adds it at each read: only the register counts */
	before.missed = 500;
	before.missed_kept = 100;
	after.missed = 9000;
	after.missed_kept = 250;
	assert_true(ring_loss(&before, &after) == 150);
	after.carrier_changes = 2;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), -1);
	counters_free(&before);
	counters_free(&after);
}

/* Losses of another socket or a filter are not our socket's or program's. */
static void loss_of_others(void **state)
{
	struct counters before = { 0 }, after = { 0 };
	struct traffic t = { .sent = 1000, .received = 500, .seconds = 1, .bytes = 500000,
			     .jitter_us = 5, .arrived = 1000, .socket_drops = 30, .unread = 4,
			     .unseen = 2 };
	struct row row = trial_row(1);
	char *hist;

	(void)state;
	assert_int_equal(snapshot_parse(&before.nic, SNAP "polls 0\nrx_packets 0\nirqs 0\n"), 0);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 1000\nirqs 40\n"), 0);
	after.cpu = (struct cpu_times){ .mono = NSEC, .real = NSEC, .cpus = 2 };
	after.udp_errors = 87;
	after.udp_csum = 10;
	after.udp_delivered = 503;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_socket), "20");
	assert_string_equal(row_text(&row, COL_lost_checksum), "10");
	/* left in the socket, and read without being counted */
	assert_string_equal(row_text(&row, COL_lost_app), "7");
	assert_string_equal(row_text(&row, COL_lost_filter), "461");
	assert_string_equal(row_text(&row, COL_remainder), "2");
	row_set(&row, COL_offered_bps, "8000000");
	row_set(&row, COL_datagram, "1000");
	judge(&row, &t, &before, &after);
	assert_string_equal(row_text(&row, COL_status), "warn");
	assert_string_equal(row_text(&row, COL_reason), "2 packets are unaccounted for; "
		"461 packets came to IP and not to the socket: a filter took them (nft list ruleset); "
		"10 packets had a bad checksum");
	/* the guest's clock stood still for half of the trial */
	t.seconds = 0.5;
	judge(&row, &t, &before, &after);
	assert_non_null(strstr(row_text(&row, COL_reason), "the source sent 16.0 of 8.0 Mbit/s by the clock of this guest"));
	/* a queue that was full made the end come late: that is not the source's doing */
	t.seconds = 1.2;
	t.source_seconds = 1;
	judge(&row, &t, &before, &after);
	assert_null(strstr(row_text(&row, COL_reason), "the source sent"));
	t.seconds = t.source_seconds = 1.2;
	judge(&row, &t, &before, &after);
	assert_non_null(strstr(row_text(&row, COL_reason), "the source sent 6.7 of 8.0 Mbit/s"));
	t.seconds = 1;
	t.source_seconds = NAN;
	after.cpu.real = 3 * NSEC;
	judge(&row, &t, &before, &after);
	assert_int_equal(strncmp(row_text(&row, COL_reason), "the clock was set by 2.0 s", 26), 0);
	after.cpu.real = NSEC;
	counters_free(&before);
	counters_free(&after);
	/* the weight was changed, and put back: to 200, then to 20 */
	row_set(&row, COL_weight, "60");
	assert_int_equal(snapshot_parse(&before.nic, SNAP "polls 0\nrx_packets 0\nirqs 0\n"
		"polls_whole_budget 0\npolls_busy 0\n# histogram rx_per_poll packets 0 0 0\n"), 0);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 1000\nirqs 40\n"
		"polls_whole_budget 40\npolls_busy 0\n"
		"# histogram rx_per_poll packets 80 1000 200\n1 34\n20 6\n60 33\n200 7\n"), 0);
	judge(&row, &t, &before, &after);
	assert_int_equal(strncmp(row_text(&row, COL_reason), "14 polls had another weight", 27), 0);
	counters_free(&before);
	counters_free(&after);
	assert_int_equal(snapshot_parse(&before.nic, SNAP "polls 0\nrx_packets 0\nirqs 0\n"), 0);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 1000\nirqs 40\n"), 0);
	/* our own sink: IP's counters explain what is missing, and no more */
	t = (struct traffic){ .sent = 1000, .received = 500, .seconds = 1, .bytes = 500000,
			      .jitter_us = 5, .arrived = NAN, .socket_drops = 0 };
	after.udp_csum = 0;
	after.filtered = 400;
	after.udp_delivered = 500;
	assert_int_equal(measure(&row, &before, &after, &t, &hist), 0);
	free(hist);
	assert_string_equal(row_text(&row, COL_lost_app), "0");
	assert_string_equal(row_text(&row, COL_lost_filter), "400");
	assert_string_equal(row_text(&row, COL_remainder), "100");
	/* another NIC had nearly all of it */
	assert_int_equal(judge_path(&row, &t, "eth0"), 0);
	row_set(&row, COL_rx_packets, "300");
	assert_int_equal(judge_path(&row, &t, "eth0"), -1);
	assert_non_null(strstr(failure(), "only 300 of the packets received came through eth0"));
	t.only_packets_at_nic = true;
	assert_int_equal(judge_path(&row, &t, "eth0"), 0);
	row_set(&row, COL_rx_packets, "30");
	assert_int_equal(judge_path(&row, &t, "eth0"), -1);
	counters_free(&before);
	counters_free(&after);
}

/* A trial that failed tells all that its counters know. */
static void failures_of_trials(void **state)
{
	struct counters before = { .carrier = true }, after = { .carrier = true };
	struct row row = trial_row(1);

	(void)state;
	row_set(&row, COL_protocol, "udp");
	assert_int_equal(snapshot_parse(&before.nic, SNAP "polls 0\nrx_packets 0\nirqs 0\n"), 0);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 3\nirqs 40\n"), 0);
	assert_int_equal(judge_bad(&row, 0), 0);
	assert_string_equal(row_text(&row, COL_status), "ok");
	(fail)("%s", "iperf received nothing");	/* not the macro */
	assert_int_equal(judge_bad(&row, -1), -1);
	judge_traffic(&row, &before, &after, "eth0", "iperf");
	assert_string_equal(row_text(&row, COL_status), "failed");
	assert_string_equal(row_text(&row, COL_reason), "iperf received nothing; nothing came through eth0: the source does not run there (while :; do iperf -s -u; sleep 1; done), does not know the way to here, or a firewall keeps it");
	/* packets came, so the server is not to blame */
	row_set(&row, COL_status, "ok");
	counters_free(&after);
	assert_int_equal(snapshot_parse(&after.nic, SNAP "polls 80\nrx_packets 900\nirqs 40\n"), 0);
	after.missed = 100;
	after.udp_csum = 5;
	after.udp_errors = 45;
	after.filtered = 7;
	after.udp_no_port = 2;
	judge_bad(&row, -1);
	judge_traffic(&row, &before, &after, "eth0", "iperf");
	assert_string_equal(row_text(&row, COL_reason), "iperf received nothing; 900 packets came through eth0; "
		"100 were lost in its ring; 5 packets had a bad checksum; "
		"7 packets came to IP and not to the socket: a filter took them (nft list ruleset); "
		"40 were lost in sockets; 2 came to a port that was not open");
	after.carrier = false;
	row_set(&row, COL_status, "ok");
	judge_bad(&row, -1);
	judge_traffic(&row, &before, &after, "eth0", "iperf");
	assert_string_equal(row_text(&row, COL_reason), "iperf received nothing; eth0 has no link");
	counters_free(&before);
	counters_free(&after);
}

/* A socket that this process shares: only its own drops, and unread datagrams. */
static void drops_of_one(void **state)
{
	static const int size = 4000;
	struct watched w;
	double data, ends;
	int i, drops = 0;

	(void)state;
	watch(&w);
	assert_true(drops_of(w.to) == 0);
	assert_true(isnan(drops_of(-1)));
	setsockopt(w.to, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (i = 1; i < 100; i++)
		send_number(w.from, &w.there, i);
	drops = drops_of(w.to);
	assert_true(drops > 0 && drops < 99);
	drops_unread(w.to, &data, &ends);
	assert_true(data == 99 - drops && ends == 0);
	send_number(w.from, &w.there, -100);
	drops_unread(w.to, &data, &ends);
	assert_true(data == 0 && ends == 1);
	/* the copy outlives the socket's owner */
	close(w.to);
	assert_true(drops_of(w.arrivals.socket_fd) == drops);
	w.to = -1;
	unwatch(&w);
}

static void routes(void **state)
{
	(void)state;
	assert_int_equal(route_is_on("/sys", "lo", "lo"), 1);
	assert_int_equal(route_is_on("/sys", "lo", "eth0"), 0);
	assert_int_equal(route_is_on("/nowhere", "tun0", "eth0"), -1);
	assert_int_equal(route_check("127.0.0.1", "eth0", 0), -1);
	assert_non_null(strstr(failure(), "through lo, not eth0"));
	assert_int_equal(route_check("127.0.0.1", "lo", 1470), 0);
	assert_int_equal(route_check("::1", "eth0", 0), -1);
	/* fragments: lo's MTU is 65536 */
	assert_int_equal(route_check("127.0.0.1", "lo", 65508), 0);
	assert_int_equal(route_check("", "lo", 65509), -1);
	assert_non_null(strstr(failure(), "give --datagram 65508, or less"));
	assert_int_equal(route_check("127.0.0.1", "lo", 65509), -1);
	if (!access("/proc/net/if_inet6", F_OK)) {
		assert_int_equal(route_check("::1", "lo", 65488), 0);
		assert_int_equal(route_check("::1", "lo", 65489), -1);
	}
}

/* ---- the plan ---- */

static void make(struct plan *plan, char *const words[])
{
	empty_dir(NULL);
	assert_int_equal(plan_make(dir, words), 0);
	assert_int_equal(plan_load(plan, dir), 0);
}

static void plan_grid(void **state)
{
	char *words[] = { "interface=eth0", "server=10.0.0.1", "weight=1..3,10..30+10,200",
			  "offered_bps=100M..300M+100M", "rcvbuf=default,8M", "reps=2", "seed=5", NULL };
	char *other[] = { "interface=eth0", "server=10.0.0.1", "weight=1", NULL };
	char seen[42] = { 0 };
	struct plan plan;
	struct row spec;
	size_t i, in_order = 0;

	(void)state;
	make(&plan, words);
	assert_int_equal(plan.axis[COL_weight].count, 7);
	assert_int_equal(plan_trials(&plan), 7 * 3 * 2 * 2);
	/* each repetition has each cell once, not in order */
	for (i = 0; i < 42; i++) {
		size_t cell = plan_shuffled(&plan, 0, 0, 42, i);

		assert_int_equal(seen[cell]++, 0);
		in_order += cell == i;
	}
	assert_true(in_order < 20);
	plan_trial(&plan, 42, &spec);
	assert_string_equal(row_text(&spec, COL_trial), "43");
	assert_string_equal(row_text(&spec, COL_rep), "2");
	plan_free(&plan);
	/* the same command goes on, another one is refused */
	assert_int_equal(plan_make(dir, words), 0);
	assert_int_equal(plan_make(dir, other), -1);
	assert_non_null(strstr(failure(), "another sweep"));
}

/* A sweep goes on under the same conditions only; what it sets itself does not matter. */
/* IPv6's header is 20 bytes longer, so its default is shorter. */
static void plan_datagram(void **state)
{
	char *v4[] = { "interface=lo", "server=10.0.0.1", NULL };
	char *v6[] = { "interface=lo", "server=fd00::1", NULL };
	char *asked[] = { "interface=lo", "server=fd00::1", "datagram=1470", NULL };
	struct plan plan;

	(void)state;
	make(&plan, v4);
	assert_string_equal(plan.axis[COL_datagram].value[0], "1470");
	plan_free(&plan);
	empty_dir(state);
	make(&plan, v6);
	assert_string_equal(plan.axis[COL_datagram].value[0], "1450");
	plan_free(&plan);
	empty_dir(state);
	make(&plan, asked);
	assert_string_equal(plan.axis[COL_datagram].value[0], "1470");
	plan_free(&plan);
}

static void plan_conditions(void **state)
{
	char *words[] = { "interface=lo", "server=10.0.0.1", "weight=1", "threaded=0,1", NULL };
	json_t *before = json_pack("{ss ss ss ss}", "ring_rx", "80", "mtu", "1500", "threaded", "0",
				   "kernel", "6.1");
	json_t *now = json_deep_copy(before);
	struct plan plan;

	(void)state;
	make(&plan, words);
	json_object_set_new(now, "threaded", json_string("1"));
	json_object_set_new(now, "new_one", json_string("1"));
	json_object_del(now, "mtu");
	assert_int_equal(conditions_same(&plan, before, now), 0);
	assert_int_equal(conditions_same(&plan, NULL, now), 0);
	json_object_set_new(now, "ring_rx", json_string("4096"));
	assert_int_equal(conditions_same(&plan, before, now), -1);
	assert_non_null(strstr(failure(), "began with ring_rx \"80\", and now it is \"4096\""));
	json_decref(now);
	now = conditions_now("lo");
	assert_string_equal(json_string_value(json_object_get(now, "mtu")), "65536");
	assert_non_null(json_object_get(now, "netdev_budget"));
	json_decref(now);
	json_decref(before);
	plan_free(&plan);
}

/* Cells are repeated until their mean is known, and no longer. */
static void plan_until(void **state)
{
	char *words[] = { "interface=eth0", "server=10.0.0.1", "weight=1,2,3", "reps=10", "until=1",
			  "seed=5", NULL };
	/* weight 1: no spread; 2: 100 and 101 in turn; 3: too wide for ten */
	static const double rate[4][2] = { [1] = { 500, 500 }, [2] = { 100, 101 }, [3] = { 100, 200 } };
	size_t count[4] = { 0 }, i;
	struct journal runs = { 0 }, probes = { 0 };
	struct plan plan;
	struct todo todo;

	(void)state;
	make(&plan, words);
	runs.rows = calloc(30, sizeof(*runs.rows));
	for (i = 0; plan_next(&plan, &runs, &probes, &todo) == 1; i++) {
		int64_t weight = row_integer(&todo.spec, COL_weight, 0);

		assert_true(i < 30);
		/* one of them failed: it is not a measurement; one with a warning is */
		row_set(&todo.spec, COL_status, "%s", i == 1 ? "failed" : i % 2 ? "warn" : "ok");
		if (i != 1)
			row_set_number(&todo.spec, COL_bandwidth_bps, rate[weight][count[weight]++ & 1]);
		else
			assert_int_not_equal(weight, 3);
		runs.rows[runs.count++] = todo.spec;
		assert_int_equal(todo.done, i);
	}
	assert_int_equal(count[1], 3);
	/* of three: 4.30 x 0.58 / 1.73 = 1.43 of 100.3; of four: 3.18 x 0.58 / 2 = 0.92 of 100.5 */
	assert_int_equal(count[2], 4);
	assert_int_equal(count[3], 10);
	assert_int_equal(todo.total, runs.count);
	free(runs.rows);
	plan_free(&plan);
}

static void plan_blocks(void **state)
{
	char *words[] = { "interface=eth0", "source=pktgen", "method=interleave", "weight=1,2,60,200",
			  "offered_bps=100M,200M", "blocks=6", "reps=2", "seed=5", NULL };
	struct plan plan;
	struct row spec;
	size_t t, b;

	(void)state;
	make(&plan, words);
	assert_int_equal(plan_trials(&plan), 2 * 2 * 6 * 4);
	for (b = 0; b < plan_trials(&plan) / 4; b++) {
		int sum = 0;
		char load[32] = "";

		for (t = 4 * b; t < 4 * b + 4; t++) {
			plan_trial(&plan, t, &spec);
			sum += row_integer(&spec, COL_weight, 0);
			assert_int_equal(row_integer(&spec, COL_block, 0), b % 6 + 1);
			if (t > 4 * b)
				assert_string_equal(row_text(&spec, COL_offered_bps), load);
			strcpy(load, row_text(&spec, COL_offered_bps));
		}
		assert_int_equal(sum, 263);	/* each weight once */
	}
	plan_free(&plan);
}

static void plan_refuses(void **state)
{
	static char *const bad[] = { "weight=0", "weight=4097", "weight=1,1", "weight=5..3",
		"weight=1.5", "weight=x", "nothing=1", "method=best", "source=iperf3", "protocol=sctp",
		"seconds=-1", "reps=0", "until=0", "until=x", "until=2 reps=2",
		"until=2 method=interleave", "offered_bps=fast", "burst=4", "datagram=70000", "min_load=2G",
		"interface=../../etc", "interface=a b", "netns=../x", "preset=\033[2J",
		/* 4096 to the fifth is more than 64 bits can count */
		"datagram=16..4111 rx_usecs=0..4095 app_cpu=0..4095 irq_cpu=0..4095 weight=1..4096 rcvbuf=1..4096" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *words[10] = { "interface=eth0", "server=10.0.0.1" };
		char *copy = strdup(bad[i]), *rest = copy;
		size_t n = 2;

		while (rest)
			words[n++] = strsep(&rest, strchr(bad[i], '=') == strrchr(bad[i], '=') ? "" : " ");
		empty_dir(NULL);
		if (plan_make(dir, words) == 0)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(access(in_dir("sweep.json"), F_OK), -1);
		free(copy);
	}
}

/* sweep.json and runs.csv edited so that they do not fit any more */
static void plan_edited(void **state)
{
	static const char *const bad[] = {
		"{}", "[]", "{\"format\": 1, \"seed\": 1, \"asked\": []}", "{\"format\": 2, \"asked\": {}}",
		"{\"format\": 1, \"asked\": {\"interface\": \"e\", \"source\": \"pktgen\", \"weight\": 60}}",
		"{\"format\": 1, \"asked\": {\"interface\": \"e\", \"source\": \"pktgen\", \"run\": \"x\"}}",
		"{\"format\": 1, \"asked\": {\"interface\": \"../x\", \"source\": \"pktgen\"}}",
		"", "\033[2J", "{\"format\": 1, \"format\": 1}",
	};
	char *words[] = { "interface=eth0", "server=10.0.0.1", "weight=1,60", "seed=1", NULL };
	struct journal j = { .columns = COL_COUNT_PLAIN };
	struct row row;
	struct plan p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put("sweep.json", bad[i], strlen(bad[i]));
		assert_int_equal(plan_load(&p, dir), -1);
		assert_non_null(strstr(failure(), "sweep.json"));
		assert_null(strchr(failure(), '\033'));
		assert_int_equal(plan_make(dir, words), -1);
	}
	empty_dir(NULL);
	assert_int_equal(plan_make(dir, words), 0);
	assert_int_equal(plan_load(&p, dir), 0);
	plan_trial(&p, 0, &row);
	j.rows = &row;
	j.count = 1;
	assert_int_equal(plan_check(&p, &j), 0);
	row_set(&row, COL_weight, "7");
	assert_int_equal(plan_check(&p, &j), -1);
	assert_non_null(strstr(failure(), "weight 7 of trial 1"));
	plan_trial(&p, 0, &row);
	row_set(&row, COL_trial, "3");
	assert_int_equal(plan_check(&p, &j), -1);
	plan_free(&p);
}

static void numbers(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(parse_scaled("1.5M", 1000, &n), 0);
	assert_int_equal(n, 1500000);
	assert_int_equal(parse_scaled("8M", 1024, &n), 0);
	assert_int_equal(n, 8388608);
	assert_int_equal(parse_scaled("-1", 1000, &n), -1);
	assert_int_equal(parse_scaled("1MB", 1000, &n), -1);
	assert_int_equal(parse_scaled("", 1000, &n), -1);
	assert_int_equal(parse_scaled("9999999G", 1000, &n), 0);
	assert_int_equal(parse_scaled("99999999999G", 1000, &n), -1);
}

/* ---- the search ---- */

static const struct goal goal = { .loss_ratio = 0.001, .exceed_ratio = 0.5, .width = 0.01,
	.initial_trial_s = 1, .final_trial_s = 2, .duration_sum_s = 6, .min_load = 1e6,
	.max_load = 1e9 };

static void classes(void **state)
{
	struct trial_result t[] = { { 5e8, 2, 0, 1 }, { 5e8, 2, 0, 1 }, { 5e8, 2, 0.5, 1 },
				    { 6e8, 2, 0.5, 1 }, { 6e8, 2, 0, 1 }, { 6e8, 2, 0.5, 1 } };

	(void)state;
	assert_int_equal(classify_load(&goal, t, 1, 5e8), LOAD_UNDECIDED);
	assert_int_equal(classify_load(&goal, t, 2, 5e8), LOAD_LOWER);
	assert_int_equal(classify_load(&goal, t, 3, 5e8), LOAD_LOWER);
	assert_int_equal(classify_load(&goal, t, 4, 6e8), LOAD_UNDECIDED);
	assert_int_equal(classify_load(&goal, t, 5, 6e8), LOAD_UNDECIDED);
	assert_int_equal(classify_load(&goal, t, 6, 6e8), LOAD_UPPER);
}

/* A NIC that loses all above its capacity, and a source with a limit of its own. */
static size_t find(double capacity, double source, double noise, struct search_state *s)
{
	static struct trial_result t[200];
	size_t n;

	for (n = 0; n < 200; n++) {
		double sent, here = capacity * (1 + noise * ((n * 7919) % 11 / 10.0 - 0.5));

		search_state(&goal, t, n, s);
		if (s->done)
			break;
		assert_true(s->load >= goal.min_load && s->load <= goal.max_load);
		sent = fmin(s->load, source);
		t[n] = (struct trial_result){ s->load, s->seconds, fmax(0, 1 - here / sent),
					      sent / s->load };
	}
	return n;
}

static void searches(void **state)
{
	static const double capacities[] = { 1.1e6, 3.3e6, 5e7, 2.7e8, 2.72e8, 9.9e8 };
	struct search_state s;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		n = find(capacities[i], 2e9, 0, &s);
		if (n > 40)
			fail_msg("%g took %zu trials", capacities[i], n);
		assert_true(s.lower <= capacities[i] * 1.0011);
		assert_true(s.upper > capacities[i]);
		assert_true(s.upper <= s.lower * 1.0101);
		n = find(capacities[i], 2e9, 0.05, &s);
		if (n > 60)
			fail_msg("%g with noise took %zu trials", capacities[i], n);
		assert_true(s.lower > 0.94 * capacities[i] && s.lower < 1.04 * capacities[i]);
	}
	n = find(2e9, 5e9, 0, &s);
	assert_true(s.source_limit && s.lower == 1e9 && n <= 5);
	n = find(2e9, 5e8, 0, &s);
	assert_true(s.source_limit && n <= 5);
	assert_true(fabs(s.conditional_throughput - 5e8) < 1e6);
	n = find(5e5, 2e9, 0, &s);
	assert_true(s.done && !s.lower && n <= 15);
}

/* A burst of 100 is a trial of 0.1 s at 8 Mbit/s, though it is sent in a moment. */
static void one_burst(void **state)
{
	struct trial_result t;
	struct row row = { 0 };

	(void)state;
	row_set(&row, COL_offered_bps, "8000000");
	row_set(&row, COL_datagram, "1000");
	row_set(&row, COL_sent, "100");
	row_set(&row, COL_lost, "2");
	row_set(&row, COL_seconds, "0.0002");
	t = trial_result_of(&goal, &row);
	assert_true(fabs(t.seconds - 0.1) < 1e-9 && fabs(t.reached - 1) < 1e-9);
	assert_true(fabs(t.loss_ratio - 0.02) < 1e-9);
	/* a source that is too slow */
	row_set(&row, COL_seconds, "0.2");
	t = trial_result_of(&goal, &row);
	assert_true(fabs(t.seconds - 0.2) < 1e-9 && fabs(t.reached - 0.5) < 1e-9);
	row_set(&row, COL_sent, "%s", "");
	t = trial_result_of(&goal, &row);
	assert_true(t.loss_ratio == 1);
}

/* A source that stands still for a moment has not reached its limit. */
static void stalls(void **state)
{
	struct trial_result t[] = { { 1e9, 2, 0.5, 0.6 }, { 3e8, 2, 0, 0.2 }, { 3e8, 2, 0, 0.2 },
				    { 3e8, 2, 0, 0.2 } };
	struct search_state once, s;

	(void)state;
	search_state(&goal, t, 1, &once);
	search_state(&goal, t, 2, &s);
	assert_true(!s.done && s.load == once.load && !s.lower);
	search_state(&goal, t, 3, &s);
	assert_true(!s.done && s.load == once.load && !s.lower);
	/* nor does it go on for ever */
	search_state(&goal, t, 4, &s);
	assert_true(s.done && s.source_limit && s.lower == 3e8);
	t[1].reached = 0.97;
	t[0].reached = 0.3;
	search_state(&goal, t, 2, &s);
	assert_true(s.load != once.load);
}

/* Trials that are too short to be counted do not make a search without end. */
static void no_endless_search(void **state)
{
	static struct trial_result t[1000];
	struct search_state s;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(t); n++) {
		search_state(&goal, t, n, &s);
		if (s.done)
			break;
		t[n] = (struct trial_result){ s.load, s.seconds / 10, s.load > 3e8, 1 };
	}
	assert_true(s.done && n <= 200);
}

/* ---- settings and the host ---- */

static void undo(void **state)
{
	char *text, *path = strdup(in_dir("a")), *other = strdup(in_dir("runs.csv"));
	char *kept = strdup(in_dir("state"));

	(void)state;
	put("a", "64\n", 3);
	put("runs.csv", "7\n", 2);
	assert_int_equal(tune_file(kept, path, "64"), 0);
	assert_int_equal(access(kept, F_OK), -1);	/* nothing changed, nothing kept */
	assert_int_equal(tune_file(kept, path, "1"), 0);
	assert_int_equal(tune_file(kept, other, "8"), 0);
	assert_int_equal(tune_file(kept, path, "2"), 0);
	text = get("state");
	assert_non_null(strstr(text, "a\t64\n"));
	assert_null(strstr(text, "\t1\n"));
	/* a half-written last line belongs to a change that was not made */
	put("state", text, strlen(text) - 1);
	free(text);
	assert_int_equal(tune_undo(kept), 0);
	text = get("a");
	assert_memory_equal(text, "64", 2);
	free(text);
	text = get("runs.csv");
	assert_memory_equal(text, "8", 1);
	free(text);
	assert_int_equal(access(kept, F_OK), -1);
	assert_int_equal(tune_undo(kept), 0);
	free(kept);
	free(path);
	free(other);
}

/* Root replays it: another's, or one that says something else, is refused whole and kept. */
/* Only settings that cannot be restored stay in the file. */
static void undo_in_parts(void **state)
{
	char *path = strdup(in_dir("a")), *other = strdup(in_dir("b")), *kept = strdup(in_dir("state"));
	char *text, *want = xasprintf("file\t%s\t8\n", other);

	(void)state;
	put("a", "64\n", 3);
	put("b", "8\n", 2);
	assert_int_equal(tune_file(kept, path, "1"), 0);
	assert_int_equal(tune_file(kept, other, "7"), 0);
	unlink(other);
	assert_int_equal(mkdir(other, 0700), 0);	/* it cannot be written */
	assert_int_equal(tune_undo(kept), -1);
	assert_non_null(strstr(failure(), "keeps what could not be put back"));
	text = get("a");
	assert_memory_equal(text, "64", 2);
	free(text);
	text = get("state");
	assert_string_equal(text, want);
	free(text);
	assert_int_equal(rmdir(other), 0);
	put("b", "7\n", 2);
	assert_int_equal(tune_undo(kept), 0);
	text = get("b");
	assert_memory_equal(text, "8", 1);
	free(text);
	assert_int_equal(access(kept, F_OK), -1);
	/* what is gone with its driver has nothing to be put back */
	put("state", want, strlen(want));
	unlink(other);
	assert_int_equal(tune_undo(kept), 0);
	assert_int_equal(access(kept, F_OK), -1);
	/* but a name alone may be another one now */
	text = "file\t/sys/class/net/nix9/threaded\t1\n";
	put("state", text, strlen(text));
	assert_int_equal(tune_undo(kept), -1);
	assert_int_equal(access(kept, F_OK), 0);
	text = "ring_rx\tnix9\t256\n";
	put("state", text, strlen(text));
	assert_int_equal(tune_undo(kept), -1);
	/* a device that has no interface any more */
	text = "ring_rx\tffff:ff:1f.7\t256\nfile\t/sys/bus/pci/devices/ffff:ff:1f.7/net/*/threaded\t1\n";
	put("state", text, strlen(text));
	assert_int_equal(tune_undo(kept), 0);
	text = "file\t/sys/class/net/lo/queues/rx-0/rps_cpus\t00,0000000f\n";
	assert_int_equal(tune_check_state(text, strlen(text)), 0);
	text = "file\t/proc/sys/net/core/busy_read\t0\nfile\t/sys/class/net/lo/mtu\t65536\n"
	       "file\t/sys/bus/pci/devices/0000:00:03.0/net/*/mtu\t1500\n";
	assert_int_equal(tune_check_state(text, strlen(text)), 0);
	text = "file\t/proc/sys/net/core/netdev_budget\tf\n";
	assert_int_equal(tune_check_state(text, strlen(text)), -1);
	free(want);
	free(kept);
	free(path);
	free(other);
}

static void undo_refuses(void **state)
{
	static const char *const bad[] = {
		"file\t/etc/passwd\t1\n", "file\t%s\t1;reboot\n", "file\t%s\t\033[2J\n",
		"file\t/sys/class/net/../../../etc/threaded\t1\n", "gro\teth0\t-1\n", "gro\tx/..\t1\n",
		"run\treboot\t1\n", "file\t%s\n", "# a remark\n",
	};
	char *path = strdup(in_dir("a")), *kept = strdup(in_dir("state")), *text, *line;
	size_t i;

	(void)state;
	put("a", "64\n", 3);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* a good line before it is not undone either */
		char *fmt = xasprintf("file\t%s\t17\n%s", path, bad[i]);

		line = strstr(bad[i], "%s") ? xasprintf("file\t%s\t17\nfile\t%s%s", path, path,
							strstr(bad[i], "%s") + 2) : strdup(fmt);
		put("state", line, strlen(line));
		assert_int_equal(tune_undo(kept), -1);
		assert_non_null(strstr(failure(), "nothing is put back"));
		assert_null(strchr(failure(), '\033'));
		assert_int_equal(tune_file(kept, path, "1"), -1);
		text = get("state");
		assert_string_equal(text, line);
		free(text);
		text = get("a");
		assert_string_equal(text, "64\n");
		free(text);
		free(line);
		free(fmt);
	}
	put("state", "", 0);
	assert_int_equal(chmod(kept, 0666), 0);
	assert_int_equal(tune_undo(kept), -1);
	assert_int_equal(chmod(kept, 0600), 0);
	unlink(kept);
	assert_int_equal(symlink(path, kept), 0);
	assert_int_equal(tune_undo(kept), -1);
	assert_int_equal(tune_file(kept, path, "1"), -1);
	unlink(kept);
	/* the half line of one that was stopped does not spoil the next */
	put("state", "file\t/pro", 9);
	assert_int_equal(tune_file(kept, path, "2"), 0);
	assert_int_equal(tune_undo(kept), 0);
	text = get("a");
	assert_memory_equal(text, "64", 2);
	free(text);
	free(kept);
	free(path);
}

static void host_mean(void **state)
{
	static const struct host_sample s[] = { { 100, 0 }, { 200, 50 }, { 300, 100 }, { 400, 10 } };

	(void)state;
	assert_true(mean_cpu(s, 4, 200, 300) == 100);
	assert_true(mean_cpu(s, 4, 150, 250) == 75);
	assert_true(mean_cpu(s, 4, 100, 400) == 160 / 3.0);
	assert_true(isnan(mean_cpu(s, 4, 50, 200)));
	assert_true(isnan(mean_cpu(s, 4, 300, 401)));
	assert_true(isnan(mean_cpu(s, 0, 1, 2)));
}

/* Samples come from a hypervisor's program, through a pipe that another may have filled. */
static void host_hostile(void **state)
{
	static const char *const bad[] = {
		"9223372036854775807,1", "-9223372036854775808,1", "-1,1", "99999999999999999999,1",
		"4611686018427387904,1", "5,inf", "5,nan", "5,-1", "5,1e300", "5,0x1p1000", "5", "",
		"time_ns,cpu", ",", "5,", "1e3,5"
	};
	static struct host_sample list[HOST_SAMPLES];
	size_t n = 0, i;
	char line[64];

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(add_sample(list, 0, bad[i]), 0);
	for (i = 0; i < HOST_SAMPLES + 10; i++) {
		snprintf(line, sizeof(line), "%zu,7", 100 * (i + 1));
		n = add_sample(list, n, line);
	}
	assert_int_equal(n, HOST_SAMPLES);
	assert_true(list[0].time == 1100);
	assert_true(mean_cpu(list, n, 1100, 5000) == 7);
	/* asked for what no sampler has: nothing may overflow */
	assert_true(isnan(mean_cpu(list, n, INT64_MIN, INT64_MAX)));
	assert_true(isnan(mean_cpu(list, n, INT64_MAX, INT64_MIN)));
	/* the clock was set back */
	n = add_sample(list, n, "50,1");
	assert_int_equal(n, 1);
	n = add_sample(list, n, "4611686018427387902,2");
	assert_int_equal(n, 2);
	assert_true(mean_cpu(list, n, 50, 4611686018427387902) == 2);
}

static void plain_numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "+1", "-1", "01", "1 ", "1x", "0x10", "1e3", "65536", "4294967297",
		"99999999999999999999999"
	};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_int(bad[i], 0, 65535), -1);
	assert_int_equal(parse_int("0", 0, 65535), 0);
	assert_int_equal(parse_int("0", 1, 65535), -1);
	assert_int_equal(parse_int("65535", 1, 65535), 65535);
	assert_int_equal(parse_scaled("0x10", 1000, &value), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(journal_survives, empty_dir),
		cmocka_unit_test_setup(journal_refuses, empty_dir),
		cmocka_unit_test_setup(journal_disk_full, empty_dir),
		cmocka_unit_test_setup(journal_edited, empty_dir),
		cmocka_unit_test_setup(folders, empty_dir),
		cmocka_unit_test(texts),
		cmocka_unit_test(snapshots),
		cmocka_unit_test(kernel_files),
		cmocka_unit_test(sources),
		cmocka_unit_test(buffer_of_another),
		cmocka_unit_test(end_for_another),
		cmocka_unit_test(parent_killed),
		cmocka_unit_test(numbers_watched),
		cmocka_unit_test(delays_watched),
		cmocka_unit_test(numbers_corrupted),
		cmocka_unit_test(pulls_apart),
		cmocka_unit_test(loss_adds_up),
		cmocka_unit_test(loss_of_others),
		cmocka_unit_test(failures_of_trials),
		cmocka_unit_test(drops_of_one),
		cmocka_unit_test(routes),
		cmocka_unit_test(plan_grid),
		cmocka_unit_test_setup(plan_datagram, empty_dir),
		cmocka_unit_test(plan_conditions),
		cmocka_unit_test(plan_until),
		cmocka_unit_test(plan_blocks),
		cmocka_unit_test(plan_refuses),
		cmocka_unit_test_setup(plan_edited, empty_dir),
		cmocka_unit_test(numbers),
		cmocka_unit_test(classes),
		cmocka_unit_test(searches),
		cmocka_unit_test(one_burst),
		cmocka_unit_test(stalls),
		cmocka_unit_test(no_endless_search),
		cmocka_unit_test_setup(undo, empty_dir),
		cmocka_unit_test_setup(undo_in_parts, empty_dir),
		cmocka_unit_test_setup(undo_refuses, empty_dir),
		cmocka_unit_test(host_mean),
		cmocka_unit_test(host_hostile),
		cmocka_unit_test(plain_numbers),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests_name("napimeter", tests, NULL, NULL);
	empty_dir(NULL);
	rmdir(dir);
	return failed;
}
