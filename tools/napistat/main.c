// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "napistat.h"
#include "../lib/paired.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
"Usage: napistat COMMAND [OPTION…] DIR…\n"
"Statistics and verdicts from results folders of a sweep.\n"
"\n"
"Commands:\n"
"  verdict    best weight, socket buffer, one CPU or two; or \"keep 64\"\n"
"  table      the study's table 4.27, a column for each folder\n"
"  summary    per cell: n, mean, sd and interval of each metric\n"
"  compare    weights against each other: different, equal, or cannot say; of two\n"
"             folders (and no --reference), the second against the first, cell by cell\n"
"  trend      of three folders or more, in their order: each against the one before\n"
"  pairs      two settings measured in turn: keep the first, or change to the second\n"
"  correlate  Pearson's r, of bandwidth and packets by default\n"
"  mlfrr      the loss-free rate of each weight\n"
"  cost       CPU seconds per million packets: guest, host, and what the host adds\n"
"  hist       the driver's histograms, summed over each cell\n"
"  facts      the machines, from meta.json\n"
"  figures    data for the report's figures, into --out DIR\n"
"  report     the same, and every table of scripts/report.sh beside them\n"
"  rows       every trial's --columns as they are in runs.csv, with tabs between and\n"
"             - for an empty one\n"
"  metrics    the metrics that --metric knows\n"
"  columns    of runs.csv: name, type, unit, role\n"
"  ratio      of a file with two numbers a line, measured in turn: their ratio, its\n"
"             interval, and whether they are equal within the margin\n"
"\n"
"Options:\n"
"  -f, --format F      text (default), csv, json, markdown, html, prometheus\n"
"  -m, --metric A,B…   metrics to use, or all (default: delivered_bps, loss,\n"
"                      cpu_total, host_cpu)\n"
"      --confidence P  of intervals and tests, percent (95)\n"
"      --margin P      two weights are equal within this many percent (2);\n"
"                      for losses, percentage points\n"
"      --loss P        loss up to this many percent counts as none (0.1)\n"
"      --reference W   the weight to beat (64, or the nearest measured);\n"
"                      given to compare: compare with this one only\n"
"      --x M, --y M    correlate: which metrics (delivered_bps, packets_per_s)\n"
"      --over O        correlate: over weight (default) or load\n"
"      --histogram H   hist: this one only, rx_per_poll say\n"
"      --objective O   pairs: what is to become better: rate (default), latency, cpu\n"
"      --columns A,B…  rows: which columns\n"
"      --out DIR       figures, report: where to write\n"
"  -h, --help          this text\n"
"\n"
"A folder whose meta.json says stand_in is named a stand-in wherever it shows.\n"
"Files: DIR/runs.csv, DIR/meta.json, DIR/hist.csv\n"
"Exit status: 0 done, 1 failed (a damaged file is named with line and column), 2 wrong\n"
"usage.\n"
"Example: napistat verdict results/grid\n";

typedef int command(const struct data *d, const struct options *o);

/* all that scripts/report.sh puts together, as to read the folders takes longest */
static int cmd_report(const struct data *d, const struct options *o)
{
	static const struct {
		const char *file;
		command *run;
		enum format format;
	} parts[] = {
		{ "verdict.text", cmd_verdict, F_TEXT },
		{ "verdict.html", cmd_verdict, F_HTML },
		{ "verdict.markdown", cmd_verdict, F_MARKDOWN },
		{ "table.html", cmd_table, F_HTML },
		{ "table.markdown", cmd_table, F_MARKDOWN },
		{ "mlfrr.html", cmd_mlfrr, F_HTML },
		{ "mlfrr.markdown", cmd_mlfrr, F_MARKDOWN },
		{ "cost.html", cmd_cost, F_HTML },
		{ "cost.markdown", cmd_cost, F_MARKDOWN },
		{ "compare.html", cmd_compare, F_HTML },
		{ "compare.markdown", cmd_compare, F_MARKDOWN },
		{ "correlate.html", cmd_correlate, F_HTML },
		{ "facts.html", cmd_facts, F_HTML },
		{ "facts.markdown", cmd_facts, F_MARKDOWN },
		{ "summary.prometheus", cmd_summary, F_PROMETHEUS },
		{ "hist.prometheus", cmd_hist, F_PROMETHEUS },
	};
	struct options part = *o;
	size_t i;
	char *path;
	int err = cmd_figures(d, o);

	part.only_reference = true; /* the report has no room for every pair */
	part.histogram = "rx_per_poll";
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && !err; i++) {
		if (asprintf(&path, "%s/%s", o->out, parts[i].file) < 0)
			must(NULL);
		part.format = parts[i].format;
		err = !freopen(path, "w", stdout);
		if (err)
			perror(path);
		else
			err = parts[i].run(d, &part);
		free(path);
	}
	return err;
}

