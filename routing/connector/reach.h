/*
 * reach.h -- addresses that could not be connected to a moment ago.
 *
 * A better exchanger that is down would cost every new connection its whole time to connect. For a minute it is tried last
 * instead of first; it stays in the list, so that no mail is deferred that could have gone.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef CONNECTOR_REACH_H
#define CONNECTOR_REACH_H

#include "connector/exchangers.h"

enum { REACH_SECONDS = 60, REACH_MAX = 4096 /* addresses remembered */ };

struct reach;

/* Empty. Ended by reach_free(). */
struct reach *reach_new(void);
/* Accepts NULL. */
void reach_free(struct reach **reach);
/* This address was reached just now, or was not: then it is passed over for REACH_SECONDS. Any thread. */
void reach_note(struct reach *reach, const struct net_address *address, bool is_reached);
/* Those not reached lately behind all others; otherwise the order stays. */
void reach_order(struct reach *reach, struct exchangers *exchangers);

#endif
