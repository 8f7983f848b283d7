/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "cli/show.h"

json_t *show_verdicts_collect(const struct show *show)
{
	json_t *list = json_array();
	struct counter_row v4 = {0}, v6 = {0};
	char key[40];

	(void)show->world->counter(show->world->context, ADDR_V4, 0, &v4);
	(void)show->world->counter(show->world->context, ADDR_V6, 0, &v6);
	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		if (v4.verdicts[v] + v6.verdicts[v] == 0 && !args_has(show->args, "all"))
			continue;
		json_t *o = json_pack("{s:s, s:o, s:o, s:s}", "verdict", show_verdict_key(v, key),
				      "ipv4", json_integer((json_int_t)v4.verdicts[v]), "ipv6",
				      json_integer((json_int_t)v6.verdicts[v]), "meaning",
				      note_of_verdict((enum verdict)v)->sentence);
		assert(o);
		json_array_append_new(list, o);
	}
	return json_pack("{s:o}", "verdicts", list);
}

void show_verdicts_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "verdicts");
	const json_t *o;
	size_t i;

	(void)show;
	text_add(out, " Verdict                       IPv4        IPv6  Meaning\n");
	json_array_foreach(list, i, o)
		text_addf(out, " %-22s %11" JSON_INTEGER_FORMAT " %11" JSON_INTEGER_FORMAT "  %s\n",
			  show_text(o, "verdict"), show_count(o, "ipv4"), show_count(o, "ipv6"),
			  show_text(o, "meaning"));
}
