/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "sim/wire_words.h"

static struct order *add(struct orders *o, const struct order *what)
{
	if ((o->count & (o->count - 1)) == 0)
		o->list = auto_resize(o->list, o->count ? o->count * 2 : 1, sizeof *o->list);
	o->list[o->count] = *what;
	return &o->list[o->count++];
}

/* ---- reading ---- */

static const struct {
	const char *word;
	enum order_kind kind;
} verbs[] = {
	{"type", ORDER_TYPE},	{"show", ORDER_SHOW},	  {"down", ORDER_DOWN},
	{"up", ORDER_UP},	{"silent", ORDER_SILENT}, {"heard", ORDER_HEARD},
	{"kill", ORDER_KILL},	{"start", ORDER_START},	  {"step", ORDER_STEP},
	{"freq", ORDER_FREQ},	{"listen", ORDER_LISTEN}, {"replay", ORDER_REPLAY},
	{"forge", ORDER_FORGE}, {"rest", ORDER_REST},
};

static bool find_verb(const struct line *l, enum order_kind *ret)
{
	for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(line_peek(l), verbs[i].word) == 0) {
			*ret = verbs[i].kind;
			return true;
		}
	}
	return false;
}

static int read_typed(struct line *l, struct text *ret)
{
	do {
		const char *typed;

		if (line_quoted(l, &typed) < 0)
			return -EINVAL;
		text_addf(ret, "%s\n", typed);
	} while (!line_ended(l));
	return 0;
}

static int read_ifname(struct line *l, uint32_t *ret)
{
	const char *name;

	if (line_word(l, "an interface", &name) < 0)
		return -EINVAL;
	if (strncmp(name, "eth", 3) != 0 || strlen(name) < 4 || strlen(name) > 5 ||
	    strspn(name + 3, "0123456789") != strlen(name + 3))
		return line_complain(l, "interfaces are eth0, eth1 and so on, not '%s'", name);
	*ret = (uint32_t)strtoul(name + 3, NULL, 10) + 1;
	return 0;
}

static int read_every(struct line *l, struct villain_plan *p)
{
	if (!line_takes(l, "every"))
		return line_complain(l, "every how long?");
	if (line_time(l, "the period", &p->every_ns) < 0)
		return -EINVAL;
	return p->every_ns > 0 ? 0 : line_complain(l, "a period is longer than nothing");
}

/* forge GROUP as NAME offset T every T */
static int read_forge(struct line *l, struct universe *u, struct villain_plan *p)
{
	const char *word;

	if (line_word(l, "a group", &word) < 0)
		return -EINVAL;
	if (!addr_parse(word, &p->group) || !addr_is_multicast(&p->group))
		return line_complain(l, "'%s' is not a group address", word);
	if (!line_takes(l, "as"))
		return line_complain(l, "as whom?");
	if (line_word(l, "a name", &word) < 0)
		return -EINVAL;
	const struct host *h = universe_find_host(u, word);

	if (!h || h->port_count == 0)
		return line_complain(l, "there is no node %s with an interface", word);
	p->as = p->group.family == ADDR_V4 ? network_addr_v4(h->ports[0].lan, h->ports[0].member)
					   : network_addr_v6(h->ports[0].lan, h->ports[0].member);
	if (!line_takes(l, "offset"))
		return line_complain(l, "by what offset?");
	if (line_time(l, "the offset", &p->offset_ns) < 0)
		return -EINVAL;
	return read_every(l, p);
}

