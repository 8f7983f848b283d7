/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "ntp/node.h"
#include "sim/tape.h"

/* ---- printing ---- */

static void print_endpoint(FILE *out, const char *name, const struct endpoint *e)
{
	char text[ADDR_TEXT_MAX];

	if (e->addr.family == ADDR_NONE)
		return;
	(void)fprintf(out, " %s=%s:%u", name, addr_print(&e->addr, text), e->port);
}

static void print_send(FILE *out, const struct send_action *s)
{
	char text[ADDR_TEXT_MAX];

	(void)fprintf(out, "send id=%u if=%u ask=%u port=%u", s->id, s->ifindex, s->ask,
		      s->service_port);
	print_endpoint(out, "to", &s->to);
	if (s->from.family != ADDR_NONE)
		(void)fprintf(out, " from=%s", addr_print(&s->from, text));
	(void)fprintf(out, " ttl=%u stamp=%d ", s->ttl, s->want_stamp);
	for (unsigned i = 0; i < s->len; i++)
		(void)fprintf(out, "%02x", s->octets[i]);
}

static void print_group(FILE *out, const char *verb, const struct group_action *g)
{
	char text[ADDR_TEXT_MAX];

	(void)fprintf(out, "%s id=%u if=%u group=%s", verb, g->id, g->ifindex,
		      addr_print(&g->group, text));
}

static void print_status(FILE *out, const struct status_action *s)
{
	(void)fprintf(out, "status synchronised=%d leap=%u max_error=%lld estimated_error=%lld",
		      s->synchronised, s->leap, (long long)s->max_error.ns,
		      (long long)s->estimated_error.ns);
}

static void print_note(FILE *out, const struct note_action *n)
{
	(void)fprintf(out, "note %s if=%u value=%lld", note_of(n->note)->name, n->ifindex,
		      (long long)n->value);
	print_endpoint(out, "peer", &n->peer);
}

void replay_print_action(FILE *out, mono at, const struct action *a)
{
	(void)fprintf(out, "%lld ", (long long)at.ns);
	switch (a->kind) {
	case ACT_SEND:
		print_send(out, &a->send);
		break;
	case ACT_CLOSE:
		(void)fprintf(out, "close ask=%u", a->port);
		break;
	case ACT_JOIN:
		print_group(out, "join", &a->group);
		break;
	case ACT_LEAVE:
		print_group(out, "leave", &a->group);
		break;
	case ACT_LISTEN:
		(void)fprintf(out, "listen port=%u", a->port);
		break;
	case ACT_UNLISTEN:
		(void)fprintf(out, "unlisten port=%u", a->port);
		break;
	case ACT_STEP:
		(void)fprintf(out, "step ns=%lld", (long long)a->step.ns);
		break;
	case ACT_RATE:
		(void)fprintf(out, "rate ppt=%lld", (long long)a->rate.ppt);
		break;
	case ACT_STATUS:
		print_status(out, &a->status);
		break;
	case ACT_NOTE:
		print_note(out, &a->note);
		break;
	}
	(void)fputc('\n', out);
}

/* ---- feeding ---- */

struct player {
	struct node *node;
	void *block; /* owned */
	FILE *out;
	const char *secret_path;
	uint32_t newest_id; /* of a send or join that was asked for */
	unsigned key_count; /* for the next settings */
	struct key keys[SETTINGS_KEYS_MAX];
};

static void show(struct player *p, mono at, const struct actions *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct action *a = &list->list[i];

		if (a->kind == ACT_SEND && a->send.id > p->newest_id)
			p->newest_id = a->send.id;
		if ((a->kind == ACT_JOIN || a->kind == ACT_LEAVE) && a->group.id > p->newest_id)
			p->newest_id = a->group.id;
		replay_print_action(p->out, at, a);
	}
}

static int start(struct player *p, const struct tape_event *e, struct err *err)
{
	if (p->node) {
		err_set(err, "a recording begins once");
		return -EINVAL;
	}
	if (e->start.node_size != node_size()) {
		err_set(err, "recorded by another version: its node had %u octets, this one %zu",
			e->start.node_size, node_size());
		return -EINVAL;
	}
	p->block = auto_new(1, node_size());
	p->node = node_new(p->block, e->start.seed, &e->start.options);
	return 0;
}

