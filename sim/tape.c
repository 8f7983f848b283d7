/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/tape.h"

#include <errno.h>
#include <string.h>

#include "base/wire.h"

#define FREQUENCY_PPT_MAX (1000 * PPT_PER_PPM)

static const uint8_t magic[8] = {'T', 'C', 'R', 'E', 'C', 0, 0, 4};

int tape_begin(struct tape *t, FILE *file, struct err *err)
{
	uint8_t first[sizeof magic];

	t->file = file;
	t->frames = 0;
	if (fread(first, sizeof first, 1, file) != 1 || memcmp(first, magic, 5) != 0) {
		err_set(err, "not a recording of timecastd");
		return -EINVAL;
	}
	if (memcmp(first, magic, sizeof magic) != 0) {
		err_set(err, "a recording of another format version");
		return -EINVAL;
	}
	return 0;
}

/* ---- pieces ---- */

static int64_t get_i64(struct wire_reader *r)
{
	return (int64_t)wire_get_u64(r);
}

static bool get_bool(struct wire_reader *r)
{
	uint8_t v = wire_get_u8(r);

	if (v > 1)
		r->ok = false;
	return v == 1;
}

static void get_chars(struct wire_reader *r, size_t len, char *ret, size_t room)
{
	const uint8_t *chars = wire_get(r, len);

	if (!chars || len >= room) {
		r->ok = false;
		return;
	}
	memcpy(ret, chars, len);
	ret[len] = '\0';
}

/* What no command can set is not in a recording. */
static uint8_t get_up_to(struct wire_reader *r, uint8_t max)
{
	uint8_t v = wire_get_u8(r);

	if (v > max)
		r->ok = false;
	return v;
}

/* A rate that a clock may have. */
static freq get_freq(struct wire_reader *r)
{
	int64_t ppt = get_i64(r);

	if (ppt > FREQUENCY_PPT_MAX || ppt < -FREQUENCY_PPT_MAX)
		r->ok = false;
	return (freq){r->ok ? ppt : 0};
}

static void get_name(struct wire_reader *r, char *ret, size_t room)
{
	get_chars(r, wire_get_u8(r), ret, room);
}

static void get_text(struct wire_reader *r, char *ret, size_t room)
{
	get_chars(r, wire_get_u16(r), ret, room);
}

static void get_addr(struct wire_reader *r, struct addr *ret)
{
	ret->family = wire_get_u8(r);
	const uint8_t *octets = wire_get(r, sizeof ret->octets);

	if (octets)
		memcpy(ret->octets, octets, sizeof ret->octets);
	if (ret->family != ADDR_NONE && ret->family != ADDR_V4 && ret->family != ADDR_V6)
		r->ok = false;
}

static void get_now(struct wire_reader *r, struct now *ret)
{
	ret->mono.ns = get_i64(r);
	ret->wall.frac = wire_get_u64(r);
}

/* How many rows follow; none when there are more than room. */
static unsigned get_count(struct wire_reader *r, unsigned room)
{
	uint32_t n = wire_get_u32(r);

	if (n > room)
		r->ok = false;
	return r->ok ? n : 0;
}

/* ---- bodies ---- */

static void get_start(struct wire_reader *r, struct tape_start *s)
{
	s->node_size = wire_get_u32(r);
	const uint8_t *seed = wire_get(r, sizeof s->seed);

	if (seed)
		memcpy(s->seed, seed, sizeof s->seed);
	s->options.steer = get_bool(r);
	s->options.static_ifaces = get_bool(r);
	s->options.precision_log2s = (int8_t)wire_get_u8(r);
	s->options.frequency_max = get_freq(r);
}

static void get_role(struct wire_reader *r, struct role_setting *s)
{
	get_name(r, s->ifname, sizeof s->ifname);
	get_addr(r, &s->group);
	s->kind = get_up_to(r, ROLE_MANYCAST_CLIENT);
	s->ttl = wire_get_u8(r);
	s->version = get_up_to(r, 4);
	s->minpoll_log2s = get_up_to(r, SETTINGS_POLL_LOG2S_MAX);
	s->port = wire_get_u16(r);
	s->key_id = wire_get_u32(r);
	s->on_link_only = get_bool(r);
}

static void get_unicast(struct wire_reader *r, struct unicast_setting *s)
{
	get_addr(r, &s->addr);
	s->port = wire_get_u16(r);
	s->version = get_up_to(r, 4);
	s->minpoll_log2s = get_up_to(r, SETTINGS_POLL_LOG2S_MAX);
	s->maxpoll_log2s = get_up_to(r, SETTINGS_POLL_LOG2S_MAX);
	s->iburst = get_bool(r);
	s->key_id = wire_get_u32(r);
}

