/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double number(const char *text)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end != '\0') {
		(void)fprintf(stderr, "%s is not a number\n", text);
		exit(2);
	}
	return x;
}

struct options options_read(int argc, char **argv)
{
	struct options o = {
		.seeds = 10,
		.first_seed = 1,
		.way = -1,
		.particles = 4000,
		.hours = 12.0,
		.exchange_every = 450.0,
	};
	const struct {
		const char *name;
		int *whole;
		double *real;
	} rows[] = {
		{"--seeds", &o.seeds, NULL}, {"--seed", &o.first_seed, NULL},
		{"--poll", &o.poll, NULL},   {"--multicast", &o.way, NULL},
		{"--trace", &o.trace, NULL}, {"--particles", &o.particles, NULL},
		{"--hours", NULL, &o.hours}, {"--every", NULL, &o.exchange_every},
	};
	const size_t n = sizeof rows / sizeof *rows;

	for (int i = 1; i < argc; i += 2) {
		size_t k = 0;
		while (k < n && strcmp(argv[i], rows[k].name) != 0)
			k++;
		if (i + 1 == argc || (k == n && strcmp(argv[i], "--profile") != 0)) {
			(void)fprintf(stderr, "%s is not an option, or lacks its value\n", argv[i]);
			exit(2);
		}
		if (k == n)
			o.profile = argv[i + 1];
		else if (rows[k].whole)
			*rows[k].whole = (int)number(argv[i + 1]);
		else
			*rows[k].real = number(argv[i + 1]);
	}
	if (o.seeds < 1 || o.seeds > OPTIONS_SEEDS_MAX)
		o.seeds = OPTIONS_SEEDS_MAX;
	return o;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double options_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}
