/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole office over real files, and a power cut before every call that changes the disk: what a
 * restart finds is the old or the new, whole. Compiles file.c for itself, with a table in front of
 * those calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../cli/world.h"
#include "cli/session.h"
#include "conf/history.h"
#include "conf/startup.h"
#include "daemon/drawer.h"
#include "daemon/memo.h"
#include "lossy_disk.h"

#define POINTS_MAX 128

/* ---- a host ---- */

struct host {
	const char *path;
	struct stage stage;
	struct world world;
	struct drawer *drawer;
	struct seal seal;
	struct office *office;
	struct session *session;
	struct memory memory;
	struct text reply;
};

/* Everything up to the start-up configuration. */
static void open_up(struct host *h, const char *path)
{
	struct err err = {{0}};

	*h = (struct host){.path = path};
	h->world = stage_world(&h->stage);
	h->seal.random = drawer_random;
	if (drawer_new(path, &h->drawer, &err) < 0 ||
	    drawer_secret(h->drawer, h->seal.master, &err) < 0)
		fail_msg("%s", err.text);
	drawer_recall(h->drawer, &h->memory, &err);
	assert_string_equal(err.text, "");
	if (office_new(&h->world, drawer_shelf(h->drawer), &h->seal, &h->office, &err) < 0 ||
	    err.text[0])
		fail_msg("%s", err.text);
}

static void load(struct host *h)
{
	struct err err = {{0}};

	if (office_load_startup(h->office, &err) < 0 || err.text[0])
		fail_msg("%s", err.text);
	h->session = session_new(h->office, "tester", "vty0", SESSION_CONFIGURE, false);
}

static void shut(struct host *h)
{
	office_free(h->office);
	drawer_free(h->drawer);
	stage_fini(&h->stage);
	text_fini(&h->reply);
}

static bool type(struct host *h, const char *line)
{
	text_clear(&h->reply);
	session_run(h->session, line, &h->reply);
	while (session_asks(h->session))
		session_run(h->session, "y", &h->reply);
	return !session_failed(h->session);
}

static char *running(struct host *h)
{
	if (!type(h, "display current-configuration | exclude ^!"))
		fail_msg("%s", text_chars(&h->reply));
	return text_take(&h->reply);
}

/* ---- what was promised ---- */

struct belief {
	char *startup; /* what a restart runs */
	bool on_trial;
	bool unsure; /* whether on trial */
	bool weakea;
	freq frequency;
};

struct point {
	uint32_t id;
	char *config;
};

static struct {
	struct belief before, after; /* the step that is being done */
	unsigned sure_count;	     /* points of history before it */
	struct point sure[POINTS_MAX];
	unsigned seen_count; /* points that a restart in the middle of it found */
	struct point seen[POINTS_MAX];
	const char *step;
	unsigned cuts;
	char place[96]; /* where the disk's remains are looked at */
} promise;

static void forget_points(struct point *points, unsigned *count)
{
	for (unsigned i = 0; i < *count; i++)
		free(points[i].config);
	*count = 0;
}

static const char *find_point(const struct point *points, unsigned count, uint32_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (points[i].id == id)
			return points[i].config;
	return NULL;
}

static void add_point(struct point *points, unsigned *count, uint32_t id, const char *config)
{
	assert_true(*count < POINTS_MAX);
	points[*count].id = id;
	points[(*count)++].config = strdup(config);
}

static unsigned read_points(const struct shelf *shelf, struct point *ret)
{
	struct history *h;
	struct history_point p;
	struct err err = {{0}};
	unsigned count = 0;

	assert_int_equal(history_new(shelf, &h, &err), 0);
	assert_string_equal(err.text, "");
	for (unsigned i = 0; history_point(h, i, &p); i++) {
		struct text config = {0};
		assert_int_equal(history_text(h, p.id, &config, &err), 0);
		add_point(ret, &count, p.id, text_chars(&config));
		text_fini(&config);
	}
	history_free(h);
	return count;
}

/* ---- after the cut ---- */

static void check_history(const struct shelf *shelf)
{
	struct point found[POINTS_MAX];
	unsigned count = read_points(shelf, found);
	uint32_t highest = 0;

	for (unsigned i = 0; i < promise.sure_count; i++) {
		const struct point *p = &promise.sure[i];
		const char *config = find_point(found, count, p->id);
		/* beyond 80 the oldest goes */
		if (!config && promise.sure_count < HISTORY_MAX)
			fail_msg("%s: commit point %u is lost", promise.step, p->id);
		if (config)
			assert_string_equal(config, p->config);
		highest = p->id > highest ? p->id : highest;
	}
	for (unsigned i = 0; i < count; i++) {
		if (find_point(promise.sure, promise.sure_count, found[i].id) ||
		    find_point(promise.seen, promise.seen_count, found[i].id))
			continue;
		assert_true(found[i].id > highest);
		add_point(promise.seen, &promise.seen_count, found[i].id, found[i].config);
	}
	forget_points(found, &count);
}

