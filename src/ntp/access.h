/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask us, whom we may follow, and what is not heard at all: `ntp access` with its lists,
 * `ntp disable` and its kin, the places that keys are bound to. Knows no rate: that is limit.h's.
 */
#ifndef NTP_ACCESS_H
#define NTP_ACCESS_H

#include "ntp/ledger.h"
#include "ntp/settings.h"

struct node;
struct arrival;
struct actions;
struct iface;
struct sample;

/* The rules of the list that a right names, for one family. */
struct access_list {
	bool given;
	uint16_t first, count;
};

struct access {
	bool off[LEDGER_FAMILIES];
	bool server_off[LEDGER_FAMILIES];
	struct access_list lists[LEDGER_FAMILIES][ACCESS_RIGHTS];
	unsigned rule_count;
	struct rule_setting rules[SETTINGS_RULES_MAX];
	unsigned receive_count;
	struct receive_setting receives[SETTINGS_RECEIVES_MAX];
};

struct access_grant {
	bool ask;
	bool follow;
	bool limited;
};

void access_configure(struct node *n, const struct settings *s);
/* What an interface that came, or got other rules, is deaf to. */
void access_mark(const struct node *n, struct iface *f);
/*
 * What the source may. Rights are asked in the order of their enumerators, and the first whose
 * list permits it counts; a list that is empty, missing or denies it does not. A family of which
 * no list speaks is free.
 */
struct access_grant access_of(const struct node *n, const struct addr *source);
/* Before anything else is looked at: VERDICT_USED if the packet is heard at all. */
enum verdict access_test(const struct node *n, const struct arrival *v);
/* True if a MAC by that key counts where and for what the packet came. */
bool access_key_fits(const struct node *n, const struct arrival *v);
/* VERDICT_USED, or what switches that role off; f is its interface or NULL. */
enum verdict access_role(const struct node *n, const struct role_setting *r, const struct iface *f);
bool access_family_is_off(const struct node *n, const struct addr *a);
/* Associations that would not be made today end, or are not followed. */
void access_review(struct node *n, struct now now, struct actions *out);
/* True if the sample is farther off than `ntp offset-limit` allows. */
bool access_is_too_far(const struct node *n, struct now now, const struct sample *s);

#endif
