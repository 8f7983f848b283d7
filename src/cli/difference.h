/* SPDX-License-Identifier: BSD-2-Clause */
/* Two printed configurations, line by line. Knows sections (#) and indents, no commands. */
#ifndef CLI_DIFFERENCE_H
#define CLI_DIFFERENCE_H

#include <stdbool.h>

#include "base/text.h"

/*
 * "+ line" for what only to has, "- line" for what only from has, section by section, with the
 * header of a block before its lines; false and nothing if they are the same. Lines that start
 * with ! do not count.
 */
bool difference_print(const char *from, const char *to, struct text *out);
/* The first line that differs, and up to nine from there on of both; false if there is none. */
bool difference_first(const char *current, const char *file, struct text *out);

#endif
