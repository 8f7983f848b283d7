/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/clock.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

#include "sys/vclock.h"

#define FREQUENCY_MAX_PPT (500 * PPT_PER_PPM)
/* timex.freq counts 2^-16 ppm. */
#define TIMEX_FREQ_PER_PPM 65536.0
/* RFC 5905 7.2 MAXDISP: a kernel that is further off than this is not synchronised. */
#define MAX_ERROR_US 16000000
#define TRIES 4
/* Pairs further apart than this wait for a better one. */
#define TIGHT_NS 400
/* A stamp may seem this much younger than the reading after it: rounding, and reading order. */
#define FUTURE_NS 2000
#define STAMP_AGE_NS NS_PER_S
/* A machine that sleeps does so for longer. */
#define SLEEP_NS (10 * NS_PER_MS)

/*
 * A jump is what the rate cannot explain. The rate of a clock that others steer is unknown: 10 %
 * would be the kernel's limit, nobody slews by more than 0.1 %.
 */
#define JUMP_NS (100 * NS_PER_US)
#define JUMP_OWN_RATIO 50e-6
#define JUMP_FOREIGN_RATIO 1e-3

struct reading {
	int64_t raw_ns;
	int64_t real_ns;
	int64_t gap_ns; /* how far apart they may be */
};

struct clock_kind {
	struct now (*pair)(struct clock *c, const struct reading *r);
	struct now (*pair_at)(struct clock *c, const struct reading *r, int64_t age_ns);
	int (*step)(struct clock *c, span by, span *ret_done);
	int (*set_rate)(struct clock *c, freq rate, freq *ret_rate);
	int (*set_status)(struct clock *c, const struct clock_status *s);
};

struct clock {
	const struct clock_kind *kind;
	int8_t precision_log2s;
	freq frequency_max;
	freq rate;	 /* in force */
	bool rate_set;	 /* by us */
	struct now last; /* reading before */
	int64_t last_gap_ns;
	int64_t last_slept_ns;
	struct now stepped; /* where stamps become good again */
	span moved;
	int64_t slept_ns; /* in all; the steady clock stood still meanwhile */
	span slept;	  /* not taken yet */
	struct vclock virtual;
};

static int64_t read_ns(clockid_t id)
{
	struct timespec ts = {0};
	int r = clock_gettime(id, &ts);

	assert(r == 0);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* How long the machine has slept since it was started, at least; 0 where nobody knows. */
static int64_t read_slept_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec - read_ns(CLOCK_MONOTONIC);
}

/* The tightest of a few: the wall clock between two readings of the steady one. */
static struct reading read_clocks(void)
{
	struct reading best = {.gap_ns = INT64_MAX};

	for (int i = 0; i < TRIES && best.gap_ns > TIGHT_NS; i++) {
		int64_t before = read_ns(CLOCK_MONOTONIC_RAW);
		int64_t real = read_ns(CLOCK_REALTIME);
		int64_t after = read_ns(CLOCK_MONOTONIC_RAW);

		if (after - before < best.gap_ns) {
			best.gap_ns = after - before;
			best.raw_ns = before + best.gap_ns / 2;
			best.real_ns = real;
		}
	}
	return best;
}

static stamp stamp_of_real(int64_t real_ns)
{
	return stamp_from_unix(real_ns / NS_PER_S, real_ns % NS_PER_S);
}

/* ---- the system's clock ---- */

static struct now system_pair(struct clock *c, const struct reading *r)
{
	(void)c;
	return (struct now){{r->raw_ns}, stamp_of_real(r->real_ns)};
}

static struct now system_pair_at(struct clock *c, const struct reading *r, int64_t age_ns)
{
	int64_t gained = freq_over(c->rate, (span){age_ns}).ns;

	return (struct now){{r->raw_ns - (age_ns - gained)}, stamp_of_real(r->real_ns - age_ns)};
}

static int system_step(struct clock *c, span by, span *ret_done)
{
	struct timex t = {.modes = ADJ_SETOFFSET | ADJ_NANO};

	(void)c;
	t.time.tv_sec = by.ns / NS_PER_S;
	t.time.tv_usec = by.ns % NS_PER_S;
	if (t.time.tv_usec < 0) {
		t.time.tv_sec -= 1;
		t.time.tv_usec += NS_PER_S;
	}
	if (clock_adjtime(CLOCK_REALTIME, &t) < 0)
		return -errno;
	*ret_done = by;
	return 0;
}

