/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sim/measure.h"
#include "sim/wire_words.h"

/* ---- nodes ---- */

/* What a node line says before luck has drawn from its ranges. */
struct wish {
	struct host_traits traits;
	int64_t offset_ns[2];
	double rate[2];
	bool off;
};

/* "A..B", or "A" for both. */
static int read_range(struct line *l, const char *what, char low[64], char high[64])
{
	const char *word;

	if (line_word(l, what, &word) < 0)
		return -EINVAL;
	const char *dots = strstr(word, "..");

	if (strlen(word) > 60)
		return line_complain(l, "%s: '%s' is too long", what, word);
	(void)snprintf(low, 64, "%.*s", dots ? (int)(dots - word) : 63, word);
	(void)snprintf(high, 64, "%s", dots ? dots + 2 : word);
	return 0;
}

static int read_offset(struct line *l, struct wish *w)
{
	char low[64], high[64];

	if (read_range(l, "the offset", low, high) < 0)
		return -EINVAL;
	if (!measure_time(low, &w->offset_ns[0]) || !measure_time(high, &w->offset_ns[1]))
		return line_complain(l, "an offset is a time such as 50ms, or -3s..3s");
	return 0;
}

static int read_freq(struct line *l, struct wish *w)
{
	char low[64], high[64];

	if (read_range(l, "the frequency", low, high) < 0)
		return -EINVAL;
	if (!measure_rate(low, &w->rate[0]) || !measure_rate(high, &w->rate[1]))
		return line_complain(l, "a frequency is a rate such as 20ppm, or -5ppm..5ppm");
	return 0;
}

static int read_span(struct line *l, const char *what, int64_t *ret)
{
	if (line_time(l, what, ret) < 0)
		return -EINVAL;
	return *ret < 0 ? line_complain(l, "%s is below zero", what) : 0;
}

static int read_stamps(struct line *l, struct wish *w)
{
	int64_t ns = 0;
	int r = read_span(l, "the reading error", &ns);

	w->traits.stamps_ns = (double)ns;
	return r;
}

static int read_transmit(struct line *l, struct wish *w)
{
	int64_t ns = 0;

	if (read_span(l, "the way to the wire", &w->traits.transmit_ns) < 0)
		return -EINVAL;
	if (!line_takes(l, "jitter"))
		return 0;
	int r = read_span(l, "the jitter", &ns);

	w->traits.transmit_jitter_ns = (double)ns;
	return r;
}

static int read_trait(struct line *l, struct wish *w)
{
	if (line_takes(l, "offset"))
		return read_offset(l, w);
	if (line_takes(l, "freq"))
		return read_freq(l, w);
	if (line_takes(l, "wander"))
		return line_rate(l, "the wander", &w->traits.wander);
	if (line_takes(l, "latency"))
		return read_span(l, "the latency", &w->traits.latency_ns);
	if (line_takes(l, "stamps"))
		return read_stamps(l, w);
	if (line_takes(l, "transmit"))
		return read_transmit(l, w);
	if (line_takes(l, "reference"))
		w->traits.reference = true;
	else if (line_takes(l, "observe"))
		w->traits.observe = true;
	else if (line_takes(l, "attacker"))
		w->traits.attacker = true;
	else if (line_takes(l, "crowd"))
		w->traits.crowd = true;
	else if (line_takes(l, "off"))
		w->off = true;
	else if (!line_takes(l, "perfect"))
		return line_complain(l, "'%s' is not a trait of a clock", line_peek(l));
	return 0;
}

static void add_node(struct scenario *s, const char *name, const struct wish *w)
{
	struct host *h = universe_add_host(&s->universe, name);
	struct stream luck = stream_named(s->universe.seed, "traits", name);

	h->traits = w->traits;
	h->traits.offset_ns =
		(int64_t)stream_between(&luck, (double)w->offset_ns[0], (double)w->offset_ns[1]);
	h->traits.rate = stream_between(&luck, w->rate[0], w->rate[1]);
	if (h->traits.attacker)
		h->villain = villain_new();
	host_set_clocks(h);
	if (h->number >= s->off_room) {
		s->off_room = s->off_room ? s->off_room * 2 : 64;
		s->off = auto_resize(s->off, s->off_room, sizeof *s->off);
	}
	s->off[h->number] = w->off || w->traits.attacker;
}

static int check_new_name(struct scenario *s, struct line *l, const char *name)
{
	if (universe_find_host(&s->universe, name) ||
	    network_find_router(&s->universe.network, name))
		return line_complain(l, "there is a %s already", name);
	return 0;
}

