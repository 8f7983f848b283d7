/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

void *process_map(size_t octets)
{
	void *block =
		mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		return NULL;
	/* All are better, none is necessary; pages that are never touched stay unused. */
	(void)mlock2(block, octets, MLOCK_ONFAULT);
	(void)madvise(block, octets, MADV_DONTDUMP);
	(void)madvise(block, octets, MADV_WIPEONFORK);
	return block;
}

void process_unmap(void *block, size_t octets)
{
	if (block)
		(void)munmap(block, octets);
}

void process_make_room(unsigned descriptors)
{
	/* The highest that the limits allow: a smaller table only costs time later. */
	for (unsigned top = descriptors; top > 64; top /= 2) {
		int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, (int)top - 1);

		if (fd >= 0) {
			(void)close(fd);
			return;
		}
	}
}

int process_random(uint8_t *octets, size_t len, struct err *err)
{
	if (getrandom(octets, len, 0) == (ssize_t)len)
		return 0;
	err_set(err, "no random numbers from the kernel: %s", strerror(errno));
	return -EIO;
}