static void check_trial(const struct shelf *shelf)
{
	struct history *h;
	struct history_trial t;
	struct history_point p;
	struct err err;

	assert_int_equal(history_new(shelf, &h, &err), 0);
	bool on_trial = history_trial_load(h, &t);
	if (!promise.after.unsure && on_trial != promise.before.on_trial &&
	    on_trial != promise.after.on_trial)
		fail_msg("%s: %s trial", promise.step, on_trial ? "still on" : "lost the");
	if (on_trial)
		assert_true(history_find_id(h, t.back_to_id, &p));
	history_free(h);
}

static void check_small_things(const struct host *h)
{
	const struct shelf *shelf = drawer_shelf(h->drawer);
	struct text t = {0};
	bool weakea = shelf->load(shelf->context, "weakea", &t, NULL) == 0;

	text_fini(&t);
	assert_true(weakea == promise.before.weakea || weakea == promise.after.weakea);
	assert_true(h->memory.frequency.ppt == promise.before.frequency.ppt ||
		    h->memory.frequency.ppt == promise.after.frequency.ppt);
	assert_int_equal(h->memory.floor_count, h->memory.has_frequency ? 2 : 0);
	for (unsigned i = 0; i < h->memory.floor_count; i++)
		assert_int_equal(h->memory.floors[i].transmit.frac,
				 (uint64_t)h->memory.frequency.ppt + i);
}

static void restart(const char *path)
{
	struct host h;

	open_up(&h, path);
	check_history(drawer_shelf(h.drawer));
	check_trial(drawer_shelf(h.drawer));
	check_small_things(&h);
	load(&h);
	char *now = running(&h);
	if (strcmp(now, promise.before.startup) != 0 && strcmp(now, promise.after.startup) != 0)
		fail_msg("%s: neither old nor new: %s", promise.step, now);
	free(now);
	shut(&h);
}

/* The power goes before the call that is about to be made. */
static void cut(void *context)
{
	(void)context;
	lossy.paused = true;
	for (enum lossy_fate fate = 0; fate < LOSSY_FATES; fate++) {
		lossy_leave(promise.place, fate);
		restart(promise.place);
		promise.cuts++;
	}
	lossy.paused = false;
}

/* ---- a script ---- */

enum effect {
	LOOKS,	  /* nothing on the disk that is looked at, or only history */
	SAVES,	  /* what runs is what a restart runs */
	TRIES,	  /* a trial begins */
	DECIDES,  /* and ends: confirmed, undone or run out */
	INSTALLS, /* md5 is allowed */
	REMOVES,
};

static void believe(struct belief *to, const struct belief *from)
{
	char *startup = strdup(from->startup);

	free(to->startup);
	*to = *from;
	to->startup = startup;
}

static void expect(struct host *h, const char *step, enum effect effect)
{
	promise.step = step;
	believe(&promise.after, &promise.before);
	if (effect == SAVES) {
		free(promise.after.startup);
		promise.after.startup = running(h);
	}
	if (effect == TRIES || effect == DECIDES)
		promise.after.on_trial = effect == TRIES;
	if (effect == INSTALLS || effect == REMOVES)
		promise.after.weakea = effect == INSTALLS;
}

/* It is done, so from now on nothing else will do. */
static void settle(struct host *h)
{
	believe(&promise.before, &promise.after);
	forget_points(promise.sure, &promise.sure_count);
	promise.sure_count = read_points(drawer_shelf(h->drawer), promise.sure);
	for (unsigned i = 0; i < promise.seen_count; i++) {
		const struct point *p = &promise.seen[i];
		const char *config = find_point(promise.sure, promise.sure_count, p->id);
		assert_non_null(config);
		assert_string_equal(config, p->config);
	}
	forget_points(promise.seen, &promise.seen_count);
}

static void say(struct host *h, const char *line, enum effect effect)
{
	expect(h, line, effect);
	if (!type(h, line))
		fail_msg("%s: %s", line, text_chars(&h->reply));
	settle(h);
}

static void run_out(struct host *h)
{
	expect(h, "a trial runs out", DECIDES);
	h->stage.passed_s += 601;
	office_wake(h->office);
	settle(h);
}