static int read_node(struct scenario *s, struct line *l)
{
	struct line_names names[16];
	unsigned count = 0;
	struct wish w = {0};
	char name[LINE_NAME_MAX];

	while (!line_takes(l, "clock")) {
		if (count == 16)
			return line_complain(l, "at most 16 names; C{1..99} is one");
		if (line_names(l, &names[count++]) < 0)
			return -EINVAL;
	}
	while (!line_ended(l)) {
		if (read_trait(l, &w) < 0)
			return -EINVAL;
	}
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; line_name(&names[i], j, name); j++) {
			if (check_new_name(s, l, name) < 0)
				return -EINVAL;
			add_node(s, name, &w);
		}
	}
	return count > 0 ? 0 : line_complain(l, "a name is missing");
}

static int read_router(struct scenario *s, struct line *l)
{
	struct network *n = &s->universe.network;
	struct line_names names;
	char name[LINE_NAME_MAX];

	while (!line_ended(l)) {
		if (line_names(l, &names) < 0)
			return -EINVAL;
		for (unsigned j = 0; line_name(&names, j, name); j++) {
			if (check_new_name(s, l, name) < 0)
				return -EINVAL;
			if (n->router_count == NETWORK_ROUTERS_MAX)
				return line_complain(l, "at most %d routers", NETWORK_ROUTERS_MAX);
			struct router *r = &n->routers[n->router_count++];

			(void)snprintf(r->name, sizeof r->name, "%s", name);
		}
	}
	return 0;
}

/* ---- wires ---- */

static int plug_router(struct scenario *s, struct line *l, struct router *r, uint32_t lan)
{
	struct network *n = &s->universe.network;

	if (r->port_count == NETWORK_ROUTER_PORTS_MAX)
		return line_complain(l, "%s has no port left", r->name);
	uint32_t member = lan_add_member(&n->lans[lan], true, (uint32_t)(r - n->routers),
					 r->port_count, stream_hash(n->seed, r->name));

	r->ports[r->port_count++] = (struct router_port){lan, member};
	return 0;
}

static int plug(struct scenario *s, struct line *l, const char *name, uint32_t lan)
{
	struct host *h = universe_find_host(&s->universe, name);
	struct router *r = network_find_router(&s->universe.network, name);

	if (s->universe.network.lans[lan].member_count == LAN_MEMBERS_MAX)
		return line_complain(l, "a LAN has at most %d members", LAN_MEMBERS_MAX);
	if (r)
		return plug_router(s, l, r, lan);
	if (!h)
		return line_complain(l, "there is no node or router %s", name);
	if (h->port_count == HOST_PORTS_MAX)
		return line_complain(l, "%s has no interface left", name);
	host_plug(h, lan);
	return 0;
}

static int read_lan(struct scenario *s, struct line *l, unsigned members_max)
{
	struct network *n = &s->universe.network;
	char name[LINE_NAME_MAX];
	struct line_names names;
	uint32_t number = n->lan_count;

	if (number == NETWORK_LANS_MAX)
		return line_complain(l, "at most %d LANs", NETWORK_LANS_MAX);
	(void)snprintf(name, sizeof name, "lan%u", number + 1);
	if (line_takes(l, "name")) {
		if (line_names(l, &names) < 0)
			return -EINVAL;
		(void)line_name(&names, 0, name);
	}
	if (network_find_lan(n, name))
		return line_complain(l, "there is a LAN %s already", name);
	struct lan *lan = network_add_lan(n, name);

	while (!line_ended(l) && !wire_words_begin(l)) {
		if (line_names(l, &names) < 0)
			return -EINVAL;
		for (unsigned j = 0; line_name(&names, j, name); j++) {
			if (plug(s, l, name, number) < 0)
				return -EINVAL;
		}
	}
	if (lan->member_count < 2 || lan->member_count > members_max)
		return line_complain(l, members_max == 2 ? "a link joins two"
							 : "a LAN joins two or more");
	return wire_words_read(l, &s->universe, lan);
}

/* ---- the rest ---- */

/* YYYY-MM-DDThh:mm:ssZ; days from the civil calendar (Howard Hinnant's rule). */
static bool read_date(const char *t, int64_t *ret_unix_s)
{
	int64_t v[6];
	static const char *const form = "dddd-dd-ddTdd:dd:ddZ";
	unsigned field = 0;

	memset(v, 0, sizeof v);
	for (unsigned i = 0; i < strlen(form); i++) {
		if (form[i] != 'd' ? t[i] != form[i] : t[i] < '0' || t[i] > '9')
			return false;
		if (form[i] == 'd')
			v[field] = v[field] * 10 + (t[i] - '0');
		else
			field++;
	}
	if (t[strlen(form)] != '\0' || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
		return false;
	int64_t y = v[0] - (v[1] <= 2);
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (v[1] + (v[1] > 2 ? -3 : 9)) + 2) / 5 + v[2] - 1;
	int64_t day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

	*ret_unix_s = ((era * 146097 + day - 719468) * 24 + v[3]) * 3600 + v[4] * 60 + v[5];
	return true;
}

