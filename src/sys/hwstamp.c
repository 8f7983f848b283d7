/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/hwstamp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/phc.h"

#define PHCS_MAX 16
#define CHECKSUM_OCTETS 4
/* The kernel stamps what it receives after the card does: soon, unless it is very busy. */
#define KERNEL_LATER_MAX SPAN_MS(50)
#define KERNEL_EARLIER_MAX SPAN_US(5)
/* Newer than the link modes of the C library's headers, in words of 32. */
#define LINK_MODE_WORDS 127

struct card {
	uint32_t ifindex;
	struct phc *phc;     /* NULL: none that can be read */
	uint32_t speed_mbps; /* 0: not known */
	const char *reason;  /* why there is no phc */
	int error;
	enum hwstamp_kind newest;
	uint64_t received[HWSTAMP_KINDS];
	uint64_t sent[HWSTAMP_KINDS];
};

struct hwstamp {
	enum hwstamp_use use;
	struct clock *clock;
	int fd; /* to ask on; -1: none */
	bool sealed;
	unsigned phc_count;
	struct phc *phcs[PHCS_MAX];
	unsigned count;
	unsigned room;
	struct card *list; /* one an interface, by ifindex */
};

struct hwstamp *hwstamp_new(enum hwstamp_use use, struct clock *c)
{
	struct hwstamp *h = auto_new(1, sizeof *h);

	h->use = use;
	h->clock = c;
	h->fd = use == HWSTAMP_OFF ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return h;
}

void hwstamp_free(struct hwstamp *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->phc_count; i++)
		phc_free(h->phcs[i]);
	if (h->fd >= 0)
		(void)close(h->fd);
	free(h->list);
	free(h);
}

/* ---- the table ---- */

