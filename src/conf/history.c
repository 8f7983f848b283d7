/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nettle/sha2.h>

#include "base/auto.h"

/*
 * A point is one text, `point.ID`: header lines `! key: value`, a line `!`, the configuration. The
 * last header holds the digest of the configuration, so that a damaged point is never gone back to.
 * The trial is the same without a configuration, `trial`.
 */
#define POINT_PREFIX "point."
#define TRIAL_NAME "trial"
#define ID_FIRST 1000000001U
#define ID_LAST 1999999999U
#define LABELLED_MAX ROOM(20, 3)
#define DIGEST_CHARS (2 * SHA256_DIGEST_SIZE)

struct history {
	struct shelf shelf;
	unsigned count;
	unsigned room;
	struct history_point *points; /* ascending id */
	uint32_t highest;	      /* id on the shelf, readable or not */
	uint32_t held;		      /* a trial goes back to it, so it stays; 0: none */
};

/* ---- header lines ---- */

struct header {
	char key[16];
	char value[HISTORY_LABEL_MAX];
};

/* One line of a header; false at its end, with *at behind it, or NULL if it is none. */
static bool header_next(const char **at, struct header *ret)
{
	const char *line = *at;
	const char *end = strchr(line, '\n');

	*at = end ? end + 1 : NULL;
	if (!end || strncmp(line, "!\n", 2) == 0)
		return false;
	const char *colon = memchr(line, ':', (size_t)(end - line));
	if (strncmp(line, "! ", 2) != 0 || !colon || colon[1] != ' ') {
		*at = NULL;
		return false;
	}
	size_t key_len = (size_t)(colon - (line + 2));
	size_t value_len = (size_t)(end - (colon + 2));
	if (key_len >= sizeof ret->key || value_len >= sizeof ret->value) {
		*at = NULL;
		return false;
	}
	memcpy(ret->key, line + 2, key_len);
	ret->key[key_len] = '\0';
	memcpy(ret->value, colon + 2, value_len);
	ret->value[value_len] = '\0';
	return true;
}

/* A value stays on its line, whatever a person typed. */
static void header_add(struct text *t, const char *key, const char *value)
{
	text_addf(t, "! %s: ", key);
	for (const char *p = value; *p; p++) {
		char c = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
		text_add_len(t, &c, 1);
	}
	text_add(t, "\n");
}

static void header_add_time(struct text *t, const char *key, int64_t unix_s)
{
	time_t when = (time_t)unix_s;
	struct tm tm;
	char words[64] = "";

	if (gmtime_r(&when, &tm))
		(void)strftime(words, sizeof words, " (%Y-%m-%d %H:%M:%S UTC)", &tm);
	text_addf(t, "! %s: %" PRId64 "%s\n", key, unix_s, words);
}

