// SPDX-License-Identifier: GPL-2.0
/*
 * Makes up sweeps whose truth is known: napimeter's own plan says which trials there
 * are, its writer writes them, and only the measurements come from a model here.
 *
 * The model: a weight takes up to its capacity in packets; every trial scatters around
 * it, and so may a weight in one stream (interleave: repetition) or session, which stays
 * the same within it.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"
#include "search.h"

static const char usage[] =
	"usage: simulate [OPTION…] DIR KEY=VALUE…\n"
	"Writes made-up sweeps into DIR/1, DIR/2, …; KEY=VALUE as for napimeter plan.\n"
	"  --sweeps N        number of sweeps (1)\n"
	"  --seed N          of the random numbers (1)\n"
	"  --capacity BPS    payload that weight 64 takes (half of the load)\n"
	"  --gain W=F        weight W takes F times that\n"
	"  --cost W=F        and needs F times the CPU\n"
	"  --noise P         scatter of a trial, percent (1)\n"
	"  --noise-of W=F    F times as much for this weight\n"
	"  --heavy           heavy tails (t with 3 degrees of freedom)\n"
	"  --auto R          correlation of a trial with the one before (0)\n"
	"  --boot P          scatter of a weight from session to session, percent (0)\n"
	"  --stream P        scatter of a weight from stream to stream, percent (0)\n"
	"  --trend P         all trials deliver P percent more at the end than at the start (0)\n"
	"  --steal P         the host takes P percent in every third trial (0)\n"
	"  --lossy P         share of trials with loss, percent; all else lose nothing\n"
	"  --host            with the host's CPU\n"
	"  --failed W=LOAD   this weight fails above this load\n";

struct of_weight {
	double weight, value;
};

static struct of_weight gains[64], costs[64], noises[64], fails[64];
static double capacity, noise = 1, autocorrelation, boot, stream, lossy = -1, trend, steal;
static bool heavy, host;
static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* of variance 1 */
static double scatter(void)
{
	double z = normal(), chi = 0;
	int i;

	if (!heavy)
		return z;
	for (i = 0; i < 3; i++)
		chi += pow(normal(), 2);
	return z / sqrt(chi / 3) / sqrt(3);
}

static double of(const struct of_weight *list, double weight, double otherwise)
{
	for (; list->weight; list++)
		if (list->weight == weight)
			return list->value;
	return otherwise;
}

static void take(struct of_weight *list, const char *text)
{
	while (list->weight)
		list++;
	if (sscanf(text, "%lf=%lf", &list->weight, &list->value) != 2) {
		fprintf(stderr, "simulate: \"%s\" is not WEIGHT=NUMBER\n", text);
		exit(EXIT_BAD_USAGE);
	}
}

/* the weight's own shift in this stream or session: the same whenever it is asked */
static double shift(double percent, double weight, int64_t which, int64_t sweep)
{
	uint64_t kept = state;
	double z;

	state = 88172645463325252ULL ^ (uint64_t)(weight * 7919 + which * 104729 + sweep * 1299709);
	for (z = 0; z < 20; z++)
		uniform();
	z = normal();
	state = kept;
	return 1 + percent / 100 * z;
}

