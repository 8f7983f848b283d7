/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tiny world for tests of the node: a few hosts on one link, each with a wall clock of its own
 * that obeys the node's actions. Deterministic; nothing is mocked, events go in, actions come out.
 */
#ifndef TESTS_SITE_H
#define TESTS_SITE_H

#include "ntp/node.h"
#include "ntp/packet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SITE_HOSTS_MAX 208
#define SITE_PACKETS_MAX 4096
#define SITE_GROUPS_MAX 64
#define SITE_ASK_PORT 20000 /* asking port p of host h leaves from SITE_ASK_PORT + p */
#define SITE_EPOCH (stamp_from_unix(1800000000, 0))

struct site_group {
	uint32_t ifindex; /* 0: not joined */
	struct addr addr;
};

struct host {
	struct node *node;
	struct settings *settings;
	double drift; /* of its steady clock against true time */
	stamp wall;   /* at since */
	mono since;
	double rate; /* of wall against the steady clock */
	struct iface_link link;
	struct site_group groups[SITE_GROUPS_MAX];
	unsigned sent, stepped;
	bool cannot_step; /* its kernel refuses */
	unsigned refused; /* steps */
	span last_step;
	unsigned kinds[ACT_NOTE + 1]; /* actions of each kind so far */
	unsigned notes[NOTE_COUNT];
	struct send_action last_send;
	struct status_action status;
	int join_error;	 /* what the kernel says to a join */
	bool deaf_asks;	 /* what comes to its asking ports is lost */
	bool mute_asks;	 /* its questions are lost */
	bool unplugged;	 /* nothing comes or goes */
	uint32_t detour; /* interface where answers arrive instead; 0: none */
	span send_lag;	 /* from an action until its packet leaves, as its stamp says */
	uint16_t listen; /* open service port besides 123 */
};

struct site_packet {
	bool used;
	int64_t due; /* true time, ns */
	unsigned to;
	struct datagram d;
	uint8_t octets[ACTION_OCTETS_MAX];
};

struct site {
	int64_t now; /* true time, ns */
	int64_t delay;
	int64_t jitter;
	uint64_t dice;
	unsigned host_count;
	struct host hosts[SITE_HOSTS_MAX];
	struct site_packet packets[SITE_PACKETS_MAX];
	/* looks at every packet that leaves; may change it; false: it is lost */
	bool (*tap)(struct site *s, unsigned from, struct send_action *a);
	unsigned tapped;
};

static inline uint64_t site_roll(struct site *s)
{
	s->dice ^= s->dice << 13;
	s->dice ^= s->dice >> 7;
	s->dice ^= s->dice << 17;
	return s->dice;
}

static inline struct now site_now(const struct site *s, const struct host *h)
{
	struct now now;
	double elapsed = (double)s->now * (1.0 + h->drift);

	now.mono.ns = (int64_t)elapsed + NS_PER_S;
	double since = (double)(now.mono.ns - h->since.ns) * (1.0 + h->rate);
	now.wall = stamp_add(h->wall, (span){(int64_t)since});
	return now;
}

static inline stamp site_truth(const struct site *s)
{
	return stamp_add(SITE_EPOCH, (span){s->now});
}

/* Its clock against the truth: positive when it is ahead. */
static inline span site_error(const struct site *s, unsigned h)
{
	return stamp_sub(site_now(s, &s->hosts[h]).wall, site_truth(s));
}

static inline void site_rebase(struct site *s, struct host *h)
{
	struct now now = site_now(s, h);

	h->wall = now.wall;
	h->since = now.mono;
}

static inline bool site_hears(const struct host *h, const struct send_action *a)
{
	if (!addr_is_multicast(&a->to.addr)) {
		for (unsigned i = 0; i < h->link.addr_count; i++) {
			if (addr_equal(&h->link.addrs[i].addr, &a->to.addr))
				return true;
		}
		return false;
	}
	for (unsigned i = 0; i < SITE_GROUPS_MAX; i++) {
		if (h->groups[i].ifindex == h->link.ifindex && h->link.ifindex &&
		    addr_equal(&h->groups[i].addr, &a->to.addr))
			return true;
	}
	return false;
}

