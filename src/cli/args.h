/* SPDX-License-Identifier: BSD-2-Clause */
/* What a matched line gave its row: keywords by their word, arguments by the name in the notation.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct args;

/* True if that keyword was typed (in full or abbreviated). */
bool args_has(const struct args *a, const char *word);
/* The text of an argument, NULL if it was not given. */
const char *args_text(const struct args *a, const char *name);
/* The same for a numeric argument, which has been range-checked; otherwise if it was not given. */
uint64_t args_number(const struct args *a, const char *name, uint64_t otherwise);

#endif
