/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "cli/show.h"

/*
 * The lines of the table, what they are called in the JSON, and which category of note.def they
 * count. Validity holds the authentication failures too.
 */
static const struct line {
	const char *label;
	const char *key;
	int category;
} lines[] = {
	{"       Invalid packets", "invalid-packets", CATEGORY_INVALID},
	{"       Access denied", "access-denied", CATEGORY_ACCESS},
	{"       Rate-limited", "rate-limited", CATEGORY_RATE},
	{"       Processing delay", "processing-delay", CATEGORY_DELAY},
	{"       Interface disabled", "interface-disabled", CATEGORY_IFACE_DISABLED},
	{"       Max dynamic association reached", "max-dynamic-reached", CATEGORY_DYNAMIC_MAX},
	{"       Server disabled", "server-disabled", CATEGORY_SERVER_DISABLED},
	{"       Offset limit", "offset-limit", CATEGORY_OFFSET_LIMIT},
	{"       Others", "others", CATEGORY_OTHER},
};
#define LINES (sizeof lines / sizeof *lines)

static enum addr_family family_of(const struct show *show)
{
	return args_has(show->args, "ipv6") ? ADDR_V6 : ADDR_V4;
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* What verdicts add up to, in the table's order. */
static json_t *sums(const uint64_t verdicts[VERDICT_COUNT])
{
	uint64_t by[CATEGORY_COUNT] = {0};
	uint64_t dropped = 0;

	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		int category = note_of_verdict((enum verdict)v)->kind;
		by[category] += verdicts[v];
		dropped += category == CATEGORY_PROCESSED ? 0 : verdicts[v];
	}
	json_t *o = json_pack("{s:o, s:o, s:o, s:o}", "processed", count(by[CATEGORY_PROCESSED]),
			      "dropped", count(dropped), "validity-test-failures",
			      count(by[CATEGORY_VALIDITY] + by[CATEGORY_AUTHENTICATION]),
			      "authentication-failures", count(by[CATEGORY_AUTHENTICATION]));
	assert(o);
	for (unsigned i = 0; i < LINES; i++)
		json_object_set_new(o, lines[i].key, count(by[lines[i].category]));
	json_object_set_new(o, "verdicts", show_verdict_counts(verdicts));
	return o;
}

static json_t *counters(const struct counter_row *r)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o}", "interface", show_name(r->ifname), "sent",
			      count(r->sent), "send-failures", count(r->send_failed), "received",
			      count(r->received));
	json_t *rest = sums(r->verdicts);

	assert(o);
	(void)json_object_update(o, rest);
	json_decref(rest);
	return o;
}

static json_t *drops(const struct show *show, enum addr_family family)
{
	json_t *list = json_array();
	struct drop_row r;

	for (unsigned i = 0; show->world->drop(show->world->context, i, &r); i++) {
		char ifname[SETTINGS_IFNAME_MAX], key[40];
		if (r.from.addr.family != family)
			continue;
		show_ifname(show->world, r.ifindex, ifname);
		json_t *o =
			json_pack("{s:o, s:s, s:o, s:i, s:o, s:i, s:o, s:s}", "time",
				  show_stamp(show->world, r.when), "verdict",
				  show_verdict_key(r.verdict, key), "from", show_addr(&r.from.addr),
				  "from-port", r.from.port, "to", show_addr(&r.to), "ifindex",
				  (int)r.ifindex, "interface", show_name(ifname), "reason",
				  note_of_verdict(r.verdict)->sentence);
		assert(o);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *show_statistics_collect(const struct show *show)
{
	enum addr_family family = family_of(show);
	bool by_interface = args_has(show->args, "interface");
	json_t *list = json_array();
	struct counter_row r;

	for (unsigned i = 0; show->world->counter(show->world->context, family, i, &r); i++) {
		bool wanted = by_interface ? i > 0 && show_wants_ifname(show, r.ifname) : i == 0;
		if (wanted)
			json_array_append_new(list, counters(&r));
	}
	return json_pack("{s:s, s:o, s:o}", "family", family == ADDR_V6 ? "ipv6" : "ipv4",
			 "statistics", list, "last-drops",
			 by_interface ? json_array() : drops(show, family));
}

/* Statistics of associations: nothing is counted as sent to them. */
json_t *show_statistics_collect_peers(const struct show *show)
{
	enum addr_family family = family_of(show);
	const char *only = args_text(show->args, family == ADDR_V6 ? "ipv6-address" : "ip-address");
	json_t *list = json_array();
	struct addr wanted = {0};
	struct assoc_row r;
	bool all = !only || !addr_parse(only, &wanted);

	for (unsigned i = 0; show->world->assoc(show->world->context, i, &r); i++) {
		if (r.peer.addr.family != family || (!all && !addr_equal(&wanted, &r.peer.addr)))
			continue;
		json_t *o = json_pack("{s:o, s:o}", "peer", show_addr(&r.peer.addr), "interface",
				      show_name(r.ifname));
		json_t *rest = sums(r.verdicts);
		assert(o);
		(void)json_object_update(o, rest);
		json_decref(rest);
		json_object_set_new(
			o, "received",
			json_integer(show_count(o, "processed") + show_count(o, "dropped")));
		json_array_append_new(list, o);
	}
	return json_pack("{s:s, s:o, s:[]}", "family", family == ADDR_V6 ? "ipv6" : "ipv4",
			 "statistics", list, "last-drops");
}

/* One entry a role that sent or heard something. */
json_t *show_statistics_collect_groups(const struct show *show)
{
	enum addr_family family = family_of(show);
	const char *only = args_text(show->args, family == ADDR_V6 ? "ipv6-address" : "ip-address");
	json_t *list = json_array();
	struct addr wanted = {0};
	struct group_row r;
	bool all = !only || !addr_parse(only, &wanted);

	for (unsigned i = 0; show->world->group(show->world->context, i, &r); i++) {
		if (r.group.family != family || (!all && !addr_equal(&wanted, &r.group)) ||
		    r.sent + r.received == 0)
			continue;
		json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:o}", "group", show_addr(&r.group),
				      "role", state_role_name(r.kind), "interface", r.ifname,
				      "sent", count(r.sent), "received", count(r.received));
		json_t *rest = sums(r.verdicts);
		assert(o);
		(void)json_object_update(o, rest);
		json_decref(rest);
		json_array_append_new(list, o);
	}
	return json_pack("{s:s, s:o, s:[]}", "family", family == ADDR_V6 ? "ipv6" : "ipv4",
			 "statistics", list, "last-drops");
}

