/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the C library's allocator, for every library of the program: counts, and refuses
 * when told to. Not in a build with the address sanitizer, which stands there itself.
 */
#ifndef TESTS_UNIT_HEAP_H
#define TESTS_UNIT_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* How often something was allocated, or made larger. */
extern uint64_t heap_calls;
/* That many more succeed, then one fails, or all; negative: none fails. */
extern int64_t heap_left;
extern bool heap_recovers;

#endif