static void get_key(struct wire_reader *r, struct key_setting *s)
{
	s->id = wire_get_u32(r);
	s->algorithm = get_up_to(r, KEY_AES_256_CMAC);
	s->mac_octets = wire_get_u8(r);
	if (s->mac_octets != 16 &&
	    (s->algorithm != KEY_HMAC_SHA256 || (s->mac_octets != 20 && s->mac_octets != 32)))
		r->ok = false;
	s->trusted = get_bool(r);
	s->bound.role = get_up_to(r, KEY_ROLE_UNICAST);
	get_addr(r, &s->bound.source.addr);
	s->bound.source.bits = wire_get_u8(r);
	get_name(r, s->bound.ifname, sizeof s->bound.ifname);
}

static void get_acl(struct wire_reader *r, struct acl_setting *s)
{
	s->family = wire_get_u8(r);
	s->named = get_bool(r);
	s->number = wire_get_u16(r);
	get_name(r, s->name, sizeof s->name);
}

static void get_rule(struct wire_reader *r, struct rule_setting *s)
{
	get_acl(r, &s->acl);
	s->id = wire_get_u32(r);
	s->permit = get_bool(r);
	s->any = get_bool(r);
	s->bits = get_up_to(r, 128);
	s->wildcard = wire_get_u32(r);
	get_addr(r, &s->source);
}

static void get_right(struct wire_reader *r, struct access_setting *s)
{
	s->right = get_up_to(r, ACCESS_RIGHTS - 1);
	s->number4 = wire_get_u16(r);
	s->number6 = wire_get_u16(r);
	get_name(r, s->name4, sizeof s->name4);
	get_name(r, s->name6, sizeof s->name6);
}

static void get_access(struct wire_reader *r, struct settings *s)
{
	s->kod = get_bool(r);
	s->discard.min_log2s = get_up_to(r, 8);
	s->discard.avg_log2s = get_up_to(r, 8);
	s->max_distance_s = get_up_to(r, 16);
	s->offset_limit_s = wire_get_u16(r);
	s->max_slew_ppm = wire_get_u16(r);
	s->off4 = get_bool(r);
	s->off6 = get_bool(r);
	s->server_off4 = get_bool(r);
	s->server_off6 = get_bool(r);
	s->access_count = get_count(r, ACCESS_RIGHTS);
	for (unsigned i = 0; i < s->access_count; i++)
		get_right(r, &s->access[i]);
	if (s->max_slew_ppm > 500)
		r->ok = false;
}

static void get_lists(struct wire_reader *r, struct settings *s)
{
	s->acl_count = get_count(r, SETTINGS_ACLS_MAX);
	for (unsigned i = 0; i < s->acl_count; i++)
		get_acl(r, &s->acls[i]);
	s->rule_count = get_count(r, SETTINGS_RULES_MAX);
	for (unsigned i = 0; i < s->rule_count; i++)
		get_rule(r, &s->rules[i]);
	s->receive_count = get_count(r, SETTINGS_RECEIVES_MAX);
	for (unsigned i = 0; i < s->receive_count; i++) {
		get_name(r, s->receives[i].ifname, sizeof s->receives[i].ifname);
		s->receives[i].family = wire_get_u8(r);
	}
}

static void get_settings(struct wire_reader *r, struct settings *s)
{
	get_name(r, s->sysname, sizeof s->sysname);
	s->authentication = get_bool(r);
	s->complexity_check = get_bool(r);
	s->refclock = get_bool(r);
	s->refclock_unit = get_up_to(r, 3);
	s->refclock_stratum = get_up_to(r, 15);
	s->max_dynamic_sessions = get_up_to(r, 100);
	s->volley = get_up_to(r, VOLLEY_NEVER);
	s->multicast_delay_us = wire_get_u32(r);
	get_access(r, s);
	s->port_count = get_count(r, SETTINGS_PORTS_MAX);
	for (unsigned i = 0; i < s->port_count; i++)
		s->ports[i] = wire_get_u16(r);
	s->unicast_count = get_count(r, SETTINGS_UNICASTS_MAX);
	for (unsigned i = 0; i < s->unicast_count; i++)
		get_unicast(r, &s->unicasts[i]);
	s->key_count = get_count(r, SETTINGS_KEYS_MAX);
	for (unsigned i = 0; i < s->key_count; i++)
		get_key(r, &s->keys[i]);
	s->role_count = get_count(r, SETTINGS_ROLES_MAX);
	for (unsigned i = 0; i < s->role_count; i++)
		get_role(r, &s->roles[i]);
	get_lists(r, s);
}

static void get_memory(struct wire_reader *r, struct memory *m)
{
	m->has_frequency = get_bool(r);
	m->frequency = get_freq(r);
	m->frequency_error.ns = get_i64(r);
	if (m->frequency_error.ns < 0 || m->frequency_error.ns > NS_PER_S)
		r->ok = false;
	m->floor_count = get_count(r, MEMORY_FLOORS_MAX);
	for (unsigned i = 0; i < m->floor_count; i++) {
		get_addr(r, &m->floors[i].source);
		get_addr(r, &m->floors[i].group);
		m->floors[i].key_id = wire_get_u32(r);
		m->floors[i].transmit.frac = wire_get_u64(r);
	}
}

