/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defences against attacks on the wire, one name each, where a build can leave one out to see
 * that its attack then succeeds (-Dmutate=NAME, tools/mutations.py). Knows no attack.
 */
#ifndef BASE_DEFENCE_H
#define BASE_DEFENCE_H

#include <stdbool.h>

enum defence {
	DEFENCE_NONE,	 /* what a normal build leaves out */
	DEFENCE_ORDER,	 /* transmit times only go forward */
	DEFENCE_FLOOR,	 /* ... also over a restart */
	DEFENCE_MAC,	 /* who proves nothing changes nothing */
	DEFENCE_EARLY,	 /* a budget of packets before their time */
	DEFENCE_JUMP,	 /* a jump needs an answer to a nonce */
	DEFENCE_NONCE,	 /* only the answer with the nonce counts */
	DEFENCE_PROOF,	 /* the same as MAC, for answers */
	DEFENCE_IFACE,	 /* where it arrives decides whose it is */
	DEFENCE_SOURCE,	 /* addresses that nobody has */
	DEFENCE_ON_LINK, /* askers from elsewhere */
	DEFENCE_BUDGET,	 /* of answers to questions that went to a group */
	DEFENCE_ASKER,	 /* whose question to a group proves nothing gets no answer */
	DEFENCE_COMPANY, /* newcomers do not outvote those who kept the clock */
	DEFENCE_BOUND,	 /* a key is good where it is bound to */
	DEFENCE_DELAY,	 /* who holds up the group only is told, and not followed */
	DEFENCE_STEP,	 /* steps are limited after the first */
	DEFENCE_MODES,	 /* of eight modes three are heard */
	DEFENCE_RANGE,	 /* what a field may say is limited before it is used */
	DEFENCE_SHARE,	 /* nobody spends what another may ask */
	DEFENCE_HEAP,	 /* nothing is allocated for a packet */
	DEFENCE_TIMING,	 /* how long a comparison of MACs takes tells nothing */
};

#ifndef DEFENCE_LEFT_OUT
#define DEFENCE_LEFT_OUT DEFENCE_NONE
#endif

/* True in every build that is meant to be used. */
static inline bool defence(enum defence d)
{
	return d != DEFENCE_LEFT_OUT;
}

#endif
