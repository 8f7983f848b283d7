/* SPDX-License-Identifier: BSD-2-Clause */
/* Quantities as people write them, with their unit: 1.5ms, -20ppm, 30%. No rounding surprises. */
#ifndef SIM_MEASURE_H
#define SIM_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

/* Each takes the whole text or fails and leaves ret untouched. */
/* ns us ms s min h d; "0" needs none. */
MUST_CHECK bool measure_time(const char *text, int64_t *ret_ns);
/* ppm ppb ppt, as a ratio; "0" needs none. */
MUST_CHECK bool measure_rate(const char *text, double *ret);
/* A percentage, as a ratio from 0 to 1. */
MUST_CHECK bool measure_share(const char *text, double *ret);
MUST_CHECK bool measure_count(const char *text, uint64_t *ret);
/* ns as a person reads it, with a unit that leaves three digits or so; returns buf. */
#define MEASURE_TEXT_MAX 32
const char *measure_print_time(double ns, char buf[MEASURE_TEXT_MAX]);

#endif
