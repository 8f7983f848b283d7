/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the rows of each table of the settings are ordered, and so what their keys are. For binary
 * searches; knows no store.
 */
#ifndef CONF_COLLATE_H
#define CONF_COLLATE_H

/* Each takes two rows of its table: below 0, 0 or above 0. */
int collate_port(const void *a, const void *b);
int collate_key(const void *a, const void *b);
int collate_unicast(const void *a, const void *b);
int collate_role(const void *a, const void *b);
int collate_acl(const void *a, const void *b);
int collate_rule(const void *a, const void *b);
int collate_access(const void *a, const void *b);
int collate_receive(const void *a, const void *b);

#endif
