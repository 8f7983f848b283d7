/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/collate.h"

#include <string.h>

#include "ntp/settings.h"

int collate_port(const void *a, const void *b)
{
	uint16_t x = *(const uint16_t *)a;
	uint16_t y = *(const uint16_t *)b;

	return x < y ? -1 : x > y;
}

int collate_key(const void *a, const void *b)
{
	uint32_t x = ((const struct key_setting *)a)->id;
	uint32_t y = ((const struct key_setting *)b)->id;

	return x < y ? -1 : x > y;
}

int collate_unicast(const void *a, const void *b)
{
	return addr_compare(&((const struct unicast_setting *)a)->addr,
			    &((const struct unicast_setting *)b)->addr);
}

int collate_role(const void *a, const void *b)
{
	const struct role_setting *x = a;
	const struct role_setting *y = b;
	int c = strcmp(x->ifname, y->ifname);

	if (c != 0)
		return c;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return addr_compare(&x->group, &y->group);
}

int collate_acl(const void *a, const void *b)
{
	const struct acl_setting *x = a;
	const struct acl_setting *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

int collate_rule(const void *a, const void *b)
{
	const struct rule_setting *x = a;
	const struct rule_setting *y = b;
	int c = collate_acl(&x->acl, &y->acl);

	return c != 0 ? c : x->id < y->id ? -1 : x->id > y->id;
}

int collate_access(const void *a, const void *b)
{
	int x = ((const struct access_setting *)a)->right;
	int y = ((const struct access_setting *)b)->right;

	return x == ACCESS_RIGHTS || y == ACCESS_RIGHTS ? 0 : x - y; /* all of them */
}

int collate_receive(const void *a, const void *b)
{
	const struct receive_setting *x = a;
	const struct receive_setting *y = b;
	int c = strcmp(x->ifname, y->ifname);

	return c != 0 ? c : (int)x->family - (int)y->family;
}