/* at: the place in the order of the trials, 0 to 1 */
static void measure_up(struct row *row, double seconds, int64_t sweep, double at)
{
	static double last;
	double weight = row_number(row, COL_weight), load = row_number(row, COL_offered_bps);
	double offered = load > 0 ? load : 950e6, bits = row_number(row, COL_datagram) * 8;
	double sent = floor(offered * seconds / bits), takes, received, polls, cpu;
	int64_t session, streams;

	if (load > of(fails, weight, INFINITY)) {
		row_set(row, COL_status, "failed");
		row_set(row, COL_reason, "made up to fail");
		return;
	}
	last = autocorrelation * last + sqrt(1 - autocorrelation * autocorrelation) * scatter();
	takes = (capacity > 0 ? capacity : offered / 2) * of(gains, weight, 1) *
		(1 + noise / 100 * of(noises, weight, 1) * last);
	session = row_integer(row, COL_session, 0);
	/* interleave has a stream of its own for each load */
	streams = row_is(row, COL_method, "interleave") ? 10000 * (int64_t)(load / 1e6) : 0;
	takes *= shift(stream, weight, streams + 1000 * session + row_integer(row, COL_rep, 1), sweep) *
		 shift(boot, weight, -session, sweep) * (1 + trend / 100 * (at - 0.5));
	received = fmax(0, fmin(sent, floor(takes * seconds / bits)));
	if (lossy >= 0)
		received = uniform() * 100 < lossy ? floor(sent * 0.99) : sent;
	row_set(row, COL_status, "ok");
	row_set_number(row, COL_started_ns, 1.7e18 + 1e10 * row_integer(row, COL_trial, 1));
	row_set_number(row, COL_seconds, seconds);
	if (!row_is(row, COL_protocol, "tcp")) {
		row_set_number(row, COL_sent, sent);
		row_set_number(row, COL_received, received);
		row_set_number(row, COL_lost, sent - received);
		row_set_number(row, COL_lost_before_nic, 0);
		row_set_number(row, COL_lost_ring, sent - received);
		row_set_number(row, COL_lost_backlog, 0);
		row_set_number(row, COL_lost_socket, 0);
		row_set_number(row, COL_lost_app, 0);
		row_set_number(row, COL_remainder, 0);
		row_set_number(row, COL_remainder_high, 0);
	}
	row_set_number(row, COL_bandwidth_bps, floor(received * bits / seconds));
	row_set_number(row, COL_jitter_us, 20);
	polls = ceil(received / fmin(weight, 8));
	row_set_number(row, COL_rx_packets, received);
	row_set_number(row, COL_irqs, polls);
	row_set_number(row, COL_polls, polls);
	row_set_number(row, COL_polls_whole_budget, 0);
	row_set_number(row, COL_polls_empty, 0);
	row_set_number(row, COL_polls_tx_unfinished, 0);
	row_set_number(row, COL_polls_ksoftirqd, 0);
	row_set_number(row, COL_time_squeeze, 0);
	if (polls > 0) {
		row_set_number(row, COL_rx_per_poll, received / polls);
		row_set_number(row, COL_rx_per_irq, received / polls);
	}
	/* a packet costs the same whatever came through */
	cpu = received / seconds * 1e-3 * of(costs, weight, 1) *
	      (1 + noise / 100 * of(noises, weight, 1) * scatter());
	row_set_number(row, COL_cpu_total, fmax(0, cpu));
	row_set_number(row, COL_cpu_softirq, fmax(0, cpu / 2));
	row_set_number(row, COL_cpu_system, fmax(0, cpu / 3));
	row_set_number(row, COL_cpu_steal, row_integer(row, COL_trial, 1) % 3 ? 0 : steal);
	if (host)
		row_set_number(row, COL_host_cpu, fmax(0, cpu * 1.3));
}

static FILE *create(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f)
		die(EXIT_FAILED, "%s: cannot be written", path);
	free(path);
	return f;
}

static void write_rows(const struct plan *plan, FILE *out, int64_t sweep)
{
	size_t i, trials = plan_trials(plan);
	bool search = !strcmp(plan->method, "mlfrr");
	struct journal runs = { .columns = plan->columns };
	struct todo todo = { .seconds = strcmp(plan->method, "interleave") ? plan->seconds :
								plan->slot_s };

	runs.rows = xcalloc(100000, sizeof(*runs.rows));
	for (i = 0; search ? search_next(plan, &runs, &todo) > 0 : i < trials; i++) {
		char *line;

		if (!search)
			plan_trial(plan, i, &todo.spec);
		measure_up(&todo.spec, todo.seconds, sweep, trials > 1 ? (double)i / (trials - 1) : 0);
		runs.rows[runs.count++] = todo.spec;
		line = run_line(&todo.spec, plan->columns);
		fputs(line, out);
		free(line);
	}
	free(runs.rows);
}

