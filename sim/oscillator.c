/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/oscillator.h"

#include <assert.h>
#include <math.h>

void oscillator_init(struct oscillator *o, struct stream luck, int64_t mono_ns, double rate,
		     double wander)
{
	*o = (struct oscillator){
		.luck = luck,
		.rate = rate,
		.wander = wander,
		.mono_ns = mono_ns,
		.next_move_ns = NS_PER_S,
	};
}

/* Moves the pair along at the constant rate. */
static void run_to(struct oscillator *o, int64_t true_ns)
{
	int64_t dt = true_ns - o->true_ns;
	double gain = o->mono_frac + o->rate * (double)dt;
	double whole = floor(gain);

	o->mono_ns += dt + (int64_t)whole;
	o->mono_frac = gain - whole;
	o->true_ns = true_ns;
}

mono oscillator_read(struct oscillator *o, int64_t true_ns)
{
	assert(true_ns >= o->true_ns);
	if (o->wander > 0.0) {
		while (o->next_move_ns <= true_ns) {
			run_to(o, o->next_move_ns);
			o->rate += o->wander * stream_normal(&o->luck);
			o->next_move_ns += NS_PER_S;
		}
	}
	int64_t dt = true_ns - o->true_ns;

	return (mono){o->mono_ns + dt + (int64_t)floor(o->mono_frac + o->rate * (double)dt)};
}

int64_t oscillator_foresee(struct oscillator *o, int64_t true_ns, mono m)
{
	int64_t left = m.ns - oscillator_read(o, true_ns).ns;

	if (left <= 0)
		return true_ns;
	double slower = (double)left * (o->rate / (1.0 + o->rate));
	int64_t wait = left - (int64_t)floor(slower);

	/* A rate that falls meanwhile would bring us there too early by a nanosecond or more: the
	 * caller looks again. */
	return true_ns + (wait > 0 ? wait : 1);
}

void oscillator_push(struct oscillator *o, int64_t true_ns, double by)
{
	(void)oscillator_read(o, true_ns);
	run_to(o, true_ns);
	o->rate += by;
}
