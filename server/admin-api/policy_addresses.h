/* policy_addresses.h -- what recipient policies give; private to this room. */
#ifndef ADMIN_API_POLICY_ADDRESSES_H
#define ADMIN_API_POLICY_ADDRESSES_H

#include "admin_api/call.h"
#include "directory/selection.h"
#include "directory/user.h"

enum policy_mode { POLICY_SHOWS, POLICY_WRITES };

/* Gives those whom the policy selects the addresses that they lack, at most a thousand users in one call; an address that somebody else
 * has gets a number (ada.lovelace2@...). Adds to `json`: "added", a list of {"user", "address"}, "refused", the same with "why",
 * and "has_more". POLICY_SHOWS: nothing is written. */
MUST_CHECK bool policy_addresses_apply(struct admin_call *call, const struct selection *policy,
                                       enum policy_mode mode, json_t *json, struct err *err);
/* What all policies of their organisation give users that were just made: addresses, and a quota to those who have none of their
 * own. Nothing is asked for each of them where there are no policies. */
MUST_CHECK bool policy_new_users(struct admin_call *call, int64_t organisation_id, const struct user *users,
                                 size_t count, struct err *err);

#endif