static void write_sweep(const char *dir, char *const words[], int64_t sweep)
{
	struct plan plan;
	char *header;
	FILE *out;

	if ((mkdir(dir, 0755) && access(dir, W_OK)) || plan_make(dir, words) ||
	    plan_load(&plan, dir))
		die(EXIT_FAILED, "%s: %s", dir, failure());
	out = create(dir, "meta.json");
	fputs("{\"format\": 1, \"hypervisor\": \"made up\", \"stand_in\": false}\n", out);
	fclose(out);
	out = create(dir, "runs.csv");
	header = run_header(plan.columns);
	fputs(header, out);
	free(header);
	write_rows(&plan, out, sweep);
	fclose(out);
	plan_free(&plan);
}

int main(int argc, char *argv[])
{
	enum { SWEEPS = 256, SEED, CAPACITY, GAIN, COST, NOISE, NOISE_OF, HEAVY, AUTO, BOOT, STREAM,
	       LOSSY, HOST, FAILED, TREND, STEAL };
	static const struct option longs[] = {
		{ "sweeps", required_argument, NULL, SWEEPS },
		{ "seed", required_argument, NULL, SEED },
		{ "capacity", required_argument, NULL, CAPACITY },
		{ "gain", required_argument, NULL, GAIN },
		{ "cost", required_argument, NULL, COST },
		{ "noise", required_argument, NULL, NOISE },
		{ "noise-of", required_argument, NULL, NOISE_OF },
		{ "heavy", no_argument, NULL, HEAVY },
		{ "auto", required_argument, NULL, AUTO },
		{ "boot", required_argument, NULL, BOOT },
		{ "stream", required_argument, NULL, STREAM },
		{ "lossy", required_argument, NULL, LOSSY },
		{ "host", no_argument, NULL, HOST },
		{ "failed", required_argument, NULL, FAILED },
		{ "trend", required_argument, NULL, TREND },
		{ "steal", required_argument, NULL, STEAL },
		{ NULL, 0, NULL, 0 },
	};
	char *words[64] = { "interface=eth0", "server=192.0.2.1" };
	long sweeps = 1, seed = 1, i, n = 2;
	char *dir;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case SWEEPS: sweeps = atol(optarg); break;
		case SEED: seed = atol(optarg); break;
		case CAPACITY: capacity = atof(optarg); break;
		case GAIN: take(gains, optarg); break;
		case COST: take(costs, optarg); break;
		case NOISE: noise = atof(optarg); break;
		case NOISE_OF: take(noises, optarg); break;
		case HEAVY: heavy = true; break;
		case AUTO: autocorrelation = atof(optarg); break;
		case TREND: trend = atof(optarg); break;
		case STEAL: steal = atof(optarg); break;
		case BOOT: boot = atof(optarg); break;
		case STREAM: stream = atof(optarg); break;
		case LOSSY: lossy = atof(optarg); break;
		case HOST: host = true; break;
		case FAILED: take(fails, optarg); break;
		default: fputs(usage, stderr); return EXIT_BAD_USAGE;
		}
	}
	if (optind >= argc || argc - optind > 50) {
		fputs(usage, stderr);
		return EXIT_BAD_USAGE;
	}
	dir = argv[optind];
	if (mkdir(dir, 0755) && access(dir, W_OK))
		die(EXIT_FAILED, "%s: cannot make or write this directory", dir);
	for (i = optind + 1; i < argc; i++)
		words[n++] = argv[i];
	state = 88172645463325252ULL ^ (uint64_t)seed * 2654435761ULL;
	for (i = 0; i < 100; i++)
		uniform();
	for (i = 1; i <= sweeps; i++) {
		char *path = xasprintf("%s/%ld", dir, i), *word = xasprintf("seed=%ld", seed + i);

		words[n] = word;
		write_sweep(path, words, seed * 100000 + i);
		free(word);
		free(path);
	}
	return EXIT_OK;
}
