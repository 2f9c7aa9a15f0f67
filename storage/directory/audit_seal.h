/* audit_seal.h -- the chain over the audit, made by housekeeping. */
#ifndef DIRECTORY_AUDIT_SEAL_H
#define DIRECTORY_AUDIT_SEAL_H

#include "directory/directory.h"

enum { AUDIT_SEALS_AT_ONCE = 1000, AUDIT_SEAL_WINDOW = 10000 };

/* Chains entries that are not chained yet: among the newest AUDIT_SEAL_WINDOW numbers or, `everywhere`, all. *sealed_out: how many, at most
 * AUDIT_SEALS_AT_ONCE a turn. Several processes may. */
enum audit_reach { AUDIT_NEWEST, AUDIT_EVERYWHERE };
MUST_CHECK bool audit_seal(struct directory *directory, enum audit_reach reach, uint64_t *sealed_out,
                           struct err *err);

#endif
