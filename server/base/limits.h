/*
 * limits.h -- how many connections one peer may have and make.
 *
 * A peer is an IPv4 address or an IPv6 /64 (net_peer_of). Bounded: at most 65,536 peers are
 * remembered; beyond, those with no connection are forgotten first, and a new peer is not counted.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/net.h"

struct limits;

enum limits_verdict { LIMITS_OK, LIMITS_TOO_MANY, LIMITS_TOO_OFTEN };

/* Connections of one peer at a time, and new ones a minute; ended by limits_free(). */
struct limits *limits_new(unsigned max_per_peer, unsigned max_new_a_minute);
/* For what comes afterwards; who is in stays in. */
void limits_set(struct limits *limits, unsigned max_per_peer, unsigned max_new_a_minute);
/* Accepts and sets NULL. */
void limits_free(struct limits **limits);

/* One more connection; when OK, limits_leave() must follow. `now_us` is monotonic. */
enum limits_verdict limits_enter(struct limits *limits, const struct net_network *peer, int64_t now_us);
/* After a limits_enter() that said LIMITS_OK. */
void limits_leave(struct limits *limits, const struct net_network *peer);
/* How many peers are counted now. */
size_t limits_peers(struct limits *limits);

#endif
