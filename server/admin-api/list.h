/*
 * list.h -- fields of groups beyond their members: who owns and moderates them, who may post, lists, queries.
 */
#ifndef ADMIN_API_LIST_H
#define ADMIN_API_LIST_H

#include "admin_api/call.h"

/* Reads list, posting, join, hold_days, query, owners and moderators from the body and writes what is named there. */
MUST_CHECK bool group_list_set(const struct admin_call *call, int64_t recipient_id, struct err *err);
/* Adds those that differ from the usual to `json`, and whom a query selects now: the first 100, or with ?members=all all. */
MUST_CHECK bool group_list_add(const struct admin_call *call, int64_t recipient_id, json_t *json,
                               struct err *err);

#endif
