/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/shelf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

struct kept {
	char *name;
	char *chars;
	size_t len;
};

/* Sorted by name. */
struct memory {
	struct kept *texts;
	size_t count;
	size_t room;
};

/* The place of name, or where it belongs. */
static size_t place(const struct memory *m, const char *name, bool *ret_found)
{
	size_t i = 0;

	while (i < m->count && strcmp(m->texts[i].name, name) < 0)
		i++;
	*ret_found = i < m->count && strcmp(m->texts[i].name, name) == 0;
	return i;
}

static int load(void *context, const char *name, struct text *ret, struct err *err)
{
	const struct memory *m = context;
	bool found;
	size_t i = place(m, name, &found);

	if (!found) {
		err_set(err, "there is no %s", name);
		return -ENOENT;
	}
	text_add_len(ret, m->texts[i].chars, m->texts[i].len);
	return 0;
}

static int keep(void *context, const char *name, const char *chars, size_t len, struct err *err)
{
	struct memory *m = context;
	bool found;
	size_t i = place(m, name, &found);

	(void)err;
	if (found) {
		free(m->texts[i].chars);
	} else {
		if (m->count == m->room) {
			m->room = m->room ? 2 * m->room : 16;
			m->texts = auto_resize(m->texts, m->room, sizeof *m->texts);
		}
		memmove(&m->texts[i + 1], &m->texts[i], (m->count - i) * sizeof *m->texts);
		m->texts[i].name = auto_copy(name, strlen(name));
		m->count++;
	}
	m->texts[i].chars = auto_copy(chars, len);
	m->texts[i].len = len;
	return 0;
}

static int list(void *context, struct text *ret, struct err *err)
{
	const struct memory *m = context;

	(void)err;
	for (size_t i = 0; i < m->count; i++)
		text_addf(ret, "%s\n", m->texts[i].name);
	return 0;
}

static int drop(void *context, const char *name, struct err *err)
{
	struct memory *m = context;
	bool found;
	size_t i = place(m, name, &found);

	(void)err;
	if (!found)
		return 0;
	free(m->texts[i].name);
	free(m->texts[i].chars);
	m->count--;
	memmove(&m->texts[i], &m->texts[i + 1], (m->count - i) * sizeof *m->texts);
	return 0;
}

struct shelf *shelf_new(void)
{
	struct shelf *s = auto_new(1, sizeof *s);
	struct memory *m = auto_new(1, sizeof *m);

	*s = (struct shelf){m, load, keep, list, drop};
	return s;
}

void shelf_free(struct shelf *s)
{
	if (!s)
		return;
	struct memory *m = s->context;
	for (size_t i = 0; i < m->count; i++) {
		free(m->texts[i].name);
		free(m->texts[i].chars);
	}
	free(m->texts);
	free(m);
	free(s);
}