static void get_link(struct wire_reader *r, struct iface_link *l)
{
	get_name(r, l->name, sizeof l->name);
	l->ifindex = wire_get_u32(r);
	l->up = get_bool(r);
	l->multicast = get_bool(r);
	l->loopback = get_bool(r);
	l->addr_count = get_count(r, LINK_ADDRS_MAX);
	for (unsigned i = 0; i < l->addr_count; i++) {
		get_addr(r, &l->addrs[i].addr);
		l->addrs[i].bits = wire_get_u8(r);
	}
}

static void get_endpoint(struct wire_reader *r, struct endpoint *e)
{
	get_addr(r, &e->addr);
	e->port = wire_get_u16(r);
}

static void get_datagram(struct wire_reader *r, struct datagram *d)
{
	get_endpoint(r, &d->from);
	get_addr(r, &d->to);
	d->ifindex = wire_get_u32(r);
	d->ask = wire_get_u16(r);
	d->service_port = wire_get_u16(r);
	d->ttl = wire_get_u8(r);
	get_now(r, &d->at);
	d->at_lost = get_bool(r);
	d->len = r->ok ? wire_left(r) : 0;
	d->octets = wire_get(r, d->len);
}

static void get_outcome(struct wire_reader *r, struct outcome *o)
{
	uint8_t kind = wire_get_u8(r);

	if (kind > OUTCOME_RATE)
		r->ok = false;
	o->kind = (enum outcome_kind)kind;
	o->id = wire_get_u32(r);
	o->port = wire_get_u16(r);
	o->error = (int)wire_get_u32(r);
	o->stamped = get_bool(r);
	o->hardware = get_bool(r);
	get_now(r, &o->at);
	o->by.ns = get_i64(r);
	o->rate.ppt = get_i64(r);
	if (o->error) {
		get_endpoint(r, &o->to);
		o->ifindex = wire_get_u32(r);
	}
}

static void get_kernel(struct wire_reader *r, struct kernel_clock *k)
{
	k->synchronised = get_bool(r);
	k->leap = wire_get_u8(r);
	k->max_error.ns = get_i64(r);
	k->estimated_error.ns = get_i64(r);
}

static void get_keys(struct wire_reader *r, struct tape_keys *k)
{
	get_text(r, k->secret_path, sizeof k->secret_path);
	k->count = get_count(r, SETTINGS_KEYS_MAX);
	for (unsigned i = 0; i < k->count; i++) {
		get_key(r, &k->list[i].set);
		get_text(r, k->list[i].sealed, sizeof k->list[i].sealed);
	}
}

static void get_body(struct wire_reader *r, struct tape_event *e)
{
	switch (e->kind) {
	case TAPE_START:
		get_start(r, &e->start);
		break;
	case TAPE_SETTINGS:
		get_settings(r, &e->settings);
		break;
	case TAPE_MEMORY:
		get_memory(r, &e->memory);
		break;
	case TAPE_LINK:
		get_link(r, &e->link);
		break;
	case TAPE_DATAGRAM:
		get_datagram(r, &e->datagram);
		break;
	case TAPE_OUTCOME:
		get_outcome(r, &e->outcome);
		break;
	case TAPE_STEPPED:
		e->stepped.ns = get_i64(r);
		break;
	case TAPE_KERNEL:
		get_kernel(r, &e->kernel);
		break;
	case TAPE_SLEPT:
		e->slept.ns = get_i64(r);
		break;
	case TAPE_KEYS:
		get_keys(r, &e->keys);
		break;
	case TAPE_WAKE:
	case TAPE_RESET:
	case TAPE_KIND_END:
		break;
	}
}

static int refuse(const struct tape *t, const char *what, struct err *err)
{
	err_set(err, "event %u: %s", t->frames, what);
	return -EINVAL;
}

int tape_next(struct tape *t, struct tape_event *ret, struct err *err)
{
	uint8_t octets[21];
	size_t n = fread(octets, 1, sizeof octets, t->file);
	struct wire_reader head = wire_read(octets, n);

	if (n == 0 && feof(t->file))
		return 0;
	t->frames++;
	memset(ret, 0, sizeof *ret);
	uint8_t kind = wire_get_u8(&head);
	uint32_t len = wire_get_u32(&head);

	get_now(&head, &ret->now);
	if (!head.ok)
		return refuse(t, "the recording is cut off", err);
	if (kind < TAPE_START || kind >= TAPE_KIND_END || len > sizeof t->body)
		return refuse(t, "nothing that is recorded looks like this", err);
	if (fread(t->body, 1, len, t->file) != len)
		return refuse(t, "the recording is cut off", err);
	ret->kind = (enum tape_kind)kind;
	struct wire_reader body = wire_read(t->body, len);

	get_body(&body, ret);
	if (!body.ok || wire_left(&body) != 0)
		return refuse(t, "its content does not add up", err);
	return 1;
}
