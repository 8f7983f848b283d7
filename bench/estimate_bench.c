/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How well one client keeps time: estimate and servo alone, closed over a simulated oscillator
 * and path, against chrony's unicast client and the physical limit as they were measured.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ntp/estimate.h"
#include "ntp/servo.h"
#include "options.h"
#include "plant.h"

#define HOUR 3600.0
#define VOLLEY 8
#define WANDER 1e-9
#define TRIGGERED_GAP 2.0 /* s between exchanges that the estimate asked for */

/* What one client is about to do, in true time. */
struct client {
	struct plant plant;
	struct estimate estimate;
	struct servo servo;
	bool multicast;
	double interval;
	double next_packet, next_exchange, next_volley;
	int volley_left;
	int exchanges, triggered;
	struct draw schedule_draw;
	double busy_until; /* an exchange under way ends */
};

struct result {
	double rms, max, converged, coverage, bound, median, exchanges, triggered, recovery, rate;
};

static void obey(struct client *c, double t, struct servo_order order)
{
	switch (order.verb) {
	case SERVO_STEP:
		plant_step(&c->plant, t, order.step);
		plant_set_rate(&c->plant, t, order.rate);
		break;
	case SERVO_RATE:
		plant_set_rate(&c->plant, t, order.rate);
		break;
	case SERVO_WAIT:
	case SERVO_REFUSE:
		break;
	}
}

static void feed(struct client *c, double t, const struct sample *s)
{
	struct belief b;
	struct now now = plant_now(&c->plant, t);

	(void)estimate_add(&c->estimate, s);
	c->busy_until = t;
	estimate_at(&c->estimate, now.mono, &b);
	if (b.valid)
		obey(c, t, servo_update(&c->servo, now, &b, stamp_sub(b.remote, now.wall), true));
}

static stamp read_truth(struct client *c, double t)
{
	return plant_truth(t + plant_reading(&c->plant));
}

static mono read_mono(struct client *c, double t)
{
	mono m = plant_mono(&c->plant, t);

	return mono_add(m, span_from_s(plant_reading(&c->plant)));
}

static void hear(struct client *c, double t)
{
	double down = plant_down(&c->plant, t);

	if (down < 0.0)
		return;
	struct sample s = {.transmitted = read_truth(c, t), .arrived = read_mono(c, t + down)};
	feed(c, t + down + 20e-6, &s);
}

static void ask(struct client *c, double t)
{
	double up = plant_up(&c->plant, t);
	double turn = t + up + 20e-6;
	double down = plant_down(&c->plant, turn);

	if (up < 0.0 || down < 0.0)
		return;
	struct sample s = {
		.two_way = true,
		.sent = read_mono(c, t),
		.received = read_truth(c, t + up),
		.transmitted = read_truth(c, turn),
		.arrived = read_mono(c, turn + down),
	};
	feed(c, turn + down + 20e-6, &s);
}

/* Everything that is due at t, in the order in which a node would do it. */
static void act(struct client *c, const struct options *o, double t)
{
	struct now now = plant_now(&c->plant, t);

	if (!mono_before(now.mono, servo_next_wake(&c->servo)))
		obey(c, t, servo_wake(&c->servo, now));
	if (t < c->busy_until)
		return;
	if (t >= c->next_packet) {
		if (c->multicast)
			hear(c, t);
		else
			ask(c, t);
		c->next_packet += c->interval * (1.0 + 0.02 * draw_uniform(&c->schedule_draw));
	}
	if (t < c->busy_until)
		return;
	if (c->volley_left > 0 && t >= c->next_volley) {
		ask(c, t);
		c->volley_left--;
		c->next_volley = t + 2.0;
	} else if (!c->multicast) {
		return;
	} else if (t >= c->next_exchange) {
		ask(c, t);
		c->exchanges++;
		c->next_exchange = t + o->exchange_every * (0.5 + draw_uniform(&c->schedule_draw));
	} else if (c->volley_left == 0 && t >= c->next_volley &&
		   estimate_wants_exchange(&c->estimate)) {
		ask(c, t);
		c->triggered++;
		c->next_volley = t + TRIGGERED_GAP;
	}
}

