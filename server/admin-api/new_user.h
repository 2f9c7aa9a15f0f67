/*
 * new_user.h -- what adding one user and adding a thousand have in common.
 */
#ifndef ADMIN_API_NEW_USER_H
#define ADMIN_API_NEW_USER_H

#include "admin_api/call.h"
#include "directory/user.h"

/* The fields of one user object, checked; strings belong to `json` and call->arena. */
MUST_CHECK bool new_user_read(struct admin_call *call, const json_t *json, struct user *user_out,
                              struct err *err);
/* NULL password: *has_password_out false. Costs an argon2. Under `owner`. */
MUST_CHECK bool new_user_credential(const void *owner, const char *password,
                                    struct credential *credential_out, bool *has_password_out,
                                    struct err *err);
/* The mailbox in its storage group, and the limits of its domain and organisation there. May be repeated. */
MUST_CHECK bool new_user_mailbox(const struct admin_api *api, const struct user *user, bool is_inbox_only,
                                 struct err *err);

#endif
