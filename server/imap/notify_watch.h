/*
 * notify_watch.h -- the mailboxes a NOTIFY listens to, and what the client was told of their folders.
 *
 * The reader's own mailbox is always the first watch; each mailbox of another one in which he may look up a folder
 * that the filter means is a further one. A watch hears its mailbox from the wake bus and is then looked at with one
 * query over its folders' rows, whatever they hold; nothing is believed because of a wake-up. That somebody began or
 * ceased to share is heard too (RIGHTS_WAKE_GROUP): then the watches are found anew.
 *
 * Limits   NOTIFY_MAILBOXES_MAX mailboxes of others, NOTIFY_FOLDERS_MAX folders in all.
 * Threads  as the session; only the two flags are set by others.
 */
#ifndef IMAP_NOTIFY_WATCH_H
#define IMAP_NOTIFY_WATCH_H

#include "imap/notify_filter.h"

#include <stdatomic.h>

enum { NOTIFY_MAILBOXES_MAX = 50, NOTIFY_FOLDERS_MAX = 20000, NOTIFY_WITHDRAWN_MAX = 1000 };

/* A folder as the client was told of it. */
struct notify_known {
    int64_t folder_id; /* 0: a subscribed name without a folder */
    const char *shown;
    uint64_t modseq;
    uint32_t uidnext;
    int64_t messages;
    bool is_subscribed, has_children, is_readable;
};

struct notify_watch {
    struct imap_notify *notify;
    struct mailbox *mailbox; /* a reference */
    const char *top;         /* "Other Users/ADDRESS", "Public Folders/NAME"; NULL: the reader's own */
    struct wake_subscription *subscription;
    atomic_bool is_dirty;
    bool is_found; /* by the search under way */
    struct notify_known *known;
    size_t known_count;
    uint64_t annotations_told; /* modseq */
};

/* What this session did itself and need not be told (RFC 5465, 5). */
struct notify_act {
    const char *shown;
    unsigned events;
};

struct imap_notify {
    struct imap_session *session;
    struct notify_filter *filter;
    struct notify_watch **watches;
    size_t watch_count;
    const char **subscribed; /* the reader's subscriptions below "Other Users" and "Public Folders", sorted */
    size_t subscribed_count;
    struct wake_subscription *rights;
    atomic_bool must_search;
    struct notify_act *acts;
    size_t act_count;
    const char *
        *withdrawn; /* names told with \NoAccess because they vanished; the first NOTIFY_WITHDRAWN_MAX */
    size_t withdrawn_count;
};

/* A folder as it is now. */
struct notify_folder {
    const struct folder *folder;
    const char *shown;
    bool is_subscribed, is_readable;
    unsigned events; /* that the filter wants of it */
};

/* All of a mailbox, also those that the filter does not mean (events 0). */
struct notify_look {
    struct notify_folder *folders;
    size_t count;
    const char **subscribed; /* of the reader's own mailbox, as in imap_notify */
    size_t subscribed_count;
};

/* Under `owner`, with the reader's own mailbox watched and nothing known yet. */
struct imap_notify *notify_new(const void *owner, struct imap_session *session, struct notify_filter *filter);
/* One query. Under the request's arena. */
MUST_CHECK bool notify_watch_look(struct imap_request *req, struct notify_watch *watch,
                                  struct notify_look *look_out, struct err *err);
/* The client knows this now; what the filter does not mean is left out. False: NOTIFY_FOLDERS_MAX is passed. */
MUST_CHECK bool notify_watch_remember(struct notify_watch *watch, const struct notify_look *look);
/* Takes over the subscriptions of the reader's own mailbox; true where they have changed. */
bool notify_take_subscribed(struct imap_notify *notify, const struct notify_look *look);

enum notify_search { NOTIFY_SEARCHED, NOTIFY_SEARCH_FAILED, NOTIFY_SEARCH_TOO_MANY };
/* Marks the watches that are still due with is_found and adds those that are new, dirty. Where a storage group or the
 * directory did not answer, what is known of it stays, and must_search is set again. */
enum notify_search notify_search(struct imap_request *req, struct imap_notify *notify, struct err *err);
/* Ends watches[at]; the last one takes its place. */
void notify_drop_watch(struct imap_notify *notify, size_t at);
/* Remembers that the client was told of it as withdrawn. */
void notify_note_withdrawn(struct imap_notify *notify, const char *shown);
/* Was it? Forgets it: the client is told that it is there again (RFC 5465, 5.9). */
bool notify_take_withdrawn(struct imap_notify *notify, const char *shown);

#endif
