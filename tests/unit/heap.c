/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>

uint64_t heap_calls;
int64_t heap_left = -1;
bool heap_recovers;

/* The allocator behind the names, as glibc exports it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool refused(void)
{
	heap_calls++;
	if (heap_left < 0)
		return false;
	if (heap_left > 0) {
		heap_left--;
		return false;
	}
	if (heap_recovers)
		heap_left = -1;
	errno = ENOMEM;
	return true;
}

/* Seen by the libraries, too. */
#pragma GCC visibility push(default)

void *malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return refused() ? NULL : __libc_realloc(p, size);
}

#pragma GCC visibility pop
