/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/vclock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The oscillator says this at the start, so that its value tells nothing about the truth. */
#define OWN_START_NS (1000 * NS_PER_S)

static bool parse_number(const char *text, const char *end, double *ret)
{
	char *stop;

	errno = 0;
	*ret = strtod(text, &stop);
	return stop == end && stop != text && errno == 0 && *ret == *ret;
}

static bool parse_integer(const char *text, const char *end, long long *ret)
{
	char *stop;

	errno = 0;
	*ret = strtoll(text, &stop, 10);
	return stop == end && stop != text && errno == 0;
}

struct field {
	const char *name;
	double limit; /* largest magnitude; 0: an integer */
};

static const struct field fields[] = {
	{"offset", 4e9}, {"drift", 1e5}, {"wander", 1e6}, {"epoch", 0}, {"seed", 0},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static void set_field(struct vclock_options *o, unsigned field, double number, long long integer)
{
	switch (field) {
	case 0:
		o->offset = span_from_s(number);
		break;
	case 1:
		o->drift = number * 1e-6;
		break;
	case 2:
		o->wander = number * 1e-9;
		break;
	case 3:
		o->epoch_ns = integer;
		o->has_epoch = true;
		break;
	case 4:
		o->seed = (uint64_t)integer;
		o->has_seed = true;
		break;
	}
}

static int find_field(const char *text, size_t len)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		if (strlen(fields[i].name) == len && !memcmp(fields[i].name, text, len))
			return (int)i;
	}
	return -1;
}

static int parse_pair(const char *pair, size_t len, unsigned *seen, struct vclock_options *o)
{
	const char *equals = memchr(pair, '=', len);
	double number = 0;
	long long integer = 0;
	int field;

	if (!equals)
		return -EINVAL;
	field = find_field(pair, (size_t)(equals - pair));
	if (field < 0 || *seen & 1U << field)
		return -EINVAL;
	if (fields[field].limit > 0) {
		if (!parse_number(equals + 1, pair + len, &number) ||
		    fabs(number) > fields[field].limit)
			return -EINVAL;
	} else if (!parse_integer(equals + 1, pair + len, &integer)) {
		return -EINVAL;
	}
	*seen |= 1U << field;
	set_field(o, (unsigned)field, number, integer);
	return 0;
}

int vclock_parse(const char *text, struct vclock_options *ret, struct err *err)
{
	struct vclock_options o = {0};
	unsigned seen = 0;

	while (*text) {
		size_t len = strcspn(text, ",");

		if (parse_pair(text, len, &seen, &o) < 0) {
			err_set(err,
				"\"%.*s\" is not one of offset=SECONDS, drift=PPM, wander=PPB, "
				"epoch=NS, seed=N",
				(int)len, text);
			return -EINVAL;
		}
		text += len;
		if (*text == ',')
			text++;
	}
	*ret = o;
	return 0;
}

void vclock_init(struct vclock *v, const struct vclock_options *o, int64_t raw_ns)
{
	assert(o->has_epoch && o->has_seed);
	*v = (struct vclock){
		.wander = o->wander,
		.random = o->seed,
		.turn_raw_ns = raw_ns + NS_PER_S,
		.count = 1,
	};
	v->list[0] = (struct vclock_stretch){
		.raw_ns = raw_ns,
		.own_ns = OWN_START_NS,
		.rate = o->drift,
		.wall = stamp_from_unix(0, o->epoch_ns + raw_ns + o->offset.ns),
	};
}

/* SplitMix64: small, and good enough for a walk. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Mean 0, variance 1: twelve uniform numbers less six. */
static double next_gauss(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(next_random(state) >> 11) * 0x1p-53;
	return sum;
}

/* Splits a length into whole nanoseconds and the rest, so that nothing is lost at a seam. */
static int64_t whole_ns(double ns, double *rest)
{
	double whole = floor(ns);

	*rest = ns - whole;
	return (int64_t)whole;
}

static struct vclock_stretch stretch_at(const struct vclock_stretch *s, int64_t raw_ns)
{
	struct vclock_stretch at = *s;
	int64_t raw = raw_ns - s->raw_ns;
	double own_extra = (double)raw * s->rate + s->own_rest;
	double wall_extra = own_extra - s->own_rest +
			    ((double)raw + (double)raw * s->rate) * s->steer + s->wall_rest;

	at.raw_ns = raw_ns;
	at.own_ns += raw + whole_ns(own_extra, &at.own_rest);
	at.wall = stamp_add(s->wall, (span){raw + whole_ns(wall_extra, &at.wall_rest)});
	return at;
}

static void begin(struct vclock *v, const struct vclock_stretch *s)
{
	memmove(&v->list[1], &v->list[0], sizeof v->list - sizeof v->list[0]);
	v->list[0] = *s;
	if (v->count < VCLOCK_STRETCHES)
		v->count++;
}

static void advance(struct vclock *v, int64_t raw_ns)
{
	while (v->wander > 0 && raw_ns >= v->turn_raw_ns) {
		struct vclock_stretch s = stretch_at(&v->list[0], v->turn_raw_ns);

		s.rate += v->wander * next_gauss(&v->random);
		begin(v, &s);
		v->turn_raw_ns += NS_PER_S;
	}
}

static struct now pair(const struct vclock_stretch *s)
{
	return (struct now){.mono = {s->own_ns}, .wall = s->wall};
}

struct now vclock_now(struct vclock *v, int64_t raw_ns)
{
	advance(v, raw_ns);
	return vclock_at(v, raw_ns);
}

struct now vclock_at(const struct vclock *v, int64_t raw_ns)
{
	struct vclock_stretch s;
	unsigned i = 0;

	while (i + 1 < v->count && raw_ns < v->list[i].raw_ns)
		i++;
	s = stretch_at(&v->list[i], raw_ns);
	return pair(&s);
}

void vclock_step(struct vclock *v, int64_t raw_ns, span by)
{
	struct vclock_stretch s;

	advance(v, raw_ns);
	s = stretch_at(&v->list[0], raw_ns);
	s.wall = stamp_add(s.wall, by);
	begin(v, &s);
}

void vclock_set_rate(struct vclock *v, int64_t raw_ns, freq rate)
{
	struct vclock_stretch s;

	advance(v, raw_ns);
	s = stretch_at(&v->list[0], raw_ns);
	s.steer = freq_to_ratio(rate);
	begin(v, &s);
}
