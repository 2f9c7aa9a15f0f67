/*
 * rules.h -- fields that recipients of every kind have: who may write to them, and where their mail goes on to.
 */
#ifndef ADMIN_API_RULES_H
#define ADMIN_API_RULES_H

#include "admin_api/call.h"
#include "directory/recipient.h"

/* A list of texts; one that is absent has count 0. ERR_INVALID: something else is in it. */
MUST_CHECK bool call_texts(const struct admin_call *call, const char *name, const char ***texts_out,
                           size_t *count_out, struct err *err);
/* "anyone", ...: ERR_INVALID for another word. NULL: anyone. */
MUST_CHECK bool rules_accepts_of(const char *word, enum recipient_accepts *accepts_out, struct err *err);
/* Does the body name any of them? */
bool rules_are_named(const struct admin_call *call);
/* Reads accepts, max_message, hidden, allow, deny, forward and keep_copy from the body and writes what is named there. */
MUST_CHECK bool rules_set(const struct admin_call *call, int64_t recipient_id, struct err *err);
/* Adds those that differ from the usual to `json`. */
MUST_CHECK bool rules_add(const struct admin_call *call, int64_t recipient_id, json_t *json, struct err *err);

#endif
