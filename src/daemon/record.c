/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/wire.h"

/* The largest frame is SETTINGS with every table full. */
#define BODY_MAX (1024 * 1024)

static const char magic[8] = {'T', 'C', 'R', 'E', 'C', 0, 0, RECORD_VERSION};

struct record {
	FILE *file;
	const struct seal *seal; /* NULL: keys are left out */
	const char *secret_path;
	bool failed;
	bool failure_taken;
	struct wire_writer body;
	uint8_t octets[BODY_MAX];
};

int record_new(const char *path, struct record **ret, struct err *err)
{
	struct record *r;

	*ret = NULL;
	if (!path)
		return 0;
	r = auto_new(1, sizeof *r);
	r->file = fopen(path, "we");
	if (!r->file || fwrite(magic, sizeof magic, 1, r->file) != 1) {
		int e = -errno;

		err_set(err, "recording %s cannot be written: %s", path, strerror(errno));
		record_free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void record_free(struct record *r)
{
	if (!r)
		return;
	if (r->file)
		(void)fclose(r->file);
	free(r);
}

void record_seal(struct record *r, const struct seal *seal, const char *secret_path)
{
	if (!r)
		return;
	r->seal = seal;
	r->secret_path = secret_path;
}

bool record_take_failure(struct record *r)
{
	if (!r || !r->failed || r->failure_taken)
		return false;
	r->failure_taken = true;
	return true;
}

/* The cursor for a new body; NULL if nothing is recorded. */
static struct wire_writer *begin(struct record *r)
{
	if (!r || r->failed)
		return NULL;
	r->body = wire_write(r->octets, sizeof r->octets);
	return &r->body;
}

static void finish(struct record *r, enum record_kind kind, struct now now)
{
	uint8_t head_octets[21];
	struct wire_writer head = wire_write(head_octets, sizeof head_octets);
	size_t len = (size_t)(r->body.at - r->octets);

	assert(r->body.ok);
	wire_put_u8(&head, kind);
	wire_put_u32(&head, (uint32_t)len);
	wire_put_u64(&head, (uint64_t)now.mono.ns);
	wire_put_u64(&head, now.wall.frac);
	if (fwrite(head_octets, sizeof head_octets, 1, r->file) != 1 ||
	    (len > 0 && fwrite(r->octets, len, 1, r->file) != 1) || fflush(r->file) != 0)
		r->failed = true;
}

static void put_i64(struct wire_writer *w, int64_t v)
{
	wire_put_u64(w, (uint64_t)v);
}

static void put_name(struct wire_writer *w, const char *name)
{
	size_t len = strlen(name);

	wire_put_u8(w, (uint8_t)len);
	wire_put(w, name, len);
}

static void put_text(struct wire_writer *w, const char *text)
{
	size_t len = strlen(text);

	wire_put_u16(w, (uint16_t)len);
	wire_put(w, text, len);
}

static void put_addr(struct wire_writer *w, const struct addr *a)
{
	wire_put_u8(w, a->family);
	wire_put(w, a->octets, sizeof a->octets);
}

static void put_endpoint(struct wire_writer *w, const struct endpoint *e)
{
	put_addr(w, &e->addr);
	wire_put_u16(w, e->port);
}

static void put_now(struct wire_writer *w, const struct now *now)
{
	put_i64(w, now->mono.ns);
	wire_put_u64(w, now->wall.frac);
}

void record_start(struct record *r, struct now now, const uint8_t seed[32],
		  const struct node_options *o)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	wire_put_u32(w, (uint32_t)node_size());
	wire_put(w, seed, 32);
	wire_put_u8(w, o->steer);
	wire_put_u8(w, o->static_ifaces);
	wire_put_u8(w, (uint8_t)o->precision_log2s);
	put_i64(w, o->frequency_max.ppt);
	finish(r, RECORD_START, now);
}

static void put_role(struct wire_writer *w, const struct role_setting *s)
{
	put_name(w, s->ifname);
	put_addr(w, &s->group);
	wire_put_u8(w, s->kind);
	wire_put_u8(w, s->ttl);
	wire_put_u8(w, s->version);
	wire_put_u8(w, s->minpoll_log2s);
	wire_put_u16(w, s->port);
	wire_put_u32(w, s->key_id);
	wire_put_u8(w, s->on_link_only);
}

static void put_unicast(struct wire_writer *w, const struct unicast_setting *s)
{
	put_addr(w, &s->addr);
	wire_put_u16(w, s->port);
	wire_put_u8(w, s->version);
	wire_put_u8(w, s->minpoll_log2s);
	wire_put_u8(w, s->maxpoll_log2s);
	wire_put_u8(w, s->iburst);
	wire_put_u32(w, s->key_id);
}

static void put_bound(struct wire_writer *w, const struct key_bound *b)
{
	wire_put_u8(w, b->role);
	put_addr(w, &b->source.addr);
	wire_put_u8(w, b->source.bits);
	put_name(w, b->ifname);
}

static void put_key(struct wire_writer *w, const struct key_setting *s)
{
	wire_put_u32(w, s->id);
	wire_put_u8(w, s->algorithm);
	wire_put_u8(w, s->mac_octets);
	wire_put_u8(w, s->trusted);
	put_bound(w, &s->bound);
}

static void put_acl(struct wire_writer *w, const struct acl_setting *a)
{
	wire_put_u8(w, a->family);
	wire_put_u8(w, a->named);
	wire_put_u16(w, a->number);
	put_name(w, a->name);
}

static void put_rule(struct wire_writer *w, const struct rule_setting *s)
{
	put_acl(w, &s->acl);
	wire_put_u32(w, s->id);
	wire_put_u8(w, s->permit);
	wire_put_u8(w, s->any);
	wire_put_u8(w, s->bits);
	wire_put_u32(w, s->wildcard);
	put_addr(w, &s->source);
}

static void put_access(struct wire_writer *w, const struct settings *s)
{
	wire_put_u8(w, s->kod);
	wire_put_u8(w, s->discard.min_log2s);
	wire_put_u8(w, s->discard.avg_log2s);
	wire_put_u8(w, s->max_distance_s);
	wire_put_u16(w, s->offset_limit_s);
	wire_put_u16(w, s->max_slew_ppm);
	wire_put_u8(w, s->off4);
	wire_put_u8(w, s->off6);
	wire_put_u8(w, s->server_off4);
	wire_put_u8(w, s->server_off6);
	wire_put_u32(w, s->access_count);
	for (unsigned i = 0; i < s->access_count; i++) {
		wire_put_u8(w, s->access[i].right);
		wire_put_u16(w, s->access[i].number4);
		wire_put_u16(w, s->access[i].number6);
		put_name(w, s->access[i].name4);
		put_name(w, s->access[i].name6);
	}
}

static void put_lists(struct wire_writer *w, const struct settings *s)
{
	wire_put_u32(w, s->acl_count);
	for (unsigned i = 0; i < s->acl_count; i++)
		put_acl(w, &s->acls[i]);
	wire_put_u32(w, s->rule_count);
	for (unsigned i = 0; i < s->rule_count; i++)
		put_rule(w, &s->rules[i]);
	wire_put_u32(w, s->receive_count);
	for (unsigned i = 0; i < s->receive_count; i++) {
		put_name(w, s->receives[i].ifname);
		wire_put_u8(w, s->receives[i].family);
	}
}

static void put_tables(struct wire_writer *w, const struct settings *s)
{
	wire_put_u32(w, s->port_count);
	for (unsigned i = 0; i < s->port_count; i++)
		wire_put_u16(w, s->ports[i]);
	wire_put_u32(w, s->unicast_count);
	for (unsigned i = 0; i < s->unicast_count; i++)
		put_unicast(w, &s->unicasts[i]);
	wire_put_u32(w, s->key_count);
	for (unsigned i = 0; i < s->key_count; i++)
		put_key(w, &s->keys[i]);
	wire_put_u32(w, s->role_count);
	for (unsigned i = 0; i < s->role_count; i++)
		put_role(w, &s->roles[i]);
}

void record_keys(struct record *r, struct now now, const struct key *keys, unsigned count)
{
	struct wire_writer *w = begin(r);

	if (!w || !r->seal || count == 0)
		return;
	put_text(w, r->secret_path);
	wire_put_u32(w, count);
	for (unsigned i = 0; i < count; i++) {
		const struct key *k = &keys[i];
		char sealed[SEAL_TEXT_MAX];

		seal_close(r->seal, k->id, k->algorithm, k->octets, k->len, sealed);
		put_key(w, &(struct key_setting){k->id, k->algorithm, k->mac_octets, k->trusted,
						 k->bound});
		put_text(w, sealed);
	}
	finish(r, RECORD_KEYS, now);
}

void record_settings(struct record *r, struct now now, const struct settings *s)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	put_name(w, s->sysname);
	wire_put_u8(w, s->authentication);
	wire_put_u8(w, s->complexity_check);
	wire_put_u8(w, s->refclock);
	wire_put_u8(w, s->refclock_unit);
	wire_put_u8(w, s->refclock_stratum);
	wire_put_u8(w, s->max_dynamic_sessions);
	wire_put_u8(w, s->volley);
	wire_put_u32(w, s->multicast_delay_us);
	put_access(w, s);
	put_tables(w, s);
	put_lists(w, s);
	finish(r, RECORD_SETTINGS, now);
}

