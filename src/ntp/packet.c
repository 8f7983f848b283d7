/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/packet.h"

#include "base/wire.h"

#define FIELD_OCTETS_MIN 16 /* RFC 7822 section 3 */

bool packet_read(const uint8_t *octets, size_t len, struct packet *ret)
{
	struct wire_reader r = wire_read(octets, len);
	struct packet p;

	if (len < PACKET_HEADER_OCTETS)
		return false;
	uint8_t first = wire_get_u8(&r);
	p.leap = first >> 6;
	p.version = first >> 3 & 7;
	p.mode = first & 7;
	p.stratum = wire_get_u8(&r);
	p.poll_log2s = (int8_t)wire_get_u8(&r);
	p.precision_log2s = (int8_t)wire_get_u8(&r);
	p.root_delay = wire_get_u32(&r);
	p.root_dispersion = wire_get_u32(&r);
	p.refid = wire_get_u32(&r);
	p.reference.frac = wire_get_u64(&r);
	p.origin.frac = wire_get_u64(&r);
	p.receive.frac = wire_get_u64(&r);
	p.transmit.frac = wire_get_u64(&r);
	*ret = p;
	return true;
}

void packet_write(const struct packet *p, uint8_t octets[PACKET_HEADER_OCTETS])
{
	struct wire_writer w = wire_write(octets, PACKET_HEADER_OCTETS);

	wire_put_u8(&w, (uint8_t)((p->leap & 3U) << 6 | (p->version & 7U) << 3 | (p->mode & 7U)));
	wire_put_u8(&w, p->stratum);
	wire_put_u8(&w, (uint8_t)p->poll_log2s);
	wire_put_u8(&w, (uint8_t)p->precision_log2s);
	wire_put_u32(&w, p->root_delay);
	wire_put_u32(&w, p->root_dispersion);
	wire_put_u32(&w, p->refid);
	wire_put_u64(&w, p->reference.frac);
	wire_put_u64(&w, p->origin.frac);
	wire_put_u64(&w, p->receive.frac);
	wire_put_u64(&w, p->transmit.frac);
}

bool packet_is_field_chain(const uint8_t *octets, size_t len)
{
	struct wire_reader r = wire_read(octets, len);

	while (wire_left(&r) > 0) {
		(void)wire_get_u16(&r);
		size_t field = wire_get_u16(&r);

		if (!r.ok || field < FIELD_OCTETS_MIN || field % 4 != 0)
			return false;
		if (!wire_get(&r, field - 4))
			return false;
	}
	return true;
}

span packet_short_to_span(uint32_t fixed)
{
	return (span){(int64_t)(((uint64_t)fixed * (uint64_t)NS_PER_S) >> 16)};
}

uint32_t packet_short_from_span(span s)
{
	if (s.ns <= 0)
		return 0;
	if (s.ns >= NS_PER_S * 65535)
		return UINT32_MAX;
	return (uint32_t)((((uint64_t)s.ns << 16) + (uint64_t)NS_PER_S - 1) / (uint64_t)NS_PER_S);
}

span packet_root_distance(const struct packet *p)
{
	return span_add(span_half(packet_short_to_span(p->root_delay)),
			packet_short_to_span(p->root_dispersion));
}
