/*
 * push.h -- who is told of changes by a push service (RFC 8620, 7.2), and the key of the installation that signs it (RFC 8292).
 *
 * A subscription ends with its time, with the app password that it was made with, with a new password of the account, and with the
 * account. One process of all machines tells: whoever holds push_hold().
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND; ERR_LIMIT: more than PUSH_SUBSCRIPTIONS_MAX; ERR_BUSY.
 * Threads    any.
 */
#ifndef DIRECTORY_PUSH_H
#define DIRECTORY_PUSH_H

#include "base/span.h"
#include "directory/directory.h"

enum {
    PUSH_SUBSCRIPTIONS_MAX = 20, /* of one account */
    PUSH_KEY_BYTES = 65,
    PUSH_SECRET_BYTES = 16,
    PUSH_HOLD_S = 15
};
/* wake_subscribe(bus, DIRECTORY_WAKE_GROUP, PUSH_WAKE_CHANGED, ...): the subscriptions changed. */
enum { PUSH_WAKE_CHANGED = 3 };

struct push_subscription {
    const char *id; /* push_add() makes it */
    int64_t organisation_id, recipient_id, app_password_id;
    const char *login; /* results only: the primary address */
    const char *device, *url;
    struct span public_key, secret; /* empty: not encrypted */
    const char *code;
    bool code_is_sent, is_verified;
    const char *types; /* "Email,Mailbox"; NULL: all */
    int64_t expires_us, created_us;
    const char *told; /* JSON: account -> modseq */
};

/* Those of a recipient that have not ended, the oldest first. */
MUST_CHECK bool push_list(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct push_subscription **list_out, size_t *count_out, struct err *err);
/* A new one; *id_out under `owner`. */
MUST_CHECK bool push_add(struct directory *directory, const void *owner,
                         const struct push_subscription *wanted, const char **id_out, struct err *err);
/* Sets is_verified, types, expires_us and, where it is not NULL, told. */
MUST_CHECK bool push_set(struct directory *directory, const struct push_subscription *subscription,
                         struct err *err);
/* Ends it. `recipient_id` 0: whosever it is. */
MUST_CHECK bool push_remove(struct directory *directory, int64_t recipient_id, const char *id,
                            struct err *err);

/* ---- for who tells */

/* All that somebody can be told of: verified, or with a code that was not sent. What has ended is taken away. */
MUST_CHECK bool push_all(struct directory *directory, const void *owner, struct push_subscription **list_out,
                         size_t *count_out, struct err *err);
/* The code was sent. */
MUST_CHECK bool push_note_code(struct directory *directory, const char *id, struct err *err);
/* What was told (JSON). */
MUST_CHECK bool push_note_told(struct directory *directory, const char *id, const char *told,
                               struct err *err);
/* For PUSH_HOLD_S from now on `holder` tells, and nobody else; *is_held_out false: somebody else does. */
MUST_CHECK bool push_hold(struct directory *directory, const char *holder, bool *is_held_out,
                          struct err *err);

/* The key; ERR_NOT_FOUND: there is none. */
MUST_CHECK bool push_key_get(struct directory *directory, const void *owner, const char **private_out,
                             struct span *public_out, struct err *err);
/* This one, where none is there. */
MUST_CHECK bool push_key_offer(struct directory *directory, const char *private_key, struct span public_key,
                               struct err *err);

#endif
