/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/summary.h"

#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "sim/measure.h"

void summary_init(struct summary *r, const struct universe *u, int64_t from_ns,
		  int64_t converged_ns, FILE *csv)
{
	*r = (struct summary){
		.from_ns = from_ns,
		.converged_ns = converged_ns,
		.count = u->host_count,
		.tallies = auto_new(u->host_count, sizeof(struct tally)),
		.csv = csv,
	};
	for (unsigned i = 0; i < r->count; i++)
		r->tallies[i].last_bad_ns = -1;
	if (csv)
		(void)fprintf(csv, "time_s,node,offset_ns,estimate_ns,bound_ns,distance_ns,"
				   "synchronised,sessions\n");
}

/* Eight bins an octave, from 1 ns. */
static unsigned bin_of(double ns)
{
	int exponent;

	if (ns < 1.0)
		return 0;
	double m = frexp(ns, &exponent); /* 0.5 to 1 */
	unsigned bin = (unsigned)(exponent - 1) * 8 + (unsigned)floor((m - 0.5) * 16.0) + 1;

	return bin < SUMMARY_BINS ? bin : SUMMARY_BINS - 1;
}

static double bin_middle(unsigned bin)
{
	if (bin == 0)
		return 0.0;
	return ldexp(1.0 + ((double)((bin - 1) % 8) + 0.5) / 8.0, (int)((bin - 1) / 8));
}

static double median(const uint32_t *bins)
{
	uint64_t total = 0, sum = 0;

	if (!bins)
		return 0.0;
	for (unsigned i = 0; i < SUMMARY_BINS; i++)
		total += bins[i];
	for (unsigned i = 0; i < SUMMARY_BINS; i++) {
		sum += bins[i];
		if (2 * sum >= total)
			return bin_middle(i);
	}
	return 0.0;
}

static void print_time_s(FILE *f, int64_t ns)
{
	(void)fprintf(f, "%lld.%03lld", (long long)(ns / NS_PER_S),
		      (long long)(ns / NS_PER_MS % 1000));
}

static void write_csv(FILE *csv, const struct host *h, const struct gauge *g)
{
	print_time_s(csv, g->at_ns);
	(void)fprintf(csv, ",%s,%lld,", h->name, (long long)g->offset_ns);
	if (g->running)
		(void)fprintf(csv, "%lld,%lld,%lld,%d,%u\n", (long long)g->estimate_ns,
			      (long long)g->bound_ns, (long long)g->distance_ns, g->synchronised,
			      g->sessions);
	else
		(void)fprintf(csv, ",,,0,0\n");
}

void summary_see(struct summary *r, const struct host *h, const struct gauge *g)
{
	struct tally *t = &r->tallies[h->number];
	double offset = fabs((double)g->offset_ns);

	if (r->csv)
		write_csv(r->csv, h, g);
	t->last_ns = g->at_ns;
	if (offset >= (double)r->converged_ns)
		t->last_bad_ns = g->at_ns;
	if (g->at_ns < r->from_ns)
		return;
	if (!t->offsets) {
		t->offsets = auto_new(SUMMARY_BINS, sizeof *t->offsets);
		t->bounds = auto_new(SUMMARY_BINS, sizeof *t->bounds);
	}
	t->samples++;
	t->sum += (double)g->offset_ns;
	t->squares += offset * offset;
	if (offset > t->max)
		t->max = offset;
	t->offsets[bin_of(offset)]++;
	if (!g->running || !g->synchronised)
		return;
	t->synchronised++;
	t->bounded++;
	t->bounds[bin_of((double)g->bound_ns)]++;
	t->held += offset <= (double)g->bound_ns;
	t->distance_held += offset <= (double)g->distance_ns;
}

static void print_share(FILE *out, uint64_t part, uint64_t of)
{
	if (of == 0)
		(void)fprintf(out, " %7s", "-");
	else
		(void)fprintf(out, " %6.2f%%", 100.0 * (double)part / (double)of);
}

static void print_converged(const struct tally *t, FILE *out)
{
	if (t->last_bad_ns < 0)
		(void)fprintf(out, " %10s", "always");
	else if (t->last_bad_ns == t->last_ns)
		(void)fprintf(out, " %10s", "never");
	else
		(void)fprintf(out, " %8lld s", (long long)(t->last_bad_ns / NS_PER_S));
}

static void print_row(const struct summary *r, const struct universe *u, unsigned i, FILE *out)
{
	const struct tally *t = &r->tallies[i];
	char buf[MEASURE_TEXT_MAX];

	if (t->samples == 0)
		return;
	double n = (double)t->samples;
	const double times[] = {sqrt(t->squares / n), median(t->offsets), t->max, t->sum / n,
				median(t->bounds)};

	(void)fprintf(out, "%-10s", u->hosts[i]->name);
	for (unsigned j = 0; j < 5; j++)
		(void)fprintf(out, " %10s", measure_print_time(times[j], buf));
	print_share(out, t->held, t->bounded);
	print_share(out, t->distance_held, t->bounded);
	print_converged(t, out);
	(void)fprintf(out, " %6llu\n", (unsigned long long)u->hosts[i]->counts.steps);
}

void summary_print(const struct summary *r, const struct universe *u, FILE *out)
{
	char limit[MEASURE_TEXT_MAX];

	(void)fprintf(out, "seed %llu, ", (unsigned long long)u->seed);
	print_time_s(out, u->now_ns);
	(void)fprintf(out, " s simulated, figures from ");
	print_time_s(out, r->from_ns);
	(void)fprintf(out, " s on, converged: under %s for good\n",
		      measure_print_time((double)r->converged_ns, limit));
	(void)fprintf(out, "%-10s %10s %10s %10s %10s %10s %7s %7s %10s %6s\n", "node", "rms",
		      "median", "max", "bias", "bound", "holds", "root", "converged", "steps");
	for (unsigned i = 0; i < r->count; i++)
		print_row(r, u, i, out);
}

void summary_fini(struct summary *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		free(r->tallies[i].offsets);
		free(r->tallies[i].bounds);
	}
	free(r->tallies);
	*r = (struct summary){0};
}
