/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "cli/show.h"

static const char *origin_name(enum assoc_origin o)
{
	switch (o) {
	case ASSOC_MULTICAST:
		return "multicast";
	case ASSOC_MANYCAST:
		return "manycast";
	case ASSOC_UNICAST:
		return "unicast";
	}
	assert(false);
	return NULL;
}

static json_t *filter_of(const span values[STATE_FILTER_LEN])
{
	json_t *a = json_array();

	for (unsigned i = 0; i < STATE_FILTER_LEN; i++)
		json_array_append_new(a, show_ms(values[i]));
	return a;
}

/* Seconds between packets: 2^log2s, at least 1. */
static json_int_t interval(int log2s)
{
	return log2s > 0 && log2s < 32 ? (json_int_t)1 << log2s : 1;
}

/* Adds the members of b to a and forgets b. */
static void merge(json_t *a, json_t *b)
{
	assert(a && b);
	(void)json_object_update(a, b);
	json_decref(b);
}

static json_t *identity(const struct assoc_row *r)
{
	bool ephemeral = r->origin != ASSOC_UNICAST;

	return json_pack("{s:I, s:o, s:i, s:o, s:o, s:s, s:b, s:s, s:s}", "id", (json_int_t)r->id,
			 "clock-source", show_addr(&r->peer.addr), "port", r->peer.port,
			 "interface", show_name(r->ifname), "group", show_addr(&r->group), "origin",
			 origin_name(r->origin), "dynamic", ephemeral, "phase",
			 state_phase_name(r->phase), "rank", state_rank_name(r->rank));
}

static json_t *condition(const struct assoc_row *r)
{
	bool unsynced = r->leap == 3 || r->stratum == 0 || r->stratum >= 16;

	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:o, s:i, s:i, s:i, s:o, s:i}", "sane", r->sane,
			 "valid", r->valid, "unsynced", unsynced, "authenticated", r->authenticated,
			 "degraded", r->phase == ASSOC_DEGRADED, "key-id",
			 r->key_id ? json_integer(r->key_id) : json_null(), "version", r->version,
			 "leap", r->leap, "clock-stratum", r->stratum ? r->stratum : 16,
			 "reference-clock-id", show_refid(r->refid, r->stratum), "reach", r->reach);
}

static json_t *figures(const struct assoc_row *r)
{
	json_t *o =
		json_pack("{s:I, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "current-poll-s",
			  interval(r->local_poll_log2s), "local-poll-log2s", r->local_poll_log2s,
			  "peer-poll-log2s", r->peer_poll_log2s, "precision-log2s",
			  r->precision_log2s, "since-heard-s", show_seconds(r->since_heard),
			  "offset-ms", show_ms(r->offset), "delay-ms", show_ms(r->delay),
			  "dispersion-ms", show_ms(r->dispersion), "jitter-ms", show_ms(r->jitter));

	merge(o, json_pack("{s:o, s:o, s:o, s:f}", "uncertainty-ms", show_ms(r->estimated_error),
			   "root-delay-ms", show_ms(r->root_delay), "root-dispersion-ms",
			   show_ms(r->root_dispersion), "synchronization-distance-s",
			   span_to_s(r->root_distance)));
	return o;
}

static json_t *details(const struct show *show, const struct assoc_row *r)
{
	const struct world *w = show->world;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "reference-time",
			 show_stamp(w, r->reference), "origin-time", show_stamp(w, r->origin_time),
			 "receive-time", show_stamp(w, r->receive), "transmit-time",
			 show_stamp(w, r->transmit), "filter-delay-ms", filter_of(r->filter_delay),
			 "filter-offset-ms", filter_of(r->filter_offset), "filter-dispersion-ms",
			 filter_of(r->filter_dispersion), "verdicts",
			 show_verdict_counts(r->verdicts));
}

json_t *show_sessions_collect(const struct show *show)
{
	json_t *list = json_array();
	struct system_row system;
	struct assoc_row r;

	show->world->system(show->world->context, &system);
	for (unsigned i = 0; show->world->assoc(show->world->context, i, &r); i++) {
		json_t *o = identity(&r);
		merge(o, condition(&r));
		merge(o, figures(&r));
		merge(o, details(show, &r));
		json_array_append_new(list, o);
	}
	return json_pack("{s:i, s:o}", "synchronization-state", system.sync, "sessions", list);
}

/* ---- words ---- */

/* dynamic, master, sane, valid: the documented words, and ours behind them. */
static void print_status(const json_t *s, struct text *out)
{
	const char *rank = show_text(s, "rank");

	text_addf(out, " clock status: %s", show_flag(s, "dynamic") ? "dynamic" : "configured");
	if (strcmp(rank, "none") != 0)
		text_addf(out, ", %s", rank);
	text_add(out, show_flag(s, "sane") ? ", sane" : ", insane");
	text_add(out, show_flag(s, "valid") ? ", valid" : ", invalid");
	if (show_flag(s, "unsynced"))
		text_add(out, ", unsynced");
	if (!show_flag(s, "authenticated"))
		text_add(out, ", unauthenticated");
	if (show_flag(s, "degraded"))
		text_add(out, ", degraded");
	text_add(out, "\n");
}

