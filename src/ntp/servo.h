/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a belief to what is done to the wall clock: wait, step or set a rate. Phase is read
 * (wall against mono), never assumed; the whole frequency estimate goes in at once and the phase
 * error is worked off by a temporary rate that ends at servo_next_wake.
 */
#ifndef NTP_SERVO_H
#define NTP_SERVO_H

#include "base/ntptime.h"
#include "ntp/estimate.h"

#define SERVO_STEP_MIN SPAN_MS(128) /* STEPT of RFC 5905; smaller offsets are slewed once set */
#define SERVO_STEP_MAX SPAN_S(1000) /* PANICT: a later step beyond this is refused */

struct servo {
	bool steer;	/* false: everything is computed, nothing asked for */
	bool was_set;	/* the first confirmed correction is done */
	bool woke;	/* the machine slept since the last confirmed correction */
	freq frequency; /* wall against mono that keeps pace with the reference */
	freq rate;	/* in force, frequency plus any slew; as the kernel rounded it */
	freq frequency_max;
	freq slew_max; /* added to frequency at most */
	mono slew_end; /* MONO_NEVER: no slew under way */
	bool has_line; /* what is aimed at: the reference showed line_wall at line_at ... */
	mono line_at;
	stamp line_wall;
	freq line_rate; /* ... and gains so much on mono */
	span residue;	/* phase errors below it are left alone: the estimate is no better */
};

enum servo_verb {
	SERVO_WAIT,
	SERVO_STEP,   /* step, then set rate */
	SERVO_RATE,   /* set rate */
	SERVO_REFUSE, /* the offset is beyond what may be stepped: nothing is done */
};

struct servo_order {
	enum servo_verb verb;
	span step;
	freq rate;
};

void servo_init(struct servo *v, bool steer, freq frequency, freq frequency_max);
/* The clock is never made faster or slower by more than that to work off an offset; 0: 500. */
void servo_limit(struct servo *v, unsigned ppm);
/*
 * A new combined belief. confirmed: it rests on a two-way exchange with a fresh nonce or on
 * agreeing sources, so a step is allowed. offset is reference - wall at now. The first confirmed
 * one steps over whatever a slew would not finish soon; later ones only from SERVO_STEP_MIN up.
 * An order is taken to be carried out; servo_applied corrects the rate if it was rounded.
 */
struct servo_order servo_update(struct servo *v, struct now now, const struct belief *b,
				span offset, bool confirmed);
/* The slew under way ends: back to the frequency alone, or once more for what is left. */
struct servo_order servo_wake(struct servo *v, struct now now);
/* The machine slept: the next confirmed correction steps like a first one, within the limit. */
void servo_rouse(struct servo *v);
/* There is nothing to follow any more: back to the frequency alone, whatever was under way. */
struct servo_order servo_stop(struct servo *v);
/* The step that was ordered is done; after one that failed the next may be as large. */
void servo_corrected(struct servo *v);
/* What the clock really runs at after ACT_RATE. */
void servo_applied(struct servo *v, freq rate);
mono servo_next_wake(const struct servo *v);

#endif