void record_memory(struct record *r, struct now now, const struct memory *m)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	wire_put_u8(w, m->has_frequency);
	put_i64(w, m->frequency.ppt);
	put_i64(w, m->frequency_error.ns);
	wire_put_u32(w, m->floor_count);
	for (unsigned i = 0; i < m->floor_count; i++) {
		put_addr(w, &m->floors[i].source);
		put_addr(w, &m->floors[i].group);
		wire_put_u32(w, m->floors[i].key_id);
		wire_put_u64(w, m->floors[i].transmit.frac);
	}
	finish(r, RECORD_MEMORY, now);
}

void record_link(struct record *r, struct now now, const struct iface_link *l)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	put_name(w, l->name);
	wire_put_u32(w, l->ifindex);
	wire_put_u8(w, l->up);
	wire_put_u8(w, l->multicast);
	wire_put_u8(w, l->loopback);
	wire_put_u32(w, l->addr_count);
	for (unsigned i = 0; i < l->addr_count; i++) {
		put_addr(w, &l->addrs[i].addr);
		wire_put_u8(w, l->addrs[i].bits);
	}
	finish(r, RECORD_LINK, now);
}

void record_datagram(struct record *r, struct now now, const struct datagram *d)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	put_endpoint(w, &d->from);
	put_addr(w, &d->to);
	wire_put_u32(w, d->ifindex);
	wire_put_u16(w, d->ask);
	wire_put_u16(w, d->service_port);
	wire_put_u8(w, d->ttl);
	put_now(w, &d->at);
	wire_put_u8(w, d->at_lost);
	wire_put(w, d->octets, d->len);
	finish(r, RECORD_DATAGRAM, now);
}

