/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments, files and the exit status of the simulator; see timecast-sim(1). */
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "sim/measure.h"
#include "sim/play.h"
#include "sim/replay.h"

#define USAGE                                                                                      \
	"usage: timecast-sim [--seed N] [--csv FILE] [--plot FILE.svg] [--notes] [--quiet] "       \
	"SCENARIO\n"                                                                               \
	"       timecast-sim --replay FILE [--secret FILE]\n"                                      \
	"       timecast-sim --help | --version\n"

struct wishes {
	const char *scenario; /* or: */
	const char *replay;
	const char *secret; /* NULL: where the recording says */
	const char *csv;
	const char *plot;
	bool has_seed;
	uint64_t seed;
	bool notes;
	bool quiet;
	bool help;
	bool version;
};

static bool read_arguments(int argc, char *argv[], struct wishes *w)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},	  {"csv", required_argument, NULL, 'c'},
		{"plot", required_argument, NULL, 'p'},	  {"notes", no_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},	  {"replay", required_argument, NULL, 'r'},
		{"secret", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},	  {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's') {
			w->has_seed = measure_count(optarg, &w->seed);
			if (!w->has_seed)
				return false;
		} else if (c == 'c') {
			w->csv = optarg;
		} else if (c == 'p') {
			w->plot = optarg;
		} else if (c == 'r') {
			w->replay = optarg;
		} else if (c == 'k') {
			w->secret = optarg;
		} else if (c == 'n') {
			w->notes = true;
		} else if (c == 'q') {
			w->quiet = true;
		} else if (c == 'h' || c == 'v') {
			w->help = c == 'h';
			w->version = c == 'v';
			return true;
		} else {
			return false;
		}
	}
	if (optind != argc - (w->replay ? 0 : 1))
		return false;
	w->scenario = argv[optind]; /* NULL behind the last */
	return true;
}

static bool read_file(const char *path, struct text *ret)
{
	char octets[4096];
	size_t n;
	FILE *f = fopen(path, "re");

	if (!f) {
		perror(path);
		return false;
	}
	while ((n = fread(octets, 1, sizeof octets, f)) > 0)
		text_add_len(ret, octets, n);
	bool good = ferror(f) == 0;

	if (!good)
		perror(path);
	(void)fclose(f);
	return good;
}

/* NULL also when none is wanted; then *ok stays as it is. */
static FILE *open_for_writing(const char *path, bool *ok)
{
	if (!path)
		return NULL;
	FILE *f = fopen(path, "we");

	if (!f) {
		perror(path);
		*ok = false;
	}
	return f;
}

static bool close_written(FILE *f, const char *path)
{
	if (!f || fclose(f) == 0)
		return true;
	perror(path);
	return false;
}

static int run(struct play *p, const struct wishes *w, FILE *csv)
{
	struct scenario *s = &p->scenario;
	struct err err = {{0}};

	s->universe.notes = w->notes ? stdout : NULL;
	summary_init(&p->summary, &s->universe, s->report_from_ns, s->converged_ns, csv);
	if (w->plot) {
		plot_init(&p->plot, &s->universe, s->report_from_ns);
		p->plotted = true;
	}
	if (play_run(p, stdout, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (!w->quiet)
		summary_print(&p->summary, &s->universe, stdout);
	return play_judge(p, stderr) > 0 ? 1 : 0;
}

static int simulate(struct play *p, const struct wishes *w, const char *text)
{
	struct err err = {{0}};
	bool ok = true;

	if (scenario_read(&p->scenario, w->scenario, text, w->has_seed ? &w->seed : NULL, &err) <
	    0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	FILE *csv = open_for_writing(w->csv, &ok);
	FILE *svg = open_for_writing(w->plot, &ok);
	int status = ok ? run(p, w, csv) : 2;

	if (svg && ok)
		plot_write(&p->plot, &p->scenario.universe, svg);
	ok = close_written(csv, w->csv) && ok;
	ok = close_written(svg, w->plot) && ok;
	return ok ? status : 2;
}

static int replay(const char *path, const char *secret_path)
{
	struct err err = {{0}};
	FILE *tape = fopen(path, "re");

	if (!tape) {
		perror(path);
		return 2;
	}
	int r = replay_run(tape, secret_path, stdout, &err);

	if (r < 0)
		(void)fprintf(stderr, "%s: %s\n", path, err.text);
	(void)fclose(tape);
	return r < 0 ? 2 : 0;
}

static int simulate_file(const struct wishes *w)
{
	struct text text = {0};

	if (!read_file(w->scenario, &text)) {
		text_fini(&text);
		return 2;
	}
	struct play *p = auto_new(1, sizeof *p);
	int status = simulate(p, w, text_chars(&text));

	plot_fini(&p->plot);
	summary_fini(&p->summary);
	scenario_fini(&p->scenario);
	free(p);
	text_fini(&text);
	return status;
}

int main(int argc, char *argv[])
{
	struct wishes w = {0};

	/* A node's block is mostly never touched: it must come fresh from the kernel, not cleared,
	 * however many there are. */
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	(void)mallopt(M_MMAP_MAX, INT_MAX);
	if (!read_arguments(argc, argv, &w)) {
		(void)fputs(USAGE, stderr);
		return 2;
	}
	if (w.help || w.version) {
		(void)fputs(w.help ? USAGE : "timecast-sim " TIMECAST_VERSION "\n", stdout);
		return 0;
	}
	return w.replay ? replay(w.replay, w.secret) : simulate_file(&w);
}