static int system_set_rate(struct clock *c, freq rate, freq *ret_rate)
{
	double ppm = (double)rate.ppt / (double)PPT_PER_PPM;
	struct timex t = {.modes = ADJ_FREQUENCY | ADJ_TICK};

	t.freq = (long)floor(ppm * TIMEX_FREQ_PER_PPM + 0.5);
	t.tick = 1000000 / 100; /* USER_HZ is 100 on every Linux we build for */
	if (clock_adjtime(CLOCK_REALTIME, &t) < 0)
		return -errno;
	c->rate_set = true;
	*ret_rate = freq_from_ratio((double)t.freq / TIMEX_FREQ_PER_PPM * 1e-6);
	return 0;
}

static int system_set_status(struct clock *c, const struct clock_status *s)
{
	struct timex t = {.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR};

	(void)c;
	t.maxerror = (long)(span_min(s->max_error, SPAN_S(100)).ns / NS_PER_US);
	t.esterror = (long)(span_min(s->estimated_error, SPAN_S(100)).ns / NS_PER_US);
	t.status = s->synchronised ? 0 : STA_UNSYNC;
	if (s->synchronised && s->leap == 1)
		t.status |= STA_INS;
	if (s->synchronised && s->leap == 2)
		t.status |= STA_DEL;
	return clock_adjtime(CLOCK_REALTIME, &t) < 0 ? -errno : 0;
}

static const struct clock_kind kind_system = {
	system_pair, system_pair_at, system_step, system_set_rate, system_set_status,
};

static const struct clock_kind kind_observe = {
	.pair = system_pair,
	.pair_at = system_pair_at,
};

/* ---- a clock of our own ---- */

static struct now virtual_pair(struct clock *c, const struct reading *r)
{
	return vclock_now(&c->virtual, r->raw_ns);
}

static struct now virtual_pair_at(struct clock *c, const struct reading *r, int64_t age_ns)
{
	return vclock_at(&c->virtual, r->raw_ns - age_ns);
}

static int virtual_step(struct clock *c, span by, span *ret_done)
{
	vclock_step(&c->virtual, read_ns(CLOCK_MONOTONIC_RAW), by);
	*ret_done = by;
	return 0;
}

static int virtual_set_rate(struct clock *c, freq rate, freq *ret_rate)
{
	vclock_set_rate(&c->virtual, read_ns(CLOCK_MONOTONIC_RAW), rate);
	*ret_rate = rate;
	return 0;
}

static int virtual_set_status(struct clock *c, const struct clock_status *s)
{
	(void)c;
	(void)s;
	return 0;
}

static const struct clock_kind kind_virtual = {
	virtual_pair, virtual_pair_at, virtual_step, virtual_set_rate, virtual_set_status,
};

/* ---- common ---- */

/* The shortest way from one reading to the next, as a power of two. */
static int8_t measure_precision_log2s(void)
{
	int64_t shortest = NS_PER_MS;
	int64_t last = read_ns(CLOCK_REALTIME);
	int8_t log2s = -30;

	for (int i = 0; i < 16; i++) {
		int64_t at = read_ns(CLOCK_REALTIME);

		if (at > last && at - last < shortest)
			shortest = at - last;
		last = at;
	}
	while (span_from_log2s(log2s).ns < shortest)
		log2s++;
	return log2s;
}

/* Writes back a figure that was just read: no change, but only who may set clocks may do it. */
static bool may_set(void)
{
	struct timex t = {0};

	if (clock_adjtime(CLOCK_REALTIME, &t) < 0)
		return false;
	t.modes = ADJ_ESTERROR;
	return clock_adjtime(CLOCK_REALTIME, &t) >= 0;
}

static freq read_rate(void)
{
	struct timex t = {0};

	if (clock_adjtime(CLOCK_REALTIME, &t) < 0)
		return (freq){0};
	return freq_from_ratio((double)t.freq / TIMEX_FREQ_PER_PPM * 1e-6);
}

