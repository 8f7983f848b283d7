/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Octets as a packet: what is read can be written back, a MAC is found or not but never makes
 * two answers, and what we append is found again.
 */
#include "ntp/auth.h"
#include "ntp/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct auth table;

static void fill_table(void)
{
	/* Ids that are also lengths of extension fields. */
	static const uint32_t ids[] = {16, 20, 24, 28, 36, 40, 1, 65535, 4294967295};
	struct key keys[sizeof ids / sizeof ids[0]] = {0};

	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		static const uint8_t tags[] = {32, 20, 16};
		struct key *k = &keys[i];

		k->id = ids[i];
		k->algorithm = (uint8_t)(i % 4);
		k->mac_octets = k->algorithm == KEY_HMAC_SHA256 ? tags[i / 4 % 3] : 16;
		k->len = k->algorithm == KEY_AES_256_CMAC ? 32 : 16;
		memset(k->octets, (int)i, k->len);
	}
	auth_set(&table, keys, sizeof ids / sizeof ids[0]);
}

static void check_mac(const uint8_t *bytes, size_t len, uint8_t version)
{
	struct auth_found found = auth_check(&table, bytes, len, version);
	uint8_t signed_one[PACKET_OCTETS_MAX + AUTH_MAC_OCTETS_MAX];

	if ((found.result == AUTH_VALID || found.result == AUTH_BAD) &&
	    !auth_key(&table, found.key_id))
		abort();
	if (len > PACKET_OCTETS_MAX || len % 4 != 0)
		return;
	memcpy(signed_one, bytes, len);
	size_t all = auth_append(&table, 1, signed_one, len, sizeof signed_one);
	if (all == 0)
		abort();
	found = auth_check(&table, signed_one, all, version);
	bool whole = len == PACKET_HEADER_OCTETS ||
		     (version >= 4 && packet_is_field_chain(bytes + PACKET_HEADER_OCTETS,
							    len - PACKET_HEADER_OCTETS));
	if (whole && found.result != AUTH_VALID)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t back[PACKET_HEADER_OCTETS];
	struct packet p;

	if (table.count == 0)
		fill_table();
	if (!packet_read(bytes, len, &p)) {
		if (len >= PACKET_HEADER_OCTETS)
			abort();
		return 0;
	}
	packet_write(&p, back);
	if (memcmp(back, bytes, sizeof back) != 0)
		abort();
	if (packet_root_distance(&p).ns < 0)
		abort();
	check_mac(bytes, len, p.version);
	return 0;
}
