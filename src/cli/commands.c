/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "conf/compile.h"

#define AT(object, member)                                                                         \
	.size = sizeof(((union edit_value *)NULL)->object.member),                                 \
	.offset = offsetof(union edit_value, object) +                                             \
		  offsetof(__typeof__(((union edit_value *)NULL)->object), member)
#define WHOLE(member)                                                                              \
	.size = sizeof(((union edit_value *)NULL)->member),                                        \
	.offset = offsetof(union edit_value, member)

#define FIXED(place, value, ...)                                                                   \
	{                                                                                          \
		.kind = FIELD_FIXED, .number = (value), place, __VA_ARGS__                         \
	}
#define WORD(word, place, value, ...)                                                              \
	{                                                                                          \
		.kind = FIELD_WORD, .name = (word), .number = (value), place, __VA_ARGS__          \
	}
#define NUMBER(arg, place, value, ...)                                                             \
	{                                                                                          \
		.kind = FIELD_NUMBER, .name = (arg), .number = (value), place, __VA_ARGS__         \
	}
#define END                                                                                        \
	{                                                                                          \
		.kind = FIELD_END                                                                  \
	}

static uint64_t mac_default(const union edit_value *v)
{
	return compile_mac_octets(v->key.algorithm);
}

static uint64_t minpoll_default(const union edit_value *v)
{
	return v->unicast.maxpoll_log2s < 6 ? v->unicast.maxpoll_log2s : 6;
}

static uint64_t maxpoll_default(const union edit_value *v)
{
	return v->unicast.minpoll_log2s > 10 ? v->unicast.minpoll_log2s : 10;
}

static const struct command_field sysname_fields[] = {
	{.kind = FIELD_TEXT, .name = "host-name", WHOLE(sysname), .leaf = "hostname"},
	END,
};

static const struct command_field authentication_fields[] = {
	FIXED(WHOLE(flag), 1, .leaf = "authentication/auth-enabled"),
	END,
};

static const struct command_field complexity_fields[] = {
	FIXED(WHOLE(flag), 1, .leaf = "authentication/password-complexity-check"),
	END,
};

static const struct command_field refclock_fields[] = {
	FIXED(AT(refclock, on), 1),
	{.kind = FIELD_REFCLOCK,
	 .name = "clock-address",
	 AT(refclock, unit),
	 .leaf = "refclock-master/unit"},
	NUMBER("stratum", AT(refclock, stratum), 8, .leaf = "refclock-master/master-stratum"),
	END,
};

static const struct command_field max_dynamic_fields[] = {
	NUMBER("number", WHOLE(u8), 100, .leaf = "max-dynamic-sessions"),
	END,
};

static const struct command_field delay_fields[] = {
	NUMBER("microseconds", WHOLE(u32), 0, .leaf = "multicast-delay"),
	END,
};

static const struct command_field volley_fields[] = {
	WORD("required", WHOLE(u8), VOLLEY_REQUIRED, .leaf = "multicast-volley",
	     .says = "required"),
	WORD("never", WHOLE(u8), VOLLEY_NEVER, .leaf = "multicast-volley", .says = "never"),
	END,
};

static const struct command_field port_fields[] = {
	NUMBER("port-number", WHOLE(port), 0, .leaf = ""),
	END,
};

static const struct command_field key_fields[] = {
	NUMBER("key-id", AT(key, id), 0, .leaf = "keyid"),
	WORD("md5", AT(key, algorithm), KEY_MD5, .leaf = "algorithm", .says = "md5"),
	WORD("hmac-sha256", AT(key, algorithm), KEY_HMAC_SHA256, .leaf = "algorithm",
	     .says = "hmac-sha-256"),
	WORD("aes-128-cmac", AT(key, algorithm), KEY_AES_128_CMAC, .leaf = "algorithm",
	     .says = "aes-128-cmac"),
	WORD("aes-256-cmac", AT(key, algorithm), KEY_AES_256_CMAC, .leaf = "algorithm",
	     .says = "aes-256-cmac"),
	WORD("16", AT(key, mac_octets), 16, .otherwise = mac_default, .leaf = "mac-length",
	     .says = ""),
	WORD("20", AT(key, mac_octets), 20, .otherwise = mac_default, .leaf = "mac-length",
	     .says = ""),
	WORD("32", AT(key, mac_octets), 32, .otherwise = mac_default, .leaf = "mac-length",
	     .says = ""),
	{.kind = FIELD_SEALED, .name = "password", .leaf = "key/sealed-key"},
	END,
};

