/*
 * preference.h -- language and undo_send of users and organisations (directory/preference.h), as fields of theirs.
 */
#ifndef ADMIN_API_PREFERENCE_H
#define ADMIN_API_PREFERENCE_H

#include "admin_api/call.h"

/* Writes what the body names: of the user, or with recipient_id 0 of the organisation. */
MUST_CHECK bool preference_apply(const struct admin_call *call, int64_t organisation_id, int64_t recipient_id,
                                 const char *object, struct err *err);
/* Adds those that are said to `json`. */
MUST_CHECK bool preference_add(const struct admin_call *call, int64_t organisation_id, int64_t recipient_id,
                               json_t *json, struct err *err);

#endif
