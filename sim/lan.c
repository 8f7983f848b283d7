/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/lan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/auto.h"

static int64_t one_way(const struct profile *p, struct stream *luck, int64_t true_ns)
{
	double queue = 0.0;

	if (p->jitter_ns > 0.0)
		queue += stream_exponential(luck, p->jitter_ns);
	if (p->busy_every_ns > 0 && true_ns % p->busy_every_ns < p->busy_for_ns)
		queue += stream_exponential(luck, p->busy_ns);
	return p->delay_ns + (int64_t)floor(queue + 0.5);
}

unsigned profile_carry(const struct profile *p, struct stream *luck, int64_t true_ns,
		       int64_t ret[LAN_COPIES_MAX])
{
	unsigned copies = 1;

	if (p->loss > 0.0 && stream_uniform(luck) < p->loss)
		return 0;
	if (p->duplicate > 0.0 && stream_uniform(luck) < p->duplicate)
		copies = 2;
	for (unsigned i = 0; i < copies; i++)
		ret[i] = one_way(p, luck, true_ns);
	return copies;
}

const struct profile *lan_profile_from(const struct lan *l, uint32_t member)
{
	for (unsigned i = 0; i < l->exception_count; i++) {
		if (l->exceptions[i].member == member)
			return &l->exceptions[i].profile;
	}
	return &l->profile;
}

struct profile *lan_except(struct lan *l, uint32_t member)
{
	for (unsigned i = 0; i < l->exception_count; i++) {
		if (l->exceptions[i].member == member)
			return &l->exceptions[i].profile;
	}
	l->exceptions = auto_resize(l->exceptions, l->exception_count + 1, sizeof *l->exceptions);
	struct lan_exception *e = &l->exceptions[l->exception_count++];

	*e = (struct lan_exception){member, l->profile};
	return &e->profile;
}

uint32_t lan_add_member(struct lan *l, bool router, uint32_t who, uint32_t ifindex, uint64_t name)
{
	assert(l->member_count < LAN_MEMBERS_MAX);
	if ((l->member_count & (l->member_count - 1)) == 0) {
		unsigned room = l->member_count ? l->member_count * 2 : 1;

		l->members = auto_resize(l->members, room, sizeof *l->members);
	}
	l->members[l->member_count] = (struct lan_member){router, who, ifindex, false, name};
	return l->member_count++;
}

void lan_fini(struct lan *l)
{
	free(l->exceptions);
	free(l->members);
	*l = (struct lan){0};
}
