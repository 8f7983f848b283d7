/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "cli/show.h"

/* A verdict's sentence, but for the two that mean something else to a search. */
static const char *why(uint8_t verdict)
{
	if (verdict == VERDICT_USED)
		return "taken, a session begins";
	if (verdict == VERDICT_HEARD)
		return "it has a session already";
	return note_of_verdict(verdict)->sentence;
}

static json_t *answers_of(const struct ring_row *r)
{
	json_t *list = json_array();
	char key[40];

	for (unsigned i = 0; i < r->last_count; i++) {
		json_t *o = json_pack("{s:o, s:s, s:s}", "address", show_addr(&r->last[i].from),
				      "verdict", show_verdict_key(r->last[i].verdict, key),
				      "reason", why(r->last[i].verdict));
		assert(o);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *rings_of(const struct show *show, unsigned group)
{
	json_t *list = json_array();
	struct ring_row r;
	char key[40];

	for (unsigned j = 0; show->world->ring(show->world->context, group, j, &r); j++) {
		json_t *o = json_pack(
			"{s:i, s:I, s:I, s:I, s:o, s:o, s:o}", "ttl", r.ttl, "solicitations",
			(json_int_t)r.solicitations, "answers", (json_int_t)r.answers, "taken",
			(json_int_t)r.taken, "last-verdict",
			r.last_count ? json_string(show_verdict_key(r.last[0].verdict, key))
				     : json_null(),
			"last-reason",
			r.last_count ? json_string(why(r.last[0].verdict)) : json_null(),
			"last-answers", answers_of(&r));
		assert(o);
		json_array_append_new(list, o);
	}
	return list;
}

/* Who has taken part in this group's search, and how far each one got. */
static json_t *servers_of(const struct show *show, const struct group_row *g)
{
	json_t *list = json_array();
	struct assoc_row r;

	for (unsigned i = 0; show->world->assoc(show->world->context, i, &r); i++) {
		if (r.origin != ASSOC_MANYCAST || !addr_equal(&r.group, &g->group) ||
		    strcmp(r.ifname, g->ifname) != 0)
			continue;
		json_t *o = json_pack("{s:o, s:s, s:s, s:f, s:i}", "address",
				      show_addr(&r.peer.addr), "phase", state_phase_name(r.phase),
				      "rank", state_rank_name(r.rank), "synchronization-distance-s",
				      span_to_s(r.root_distance), "reach", r.reach);
		assert(o);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *client_of(const struct show *show, unsigned i, const struct group_row *g)
{
	return json_pack("{s:s, s:o, s:s, s:i, s:i, s:s, s:o, s:I, s:I, s:o, s:o}", "interface",
			 g->ifname, "group", show_addr(&g->group), "join", state_join_name(g->join),
			 "maximum-ttl", g->ttl, "ring-ttl", g->ring, "state",
			 g->satisfied ? "satisfied" : "searching", "next-solicitation-s",
			 show_seconds(g->next), "solicitations", (json_int_t)g->sent, "answers",
			 (json_int_t)g->received, "rings", rings_of(show, i), "servers",
			 servers_of(show, g));
}

static json_t *server_of(const struct group_row *g)
{
	return json_pack("{s:s, s:o, s:s, s:I, s:I, s:o}", "interface", g->ifname, "group",
			 show_addr(&g->group), "join", state_join_name(g->join), "heard",
			 (json_int_t)g->received, "answered", (json_int_t)g->sent, "since-heard-s",
			 show_seconds(g->since_heard));
}

json_t *show_manycast_collect(const struct show *show)
{
	json_t *clients = json_array();
	json_t *servers = json_array();
	struct group_row g;

	for (unsigned i = 0; show->world->group(show->world->context, i, &g); i++) {
		if (g.kind == ROLE_MANYCAST_CLIENT)
			json_array_append_new(clients, client_of(show, i, &g));
		else if (g.kind == ROLE_MANYCAST_SERVER)
			json_array_append_new(servers, server_of(&g));
	}
	return json_pack("{s:o, s:o}", "clients", clients, "servers", servers);
}

/* ---- words ---- */

static void print_answers(const json_t *list, struct text *out)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		text_add(out, "       from ");
		show_add_addr(out, o, "address");
		text_addf(out, ": %s\n", show_text(o, "reason"));
	}
}

static void print_rings(const json_t *list, struct text *out)
{
	const json_t *o;
	size_t i;

	if (json_array_size(list) > 0)
		text_add(out, "  TTL  Solicitations  Answers  Taken  Last answer\n");
	json_array_foreach(list, i, o) {
		text_addf(out,
			  "  %3d  %13" JSON_INTEGER_FORMAT "  %7" JSON_INTEGER_FORMAT
			  "  %5" JSON_INTEGER_FORMAT "  ",
			  (int)show_count(o, "ttl"), show_count(o, "solicitations"),
			  show_count(o, "answers"), show_count(o, "taken"));
		if (show_null(o, "last-verdict"))
			text_add(out, "none\n");
		else
			text_addf(out, "%s: %s\n", show_text(o, "last-verdict"),
				  show_text(o, "last-reason"));
		print_answers(json_object_get(o, "last-answers"), out);
	}
}

static void print_servers(const json_t *list, struct text *out)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		text_add(out, "  server ");
		show_add_addr(out, o, "address");
		text_addf(out, ": %s, %s, reach %d", show_text(o, "phase"), show_text(o, "rank"),
			  (int)show_count(o, "reach"));
		show_add_number(out, ", distance ", o, "synchronization-distance-s", 3);
		text_add(out, " s\n");
	}
}

static void print_client(const json_t *o, struct text *out)
{
	text_addf(out, " interface: %s, manycast-client ", show_text(o, "interface"));
	show_add_addr(out, o, "group");
	text_addf(out, "\n  state: %s, ring: %d of %d, next solicitation: ", show_text(o, "state"),
		  (int)show_count(o, "ring-ttl"), (int)show_count(o, "maximum-ttl"));
	if (show_null(o, "next-solicitation-s"))
		text_addf(out, "none (%s)\n", show_text(o, "join"));
	else
		text_addf(out, "in %.0f s\n", show_number(o, "next-solicitation-s"));
	print_rings(json_object_get(o, "rings"), out);
	print_servers(json_object_get(o, "servers"), out);
}

static void print_server(const json_t *o, struct text *out)
{
	text_addf(out, " interface: %s, manycast-server ", show_text(o, "interface"));
	show_add_addr(out, o, "group");
	text_addf(out,
		  "\n  state: %s, heard: %" JSON_INTEGER_FORMAT ", answered: %" JSON_INTEGER_FORMAT
		  ", last heard: ",
		  show_text(o, "join"), show_count(o, "heard"), show_count(o, "answered"));
	show_add_ago(out, o, "since-heard-s");
	text_add(out, "\n");
}

void show_manycast_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *clients = json_object_get(data, "clients");
	const json_t *servers = json_object_get(data, "servers");
	const json_t *o;
	size_t i;

	(void)show;
	if (json_array_size(clients) + json_array_size(servers) == 0)
		text_add(out, "Info: No manycast role is configured.\n");
	json_array_foreach(clients, i, o)
		print_client(o, out);
	json_array_foreach(servers, i, o)
		print_server(o, out);
}
