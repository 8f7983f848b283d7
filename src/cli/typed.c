/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "cli/inside.h"

/* What may be shown again: a key typed in plain may not. NULL: nothing of the line. */
static char *shown(const struct session *s, const char *line)
{
	const struct match *m = &s->office->match;
	const char *password = NULL;

	if (m->result != MATCH_FOUND)
		return strcasestr(line, "auth") ? NULL : auto_copy(line, strlen(line));
	if (m->row->kind == ROW_SET)
		password = args_text(&m->args, "password");
	if (!password || seal_is_sealed(password))
		return auto_copy(line, strlen(line));
	for (unsigned i = 0; i < m->token_count; i++) {
		if (m->tokens[i].text != password)
			continue;
		struct text t = {0};
		text_add_len(&t, line, m->tokens[i].at);
		text_add(&t, "********");
		return text_take(&t);
	}
	return NULL;
}

void typed_remember(struct session *s, const char *line)
{
	unsigned count = 0;
	char *copy = s->loading ? NULL : shown(s, line);

	while (count < INSIDE_HISTORY && s->typed[count])
		count++;
	if (!copy || (count > 0 && strcmp(s->typed[count - 1], copy) == 0)) {
		free(copy);
		return;
	}
	if (count == INSIDE_HISTORY) {
		free(s->typed[0]);
		memmove(&s->typed[0], &s->typed[1], (INSIDE_HISTORY - 1) * sizeof s->typed[0]);
		count--;
	}
	s->typed[count] = copy;
}

void typed_forget(struct session *s)
{
	for (unsigned i = 0; i < INSIDE_HISTORY; i++)
		free(s->typed[i]);
}