static void remember(struct host *h, int64_t ppt)
{
	struct memory m = {.has_frequency = true, .frequency = {ppt}, .floor_count = 2};
	struct err err;

	for (unsigned i = 0; i < m.floor_count; i++) {
		assert_true(addr_parse(i ? "10.0.0.1" : "2001:db8::1", &m.floors[i].source));
		m.floors[i].transmit.frac = (uint64_t)ppt + i;
	}
	expect(h, "the rate is kept", LOOKS);
	promise.after.frequency = m.frequency;
	assert_int_equal(drawer_keep(h->drawer, &m, &err), 0);
	settle(h);
}

static void edit(struct host *h, unsigned i)
{
	char line[128];

	(void)snprintf(line, sizeof line, "ntp listen-port %u", 1100 + i % 8);
	if (!type(h, line)) {
		(void)snprintf(line, sizeof line, "undo ntp listen-port %u", 1100 + i % 8);
		say(h, line, LOOKS);
	}
	(void)snprintf(line, sizeof line, "sysname host-%u", i);
	say(h, line, LOOKS);
	(void)snprintf(line, sizeof line,
		       "ntp authentication-keyid %u authentication-mode hmac-sha256 cipher Key-%u",
		       1 + i % 3, i);
	say(h, line, LOOKS);
}

static void work(struct host *h, unsigned rounds)
{
	say(h, "system-view", LOOKS);
	for (unsigned i = 0; i < rounds; i++) {
		edit(h, i);
		if (i % 5 == 1) {
			say(h, "commit trial 600 persist tonight", TRIES);
			say(h, "commit persist tonight", DECIDES);
		} else if (i % 5 == 3) {
			say(h, "commit trial 600", TRIES);
			run_out(h);
		} else {
			say(h, "commit description a round", LOOKS);
		}
		if (i % 2 == 0)
			say(h, "save", SAVES);
		remember(h, 1000 + i);
		if (i % 4 == 3) {
			say(h, "return", LOOKS);
			say(h, "rollback configuration last 1", LOOKS);
			say(h,
			    i % 8 == 3 ? "install feature-software WEAKEA"
				       : "uninstall feature-software WEAKEA",
			    i % 8 == 3 ? INSTALLS : REMOVES);
			say(h, "system-view", LOOKS);
		}
	}
}

/* ---- the tests ---- */

struct places {
	char all[48], run[64], look[64];
};

static int set_up(void **state)
{
	struct places *p = calloc(1, sizeof *p);

	(void)snprintf(p->all, sizeof p->all, "/tmp/tc-power-%d-XXXXXX", (int)getpid());
	assert_non_null(mkdtemp(p->all));
	(void)snprintf(p->run, sizeof p->run, "%s/run", p->all);
	(void)snprintf(p->look, sizeof p->look, "%s/look", p->all);
	assert_int_equal(mkdir(p->look, 0700), 0);
	(void)snprintf(promise.place, sizeof promise.place, "%s", p->look);
	srand(20261122);
	lossy_start();
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct places *p = *state;
	char command[128];

	forget_points(promise.sure, &promise.sure_count);
	forget_points(promise.seen, &promise.seen_count);
	free(promise.before.startup);
	free(promise.after.startup);
	memset(&promise, 0, sizeof promise);
	lossy_start();
	(void)snprintf(command, sizeof command, "rm -r %s", p->all);
	int r = system(command);
	free(p);
	return r;
}

/* The first start, which makes the secret, is part of it. */
static void begin(struct host *h, const char *path, void (*before)(void *context))
{
	struct host factory;

	lossy.paused = true;
	open_up(&factory, promise.place);
	load(&factory);
	promise.before.startup = running(&factory);
	shut(&factory);
	lossy.paused = false;
	promise.step = "the first start";
	believe(&promise.after, &promise.before);
	lossy.before = before;
	open_up(h, path);
	load(h);
	settle(h);
}

static void after_a_power_cut_the_old_or_the_new_is_there_whole(void **state)
{
	const struct places *p = *state;
	struct host h;

	begin(&h, p->run, cut);
	work(&h, 20);
	lossy.before = NULL;
	shut(&h);
	print_message("%u calls, %u power cuts\n", lossy.calls, promise.cuts);
	assert_true(promise.cuts > 3000);
}

/* What is refused may have happened or not; what is not refused has happened. */
static void attempt(struct host *h, const char *line, enum effect effect)
{
	expect(h, line, effect);
	bool done = type(h, line);
	if (done) {
		promise.after.unsure = effect == SAVES && promise.before.unsure;
		believe(&promise.before, &promise.after);
	} else {
		promise.before.unsure = promise.after.unsure = true;
	}
	lossy.paused = true;
	lossy_leave(promise.place, LOSSY_NOTHING_LOST);
	restart(promise.place);
	lossy.paused = false;
}

