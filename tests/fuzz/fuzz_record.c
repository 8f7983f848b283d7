/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any octets as a recording: it plays, or is refused with a sentence. The size of the node in its
 * first frame is made right, and an older version is made today's: no file could keep up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/wire.h"
#include "daemon/record.h"
#include "sim/replay.h"
#include "sim/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define VERSION_AT 7
/* Behind the magic number and the head of the frame. */
#define SIZE_AT (8 + 21)

/* A host's secret of 32 zeros, and where it is. */
static void make_secret(char ret_path[32])
{
	int fd = memfd_create("secret", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SEAL_MASTER_LEN) < 0)
		abort();
	(void)snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static FILE *nowhere;
	static char secret[32];
	struct err err = {{0}};
	uint8_t *copy = malloc(len + 1);

	if (!nowhere) {
		nowhere = fopen("/dev/null", "we");
		make_secret(secret);
	}
	if (!copy || !nowhere)
		abort();
	memcpy(copy, bytes, len);
	if (len > VERSION_AT && copy[VERSION_AT] > 0 && copy[VERSION_AT] < RECORD_VERSION)
		copy[VERSION_AT] = RECORD_VERSION;
	if (len >= SIZE_AT + 4 && copy[8] == TAPE_START) {
		struct wire_writer w = wire_write(copy + SIZE_AT, 4);

		wire_put_u32(&w, (uint32_t)node_size());
	}
	FILE *tape = fmemopen(copy, len ? len : 1, "r");
	if (!tape)
		abort();
	if (replay_run(tape, secret, nowhere, &err) < 0)
		assert(err.text[0] != '\0');
	(void)fclose(tape);
	free(copy);
	return 0;
}
