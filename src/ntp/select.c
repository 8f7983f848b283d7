/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/select.h"

#include <math.h>

#include <assert.h>

#define SURVIVORS_MIN 3		 /* NMIN of RFC 5905 figure 27: fewer are not pruned further */
#define STRATUM_WEIGHT SPAN_S(1) /* MAXDIST: a stratum outweighs any distance */
#define ASYMMETRY 0.05		 /* of the root distance, how wrong a path is taken to be */

/* One end of a correctness interval; or a candidate's offset and index, to be put in order. */
struct edge {
	int64_t ns;
	int opens; /* +1 the lower end, -1 the upper; or the index */
};

/* Ascending; at the same place lower ends come first, so that intervals that touch overlap. */
static bool edge_before(struct edge a, struct edge b)
{
	return a.ns != b.ns ? a.ns < b.ns : a.opens > b.opens;
}

static void sift(struct edge *heap, unsigned root, unsigned n)
{
	for (unsigned child = 2 * root + 1; child < n; child = 2 * root + 1) {
		if (child + 1 < n && edge_before(heap[child], heap[child + 1]))
			child++;
		if (!edge_before(heap[root], heap[child]))
			return;
		struct edge up = heap[child];
		heap[child] = heap[root];
		heap[root] = up;
		root = child;
	}
}

static void sort(struct edge *edges, unsigned n)
{
	for (unsigned i = n / 2; i-- > 0;)
		sift(edges, i, n);
	for (unsigned end = n; end-- > 1;) {
		struct edge last = edges[end];
		edges[end] = edges[0];
		edges[0] = last;
		sift(edges, 0, end);
	}
}

static int64_t low_of(const struct candidate *c)
{
	return c->offset.ns - c->root_distance.ns;
}

static int64_t high_of(const struct candidate *c)
{
	return c->offset.ns + c->root_distance.ns;
}

static bool fit(const struct candidate *c)
{
	return c->belief.valid && c->root_distance.ns >= 0;
}

/* The place where most intervals overlap, first to last point; returns how many do. */
static unsigned intersect(const struct candidate *c, unsigned n, int64_t *low, int64_t *high)
{
	struct edge edges[2 * SELECT_MAX];
	unsigned count = 0;
	int depth = 0, deepest = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!fit(&c[i]))
			continue;
		edges[count++] = (struct edge){low_of(&c[i]), 1};
		edges[count++] = (struct edge){high_of(&c[i]), -1};
	}
	sort(edges, count);
	for (unsigned i = 0; i < count; i++) {
		if (depth == deepest && edges[i].opens < 0)
			*high = edges[i].ns;
		depth += edges[i].opens;
		if (depth > deepest) {
			deepest = depth;
			*low = edges[i].ns;
		}
	}
	return (unsigned)deepest;
}

static const struct candidate *master_before(const struct candidate *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (c[i].was_master && fit(&c[i]))
			return &c[i];
	return NULL;
}

/* Ranks everybody fit as a candidate or a falseticker; returns the number of candidates. */
static unsigned judge(struct candidate *c, unsigned n)
{
	int64_t low = 0, high = 0;
	unsigned fits = 0, chimers = 0;

	for (unsigned i = 0; i < n; i++)
		fits += fit(&c[i]);
	if (fits == 0)
		return 0;
	if (2 * intersect(c, n, &low, &high) <= fits) {
		/* No majority: whoever was followed before stays the measure. */
		const struct candidate *m = master_before(c, n);
		low = m ? low_of(m) : 1;
		high = m ? high_of(m) : 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!fit(&c[i]))
			continue;
		bool chimes = low <= high && low_of(&c[i]) <= high && high_of(&c[i]) >= low;
		c[i].rank = chimes ? RANK_CANDIDATE : RANK_FALSETICKER;
		chimers += chimes;
	}
	return chimers;
}

/* The truechimers, as indices, by offset. */
struct cluster {
	unsigned count;
	unsigned index[SELECT_MAX];
};

