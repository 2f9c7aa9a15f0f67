/*
 * quota_roots.h -- the limits of domains and organisations, written into every storage group that may hold their
 * mailboxes.
 */
#ifndef ADMIN_API_QUOTA_ROOTS_H
#define ADMIN_API_QUOTA_ROOTS_H

#include "base/err.h"
#include "group/quota.h"

struct admin_api;

/* In all storage groups known; false with the first that could not be reached. */
MUST_CHECK bool quota_roots_set(const struct admin_api *api, enum quota_root_kind kind, int64_t owner_id,
                                int64_t limit_bytes, struct err *err);

#endif