static void digest(const char *config, char ret[DIGEST_CHARS + 1])
{
	struct sha256_ctx c;
	uint8_t octets[SHA256_DIGEST_SIZE];

	sha256_init(&c);
	sha256_update(&c, strlen(config), (const uint8_t *)config);
	sha256_digest(&c, sizeof octets, octets);
	for (unsigned i = 0; i < sizeof octets; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", octets[i]);
}

/* What does not fit is cut: only a damaged header can be that long. */
static void copy(char *to, size_t room, const char *from)
{
	size_t len = strnlen(from, room - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

/* ---- a point as text ---- */

static void point_name(uint32_t id, char ret[32])
{
	(void)snprintf(ret, 32, POINT_PREFIX "%" PRIu32, id);
}

static void point_print(const struct history_point *p, const char *config, struct text *ret)
{
	char hex[DIGEST_CHARS + 1];

	text_addf(ret, "! id: %" PRIu32 "\n", p->id);
	header_add(ret, "type", p->type);
	header_add(ret, "user", p->user);
	header_add(ret, "user-intf", p->user_intf);
	header_add_time(ret, "time", p->unix_s);
	header_add(ret, "label", p->label);
	header_add(ret, "description", p->description);
	digest(config, hex);
	header_add(ret, "sha256", hex);
	text_add(ret, "!\n");
	text_add(ret, config);
}

/* The configuration inside chars, or NULL with *ret_why: the point cannot be used. */
static const char *point_parse(const char *chars, struct history_point *ret, const char **ret_why)
{
	struct history_point p = {0};
	char hex[DIGEST_CHARS + 1] = "";
	char wanted[DIGEST_CHARS + 1];
	struct header h;
	const char *at = chars;

	while (header_next(&at, &h)) {
		if (strcmp(h.key, "id") == 0)
			p.id = (uint32_t)strtoul(h.value, NULL, 10);
		else if (strcmp(h.key, "type") == 0)
			copy(p.type, sizeof p.type, h.value);
		else if (strcmp(h.key, "user") == 0)
			copy(p.user, sizeof p.user, h.value);
		else if (strcmp(h.key, "user-intf") == 0)
			copy(p.user_intf, sizeof p.user_intf, h.value);
		else if (strcmp(h.key, "time") == 0)
			p.unix_s = strtoll(h.value, NULL, 10);
		else if (strcmp(h.key, "label") == 0)
			copy(p.label, sizeof p.label, h.value);
		else if (strcmp(h.key, "description") == 0)
			copy(p.description, sizeof p.description, h.value);
		else if (strcmp(h.key, "sha256") == 0)
			copy(hex, sizeof hex, h.value);
	}
	if (!at) {
		*ret_why = "its header is damaged";
		return NULL;
	}
	digest(at, wanted);
	if (strcmp(hex, wanted) != 0) {
		*ret_why = "its configuration is damaged";
		return NULL;
	}
	*ret = p;
	return at;
}

/* Loads a point whole; *ret_config points into chars. */
static int point_load(const struct history *h, uint32_t id, struct history_point *ret,
		      struct text *chars, const char **ret_config, struct err *err)
{
	char name[32];
	const char *why = "it is another point's";

	point_name(id, name);
	int r = h->shelf.load(h->shelf.context, name, chars, err);
	if (r < 0)
		return r;
	const char *config = point_parse(text_chars(chars), ret, &why);
	if (!config || ret->id != id) {
		err_set(err, "Commit point %" PRIu32 " cannot be used: %s.", id, why);
		return -EBADMSG;
	}
	*ret_config = config;
	return 0;
}

static int point_keep(const struct history *h, const struct history_point *p, const char *config,
		      struct err *err)
{
	struct text t = {0};
	char name[32];

	point_name(p->id, name);
	point_print(p, config, &t);
	int r = h->shelf.keep(h->shelf.context, name, text_chars(&t), t.len, err);
	text_fini(&t);
	return r;
}

/* ---- the index in memory ---- */

static struct history_point *find_id(const struct history *h, uint32_t id)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->points[i].id == id)
			return &h->points[i];
	return NULL;
}

static void index_add(struct history *h, const struct history_point *p)
{
	if (h->count == h->room) {
		h->room = h->room ? 2 * h->room : HISTORY_MAX + 1;
		h->points = auto_resize(h->points, h->room, sizeof *h->points);
	}
	h->points[h->count++] = *p;
}

static void index_remove(struct history *h, unsigned i)
{
	memmove(&h->points[i], &h->points[i + 1], (h->count - i - 1) * sizeof *h->points);
	h->count--;
}

/*
 * The oldest unlabelled points go; there always are some, since at most 20 carry a label and one is
 * held. One that the disk does not let go of is forgotten here and tried again after the next
 * start.
 */
static void evict(struct history *h)
{
	for (unsigned i = 0; h->count > HISTORY_MAX && i < h->count;) {
		char name[32];
		if (h->points[i].label[0] || h->points[i].id == h->held) {
			i++;
			continue;
		}
		point_name(h->points[i].id, name);
		(void)h->shelf.drop(h->shelf.context, name, NULL);
		index_remove(h, i);
	}
}

static int compare_id(const void *a, const void *b)
{
	const struct history_point *p = a, *q = b;

	return p->id < q->id ? -1 : p->id > q->id;
}

/* The id in a name on the shelf, 0 if the name is not a point's. */
static uint32_t name_id(const char *name)
{
	char *end;

	if (strncmp(name, POINT_PREFIX, sizeof POINT_PREFIX - 1) != 0)
		return 0;
	unsigned long id = strtoul(name + sizeof POINT_PREFIX - 1, &end, 10);
	return *end == '\0' && id >= ID_FIRST && id <= ID_LAST ? (uint32_t)id : 0;
}

/* Reads the point of that name into the index; names the unreadable ones in err. */
static void index_name(struct history *h, const char *name, struct err *err)
{
	uint32_t id = name_id(name);
	struct history_point p;
	struct text chars = {0};
	struct err why = {0};
	const char *config;

	if (id == 0)
		return;
	if (id > h->highest)
		h->highest = id;
	if (point_load(h, id, &p, &chars, &config, &why) == 0)
		index_add(h, &p);
	else if (err && !err->text[0])
		err_set(err, "%.200s It is left alone.", why.text);
	text_fini(&chars);
}

int history_new(const struct shelf *shelf, struct history **ret, struct err *err)
{
	struct text names = {0};
	struct history *h = auto_new(1, sizeof *h);
	char *rest;

	h->shelf = *shelf;
	h->highest = ID_FIRST - 1;
	if (err)
		err->text[0] = '\0';
	int r = shelf->list(shelf->context, &names, err);
	if (r < 0) {
		text_fini(&names);
		history_free(h);
		return r;
	}
	AUTO_FREE char *list = text_take(&names);
	for (char *n = strtok_r(list, "\n", &rest); n; n = strtok_r(NULL, "\n", &rest))
		index_name(h, n, err);
	if (h->count > 0)
		qsort(h->points, h->count, sizeof *h->points, compare_id);
	struct history_trial trial;
	if (history_trial_load(h, &trial))
		h->held = trial.back_to_id;
	evict(h);
	*ret = h;
	return 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	free(h->points);
	free(h);
}

bool history_point(const struct history *h, unsigned i, struct history_point *ret)
{
	if (i >= h->count)
		return false;
	*ret = h->points[h->count - 1 - i];
	return true;
}

bool history_find_id(const struct history *h, uint32_t id, struct history_point *ret)
{
	const struct history_point *p = find_id(h, id);

	if (p)
		*ret = *p;
	return p != NULL;
}

bool history_find_label(const struct history *h, const char *label, struct history_point *ret)
{
	for (unsigned i = 0; label[0] && i < h->count; i++) {
		if (strcmp(h->points[i].label, label) == 0) {
			*ret = h->points[i];
			return true;
		}
	}
	return false;
}

int history_text(const struct history *h, uint32_t id, struct text *ret, struct err *err)
{
	struct history_point p;
	struct text chars = {0};
	const char *config;
	int r = -ENOENT;

	if (find_id(h, id))
		r = point_load(h, id, &p, &chars, &config, err);
	else
		err_set(err, "There is no commit point %" PRIu32 ".", id);
	if (r == 0)
		text_add(ret, config);
	text_fini(&chars);
	return r;
}

/* One label, one point; at most 20 of them, so that there is always something to forget. */
static int check_label(const struct history *h, uint32_t id, const char *label, struct err *err)
{
	unsigned labelled = 0;

	if (!label[0])
		return 0;
	for (unsigned i = 0; i < h->count; i++) {
		const struct history_point *p = &h->points[i];
		if (p->id == id || !p->label[0])
			continue;
		labelled++;
		if (strcmp(p->label, label) == 0) {
			err_set(err, "Commit point %" PRIu32 " already has that label.", p->id);
			return -EEXIST;
		}
	}
	if (labelled >= LABELLED_MAX) {
		err_set(err, "At most %d commit points can have a label; clear one first.",
			LABELLED_MAX);
		return -ENOSPC;
	}
	return 0;
}

int history_add(struct history *h, struct history_point *point, const char *config, struct err *err)
{
	struct history_point p = *point;

	if (h->highest >= ID_LAST) {
		err_set(err, "The ids of commit points are used up.");
		return -ENOSPC;
	}
	p.id = h->highest + 1;
	int r = check_label(h, p.id, p.label, err);
	if (r == 0)
		r = point_keep(h, &p, config, err);
	if (r < 0)
		return r;
	h->highest = p.id;
	index_add(h, &p);
	evict(h);
	point->id = p.id;
	return 0;
}

int history_set_label(struct history *h, uint32_t id, const char *label, struct err *err)
{
	struct history_point *p = find_id(h, id);
	struct history_point changed;
	struct text chars = {0};
	const char *config;

	if (!p) {
		err_set(err, "There is no commit point %" PRIu32 ".", id);
		return -ENOENT;
	}
	int r = check_label(h, id, label, err);
	if (r == 0)
		r = point_load(h, id, &changed, &chars, &config, err);
	if (r == 0) {
		copy(changed.label, sizeof changed.label, label);
		r = point_keep(h, &changed, config, err);
	}
	if (r == 0)
		*p = changed;
	text_fini(&chars);
	return r;
}

int history_drop_oldest(struct history *h, unsigned count, struct err *err)
{
	unsigned at = 0;
	int r = 0;

	while (r == 0 && count > 0 && at + 1 < h->count) {
		char name[32];
		if (h->points[at].id == h->held) {
			at++;
			continue;
		}
		point_name(h->points[at].id, name);
		r = h->shelf.drop(h->shelf.context, name, err);
		if (r == 0)
			index_remove(h, at);
		count--;
	}
	return r;
}

/* ---- the trial ---- */

int history_trial_keep(struct history *h, const struct history_trial *t, struct err *err)
{
	struct text chars = {0};

	text_addf(&chars, "! back-to: %" PRIu32 "\n! trial: %" PRIu32 "\n", t->back_to_id,
		  t->trial_id);
	header_add_time(&chars, "deadline", t->deadline_unix_s);
	header_add(&chars, "persist", t->persist);
	header_add(&chars, "user", t->user);
	text_add(&chars, "!\n");
	int r = h->shelf.keep(h->shelf.context, TRIAL_NAME, text_chars(&chars), chars.len, err);
	if (r == 0)
		h->held = t->back_to_id;
	text_fini(&chars);
	return r;
}

bool history_trial_load(const struct history *h, struct history_trial *ret)
{
	struct history_trial t = {0};
	struct text chars = {0};
	struct header line;

	if (h->shelf.load(h->shelf.context, TRIAL_NAME, &chars, NULL) < 0) {
		text_fini(&chars);
		return false;
	}
	const char *at = text_chars(&chars);
	while (header_next(&at, &line)) {
		if (strcmp(line.key, "back-to") == 0)
			t.back_to_id = (uint32_t)strtoul(line.value, NULL, 10);
		else if (strcmp(line.key, "trial") == 0)
			t.trial_id = (uint32_t)strtoul(line.value, NULL, 10);
		else if (strcmp(line.key, "deadline") == 0)
			t.deadline_unix_s = strtoll(line.value, NULL, 10);
		else if (strcmp(line.key, "persist") == 0)
			copy(t.persist, sizeof t.persist, line.value);
		else if (strcmp(line.key, "user") == 0)
			copy(t.user, sizeof t.user, line.value);
	}
	bool whole = at != NULL;
	text_fini(&chars);
	if (!whole || t.back_to_id == 0)
		return false;
	*ret = t;
	return true;
}

int history_trial_drop(struct history *h, struct err *err)
{
	int r = h->shelf.drop(h->shelf.context, TRIAL_NAME, err);

	if (r == 0)
		h->held = 0;
	return r;
}