static const struct command_field trust_fields[] = {
	FIXED(AT(key, trusted), 1, .leaf = "istrusted"),
	NUMBER("key-id", AT(key, id), 0),
	{.kind = FIELD_ADDR,
	 .name = "source-address",
	 AT(key, bound.source.addr),
	 .leaf = "bound/source/address"},
	NUMBER("prefix-length", AT(key, bound.source.bits), 0,
	       .leaf = "bound/source/prefix-length"),
	{.kind = FIELD_TEXT,
	 .name = "interface-name",
	 AT(key, bound.ifname),
	 .leaf = "bound/interface"},
	WORD("multicast", AT(key, bound.role), KEY_ROLE_MULTICAST, .leaf = "bound/role",
	     .says = "multicast"),
	WORD("manycast", AT(key, bound.role), KEY_ROLE_MANYCAST, .leaf = "bound/role",
	     .says = "manycast"),
	WORD("unicast", AT(key, bound.role), KEY_ROLE_UNICAST, .leaf = "bound/role",
	     .says = "unicast"),
	END,
};

#define SWITCH(name, path)                                                                         \
	static const struct command_field name[] = {                                               \
		FIXED(WHOLE(flag), 1, .leaf = (path)),                                             \
		END,                                                                               \
	}

SWITCH(kod_fields, "kod-enabled");
SWITCH(off4_fields, "disabled/ipv4");
SWITCH(off6_fields, "disabled/ipv6");
SWITCH(server_off4_fields, "server-disabled/ipv4");
SWITCH(server_off6_fields, "server-disabled/ipv6");

static const struct command_field discard_fields[] = {
	NUMBER("min-interval-log2", AT(discard, min_log2s), 1, .leaf = "discard/min-interval"),
	NUMBER("avg-interval-log2", AT(discard, avg_log2s), 5, .leaf = "discard/avg-interval"),
	END,
};

static const struct command_field max_distance_fields[] = {
	NUMBER("distance", WHOLE(u8), 1, .leaf = "max-distance"),
	END,
};

static const struct command_field offset_limit_fields[] = {
	NUMBER("limit", WHOLE(u16), 0, .leaf = "offset-limit"),
	END,
};

static const struct command_field max_slew_fields[] = {
	NUMBER("rate", WHOLE(u16), 500, .leaf = "max-slew"),
	END,
};

#define ACL_FIELDS(family_, named_, argument)                                                      \
	FIXED(AT(acl, family), family_), FIXED(AT(acl, named), named_), argument, END
#define ACL_NUMBER NUMBER("acl-number", AT(acl, number), 0)
#define ACL_NAME                                                                                   \
	{                                                                                          \
		.kind = FIELD_TEXT, .name = "acl-name", AT(acl, name)                              \
	}

static const struct command_field acl4_fields[] = {ACL_FIELDS(ADDR_V4, 0, ACL_NUMBER)};
static const struct command_field acl4_name_fields[] = {ACL_FIELDS(ADDR_V4, 1, ACL_NAME)};
static const struct command_field acl6_fields[] = {ACL_FIELDS(ADDR_V6, 0, ACL_NUMBER)};
static const struct command_field acl6_name_fields[] = {ACL_FIELDS(ADDR_V6, 1, ACL_NAME)};

#define RULE_FIELDS(family_)                                                                       \
	FIXED(AT(rule, acl.family), family_),                                                      \
		NUMBER("rule-id", AT(rule, id), COMMAND_NO_RULE, .leaf = "id"),                    \
		WORD("permit", AT(rule, permit), 1, .leaf = "action", .says = "permit"),           \
		WORD("deny", AT(rule, permit), 0, .leaf = "action", .says = "deny"),               \
		WORD("any", AT(rule, any), 1, .leaf = "any")

static const struct command_field rule4_fields[] = {
	RULE_FIELDS(ADDR_V4),
	{.kind = FIELD_ADDR, .name = "ip-address", AT(rule, source), .leaf = "address"},
	{.kind = FIELD_WILDCARD, .name = "source-wildcard", AT(rule, wildcard), .leaf = "wildcard"},
	END,
};