static int read_epoch(struct scenario *s, struct line *l)
{
	const char *word;
	int64_t unix_s;

	if (line_word(l, "a date", &word) < 0)
		return -EINVAL;
	if (!read_date(word, &unix_s))
		return line_complain(l, "a date is such as 2026-01-01T00:00:00Z, not '%s'", word);
	s->universe.epoch_unix_ns = unix_s * NS_PER_S;
	return 0;
}

static int read_seed(struct scenario *s, struct line *l)
{
	uint64_t seed;

	if (line_count(l, "the seed", &seed) < 0)
		return -EINVAL;
	if (!s->seed_given) {
		s->universe.seed = seed;
		s->universe.network.seed = seed;
	}
	return 0;
}

static int read_report(struct scenario *s, struct line *l)
{
	if (!line_takes(l, "from"))
		return line_complain(l, "report from T [under T]");
	if (line_time(l, "from when", &s->report_from_ns) < 0)
		return -EINVAL;
	return line_takes(l, "under") ? line_time(l, "the limit", &s->converged_ns) : 0;
}

static int read_period(struct line *l, const char *what, int64_t *ret)
{
	if (line_time(l, what, ret) < 0)
		return -EINVAL;
	return *ret > 0 ? 0 : line_complain(l, "%s is longer than nothing", what);
}

static int read_line(struct scenario *s, struct line *l)
{
	bool empty = s->universe.host_count == 0 && s->universe.network.lan_count == 0;

	if (line_takes(l, "node"))
		return read_node(s, l);
	if (line_takes(l, "router"))
		return read_router(s, l);
	if (line_takes(l, "lan"))
		return read_lan(s, l, LAN_MEMBERS_MAX);
	if (line_takes(l, "link"))
		return read_lan(s, l, 2);
	if (line_takes(l, "at"))
		return orders_read(&s->orders, &s->universe, l);
	if (line_takes(l, "expect"))
		return expects_read(&s->expects, &s->universe, l);
	if (line_takes(l, "for"))
		return read_period(l, "the duration", &s->duration_ns);
	if (line_takes(l, "sample"))
		return read_period(l, "the sampling period", &s->sample_ns);
	if (line_takes(l, "report"))
		return read_report(s, l);
	if (strcmp(line_peek(l), "seed") != 0 && strcmp(line_peek(l), "epoch") != 0)
		return line_complain(l, "a line does not begin with '%s'", l->words[0]);
	if (!empty)
		return line_complain(l, "%s belongs before nodes and LANs", line_peek(l));
	return line_takes(l, "seed")	? read_seed(s, l)
	       : line_takes(l, "epoch") ? read_epoch(s, l)
					: 0;
}

static int finish(struct scenario *s, struct err *err)
{
	if (s->universe.host_count == 0) {
		err_set(err, "%s: no node", s->file);
		return -EINVAL;
	}
	if (s->duration_ns == 0)
		s->duration_ns = s->expects.last_ns;
	if (s->duration_ns == 0) {
		err_set(err, "%s: for how long? Neither `for` nor an expectation says", s->file);
		return -EINVAL;
	}
	if (s->duration_ns < s->expects.last_ns) {
		err_set(err, "%s: something is expected after the end", s->file);
		return -EINVAL;
	}
	const struct expect *e = expects_find_unaligned(&s->expects, s->sample_ns);
	if (e) {
		err_set(err, "%s:%u: what is counted begins and ends at samples", s->file, e->line);
		return -EINVAL;
	}
	for (unsigned i = 0; i < s->orders.count; i++) {
		if (s->orders.list[i].at_ns <= s->duration_ns)
			continue;
		err_set(err, "%s:%u: that is after the end", s->file, s->orders.list[i].line);
		return -EINVAL;
	}
	if (s->report_from_ns < 0)
		s->report_from_ns = s->duration_ns / 2;
	return 0;
}

int scenario_read(struct scenario *s, const char *file, const char *text, const uint64_t *seed,
		  struct err *err)
{
	memset(s, 0, sizeof *s);
	s->file = file;
	s->seed_given = seed;
	s->sample_ns = NS_PER_S;
	s->report_from_ns = -1;
	s->converged_ns = NS_PER_MS;
	universe_init(&s->universe, seed ? *seed : 1);

	struct line l = {.file = file, .err = err};

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");

		l.number++;
		int r = line_read(&l, p, len);

		if (r == 0 && l.count > 0) {
			r = read_line(s, &l);
			if (r == 0)
				r = line_end(&l);
		}
		if (r < 0)
			return r;
		p += len + (p[len] == '\n');
	}
	return finish(s, err);
}

void scenario_fini(struct scenario *s)
{
	orders_fini(&s->orders);
	expects_fini(&s->expects);
	free(s->off);
	universe_fini(&s->universe);
}
