/*
 * admin.h -- what administrators see and do in the queue: lists by page, and acts on one entry or on all that a filter means.
 *
 * An entry is one recipient of a message. Acts leave alone what a motor has in work at that moment (it is seconds until it is
 * done or waits again) and handle at most QUEUE_ACT_MOST entries; whoever gets `has_more` calls again. Each call that
 * changed something leaves one audit row in the same transaction.
 *
 * An administrator of one organisation meets its own messages only.
 *
 * Errors   ERR_NOT_FOUND: an entry or message was named and is not there (any more). ERR_INVALID: a filter that says nothing.
 * Threads  any.
 */
#ifndef QUEUE_ADMIN_H
#define QUEUE_ADMIN_H

#include "directory/directory.h"
#include "queue/queue.h"

enum { QUEUE_LIST_MOST = 1000, QUEUE_ACT_MOST = 10000 };

struct queue_filter {
    int64_t entry;       /* 0: any */
    const char *message; /* its name; NULL: any, as below */
    const char *sender;  /* "": <> */
    const char *recipient;
    const char *domain; /* lane */
    int state;          /* enum queue_row_state; -1: any */
    int64_t before_us;  /* received before; 0: any */
    int64_t login_id;   /* who submitted it; 0: anybody */
};

struct queue_entry {
    int64_t entry;
    struct queue_message message;
    struct queue_recipient recipient;
    enum queue_row_state state;
    unsigned attempts;
    int64_t last_us;
    unsigned last_code;
    const char *last_enhanced, *last_text, *last_host;
    bool was_warned;
};

/* Up to `limit` entries behind `after` (0: from the beginning), by their numbers, which is the order in which they came. */
MUST_CHECK bool queue_list(struct directory *directory, const struct actor *actor, const void *owner,
                           int64_t organisation_id, const struct queue_filter *filter, int64_t after,
                           size_t limit, struct queue_entry **entries_out, size_t *count_out,
                           struct err *err);

/* The longest lanes and how much waits, for an overview. Cheap: the whole is the database's own estimate, the lanes the
 * first `most` in their order with numbers up to 10,000 each. */
struct queue_lane_summary {
    const char *lane;
    int64_t waiting; /* at most 10,000: then there may be more */
    int64_t oldest_us, next_try_us;
};
/* Up to `most` lanes by name, under `owner`, each with at most 10,000 of its waiting rows counted. *estimate_out: about how many rows there are
 * in all, as PostgreSQL's statistics tell. Two statements. */
MUST_CHECK bool queue_summary(struct directory *directory, const void *owner, size_t most,
                              struct queue_lane_summary **lanes_out, size_t *count_out, int64_t *estimate_out,
                              struct err *err);

enum queue_act {
    QUEUE_HOLD,      /* waits until it is released */
    QUEUE_RELEASE,   /* goes on at once; its time begins anew */
    QUEUE_RETRY,     /* is tried at once, whatever is known of the destination */
    QUEUE_REROUTE,   /* goes to the server `argument` ("host", "host:port"); "" again by the usual way */
    QUEUE_READDRESS, /* goes to the recipient in `target` */
    QUEUE_RETURN,    /* back to its sender, with a notice */
    QUEUE_DELETE,    /* goes without a word */
    QUEUE_ACTS
};
/* "hold", "retry", ...: as the command line and the audit call it. Static. */
const char *queue_act_name(enum queue_act act);

struct queue_act_result {
    int64_t done, in_work;
    bool has_more;
};
/* `target`: of QUEUE_READDRESS: address, lane, group_id, mailbox_id, flags. */
MUST_CHECK bool queue_act(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                          enum queue_act act, const struct queue_filter *filter, const char *argument,
                          const struct queue_recipient *target, struct queue_act_result *result_out,
                          struct err *err);

/* The first bytes of an entry's message (`most`), for people who look at it. */
MUST_CHECK bool queue_entry_bytes(struct directory *directory, const struct actor *actor, const void *owner,
                                  const struct queue_entry *entry, size_t most, struct span *bytes_out,
                                  struct err *err);

/* What waits for a domain is due now (ETRN): at most QUEUE_ACT_MOST entries. */
MUST_CHECK bool queue_retry_domain(struct db_pool *pool, const char *domain, size_t *count_out,
                                   struct err *err);

#endif
