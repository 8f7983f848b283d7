/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a scenario as words: plain ones, "quoted ones", # and the rest is for people. The
 * first complaint stays: "FILE:LINE: reason".
 */
#ifndef SIM_LINE_H
#define SIM_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define LINE_WORDS_MAX 256
#define LINE_CHARS_MAX 8192

struct line {
	const char *file; /* borrowed */
	unsigned number;
	unsigned count;
	unsigned at; /* the next word */
	const char *words[LINE_WORDS_MAX];
	bool quoted[LINE_WORDS_MAX];
	char chars[LINE_CHARS_MAX];
	struct err *err;
};

/* Cuts text, up to its end or newline, into words; 0 or -EINVAL with the complaint in l->err. */
MUST_CHECK int line_read(struct line *l, const char *text, size_t len);
/* Always -EINVAL. */
int line_complain(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool line_ended(const struct line *l);
/* The next word without taking it; "" at the end or before a quoted one. */
const char *line_peek(const struct line *l);
/* Takes the next word if it is this one. */
bool line_takes(struct line *l, const char *word);
/* These take a word of a kind; what is said in the complaint. */
MUST_CHECK int line_word(struct line *l, const char *what, const char **ret);
MUST_CHECK int line_quoted(struct line *l, const char **ret);
MUST_CHECK int line_time(struct line *l, const char *what, int64_t *ret_ns);
MUST_CHECK int line_rate(struct line *l, const char *what, double *ret);
MUST_CHECK int line_share(struct line *l, const char *what, double *ret);
MUST_CHECK int line_count(struct line *l, const char *what, uint64_t *ret);
MUST_CHECK int line_end(struct line *l);

/* C{1..20} stands for C1 to C20. */
struct line_names {
	char stem[32];
	bool many;
	unsigned first, last;
};

#define LINE_NAME_MAX 32

MUST_CHECK int line_names(struct line *l, struct line_names *ret);
/* The i-th name, false past the end. */
bool line_name(const struct line_names *n, unsigned i, char ret[LINE_NAME_MAX]);

#endif
