/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/auto.h"

#include <stdio.h>
#include <string.h>

void auto_out_of_memory(void)
{
	(void)fputs("out of memory\n", stderr);
	abort();
}

void *auto_take(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		auto_out_of_memory();
	return p;
}

void *auto_new(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		auto_out_of_memory();
	return p;
}

char *auto_copy(const char *text)
{
	size_t octets = strlen(text) + 1;

	return memcpy(auto_take(octets), text, octets);
}
