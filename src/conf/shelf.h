/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where configuration text survives: a few named texts, each kept whole or not at all. Filled from
 * sys/file.c in the daemon, from memory in the simulator and in tests. The only way from conf/ to
 * a disk.
 */
#ifndef CONF_SHELF_H
#define CONF_SHELF_H

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"

/* Names are 1 to 64 characters of [A-Za-z0-9._-] and do not start with a dot. */
struct shelf {
	void *context;
	/* 0, or -errno with a sentence (-ENOENT: there is none); ret is added to. */
	int (*load)(void *context, const char *name, struct text *ret, struct err *err);
	/* When it returns 0 the text is on the disk, whole, and so is its name. */
	int (*keep)(void *context, const char *name, const char *chars, size_t len,
		    struct err *err);
	/* Adds one name a line, sorted. */
	int (*list)(void *context, struct text *ret, struct err *err);
	/* 0 also when there was none. */
	int (*drop)(void *context, const char *name, struct err *err);
};

/* A shelf in memory, for simulators and checks: what is kept on it ends with it. */
struct shelf *shelf_new(void);
void shelf_free(struct shelf *s);

#endif
