/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as what a node remembers: what is understood prints, and reads back as the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/memo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct memory read, again;
	struct text printed = {0};
	char *chars = calloc(1, len + 1);

	if (!chars)
		abort();
	memcpy(chars, bytes, len);
	(void)memo_parse(chars, &read);
	assert(read.floor_count <= MEMORY_FLOORS_MAX);
	memo_print(&read, &printed);
	assert(memo_parse(text_chars(&printed), &again) == 0);
	assert(again.floor_count == read.floor_count);
	assert(again.has_frequency == read.has_frequency);
	assert(again.frequency.ppt == read.frequency.ppt);
	for (unsigned i = 0; i < read.floor_count; i++) {
		assert(again.floors[i].transmit.frac == read.floors[i].transmit.frac);
		assert(addr_equal(&again.floors[i].source, &read.floors[i].source));
	}
	text_fini(&printed);
	free(chars);
	return 0;
}