static void gather(const struct candidate *c, unsigned n, struct cluster *ret)
{
	struct edge order[SELECT_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		if (c[i].rank == RANK_CANDIDATE)
			order[count++] = (struct edge){c[i].offset.ns, (int)i};
	sort(order, count);
	for (unsigned i = 0; i < count; i++)
		ret->index[i] = (unsigned)order[i].opens;
	ret->count = count;
}

/*
 * RFC 5905 11.2.2 with the selection jitter alone: the outermost offset goes while it is further
 * from the others than the best of them is wrong by its own account. Sorted, it is at either end.
 */
static void prune(const struct candidate *c, struct cluster *k)
{
	double zero = span_to_s(c[k->index[0]].offset);
	double sum = 0.0, squares = 0.0;
	double best = HUGE_VAL;

	for (unsigned i = 0; i < k->count; i++) {
		const struct candidate *s = &c[k->index[i]];
		double x = span_to_s(s->offset) - zero;
		double own = span_to_s(s->belief.error) + ASYMMETRY * span_to_s(s->root_distance);
		sum += x;
		squares += x * x;
		best = own < best ? own : best;
	}
	unsigned first = 0, end = k->count;
	while (end - first > SURVIVORS_MIN) {
		double n = (double)(end - first);
		double low = span_to_s(c[k->index[first]].offset) - zero;
		double high = span_to_s(c[k->index[end - 1]].offset) - zero;
		double x = sum / n - low > high - sum / n ? low : high;
		double jitter_2 = (n * x * x - 2.0 * x * sum + squares) / (n - 1.0);
		if (jitter_2 <= best * best)
			break;
		if (sum / n - low > high - sum / n)
			first++;
		else
			end--;
		sum -= x;
		squares -= x * x;
	}
	for (unsigned i = first; i < end; i++)
		k->index[i - first] = k->index[i];
	k->count = end - first;
}

static int64_t merit(const struct candidate *c)
{
	return c->stratum * STRATUM_WEIGHT.ns + c->root_distance.ns;
}

/*
 * Distances rise and fall with every packet, so the nearest source is another one all the time.
 * Whoever leads is left for a lower stratum; for the same, only if it has been far better for long
 * (anti-clockhop).
 */
static unsigned leader(struct candidate *c, const struct cluster *k)
{
	unsigned best = k->index[0];

	for (unsigned i = 1; i < k->count; i++)
		if (merit(&c[k->index[i]]) < merit(&c[best]))
			best = k->index[i];
	unsigned old = best;
	for (unsigned i = 0; i < k->count; i++)
		if (c[k->index[i]].was_master && c[k->index[i]].stratum == c[best].stratum)
			old = k->index[i];
	for (unsigned i = 0; i < k->count; i++) {
		struct candidate *s = &c[k->index[i]];
		s->is_ahead = s->stratum == c[old].stratum &&
			      s->root_distance.ns < c[old].root_distance.ns / 2;
	}
	return c[best].is_ahead && !span_less(c[best].ahead, SELECT_HOP_AFTER) ? best : old;
}

/* Inverse-variance means around the leader; a path counts as wrong by a share of its distance. */
static void combine(const struct candidate *c, const struct cluster *k, struct selection *ret)
{
	const struct candidate *m = &c[ret->master];
	double weights = 0.0, offset = 0.0, spread_2 = 0.0, error_2 = 0.0;
	double rate_weights = 0.0, rate = 0.0;

	for (unsigned i = 0; i < k->count; i++) {
		const struct candidate *s = &c[k->index[i]];
		double x = span_to_s(span_sub(s->offset, m->offset));
		double e = span_to_s(s->belief.error);
		double path = ASYMMETRY * span_to_s(s->root_distance);
		double r = span_to_s(s->belief.rate_error) + 1e-12;
		double w = 1.0 / (e * e + path * path + 1e-18);
		weights += w;
		offset += w * x;
		spread_2 += w * x * x;
		error_2 += w * w * e * e;
		rate_weights += 1.0 / (r * r);
		rate += freq_to_ratio(s->belief.rate) / (r * r);
	}
	offset /= weights;
	spread_2 = spread_2 / weights - offset * offset;
	error_2 /= weights * weights;
	ret->combined = m->belief;
	ret->combined.remote = stamp_add(m->belief.remote, span_from_s(offset));
	ret->combined.rate = freq_from_ratio(rate / rate_weights);
	ret->combined.rate_error = span_from_s(sqrt(1.0 / rate_weights));
	ret->error = span_from_s(sqrt(error_2 > spread_2 ? error_2 : spread_2));
	ret->combined.error = ret->error;
	ret->combined.dispersion = span_max(m->belief.dispersion, ret->error);
}

void select_run(struct candidate *c, unsigned n, struct selection *ret)
{
	struct cluster k = {0};

	assert(n <= SELECT_MAX);
	*ret = (struct selection){0};
	for (unsigned i = 0; i < n; i++) {
		c[i].rank = RANK_NONE;
		c[i].is_ahead = false;
	}
	if (judge(c, n) == 0)
		return;
	gather(c, n, &k);
	prune(c, &k);
	for (unsigned i = 0; i < k.count; i++)
		c[k.index[i]].rank = RANK_SELECTED;
	ret->valid = true;
	ret->survivors = k.count;
	ret->master = leader(c, &k);
	c[ret->master].rank = RANK_MASTER;
	combine(c, &k, ret);
}