static void usage(const char *format, const char *what)
{
	fputs("napistat: ", stderr);
	fprintf(stderr, format, what);
	fputs("\nTry: napistat --help\n", stderr);
	exit(EXIT_USAGE);
}

static int cmd_rows(const struct data *d, const struct options *o)
{
	size_t i, k;

	if (!o->n_columns)
		usage("rows requires --columns%s", "");
	for (i = 0; i < d->n_trials; i++)
		for (k = 0; k < o->n_columns; k++) {
			const char *text = word(&d->trials[i], o->columns[k]);

			printf("%s%c", *text ? text : "-", k + 1 < o->n_columns ? '\t' : '\n');
		}
	return fflush(stdout) || ferror(stdout);
}

static const struct {
	const char *name;
	command *run;
} commands[] = {
	{ "verdict", cmd_verdict },
	{ "table", cmd_table },
	{ "summary", cmd_summary },
	{ "compare", cmd_compare },
	{ "trend", cmd_trend },
	{ "pairs", cmd_pairs },
	{ "correlate", cmd_correlate },
	{ "mlfrr", cmd_mlfrr },
	{ "cost", cmd_cost },
	{ "hist", cmd_hist },
	{ "facts", cmd_facts },
	{ "rows", cmd_rows },
	{ "figures", cmd_figures },
	{ "report", cmd_report },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *const format_names[] = { "text", "csv", "json", "markdown",
					    "html", "prometheus" };

static double option_number(const char *option, const char *s, double lo, double hi)
{
	char *end;
	double v = strtod(s, &end);

	if (!strcmp(end, "%"))
		end++;
	if (*s && !*end && v >= lo && v <= hi)
		return v;
	fprintf(stderr, "napistat: --%s takes a number from %g to %g, not \"%s\"\n",
		option, lo, hi, s);
	exit(EXIT_USAGE);
}

static const struct metric *metric_named(const char *name)
{
	const struct metric *m = metric_find(name);

	if (!m)
		usage("unknown metric \"%s\"; napistat metrics lists them", name);
	return m;
}

static void take_metrics(struct options *o, char *list)
{
	char *name;
	size_t i;

	o->n_metrics = 0;
	if (!strcmp(list, "all"))
		for (i = 0; metric_at(i); i++)
			o->metrics[o->n_metrics++] = metric_at(i);
	else
		for (name = strtok(list, ","); name; name = strtok(NULL, ",")) {
			if (o->n_metrics == MAX_METRICS)
				usage("too many figures in \"%s\"", name);
			o->metrics[o->n_metrics++] = metric_named(name);
		}
	if (!o->n_metrics)
		usage("--metric%s needs a figure's name", "");
}

static void take_columns(struct options *o, char *list)
{
	char *name;
	int col;

	for (name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		col = column_find(name);
		if (col < 0 || o->n_columns == COL_COUNT)
			usage("runs.csv has no column \"%s\", or not as many", name);
		o->columns[o->n_columns++] = col;
	}
}

static enum format format_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++)
		if (!strcmp(name, format_names[i]))
			return i;
	usage("unknown format \"%s\"", name);
	return F_TEXT;
}

