/*
 * memory.h -- inside this room: what is known of addresses and of domains, and for how long. Fixed in size, keyed by a hash with a
 * secret of the process: nobody can choose addresses that push out each other.
 *
 * Threads  under the lock of the callout.
 */
#ifndef CALLOUT_MEMORY_H
#define CALLOUT_MEMORY_H

#include "callout/callout.h"

struct memory;

/* Empty, under `owner`. Not locked: its user does that. */
struct memory *memory_new(const void *owner);

/* CALLOUT_UNSURE: nothing is known. */
enum callout_verdict memory_find(struct memory *memory, const char *address, int64_t now_us);
/* What was learnt of an address, kept for as long as its verdict is believed; pushes out the oldest where it is full. */
void memory_put(struct memory *memory, const char *address, enum callout_verdict verdict, int64_t now_us);

/* What is known of a domain; made where it is not there yet. Valid until the next call. NULL: all places are in use by domains
 * that are being asked. */
struct memory_domain {
    uint64_t key;             /* 0: free */
    int64_t catches_until_us; /* takes every address */
    int64_t strict_until_us;  /* surely does not */
    int64_t away_until_us;
    int64_t used_us;
    unsigned asking; /* threads */
};
/* Pins the domain's place while `asking` is above 0. `domain` canonical. */
struct memory_domain *memory_domain(struct memory *memory, const char *domain, int64_t now_us);

#endif