static inline void site_perform(struct site *s, unsigned from, const struct actions *out);

/* A datagram on its way to one host, as its kernel would hand it over. */
static inline void site_post(struct site *s, unsigned to, const struct endpoint *from,
			     const struct send_action *a)
{
	struct host *h = &s->hosts[to];
	unsigned i = 0;

	while (s->packets[i].used)
		assert(++i < SITE_PACKETS_MAX);
	struct site_packet *p = &s->packets[i];

	*p = (struct site_packet){.used = true, .to = to};
	p->due = s->now + s->delay;
	if (s->jitter)
		p->due += (int64_t)(site_roll(s) % (uint64_t)s->jitter);
	memcpy(p->octets, a->octets, a->len);
	p->d.octets = p->octets;
	p->d.len = a->len;
	p->d.from = *from;
	p->d.to = a->to.addr;
	p->d.ifindex = h->link.ifindex;
	if (a->to.port > SITE_ASK_PORT)
		p->d.ask = (uint16_t)(a->to.port - SITE_ASK_PORT);
	else
		p->d.service_port = a->to.port;
	if (p->d.ask && h->detour)
		p->d.ifindex = h->detour;
}

static inline void site_send(struct site *s, unsigned from, struct send_action *a)
{
	struct host *h = &s->hosts[from];
	struct endpoint source = {.addr = a->from, .port = a->service_port};

	h->sent++;
	h->last_send = *a;
	if (a->ask)
		source.port = (uint16_t)(SITE_ASK_PORT + a->ask);
	for (unsigned i = 0; source.addr.family == ADDR_NONE && i < h->link.addr_count; i++) {
		if (h->link.addrs[i].addr.family == a->to.addr.family)
			source.addr = h->link.addrs[i].addr;
	}
	bool lost = h->unplugged || (a->ask && h->mute_asks);

	if (s->tap && !s->tap(s, from, a))
		lost = true;
	for (unsigned i = 0; i < s->host_count && !lost; i++) {
		struct host *t = &s->hosts[i];
		bool open = a->to.port == NTP_PORT || a->to.port == t->listen ||
			    (a->to.port > SITE_ASK_PORT && !t->deaf_asks);

		if (i != from && t->node && !t->unplugged && open && site_hears(t, a))
			site_post(s, i, &source, a);
	}
	if (a->id == 0)
		return;
	struct outcome o = {.kind = OUTCOME_SENT, .id = a->id, .stamped = a->want_stamp};
	struct actions out = {0};

	o.at = site_now(s, h);
	struct now now = o.at;

	o.at.mono = mono_add(o.at.mono, h->send_lag);
	o.at.wall = stamp_add(o.at.wall, h->send_lag);
	node_outcome(h->node, now, &o, &out);
	site_perform(s, from, &out);
}

static inline void site_group(struct site *s, unsigned host, const struct action *a)
{
	struct host *h = &s->hosts[host];
	struct outcome o = {.kind = OUTCOME_GROUP, .id = a->group.id, .error = h->join_error};
	struct actions out = {0};
	bool join = a->kind == ACT_JOIN;

	for (unsigned i = 0; i < SITE_GROUPS_MAX && h->join_error == 0; i++) {
		struct site_group *g = &h->groups[i];

		if (join && g->ifindex == 0) {
			*g = (struct site_group){a->group.ifindex, a->group.group};
			break;
		}
		if (!join && g->ifindex == a->group.ifindex &&
		    addr_equal(&g->addr, &a->group.group)) {
			g->ifindex = 0;
			break;
		}
	}
	if (a->group.id == 0)
		return;
	node_outcome(h->node, site_now(s, h), &o, &out);
	site_perform(s, host, &out);
}