static void read_options(int argc, char **argv, struct options *o)
{
	enum { CONFIDENCE = 256, MARGIN, LOSS, REFERENCE, X, Y, OVER, HISTOGRAM,
	       COLUMNS, OUT, OBJECTIVE };
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "metric", required_argument, NULL, 'm' },
		{ "confidence", required_argument, NULL, CONFIDENCE },
		{ "margin", required_argument, NULL, MARGIN },
		{ "loss", required_argument, NULL, LOSS },
		{ "reference", required_argument, NULL, REFERENCE },
		{ "x", required_argument, NULL, X },
		{ "y", required_argument, NULL, Y },
		{ "over", required_argument, NULL, OVER },
		{ "histogram", required_argument, NULL, HISTOGRAM },
		{ "columns", required_argument, NULL, COLUMNS },
		{ "out", required_argument, NULL, OUT },
		{ "objective", required_argument, NULL, OBJECTIVE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char standard[] = "delivered_bps,loss,cpu_total,host_cpu";
	int c;

	*o = (struct options){ .confidence = 0.95, .margin = 0.02, .loss = 0.001,
			       .reference = DEFAULT_WEIGHT,
			       .x = metric_find("packets_per_s"),
			       .y = metric_find("delivered_bps") };
	take_metrics(o, standard);
	while ((c = getopt_long(argc, argv, "f:m:h", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->format = format_named(optarg);
			break;
		case 'm':
			take_metrics(o, optarg);
			break;
		case CONFIDENCE:
			o->confidence = option_number("confidence", optarg, 50, 99.999) / 100;
			break;
		case MARGIN:
			o->margin = option_number("margin", optarg, 0.001, 99) / 100;
			break;
		case LOSS:
			o->loss = option_number("loss", optarg, 0, 100) / 100;
			o->loss_given = true;
			break;
		case REFERENCE:
			o->reference = option_number("reference", optarg, 1, 4096);
			if (o->reference != floor(o->reference))
				usage("a weight is a whole number, not \"%s\"", optarg);
			o->only_reference = true;
			break;
		case X:
			o->x = metric_named(optarg);
			break;
		case Y:
			o->y = metric_named(optarg);
			break;
		case OVER:
			o->over_load = !strcmp(optarg, "load");
			if (!o->over_load && strcmp(optarg, "weight"))
				usage("--over takes weight or load, not \"%s\"", optarg);
			break;
		case HISTOGRAM:
			o->histogram = optarg;
			break;
		case COLUMNS:
			take_columns(o, optarg);
			break;
		case OUT:
			o->out = optarg;
			break;
		case OBJECTIVE:
			o->objective = objective_find(optarg);
			if (o->objective < 0)
				usage("--objective takes rate, latency or cpu, not \"%s\"", optarg);
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			usage("%s", "an option is wrong (see above)");
		}
	}
}

/* CSV, so that tests and people can compare it with docs/sweep.md */
static void list_columns(void)
{
	size_t i;

	puts("name,type,unit,role");
	for (i = 0; i < COL_COUNT; i++)
		printf("%s,%s,%s,%s\n", run_columns[i].name, type_text(run_columns[i].type),
		       run_columns[i].unit, role_text(run_columns[i].role));
}

/* Only measuring needs root. Say so if sudo's caller could do this too. */
static void say_if_root(const char *dir)
{
	const char *caller = getenv("SUDO_UID");
	struct stat st;
	char *end;

	if (geteuid() || !caller || !*caller || stat(dir, &st) || !st.st_uid)
		return;
	if (st.st_uid == strtoul(caller, &end, 10) && !*end)
		fputs("napistat: note: this needs no root; run it without sudo\n", stderr);
}

int main(int argc, char **argv)
{
	const struct trial *copy, *of;
	struct data d = { 0 };
	struct problem why;
	struct options o;
	size_t i;
	int err = 0;

	read_options(argc, argv, &o);
	argc -= optind;
	argv += optind;
	if (!argc)
		usage("%s", "a command is missing");
	if (!strcmp(argv[0], "metrics")) {
		metric_list();
		return 0;
	}
	if (!strcmp(argv[0], "columns")) {
		list_columns();
		return 0;
	}
	if (!strcmp(argv[0], "ratio")) {
		if (argc != 2)
			usage("%s needs a file", argv[0]);
		return cmd_ratio(argv[1], &o);
	}
	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(argv[0], commands[i].name))
			break;
	if (i == N_COMMANDS)
		usage("unknown command \"%s\"", argv[0]);
	if (argc < 2)
		usage("%s needs a results folder", argv[0]);
	if (commands[i].run == cmd_trend && argc < 3)
		usage("%s needs two results folders or more", argv[0]);
	say_if_root(argv[1]);
	err = data_check_folders(argv + 1);
	while (*++argv && !err) {
		err = data_read_folder(&d, *argv, &why);
		if (err)
			fprintf(stderr, "napistat: %s\n", why.text);
	}
	if (!err) {
		data_arrange(&d);
		copy = data_copy(&d, &of);
		if (copy)
			err = fprintf(stderr, "napistat: %s/runs.csv:%u:1: trial %lld is trial %lld again, under another number\n",
				      d.folders[copy->folder].path, copy->line,
				      trial_id(copy), trial_id(of));
		else if (commands[i].run == cmd_compare && d.n_folders == 2 && !o.only_reference)
			err = cmd_between(&d, &o);
		else
			err = commands[i].run(&d, &o);
	}
	data_free(&d);
	intern_free();
	return err ? 1 : 0;
}