static int read_secret(const char *path, struct seal *ret, struct err *err)
{
	uint8_t more;
	FILE *f = fopen(path, "re");
	bool good = f && fread(ret->master, sizeof ret->master, 1, f) == 1 &&
		    fread(&more, 1, 1, f) == 0;

	if (!good)
		err_set(err,
			"the recorded keys are sealed with %s of the host that recorded: give a "
			"copy of it by --secret FILE",
			path);
	if (f)
		(void)fclose(f);
	return good ? 0 : -EINVAL;
}

static int open_keys(struct player *p, const struct tape_keys *k, struct err *err)
{
	struct seal seal = {.random = NULL};
	int r = read_secret(p->secret_path ? p->secret_path : k->secret_path, &seal, err);

	p->key_count = k->count;
	for (unsigned i = 0; r >= 0 && i < k->count; i++) {
		const struct key_setting *s = &k->list[i].set;
		struct key *key = &p->keys[i];

		*key = (struct key){.id = s->id,
				    .algorithm = s->algorithm,
				    .mac_octets = s->mac_octets,
				    .trusted = s->trusted,
				    .bound = s->bound};
		r = seal_open(&seal, s->id, s->algorithm, k->list[i].sealed, key->octets, err);
		key->len = (uint8_t)(r < 0 ? 0 : r);
	}
	explicit_bzero(&seal, sizeof seal);
	return r < 0 ? -EINVAL : 0;
}

/* The outcome of something that was never asked for: this is not what was recorded. */
static bool strays(const struct player *p, const struct tape_event *e)
{
	const struct outcome *o = &e->outcome;

	return e->kind == TAPE_OUTCOME && (o->kind == OUTCOME_SENT || o->kind == OUTCOME_GROUP) &&
	       o->id > p->newest_id;
}

static void feed(struct player *p, const struct tape_event *e, struct actions *out)
{
	switch (e->kind) {
	case TAPE_SETTINGS:
		node_keys(p->node, e->now, p->keys, p->key_count);
		p->key_count = 0;
		node_configure(p->node, e->now, &e->settings, out);
		break;
	case TAPE_MEMORY:
		node_recall(p->node, e->now, &e->memory);
		break;
	case TAPE_LINK:
		node_link(p->node, e->now, &e->link, out);
		break;
	case TAPE_DATAGRAM:
		node_receive(p->node, e->now, &e->datagram, out);
		break;
	case TAPE_OUTCOME:
		node_outcome(p->node, e->now, &e->outcome, out);
		break;
	case TAPE_WAKE:
		node_wake(p->node, e->now, out);
		break;
	case TAPE_RESET:
		node_reset_counters(p->node);
		break;
	case TAPE_STEPPED:
		node_stepped(p->node, e->now, e->stepped, out);
		break;
	case TAPE_KERNEL:
		node_kernel_clock(p->node, e->now, &e->kernel, out);
		break;
	case TAPE_SLEPT:
		node_slept(p->node, e->now, e->slept, out);
		break;
	case TAPE_START:
	case TAPE_KEYS:
	case TAPE_KIND_END:
		break;
	}
}

static int play(struct player *p, struct tape *t, struct tape_event *e, struct err *err)
{
	int r;

	while ((r = tape_next(t, e, err)) == 1) {
		struct actions out = {.count = 0};

		if (e->kind == TAPE_START) {
			if (start(p, e, err) < 0)
				return -EINVAL;
			continue;
		}
		if (!p->node) {
			err_set(err, "a recording begins with its start");
			return -EINVAL;
		}
		if (e->kind == TAPE_KEYS) {
			if (open_keys(p, &e->keys, err) < 0)
				return -EINVAL;
			continue;
		}
		if (strays(p, e)) {
			err_set(err,
				"event %u: what is recorded here was never asked for: another "
				"version recorded it",
				t->frames);
			return -EINVAL;
		}
		feed(p, e, &out);
		show(p, e->now.mono, &out);
	}
	return r;
}

int replay_run(FILE *tape, const char *secret_path, FILE *out, struct err *err)
{
	struct tape *t = auto_new(1, sizeof *t);
	struct tape_event *e = auto_new(1, sizeof *e);
	struct player *p = auto_new(1, sizeof *p);
	int r = tape_begin(t, tape, err);

	p->out = out;
	p->secret_path = secret_path;
	if (r == 0)
		r = play(p, t, e, err);
	if (p->node)
		node_free(p->node);
	explicit_bzero(p->keys, sizeof p->keys);
	free(p->block);
	free(p);
	free(e);
	free(t);
	return r;
}
