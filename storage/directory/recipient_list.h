/*
 * recipient_list.h -- pages of recipients of every kind: sorted, filtered, searched, among hundreds of thousands.
 *
 * A page begins behind the last key of the page before, by an index of its order (address, name, created), so the thousandth costs
 * what the first does; other orders sort what fits. What few have is found by indexes of three letters, what many have on the way.
 */
#ifndef DIRECTORY_RECIPIENT_LIST_H
#define DIRECTORY_RECIPIENT_LIST_H

#include "directory/user.h"

enum recipient_order {
    ORDER_ADDRESS,
    ORDER_NAME,
    ORDER_CREATED,
    ORDER_KIND,
    ORDER_STATE,
    ORDER_QUOTA,
    ORDER_STORE,
    ORDER_ADMIN_GROUP,
    RECIPIENT_ORDERS
};

struct recipient_query {
    int64_t organisation_id; /* 0: all that the actor may see */
    const char *domain;      /* of the primary address; NULL: all. So with all texts here */
    const char *admin_group; /* its name; so of the two below */
    const char *store, *storage_group;
    const int64_t *quota_least, *quota_most; /* bytes, both inclusive; 0 stands for no limit of its own */
    const int64_t *created_from_us, *created_before_us;
    const char *kinds, *states; /* words separated by commas */
    const char *text;           /* in name or any address, case and accents aside */
    enum recipient_order order;
    bool is_falling;
    const char *after_key; /* recipient_entry.key of the last one seen; NULL: from the start */
    int64_t after_id;
    size_t limit;
};

struct recipient_entry {
    int64_t recipient_id, quota_bytes, created_us;
    enum recipient_kind kind;
    enum recipient_state state;
    const char *address, *name, *organisation, *admin_group;
    const char *storage_group, *store; /* NULL: it has no mailbox */
    struct mailbox_location mailbox;   /* without the store's id */
    const char *key;                   /* by which the next page begins */
};

/* Under `owner`. */
MUST_CHECK bool recipient_list(struct directory *directory, const struct actor *actor, const void *owner,
                               const struct recipient_query *query, struct recipient_entry **entries_out,
                               size_t *count_out, struct err *err);

#endif
