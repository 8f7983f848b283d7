/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is freed at the end of a scope, and memory without which there is no going on: the
 * program ends with a line, and whoever watches over it starts it again. Closing belongs to sys/.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdlib.h>

static inline void auto_free_(void *p)
{
	free(*(void **)p);
}

/* The variable must be a pointer from malloc, or NULL. */
#define AUTO_FREE __attribute__((cleanup(auto_free_)))

/* Never NULL, and for free(): as it comes, zeroed, longer or shorter, a text of len characters. */
void *auto_take(size_t size);
void *auto_new(size_t count, size_t size);
void *auto_resize(void *p, size_t count, size_t size);
char *auto_copy(const char *chars, size_t len);

/* For functions that can fail and whose result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

#endif
