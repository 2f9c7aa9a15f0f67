/*
 * new_user.h -- what adding one user and adding a thousand have in common.
 */
#ifndef ADMIN_API_NEW_USER_H
#define ADMIN_API_NEW_USER_H

#include "admin_api/call.h"
#include "directory/user.h"
#include "group/store.h"

/* The fields of one user object, checked; strings belong to `json` and call->arena. */
MUST_CHECK bool new_user_read(struct admin_call *call, const json_t *json, struct user *user_out,
                              struct err *err);
/* What the last of many users named, and where that is: the next one who names the same needs no query. */
struct new_user_place {
    bool is_known;
    const char *storage_group, *store, *admin_group; /* NULL: not named */
    const char *domain;
    struct mailbox_location mailbox;
    int64_t administrative_group_id;
};
/* new_user_read() for one of many: takes `place` where it fits, and puts there what was found. All its strings are those of
 * `json`, which must live as long. */
MUST_CHECK bool new_user_read_next(struct admin_call *call, const json_t *json, struct new_user_place *place,
                                   struct user *user_out, struct err *err);
/* NULL password: *has_password_out false. Costs an argon2. Under `owner`. */
MUST_CHECK bool new_user_credential(const void *owner, const char *password,
                                    struct credential *credential_out, bool *has_password_out,
                                    struct err *err);
/* How the mailbox is made. */
struct new_user_mailbox {
    bool is_inbox_only;
    const char *anyone_rights; /* letters; NULL: it is nobody's but the user's */
};
/* From the fields of one user object: inbox_only and, of a public folder, default_rights. Under `owner`. ERR_INVALID. */
MUST_CHECK bool new_user_mailbox_read(const void *owner, const json_t *json, enum recipient_kind kind,
                                      struct new_user_mailbox *out, struct err *err);
/* The mailbox in its storage group, and the limits of its domain and organisation there. May be repeated. */
MUST_CHECK bool new_user_mailbox(const struct admin_api *api, const struct user *user,
                                 const struct new_user_mailbox *how, struct err *err);
/* What the storage group is told of the user's mailbox. */
struct mailbox_options new_user_options(const struct user *user, const struct new_user_mailbox *how);
/* The limits of the user's domain and organisation, where the group with mailboxes under them does not know them yet. */
MUST_CHECK bool new_user_limits(const struct admin_api *api, const struct user *user, struct group *group,
                                struct err *err);

#endif