static inline void site_rate(struct site *s, unsigned host, freq rate)
{
	struct host *h = &s->hosts[host];
	struct outcome o = {.kind = OUTCOME_RATE, .rate = rate};
	struct actions out = {0};

	site_rebase(s, h);
	h->rate = freq_to_ratio(rate);
	node_outcome(h->node, site_now(s, h), &o, &out);
	site_perform(s, host, &out);
}

static inline void site_step(struct site *s, unsigned host, span by)
{
	struct host *h = &s->hosts[host];
	struct outcome o = {.kind = OUTCOME_STEP, .by = by};
	struct actions out = {0};

	site_rebase(s, h);
	h->wall = stamp_add(h->wall, by);
	h->stepped++;
	h->last_step = by;
	node_outcome(h->node, site_now(s, h), &o, &out);
	site_perform(s, host, &out);
}

static inline void site_refuse_step(struct site *s, unsigned host)
{
	struct host *h = &s->hosts[host];
	struct outcome o = {.kind = OUTCOME_STEP, .error = EPERM};
	struct actions out = {0};

	h->refused++;
	node_outcome(h->node, site_now(s, h), &o, &out);
	site_perform(s, host, &out);
}

static inline void site_perform(struct site *s, unsigned from, const struct actions *out)
{
	struct host *h = &s->hosts[from];
	bool refused = false;

	for (unsigned i = 0; i < out->count; i++) {
		const struct action *a = &out->list[i];
		struct send_action send;

		h->kinds[a->kind]++;
		switch (a->kind) {
		case ACT_SEND:
			send = a->send;
			site_send(s, from, &send);
			break;
		case ACT_JOIN:
		case ACT_LEAVE:
			site_group(s, from, a);
			break;
		case ACT_STEP:
			if (!h->cannot_step)
				site_step(s, from, a->step);
			else
				refused = true;
			break;
		case ACT_RATE:
			site_rate(s, from, a->rate);
			break;
		case ACT_STATUS:
			h->status = a->status;
			break;
		case ACT_LISTEN:
			h->listen = a->port;
			break;
		case ACT_UNLISTEN:
			h->listen = 0;
			break;
		case ACT_CLOSE:
			break;
		case ACT_NOTE:
			h->notes[a->note.note]++;
			break;
		}
	}
	if (refused)
		site_refuse_step(s, from);
}

static inline void site_deliver(struct site *s, struct site_packet *p)
{
	struct host *h = &s->hosts[p->to];
	struct actions out = {0};

	p->used = false;
	if (h->unplugged)
		return;
	p->d.at = site_now(s, h);
	node_receive(h->node, p->d.at, &p->d, &out);
	site_perform(s, p->to, &out);
}

/* The true time at which that host's steady clock shows due, or a little later. */
static inline int64_t site_when(const struct host *h, mono due)
{
	if (due.ns == INT64_MAX)
		return INT64_MAX;
	return (int64_t)((double)(due.ns - NS_PER_S) / (1.0 + h->drift)) + 2;
}

/* Everything that happens in the next length of true time. */
static inline void site_run(struct site *s, span length)
{
	int64_t end = s->now + length.ns;

	for (;;) {
		struct site_packet *p = NULL;
		unsigned waker = SITE_HOSTS_MAX;
		int64_t next = end;

		for (unsigned i = 0; i < SITE_PACKETS_MAX; i++) {
			if (s->packets[i].used && s->packets[i].due < next) {
				p = &s->packets[i];
				next = p->due;
			}
		}
		for (unsigned i = 0; i < s->host_count; i++) {
			struct host *h = &s->hosts[i];

			if (!h->node || site_when(h, node_next_wake(h->node)) >= next)
				continue;
			waker = i;
			next = site_when(h, node_next_wake(h->node));
		}
		if (next > s->now)
			s->now = next;
		if (waker < SITE_HOSTS_MAX) {
			struct actions out = {0};

			node_wake(s->hosts[waker].node, site_now(s, &s->hosts[waker]), &out);
			site_perform(s, waker, &out);
		} else if (p) {
			site_deliver(s, p);
		} else {
			return;
		}
	}
}

