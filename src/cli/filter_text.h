/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind `|`: include, exclude, begin and section with a regular expression, count,
 * ignore-case, no-more, json; up to 32 in a row. Works on text alone. A person who may only look
 * cannot buy seconds of processor time with an expression: matching is limited.
 */
#ifndef CLI_FILTER_TEXT_H
#define CLI_FILTER_TEXT_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"

#define FILTER_STAGES_MAX 32
#define FILTER_PATTERN_MAX 255

/*
 * pipeline is all that follows the first `|`; what is left of in is added to out. 0, or -EINVAL
 * with a sentence, out untouched.
 */
MUST_CHECK int filter_text_run(const char *pipeline, const char *in, struct text *out,
			       struct err *err);
/* True if the first filter is json: the caller gives the data itself to filter_text_run. */
bool filter_text_wants_json(const char *pipeline);
/* True if one of them is no-more: the reply is not to be paged. */
bool filter_text_wants_no_more(const char *pipeline);

#endif