static void print_head(const json_t *s, struct text *out)
{
	text_add(out, " clock source: ");
	show_add_addr(out, s, "clock-source");
	text_addf(out, "\n clock stratum: %d\n", (int)show_count(s, "clock-stratum"));
	print_status(s, out);
	text_addf(out, " reference clock ID: %s\n", show_text(s, "reference-clock-id"));
}

/* Seconds since a packet was heard; - if none was. */
static void print_now(const json_t *s, struct text *out)
{
	if (show_null(s, "since-heard-s"))
		text_add(out, "now: -");
	else
		show_add_number(out, "now: ", s, "since-heard-s", 0);
}

static void print_brief(const json_t *s, struct text *out)
{
	print_head(s, out);
	text_addf(out, " reach: %d\n", (int)show_count(s, "reach"));
	text_addf(out, " current poll: %d\n ", (int)show_count(s, "current-poll-s"));
	print_now(s, out);
	show_add_number(out, "\n offset: ", s, "offset-ms", 4);
	show_add_number(out, " ms\n delay: ", s, "delay-ms", 2);
	show_add_number(out, " ms\n disper: ", s, "dispersion-ms", 2);
	text_add(out, " ms\n");
}

static void print_filter(const char *label, const json_t *s, const char *key, struct text *out)
{
	const json_t *list = json_object_get(s, key);
	struct text number = {0};
	const json_t *v;
	size_t i;

	text_add(out, label);
	json_array_foreach(list, i, v) {
		text_clear(&number);
		show_add_fixed(&number, json_number_value(v), 2);
		text_addf(out, " %*s", i == 0 ? 5 : 6, text_chars(&number));
	}
	text_add(out, "\n");
	text_fini(&number);
}

static void print_times(const json_t *s, struct text *out)
{
	text_add(out, " reftime: ");
	show_add_stamp(out, s, "reference-time");
	text_add(out, "\n orgtime: ");
	show_add_stamp(out, s, "origin-time");
	text_add(out, "\n rcvtime: ");
	show_add_stamp(out, s, "receive-time");
	text_add(out, "\n xmttime: ");
	show_add_stamp(out, s, "transmit-time");
	text_add(out, "\n");
}

/* Ours, behind the documented lines: how this session came about and what became of its packets. */
static void print_ours(const json_t *s, struct text *out)
{
	json_t *verdicts = json_object_get(s, "verdicts");
	const char *before = " packets:";
	const char *key;
	json_t *v;

	text_addf(out, " origin: %s, group: ", show_text(s, "origin"));
	show_add_addr(out, s, "group");
	text_addf(out, ", phase: %s", show_text(s, "phase"));
	if (show_null(s, "key-id"))
		text_add(out, ", key: none");
	else
		text_addf(out, ", key: %" JSON_INTEGER_FORMAT, show_count(s, "key-id"));
	show_add_number(out, "\n jitter: ", s, "jitter-ms", 4);
	show_add_number(out, " ms, uncertainty: ", s, "uncertainty-ms", 4);
	text_add(out, " ms\n");
	json_object_foreach(verdicts, key, v) {
		text_addf(out, "%s %s %" JSON_INTEGER_FORMAT, before, key, json_integer_value(v));
		before = ",";
	}
	text_add(out, *before == ',' ? "\n" : "");
}

static void print_verbose(const json_t *s, int sync, struct text *out)
{
	bool group = strcmp(show_text(s, "origin"), "multicast") == 0;
	const char *ifname = show_text(s, "interface");

	print_head(s, out);
	text_addf(out, " local mode: %s, local poll: %d, current poll: %d\n",
		  group ? "broadcast client" : "client", (int)show_count(s, "local-poll-log2s"),
		  (int)show_count(s, "local-poll-log2s"));
	text_addf(out, " peer mode: %s, peer poll: %d, ", group ? "broadcast" : "server",
		  (int)show_count(s, "peer-poll-log2s"));
	print_now(s, out);
	show_add_number(out, "\n offset: ", s, "offset-ms", 4);
	show_add_number(out, " ms, delay: ", s, "delay-ms", 2);
	show_add_number(out, " ms, disper: ", s, "dispersion-ms", 2);
	show_add_number(out, " ms\n root delay: ", s, "root-delay-ms", 2);
	show_add_number(out, " ms, root disper: ", s, "root-dispersion-ms", 2);
	text_addf(out, " ms\n reach: %d", (int)show_count(s, "reach"));
	show_add_number(out, ", sync dist: ", s, "synchronization-distance-s", 3);
	text_addf(out, ", sync state: %d\n", sync);
	text_addf(out, " precision: 2^%d, version: %d, peer interface: %s\n",
		  -(int)show_count(s, "precision-log2s"), (int)show_count(s, "version"),
		  ifname[0] ? ifname : "any");
	print_times(s, out);
	print_filter(" filter delay :", s, "filter-delay-ms", out);
	print_filter(" filter offset:", s, "filter-offset-ms", out);
	print_filter(" filter disper:", s, "filter-dispersion-ms", out);
	text_addf(out, " reference clock status: %s\n",
		  show_flag(s, "unsynced") ? "unsynced" : "normal");
	print_ours(s, out);
}

void show_sessions_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "sessions");
	bool verbose = args_has(show->args, "verbose");
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s) {
		if (i > 0)
			text_add(out, "\n");
		if (verbose)
			print_verbose(s, (int)show_count(data, "synchronization-state"), out);
		else
			print_brief(s, out);
	}
}
