/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much a store with a named limit holds: what the product needs, or in a fuzzer's build
 * (tools/fuzz.ini) so little that its end is reached all the time. Knows no store.
 */
#ifndef BASE_ROOM_H
#define BASE_ROOM_H

#ifdef ROOM_SMALL
#define ROOM(product, small) (small)
#else
#define ROOM(product, small) (product)
#endif

#endif
