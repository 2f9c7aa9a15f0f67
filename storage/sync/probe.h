/*
 * probe.h -- a look at a directory, step by step, for whoever sets a source up: what works, what does not and what to do about it,
 * what may be proposed, and a few real entries as they would be taken over. Changes nothing.
 */
#ifndef SYNC_PROBE_H
#define SYNC_PROBE_H

#include "directory/source.h"

/* {"good", "steps": [{"server", "step", "good", "detail", "remedy"}], "proposal": {...}, "samples": [...]}. A new reference. The
 * source needs nothing but its urls; find_srv as in ldap/pool.h. ERR_INVALID: settings that do not fit together. */
MUST_CHECK bool sync_probe(const struct source *source, ldap_find_srv *find_srv, void *find_srv_arg,
                           json_t **report_out, struct err *err);

/* {"user_filter", "contact_filter", "group_filter", "mapping": {FIELD: TEMPLATE}} as they are where a source of this flavour says
 * nothing else. A new reference. */
json_t *sync_usual(const struct source *source);

#endif
