/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/phc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Readings of one look: the one that took the shortest counts. */
#define SAMPLES 5
#define LOOK_INTERVAL (125 * NS_PER_MS)
/* The rate: from at least so far apart; from then on over 8 to 16 s where packets are frequent. */
#define BASE_MIN_NS (100 * NS_PER_MS)
#define ANCHOR_NS (8 * NS_PER_S)
/* Crystals differ by 100 ppm, who steers the card's clock may add some; beyond this it is none. */
#define RATE_MAX 1e-3
/* What a reading may be away from what was expected without somebody having set that clock. */
#define JUMP_NS 2000
#define JUMP_RATIO 100e-6
/* A reading that was held up waits for a better one, but not for long. */
#define HELD_UP_NS 1000
#define PATIENCE_NS (2 * NS_PER_S)
#define STAMP_AGE_NS (2 * NS_PER_S)

/* How the driver lets its clock be read, best first. */
enum method {
	METHOD_PRECISE,	 /* both latched by the hardware */
	METHOD_EXTENDED, /* ours read right before and after the card's */
	METHOD_PLAIN,	 /* ours read around the driver's whole work */
	METHOD_COUNT,
};

struct phc {
	int fd;
	unsigned index;
	enum method method;
	struct phc_relation relation;
};

/* ---- the relation ---- */

static int64_t expect(const struct phc_relation *r, mono at)
{
	int64_t passed_ns = mono_sub(at, r->newest.at).ns;

	return r->newest.phc_ns + passed_ns + (int64_t)((double)passed_ns * r->rate);
}

static bool has_jumped(const struct phc_relation *r, const struct phc_reading *x)
{
	double passed_ns = (double)mono_sub(x->at, r->newest.at).ns;
	double off_ns = (double)(x->phc_ns - expect(r, x->at));
	double gaps_ns = (double)(x->gap_ns + r->newest.gap_ns);

	return passed_ns < 0 || fabs(off_ns) > gaps_ns + JUMP_NS + passed_ns * JUMP_RATIO;
}

static void begin(struct phc_relation *r, const struct phc_reading *x, bool odd)
{
	*r = (struct phc_relation){.has = true, .odd = odd, .newest = *x, .anchor = *x, .next = *x};
}

void phc_relate(struct phc_relation *r, const struct phc_reading *x)
{
	int64_t passed_ns = mono_sub(x->at, r->newest.at).ns;
	int64_t base_ns = mono_sub(x->at, r->anchor.at).ns;

	if (!r->has || (r->related && has_jumped(r, x))) {
		begin(r, x, false);
		return;
	}
	if (passed_ns < PATIENCE_NS && x->gap_ns > 2 * r->newest.gap_ns + HELD_UP_NS)
		return;
	if (base_ns < BASE_MIN_NS)
		return;
	r->rate = (double)(x->phc_ns - r->anchor.phc_ns - base_ns) / (double)base_ns;
	if (fabs(r->rate) > RATE_MAX) {
		begin(r, x, true);
		return;
	}
	r->related = true;
	r->odd = false;
	r->newest = *x;
	if (mono_sub(x->at, r->next.at).ns >= ANCHOR_NS) {
		r->anchor = r->next;
		r->next = *x;
	}
}

bool phc_tell(const struct phc_relation *r, int64_t phc_ns, mono *ret)
{
	int64_t since_ns = phc_ns - r->newest.phc_ns;

	if (!r->related || since_ns > STAMP_AGE_NS || since_ns < -STAMP_AGE_NS)
		return false;
	since_ns -= (int64_t)((double)since_ns * r->rate / (1 + r->rate));
	*ret = mono_add(r->newest.at, (span){since_ns});
	return true;
}

/* ---- the device ---- */

struct instant_pair {
	int64_t phc_ns;
	int64_t real_ns;
	int64_t gap_ns;
};

static int64_t ns_of(const struct ptp_clock_time *t)
{
	return t->sec * NS_PER_S + t->nsec;
}

static void keep_tightest(struct instant_pair *best, const struct ptp_clock_time *before,
			  const struct ptp_clock_time *phc, const struct ptp_clock_time *after)
{
	int64_t gap_ns = ns_of(after) - ns_of(before);

	if (gap_ns >= 0 && gap_ns < best->gap_ns)
		*best = (struct instant_pair){ns_of(phc), ns_of(before) + gap_ns / 2, gap_ns};
}

static int read_precise(int fd, struct instant_pair *ret)
{
	struct ptp_sys_offset_precise p = {0};

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &p) < 0)
		return -errno;
	*ret = (struct instant_pair){ns_of(&p.device), ns_of(&p.sys_realtime), 0};
	return 0;
}

static int read_extended(int fd, struct instant_pair *ret)
{
	struct ptp_sys_offset_extended x = {.n_samples = SAMPLES};

	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &x) < 0)
		return -errno;
	for (unsigned i = 0; i < SAMPLES; i++)
		keep_tightest(ret, &x.ts[i][0], &x.ts[i][1], &x.ts[i][2]);
	return 0;
}

static int read_plain(int fd, struct instant_pair *ret)
{
	struct ptp_sys_offset o = {.n_samples = SAMPLES};

	if (ioctl(fd, PTP_SYS_OFFSET, &o) < 0)
		return -errno;
	for (unsigned i = 0; i < 2 * SAMPLES; i += 2)
		keep_tightest(ret, &o.ts[i], &o.ts[i + 1], &o.ts[i + 2]);
	return 0;
}

static int look(struct phc *p, struct clock *c)
{
	static int (*const methods[METHOD_COUNT])(int fd, struct instant_pair *ret) = {
		read_precise, read_extended, read_plain};
	struct instant_pair pair = {.gap_ns = INT64_MAX};
	struct now at;
	int r = methods[p->method](p->fd, &pair);

	if (r < 0)
		return r;
	/* Our clock was just moved: the next look will do. */
	if (pair.gap_ns == INT64_MAX || !clock_at(c, pair.real_ns, &at))
		return 0;
	phc_relate(&p->relation, &(struct phc_reading){pair.phc_ns, at.mono, pair.gap_ns});
	return 0;
}

int phc_open(unsigned index, struct clock *c, struct phc **ret)
{
	struct phc *p = auto_new(1, sizeof *p);
	char path[32];
	int r = -EOPNOTSUPP;

	p->index = index;
	(void)snprintf(path, sizeof path, "/dev/ptp%u", index);
	p->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p->fd < 0) {
		r = -errno;
		free(p);
		return r;
	}
	for (p->method = METHOD_PRECISE; p->method < METHOD_COUNT; p->method++) {
		r = look(p, c);
		if (r == 0)
			break;
	}
	if (r < 0) {
		phc_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void phc_free(struct phc *p)
{
	if (!p)
		return;
	(void)close(p->fd);
	free(p);
}

unsigned phc_index(const struct phc *p)
{
	return p->index;
}

const struct phc_relation *phc_state(const struct phc *p)
{
	return &p->relation;
}

void phc_keep(struct phc *p, struct clock *c)
{
	const struct phc_relation *r = &p->relation;

	if (!r->has || mono_sub(clock_now(c).mono, r->newest.at).ns >= LOOK_INTERVAL)
		(void)look(p, c);
}
