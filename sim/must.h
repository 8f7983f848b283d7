/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory or an end: a simulation that has none left has nothing better to do than to say so. */
#ifndef SIM_MUST_H
#define SIM_MUST_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *must_have(void *p)
{
	if (!p) {
		(void)fputs("out of memory\n", stderr);
		exit(2);
	}
	return p;
}

/* Zeroed. */
static inline void *must_new(size_t count, size_t size)
{
	return must_have(calloc(count ? count : 1, size));
}

static inline void *must_resize(void *p, size_t count, size_t size)
{
	return must_have(reallocarray(p, count, size));
}

#endif
