/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "cli/show.h"

#define UNSYNC_MAX 10

/* What each reason is called on the screen; those that end a synchronisation have the vendor's. */
static const struct reason {
	const char *words;
	uint8_t reason; /* enum event_reason */
	bool unsync;
} reasons[] = {
	{"Session begins", EVENT_NEW, false},
	{"Synchronized", EVENT_SYNCHRONISED, false},
	{"Peer reachability lost", EVENT_UNREACHABLE, true},
	{"Peer clock unsynchronized", EVENT_UNSYNCHRONISED_PEER, true},
	{"Authentication configuration changed", EVENT_AUTHENTICATION_CHANGED, true},
	{"Configuration removed", EVENT_CONFIGURATION_REMOVED, true},
	{"Configuration changed", EVENT_CONFIGURATION_CHANGED, true},
	{"Stratum increase detected", EVENT_STRATUM_INCREASED, true},
	{"Clock selection failed (no selectable clock)", EVENT_NOT_SELECTED, true},
	{"Better server found", EVENT_BETTER_FOUND, false},
	{"Clock change detected", EVENT_CLOCK_CHANGED, true},
	{"Manycast discovery restarted", EVENT_DISCOVERY_RESTARTED, true},
	{"Delay not answered, following one way", EVENT_DEGRADED, false},
	{"Delay measured", EVENT_CALIBRATED, false},
	{"Interface removed or down", EVENT_IFACE_GONE, true},
};

static const struct reason *reason_of(enum event_reason r)
{
	for (unsigned i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].reason == r)
			return &reasons[i];
	assert(false);
	return NULL;
}

static const char *words_of(const struct event_row *r)
{
	if (r->reason != EVENT_CONFIGURATION_REMOVED)
		return reason_of(r->reason)->words;
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
			 "reason", words_of(r), "unsync", reason_of(r->reason)->unsync, "origin",
			 origins[r->origin], "clock-source", show_addr(&r->peer.addr), "port",
			 r->peer.port, "interface", show_name(r->ifname));
}

json_t *show_event_collect(const struct show *show)
{
	bool unsync = args_has(show->args, "clock-unsync");
	json_t *list = json_array();
	struct event_row r;

	for (unsigned i = 0; show->world->event(show->world->context, i, &r); i++) {
		if (unsync && !reason_of(r.reason)->unsync)
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
