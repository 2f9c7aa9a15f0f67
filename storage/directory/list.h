/*
 * list.h -- what makes a group a mailing list: who owns and moderates it, how one joins and leaves, and members by a query.
 *
 * Two readers: administrators (with an actor), and the routing of mail, which reads across organisations.
 */
#ifndef DIRECTORY_LIST_H
#define DIRECTORY_LIST_H

#include "directory/resolve.h"

enum {
    LIST_ARCHIVE_MAX = 900, /* bytes: a header line */
    LIST_PEOPLE_MAX = 20,
    LIST_HOLD_DAYS = 7,
    LIST_HOLD_DAYS_MAX = 90
};

enum list_joining { LIST_CLOSED, LIST_OPEN, LIST_BY_APPROVAL, LIST_JOININGS };
/* "closed", "open", "approval". Static. */
const char *list_joining_name(enum list_joining joining);
/* False for a word that is none. */
MUST_CHECK bool list_joining_of(const char *name, enum list_joining *joining_out);

/* An owner or moderator. */
struct list_person {
    int64_t recipient_id; /* 0: elsewhere */
    const char *address;
};

struct list_settings {
    int64_t recipient_id, organisation_id;
    const char *address, *name;
    bool is_list;      /* copies carry its fields and return to its owners */
    bool is_moderated; /* mail of others than owners, moderators and allowed senders is held */
    enum list_joining joining;
    int32_t hold_days;   /* for which moderators may decide */
    const char *query;   /* NULL: none */
    const char *archive; /* where its past mail can be read; NULL: nowhere */
    struct list_person *owners, *moderators;
    size_t owner_count, moderator_count;
};

enum list_field {
    LIST_IS_LIST = 1,
    LIST_IS_MODERATED = 2,
    LIST_JOINING = 4,
    LIST_HOLD = 8,
    LIST_QUERY = 16,
    LIST_OWNERS = 32,
    LIST_MODERATORS = 64,
    LIST_ARCHIVE = 128,
};

/* Of a group, also one whose settings nobody has touched. ERR_NOT_FOUND: no group. */
MUST_CHECK bool list_get(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t recipient_id, struct list_settings *settings_out, struct err *err);
/* Changes those of `fields`; of people the addresses count. ERR_INVALID: a query or an archive that is none; ERR_NOT_FOUND: a person in one of
 * our domains that does not exist. */
MUST_CHECK bool list_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         unsigned fields, const struct list_settings *wanted, struct err *err);
/* For routing. ERR_NOT_FOUND: no group (any more). */
MUST_CHECK bool list_load(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct list_settings *settings_out, struct err *err);
/* Is this recipient (0: nobody) an owner or moderator of the list, itself or by a group? */
MUST_CHECK bool list_has_person(struct directory *directory, int64_t list_id, int64_t recipient_id,
                                bool *has_out, struct err *err);
/* Is the sender a member of the group, directly, by way of others, or by a query? `sender`: address key. A sender of one of our
 * addresses counts only where it `is_sure`: it has logged in. */
MUST_CHECK bool group_has_member(struct directory *directory, int64_t group_id, const char *sender,
                                 bool is_sure, bool *has_out, struct err *err);

/* ---- members by query */

/* ERR_INVALID says what is wrong with a filter. */
MUST_CHECK bool list_query_check(const char *query, struct err *err);
/* Groups get no mail themselves, but stand in address books. */
enum list_groups { LIST_WITHOUT_GROUPS, LIST_WITH_GROUPS };
/* Those that a filter selects now, of the group's organisation, without reading the group: a preview. At most `most`; in the order of
 * their addresses. */
MUST_CHECK bool list_query_preview(struct directory *directory, const struct actor *actor, const void *owner,
                                   int64_t organisation_id, const char *query, enum list_groups groups,
                                   size_t most, const char ***addresses_out, size_t *count_out,
                                   struct err *err);
/* Those whom a filter of an address list selects, for readers: by id; groups, too. `recipient_id`: 0, or the one who is asked about. The first
 * `most` of this order. */
enum { LIST_SELECT_MAX = 500000 };
enum list_order { LIST_BY_ADDRESS, LIST_BY_NAME };
MUST_CHECK bool list_query_select(struct directory *directory, const void *owner, int64_t organisation_id,
                                  const char *query, int64_t recipient_id, enum list_order order, size_t most,
                                  int64_t **ids_out, size_t *count_out, struct err *err);
/* The members by query of a group, by id, for resolving; none where it has no query. Kept in memory as long as
 * directory_resolve() keeps its answers. At most GROUP_QUERY_MAX; one more tells that there are too many. */
enum { GROUP_QUERY_MAX = 10000 };
MUST_CHECK bool group_query_members(struct directory *directory, const void *owner, int64_t group_id,
                                    int64_t **ids_out, size_t *count_out, struct err *err);

/* ---- joining and leaving */

/* Ends the membership that a token names (link_member()); *address_out: whose it was, NULL where there is none any more. */
MUST_CHECK bool list_leave(struct directory *directory, const struct actor *actor, const void *owner,
                           int64_t list_id, uint64_t member, const char **address_out, struct err *err);

struct list_request {
    int64_t request_id, list_id;
    const char *address;
    bool is_confirmed, leaves;
};
/* Notes that an address wants to join or leave. ERR_LIMIT: it asked less than LIST_REQUEST_AGAIN_S ago (so that nobody is made to
 * get much mail in another's name), or LIST_REQUESTS_MAX wait for this list. */
enum { LIST_REQUESTS_MAX = 1000, LIST_REQUEST_DAYS = 7, LIST_REQUEST_AGAIN_S = 600 };
MUST_CHECK bool list_request_add(struct directory *directory, int64_t list_id, const char *address,
                                 bool leaves, bool is_confirmed, int64_t *request_id_out, struct err *err);
/* ERR_NOT_FOUND. */
MUST_CHECK bool list_request_find(struct directory *directory, const void *owner, int64_t request_id,
                                  struct list_request *request_out, struct err *err);
/* Its address has shown that it is who asks. */
MUST_CHECK bool list_request_confirm(struct directory *directory, int64_t request_id, struct err *err);
/* It was answered, or is taken back; one that is gone is no error. */
MUST_CHECK bool list_request_remove(struct directory *directory, int64_t request_id, struct err *err);
/* Those that nobody answered; at most 1,000 a call. */
MUST_CHECK bool list_request_tidy(struct directory *directory, int64_t now_us, struct err *err);

#endif