static int start_virtual(struct clock *c, const char *text, struct err *err)
{
	struct reading r = read_clocks();
	struct vclock_options o;
	int e = vclock_parse(text, &o, err);

	if (e < 0)
		return e;
	if (!o.has_epoch) {
		o.epoch_ns = r.real_ns - r.raw_ns;
		o.has_epoch = true;
	}
	if (!o.has_seed && getrandom(&o.seed, sizeof o.seed, 0) != (ssize_t)sizeof o.seed) {
		err_set(err, "no random numbers from the kernel: %s", strerror(errno));
		return -EIO;
	}
	o.has_seed = true;
	c->kind = &kind_virtual;
	vclock_init(&c->virtual, &o, r.raw_ns);
	return 0;
}

static int start(struct clock *c, const char *text, struct err *warning, struct err *err)
{
	c->frequency_max = (freq){FREQUENCY_MAX_PPT};
	if (!strcmp(text, "virtual"))
		return start_virtual(c, "", err);
	if (!strncmp(text, "virtual:", 8))
		return start_virtual(c, text + 8, err);
	c->rate = read_rate();
	c->kind = &kind_observe;
	if (!strcmp(text, "observe"))
		return 0;
	if (strcmp(text, "system") != 0) {
		err_set(err, "the clock is system, observe or virtual:..., not \"%s\"", text);
		return -EINVAL;
	}
	if (may_set())
		c->kind = &kind_system;
	else
		err_set(warning, "the system clock may not be set without CAP_SYS_TIME: it is "
				 "only observed");
	return 0;
}

/*
 * Sleep is time that passed: what was believed of other clocks then still has its right age. The
 * machine's own clock was set by a coarse one when it woke.
 */
static bool notice_sleep(struct clock *c)
{
	int64_t slept_ns = read_slept_ns();

	if (clock_is_virtual(c) || slept_ns - c->slept_ns < SLEEP_NS)
		return false;
	/* Whatever delays us between the two readings makes the difference smaller. */
	for (int i = 0; i < TRIES; i++) {
		int64_t again_ns = read_slept_ns();

		slept_ns = again_ns > slept_ns ? again_ns : slept_ns;
	}
	c->slept = span_add(c->slept, (span){slept_ns - c->slept_ns});
	c->slept_ns = slept_ns;
	return true;
}

/* Of the steady clock that counts sleep; never from both sides of one. */
static struct reading look(struct clock *c)
{
	struct reading r = read_clocks();

	if (notice_sleep(c))
		r = read_clocks();
	r.raw_ns += c->slept_ns;
	return r;
}

/* After a move of our own: stamps from before it and the difference it made are not news. */
static void settle(struct clock *c)
{
	struct reading r = look(c);

	c->last = c->kind->pair(c, &r);
	c->last_gap_ns = r.gap_ns;
	c->last_slept_ns = c->slept_ns;
}

int clock_new(const char *text, struct clock **ret, struct err *warning, struct err *err)
{
	struct clock *c = auto_new(1, sizeof *c);
	int e;

	warning->text[0] = '\0';
	e = start(c, text, warning, err);
	if (e < 0) {
		free(c);
		return e;
	}
	c->slept_ns = clock_is_virtual(c) ? 0 : read_slept_ns();
	c->precision_log2s = measure_precision_log2s();
	settle(c);
	c->stepped = c->last;
	*ret = c;
	return 0;
}

void clock_free(struct clock *c)
{
	free(c);
}

bool clock_steers(const struct clock *c)
{
	return c->kind->step != NULL;
}

bool clock_is_virtual(const struct clock *c)
{
	return c->kind == &kind_virtual;
}

int8_t clock_precision_log2s(const struct clock *c)
{
	return c->precision_log2s;
}

freq clock_frequency_max(const struct clock *c)
{
	return c->frequency_max;
}

