/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The leap second. The kernel inserts it or leaves it out at midnight, as everybody does who keeps
 * UTC: the clock jumps, and nothing is off. Whoever jumps otherwise was moved.
 */
#ifndef NTP_LEAP_H
#define NTP_LEAP_H

#include "base/ntptime.h"

struct node;

/* True if that move of the wall clock, to now, was the leap second that was announced. */
bool leap_explains(const struct node *n, struct now now, span by);
/* Every source moved with us; what is announced is done. */
void leap_pass(struct node *n, span by);

#endif
