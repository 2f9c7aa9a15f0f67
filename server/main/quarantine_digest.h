/*
 * quarantine_digest.h -- a mail a day to each user for whom something was set aside, with a link for each message that delivers it.
 *
 * Only where the setting quarantine_digest says so; what came while it did not is told with the first one.
 */
#ifndef MAIN_QUARANTINE_DIGEST_H
#define MAIN_QUARANTINE_DIGEST_H

#include "main/config.h"

struct accept;
struct directory;

/* Tells whom it is time to tell. *told_out: whether anybody was. */
MUST_CHECK bool quarantine_digest(struct directory *directory, struct accept *accept,
                                  const struct config *config, int64_t now_us, bool *told_out,
                                  struct err *err);

#endif
