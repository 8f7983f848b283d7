/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario: a made world, what is done to it, and what must come of it. A thing a line:
 *
 *   seed 7                             the luck; before anything that has some
 *   epoch 2036-02-07T06:00:00Z         true time at 0s; otherwise 2026-01-01
 *   for 3600s                          how long; otherwise as long as the last expectation
 *   sample 1s                          how often everybody is measured
 *   report from 600s [under 1ms]       what the report counts; a clock has converged when its
 *                                      offset stays under that (otherwise 1 ms)
 *   node NAME... clock TRAIT...        hosts; C{1..20} is twenty of them
 *       offset T | offset T..T         true time - its clock at 0s; a range is drawn from
 *       freq R | freq R..R             its quartz runs that much fast
 *       wander R                       random walk of its rate, per square root of a second
 *       perfect                        none of the above
 *       reference                      another program keeps its clock true: it may serve
 *       observe                        its clock may not be steered
 *       latency T                      from a packet's arrival until the node hears of it
 *       stamps T                       reading error of packet stamps, 1-sigma, up to latency late
 *       transmit T [jitter T]          from the node's word to the wire
 *       off                            not switched on until `start`
 *       attacker                       no Timecast: hears all on its LAN, sends in any name
 *       crowd                          types once, then its command line is closed: saves memory
 *   router NAME...
 *   lan [name L] NAME... WIRE...       joins nodes and routers; the first LAN of a node is its
 *       delay T                        eth0, the next its eth1. No packet is faster;
 *       jitter T                       mean of the exponential queueing on top;
 *       loss P  duplicate P            each packet on its own;
 *       busy T for T every T           more queueing, at the start of every period;
 *       from NAME WIRE...              another wire for what that one sends
 *   link [name L] NAME NAME WIRE...    the same between two
 *   at T NAME... type "LINE" "LINE"    into its command line, from the system view; a refused
 *                                      line ends the simulation
 *   at T NAME... show "LINE"           the same, and the replies are printed
 *   at T NAME... down IF | up IF       the link of an interface
 *   at T NAME... silent | heard        packets vanish although the link is up
 *   at T NAME... kill | start          loses everything but its disk; comes back
 *   at T NAME... step T                somebody moves its clock forward by T
 *   at T NAME... freq R                its quartz runs faster by R from now on
 *   at T NAME listen                   an attacker keeps what it hears from now on,
 *   at T NAME replay every T           sends it again, in order, over and over,
 *   at T NAME forge GROUP as NAME offset T every T      sends multicast of its own making,
 *   at T NAME rest                     or stops
 *   at T lan L WIRE... | cut | mend    delay +T and delay -T change what there is
 *   expect ...                         see expect.h
 *
 * Times have a unit (ns us ms s min h d), rates ppm, ppb or ppt. Names, interfaces and LANs are
 * known before they are used.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/expect.h"
#include "sim/line.h"
#include "sim/order.h"
#include "sim/universe.h"

struct scenario {
	const char *file; /* borrowed */
	bool seed_given;  /* by the caller: the file's own is not used */
	int64_t duration_ns;
	int64_t sample_ns;
	int64_t report_from_ns; /* -1: the second half */
	int64_t converged_ns;
	bool *off; /* owned, a host each */
	unsigned off_room;
	struct orders orders;
	struct expects expects;
	struct universe universe;
};

/* seed NULL: the scenario's own. 0, or -EINVAL with "FILE:LINE: reason". */
MUST_CHECK int scenario_read(struct scenario *s, const char *file, const char *text,
			     const uint64_t *seed, struct err *err);
void scenario_fini(struct scenario *s);

#endif