/* ---- words ---- */

static void print_line(const char *label, const json_t *o, const char *key, struct text *out)
{
	text_addf(out, " %-38s:          %" JSON_INTEGER_FORMAT "\n", label, show_count(o, key));
}

static void print_title(const json_t *data, const json_t *o, struct text *out)
{
	const json_t *peer = json_object_get(o, "peer");

	text_addf(out, " NTP %s Packet Statistical Information",
		  strcmp(show_text(data, "family"), "ipv6") == 0 ? "IPv6" : "IPv4");
	if (json_object_get(o, "group")) {
		text_add(out, " (Group: ");
		show_add_addr(out, o, "group");
		text_addf(out, ", %s on %s)", show_text(o, "role"), show_text(o, "interface"));
	} else if (peer) {
		text_add(out, " (Peer: ");
		show_add_addr(out, o, "peer");
		text_add(out, ")");
	} else if (!show_null(o, "interface")) {
		text_addf(out, " (Interface: %s)", show_text(o, "interface"));
	}
	text_add(out, "\n --------------------------------------------------\n");
}

static void print_table(const json_t *data, const json_t *o, struct text *out)
{
	print_title(data, o, out);
	if (json_object_get(o, "sent"))
		print_line("Sent", o, "sent", out);
	if (json_object_get(o, "send-failures"))
		print_line("   Send failures", o, "send-failures", out);
	print_line("Received", o, "received", out);
	print_line("   Processed", o, "processed", out);
	print_line("   Dropped", o, "dropped", out);
	print_line("      Validity test failures", o, "validity-test-failures", out);
	print_line("         Authentication failures", o, "authentication-failures", out);
	for (unsigned i = 0; i < LINES; i++)
		print_line(lines[i].label + 1, o, lines[i].key, out);
}

static void print_drops(const json_t *list, struct text *out)
{
	const json_t *o;
	size_t i;

	text_addf(out, "Last %zu packets drop reasons:\n", json_array_size(list));
	json_array_foreach(list, i, o) {
		text_add(out, "  [");
		show_add_date(out, o, "time", 23);
		text_addf(out, "] %s from ", show_text(o, "verdict"));
		show_add_addr(out, o, "from");
		text_addf(out, " port %d", (int)show_count(o, "from-port"));
		if (!show_null(o, "to")) {
			text_add(out, " to ");
			show_add_addr(out, o, "to");
		}
		if (!show_null(o, "interface"))
			text_addf(out, " on %s", show_text(o, "interface"));
		else if (show_count(o, "ifindex") > 0)
			text_addf(out, " on interface number %d", (int)show_count(o, "ifindex"));
		text_addf(out, ": %s\n", show_text(o, "reason"));
	}
}

void show_statistics_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "statistics");
	const json_t *o = NULL;
	size_t i;

	(void)show;
	json_array_foreach(list, i, o) {
		if (i > 0)
			text_add(out, "\n");
		print_table(data, o, out);
		if (json_object_get(o, "send-failures") && show_null(o, "interface"))
			print_drops(json_object_get(data, "last-drops"), out);
	}
	if (!o)
		text_add(out, "Info: No packet has been counted there.\n");
}
