/*
 * traffic.h -- how much goes over each connector, so that an administrator hears when it is more than he thought possible.
 *
 * Hours are those of the clock. Nothing is held back: limits are the connector's rate and number of connections.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef TOPOLOGY_TRAFFIC_H
#define TOPOLOGY_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

struct traffic;

/* Under `owner`. */
struct traffic *traffic_new(const void *owner);
/* One message more over the connector. True once in an hour: with the first one above `alarm_per_hour` (0: never). */
bool traffic_count(struct traffic *traffic, int64_t connector_id, unsigned alarm_per_hour, int64_t now_us);

#endif
