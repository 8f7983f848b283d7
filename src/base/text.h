/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing text: replies, printed configurations, files to be written. Always ends in '\0'.
 * Stops the program when memory is gone (design: only front ends allocate after start).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *chars; /* owned; NULL while empty */
	size_t len;
	size_t room;
};

/* The text so far, "" if nothing; borrowed until the next change. */
const char *text_chars(const struct text *t);
void text_add(struct text *t, const char *chars);
void text_add_len(struct text *t, const char *chars, size_t len);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* True if text_chars seems to end before the text does. */
bool text_has_nul(const struct text *t);
/* Forgets the content, keeps the memory. */
void text_clear(struct text *t);
/* Cuts to len, which must not be more than the text has. */
void text_cut(struct text *t, size_t len);
/* Gives the memory back; t is empty afterwards and may be used again. */
void text_fini(struct text *t);
/* The caller owns what is returned (never NULL); t is empty afterwards. */
char *text_take(struct text *t);

#endif