static const struct command_field rule6_fields[] = {
	RULE_FIELDS(ADDR_V6),
	{.kind = FIELD_ADDR, .name = "ipv6-address", AT(rule, source), .leaf = "address"},
	NUMBER("prefix-length", AT(rule, bits), 0, .leaf = "prefix-length"),
	END,
};

static const struct command_field access_fields[] = {
	WORD("peer", AT(access, right), ACCESS_PEER),
	WORD("server", AT(access, right), ACCESS_SERVER),
	WORD("synchronization", AT(access, right), ACCESS_SYNCHRONIZATION),
	WORD("query", AT(access, right), ACCESS_QUERY),
	WORD("limited", AT(access, right), ACCESS_LIMITED),
	WORD("all", AT(access, right), ACCESS_RIGHTS),
	NUMBER("acl-number", AT(access, number4), 0),
	{.kind = FIELD_TEXT, .name = "acl-name", AT(access, name4)},
	NUMBER("acl6-number", AT(access, number6), 0),
	{.kind = FIELD_TEXT, .name = "acl6-name", AT(access, name6)},
	END,
};

static const struct command_field receive4_fields[] = {
	FIXED(AT(receive, family), ADDR_V4, .leaf = "receive-disabled/ipv4"),
	END,
};

static const struct command_field receive6_fields[] = {
	FIXED(AT(receive, family), ADDR_V6, .leaf = "receive-disabled/ipv6"),
	END,
};

/* Maximum before minimum: each is the other's default where it stands alone. */
#define UNICAST_FIELDS                                                                             \
	NUMBER("key-id", AT(unicast, key_id), 0, .leaf = "authentication/keyid"),                  \
		NUMBER("port-number", AT(unicast, port), NTP_PORT, .leaf = "port"),                \
		NUMBER("maxpoll-log2", AT(unicast, maxpoll_log2s), 10,                             \
		       .otherwise = maxpoll_default, .leaf = "maxpoll"),                           \
		NUMBER("minpoll-log2", AT(unicast, minpoll_log2s), 6,                              \
		       .otherwise = minpoll_default, .leaf = "minpoll"),                           \
		WORD("iburst", AT(unicast, iburst), 1, .leaf = "iburst")

static const struct command_field unicast4_fields[] = {
	FIXED(AT(unicast, addr.family), ADDR_V4),
	{.kind = FIELD_ADDR, .name = "ip-address", AT(unicast, addr), .leaf = "address"},
	NUMBER("version-number", AT(unicast, version), 3, .leaf = "version"),
	UNICAST_FIELDS,
	END,
};

static const struct command_field unicast6_fields[] = {
	FIXED(AT(unicast, addr.family), ADDR_V6),
	{.kind = FIELD_ADDR, .name = "ipv6-address", AT(unicast, addr), .leaf = "address"},
	FIXED(AT(unicast, version), 4),
	UNICAST_FIELDS,
	END,
};

#define GROUP4                                                                                     \
	FIXED(AT(role, group.family), ADDR_V4),                                                    \
	{                                                                                          \
		.kind = FIELD_ADDR, .name = "ip-address", .address = "224.0.1.1", AT(role, group), \
		.leaf = "address"                                                                  \
	}
#define GROUP6                                                                                     \
	FIXED(AT(role, group.family), ADDR_V6),                                                    \
	{                                                                                          \
		.kind = FIELD_ADDR, .name = "ipv6-address", .address = "FF0E::101",                \
		AT(role, group), .leaf = "address"                                                 \
	}
#define KEY_ID NUMBER("key-id", AT(role, key_id), 0, .leaf = "authentication/keyid")
#define TTL(otherwise) NUMBER("ttl-number", AT(role, ttl), otherwise, .leaf = "ttl")
#define PORT NUMBER("port-number", AT(role, port), NTP_PORT, .leaf = "port")
#define MINPOLL NUMBER("minpoll-log2", AT(role, minpoll_log2s), 6, .leaf = "minpoll")
#define KIND(value) FIXED(AT(role, kind), value)
/* What a row has no word for. */
#define PLAIN_PORT FIXED(AT(role, port), NTP_PORT)
#define PLAIN_MINPOLL FIXED(AT(role, minpoll_log2s), 6)
#define PLAIN_VERSION FIXED(AT(role, version), 4)

