/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of its clock, and another daemon's hand on it. Linked statically. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* Only the initramfs of the guest has it: no other machine's clock is touched, come what may. */
#define GUEST_MARK "/modules/order"
#define NS_PER_S 1000000000

static int64_t read_ns(clockid_t id)
{
	struct timespec ts = {0};

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int show(void)
{
	struct timex t = {.modes = 0};
	int state = clock_adjtime(CLOCK_REALTIME, &t);

	if (state < 0)
		return 1;
	(void)printf("unsync %d ins %d del %d pll %d state %d freq_ppb %ld tick %ld "
		     "maxerror_us %ld esterror_us %ld real_minus_raw_ns %" PRId64 "\n",
		     !!(t.status & STA_UNSYNC), !!(t.status & STA_INS), !!(t.status & STA_DEL),
		     !!(t.status & STA_PLL), state, t.freq * 1000 / 65536, t.tick, t.maxerror,
		     t.esterror, read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC_RAW));
	return 0;
}

/* As another daemon would: synchronised, with these bounds (us), at this rate (ppb). */
static int vouch(long max_error, long estimated_error, long rate)
{
	struct timex t = {
		.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_FREQUENCY,
		.maxerror = max_error,
		.esterror = estimated_error,
		.freq = rate * 65536 / 1000,
	};

	return clock_adjtime(CLOCK_REALTIME, &t) < 0;
}

static int shift(long by_us)
{
	long by_ns = by_us * 1000;
	struct timex t = {.modes = ADJ_SETOFFSET | ADJ_NANO};

	t.time.tv_sec = by_ns / NS_PER_S;
	t.time.tv_usec = by_ns % NS_PER_S;
	if (t.time.tv_usec < 0) {
		t.time.tv_sec--;
		t.time.tv_usec += NS_PER_S;
	}
	return clock_adjtime(CLOCK_REALTIME, &t) < 0;
}

static long number(const char *text)
{
	return strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return show();
	if (access(GUEST_MARK, F_OK) < 0) {
		(void)fprintf(stderr, "kernel_clock: this is not the guest\n");
		return 1;
	}
	if (argc == 5 && !strcmp(argv[1], "vouch"))
		return vouch(number(argv[2]), number(argv[3]), number(argv[4]));
	if (argc == 3 && !strcmp(argv[1], "shift"))
		return shift(number(argv[2]));
	(void)fprintf(stderr, "usage: kernel_clock [vouch MAXERROR ESTERROR PPB | shift US]\n");
	return 1;
}
