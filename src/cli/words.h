/* SPDX-License-Identifier: BSD-2-Clause */
/* One help line for each word and argument of the command language, shared by all rows. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdbool.h>

/* "" if there is none. */
const char *words_help(const char *word, bool argument);

#endif