static const struct command_field multicast_server4_fields[] = {
	KIND(ROLE_MULTICAST_SERVER),
	GROUP4,
	KEY_ID,
	TTL(16),
	NUMBER("version-number", AT(role, version), 3, .leaf = "version"),
	PORT,
	MINPOLL,
	END,
};

static const struct command_field multicast_server6_fields[] = {
	KIND(ROLE_MULTICAST_SERVER), GROUP6, KEY_ID, TTL(16), PLAIN_VERSION, PORT, MINPOLL, END,
};

static const struct command_field multicast_client4_fields[] = {
	KIND(ROLE_MULTICAST_CLIENT), GROUP4, PLAIN_PORT, PLAIN_MINPOLL, END,
};

static const struct command_field multicast_client6_fields[] = {
	KIND(ROLE_MULTICAST_CLIENT), GROUP6, PLAIN_PORT, PLAIN_MINPOLL, END,
};

static const struct command_field manycast_server4_fields[] = {
	KIND(ROLE_MANYCAST_SERVER),
	GROUP4,
	PLAIN_PORT,
	PLAIN_MINPOLL,
	WORD("on-link", AT(role, on_link_only), 1, .leaf = "on-link-only"),
	END,
};

static const struct command_field manycast_server6_fields[] = {
	KIND(ROLE_MANYCAST_SERVER),
	GROUP6,
	PLAIN_PORT,
	PLAIN_MINPOLL,
	WORD("on-link", AT(role, on_link_only), 1, .leaf = "on-link-only"),
	END,
};

static const struct command_field manycast_client4_fields[] = {
	KIND(ROLE_MANYCAST_CLIENT),
	GROUP4,
	KEY_ID,
	TTL(255),
	PLAIN_VERSION,
	PORT,
	PLAIN_MINPOLL,
	END,
};

static const struct command_field manycast_client6_fields[] = {
	KIND(ROLE_MANYCAST_CLIENT),
	GROUP6,
	KEY_ID,
	TTL(255),
	PLAIN_VERSION,
	PORT,
	PLAIN_MINPOLL,
	END,
};

#define NTP "ntp/ntp-service "
#define IP4 "[ <ip-address:group4> ]"
#define IP6 "ipv6 [ <ipv6-address:group6> ]"
#define O_KEY "authentication-keyid <key-id:1-4294967295>"
#define O_MANYCAST_KEY "authentication-keyid <key-id:1-65535>"
#define O_TTL " | ttl <ttl-number:1-255>"
#define O_VERSION " | version <version-number:1-4>"
#define O_PORT " | port <port-number:port>"
#define O_MINPOLL " | minpoll <minpoll-log2:0-17>"
#define RIGHT "{ peer | server | synchronization | query | limited } "
#define LISTS                                                                                      \
	"<acl-number:2000-2999> | acl-name <acl-name:aclname> | "                                  \
	"ipv6 <acl6-number:2000-2999> | ipv6 acl6-name <acl6-name:aclname>"
#define RULE "rule [ <rule-id:0-4294967294> ] { permit | deny } source "
#define UNDO_RULE "rule <rule-id:0-4294967294>"
#define O_UNICAST O_PORT O_MINPOLL " | maxpoll <maxpoll-log2:0-17> | iburst ]*"

