/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 48-octet header of RFC 5905 figure 8, octets to struct and back, and the shape of what may
 * follow it. Knows no key and no association.
 */
#ifndef NTP_PACKET_H
#define NTP_PACKET_H

#include "base/auto.h"
#include "base/ntptime.h"

#include <stddef.h>

#define PACKET_HEADER_OCTETS 48
#define PACKET_OCTETS_MAX 2048

/* Reference ids of answers that carry no time: RFC 5905 figure 13. */
#define KISS_RATE UINT32_C(0x52415445) /* "RATE" */
#define KISS_DENY UINT32_C(0x44454e59) /* "DENY" */
#define KISS_RSTR UINT32_C(0x52535452) /* "RSTR" */

/* RFC 5905 figure 10. */
enum packet_mode {
	MODE_SYMMETRIC_ACTIVE = 1,
	MODE_SYMMETRIC_PASSIVE = 2,
	MODE_CLIENT = 3,
	MODE_SERVER = 4,
	MODE_BROADCAST = 5,
	MODE_CONTROL = 6,
};

#define LEAP_UNKNOWN 3 /* RFC 5905 figure 9: the clock is not synchronised */
#define STRATUM_UNSYNCHRONISED 16

struct packet {
	uint8_t leap, version, mode;
	uint8_t stratum; /* as on the wire: 0 is unspecified or a kiss code */
	int8_t poll_log2s, precision_log2s;
	uint32_t root_delay;	  /* 2^-16 s */
	uint32_t root_dispersion; /* 2^-16 s */
	uint32_t refid;
	stamp reference, origin, receive, transmit;
};

/* False when there are fewer than 48 octets; ret is then untouched. */
bool packet_read(const uint8_t *octets, size_t len, struct packet *ret) MUST_CHECK;
void packet_write(const struct packet *p, uint8_t octets[PACKET_HEADER_OCTETS]);
/*
 * True if the octets are a whole chain of extension fields (RFC 7822 section 3): each a multiple
 * of 4 and at least 16 long. None at all is a chain too.
 */
bool packet_is_field_chain(const uint8_t *octets, size_t len);
/* The 16.16 fixed point of the header; packet_short rounds up and clamps to 0 .. 65536 s. */
span packet_short_to_span(uint32_t fixed);
uint32_t packet_short_from_span(span s);
/* Half the root delay plus the root dispersion (RFC 5905 section 10, without the last hop). */
span packet_root_distance(const struct packet *p);

#endif