/* What follows the verb; text gets the lines to type. */
static int read_rest(struct line *l, struct universe *u, struct order *o, struct text *text)
{
	switch (o->kind) {
	case ORDER_TYPE:
	case ORDER_SHOW:
		return read_typed(l, text);
	case ORDER_DOWN:
	case ORDER_UP:
		return read_ifname(l, &o->ifindex);
	case ORDER_STEP:
		return line_time(l, "the step", &o->by_ns);
	case ORDER_FREQ:
		return line_rate(l, "the frequency", &o->by);
	case ORDER_REPLAY:
		o->plan.replay = true;
		return read_every(l, &o->plan);
	case ORDER_FORGE:
		return read_forge(l, u, &o->plan);
	case ORDER_SILENT:
	case ORDER_HEARD:
	case ORDER_KILL:
	case ORDER_START:
	case ORDER_LISTEN:
	case ORDER_REST:
	case ORDER_CUT:
	case ORDER_MEND:
	case ORDER_WIRE:
		return 0;
	}
	return 0;
}

static int add_for_host(struct orders *o, struct universe *u, struct line *l, const char *name,
			struct order what, const struct text *text)
{
	const struct host *h = universe_find_host(u, name);

	if (!h)
		return line_complain(l, "there is no node %s", name);
	if (what.ifindex > h->port_count)
		return line_complain(l, "%s has no eth%u", name, what.ifindex - 1);
	bool villainy = what.kind >= ORDER_LISTEN && what.kind <= ORDER_REST;

	if (villainy != (h->villain != NULL))
		return line_complain(l, villainy ? "%s is no attacker" : "%s is an attacker", name);
	if (villainy && h->port_count == 0)
		return line_complain(l, "%s is on no LAN", name);
	what.who = h->number;
	what.text = text->len ? auto_copy(text_chars(text), text->len) : NULL;
	calendar_enter(&u->calendar, what.at_ns, EVENT_ORDER, o->count, NULL);
	(void)add(o, &what);
	return 0;
}

static int read_host_order(struct orders *o, struct universe *u, struct line *l, struct order *what)
{
	struct line_names names[16];
	unsigned count = 0;
	struct text text = {0};
	char name[LINE_NAME_MAX];

	while (!find_verb(l, &what->kind)) {
		if (count == 16)
			return line_complain(l, "at most 16 names; C{1..99} is one");
		if (line_names(l, &names[count++]) < 0)
			return -EINVAL;
	}
	if (count == 0)
		return line_complain(l, "a name is missing");
	l->at++;
	int r = read_rest(l, u, what, &text);

	if (r == 0)
		r = line_end(l);
	for (unsigned i = 0; i < count && r == 0; i++) {
		for (unsigned j = 0; r == 0 && line_name(&names[i], j, name); j++)
			r = add_for_host(o, u, l, name, *what, &text);
	}
	text_fini(&text);
	return r;
}

static int read_lan_order(struct orders *o, struct universe *u, struct line *l, struct order *what)
{
	const char *name;
	struct text text = {0};

	if (line_word(l, "the name of a LAN", &name) < 0)
		return -EINVAL;
	struct lan *lan = network_find_lan(&u->network, name);

	if (!lan)
		return line_complain(l, "there is no LAN %s", name);
	what->who = (uint32_t)(lan - u->network.lans);
	if (line_takes(l, "cut")) {
		what->kind = ORDER_CUT;
	} else if (line_takes(l, "mend")) {
		what->kind = ORDER_MEND;
	} else if (wire_words_begin(l)) {
		what->kind = ORDER_WIRE;
		while (!line_ended(l))
			text_addf(&text, "%s ", l->words[l->at++]);
		what->text = text_take(&text);
	} else {
		return line_complain(l, "cut, mend or a description of the wire is missing");
	}
	if (line_end(l) < 0)
		return -EINVAL;
	calendar_enter(&u->calendar, what->at_ns, EVENT_ORDER, o->count, NULL);
	(void)add(o, what);
	return 0;
}

int orders_read(struct orders *o, struct universe *u, struct line *l)
{
	struct order what = {.line = l->number};

	if (line_time(l, "when", &what.at_ns) < 0)
		return -EINVAL;
	if (what.at_ns < 0)
		return line_complain(l, "the world begins at 0s");
	return line_takes(l, "lan") ? read_lan_order(o, u, l, &what)
				    : read_host_order(o, u, l, &what);
}

