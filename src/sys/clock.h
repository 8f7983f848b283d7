/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock that is kept: read as a pair, stepped, slewed, vouched for. Three kinds behind one
 * face: the system's, the system's but only watched, and one made of arithmetic (vclock.h).
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/ntptime.h"

struct clock;

struct clock_status {
	bool synchronised;
	uint8_t leap; /* 0 none, 1 insert, 2 delete */
	span max_error;
	span estimated_error;
};

/*
 * "system", "observe" or "virtual:..." as in vclock_parse. Where the system clock may not be set
 * the result only observes and warning holds a sentence; else warning is "".
 */
MUST_CHECK int clock_new(const char *text, struct clock **ret, struct err *warning,
			 struct err *err);
void clock_free(struct clock *c);

bool clock_steers(const struct clock *c);
/* True for a clock of our own, of which the kernel knows nothing. */
bool clock_is_virtual(const struct clock *c);
int8_t clock_precision_log2s(const struct clock *c);
/* The largest rate clock_set_rate accepts. */
freq clock_frequency_max(const struct clock *c);

struct now clock_now(struct clock *c);
/*
 * How far something else moved the wall clock, as noticed by the readings since the last call;
 * zero if nothing did.
 */
span clock_take_moved(struct clock *c);
/*
 * How long the machine was suspended, as noticed by the readings since the last call. The steady
 * clock of the pairs counts it; the wall clock was set by a coarse one in the meantime.
 */
span clock_take_slept(struct clock *c);
/*
 * The pair at a kernel packet stamp (CLOCK_REALTIME, Unix ns) that is at most a second old. False
 * if the stamp cannot be trusted: it lies in the future or before the clock's last step.
 */
MUST_CHECK bool clock_at(struct clock *c, int64_t real_ns, struct now *ret);
/* The same at an instant of the steady clock. */
MUST_CHECK bool clock_at_mono(struct clock *c, mono at, struct now *ret);

/* 0 or -errno; ret_done is what was really done. */
MUST_CHECK int clock_step(struct clock *c, span by, span *ret_done);
/* The rate against the free-running clock, absolute; ret_rate is what it really runs at. */
MUST_CHECK int clock_set_rate(struct clock *c, freq rate, freq *ret_rate);
MUST_CHECK int clock_set_status(struct clock *c, const struct clock_status *s);
/* What the kernel says of its clock; -EOPNOTSUPP for a clock of our own. */
MUST_CHECK int clock_status(struct clock *c, struct clock_status *ret);

#endif