void record_outcome(struct record *r, struct now now, const struct outcome *o)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	wire_put_u8(w, (uint8_t)o->kind);
	wire_put_u32(w, o->id);
	wire_put_u16(w, o->port);
	wire_put_u32(w, (uint32_t)o->error);
	wire_put_u8(w, o->stamped);
	wire_put_u8(w, o->hardware);
	put_now(w, &o->at);
	put_i64(w, o->by.ns);
	put_i64(w, o->rate.ppt);
	if (o->error) {
		put_endpoint(w, &o->to);
		wire_put_u32(w, o->ifindex);
	}
	finish(r, RECORD_OUTCOME, now);
}

void record_wake(struct record *r, struct now now)
{
	if (begin(r))
		finish(r, RECORD_WAKE, now);
}

void record_reset(struct record *r, struct now now)
{
	if (begin(r))
		finish(r, RECORD_RESET, now);
}

void record_stepped(struct record *r, struct now now, span by)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	put_i64(w, by.ns);
	finish(r, RECORD_STEPPED, now);
}

void record_slept(struct record *r, struct now now, span by)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	put_i64(w, by.ns);
	finish(r, RECORD_SLEPT, now);
}

void record_kernel_clock(struct record *r, struct now now, const struct kernel_clock *k)
{
	struct wire_writer *w = begin(r);

	if (!w)
		return;
	wire_put_u8(w, k->synchronised);
	wire_put_u8(w, k->leap);
	put_i64(w, k->max_error.ns);
	put_i64(w, k->estimated_error.ns);
	finish(r, RECORD_KERNEL, now);
}
