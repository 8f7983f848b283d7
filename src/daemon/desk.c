/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/desk.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/session.h"
#include "daemon/dialogue.h"
#include "daemon/drawer.h"
#include "daemon/say.h"
#include "daemon/window.h"
#include "sys/ctlsock.h"
#include "sys/file.h"

#define GROUP_CONFIGURE "timecast"
#define GROUP_LOOK "timecast-look"
#define KEEP_EVERY SPAN_S(600)
#define KEEP_AHEAD SPAN_S(660)
#define KEEP_GAP SPAN_S(10) /* strangers can hurry us, but not the disk */
/* Whatever the desk does, a packet comes first. */
#define NICE 10
/* While a peer has not greeted. */
#define STRANGER_WAIT SPAN_S(5)

struct desk {
	struct drawer *drawer;
	struct ctlsock *socket; /* NULL: no control socket, no thread */
	struct lookup *lookup;	/* borrowed */
	struct dialogue_groups groups;
	struct seal seal;
	struct window *window;
	struct office *office;
	struct dialogue *dialogue;
	struct memory memory; /* of the last run */
	struct err told;      /* of the office's troubles; "" none */
	struct mail *mail;
	pthread_t thread;
	bool started;
	mono keep_next, kept;
	atomic_bool hurry;
	atomic_bool quit;
	atomic_bool over;
};

/* ---- start ---- */

static gid_t find_group(const char *name)
{
	const struct group *g = getgrnam(name);

	return g ? g->gr_gid : (gid_t)-1;
}

/* Warnings are collected in err, one sentence after the other. */
static void warn(struct err *all, const struct err *one)
{
	struct err last = *all;

	if (!one->text[0])
		return;
	err_set(all, "%s%s%s", last.text, last.text[0] ? "; " : "", one->text);
}

static int open_all(struct desk *d, const struct desk_options *o, struct err *err)
{
	int error = drawer_new(o->state_path, &d->drawer, err);

	if (error && !o->control_path)
		error = drawer_new(NULL, &d->drawer, err);
	if (!error)
		error = drawer_secret(d->drawer, d->seal.master, err);
	if (error || !o->control_path)
		return error;
	d->lookup = o->lookup;
	d->groups.configure = find_group(GROUP_CONFIGURE);
	d->groups.look = find_group(GROUP_LOOK);
	mode_t mode = d->groups.look == (gid_t)-1 ? 0660 : 0666;
	return ctlsock_new(o->control_path, mode, d->groups.configure, &d->socket, err);
}

static int load_file(struct desk *d, const char *path, struct err *err)
{
	struct text config = {0};
	int error = file_read_path(path, &config, err);

	if (!error && text_has_nul(&config)) {
		err_set(err, "%s: it has a NUL octet", path);
		error = -EINVAL;
	}
	if (!error)
		error = office_load_text(d->office, path, text_chars(&config), err);
	if (config.chars)
		explicit_bzero(config.chars, config.room);
	text_fini(&config);
	return error;
}

/* Nothing that survived may keep the daemon from starting, or nobody could repair it. */
static int load(struct desk *d, const struct desk_options *o, struct err *err)
{
	struct err one = {0};

	if (o->config_path)
		return load_file(d, o->config_path, err);
	(void)!office_load_startup(d->office, &one);
	warn(err, &one);
	return 0;
}

int desk_new(const struct desk_options *o, struct desk **ret, struct err *err)
{
	struct desk *d = auto_new(1, sizeof *d);
	struct err one = {0};

	err_set(err, "%s", "");
	atomic_init(&d->hurry, false);
	atomic_init(&d->quit, false);
	atomic_init(&d->over, true);
	d->seal.random = drawer_random;
	int error = open_all(d, o, err);
	if (!error) {
		err_set(err, "%s", "");
		drawer_recall(d->drawer, &d->memory, &one);
		warn(err, &one);
		d->window = window_new(o->now, o->context);
		one.text[0] = '\0';
		error = office_new(window_world(d->window), drawer_shelf(d->drawer), &d->seal,
				   &d->office, &one);
		warn(err, &one);
	}
	if (!error)
		error = load(d, o, err);
	if (error) {
		desk_free(d);
		return error;
	}
	*ret = d;
	return 0;
}

void desk_free(struct desk *d)
{
	if (!d)
		return;
	assert(desk_over(d));
	if (d->started)
		(void)pthread_join(d->thread, NULL);
	office_free(d->office);
	window_free(d->window);
	ctlsock_free(d->socket);
	drawer_free(d->drawer);
	explicit_bzero(&d->seal, sizeof d->seal);
	free(d);
}

const struct settings *desk_settings(const struct desk *d)
{
	return window_settings(d->window);
}

