/*
 * user_row.h -- the columns of a user, for the files of this room that read them.
 */
#ifndef DIRECTORY_USER_ROW_H
#define DIRECTORY_USER_ROW_H

#include "directory/act.h"
#include "directory/user.h"

/* Columns 0-18; to be followed by WHERE. `r` is the recipient, `a` its primary address. */
#define SELECT_USER                                                                                          \
    "SELECT r.recipient_id, r.organisation_id, r.administrative_group_id, a.domain_id, r.kind, r.state,"     \
    "       a.address, r.name,"                                                                              \
    "       ARRAY(SELECT b.address FROM address b WHERE b.recipient_id = r.recipient_id"                     \
    "              ORDER BY b.is_primary DESC, b.address),"                                                  \
    "       r.storage_group_id, r.store_id, r.mailbox_id, r.quota_bytes, r.quota_messages, r.protocols,"     \
    "       EXISTS (SELECT FROM credential c WHERE c.recipient_id = r.recipient_id),"                        \
    "       r.created_us, r.changed_us, r.stamp"                                                             \
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"

/* A row of SELECT_USER; strings under `owner`. */
void user_read_row(const void *owner, const struct db_row *row, struct user *out);

/* The kind that the column names; the last one for a word that is none (there is no such row). */
enum recipient_kind recipient_kind_of(struct span name);
/* What is in the database is one of the names. */
enum recipient_state recipient_state_of_span(struct span name);

/* The user as it is, its row locked. */
MUST_CHECK bool user_lock(struct db *db, const void *owner, int64_t recipient_id, struct user *out,
                          struct err *err);
/* What changed, for the audit. */
json_t *user_describe(const struct user *user, unsigned fields);
enum {
    USER_FIELDS_ALL = USER_NAME | USER_STATE | USER_QUOTA | USER_PROTOCOLS | USER_GROUP,
    USER_FIELD_ADDRESS = 1 << 8,
    USER_FIELD_ADDRESSES = 1 << 9,
    USER_FIELD_MAILBOX = 1 << 10
};

/* Runs `work` in the organisation of this recipient. */
MUST_CHECK bool user_act(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         db_work *work, void *arg, struct err *err);
/* ERR_INVALID for what user_add() and user_set() refuse. */
MUST_CHECK bool user_check(const struct user *wanted, unsigned fields, struct err *err);

#endif
