/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/role.h"

#include "ntp/multicast.h"
#include "ntp/node_state.h"

#include <assert.h>
#include <string.h>

static struct iface *iface_of(struct node *n, const struct role *r)
{
	return r->iface == IFACE_NONE ? NULL : &n->ifaces.list[r->iface];
}

static bool same_setting(const struct role_setting *a, const struct role_setting *b)
{
	return a->ttl == b->ttl && a->version == b->version &&
	       a->minpoll_log2s == b->minpoll_log2s && a->port == b->port &&
	       a->key_id == b->key_id && a->on_link_only == b->on_link_only;
}

uint16_t role_find(const struct node *n, const struct iface *f, enum role_kind kind,
		   const struct addr *group)
{
	for (uint16_t r = f->first_role; r != ROLE_NONE; r = n->roles[r].next_on_iface) {
		const struct role *o = &n->roles[r];

		if (o->wanted && o->set.kind == kind && addr_equal(&o->set.group, group))
			return r;
	}
	return ROLE_NONE;
}

uint16_t role_hearing(const struct node *n, const struct iface *f, const struct addr *group,
		      bool question)
{
	enum role_kind first = question ? ROLE_MANYCAST_SERVER : ROLE_MULTICAST_CLIENT;
	enum role_kind other = question ? ROLE_MULTICAST_CLIENT : ROLE_MANYCAST_SERVER;
	uint16_t r = role_find(n, f, first, group);

	return r != ROLE_NONE ? r : role_find(n, f, other, group);
}

uint16_t role_find_any(const struct node *n, const struct iface *f, enum role_kind kind,
		       enum addr_family family)
{
	for (uint16_t r = f->first_role; r != ROLE_NONE; r = n->roles[r].next_on_iface) {
		const struct role *o = &n->roles[r];

		if (o->wanted && o->set.kind == kind && o->set.group.family == family)
			return r;
	}
	return ROLE_NONE;
}

/* ---- the table ---- */

static void unlist(struct node *n, uint16_t r)
{
	struct iface *f = iface_of(n, &n->roles[r]);
	uint16_t *at;

	if (!f)
		return;
	for (at = &f->first_role; *at != r; at = &n->roles[*at].next_on_iface)
		assert(*at != ROLE_NONE);
	*at = n->roles[r].next_on_iface;
	if (f->first_role == ROLE_NONE && f->link.ifindex == 0)
		iface_forget(&n->ifaces, f);
}

static void give_up(struct node *n, uint16_t r)
{
	unlist(n, r);
	agenda_set(&n->agenda, ITEM_ROLES + r, MONO_NEVER);
	n->roles[r].used = false;
}

static uint16_t free_place(struct node *n)
{
	if (n->role_used < ROLES_MAX)
		return (uint16_t)n->role_used++;
	for (uint16_t r = 0; r < ROLES_MAX; r++) {
		if (!n->roles[r].used)
			return r;
	}
	/* Full of groups that are still to be left: the kernel may keep one, we do not hear it. */
	for (uint16_t r = 0; r < ROLES_MAX; r++) {
		if (!n->roles[r].listed) {
			give_up(n, r);
			return r;
		}
	}
	assert(false);
	return ROLE_NONE;
}

static uint16_t make(struct node *n, struct now now, const struct role_setting *s)
{
	uint16_t r = free_place(n); /* first: it may be an interface's last */
	struct iface *f = iface_make(&n->ifaces, s->ifname);
	struct role *o = &n->roles[r];

	*o = (struct role){
		.used = true,
		.set = *s,
		.iface = f ? (uint16_t)iface_place(&n->ifaces, f) : IFACE_NONE,
		.next_on_iface = f ? f->first_role : ROLE_NONE,
		.manycast = MANYCAST_NONE,
		.retry = now.mono,
		.next = role_sends(s->kind) ? now.mono : MONO_NEVER,
		.heard = {INT64_MIN},
	};
	if (f)
		f->first_role = r;
	return r;
}

/* The same role of the settings before, wanted or not any more. */
static uint16_t find_same(struct node *n, const struct role_setting *s)
{
	struct iface *f = iface_by_name(&n->ifaces, s->ifname);

	for (uint16_t r = f ? f->first_role : ROLE_NONE; r != ROLE_NONE;
	     r = n->roles[r].next_on_iface) {
		const struct role *o = &n->roles[r];

		if (o->set.kind == s->kind && addr_equal(&o->set.group, &s->group))
			return r;
	}
	return ROLE_NONE;
}

