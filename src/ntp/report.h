/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that a node tells about itself (state.h), made on demand from its tables. Changes
 * nothing; node.h says what each row is.
 */
#ifndef NTP_REPORT_H
#define NTP_REPORT_H

#include "ntp/node.h"

void report_system(const struct node *n, struct now now, struct system_row *ret);
bool report_assoc(const struct node *n, struct now now, unsigned i, struct assoc_row *ret);
bool report_group(const struct node *n, struct now now, unsigned i, struct group_row *ret);
bool report_ring(const struct node *n, unsigned i, unsigned j, struct ring_row *ret);
bool report_counter(const struct node *n, enum addr_family family, unsigned i,
		    struct counter_row *ret);

#endif
