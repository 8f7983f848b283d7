/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/args.h"

#include <string.h>

#include "cli/match.h"

bool args_has(const struct args *a, const char *word)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->list[i].node->kind == GRAPH_WORD && strcmp(a->list[i].node->text, word) == 0)
			return true;
	return false;
}

const struct value *args_value(const struct args *a, const char *name)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->list[i].node->kind == GRAPH_ARG && strcmp(a->list[i].node->text, name) == 0)
			return &a->list[i].value;
	return NULL;
}

const char *args_text(const struct args *a, const char *name)
{
	const struct value *v = args_value(a, name);

	return v ? v->text : NULL;
}

uint64_t args_number(const struct args *a, const char *name, uint64_t otherwise)
{
	const struct value *v = args_value(a, name);

	return v ? v->number : otherwise;
}
