/*
 * uplink.h -- what failures with single destinations tell about the way out of a connector that has no smarthost.
 *
 * One domain that cannot be reached says nothing about us. A source address that is not on this machine does at once, and so
 * do UPLINK_SILENT_MAX different domains from which nothing came back, one after the other, while nobody was reached over the
 * same connector. From then on every further failure says so again, until somebody is reached.
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef TOPOLOGY_UPLINK_H
#define TOPOLOGY_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uplinks;

enum { UPLINK_SILENT_MAX = 3, UPLINK_PROBE_S = 5 };

enum uplink_evidence {
    UPLINK_REACHED,   /* somebody answered, whatever he said */
    UPLINK_SILENT,    /* nothing came back from any address of the domain */
    UPLINK_NO_SOURCE, /* the connector's source address is not there */
};
enum uplink_news { UPLINK_NOTHING, UPLINK_FAILED, UPLINK_WORKS };

/* Under `owner`. */
struct uplinks *uplinks_new(const void *owner);
/* What follows from one attempt over the connector. `source`: its source address; NULL: none. UPLINK_WORKS also with the first
 * success of all: what another process reported may be over. */
enum uplink_news uplink_note(struct uplinks *uplinks, int64_t connector_id, const char *source,
                             const char *domain, enum uplink_evidence evidence);
/* A connector that failed for its source address, at most every UPLINK_PROBE_S: is that back? False: none is due. */
bool uplink_take_probe(struct uplinks *uplinks, const void *owner, int64_t *connector_id_out,
                       const char **source_out);

#endif