/* ---- building ---- */

static inline struct site *site_new(void)
{
	struct site *s = calloc(1, sizeof *s);

	assert(s);
	s->delay = 50 * NS_PER_US;
	s->dice = 88172645463325252U;
	return s;
}

static inline void site_link(struct site *s, unsigned host)
{
	struct host *h = &s->hosts[host];
	struct actions out = {0};

	node_link(h->node, site_now(s, h), &h->link, &out);
	site_perform(s, host, &out);
}

static inline void site_boot(struct site *s, unsigned host, uint8_t seed)
{
	struct host *h = &s->hosts[host];
	struct node_options options = {
		.steer = true, .precision_log2s = -20, .frequency_max = {500 * PPT_PER_PPM}};
	uint8_t seeds[32] = {seed};
	void *block = calloc(1, node_size());

	assert(block);
	h->node = node_new(block, seeds, &options);
	site_link(s, host);
}

/* A host with eth0: 10.0.0.x/24, 2001:db8::x/64, fe80::x/64. */
static inline unsigned site_add(struct site *s, span error, double drift_ppm)
{
	unsigned i = s->host_count++;
	struct host *h = &s->hosts[i];
	struct addr global = {.family = ADDR_V6, .octets = {0x20, 0x01, 0x0d, 0xb8}};
	struct addr local = {.family = ADDR_V6, .octets = {0xfe, 0x80}};
	uint8_t x = (uint8_t)(i + 1);

	assert(i < SITE_HOSTS_MAX);
	global.octets[15] = x;
	local.octets[15] = x;
	h->drift = drift_ppm * 1e-6;
	h->since = (mono){(int64_t)((double)s->now * (1.0 + h->drift)) + NS_PER_S};
	h->wall = stamp_add(site_truth(s), error);
	h->link = (struct iface_link){
		.name = "eth0", .ifindex = 2, .up = true, .multicast = true, .addr_count = 3};
	h->link.addrs[0] = (struct prefix){addr_v4(10, 0, 0, x), 24};
	h->link.addrs[1] = (struct prefix){global, 64};
	h->link.addrs[2] = (struct prefix){local, 64};
	h->settings = calloc(1, sizeof *h->settings);
	assert(h->settings);
	h->settings->max_dynamic_sessions = 100;
	site_boot(s, i, x);
	return i;
}

static inline void site_halt(struct site *s, unsigned host)
{
	struct host *h = &s->hosts[host];

	node_free(h->node);
	free(h->node);
	h->node = NULL;
}

static inline void site_free(struct site *s)
{
	for (unsigned i = 0; i < s->host_count; i++) {
		site_halt(s, i);
		free(s->hosts[i].settings);
	}
	free(s);
}

static inline void site_commit(struct site *s, unsigned host)
{
	struct host *h = &s->hosts[host];
	struct actions out = {0};

	node_configure(h->node, site_now(s, h), h->settings, &out);
	site_perform(s, host, &out);
}

static inline struct role_setting *site_role(struct site *s, unsigned host, enum role_kind kind,
					     const char *group)
{
	struct settings *set = s->hosts[host].settings;
	struct role_setting *r = &set->roles[set->role_count++];

	*r = (struct role_setting){.kind = (uint8_t)kind, .version = 3, .minpoll_log2s = 4};
	memcpy(r->ifname, "eth0", sizeof "eth0");
	bool parsed = addr_parse(group, &r->group);
	assert(parsed);
	if (r->group.family == ADDR_V6)
		r->version = 4;
	r->ttl = kind == ROLE_MANYCAST_CLIENT ? 255 : 16;
	r->port = NTP_PORT;
	return r;
}

static inline void site_refclock(struct site *s, unsigned host, uint8_t stratum)
{
	s->hosts[host].settings->refclock = true;
	s->hosts[host].settings->refclock_stratum = stratum;
}