/* Where it is or would be. */
static unsigned place_of(const struct hwstamp *h, uint32_t ifindex)
{
	unsigned low = 0, high = h->count;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (h->list[mid].ifindex < ifindex)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct card *find(const struct hwstamp *h, uint32_t ifindex)
{
	unsigned at = place_of(h, ifindex);

	return at < h->count && h->list[at].ifindex == ifindex ? &h->list[at] : NULL;
}

static struct card *add(struct hwstamp *h, uint32_t ifindex)
{
	unsigned at = place_of(h, ifindex);

	if (h->count == h->room) {
		h->room = h->room ? 2 * h->room : 8;
		h->list = auto_resize(h->list, h->room, sizeof *h->list);
	}
	memmove(&h->list[at + 1], &h->list[at], (h->count - at) * sizeof h->list[0]);
	h->list[at] = (struct card){.ifindex = ifindex};
	h->count++;
	return &h->list[at];
}

static void drop(struct hwstamp *h, uint32_t ifindex)
{
	struct card *c = find(h, ifindex);

	if (!c)
		return;
	h->count--;
	memmove(c, c + 1, (h->count - (unsigned)(c - h->list)) * sizeof *c);
}

/* As routed is unambiguous where there is one clock. */
static struct card *card_for(const struct hwstamp *h, uint32_t ifindex)
{
	struct card *only = NULL;

	if (ifindex != 0)
		return find(h, ifindex);
	for (unsigned i = 0; i < h->count; i++) {
		struct card *c = &h->list[i];

		if (c->phc && only && only->phc != c->phc)
			return NULL;
		if (c->phc)
			only = c;
	}
	return only;
}

/* ---- asking the kernel ---- */

static int ask(const struct hwstamp *h, const struct link_state *l, unsigned long request,
	       void *data)
{
	struct ifreq r = {0};

	memcpy(r.ifr_name, l->name, sizeof l->name);
	r.ifr_data = data;
	return ioctl(h->fd, request, &r) < 0 ? -errno : 0;
}

static uint32_t read_speed(const struct hwstamp *h, const struct link_state *l)
{
	_Alignas(struct ethtool_link_settings)
		uint8_t room[sizeof(struct ethtool_link_settings) + 3 * LINK_MODE_WORDS * 4] = {0};
	struct ethtool_link_settings *s = (struct ethtool_link_settings *)(void *)room;

	/* First it says how many words it wants, as a negative number. */
	s->cmd = ETHTOOL_GLINKSETTINGS;
	if (ask(h, l, SIOCETHTOOL, s) < 0 || s->link_mode_masks_nwords >= 0)
		return 0;
	s->cmd = ETHTOOL_GLINKSETTINGS;
	s->link_mode_masks_nwords = (int8_t)-s->link_mode_masks_nwords;
	if (ask(h, l, SIOCETHTOOL, s) < 0 || s->speed == (uint32_t)SPEED_UNKNOWN)
		return 0;
	return s->speed;
}

bool hwstamp_choose(const struct ethtool_ts_info *can, const struct hwtstamp_config *is,
		    struct hwtstamp_config *ret)
{
	static const int filters[] = {HWTSTAMP_FILTER_NTP_ALL, HWTSTAMP_FILTER_ALL};

	*ret = *is;
	if (can->tx_types & 1U << HWTSTAMP_TX_ON)
		ret->tx_type = HWTSTAMP_TX_ON;
	for (unsigned i = 0; i < 2; i++) {
		if (is->rx_filter == HWTSTAMP_FILTER_ALL)
			break;
		if (can->rx_filters & 1U << filters[i]) {
			ret->rx_filter = filters[i];
			break;
		}
	}
	return ret->tx_type != is->tx_type || ret->rx_filter != is->rx_filter;
}

static int switch_on(const struct hwstamp *h, const struct link_state *l,
		     const struct ethtool_ts_info *can)
{
	struct hwtstamp_config is = {0}, wanted;

	/* A driver that does not tell takes them anyhow. */
	(void)ask(h, l, SIOCGHWTSTAMP, &is);
	if (!hwstamp_choose(can, &is, &wanted))
		return 0;
	return ask(h, l, SIOCSHWTSTAMP, &wanted);
}

/* Ports of one card may share its clock. */
static int open_phc(struct hwstamp *h, unsigned index, struct phc **ret)
{
	int r;

	for (unsigned i = 0; i < h->phc_count; i++) {
		*ret = h->phcs[i];
		if (phc_index(*ret) == index)
			return 0;
	}
	*ret = NULL;
	if (h->phc_count == PHCS_MAX)
		return -ENFILE;
	r = phc_open(index, h->clock, ret);
	if (r == 0)
		h->phcs[h->phc_count++] = *ret;
	return r;
}

static void look_at_card(struct hwstamp *h, struct card *c, const struct link_state *l)
{
	struct ethtool_ts_info can = {.cmd = ETHTOOL_GET_TS_INFO};

	if (h->fd < 0) {
		c->reason = "stamps of network cards are not asked for";
		return;
	}
	if (h->sealed) {
		c->reason =
			"the interface came later than the daemon, which may not open its clock";
		return;
	}
	c->error = -ask(h, l, SIOCETHTOOL, &can);
	if (c->error != 0) {
		c->reason = "the interface cannot be asked what it stamps";
		return;
	}
	if (can.phc_index < 0) {
		c->reason = "the interface has no clock of its own";
		return;
	}
	c->error = -open_phc(h, (unsigned)can.phc_index, &c->phc);
	if (c->error != 0) {
		c->reason = "its clock cannot be read";
		return;
	}
	if (h->use == HWSTAMP_SET)
		c->error = -switch_on(h, l, &can);
}

void hwstamp_link(struct hwstamp *h, const struct link_state *l)
{
	struct card *c = find(h, l->ifindex);

	if (l->gone) {
		drop(h, l->ifindex);
		return;
	}
	if (!c) {
		c = add(h, l->ifindex);
		look_at_card(h, c, l);
	}
	if (c->phc && l->up)
		c->speed_mbps = read_speed(h, l);
}

void hwstamp_seal(struct hwstamp *h)
{
	h->sealed = true;
}

bool hwstamp_has_cards(const struct hwstamp *h)
{
	return h->phc_count > 0;
}

/* ---- stamps ---- */

bool hwstamp_wants_card(const struct hwstamp *h, uint32_t ifindex)
{
	const struct card *c = h->phc_count > 0 ? card_for(h, ifindex) : NULL;

	if (!c || !c->phc)
		return false;
	phc_keep(c->phc, h->clock);
	return phc_state(c->phc)->related;
}

span hwstamp_frame_time(uint32_t octets, uint32_t speed_mbps)
{
	if (speed_mbps == 0 || octets == 0)
		return SPAN_ZERO;
	return (span){((int64_t)octets + CHECKSUM_OCTETS) * 8 * NS_PER_US / speed_mbps};
}

/*
 * The card stamps the first bit of a frame. That is when it was sent; received it is, as for the
 * kernel and for other clients and servers of NTP, when its last bit has come.
 */
static bool card_at(const struct hwstamp *h, const struct card *c, int64_t card_ns, span frame,
		    struct now *ret)
{
	mono at;

	if (!c || !c->phc)
		return false;
	phc_keep(c->phc, h->clock);
	return card_ns != 0 && phc_tell(phc_state(c->phc), card_ns + frame.ns, &at) &&
	       clock_at_mono(h->clock, at, ret);
}

/* Against a card's clock that somebody sets while we look elsewhere. */
static bool agree(const struct now *card, const struct now *kernel)
{
	span later = mono_sub(kernel->mono, card->mono);

	return later.ns >= -KERNEL_EARLIER_MAX.ns && later.ns <= KERNEL_LATER_MAX.ns;
}

enum hwstamp_kind hwstamp_received(struct hwstamp *h, uint32_t ifindex, const struct cmsg_stamp *s,
				   struct now *ret)
{
	struct card *on = find(h, ifindex);
	/* What came by a bond or a VLAN was stamped by the card below. */
	const struct card *by = s->card_ifindex ? find(h, s->card_ifindex) : NULL;
	enum hwstamp_kind kind = HWSTAMP_NONE;
	struct now card;

	if (s->kernel_ns != 0 && clock_at(h->clock, s->kernel_ns, ret)) {
		kind = HWSTAMP_KERNEL;
		by = by && by->phc ? by : on;
		if (card_at(h, by, s->card_ns,
			    hwstamp_frame_time(s->frame_octets, by ? by->speed_mbps : 0), &card) &&
		    agree(&card, ret)) {
			kind = HWSTAMP_CARD;
			*ret = card;
		}
	}
	if (on) {
		on->newest = kind;
		on->received[kind]++;
	}
	return kind;
}

enum hwstamp_kind hwstamp_sent(struct hwstamp *h, const struct cmsg_stamp *s, struct now *ret)
{
	struct card *c = card_for(h, s->card_ifindex);
	enum hwstamp_kind kind = HWSTAMP_NONE;

	if (s->card_ns != 0)
		kind = card_at(h, c, s->card_ns, SPAN_ZERO, ret) ? HWSTAMP_CARD : HWSTAMP_NONE;
	else if (clock_at(h->clock, s->kernel_ns, ret))
		kind = HWSTAMP_KERNEL;
	if (c)
		c->sent[kind]++;
	return kind;
}

/* ---- what is shown ---- */

static const char *reason(const struct card *c)
{
	if (!c->phc)
		return c->reason;
	if (c->error != 0)
		return "the card cannot be told to stamp";
	if (phc_state(c->phc)->odd)
		return "its clock does not run as a clock does";
	if (c->newest != HWSTAMP_CARD && c->received[HWSTAMP_KERNEL] > 0)
		return "the card gives no stamps that can be used";
	return "";
}

bool hwstamp_row(const struct hwstamp *h, unsigned i, struct hwstamp_row *ret)
{
	const struct card *c;

	if (i >= h->count)
		return false;
	c = &h->list[i];
	*ret = (struct hwstamp_row){
		.ifindex = c->ifindex,
		.newest = c->newest,
		.phc = c->phc ? (int)phc_index(c->phc) : -1,
		.reason = reason(c),
		.error = c->error,
	};
	memcpy(ret->received, c->received, sizeof ret->received);
	memcpy(ret->sent, c->sent, sizeof ret->sent);
	return true;
}
