/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "cli/show.h"

#define UNSYNC_MAX 10

/* The reason in words: the vendor's for those that lose a server, ours for the others. */
static const char *plain_words(enum event_reason r)
{
	switch (r) {
	case EVENT_NEW:
		return "Session begins";
	case EVENT_SYNCHRONISED:
		return "Synchronized";
	case EVENT_UNREACHABLE:
		return "Peer reachability lost";
	case EVENT_UNSYNCHRONISED_PEER:
		return "Peer clock unsynchronized";
	case EVENT_AUTHENTICATION_CHANGED:
		return "Authentication configuration changed";
	case EVENT_CONFIGURATION_REMOVED:
		return "Configuration removed";
	case EVENT_CONFIGURATION_CHANGED:
		return "Configuration changed";
	case EVENT_STRATUM_INCREASED:
		return "Stratum increase detected";
	case EVENT_NOT_SELECTED:
		return "Clock selection failed (no selectable clock)";
	case EVENT_BETTER_FOUND:
		return "Better server found";
	case EVENT_CLOCK_CHANGED:
		return "Clock change detected";
	case EVENT_DISCOVERY_RESTARTED:
		return "Manycast discovery restarted";
	case EVENT_DEGRADED:
		return "Delay not answered, following one way";
	case EVENT_CALIBRATED:
		return "Delay measured";
	case EVENT_IFACE_GONE:
		return "Interface removed or down";
	}
	assert(false);
	return NULL;
}

/* True if a server that was followed may have been lost by it. */
static bool loses_server(enum event_reason r)
{
	switch (r) {
	case EVENT_NEW:
	case EVENT_SYNCHRONISED:
	case EVENT_BETTER_FOUND:
	case EVENT_DEGRADED:
	case EVENT_CALIBRATED:
		return false;
	case EVENT_UNREACHABLE:
	case EVENT_UNSYNCHRONISED_PEER:
	case EVENT_AUTHENTICATION_CHANGED:
	case EVENT_CONFIGURATION_REMOVED:
	case EVENT_CONFIGURATION_CHANGED:
	case EVENT_STRATUM_INCREASED:
	case EVENT_NOT_SELECTED:
	case EVENT_CLOCK_CHANGED:
	case EVENT_DISCOVERY_RESTARTED:
	case EVENT_IFACE_GONE:
		return true;
	}
	assert(false);
	return false;
}

static const char *words_of(const struct event_row *r)
{
	if (r->reason != EVENT_CONFIGURATION_REMOVED)
		return plain_words(r->reason);
	switch ((enum assoc_origin)r->origin) {
	case ASSOC_MULTICAST:
		return "Multicast configuration removed";
	case ASSOC_MANYCAST:
		return "Manycast configuration removed";
	case ASSOC_UNICAST:
		return "Unicast server configuration removed";
	}
	assert(false);
	return NULL;
}

static json_t *event_of(const struct show *show, const struct event_row *r)
{
	static const char *const origins[] = {
		[ASSOC_MULTICAST] = "multicast",
		[ASSOC_MANYCAST] = "manycast",
		[ASSOC_UNICAST] = "unicast",
	};

	return json_pack("{s:o, s:s, s:s, s:b, s:s, s:o, s:i, s:o}", "time",
			 show_stamp(show->world, r->when), "event", state_event_name(r->reason),
			 "reason", words_of(r), "unsync", loses_server(r->reason), "origin",
			 origins[r->origin], "clock-source", show_addr(&r->peer.addr), "port",
			 r->peer.port, "interface", show_name(r->ifname));
}

json_t *show_event_collect(const struct show *show)
{
	bool unsync = args_has(show->args, "clock-unsync");
	json_t *list = json_array();
	struct event_row r;

	for (unsigned i = 0; show->world->event(show->world->context, i, &r); i++) {
		if (unsync && !loses_server(r.reason))
			continue;
		if (unsync && json_array_size(list) == UNSYNC_MAX)
			break;
		json_array_append_new(list, event_of(show, &r));
	}
	return json_pack("{s:o}", "events", list);
}

/* Newest first, one line each. */
void show_event_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "events");
	const json_t *o;
	size_t i;

	(void)show;
	if (json_array_size(list) == 0)
		text_add(out, "Info: Nothing has happened yet.\n");
	json_array_foreach(list, i, o) {
		text_add(out, " ");
		show_add_date(out, o, "time", 23);
		text_addf(out, "  %-9s  ", show_text(o, "origin"));
		show_add_addr(out, o, "clock-source");
		if (!show_null(o, "interface"))
			text_addf(out, " on %s", show_text(o, "interface"));
		text_addf(out, ": %s\n", show_text(o, "reason"));
	}
}

static void add_session_type(const json_t *o, struct text *out)
{
	const char *origin = show_text(o, "origin");

	if (strcmp(origin, "unicast") == 0)
		text_add(out, "client, configured");
	else
		text_addf(out, "%s client (Interface: %s), dynamic", origin,
			  show_text(o, "interface"));
}

void show_event_print_unsync(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "events");
	const json_t *o;
	size_t i;

	(void)show;
	json_array_foreach(list, i, o) {
		text_addf(out, "%s%2zu. Clock source   :  ", i == 0 ? "" : "\n", i + 1);
		show_add_addr(out, o, "clock-source");
		text_add(out, "(_public_)\n    Session type   :  ");
		add_session_type(o, out);
		text_addf(out, "\n    Unsync reason  :  %s\n    Unsync time    :  ",
			  show_text(o, "reason"));
		show_add_date(out, o, "time", 19);
		text_add(out, "+00:00\n");
	}
}
