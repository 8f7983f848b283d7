/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/auto.h"

#include <stdio.h>
#include <string.h>

static void *held(void *p)
{
	if (p)
		return p;
	(void)fputs("out of memory\n", stderr);
	abort();
}

void *auto_take(size_t size)
{
	return held(malloc(size ? size : 1));
}

void *auto_new(size_t count, size_t size)
{
	return held(calloc(count ? count : 1, size));
}

void *auto_resize(void *p, size_t count, size_t size)
{
	return held(reallocarray(p, count ? count : 1, size));
}

char *auto_copy(const char *chars, size_t len)
{
	char *copy = auto_take(len + 1);

	memcpy(copy, chars, len);
	copy[len] = '\0';
	return copy;
}
