/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the operator asked for, flat: no owning pointers, so it can be copied, compared and handed
 * from thread to thread. conf/ fills it, ntp/ obeys it. Key ids live here, key bytes never do.
 */
#ifndef NTP_SETTINGS_H
#define NTP_SETTINGS_H

#include "base/addr.h"
#include "base/ntptime.h"
#include "base/room.h"

#define SETTINGS_ROLES_MAX ROOM(4096, 24)
#define SETTINGS_POLL_LOG2S_MAX 17 /* MAXPOLL of RFC 5905 figure 6 */
#define SETTINGS_KEYS_MAX ROOM(1024, 10)
#define SETTINGS_PORTS_MAX 8
#define SETTINGS_UNICASTS_MAX ROOM(64, 6)
#define SETTINGS_ACLS_MAX ROOM(64, 6)
#define SETTINGS_RULES_MAX ROOM(1024, 12) /* of all lists */
#define SETTINGS_RECEIVES_MAX ROOM(1024, 6)
#define SETTINGS_ACL_NAME_MAX 33 /* with the final '\0' */
#define SETTINGS_IFNAME_MAX 48	 /* with the final '\0' */
#define SETTINGS_NAME_MAX 64	 /* with the final '\0' */
#define NTP_PORT 123

/* What an interface does for one group. Key of the table: (ifname, kind, group). */
enum role_kind {
	ROLE_MULTICAST_SERVER,
	ROLE_MULTICAST_CLIENT,
	ROLE_MANYCAST_SERVER,
	ROLE_MANYCAST_CLIENT,
};

struct role_setting {
	char ifname[SETTINGS_IFNAME_MAX];
	struct addr group;
	uint8_t kind;	       /* enum role_kind */
	uint8_t ttl;	       /* 1-255: servers and manycast clients */
	uint8_t version;       /* 1-4: multicast servers; 4 for IPv6 */
	uint8_t minpoll_log2s; /* 0-17: interval of a multicast server is 2^minpoll s */
	uint16_t port;	       /* destination port: 123, 1025-65535 */
	uint32_t key_id;       /* 0: nothing is signed */
	bool on_link_only; /* manycast server: answer only askers on the interface's own prefixes */
};

enum key_algorithm {
	KEY_MD5,
	KEY_HMAC_SHA256,
	KEY_AES_128_CMAC,
	KEY_AES_256_CMAC,
};

/* What a packet was sent for: how a server that signed it came to be followed. */
enum key_role {
	KEY_ROLE_ANY,
	KEY_ROLE_MULTICAST,
	KEY_ROLE_MANYCAST,
	KEY_ROLE_UNICAST,
};

/* Where a trusted key counts; all zero: everywhere. */
struct key_bound {
	uint8_t role;			  /* enum key_role */
	struct prefix source;		  /* addr ADDR_NONE: any */
	char ifname[SETTINGS_IFNAME_MAX]; /* "": any */
};

struct key_setting {
	uint32_t id; /* 1-4294967295 */
	uint8_t algorithm;
	uint8_t mac_octets; /* of the tag: 16, or for KEY_HMAC_SHA256 16, 20 or 32 */
	bool trusted;	    /* others may be believed by it; no part on the server */
	struct key_bound bound;
};

/* Key bytes, apart from the settings: kept in locked memory, wiped, never printed. */
struct key {
	uint32_t id;
	uint8_t algorithm;
	uint8_t mac_octets;
	bool trusted;
	struct key_bound bound;
	uint8_t len; /* 1-255 */
	uint8_t octets[255];
};

/* A server polled by address: `ntp unicast-server`. Key of the table: addr. */
struct unicast_setting {
	struct addr addr;
	uint16_t port;
	uint8_t version;       /* 1-4 */
	uint8_t minpoll_log2s; /* 0-17 */
	uint8_t maxpoll_log2s; /* minpoll-17 */
	bool iburst;
	uint32_t key_id; /* 0: none */
};

