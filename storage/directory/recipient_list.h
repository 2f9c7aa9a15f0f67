/*
 * recipient_list.h -- pages of recipients of every kind: sorted, filtered, searched, among hundreds of thousands.
 *
 * A page begins behind the last key of the page before, by an index of its order, so the thousandth costs what the first
 * does. A search reads each recipient of the organisation once, at worst.
 */
#ifndef DIRECTORY_RECIPIENT_LIST_H
#define DIRECTORY_RECIPIENT_LIST_H

#include "directory/user.h"

enum recipient_order { ORDER_ADDRESS, ORDER_NAME, ORDER_CREATED, RECIPIENT_ORDERS };

struct recipient_query {
    int64_t organisation_id;    /* 0: all that the actor may see */
    const char *domain;         /* of the primary address; NULL: all. So with all texts here */
    const char *admin_group;    /* its name */
    const char *kinds, *states; /* words separated by commas */
    const char *text;           /* in name or any address, case and accents aside */
    enum recipient_order order;
    bool is_falling;
    const char
        *after_key; /* of the last one seen: address, folded name or microseconds; NULL: from the start */
    int64_t after_id;
    size_t limit;
};

struct recipient_entry {
    int64_t recipient_id, quota_bytes, created_us;
    enum recipient_kind kind;
    enum recipient_state state;
    const char *address, *name, *organisation, *admin_group;
    const char *storage_group, *store; /* NULL: it has no mailbox */
    const char *key;                   /* by which the next page begins */
};

/* Under `owner`. */
MUST_CHECK bool recipient_list(struct directory *directory, const struct actor *actor, const void *owner,
                               const struct recipient_query *query, struct recipient_entry **entries_out,
                               size_t *count_out, struct err *err);

#endif
