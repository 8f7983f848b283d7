/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any octets as a recording: it plays, or is refused with a sentence. The size of the node in its
 * first frame is made right, as no file could keep up with it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "sim/replay.h"
#include "sim/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Behind the magic number and the head of the frame. */
#define SIZE_AT (8 + 21)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static FILE *nowhere;
	struct err err = {{0}};
	uint8_t *copy = malloc(len + 1);

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (!copy || !nowhere)
		abort();
	memcpy(copy, bytes, len);
	if (len >= SIZE_AT + 4 && copy[8] == TAPE_START) {
		struct wire_writer w = wire_write(copy + SIZE_AT, 4);

		wire_put_u32(&w, (uint32_t)node_size());
	}
	FILE *tape = fmemopen(copy, len ? len : 1, "r");
	if (!tape)
		abort();
	if (replay_run(tape, nowhere, &err) < 0)
		assert(err.text[0] != '\0');
	(void)fclose(tape);
	free(copy);
	return 0;
}
