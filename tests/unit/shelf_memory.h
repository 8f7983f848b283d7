/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shelf in memory for tests, with a disk that can be made to fail at its n-th change. Each text
 * is kept whole or not at all, as shelf.h promises.
 */
#ifndef TESTS_SHELF_MEMORY_H
#define TESTS_SHELF_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf/shelf.h"

#define MEMORY_TEXTS_MAX 256

struct memory_shelf {
	unsigned count;
	struct memory_text {
		char name[65];
		struct text text;
	} texts[MEMORY_TEXTS_MAX]; /* sorted by name */
	unsigned changes;	   /* keeps and drops so far, failed ones too */
	unsigned fail_from;	   /* the first change that fails; 0: none */
	unsigned fail_count;	   /* how many fail; 0: all from there on (the power is off) */
};

static inline int memory_find(const struct memory_shelf *m, const char *name)
{
	for (unsigned i = 0; i < m->count; i++)
		if (strcmp(m->texts[i].name, name) == 0)
			return (int)i;
	return -1;
}

static inline bool memory_refuses(struct memory_shelf *m)
{
	m->changes++;
	return m->fail_from > 0 && m->changes >= m->fail_from &&
	       (m->fail_count == 0 || m->changes < m->fail_from + m->fail_count);
}

static inline int memory_load(void *context, const char *name, struct text *ret, struct err *err)
{
	struct memory_shelf *m = context;
	int i = memory_find(m, name);

	if (i < 0) {
		err_set(err, "There is no %s.", name);
		return -ENOENT;
	}
	text_add_len(ret, text_chars(&m->texts[i].text), m->texts[i].text.len);
	return 0;
}

static inline int memory_keep(void *context, const char *name, const char *chars, size_t len,
			      struct err *err)
{
	struct memory_shelf *m = context;
	int i = memory_find(m, name);

	if (memory_refuses(m)) {
		err_set(err, "%s cannot be written: no space left on device.", name);
		return -ENOSPC;
	}
	if (i < 0) {
		if (m->count == MEMORY_TEXTS_MAX)
			return -ENOSPC;
		unsigned at = m->count++;
		for (; at > 0 && strcmp(m->texts[at - 1].name, name) > 0; at--)
			m->texts[at] = m->texts[at - 1];
		m->texts[at] = (struct memory_text){0};
		(void)snprintf(m->texts[at].name, sizeof m->texts[at].name, "%s", name);
		i = (int)at;
	}
	text_clear(&m->texts[i].text);
	text_add_len(&m->texts[i].text, chars, len);
	return 0;
}

static inline int memory_list(void *context, struct text *ret, struct err *err)
{
	struct memory_shelf *m = context;

	(void)err;
	for (unsigned i = 0; i < m->count; i++)
		text_addf(ret, "%s\n", m->texts[i].name);
	return 0;
}

static inline int memory_drop(void *context, const char *name, struct err *err)
{
	struct memory_shelf *m = context;
	int i = memory_find(m, name);

	if (memory_refuses(m)) {
		err_set(err, "%s cannot be removed: input/output error.", name);
		return -EIO;
	}
	if (i < 0)
		return 0;
	text_fini(&m->texts[i].text);
	m->count--;
	for (unsigned k = (unsigned)i; k < m->count; k++)
		m->texts[k] = m->texts[k + 1];
	return 0;
}

static inline struct shelf memory_shelf(struct memory_shelf *m)
{
	return (struct shelf){m, memory_load, memory_keep, memory_list, memory_drop};
}

/* "" if there is none. */
static inline const char *memory_text(const struct memory_shelf *m, const char *name)
{
	int i = memory_find(m, name);

	return i < 0 ? "" : text_chars(&m->texts[i].text);
}

static inline void memory_put(struct memory_shelf *m, const char *name, const char *chars)
{
	if (memory_keep(m, name, chars, strlen(chars), NULL) < 0)
		abort();
}

static inline void memory_fini(struct memory_shelf *m)
{
	for (unsigned i = 0; i < m->count; i++)
		text_fini(&m->texts[i].text);
	*m = (struct memory_shelf){0};
}

#endif
