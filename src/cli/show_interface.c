/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/show.h"

/* What the kernel's refusal of a membership means, and what may help. */
static const struct {
	int error;
	const char *sentence;
} refusals[] = {
	{ENOBUFS, "too many groups on one socket; raise net.ipv4.igmp_max_memberships"},
	{ENOMEM, "the kernel has no memory for another group; raise net.core.optmem_max"},
	{ENODEV, "the interface is gone"},
	{ENXIO, "the interface is gone"},
	{EADDRNOTAVAIL, "the interface has no address for this group"},
	{EADDRINUSE, "the group is joined already"},
	{EINVAL, "the interface does not take this group"},
	{EOPNOTSUPP, "the interface cannot do multicast"},
	{EPERM, "not permitted"},
	{EACCES, "not permitted"},
	{ENETDOWN, "the interface is down"},
	{ENETUNREACH, "no route for this group leaves the interface"},
	{EHOSTUNREACH, "no route for this group leaves the interface"},
	{EMSGSIZE, "the packet does not fit the interface"},
	{EMFILE, "too many sockets are open"},
	{ENFILE, "too many sockets are open"},
};

/* The state of a role in words; buf is used for refusals that have no sentence. */
static const char *reason(const struct group_row *r, char buf[96])
{
	switch ((enum group_join)r->join) {
	case GROUP_NO_IFACE:
		return "the interface does not exist";
	case GROUP_DOWN:
		return "the interface is down";
	case GROUP_NO_ADDR:
		return r->group.family == ADDR_V6 ? "the interface has no IPv6 address"
						  : "the interface has no IPv4 address";
	case GROUP_WAITING:
		return "this host has no time to give yet; see display ntp status";
	case GROUP_JOINED:
	case GROUP_SENDING:
	case GROUP_PENDING:
		if (r->error == 0)
			return "";
		break;
	case GROUP_REFUSED:
		break;
	case GROUP_DISABLED:
		return note_of_verdict(r->off)->sentence;
	}
	for (unsigned i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].error == r->error)
			return refusals[i].sentence;
	(void)snprintf(buf, 96, "the kernel refuses with %s; it is tried again",
		       strerrorname_np(r->error) ? strerrorname_np(r->error) : "no known reason");
	return buf;
}

static json_t *group_of(const struct group_row *r)
{
	bool sends = r->kind == ROLE_MULTICAST_SERVER || r->kind == ROLE_MANYCAST_CLIENT;
	char buf[96];
	const char *why = reason(r, buf);
	json_t *o = json_pack(
		"{s:s, s:o, s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:o, s:o}", "interface", r->ifname,
		"group", show_addr(&r->group), "role", state_role_name(r->kind), "state",
		state_join_name(r->join), "reason", why[0] ? json_string(why) : json_null(),
		"ifindex", (int)r->ifindex, "port", r->port, "ttl",
		sends ? json_integer(r->ttl) : json_null(), "version",
		r->kind == ROLE_MULTICAST_SERVER ? json_integer(r->version) : json_null(),
		"interval-s",
		r->kind == ROLE_MULTICAST_SERVER
			? json_real(span_to_s(
				  span_from_log2s(r->poll_log2s > 30 ? 30 : r->poll_log2s)))
			: json_null(),
		"key-id", r->key_id ? json_integer(r->key_id) : json_null());
	json_t *rest = json_pack("{s:o, s:o, s:I, s:I, s:i}", "next-packet-s",
				 show_seconds(r->next), "since-heard-s",
				 show_seconds(r->since_heard), "sent", (json_int_t)r->sent,
				 "received", (json_int_t)r->received, "sessions", (int)r->sessions);

	assert(o && rest);
	(void)json_object_update(o, rest);
	json_decref(rest);
	return o;
}

static json_t *stamps_of(const struct stamps_row *r)
{
	static const char *const names[] = {
		[STAMPS_NONE] = "none",
		[STAMPS_SOFTWARE] = "software",
		[STAMPS_HARDWARE] = "hardware",
	};
	char device[24];

	(void)snprintf(device, sizeof device, "/dev/ptp%d", r->phc);
	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "newest", names[r->newest],
			 "device", show_name(r->phc < 0 ? "" : device), "no-hardware-reason",
			 show_name(r->reason), "received-hardware",
			 (json_int_t)r->received[STAMPS_HARDWARE], "received-software",
			 (json_int_t)r->received[STAMPS_SOFTWARE], "received-unstamped",
			 (json_int_t)r->received[STAMPS_NONE], "sent-hardware",
			 (json_int_t)r->sent[STAMPS_HARDWARE], "sent-software",
			 (json_int_t)r->sent[STAMPS_SOFTWARE]);
}

