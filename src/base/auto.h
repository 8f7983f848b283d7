/* SPDX-License-Identifier: BSD-2-Clause */
/* Free and close at the end of a scope. Knows only free(); closing belongs to sys/. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdlib.h>

static inline void auto_free_(void *p)
{
	free(*(void **)p);
}

/* The variable must be a pointer from malloc, or NULL. */
#define AUTO_FREE __attribute__((cleanup(auto_free_)))

/* For functions that can fail and whose result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

#endif