/* An access list: its number or its name, by family. */
struct acl_setting {
	uint8_t family; /* enum addr_family */
	bool named;
	uint16_t number; /* 2000-2999, 0 if named */
	char name[SETTINGS_ACL_NAME_MAX];
};

/* A line of a list. Key of the table: (acl, id). */
struct rule_setting {
	struct acl_setting acl;
	uint32_t id;
	bool permit;
	bool any;	   /* no source */
	uint8_t bits;	   /* IPv6: prefix length */
	uint32_t wildcard; /* IPv4: bits of the source that may differ, first octet highest */
	struct addr source;
};

/* In the order in which they are asked; the first whose list permits the source counts. */
enum access_right {
	ACCESS_PEER,		/* may ask, and may be followed */
	ACCESS_SERVER,		/* may ask */
	ACCESS_SYNCHRONIZATION, /* may ask */
	ACCESS_QUERY,		/* may do nothing: control queries are never answered */
	ACCESS_LIMITED,		/* may ask, but not too often */
	ACCESS_RIGHTS,		/* how many; in an edit: all of them */
};

/* Key of the table: right. A list is given by number or name, or not at all. */
struct access_setting {
	uint8_t right; /* enum access_right */
	uint16_t number4, number6;
	char name4[SETTINGS_ACL_NAME_MAX], name6[SETTINGS_ACL_NAME_MAX];
};

/* Packets of a family that arrive on that interface are dropped. */
struct receive_setting {
	char ifname[SETTINGS_IFNAME_MAX];
	uint8_t family; /* enum addr_family */
};

/* Gaps between questions, as powers of two in seconds; 0: the default. */
struct discard_setting {
	uint8_t min_log2s; /* 1-8, default 1 */
	uint8_t avg_log2s; /* 1-8, default 5 */
};

enum volley_mode {
	VOLLEY_PREFERRED, /* ask; if nobody answers, go on degraded */
	VOLLEY_REQUIRED,  /* never synchronise without an answer */
	VOLLEY_NEVER,	  /* never ask: multicast_delay_us or a default stands in */
};

struct settings {
	char sysname[SETTINGS_NAME_MAX];
	bool authentication; /* others must show a valid MAC by a trusted key */
	bool complexity_check;
	bool refclock;		      /* serve the local clock */
	uint8_t refclock_unit;	      /* 0-3: 127.127.1.U */
	uint8_t refclock_stratum;     /* 1-15, default 8 */
	uint8_t max_dynamic_sessions; /* 0-100, default 100 */
	uint8_t volley;		      /* enum volley_mode */
	uint32_t multicast_delay_us;  /* one way, server to client; 0: not given */
	bool kod;		      /* who is refused or too fast may be told so */
	struct discard_setting discard;
	uint8_t max_distance_s;	       /* 1-16; 0: the default, 1 */
	uint16_t offset_limit_s;       /* 5-7620; 0: none */
	uint16_t max_slew_ppm;	       /* 1-500; 0: the default, 500 */
	bool off4, off6;	       /* the whole service of a family */
	bool server_off4, server_off6; /* the server's side of a family */
	unsigned access_count;
	struct access_setting access[ACCESS_RIGHTS];
	unsigned port_count; /* service ports besides 123 */
	uint16_t ports[SETTINGS_PORTS_MAX];
	unsigned unicast_count;
	struct unicast_setting unicasts[SETTINGS_UNICASTS_MAX];
	unsigned acl_count;
	struct acl_setting acls[SETTINGS_ACLS_MAX];
	unsigned key_count;
	struct key_setting keys[SETTINGS_KEYS_MAX]; /* ascending id */
	unsigned role_count;
	struct role_setting roles[SETTINGS_ROLES_MAX]; /* ascending (ifname, kind, group) */
	unsigned rule_count;
	struct rule_setting rules[SETTINGS_RULES_MAX]; /* ascending (acl, id) */
	unsigned receive_count;
	struct receive_setting receives[SETTINGS_RECEIVES_MAX]; /* ascending (ifname, family) */
};

#endif
