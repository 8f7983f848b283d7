/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/port.h"

#include "ntp/node_state.h"

#include <assert.h>

#define RETRY SPAN_S(60)

/* The row of that port, else a free one, else one that was only to be closed. */
static struct port *place_of(struct node *n, uint16_t port)
{
	struct port *spare = NULL;

	for (unsigned i = 0; i < PORTS_MAX; i++) {
		struct port *p = &n->ports[i];

		if (p->port == port)
			return p;
		if (p->port == 0 || (!p->wanted && !spare))
			spare = p;
	}
	assert(spare);
	return spare;
}

void port_configure(struct node *n, struct now now, const struct settings *s)
{
	for (unsigned i = 0; i < PORTS_MAX; i++)
		n->ports[i].wanted = false;
	for (unsigned i = 0; i < s->port_count; i++) {
		struct port *p = place_of(n, s->ports[i]);

		if (p->port != s->ports[i])
			*p = (struct port){.port = s->ports[i]};
		p->wanted = true;
		p->retry = now.mono;
	}
	agenda_set(&n->agenda, ITEM_PORTS, now.mono);
}

void port_opened(struct node *n, struct now now, const struct outcome *o, struct actions *out)
{
	if (o->error == 0)
		return;
	for (unsigned i = 0; i < PORTS_MAX; i++) {
		struct port *p = &n->ports[i];

		if (p->port == 0 || p->port != o->port)
			continue;
		p->open = false;
		p->retry = mono_add(now.mono, RETRY);
		agenda_set(&n->agenda, ITEM_PORTS,
			   mono_min(p->retry, agenda_due(&n->agenda, ITEM_PORTS)));
	}
	node_note(out, NOTE_LISTEN_FAILED, 0, NULL, NULL, o->error);
}

/* When that row needs something: now, later, or never. */
static mono due(const struct port *p, struct now now)
{
	if (p->port == 0 || (p->wanted && p->open))
		return MONO_NEVER;
	return p->wanted ? p->retry : now.mono;
}

void port_wake(struct node *n, struct now now, struct actions *out)
{
	mono next = MONO_NEVER;

	for (unsigned i = 0; i < PORTS_MAX; i++) {
		struct port *p = &n->ports[i];

		if (mono_before(now.mono, due(p, now)))
			continue;
		if (p->wanted) {
			node_push(out, ACT_LISTEN)->port = p->port;
			p->open = true;
		} else {
			if (p->open)
				node_push(out, ACT_UNLISTEN)->port = p->port;
			*p = (struct port){0};
		}
		break;
	}
	for (unsigned i = 0; i < PORTS_MAX; i++)
		next = mono_min(next, due(&n->ports[i], now));
	agenda_set(&n->agenda, ITEM_PORTS, next);
}