/* Keys 1..count, all trusted; the octets depend on salt. */
static inline void site_keys(struct site *s, unsigned host, unsigned count, uint8_t salt)
{
	struct key keys[8] = {0};

	for (unsigned i = 0; i < count; i++) {
		keys[i].id = i + 1;
		keys[i].algorithm = (uint8_t)(i % 4);
		keys[i].mac_octets = keys[i].algorithm == KEY_HMAC_SHA256 ? 32 : 16;
		keys[i].trusted = true;
		keys[i].len = keys[i].algorithm == KEY_AES_256_CMAC ? 32 : 16;
		memset(keys[i].octets, (int)(salt + i), keys[i].len);
	}
	node_keys(s->hosts[host].node, site_now(s, &s->hosts[host]), keys, count);
}

/* ---- looking ---- */

static inline struct system_row site_system(const struct site *s, unsigned host)
{
	struct system_row row;

	node_system(s->hosts[host].node, site_now(s, &s->hosts[host]), &row);
	return row;
}

/* Row i, or one with id 0. */
static inline struct assoc_row site_assoc(const struct site *s, unsigned host, unsigned i)
{
	struct assoc_row row = {0};

	if (!node_assoc(s->hosts[host].node, site_now(s, &s->hosts[host]), i, &row))
		memset(&row, 0, sizeof row);
	return row;
}

static inline struct group_row site_row(const struct site *s, unsigned host, unsigned i)
{
	struct group_row row = {0};
	bool found = node_group(s->hosts[host].node, site_now(s, &s->hosts[host]), i, &row);

	assert(found);
	return row;
}

static inline uint64_t site_count(const struct site *s, unsigned host, enum addr_family family,
				  enum verdict v)
{
	struct counter_row row;
	bool found = node_counter(s->hosts[host].node, family, 0, &row);

	assert(found);
	return row.verdicts[v];
}

/* ---- the usual hosts ---- */

static inline bool site_is_within(const struct site *s, unsigned host, span bound)
{
	return !span_less(bound, span_abs(site_error(s, host)));
}

/* A multicast server of stratum 1 whose clock is the truth. */
static inline unsigned site_server(struct site *s, const char *group)
{
	unsigned h = site_add(s, SPAN_ZERO, 0.0);

	(void)site_role(s, h, ROLE_MULTICAST_SERVER, group);
	site_refclock(s, h, 1);
	site_commit(s, h);
	return h;
}

static inline unsigned site_client(struct site *s, const char *group, span error, double drift_ppm)
{
	unsigned h = site_add(s, error, drift_ppm);

	(void)site_role(s, h, ROLE_MULTICAST_CLIENT, group);
	site_commit(s, h);
	return h;
}

/* Host h asks that one by address at these intervals, once it is committed. */
static inline struct unicast_setting *site_unicast(struct site *s, unsigned h, unsigned server,
						   uint8_t minpoll_log2s, uint8_t maxpoll_log2s)
{
	struct settings *set = s->hosts[h].settings;
	struct unicast_setting *u = &set->unicasts[set->unicast_count++];

	*u = (struct unicast_setting){.addr = s->hosts[server].link.addrs[0].addr,
				      .port = NTP_PORT,
				      .version = 4,
				      .minpoll_log2s = minpoll_log2s,
				      .maxpoll_log2s = maxpoll_log2s};
	return u;
}

static inline struct endpoint site_asker(uint8_t last)
{
	return (struct endpoint){.addr = addr_v4(10, 0, 0, last), .port = 40000};
}

/* A packet to host h's own address, service port 123. */
static inline struct send_action site_to_host(const struct site *s, unsigned h,
					      const struct packet *p)
{
	struct send_action a = {.len = 48, .to = {s->hosts[h].link.addrs[0].addr, NTP_PORT}};

	packet_write(p, a.octets);
	return a;
}

#endif
