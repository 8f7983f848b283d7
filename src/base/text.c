/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include "base/auto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <assert.h>

static void make_room(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;

	if (need <= t->room)
		return;
	size_t room = t->room ? t->room : 128;
	while (room < need)
		room *= 2;
	t->chars = auto_resize(t->chars, room, 1);
	t->room = room;
}

const char *text_chars(const struct text *t)
{
	return t->chars ? t->chars : "";
}

void text_add_len(struct text *t, const char *chars, size_t len)
{
	make_room(t, len);
	if (len > 0)
		memcpy(t->chars + t->len, chars, len);
	t->len += len;
	t->chars[t->len] = '\0';
}

void text_add(struct text *t, const char *chars)
{
	text_add_len(t, chars, strlen(chars));
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list ap, again;

	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	assert(n >= 0);
	make_room(t, (size_t)n);
	(void)vsnprintf(t->chars + t->len, (size_t)n + 1, format, again);
	va_end(again);
	t->len += (size_t)n;
}

bool text_has_nul(const struct text *t)
{
	return t->len > 0 && memchr(t->chars, '\0', t->len);
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->chars)
		t->chars[0] = '\0';
}

void text_cut(struct text *t, size_t len)
{
	assert(len <= t->len);
	t->len = len;
	if (t->chars)
		t->chars[len] = '\0';
}

void text_fini(struct text *t)
{
	free(t->chars);
	*t = (struct text){0};
}

char *text_take(struct text *t)
{
	make_room(t, 0);
	char *chars = t->chars;
	chars[t->len] = '\0';
	*t = (struct text){0};
	return chars;
}