static double next_due(struct client *c, double t)
{
	double next = floor(t) + 1.0;
	mono wake = servo_next_wake(&c->servo);
	mono m = plant_mono(&c->plant, t);

	if (wake.ns != MONO_NEVER.ns) {
		double at = t + span_to_s(mono_sub(wake, m)) + 1e-6;
		next = at < next && at > t ? at : next;
	}
	next = c->next_packet > t && c->next_packet < next ? c->next_packet : next;
	return next;
}

struct tally {
	double squares, count, inside, samples, worst, rate_squares;
	double inside_since; /* true time; how long it has been within the threshold */
	double converged;    /* when it first began to stay there for a minute; 0: not yet */
	double recovered;    /* after route_at or step_at: last time outside */
	int n;
	double *errors, *bounds;
};

/* Once a true second: how wrong is the clock, and did the estimate admit it? */
static void judge(struct client *c, const struct options *o, double t, double threshold,
		  struct tally *k)
{
	double e = plant_error(&c->plant, t);
	double event = c->plant.profile->route_at + c->plant.profile->step_at;

	if (fabs(e) > threshold)
		k->inside_since = t + 1.0;
	else if (k->converged == 0.0 && t - k->inside_since >= 60.0)
		k->converged = k->inside_since;
	if (event > 0.0 && t > event && t < event + HOUR && fabs(e) > threshold)
		k->recovered = t - event;
	if (t < o->hours * HOUR / 3.0)
		return;
	k->squares += e * e;
	k->count++;
	k->worst = fabs(e) > k->worst ? fabs(e) : k->worst;
	if ((long)t % 4 != 0)
		return;
	struct belief b;
	struct now now = plant_now(&c->plant, t);
	estimate_at(&c->estimate, now.mono, &b);
	double wrong = span_to_s(stamp_sub(b.remote, plant_truth(t)));
	double rate = freq_to_ratio(b.rate) + c->plant.rate;
	k->rate_squares += rate * rate;
	k->inside += fabs(wrong) <= span_to_s(b.error);
	k->samples++;
	k->errors[k->n] = fabs(wrong);
	k->bounds[k->n++] = span_to_s(b.error);
}

static void start(struct client *c, const struct options *o, const struct plant_profile *profile,
		  int seed)
{
	plant_start(&c->plant, profile, (uint64_t)seed, 10e-3, 10e-6, WANDER);
	c->schedule_draw = draw_start((uint64_t)seed, 6);
	c->next_packet = 1.0 + draw_uniform(&c->schedule_draw);
	c->volley_left = VOLLEY;
	c->next_volley = c->next_packet + (c->multicast ? 1.0 : 2.0);
	c->next_exchange = c->next_packet + o->exchange_every;
	estimate_init(&c->estimate, false, (freq){0}, SPAN_ZERO);
	servo_init(&c->servo, true, (freq){0}, (freq){500 * PPT_PER_PPM});
}

static void trace(struct client *c, double t)
{
	struct belief b;

	estimate_at(&c->estimate, plant_mono(&c->plant, t), &b);
	printf("%6.0f s: wrong by %.3f us, bound %.3f, delay %.3f, jitter %.3f\n", t,
	       1e6 * plant_error(&c->plant, t), 1e6 * span_to_s(b.error), 1e6 * span_to_s(b.delay),
	       1e6 * span_to_s(b.jitter));
}

static void report(const struct options *o, const struct client *c, struct tally *k,
		   struct result *ret)
{
	*ret = (struct result){
		.rms = 1e6 * sqrt(k->squares / k->count),
		.max = 1e6 * k->worst,
		.converged = k->converged,
		.coverage = 100.0 * k->inside / k->samples,
		.median = 1e6 * options_median(k->errors, k->n),
		.bound = 1e6 * options_median(k->bounds, k->n),
		.exchanges = c->exchanges / o->hours,
		.triggered = c->triggered / o->hours,
		.recovery = k->recovered,
		.rate = 1e9 * sqrt(k->rate_squares / k->samples),
	};
}

/* c says what kind of client it is; threshold is what counts as converged, s. */
static void run(const struct options *o, const struct plant_profile *profile, struct client c,
		int seed, double threshold, struct result *ret)
{
	size_t room = (size_t)(o->hours * HOUR);
	struct tally k = {
		.errors = calloc(room, sizeof *k.errors),
		.bounds = calloc(room, sizeof *k.bounds),
	};
	double t = 0.0;
	long second = 0;

	if (!k.errors || !k.bounds)
		abort();
	start(&c, o, profile, seed);
	while (t < o->hours * HOUR) {
		if (t >= (double)second) {
			judge(&c, o, t, threshold, &k);
			if (o->trace > 0 && second % o->trace == 0)
				trace(&c, t);
			second++;
		}
		act(&c, o, t);
		t = next_due(&c, t);
	}
	report(o, &c, &k, ret);
	free(k.errors);
	free(k.bounds);
}

