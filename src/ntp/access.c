/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/access.h"

#include "ntp/node_state.h"

#include <string.h>

/* ---- settings ---- */

static bool is_list(const struct acl_setting *a, uint8_t family, uint16_t number, const char *name)
{
	return a->family == family && a->number == number && strcmp(a->name, name) == 0;
}

/* Rules of one list stand together. */
static struct access_list find_list(const struct access *a, uint8_t family, uint16_t number,
				    const char *name)
{
	struct access_list list = {.given = number != 0 || name[0] != '\0'};

	for (unsigned i = 0; list.given && i < a->rule_count; i++) {
		if (!is_list(&a->rules[i].acl, family, number, name))
			continue;
		if (list.count++ == 0)
			list.first = (uint16_t)i;
	}
	return list;
}

void access_mark(const struct node *n, struct iface *f)
{
	memset(f->deaf, 0, sizeof f->deaf);
	for (unsigned i = 0; i < n->access.receive_count; i++) {
		const struct receive_setting *r = &n->access.receives[i];

		if (strcmp(r->ifname, f->link.name) == 0)
			f->deaf[r->family == ADDR_V6 ? LEDGER_V6 : LEDGER_V4] = true;
	}
}

void access_configure(struct node *n, const struct settings *s)
{
	struct access *a = &n->access;

	a->off[LEDGER_V4] = s->off4;
	a->off[LEDGER_V6] = s->off6;
	a->server_off[LEDGER_V4] = s->server_off4;
	a->server_off[LEDGER_V6] = s->server_off6;
	a->rule_count = s->rule_count;
	memcpy(a->rules, s->rules, s->rule_count * sizeof s->rules[0]);
	a->receive_count = s->receive_count;
	memcpy(a->receives, s->receives, s->receive_count * sizeof s->receives[0]);
	memset(a->lists, 0, sizeof a->lists);
	for (unsigned i = 0; i < s->access_count; i++) {
		const struct access_setting *r = &s->access[i];

		a->lists[LEDGER_V4][r->right] = find_list(a, ADDR_V4, r->number4, r->name4);
		a->lists[LEDGER_V6][r->right] = find_list(a, ADDR_V6, r->number6, r->name6);
	}
	for (unsigned i = 0; i < n->ifaces.count; i++) {
		if (n->ifaces.list[i].used)
			access_mark(n, &n->ifaces.list[i]);
	}
}

/* ---- lists ---- */

static uint32_t as_number(const struct addr *a)
{
	return (uint32_t)a->octets[0] << 24 | (uint32_t)a->octets[1] << 16 |
	       (uint32_t)a->octets[2] << 8 | a->octets[3];
}

static bool matches(const struct rule_setting *r, const struct addr *source)
{
	if (r->any)
		return true;
	if (source->family == ADDR_V4)
		return ((as_number(source) ^ as_number(&r->source)) & ~r->wildcard) == 0;
	struct prefix prefix = {.addr = r->source, .bits = r->bits};

	return prefix_contains(&prefix, source);
}

static bool permits(const struct access *a, const struct access_list *list,
		    const struct addr *source)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct rule_setting *r = &a->rules[list->first + i];

		if (matches(r, source))
			return r->permit;
	}
	return false;
}

struct access_grant access_of(const struct node *n, const struct addr *source)
{
	const struct access *a = &n->access;
	const struct access_list *lists = a->lists[ledger_family_of(source)];
	struct access_grant grant = {0};
	bool restricted = false;

	for (unsigned right = ACCESS_PEER; right < ACCESS_LIMITED; right++) {
		if (!lists[right].given)
			continue;
		restricted = true;
		if (!permits(a, &lists[right], source))
			continue;
		grant.ask = right != ACCESS_QUERY;
		grant.follow = right == ACCESS_PEER;
		return grant;
	}
	grant.limited = permits(a, &lists[ACCESS_LIMITED], source);
	grant.ask = grant.limited || !restricted;
	grant.follow = !restricted;
	return grant;
}

/* ---- packets ---- */

enum verdict access_test(const struct node *n, const struct arrival *v)
{
	const struct addr *source = &v->d->from.addr;
	enum ledger_family family = ledger_family_of(source);
	struct access_grant grant;