static void fail_once(const struct places *p, unsigned at, bool for_good)
{
	struct host h;

	lossy_start();
	lossy_empty(p->run);
	begin(&h, p->run, NULL);
	say(&h, "system-view", LOOKS);
	edit(&h, 0);
	say(&h, "commit", LOOKS);
	say(&h, "save", SAVES);
	edit(&h, 1);
	lossy.fail_at = lossy.calls + at;
	lossy.for_good = for_good;
	attempt(&h, "commit trial 600 persist p", TRIES);
	attempt(&h, "commit persist p", DECIDES);
	attempt(&h, "save", SAVES);
	/* Room again: it goes on by itself. */
	lossy.fail_at = 0;
	h.stage.passed_s += 700;
	office_wake(h.office);
	char *now = running(&h);
	edit(&h, 2);
	if (!type(&h, "commit") || !type(&h, "save"))
		fail_msg("after fault %u: %s", at, text_chars(&h.reply));
	free(now);
	now = running(&h);
	shut(&h);
	lossy.paused = true;
	open_up(&h, p->run);
	load(&h);
	char *again = running(&h);
	assert_string_equal(again, now);
	free(again);
	free(now);
	shut(&h);
	free(promise.before.startup);
	free(promise.after.startup);
	promise.before.startup = promise.after.startup = NULL;
}

static void a_full_disk_is_survived_at_every_call(void **state)
{
	const struct places *p = *state;

	for (unsigned at = 1; at < 60; at++) {
		fail_once(p, at, false);
		fail_once(p, at, true);
	}
}

/* ---- a file that somebody, or the medium, has changed ---- */

static char *text_of(const struct host *h, const char *name)
{
	const struct shelf *shelf = drawer_shelf(h->drawer);
	struct text t = {0};

	(void)!shelf->load(shelf->context, name, &t, NULL);
	return text_take(&t);
}

static void look_at_damaged(const char *path, const char *damaged, const char *good,
			    const char *good_runs)
{
	struct host h;
	struct err err = {{0}};

	open_up(&h, path);
	assert_int_equal(office_load_startup(h.office, &err), 0);
	h.session = session_new(h.office, "tester", "vty0", SESSION_CONFIGURE, false);
	char *now = text_of(&h, STARTUP_NAME), *last = text_of(&h, STARTUP_GOOD_NAME);
	assert_string_equal(now, damaged);
	assert_string_equal(last, good);
	if (err.text[0]) {
		char *aside = text_of(&h, STARTUP_BAD_NAME), *runs = running(&h);
		assert_string_equal(aside, damaged);
		assert_string_equal(runs, good_runs);
		if (!strstr(err.text, STARTUP_NAME ":"))
			fail_msg("no line: %s", err.text);
		free(aside);
		free(runs);
	}
	free(now);
	free(last);
	shut(&h);
}

static void a_damaged_file_is_refused_by_line_and_nothing_is_overwritten(void **state)
{
	const struct places *p = *state;
	struct host h;
	unsigned refused = 0;

	lossy.paused = true;
	begin(&h, p->run, NULL);
	lossy.paused = true;
	work(&h, 3);
	char *good_runs = running(&h);
	say(&h, "save", SAVES);
	edit(&h, 9);
	say(&h, "commit", LOOKS);
	say(&h, "save", SAVES);
	char *whole = text_of(&h, STARTUP_NAME), *good = text_of(&h, STARTUP_GOOD_NAME);
	for (size_t i = 0; whole[i]; i++) {
		const struct shelf *shelf = drawer_shelf(h.drawer);
		char was = whole[i];

		whole[i] = (char)(was ^ 0x11);
		assert_int_equal(
			shelf->keep(shelf->context, STARTUP_NAME, whole, strlen(whole), NULL), 0);
		char bad[128];
		(void)snprintf(bad, sizeof bad, "%s/%s", p->run, STARTUP_BAD_NAME);
		drawer_free(h.drawer);
		h.drawer = NULL;
		look_at_damaged(p->run, whole, good, good_runs);
		refused += unlink(bad) == 0;
		struct err err;
		assert_int_equal(drawer_new(p->run, &h.drawer, &err), 0);
		whole[i] = was;
	}
	print_message("%zu damaged files, %u refused\n", strlen(whole), refused);
	assert_true(refused > strlen(whole) / 2);
	free(good_runs), free(whole), free(good);
	shut(&h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_a_power_cut_the_old_or_the_new_is_there_whole),
		TEST(a_full_disk_is_survived_at_every_call),
		TEST(a_damaged_file_is_refused_by_line_and_nothing_is_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