/* What others reached on the same work, RMS in microseconds; 0: not measured. */
struct peer {
	double chrony, limit_two, limit_one;
};

/* The next cell of a line of bench/peers.tsv. */
static const char *cell(char **save)
{
	const char *word = strtok_r(NULL, "\t\n", save);

	return word ? word : "-";
}

static double number(const char *word)
{
	return strcmp(word, "-") == 0 ? 0.0 : strtod(word, NULL);
}

static struct peer find_peer(const char *profile, int poll)
{
	struct peer found = {0};
	char line[256], *save;
	FILE *f = fopen(PEERS, "re");

	if (!f) {
		perror(PEERS);
		exit(1);
	}
	while (fgets(line, sizeof line, f)) {
		const char *name = strtok_r(line, "\t\n", &save);
		if (!name || strcmp(name, profile) != 0 || number(cell(&save)) != poll)
			continue;
		found.chrony = number(cell(&save));
		(void)cell(&save); /* ntpd */
		found.limit_two = number(cell(&save));
		found.limit_one = number(cell(&save));
	}
	(void)fclose(f);
	return found;
}

#define MEDIAN(field)                                                                              \
	({                                                                                         \
		double v[OPTIONS_SEEDS_MAX];                                                       \
		for (int i = 0; i < o->seeds; i++)                                                 \
			v[i] = r[i].field;                                                         \
		options_median(v, o->seeds);                                                       \
	})

static void line(const struct options *o, const struct plant_profile *profile, int poll,
		 bool multicast)
{
	struct result r[OPTIONS_SEEDS_MAX];
	struct peer peer = find_peer(profile->name, poll);
	double limit = multicast ? peer.limit_one : peer.limit_two;
	double threshold = peer.chrony > 0.0 ? 3e-6 * peer.chrony : 1e-4;
	double worst = 0.0;

	for (int i = 0; i < o->seeds; i++) {
		struct client c = {.multicast = multicast, .interval = ldexp(1.0, poll)};
		run(o, profile, c, o->first_seed + i, threshold, &r[i]);
		worst = r[i].rms > worst ? r[i].rms : worst;
	}
	double rms = MEDIAN(rms);
	printf("%-7s p%d %-9s %7.2f %7.2f %6.1f | %6.1f %5.2f | %5.1f %5.2f | %5.0f %6.0f | "
	       "%5.1f %5.1f | %4.1f %4.1f %6.2f\n",
	       profile->name, poll, multicast ? "multicast" : "unicast", rms, worst, MEDIAN(max),
	       peer.chrony, peer.chrony > 0.0 ? rms / peer.chrony : 0.0, limit,
	       limit > 0.0 ? rms / limit : 0.0, MEDIAN(converged), MEDIAN(recovery),
	       MEDIAN(coverage), MEDIAN(bound) / MEDIAN(median), MEDIAN(exchanges),
	       MEDIAN(triggered), MEDIAN(rate));
	fflush(stdout);
}

static void profile_lines(const struct options *o, const struct plant_profile *p)
{
	for (int way = 0; way < 2; way++)
		for (int poll = 4; poll <= 6; poll += 2)
			if ((o->poll == 0 || o->poll == poll) && (o->way < 0 || o->way == way))
				line(o, p, poll, way == 1);
}

int main(int argc, char **argv)
{
	struct options o = options_read(argc, argv);

	printf("%-7s %2s %-9s %7s %7s %6s | %6s %5s | %5s %5s | %5s %6s | %5s %5s | %4s %4s %6s\n",
	       "profile", "", "", "RMS us", "worst", "max", "chrony", "ratio", "limit", "ratio",
	       "conv", "recov", "cover", "bound", "ex/h", "tr/h", "ppb");
	for (const struct plant_profile *p = plant_profiles; p->name; p++)
		if (!o.profile || strcmp(o.profile, p->name) == 0)
			profile_lines(&o, p);
	return 0;
}