/* By interface; to be freed. */
static json_t *collect_stamps(const struct world *world)
{
	json_t *all = json_object();
	struct stamps_row r;

	for (unsigned i = 0; world->stamps && world->stamps(world->context, i, &r); i++)
		(void)json_object_set_new(all, r.ifname, stamps_of(&r));
	return all;
}

json_t *show_interface_collect(const struct show *show)
{
	json_t *list = json_array();
	json_t *stamps = collect_stamps(show->world);
	struct group_row r;

	for (unsigned i = 0; show->world->group(show->world->context, i, &r); i++) {
		json_t *of = json_object_get(stamps, r.ifname);
		json_t *o;

		if (!show_wants_ifname(show, r.ifname))
			continue;
		o = group_of(&r);
		(void)json_object_set_new(o, "stamps", of ? json_incref(of) : json_null());
		json_array_append_new(list, o);
	}
	json_decref(stamps);
	return json_pack("{s:o}", "roles", list);
}

static void add_optional(struct text *out, const char *label, const json_t *o, const char *key,
			 const char *unit)
{
	if (!show_null(o, key))
		text_addf(out, ", %s: %.0f%s", label, show_number(o, key), unit);
}

/* Nothing can happen there; the reason stands behind it. */
static bool is_inactive(const char *state)
{
	return strcmp(state, state_join_name(GROUP_NO_IFACE)) == 0 ||
	       strcmp(state, state_join_name(GROUP_DOWN)) == 0 ||
	       strcmp(state, state_join_name(GROUP_NO_ADDR)) == 0;
}

static void print_role(const json_t *o, struct text *out)
{
	text_addf(out, " %s ", show_text(o, "role"));
	show_add_addr(out, o, "group");
	text_addf(out, "\n  state: %s",
		  is_inactive(show_text(o, "state")) ? "inactive" : show_text(o, "state"));
	if (!show_null(o, "reason"))
		text_addf(out, " (%s)", show_text(o, "reason"));
	text_addf(out, "\n  port: %d", (int)show_count(o, "port"));
	add_optional(out, "ttl", o, "ttl", "");
	add_optional(out, "version", o, "version", "");
	add_optional(out, "interval", o, "interval-s", " s");
	add_optional(out, "key", o, "key-id", "");
	text_add(out, "\n  next packet: ");
	if (show_null(o, "next-packet-s"))
		text_add(out, "none");
	else
		text_addf(out, "in %.0f s", show_number(o, "next-packet-s"));
	text_add(out, ", last heard: ");
	show_add_ago(out, o, "since-heard-s");
	text_addf(out,
		  ", sessions: %d\n  sent: %" JSON_INTEGER_FORMAT
		  ", received: %" JSON_INTEGER_FORMAT "\n",
		  (int)show_count(o, "sessions"), show_count(o, "sent"), show_count(o, "received"));
}

/* What the instants of packets there are from. */
static void print_stamps(const json_t *o, struct text *out)
{
	if (!o || json_is_null(o))
		return;
	text_addf(out, " stamps: %s", show_text(o, "newest"));
	if (!show_null(o, "device"))
		text_addf(out, ", card's clock: %s", show_text(o, "device"));
	if (!show_null(o, "no-hardware-reason"))
		text_addf(out, " (%s)", show_text(o, "no-hardware-reason"));
	text_addf(out,
		  "\n  received: %" JSON_INTEGER_FORMAT " hardware, %" JSON_INTEGER_FORMAT
		  " software, %" JSON_INTEGER_FORMAT " without; sent: %" JSON_INTEGER_FORMAT
		  " hardware, %" JSON_INTEGER_FORMAT " software\n",
		  show_count(o, "received-hardware"), show_count(o, "received-software"),
		  show_count(o, "received-unstamped"), show_count(o, "sent-hardware"),
		  show_count(o, "sent-software"));
}

void show_interface_print(const struct show *show, const json_t *data, struct text *out)
{
	const json_t *list = json_object_get(data, "roles");
	const char *ifname = "";
	const json_t *o;
	size_t i;

	(void)show;
	if (json_array_size(list) == 0)
		text_add(out, "Info: No NTP group is configured there.\n");
	json_array_foreach(list, i, o) {
		if (strcmp(ifname, show_text(o, "interface")) != 0) {
			ifname = show_text(o, "interface");
			text_addf(out, "%sInterface %s\n", i == 0 ? "" : "\n", ifname);
			print_stamps(json_object_get(o, "stamps"), out);
		}
		print_role(o, out);
	}
}
