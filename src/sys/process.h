/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process asks for itself: a locked block, random numbers. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

/* Zeroed, kept out of core dumps and children and, if the limits allow it, out of swap; NULL with
 * errno set. */
void *process_map(size_t octets);
void process_unmap(void *block, size_t octets);
/*
 * Before there is a second thread: the kernel makes room for so many descriptors now. Later it
 * would make the thread that opens one too many wait, tens of milliseconds, until all processors
 * have seen the larger table.
 */
void process_make_room(unsigned descriptors);
/* 0 or -errno with a sentence. */
MUST_CHECK int process_random(uint8_t *octets, size_t len, struct err *err);

#endif
