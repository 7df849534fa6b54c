/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the subcommands. */
#ifndef NAPISTAT_H
#define NAPISTAT_H

#include "data.h"
#include "../lib/stats.h"
#include "table.h"

#define DEFAULT_WEIGHT 64.0
#define MAX_METRICS 40
/* an interval that ends above 1000 % says that its end is not known */
#define SHARE_MOST 10.0

struct metric {
	const char *name;
	const char *title;
	const char *unit, *shown_unit;
	double scale; /* from unit to shown_unit */
	int decimals;
	/* margins and differences are shares of the mean; else in the unit itself, and a share */
	bool relative;
	double (*of)(const struct trial *t);
};

struct options {
	enum format format;
	double confidence;
	double margin; /* 0.02 = 2 % */
	double loss; /* a loss ratio up to this counts as none */
	bool loss_given; /* it overrules the goal of a search */
	double reference; /* the weight that is kept unless another is better */
	int objective; /* of pairs: enum objective */
	bool only_reference; /* --reference was given: compare with it alone */
	const struct metric *metrics[MAX_METRICS];
	size_t n_metrics;
	const struct metric *x, *y;
	bool over_load; /* correlate over the loads, not over the weights */
	const char *histogram;
	enum column columns[COL_COUNT];
	size_t n_columns;
	const char *out;
};

/* metric.c */
const struct metric *metric_find(const char *name);
const struct metric *metric_at(size_t i); /* NULL past the last */
void metric_list(void);	/* to stdout, for people */

/* cells.c */
#define N_LABELS (1 + N_SETTINGS + 2)
int label_columns(struct table *t); /* the first of them */
void label_row(struct table *t, int first, const struct data *d,
	       const struct trial *trial);
void no_weight(struct table *t, int first); /* empty the weight of a row */
void no_load(struct table *t, int first);
size_t cell_sessions(const struct data *d, const struct cell *c);
size_t cell_streams(const struct data *d, const struct cell *c);
const char *cell_level(const struct data *d, const struct cell *c);
double margin_of(const struct options *o, const struct metric *m);
size_t cell_values(const struct data *d, const struct cell *c,
		   const struct metric *m, double *to);
struct sample cell_sample(const struct data *d, const struct cell *c,
			  const struct metric *m);
/* the cells [from, to) by weight, then load; to be freed */
const struct cell **by_weight(const struct data *d, size_t from, size_t to);
double nearest_weight(const struct data *d, size_t from, size_t to, double to_w);
char *settings_text(const struct data *d, const struct trial *t);
char *load_text(double bps);
/* the end of an interval of a share, in per cent */
void share_end(struct table *t, int column, double v);
void note_folders(struct table *t, const struct data *d);
void note_until(struct table *t, const struct data *d);	/* which folders used --until */

/* strata.c */
bool compare_cells(const struct data *d, const struct cell *a,
		   const struct cell *b, const struct metric *m,
		   struct stratum *s);

struct place {
	const struct cell *a, *b;
};

#define LEFT_OUT_MOST 16
struct left_out {
	bool of_reps; /* of one session, beside a folder with several */
	size_t n;
	double session[LEFT_OUT_MOST];
};

/*
 * The strata of a sum over n places, of which each[] are the strata one by one: where sessions
 * were repeated, one stratum over them. Return their number; to[] has room for n.
 */
size_t strata_sum(const struct data *d, const struct place *p, size_t n, const struct metric *m,
		  const struct stratum *each, struct stratum *to, struct left_out *l);
/* The same where a and b are of different folders, so that nothing pairs them. */
size_t strata_apart(const struct data *d, const struct place *p, size_t n, const struct metric *m,
		    const struct stratum *each, struct stratum *to, struct left_out *la,
		    struct left_out *lb);
void say_left_out(FILE *out, const struct left_out *l);

/* compare.c */
struct comparison {
	const struct cell *a, *b; /* b is what a is measured against */
	const struct metric *metric;
	struct stratum s;
	double p, p_holm;
	double p_equal, p_equal_holm;
};

/* differs, equal, cannot say; in words */
const char *result_of(const struct comparison *c, const struct options *o);
struct comparison *compare_all(const struct data *d, const struct options *o,
			       size_t *n, bool *cut);
void effect_of(const struct stratum *s, size_t k, const struct metric *m,
	       double confidence, double *effect, struct interval *ci);

/* mlfrr.c */
struct mlfrr {
	double lower, upper; /* RFC 9971: relevant lower and upper bound */
	double conditional; /* its conditional throughput */
	bool search; /* else a grid */
	size_t searches; /* that were repeated; 0: there was one */
	size_t n; /* repetitions, or sessions where there are several */
	double mean; /* over them; NAN where there is none */
	struct interval ci; /* NAN where there is none, hi where it is open */
	bool open_top, open_bottom; /* losses are scattered over an end of the loads */
	bool short_source;
};

/* the n cells are one weight's, by load */
struct mlfrr mlfrr_of(const struct data *d, const struct cell **cells, size_t n,
		      const struct options *o);
bool mlfrr_possible(const struct data *d, size_t from, size_t to);

/* hist.c */
double bucket_top(double lower);
struct hist_row *hist_of_cell(const struct data *d, const struct cell *c,
			      const char *name, size_t *n);

/* one subcommand each; 0 or 1 (failed) */
int cmd_summary(const struct data *d, const struct options *o);
int cmd_cost(const struct data *d, const struct options *o);
int cmd_correlate(const struct data *d, const struct options *o);
int cmd_compare(const struct data *d, const struct options *o);
int cmd_trend(const struct data *d, const struct options *o);
int cmd_between(const struct data *d, const struct options *o);
int cmd_mlfrr(const struct data *d, const struct options *o);
int cmd_hist(const struct data *d, const struct options *o);
int cmd_facts(const struct data *d, const struct options *o);
int cmd_pairs(const struct data *d, const struct options *o);
int cmd_verdict(const struct data *d, const struct options *o);
int cmd_table(const struct data *d, const struct options *o);
int cmd_figures(const struct data *d, const struct options *o);
int cmd_ratio(const char *path, const struct options *o);

int finish(struct table *t, const struct options *o);

#endif