static void end_assocs(struct node *n, struct now now, uint16_t r, enum event_reason why,
		       struct actions *out)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		if (n->assocs[i].used && n->assocs[i].role == r)
			assoc_end(n, now, &n->assocs[i], why, out);
	}
}

static void take_in(struct node *n, struct now now, const struct role_setting *s, unsigned i,
		    struct actions *out)
{
	uint16_t r = find_same(n, s);

	if (r == ROLE_NONE)
		r = make(n, now, s);
	struct role *o = &n->roles[r];
	bool other_key = s->kind == ROLE_MANYCAST_CLIENT && o->set.key_id != s->key_id;

	if (!same_setting(&o->set, s) && role_sends(s->kind))
		o->next = now.mono;
	o->set = *s;
	o->listed = true;
	o->wanted = access_role(n, s, NULL) == VERDICT_USED;
	n->role_order[i] = r;
	if (!o->wanted)
		return;
	if (role_is_server(s->kind))
		n->server_roles++;
	else
		n->client_roles++;
	if (s->kind == ROLE_MANYCAST_CLIENT && o->manycast == MANYCAST_NONE)
		manycast_begin(n, now, r);
	if (other_key) /* found and asked by the old one */
		end_assocs(n, now, r, EVENT_CONFIGURATION_CHANGED, out);
	role_plan(n, now, r);
}

/* What was done for a role that is not wanted ends. */
static void retire(struct node *n, struct now now, uint16_t r, struct actions *out)
{
	struct role *o = &n->roles[r];

	if (o->manycast != MANYCAST_NONE)
		manycast_finish(n, now, r);
	end_assocs(n, now, r, EVENT_CONFIGURATION_REMOVED,
		   out); /* which may have planned it already */
	if (o->used)
		role_plan(n, now, r);
}

void role_configure(struct node *n, struct now now, const struct settings *s, struct actions *out)
{
	for (unsigned r = 0; r < n->role_used; r++)
		n->roles[r].listed = n->roles[r].wanted = false;
	n->client_roles = 0;
	n->server_roles = 0;
	n->role_count = s->role_count;
	for (unsigned i = 0; i < s->role_count; i++) {
		uint16_t r = find_same(n, &s->roles[i]);

		if (r != ROLE_NONE)
			n->roles[r].listed = true;
	}
	/* Those that go make room first; nothing points to a place that is given away. */
	for (unsigned r = 0; r < n->role_used; r++) {
		if (n->roles[r].used && !n->roles[r].listed)
			retire(n, now, (uint16_t)r, out);
	}
	for (unsigned i = 0; i < s->role_count; i++)
		take_in(n, now, &s->roles[i], i, out);
	for (unsigned i = 0; i < n->role_used; i++) {
		if (n->roles[i].used && !n->roles[i].wanted)
			retire(n, now, (uint16_t)i, out);
	}
}

/* ---- groups ---- */

/* Another role on the interface that needs the kernel in the same group. */
static struct role *partner(struct node *n, uint16_t r)
{
	const struct role *o = &n->roles[r];
	const struct iface *f = iface_of(n, o);

	if (!f)
		return NULL;
	for (uint16_t p = f->first_role; p != ROLE_NONE; p = n->roles[p].next_on_iface) {
		struct role *q = &n->roles[p];

		if (p != r && role_listens(q->set.kind) && addr_equal(&q->set.group, &o->set.group))
			return q;
	}
	return NULL;
}

static uint32_t wanted_ifindex(struct node *n, const struct role *o)
{
	const struct iface *f = iface_of(n, o);

	return o->wanted && f && role_listens(o->set.kind) ? f->link.ifindex : 0;
}

static void leave(struct node *n, uint16_t r, struct actions *out)
{
	struct role *o = &n->roles[r], *p = partner(n, r);
	uint32_t ifindex = o->joined_ifindex;

	o->joined_ifindex = 0;
	o->join_id = 0;
	if (p && (p->joined_ifindex == ifindex || wanted_ifindex(n, p) == ifindex)) {
		p->joined_ifindex = ifindex; /* it takes the membership over */
		return;
	}
	node_push(out, ACT_LEAVE)->group =
		(struct group_action){.ifindex = ifindex, .group = o->set.group};
}

static void join(struct node *n, uint16_t r, uint32_t ifindex, struct actions *out)
{
	struct role *o = &n->roles[r], *p = partner(n, r);

	o->joined_ifindex = ifindex;
	o->error = 0;
	if (p && p->joined_ifindex == ifindex && p->join_id == 0)
		return; /* the kernel is in it already */
	o->join_id = node_send_id(n, SEND_ROLE, r);
	node_push(out, ACT_JOIN)->group =
		(struct group_action){.id = o->join_id, .ifindex = ifindex, .group = o->set.group};
}