/* In the order in which they are printed: what is named stands before what names it. */
const struct command_row commands[] = {
	{VIEW_SYSTEM, EDIT_SYSNAME, "sysname <host-name:sysname>", "sysname", sysname_fields, NULL},
	{VIEW_SYSTEM | VIEW_ACL, EDIT_ACL, "acl [ number ] <acl-number:2000-2999>",
	 "acl [ number ] <acl-number:2000-2999>", acl4_fields, NULL},
	{VIEW_SYSTEM | VIEW_ACL, EDIT_ACL, "acl name <acl-name:aclname> [ basic ]",
	 "acl name <acl-name:aclname>", acl4_name_fields, NULL},
	{VIEW_SYSTEM | VIEW_ACL, EDIT_ACL, "acl ipv6 [ number ] <acl-number:2000-2999>",
	 "acl ipv6 [ number ] <acl-number:2000-2999>", acl6_fields, NULL},
	{VIEW_SYSTEM | VIEW_ACL, EDIT_ACL, "acl ipv6 name <acl-name:aclname> [ basic ]",
	 "acl ipv6 name <acl-name:aclname>", acl6_name_fields, NULL},
	{VIEW_ACL4, EDIT_RULE, RULE "{ any | <ip-address:ip4> <source-wildcard:wildcard4> }",
	 UNDO_RULE, rule4_fields, NULL},
	{VIEW_ACL6, EDIT_RULE, RULE "{ any | <ipv6-address:ip6> <prefix-length:1-128> }", UNDO_RULE,
	 rule6_fields, NULL},
	{VIEW_SYSTEM, EDIT_COMPLEXITY, NTP "authentication-password complexity-check enable",
	 NTP "authentication-password complexity-check enable", complexity_fields, NULL},
	{VIEW_SYSTEM, EDIT_KEY,
	 NTP "authentication-keyid <key-id:1-4294967295> authentication-mode "
	     "{ md5 | hmac-sha256 | aes-128-cmac | aes-256-cmac } "
	     "{ cipher <password:octets 1-432> | <password:octets 1-432> } "
	     "[ mac-length { 16 | 20 | 32 } ]",
	 NTP "authentication-keyid <key-id:1-4294967295>", key_fields,
	 "authentication/authentication-keys"},
	{VIEW_SYSTEM, EDIT_TRUST,
	 NTP "trusted/reliable authentication-keyid <key-id:1-4294967295> "
	     "[ source <source-address:ip> <prefix-length:1-128> | "
	     "interface <interface-name:ifname> | role { multicast | manycast | unicast } ]*",
	 NTP "trusted/reliable authentication-keyid <key-id:1-4294967295>", trust_fields,
	 "authentication/authentication-keys"},
	{VIEW_SYSTEM, EDIT_AUTHENTICATION, NTP "authentication enable", NTP "authentication enable",
	 authentication_fields, NULL},
	{VIEW_SYSTEM, EDIT_REFCLOCK,
	 NTP "refclock-master [ <clock-address:refclock> ] [ <stratum:1-15> ]",
	 NTP "refclock-master [ <clock-address:refclock> ]", refclock_fields, NULL},
	{VIEW_SYSTEM, EDIT_MAX_DYNAMIC, NTP "max-dynamic-sessions <number:0-100>",
	 NTP "max-dynamic-sessions", max_dynamic_fields, NULL},
	{VIEW_SYSTEM, EDIT_MULTICAST_DELAY, NTP "multicast-delay <microseconds:1-1000000>",
	 NTP "multicast-delay", delay_fields, NULL},
	{VIEW_SYSTEM, EDIT_VOLLEY, NTP "multicast-volley { required | never }",
	 NTP "multicast-volley", volley_fields, NULL},
	{VIEW_SYSTEM, EDIT_PORT, NTP "listen-port/port <port-number:port>",
	 NTP "listen-port/port <port-number:port>", port_fields, "listen-port"},
	{VIEW_SYSTEM, EDIT_UNICAST,
	 NTP "unicast-server <ip-address:ip4> [ " O_KEY O_VERSION O_UNICAST,
	 NTP "unicast-server <ip-address:ip4>", unicast4_fields, "unicast-configuration"},
	{VIEW_SYSTEM, EDIT_UNICAST, NTP "unicast-server ipv6 <ipv6-address:ip6> [ " O_KEY O_UNICAST,
	 NTP "unicast-server ipv6 <ipv6-address:ip6>", unicast6_fields, "unicast-configuration"},
	{VIEW_SYSTEM, EDIT_ACCESS, NTP "access " RIGHT "{ " LISTS " }*",
	 NTP "access { all | " RIGHT "[ " LISTS " ]* }", access_fields, NULL},
	{VIEW_SYSTEM, EDIT_KOD, NTP "kod-enable", NTP "kod-enable", kod_fields, NULL},
	{VIEW_SYSTEM, EDIT_DISCARD,
	 NTP "discard { min-interval <min-interval-log2:1-8> | "
	     "avg-interval <avg-interval-log2:1-8> }*",
	 NTP "discard", discard_fields, NULL},
	{VIEW_SYSTEM, EDIT_MAX_DISTANCE, NTP "max-distance <distance:1-16>", NTP "max-distance",
	 max_distance_fields, NULL},
	{VIEW_SYSTEM, EDIT_OFFSET_LIMIT, NTP "offset-limit <limit:5-7620>", NTP "offset-limit",
	 offset_limit_fields, NULL},
	{VIEW_SYSTEM, EDIT_MAX_SLEW, NTP "max-slew <rate:1-500>", NTP "max-slew", max_slew_fields,
	 NULL},
	{VIEW_SYSTEM, EDIT_OFF4, NTP "disable", NTP "disable", off4_fields, NULL},
	{VIEW_SYSTEM, EDIT_OFF6, NTP "ipv6 disable", NTP "ipv6 disable", off6_fields, NULL},
	{VIEW_SYSTEM, EDIT_SERVER_OFF4, NTP "server disable", NTP "server disable",
	 server_off4_fields, NULL},
	{VIEW_SYSTEM, EDIT_SERVER_OFF6, NTP "ipv6 server disable", NTP "ipv6 server disable",
	 server_off6_fields, NULL},
	{VIEW_INTERFACE, EDIT_RECEIVE, NTP "receive/in-interface disable",
	 NTP "receive/in-interface disable", receive4_fields, NULL},
	{VIEW_INTERFACE, EDIT_RECEIVE, NTP "ipv6 receive/in-interface disable",
	 NTP "ipv6 receive/in-interface disable", receive6_fields, NULL},
	{VIEW_INTERFACE, EDIT_ROLE,
	 NTP "multicast-server " IP4 " [ " O_KEY O_TTL O_VERSION O_PORT O_MINPOLL " ]*",
	 NTP "multicast-server " IP4, multicast_server4_fields, "multicast-server"},
	{VIEW_INTERFACE, EDIT_ROLE,
	 NTP "multicast-server " IP6 " [ " O_KEY O_TTL O_PORT O_MINPOLL " ]*",
	 NTP "multicast-server " IP6, multicast_server6_fields, "multicast-server"},
	{VIEW_INTERFACE, EDIT_ROLE, NTP "multicast-client " IP4, NTP "multicast-client " IP4,
	 multicast_client4_fields, "multicast-client"},
	{VIEW_INTERFACE, EDIT_ROLE, NTP "multicast-client " IP6, NTP "multicast-client " IP6,
	 multicast_client6_fields, "multicast-client"},
	{VIEW_INTERFACE, EDIT_ROLE, NTP "manycast-server " IP4 " [ on-link ]",
	 NTP "manycast-server " IP4, manycast_server4_fields, "manycast-server"},
	{VIEW_INTERFACE, EDIT_ROLE, NTP "manycast-server " IP6 " [ on-link ]",
	 NTP "manycast-server " IP6, manycast_server6_fields, "manycast-server"},
	{VIEW_INTERFACE, EDIT_ROLE,
	 NTP "manycast-client " IP4 " [ " O_MANYCAST_KEY O_TTL O_PORT " ]*",
	 NTP "manycast-client " IP4, manycast_client4_fields, "manycast-client"},
	{VIEW_INTERFACE, EDIT_ROLE,
	 NTP "manycast-client " IP6 " [ " O_MANYCAST_KEY O_TTL O_PORT " ]*",
	 NTP "manycast-client " IP6, manycast_client6_fields, "manycast-client"},
};
const unsigned command_count = sizeof commands / sizeof *commands;

/* ---- fields ---- */

uint64_t command_number(const struct command_field *f, const union edit_value *v)
{
	const char *at = (const char *)v + f->offset;
	uint64_t n = 0;

	assert(f->size <= sizeof n);
	memcpy(&n, at, f->size); /* little-endian hosts only, as asserted below */
	return n;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fields are copied low octet first");

uint64_t command_default(const struct command_field *f, const union edit_value *v)
{
	if (f->otherwise)
		return f->otherwise(v);
	return f->kind == FIELD_NUMBER ? f->number : 0;
}

const struct command_field *command_field(const struct command_row *row, const char *name)
{
	for (const struct command_field *f = row->fields; f->kind != FIELD_END; f++)
		if (f->name && strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool command_fits(const struct command_row *row, const union edit_value *v)
{
	for (const struct command_field *f = row->fields; f->kind != FIELD_END; f++)
		if (f->kind == FIELD_FIXED && command_number(f, v) != f->number)
			return false;
	return true;
}