/* ---- doing ---- */

static int fail(const struct order *o, const char *file, struct err *err, const char *name,
		const char *what)
{
	err_set(err, "%s:%u: %s: %s", file, o->line, name, what);
	return -EINVAL;
}

static int type(const struct order *o, struct host *h, const char *file, FILE *show,
		struct err *err)
{
	struct text reply = {0};
	int r = 0;

	if (!h->node)
		return fail(o, file, err, h->name, "is off, nothing can be typed");
	if (!h->office)
		return fail(o, file, err, h->name, "is one of a crowd, which types once");
	struct session *s = host_session(h);

	if (!host_type(h, s, "system-view", &reply))
		r = fail(o, file, err, h->name, text_chars(&reply));
	for (const char *p = o->text; *p && r == 0;) {
		const char *end = strchr(p, '\n');
		char *line = auto_copy(p, (size_t)(end - p));

		text_clear(&reply);
		if (!host_type(h, s, line, &reply)) {
			struct text what = {0};

			text_addf(&what, "refused '%s': %s", line, text_chars(&reply));
			r = fail(o, file, err, h->name, text_chars(&what));
			text_fini(&what);
		}
		if (o->kind == ORDER_SHOW)
			(void)fprintf(show, "%s> %s\n%s", h->name, line, text_chars(&reply));
		free(line);
		p = end + 1;
	}
	session_free(s);
	if (h->traits.crowd)
		host_close_office(h);
	text_fini(&reply);
	return r;
}

static int change_wire(const struct order *o, struct universe *u, const char *file, struct err *err)
{
	struct line l = {.file = file, .number = o->line, .err = err};

	if (line_read(&l, o->text, strlen(o->text)) < 0)
		return -EINVAL;
	return wire_words_read(&l, u, &u->network.lans[o->who]);
}

static int switch_power(const struct order *o, struct host *h, const char *file, struct err *err)
{
	struct err why = {0};

	if (o->kind == ORDER_KILL) {
		host_kill(h);
		return 0;
	}
	if (h->node)
		return fail(o, file, err, h->name, "runs already");
	return host_start(h, &why) < 0 ? fail(o, file, err, h->name, why.text) : 0;
}

int orders_do(const struct order *o, struct universe *u, const char *file, FILE *show,
	      struct err *err)
{
	struct host *h = o->kind < ORDER_CUT ? u->hosts[o->who] : NULL;

	switch (o->kind) {
	case ORDER_TYPE:
	case ORDER_SHOW:
		return type(o, h, file, show, err);
	case ORDER_DOWN:
	case ORDER_UP:
		host_set_link(h, o->ifindex, o->kind == ORDER_DOWN);
		return 0;
	case ORDER_SILENT:
	case ORDER_HEARD:
		h->silent = o->kind == ORDER_SILENT;
		return 0;
	case ORDER_KILL:
	case ORDER_START:
		return switch_power(o, h, file, err);
	case ORDER_STEP:
		host_step(h, (span){o->by_ns});
		return 0;
	case ORDER_FREQ:
		oscillator_push(&h->oscillator, u->now_ns, o->by);
		return 0;
	case ORDER_LISTEN:
		villain_listen(h->villain);
		return 0;
	case ORDER_REPLAY:
	case ORDER_FORGE:
		villain_begin(h, &o->plan);
		return 0;
	case ORDER_REST:
		villain_rest(h->villain);
		return 0;
	case ORDER_CUT:
	case ORDER_MEND:
		u->network.lans[o->who].cut = o->kind == ORDER_CUT;
		return 0;
	case ORDER_WIRE:
		return change_wire(o, u, file, err);
	}
	return 0;
}

void orders_fini(struct orders *o)
{
	for (unsigned i = 0; i < o->count; i++)
		free(o->list[i].text);
	free(o->list);
	*o = (struct orders){0};
}