static void notice_jump(struct clock *c, struct now now, int64_t gap_ns)
{
	span elapsed = mono_sub(now.mono, c->last.mono);
	span went = stamp_sub(now.wall, c->last.wall);
	/* Whoever sets the clock when we wake does not know its rate. */
	span awake = span_sub(elapsed, (span){c->slept_ns - c->last_slept_ns});
	span expected = span_add(elapsed, freq_over(c->rate, awake));
	span jump = span_sub(went, expected);
	double unsure = c->rate_set ? JUMP_OWN_RATIO : JUMP_FOREIGN_RATIO;
	span allowed = {JUMP_NS + gap_ns + (int64_t)((double)elapsed.ns * unsure)};

	if (span_abs(jump).ns > allowed.ns) {
		c->moved = span_add(c->moved, jump);
		c->stepped = now;
	}
}

static struct now remember(struct clock *c, const struct reading *r)
{
	struct now now = c->kind->pair(c, r);

	if (!clock_is_virtual(c))
		notice_jump(c, now, r->gap_ns + c->last_gap_ns);
	c->last = now;
	c->last_gap_ns = r->gap_ns;
	c->last_slept_ns = c->slept_ns;
	return now;
}

struct now clock_now(struct clock *c)
{
	struct reading r = look(c);

	return remember(c, &r);
}

span clock_take_moved(struct clock *c)
{
	span moved = c->moved;

	c->moved = SPAN_ZERO;
	return moved;
}

span clock_take_slept(struct clock *c)
{
	span slept = c->slept;

	c->slept = SPAN_ZERO;
	return slept;
}

static bool pair_before(struct clock *c, const struct reading *r, int64_t age_ns, struct now *ret)
{
	struct now at;

	if (age_ns < -FUTURE_NS || age_ns > STAMP_AGE_NS)
		return false;
	at = c->kind->pair_at(c, r, age_ns);
	if (mono_before(at.mono, c->stepped.mono))
		return false;
	*ret = at;
	return true;
}

bool clock_at(struct clock *c, int64_t real_ns, struct now *ret)
{
	struct reading r = look(c);

	(void)remember(c, &r);
	return pair_before(c, &r, r.real_ns - real_ns, ret);
}

bool clock_at_mono(struct clock *c, mono at, struct now *ret)
{
	struct reading r = look(c);
	span age = mono_sub(remember(c, &r).mono, at);

	/* Of the system's clock the age is counted by itself. */
	if (!clock_is_virtual(c))
		age = span_add(age, freq_over(c->rate, age));
	return pair_before(c, &r, age.ns, ret);
}

int clock_step(struct clock *c, span by, span *ret_done)
{
	int e;

	if (!c->kind->step)
		return -EPERM;
	(void)clock_now(c);
	e = c->kind->step(c, by, ret_done);
	if (e < 0)
		return e;
	settle(c);
	c->stepped = c->last;
	return 0;
}

int clock_set_rate(struct clock *c, freq rate, freq *ret_rate)
{
	int e;

	if (!c->kind->set_rate)
		return -EPERM;
	if (rate.ppt > c->frequency_max.ppt)
		rate = c->frequency_max;
	if (rate.ppt < -c->frequency_max.ppt)
		rate.ppt = -c->frequency_max.ppt;
	(void)clock_now(c);
	e = c->kind->set_rate(c, rate, &c->rate);
	if (e < 0)
		return e;
	settle(c);
	*ret_rate = c->rate;
	return 0;
}

int clock_set_status(struct clock *c, const struct clock_status *s)
{
	return c->kind->set_status ? c->kind->set_status(c, s) : -EPERM;
}

int clock_status(struct clock *c, struct clock_status *ret)
{
	struct timex t = {0};

	if (clock_is_virtual(c))
		return -EOPNOTSUPP;
	if (clock_adjtime(CLOCK_REALTIME, &t) < 0)
		return -errno;
	ret->synchronised = !(t.status & STA_UNSYNC) && t.maxerror < MAX_ERROR_US;
	ret->leap = t.status & STA_INS ? 1 : t.status & STA_DEL ? 2 : 0;
	ret->max_error = (span){(int64_t)t.maxerror * NS_PER_US};
	ret->estimated_error = (span){(int64_t)t.esterror * NS_PER_US};
	if (!clock_steers(c))
		c->rate = freq_from_ratio((double)t.freq / TIMEX_FREQ_PER_PPM * 1e-6);
	return 0;
}
