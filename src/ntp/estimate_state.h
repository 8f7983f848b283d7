/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of an estimate: visible only so that an association can hold one without a heap. */
#ifndef NTP_ESTIMATE_STATE_H
#define NTP_ESTIMATE_STATE_H

#include "base/ntptime.h"

struct estimate {
	bool has_phase;
};

#endif
