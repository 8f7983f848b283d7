/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses, prefixes and endpoints as plain values: compare, classify, parse, print.
 * Knows no socket and no struct sockaddr.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family {
	ADDR_NONE = 0,
	ADDR_V4 = 4,
	ADDR_V6 = 6,
};

/* octets in network order; an IPv4 address fills the first four, the rest are zero. */
struct addr {
	uint8_t family; /* enum addr_family */
	uint8_t octets[16];
};

/* ADDR_NONE and all octets zero: no address. */
#define ADDR_ANY ((struct addr){0})
#define ADDR_TEXT_MAX 46

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

/* An address of an interface and how many leading bits are on the link. */
struct prefix {
	struct addr addr;
	uint8_t bits;
};

struct addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool addr_equal(const struct addr *a, const struct addr *b);
/* Total order: IPv4 before IPv6, then by octets. */
int addr_compare(const struct addr *a, const struct addr *b);
/* For a place in a table; with a secret salt nobody can choose whose place he gets. */
uint64_t addr_hash(const struct addr *a, uint64_t salt);
bool addr_is_multicast(const struct addr *a);
bool addr_is_loopback(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);
/* 255.255.255.255 */
bool addr_is_broadcast(const struct addr *a);
bool addr_is_link_local(const struct addr *a);
/* True for a group that never leaves the link: 224.0.0/24, FFx1 and FFx2. */
bool addr_is_link_group(const struct addr *a);
bool prefix_contains(const struct prefix *p, const struct addr *a);
/* The whole of text must be one address; ret is untouched on failure. */
bool addr_parse(const char *text, struct addr *ret) __attribute__((warn_unused_result));
/* IPv6 in lower case as RFC 5952 has it; returns buf. */
const char *addr_print(const struct addr *a, char buf[ADDR_TEXT_MAX]);
/* The same with IPv6 in upper case, as the CLI shows it. */
const char *addr_print_upper(const struct addr *a, char buf[ADDR_TEXT_MAX]);

#endif
