/*
 * callout.h -- the way on which the primary of a backed-up domain is asked for its recipients (routing/callout): the one that mail
 * would take, with short times, over connections of its own.
 *
 * Threads  opened and closed by one thread, asked by any.
 */
#ifndef MAIN_CALLOUT_H
#define MAIN_CALLOUT_H

#include "main/role.h"
#include "topology/topology.h"

struct callout_way;

/* Opens the way over which primaries are asked, under the role's memory; the questions go through `topology`. ERR_BUSY, ERR_INTERNAL. */
MUST_CHECK bool callout_way_open(struct role *role, struct topology *topology, struct callout_way **way_out,
                                 struct err *err);
/* What a reload may change: resolvers, ports, certificates. Where it fails, all stays as it was. */
MUST_CHECK bool callout_way_reload(struct callout_way *way, const struct config *config, struct err *err);
/* Questions in progress end within a second or two. */
void callout_way_stop(struct callout_way *way);
/* Nobody asks any more. Accepts NULL, sets NULL. */
void callout_way_close(struct callout_way **way);

/* For struct smtp_context. */
bool callout_way_ask(void *way, const char *domain, const char *address);

#endif
