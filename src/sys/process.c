/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/process.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

void *process_map(size_t octets)
{
	void *block =
		mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		return NULL;
	/* Both are better, neither is necessary; pages that are never touched stay unused. */
	(void)mlock2(block, octets, MLOCK_ONFAULT);
	(void)madvise(block, octets, MADV_DONTDUMP);
	return block;
}

void process_unmap(void *block, size_t octets)
{
	if (block)
		(void)munmap(block, octets);
}

int process_random(uint8_t *octets, size_t len, struct err *err)
{
	if (getrandom(octets, len, 0) == (ssize_t)len)
		return 0;
	err_set(err, "no random numbers from the kernel: %s", strerror(errno));
	return -EIO;
}

int process_give_up_rights(struct err *err)
{
	static const unsigned kept[] = {CAP_SYS_TIME, CAP_NET_BIND_SERVICE};
	bool had[sizeof kept / sizeof kept[0]];
	bool bounding;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capng_get_caps_process() != 0) {
		err_set(err, "capabilities cannot be read: %s", strerror(errno));
		return -EPERM;
	}
	for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++)
		had[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i]);
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (had[i])
			(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	}
	if (capng_apply(bounding ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0) {
		err_set(err, "capabilities could not be given up");
		return -EPERM;
	}
	return 0;
}
