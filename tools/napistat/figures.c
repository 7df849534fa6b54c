// SPDX-License-Identifier: GPL-2.0
/*
 * figures: what report.sh draws. Each figure is a file of gnuplot blocks
 * (two blank lines between; the first line of a block is its title) and a
 * line in index.tsv, fields between tabs:
 *
 *   id kind title subtitle xlabel ylabel ymin ymax styles see here
 *
 * kind names the gnuplot script; styles is a line style for each block, where a
 * weight has the same one in every figure; ymin and ymax are the same for all figures of
 * one title and hypervisor, so that folders can be compared by eye. Another hypervisor may
 * carry a hundredth of that, and has a scale of its own. Only what was measured becomes a
 * figure.
 *
 * Kinds load, loadlog and weight have a line of six numbers for each mean (figure_point),
 * and after all blocks, in the same order, blocks of the single values: x and y.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "figures.h"

static const struct {
	const char *metric, *see;
} against_load[] = {
	{ "delivered_bps", "A weight that keeps up follows the diagonal; where its line bends away, packets are lost from there on, or the source sent less than it was asked." },
	{ "packets_per_s", "Packets that the driver took from the NIC. Where this bends but the NIC was sent more, the loss is before the driver's poll." },
	{ "loss", "Share of the sent packets that never reached the application. Flat at zero is what one wants; the first load above it is where the weight gives up." },
	{ "host_cpu", "What the whole VM costs its host; 100 % is one thread. The study believed this figure where guest and host disagreed." },
	{ "cpu_total", "What the guest believes it uses; 100 % is one thread. Compare with the host's figure: they need not agree." },
	{ "cpu_softirq", "The part of the guest's CPU that goes into receiving. At 100 % one CPU does nothing else, and more load means loss." },
	{ "irqs_per_s", "When the load grows and this falls to nothing, the driver never leaves polling: ksoftirqd owns a CPU." },
	{ "rx_per_irq", "How many packets each interrupt is worth. It rises where polling takes over from interrupts." },
	{ "delay_p50_us", "How much longer than the quickest packets half of them took, to the application or, with iperf, to IP." },
	{ "delay_p99_us", "One packet in a hundred took longer than this. Where it climbs with the load, packets wait in the ring or behind a long poll, though none need be lost yet." },
	{ "rx_per_poll", "It cannot exceed the weight: a line that lies on its weight polls as much as it may each time." },
};

static const struct {
	const char *metric, *see;
} against_weight[] = {
	{ "delivered_bps", "If the line rises and then is flat, small weights hold bandwidth back and large ones change nothing. If it falls, packets die in the socket buffer instead." },
	{ "packets_per_s", "Packets that the driver took. The study found it to follow bandwidth closely with TCP, and to go against it with UDP and a small socket buffer." },
	{ "host_cpu", "CPU of the VM as its host sees it; 100 % is one thread. The best weight is where this is low and bandwidth is not." },
	{ "cpu_total", "CPU in the guest; 100 % is one thread. The best weight is where this is low and bandwidth is not." },
	{ "delay_p50_us", "How much longer than the quickest packets half of them took. It cannot say what all packets have in common." },
	{ "delay_p99_us", "One packet in a hundred took longer than this. If it climbs with the weight, long polls keep packets or the application waiting." },
	{ "irqs_per_s", "Hardware interrupts. Close to none means that the driver never leaves polling." },
	{ "rx_per_poll", "Packets that one poll takes on average. Where it stays below the weight, a larger weight changes nothing." },
};

static void each_curve(struct figures *f,
		       void (*draw)(struct figures *f, size_t from, size_t to))
{
	size_t from, to;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		draw(f, from, to);
	}
}

static size_t count(const struct data *d, size_t from, size_t to, bool loads)
{
	double *list;
	size_t n = distinct_values(d, from, to, loads, &list);

	free(list);
	return n;
}

static void all_loads(struct figures *f, size_t i)
{
	size_t from, to;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		if (count(f->d, from, to, true) > 1 &&
		    !is_search(cell_trial(f->d, &f->d->cells[from])))
			draw_load(f, from, to, metric_find(against_load[i].metric),
				  against_load[i].see);
	}
}

static void all_weights(struct figures *f, size_t i)
{
	size_t from, to, n;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		n = count(f->d, from, to, false);
		if (is_search(cell_trial(f->d, &f->d->cells[from])))
			continue;
		if (n > MAX_LINES || (n > 1 && count(f->d, from, to, true) == 1))
			draw_weight(f, from, to, metric_find(against_weight[i].metric),
				    against_weight[i].see);
	}
}

static void loss_of_curve(struct figures *f, size_t from, size_t to)
{
	if (!is_search(cell_trial(f->d, &f->d->cells[from])))
		draw_loss(f, from, to);
}

static void poll_times(struct figures *f, size_t from, size_t to)
{
	if (is_search(cell_trial(f->d, &f->d->cells[from])))
		return;
	draw_times(f, from, to, "poll_ns", "Duration of a poll",
		   "How long one poll holds the CPU, at the highest load. A line further right belongs to a weight that lets polls run longer; its packets get through in fewer of them.");
}

static void poll_latency(struct figures *f, size_t from, size_t to)
{
	if (is_search(cell_trial(f->d, &f->d->cells[from])))
		return;
	draw_times(f, from, to, "irq_to_poll_ns", "From interrupt to poll",
		   "How long a packet waits until the driver is allowed to look, at the highest load. A long tail means that the softirq had to stand in line.");
}

static void paired_curve(struct figures *f, size_t from, size_t to)
{
	if (!strcmp(word(cell_trial(f->d, &f->d->cells[from]), COL_method),
		    "interleave"))
		draw_paired(f, from, to);
}

static void write_index(struct figures *f)
{
	char *path = path_of(f, "index.tsv");
	FILE *index = fopen(path, "w");
	size_t i, k;

	if (!index) {
		figure_failed(f, path);
		free(path);
		return;
	}
	for (i = 0; i < f->n; i++) {
		struct figure *g = &f->list[i];
		double lo = g->lo, hi = g->hi;

		for (k = 0; k < f->n; k++)
			if (!strcmp(f->list[k].title, g->title) &&
			    !strcmp(f->list[k].kind, g->kind) &&
			    !strcmp(f->d->folders[f->list[k].folder].hypervisor,
				    f->d->folders[g->folder].hypervisor)) {
				lo = fmin(lo, f->list[k].lo);
				hi = fmax(hi, f->list[k].hi);
			}
		fprintf(index, "%03zu\t%s\t%s%s\t%s\t%s\t%s\t%.6g\t%.6g\t",
			i + 1, g->kind, g->title,
			!strncmp(g->kind, "load", 4) ? " against load" :
			!strcmp(g->kind, "weight") ? " against weight" : "",
			g->subtitle, g->xlabel,
			g->ylabel, lo, hi > 0 ? hi : 1);
		for (k = 0; k < g->blocks && k < MAX_LINES; k++)
			fprintf(index, "%s%d", k ? " " : "", g->styles[k]);
		fprintf(index, "\t%s\t%s\n", g->see,
			g->here && g->here[0] ? g->here : "-");
	}
	if (fclose(index))
		figure_failed(f, path);
	free(path);
}

int cmd_figures(const struct data *d, const struct options *o)
{
	struct figures f = { .d = d, .o = o };
	size_t i;

	if (!o->out) {
		fputs("napistat: --out DIR is missing\n", stderr);
		return 1;
	}
	if (mkdir(o->out, 0777) && errno != EEXIST)
		figure_failed(&f, o->out);
	f.n_weights = weights_of(d, 0, d->n_cells, &f.weights);
	for (i = 0; i < sizeof(against_load) / sizeof(against_load[0]); i++)
		all_loads(&f, i);
	for (i = 0; i < sizeof(against_weight) / sizeof(against_weight[0]); i++)
		all_weights(&f, i);
	each_curve(&f, loss_of_curve);
	each_curve(&f, draw_mlfrr);
	each_curve(&f, paired_curve);
	each_curve(&f, draw_hist);
	each_curve(&f, poll_times);
	each_curve(&f, poll_latency);
	for (i = 0; i < d->n_folders; i++)
		draw_order(&f, i);
	if (!f.failed)
		write_index(&f);
	for (i = 0; i < f.n; i++) {
		free(f.list[i].subtitle);
		free(f.list[i].here);
	}
	free(f.list);
	free(f.weights);
	return f.failed;
}
