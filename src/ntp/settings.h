/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the operator asked for, flat: no owning pointers, so it can be copied, compared and handed
 * from thread to thread. conf/ fills it, ntp/ obeys it. Key ids live here, key bytes never do.
 */
#ifndef NTP_SETTINGS_H
#define NTP_SETTINGS_H

#include "base/addr.h"
#include "base/ntptime.h"

#define SETTINGS_ROLES_MAX 4096
#define SETTINGS_KEYS_MAX 1024
#define SETTINGS_PORTS_MAX 8
#define SETTINGS_UNICASTS_MAX 64
#define SETTINGS_IFNAME_MAX 48 /* with the final '\0' */
#define SETTINGS_NAME_MAX 64   /* with the final '\0' */
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

struct key_setting {
	uint32_t id; /* 1-4294967295 */
	uint8_t algorithm;
	uint8_t mac_octets; /* of the tag: 16, or for KEY_HMAC_SHA256 16, 20 or 32 */
	bool trusted;	    /* others may be believed by it; no part on the server */
};

/* Key bytes, apart from the settings: kept in locked memory, wiped, never printed. */
struct key {
	uint32_t id;
	uint8_t algorithm;
	uint8_t mac_octets;
	bool trusted;
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
	unsigned port_count;	      /* service ports besides 123 */
	uint16_t ports[SETTINGS_PORTS_MAX];
	unsigned unicast_count;
	struct unicast_setting unicasts[SETTINGS_UNICASTS_MAX];
	unsigned key_count;
	struct key_setting keys[SETTINGS_KEYS_MAX]; /* ascending id */
	unsigned role_count;
	struct role_setting roles[SETTINGS_ROLES_MAX]; /* ascending (ifname, kind, group) */
};

#endif
