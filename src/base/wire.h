/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded big-endian cursors over octets with a sticky error: after the first access beyond the
 * end every read gives 0, every write is lost, and ok stays false. One statement a field.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool ok;
};

struct wire_writer {
	uint8_t *at;
	uint8_t *end;
	bool ok;
};

static inline struct wire_reader wire_read(const uint8_t *octets, size_t len)
{
	return (struct wire_reader){octets, octets + len, true};
}

static inline struct wire_writer wire_write(uint8_t *octets, size_t room)
{
	return (struct wire_writer){octets, octets + room, true};
}

static inline size_t wire_left(const struct wire_reader *r)
{
	return (size_t)(r->end - r->at);
}

/* n octets, or NULL if fewer are left. */
static inline const uint8_t *wire_get(struct wire_reader *r, size_t n)
{
	const uint8_t *p = r->at;

	if (!r->ok || wire_left(r) < n) {
		r->ok = false;
		return NULL;
	}
	r->at += n;
	return p;
}

static inline uint8_t wire_get_u8(struct wire_reader *r)
{
	const uint8_t *p = wire_get(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t wire_get_u16(struct wire_reader *r)
{
	const uint8_t *p = wire_get(r, 2);

	return p ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t wire_get_u32(struct wire_reader *r)
{
	const uint8_t *p = wire_get(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t wire_get_u64(struct wire_reader *r)
{
	uint64_t hi = wire_get_u32(r);
	uint64_t lo = wire_get_u32(r);

	return hi << 32 | lo;
}

static inline void wire_put(struct wire_writer *w, const void *octets, size_t n)
{
	if (!w->ok || (size_t)(w->end - w->at) < n) {
		w->ok = false;
		return;
	}
	if (n > 0)
		memcpy(w->at, octets, n);
	w->at += n;
}

static inline void wire_put_u8(struct wire_writer *w, uint8_t v)
{
	wire_put(w, &v, 1);
}

static inline void wire_put_u16(struct wire_writer *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	wire_put(w, b, 2);
}

static inline void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	wire_put(w, b, 4);
}

static inline void wire_put_u64(struct wire_writer *w, uint64_t v)
{
	wire_put_u32(w, (uint32_t)(v >> 32));
	wire_put_u32(w, (uint32_t)v);
}

#endif
