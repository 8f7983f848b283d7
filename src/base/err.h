/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sentence for a human: what went wrong and what to do about it. Where a caller must tell
 * causes apart the function returns -errno beside it; an err is never parsed.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdio.h>

#define ERR_MAX 320

struct err {
	char text[ERR_MAX]; /* one line, no final newline */
};

__attribute__((format(printf, 2, 3))) static inline void err_set(struct err *e, const char *format,
								 ...)
{
	va_list ap;

	if (!e)
		return;
	va_start(ap, format);
	(void)vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
}

#endif
