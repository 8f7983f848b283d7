/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One source's samples in; what its clock shows, how fast it runs against our free-running clock,
 * how long the path is, and honest bounds on all of it, out. Queueing is treated as one-sided
 * (docs/decisions). Lives on mono: steering the wall clock changes nothing here.
 */
#ifndef NTP_ESTIMATE_H
#define NTP_ESTIMATE_H

#include "base/ntptime.h"

/*
 * One measurement. T1..T4 of RFC 5905 section 8, our own two on the steady clock:
 * one-way (mode 5) has T3 and T4 only; two-way (volley, poll) has all four.
 */
struct sample {
	bool two_way;
	mono sent;		/* T1, two-way only */
	stamp received;		/* T2, two-way only */
	stamp transmitted;	/* T3 */
	mono arrived;		/* T4 */
	int8_t precision_log2s; /* of the remote clock */
};

/* What is believed of a source, as of a local instant. */
struct belief {
	bool valid; /* false: nothing usable yet */
	mono at;
	stamp remote;	 /* what the source's clock shows at that instant */
	freq rate;	 /* it gains that much on our steady clock: positive, we run slow */
	span delay;	 /* round trip without queueing */
	span error;	 /* 95 % bound of remote if the path is symmetric */
	span rate_error; /* 1-sigma of rate, ns gained per s */
	span dispersion; /* RFC 5905 sense: error + what mono may have drifted, >= error */
	span jitter;	 /* scale of the queueing and reading noise, RMS */
};

#define ESTIMATE_DEFAULT_DELAY SPAN_US(500) /* one way, when nobody measured it */

enum estimate_verdict {
	ESTIMATE_USED,
	ESTIMATE_OUTLIER, /* weighs little or nothing: congestion, a spike, or out of order */
	/*
	 * Not used: only a source that was set can be so far off. One-way packets never settle
	 * it; two exchanges in a row that agree do, and the second is ESTIMATE_USED.
	 */
	ESTIMATE_JUMP,
};

struct estimate; /* its size is visible below so that an association can hold it */

#include "ntp/estimate_state.h"

/* frequency: a remembered rate of our free-running clock against true time, or unknown. */
void estimate_init(struct estimate *e, bool has_frequency, freq frequency, span frequency_error);
/* Samples in any order of kind; one that arrived before the newest is not used. */
enum estimate_verdict estimate_add(struct estimate *e, const struct sample *s);
/*
 * For a one-way source that never answered: path is server to client, one way, and half_width how
 * wrong that may be; counts until the first two-way sample.
 */
void estimate_assume_delay(struct estimate *e, span path, span half_width);
/*
 * For such a source: what others say of its clock as of the arrival of s, a one-way sample. It
 * begins anew with that and s, unless together they contradict the assumed delay.
 */
bool estimate_begin_by(struct estimate *e, const struct sample *s, const struct belief *others);
/* Forget phase and delay, keep the rate: after a confirmed jump of the source. */
void estimate_restart(struct estimate *e);
/* The source's clock and ours were moved by that: what is known of it stays true. */
void estimate_leap(struct estimate *e, span by);
void estimate_at(const struct estimate *e, mono at, struct belief *ret);
/*
 * True when a two-way exchange would tell more than waiting: the delay is not known, the floor
 * moved, uncertainty grew. Whoever asks limits how often; questions without answers are not seen
 * here.
 */
bool estimate_wants_exchange(const struct estimate *e);

#endif