void role_joined(struct node *n, struct now now, const struct outcome *o, struct actions *out)
{
	unsigned place = o->id & 0x3fff;

	if (place >= n->role_used || o->id == 0)
		return;
	struct role *r = &n->roles[place];
	if (!r->used || r->join_id != o->id)
		return;
	r->join_id = 0;
	if (o->error) {
		node_note(out, NOTE_JOIN_FAILED, r->joined_ifindex, NULL, &r->set.group, o->error);
		r->joined_ifindex = 0;
		r->error = o->error;
		r->retry = mono_add(now.mono, ROLE_JOIN_RETRY);
	}
	role_plan(n, now, (uint16_t)place);
}

/* ---- time ---- */

bool role_can_send(const struct node *n, uint16_t r)
{
	const struct role *o = &n->roles[r];
	struct addr source;

	if (!o->wanted || o->iface == IFACE_NONE)
		return false;
	const struct iface *f = &n->ifaces.list[o->iface];
	return f->link.ifindex != 0 && f->link.up && iface_source(f, &o->set.group, &source);
}

static bool may_send_now(const struct node *n, uint16_t r)
{
	const struct role *o = &n->roles[r];

	if (o->set.kind == ROLE_MULTICAST_SERVER && !system_synchronised(n))
		return false;
	if (o->set.kind == ROLE_MANYCAST_CLIENT && o->manycast == MANYCAST_NONE)
		return false;
	return role_sends(o->set.kind) && role_can_send(n, r);
}

void role_plan(struct node *n, struct now now, uint16_t r)
{
	struct role *o = &n->roles[r];
	uint32_t ifindex = wanted_ifindex(n, o);
	mono due = MONO_NEVER;

	if (o->joined_ifindex != 0 && o->joined_ifindex != ifindex)
		due = now.mono;
	else if (ifindex != 0 && o->joined_ifindex == 0)
		due = o->retry;
	else if (!o->listed && o->sessions == 0) {
		give_up(n, r);
		return;
	}
	if (may_send_now(n, r))
		due = mono_min(due, o->next);
	agenda_set(&n->agenda, ITEM_ROLES + r, due);
}

void role_wake(struct node *n, struct now now, uint16_t r, struct actions *out)
{
	struct role *o = &n->roles[r];
	uint32_t ifindex = wanted_ifindex(n, o);

	if (o->joined_ifindex != 0 && o->joined_ifindex != ifindex)
		leave(n, r, out);
	else if (ifindex != 0 && o->joined_ifindex == 0 && !mono_before(now.mono, o->retry))
		join(n, r, ifindex, out);
	else if (may_send_now(n, r) && o->set.kind == ROLE_MULTICAST_SERVER)
		multicast_send(n, now, r, out);
	else if (may_send_now(n, r))
		manycast_send(n, now, r, out);
	role_plan(n, now, r);
}

void role_link_changed(struct node *n, struct now now, struct iface *f)
{
	uint16_t r = f->first_role;

	while (r != ROLE_NONE) {
		uint16_t next = n->roles[r].next_on_iface; /* planning may take r off the list */

		n->roles[r].retry = now.mono;
		role_plan(n, now, r);
		r = next;
	}
}

void role_release(struct node *n, struct now now)
{
	for (unsigned r = 0; r < n->role_used; r++) {
		if (n->roles[r].used)
			role_plan(n, now, (uint16_t)r);
	}
}

static enum group_join sender_state(const struct node *n, const struct role *o,
				    const struct iface *f)
{
	struct addr source;

	if (!iface_source(f, &o->set.group, &source))
		return GROUP_NO_ADDR;
	if (o->set.kind == ROLE_MULTICAST_SERVER && !system_synchronised(n))
		return GROUP_WAITING;
	return GROUP_SENDING;
}

enum group_join role_join_state(const struct node *n, uint16_t r)
{
	const struct role *o = &n->roles[r];
	const struct iface *f = o->iface == IFACE_NONE ? NULL : &n->ifaces.list[o->iface];

	if (access_role(n, &o->set, f) != VERDICT_USED)
		return GROUP_DISABLED;
	if (!f || f->link.ifindex == 0)
		return GROUP_NO_IFACE;
	if (o->error)
		return GROUP_REFUSED;
	if (!f->link.up)
		return GROUP_DOWN;
	if (role_sends(o->set.kind))
		return sender_state(n, o, f);
	return o->joined_ifindex == f->link.ifindex && o->join_id == 0 ? GROUP_JOINED
								       : GROUP_PENDING;
}
