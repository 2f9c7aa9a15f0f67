/*
 * brake.h -- the brake on guessing: failures counted by (account, network), by network and by account.
 *
 * A network is an IPv4 address or an IPv6 /64; IPv6 /48 and IPv4 /24 count too, with sixteen times the measure.
 *   (account, network)  the answer is held back 2, 4, 8, 15 s; after 10 failures refused for a quiet 15 minutes
 *   network             after 100 failures on any accounts refused as well, but not for an account that has logged in
 *                       from there within a day: one bad machine in an office does not lock out the others
 *   account             after 50 failures from anywhere: all failures are held back 15 s; never refused, so that nobody
 *                       locks the owner out
 * Counts of all processes add up in the directory, once a second. For this room only.
 *
 * Memory   32 bytes an entry, taken when first used; full buckets give up what matters least.
 * Threads  all functions may be called from any thread.
 */
#ifndef AUTH_BRAKE_H
#define AUTH_BRAKE_H

#include "base/net.h"
#include "directory/login.h"

struct brake;

/* Room for that many counts under `owner`, all taken now. */
struct brake *brake_open(const void *owner, size_t entries);
/* Accepts and sets NULL. */
void brake_close(struct brake **brake);
/* The key of all counts; the same in all processes. Before it is set nothing is counted. */
void brake_set_secret(struct brake *brake, const unsigned char secret[32]);

/* May this account be tried from there? 0, or the seconds until it may. */
unsigned brake_check(struct brake *brake, struct span account, const struct net_address *peer);
/* Counts a wrong password and says how long to hold back the answer. */
unsigned brake_failed(struct brake *brake, struct span account, const struct net_address *peer);
/* How long, without counting: the same wrong password again, as a forgotten phone sends it. */
unsigned brake_repeated(struct brake *brake, struct span account, const struct net_address *peer);
/* Forgets the failures of that account from there, and trusts the pair for a day. */
void brake_succeeded(struct brake *brake, struct span account, const struct net_address *peer);

/* What is to be added to the directory's counts, at most `limit`, and taken for sent. */
size_t brake_take_changes(struct brake *brake, struct throttle_count *counts_out, size_t limit);
/* It could not be sent: to be taken again. */
void brake_return_changes(struct brake *brake, const struct throttle_count *counts, size_t count);
/* What the directory counts in all. */
void brake_learn(struct brake *brake, const struct throttle_count *counts, size_t count);
/* How many counts are held, for statistics and tests. */
size_t brake_entries(const struct brake *brake);

#endif