const struct key *desk_keys(const struct desk *d, unsigned *ret_count)
{
	return window_keys(d->window, ret_count);
}

const struct seal *desk_seal(const struct desk *d)
{
	return &d->seal;
}

const char *desk_secret_path(const struct desk *d)
{
	return drawer_secret_path(d->drawer);
}

const struct memory *desk_memory(const struct desk *d)
{
	return &d->memory;
}

/* ---- the thread ---- */

void desk_keep(struct desk *d, const struct memory *memory)
{
	struct err err;

	if (drawer_keep(d->drawer, memory, &err) < 0)
		say(SAY_WARNING, "what is to be remembered is not kept: %s", err.text);
}

static mono steady(struct desk *d)
{
	const struct world *w = window_world(d->window);

	return w->steady(w->context);
}

/*
 * While we run, floors are written as they will be when the next ones are due: who is killed has no
 * time to write, and what he believed since must not be believed again. A server that answers puts
 * its floor right with the first answer.
 */
static void keep_memory(struct desk *d, bool last)
{
	struct memory memory;

	window_forget(d->window);
	window_memory(d->window, &memory);
	for (unsigned i = 0; i < memory.floor_count && !last; i++)
		memory.floors[i].transmit = stamp_add(memory.floors[i].transmit, KEEP_AHEAD);
	desk_keep(d, &memory);
	d->kept = steady(d);
	d->keep_next = mono_add(d->kept, KEEP_EVERY);
}

static int wait_ms(struct desk *d)
{
	mono now = steady(d);
	mono next = mono_min(d->keep_next, office_next_wake(d->office));

	if (dialogue_waits_for_greeting(d->dialogue))
		next = mono_min(next, mono_add(now, STRANGER_WAIT));
	return mono_before(next, now) ? 0 : (int)(mono_sub(next, now).ns / NS_PER_MS) + 1;
}

static void before_line(void *context)
{
	struct desk *d = context;

	window_forget(d->window);
}

static void tell_deafness(struct desk *d)
{
	int error = ctlsock_take_error(d->socket);

	if (error)
		say(SAY_WARNING, "nobody new can use the control socket: %s", strerror(-error));
}

/* Each reason once, however often it is tried again. */
static void tell_trouble(struct desk *d)
{
	const char *why = office_trouble(d->office);

	if (strcmp(why, d->told.text) == 0)
		return;
	err_set(&d->told, "%s", why);
	if (*why)
		say(SAY_ERROR, "a trial whose time is over runs on, its undo fails: %s", why);
	else
		say(SAY_NOTICE, "no trial runs beyond its time any more");
}

static void *work(void *context)
{
	struct desk *d = context;

	(void)setpriority(PRIO_PROCESS, 0, NICE); /* on Linux: of this thread */
	while (!atomic_load(&d->quit)) {
		ctlsock_wait(d->socket, wait_ms(d));
		tell_deafness(d);
		window_forget(d->window);
		if (!mono_before(steady(d), office_next_wake(d->office)))
			office_wake(d->office);
		dialogue_turn(d->dialogue, before_line, d);
		tell_trouble(d);
		if (atomic_exchange(&d->hurry, false))
			d->keep_next = mono_min(d->keep_next, mono_add(d->kept, KEEP_GAP));
		if (!mono_before(steady(d), d->keep_next))
			keep_memory(d, false);
	}
	dialogue_free(d->dialogue, "timecastd ends");
	keep_memory(d, true);
	atomic_store(&d->over, true);
	mail_ring(d->mail);
	return NULL;
}

int desk_start(struct desk *d, struct mail *m, struct err *err)
{
	sigset_t all, before;

	assert(d->socket && !d->started);
	d->mail = m;
	window_open(d->window, m);
	d->dialogue = dialogue_new(d->office, d->socket, d->lookup, d->groups);
	d->kept = mono_add(steady(d), span_neg(KEEP_GAP));
	d->keep_next = mono_add(steady(d), KEEP_EVERY);
	atomic_store(&d->over, false);
	/* signals belong to the protocol thread */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&d->thread, NULL, work, d);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		atomic_store(&d->over, true);
		dialogue_free(d->dialogue, "timecastd ends");
		err_set(err, "cannot start a thread: %s", strerror(error));
		return -error;
	}
	d->started = true;
	return 0;
}

void desk_hurry(struct desk *d)
{
	atomic_store(&d->hurry, true);
	ctlsock_ring(d->socket);
}

void desk_quit(struct desk *d)
{
	atomic_store(&d->quit, true);
	if (d->socket)
		ctlsock_ring(d->socket);
}

bool desk_over(const struct desk *d)
{
	return atomic_load(&d->over);
}