	if (v->iface && v->iface->deaf[family])
		return VERDICT_IFACE_DISABLED;
	if (n->access.off[family])
		return VERDICT_NTP_DISABLED;
	if (v->packet.mode == MODE_CLIENT && n->access.server_off[family])
		return VERDICT_SERVER_DISABLED;
	/* A question to ourselves is refused where it may be told so; a group never is. */
	if (v->packet.mode == MODE_CLIENT && !addr_is_multicast(&v->d->to))
		return VERDICT_USED;
	grant = access_of(n, source);
	return (v->packet.mode == MODE_CLIENT ? grant.ask : grant.follow) ? VERDICT_USED
									  : VERDICT_ACCESS;
}

static bool fits(const struct key_bound *b, enum key_role role, const char *ifname,
		 const struct addr *source)
{
	if (b->role != KEY_ROLE_ANY && b->role != role)
		return false;
	if (b->ifname[0] != '\0' && strcmp(b->ifname, ifname) != 0)
		return false;
	return b->source.addr.family == ADDR_NONE || prefix_contains(&b->source, source);
}

static enum key_role role_of(enum assoc_origin origin)
{
	switch (origin) {
	case ASSOC_MULTICAST:
		return KEY_ROLE_MULTICAST;
	case ASSOC_MANYCAST:
		return KEY_ROLE_MANYCAST;
	case ASSOC_UNICAST:
		break;
	}
	return KEY_ROLE_UNICAST;
}

/* What the packet came for. */
static enum key_role purpose(const struct node *n, const struct arrival *v)
{
	const struct ask *k = ask_find(n, v->d->ask);

	if (v->packet.mode == MODE_BROADCAST)
		return KEY_ROLE_MULTICAST;
	if (!k || k->owner == ASK_SEARCH)
		return KEY_ROLE_MANYCAST;
	return role_of((enum assoc_origin)n->assocs[k->whose].origin);
}

bool access_key_fits(const struct node *n, const struct arrival *v)
{
	const struct key *k = auth_key(&n->auth, v->auth.key_id);

	return v->auth.result != AUTH_VALID || v->packet.mode == MODE_CLIENT || !k ||
	       fits(&k->bound, purpose(n, v), v->iface ? v->iface->link.name : "",
		    &v->d->from.addr);
}

/* ---- roles and associations ---- */

bool access_family_is_off(const struct node *n, const struct addr *a)
{
	return n->access.off[ledger_family_of(a)];
}

enum verdict access_role(const struct node *n, const struct role_setting *r, const struct iface *f)
{
	enum ledger_family family = ledger_family_of(&r->group);

	if (n->access.off[family])
		return VERDICT_NTP_DISABLED;
	if (role_is_server(r->kind) && n->access.server_off[family])
		return VERDICT_SERVER_DISABLED;
	if (f && f->deaf[family] && r->kind != ROLE_MULTICAST_SERVER)
		return VERDICT_IFACE_DISABLED;
	return VERDICT_USED;
}

static bool key_still_fits(struct node *n, const struct assoc *a)
{
	const struct key *k = a->key_id != 0 ? auth_key(&n->auth, a->key_id) : NULL;
	const struct iface *f = iface_by_index(&n->ifaces, a->ifindex);

	/* Where a server by address is heard is seen when it answers. */
	return !k || fits(&k->bound, role_of((enum assoc_origin)a->origin),
			  f ? f->link.name : k->bound.ifname, &a->peer.addr);
}

void access_review(struct node *n, struct now now, struct actions *out)
{
	for (unsigned i = 0; i < n->assoc_used; i++) {
		struct assoc *a = &n->assocs[i];

		if (!a->used)
			continue;
		bool may = access_of(n, &a->peer.addr).follow;
		bool fit = key_still_fits(n, a);

		if (may && fit)
			continue;
		/* A server by address stays configured; it is asked, and its answers are refused.
		 */
		a->sane = false;
		if (a->origin != ASSOC_UNICAST)
			assoc_end(n, now, a,
				  may ? EVENT_AUTHENTICATION_CHANGED : EVENT_CONFIGURATION_CHANGED,
				  out);
	}
}

bool access_is_too_far(const struct node *n, struct now now, const struct sample *s)
{
	span limit = SPAN_S((int64_t)n->offset_limit_s);
	span off = stamp_sub(s->transmitted, node_wall_at(now, s->arrived)); /* T3 - T4 */

	if (n->offset_limit_s == 0)
		return false;
	if (s->two_way) {
		span up = stamp_sub(s->received, node_wall_at(now, s->sent)); /* T2 - T1 */

		off = span_half(span_add(up, off));
	}
	return span_less(limit, span_abs(off));
}
