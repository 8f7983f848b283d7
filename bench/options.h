/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the accuracy programs are told on the command line, and the median that they all report.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#define OPTIONS_SEEDS_MAX 100

struct options {
	const char *profile; /* NULL: all */
	int seeds, first_seed;
	int poll;  /* log2 of the interval; 0: both 4 and 6 */
	int way;   /* 0 unicast, 1 multicast, -1 both */
	int trace; /* s between lines about one run; 0: none */
	int particles;
	double hours;
	double exchange_every; /* s, mean, of a multicast client */
};

/* Ends the program with a sentence when it is not understood. */
struct options options_read(int argc, char **argv);
/* Reorders v. */
double options_median(double *v, int n);

#endif
