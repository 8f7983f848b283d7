/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/wire.h"

static const struct now at = {{77}, {UINT64_C(0xeeacc58000000001)}};

/* Everything between record_new and this call. */
static size_t read_back(const char *path, uint8_t *octets, size_t room)
{
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(octets, 1, room, f) : 0;

	if (f)
		(void)fclose(f);
	return len;
}

/* The next frame's kind; its body's length goes to ret_len. */
static uint8_t next_frame(struct wire_reader *r, uint32_t *ret_len)
{
	uint8_t kind = wire_get_u8(r);

	*ret_len = wire_get_u32(r);
	assert_int_equal(wire_get_u64(r), 77);
	assert_true(wire_get_u64(r) == at.wall.frac);
	return kind;
}

static void a_recording_reads_as_its_header_says(void **state)
{
	char path[] = "/tmp/timecast-record-XXXXXX";
	int fd = mkstemp(path);
	static uint8_t octets[4096];
	uint8_t packet[48] = {0x25};
	struct datagram d = {.octets = packet,
			     .len = sizeof packet,
			     .ifindex = 3,
			     .service_port = 123,
			     .at = at};
	struct record *r;
	struct wire_reader w;
	struct err err;
	uint32_t len;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(record_new(path, &r, &err), 0);
	record_wake(r, at);
	record_stepped(r, at, SPAN_S(-1));
	record_datagram(r, at, &d);
	/* It is there before the recorder is closed. */
	w = wire_read(octets, read_back(path, octets, sizeof octets));
	assert_memory_equal(wire_get(&w, 8), "TCREC\0\0\4", 8);
	assert_int_equal(next_frame(&w, &len), RECORD_WAKE);
	assert_int_equal(len, 0);
	assert_int_equal(next_frame(&w, &len), RECORD_STEPPED);
	assert_int_equal(len, 8);
	assert_int_equal((int64_t)wire_get_u64(&w), -NS_PER_S);
	assert_int_equal(next_frame(&w, &len), RECORD_DATAGRAM);
	assert_int_equal(len, 19 + 17 + 4 + 2 + 2 + 1 + 16 + 1 + 48);
	(void)wire_get(&w, len - 48);
	assert_memory_equal(wire_get(&w, 48), packet, 48);
	assert_true(w.ok);
	assert_int_equal(wire_left(&w), 0);
	assert_false(record_take_failure(r));
	record_free(r);
	(void)unlink(path);
}

static void the_largest_settings_fit(void **state)
{
	static struct settings s = {.port_count = SETTINGS_PORTS_MAX,
				    .unicast_count = SETTINGS_UNICASTS_MAX,
				    .key_count = SETTINGS_KEYS_MAX,
				    .role_count = SETTINGS_ROLES_MAX,
				    .access_count = ACCESS_RIGHTS,
				    .acl_count = SETTINGS_ACLS_MAX,
				    .rule_count = SETTINGS_RULES_MAX,
				    .receive_count = SETTINGS_RECEIVES_MAX};
	struct record *r;
	struct err err;

	(void)state;
	for (unsigned i = 0; i < SETTINGS_ROLES_MAX; i++)
		memset(s.roles[i].ifname, 'x', SETTINGS_IFNAME_MAX - 1);
	for (unsigned i = 0; i < SETTINGS_KEYS_MAX; i++)
		memset(s.keys[i].bound.ifname, 'x', SETTINGS_IFNAME_MAX - 1);
	for (unsigned i = 0; i < SETTINGS_RULES_MAX; i++)
		memset(s.rules[i].acl.name, 'x', SETTINGS_ACL_NAME_MAX - 1);
	for (unsigned i = 0; i < SETTINGS_RECEIVES_MAX; i++)
		memset(s.receives[i].ifname, 'x', SETTINGS_IFNAME_MAX - 1);
	assert_int_equal(record_new("/dev/null", &r, &err), 0);
	record_settings(r, at, &s);
	assert_false(record_take_failure(r));
	record_free(r);
}

static void a_full_disk_ends_the_recording_and_is_told_once(void **state)
{
	struct record *r;
	struct err err;

	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	/* Its first octets are still in the buffer when it is opened. */
	assert_int_equal(record_new("/dev/full", &r, &err), 0);
	record_wake(r, at);
	assert_true(record_take_failure(r));
	assert_false(record_take_failure(r));
	record_wake(r, at);
	record_free(r);
}

static void without_a_path_nothing_is_recorded(void **state)
{
	struct record *r;
	struct err err;

	(void)state;
	assert_int_equal(record_new(NULL, &r, &err), 0);
	assert_null(r);
	record_wake(r, at);
	record_reset(r, at);
	assert_false(record_take_failure(r));
	record_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_reads_as_its_header_says),
		cmocka_unit_test(the_largest_settings_fit),
		cmocka_unit_test(a_full_disk_ends_the_recording_and_is_told_once),
		cmocka_unit_test(without_a_path_nothing_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
