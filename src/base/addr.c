/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <arpa/inet.h>
#include <string.h>

#include <assert.h>

static const uint8_t zeros[16];

static size_t octet_count(const struct addr *a)
{
	return a->family == ADDR_V4 ? 4 : a->family == ADDR_V6 ? 16 : 0;
}

struct addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct addr){ADDR_V4, {a, b, c, d}};
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->octets, b->octets, sizeof a->octets);
}

uint64_t addr_hash(const struct addr *a, uint64_t salt)
{
	uint64_t h = salt;

	for (unsigned i = 0; i < sizeof a->octets; i++)
		h = (h ^ a->octets[i]) * UINT64_C(0x100000001b3); /* FNV-1a's prime */
	return h ^ h >> 32;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return (a->octets[0] & 0xf0) == 0xe0;
	return a->family == ADDR_V6 && a->octets[0] == 0xff;
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return a->octets[0] == 127;
	return a->family == ADDR_V6 && memcmp(a->octets, zeros, 15) == 0 && a->octets[15] == 1;
}

bool addr_is_unspecified(const struct addr *a)
{
	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

bool addr_is_broadcast(const struct addr *a)
{
	return a->family == ADDR_V4 &&
	       (a->octets[0] & a->octets[1] & a->octets[2] & a->octets[3]) == 0xff;
}

bool addr_is_link_local(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return a->octets[0] == 169 && a->octets[1] == 254;
	return a->family == ADDR_V6 && a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80;
}

bool addr_is_link_group(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return a->octets[0] == 224 && a->octets[1] == 0 && a->octets[2] == 0;
	unsigned scope = a->octets[1] & 0x0f;
	return a->family == ADDR_V6 && a->octets[0] == 0xff && (scope == 1 || scope == 2);
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	if (p->addr.family != a->family || p->bits > 8 * octet_count(a))
		return false;
	size_t whole = p->bits / 8;
	if (memcmp(p->addr.octets, a->octets, whole) != 0)
		return false;
	unsigned rest = p->bits % 8;
	if (rest == 0)
		return true;
	unsigned mask = (0xff00U >> rest) & 0xffU;
	return ((unsigned)p->addr.octets[whole] & mask) == ((unsigned)a->octets[whole] & mask);
}

bool addr_parse(const char *text, struct addr *ret)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, text, a.octets) == 1)
		a.family = ADDR_V4;
	else if (inet_pton(AF_INET6, text, a.octets) == 1)
		a.family = ADDR_V6;
	else
		return false;
	*ret = a;
	return true;
}

const char *addr_print(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (a->family == ADDR_NONE) {
		memcpy(buf, "none", sizeof "none");
		return buf;
	}
	const char *printed =
		inet_ntop(a->family == ADDR_V4 ? AF_INET : AF_INET6, a->octets, buf, ADDR_TEXT_MAX);

	assert(printed == buf); /* an address fits its buffer */
	return printed;
}

const char *addr_print_upper(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	(void)addr_print(a, buf);
	if (a->family == ADDR_V6)
		for (char *p = buf; *p; p++)
			if (*p >= 'a' && *p <= 'f')
				*p = (char)(*p - 'a' + 'A');
	return buf;
}
