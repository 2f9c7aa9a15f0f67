/*
 * imap.h -- IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051) as a protocol of the session room.
 *
 * The role that runs it makes one struct imap_context, starts a session server (session/server.h) and gives it
 * imap_protocol with that context for every listener.
 */
#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include "session/protocol.h"

struct auth;
struct deliver;
struct directory;
struct fetched;
struct groups;
struct lesson_box;
struct mailbox_cache;
struct wake_bus;

struct imap_context {
    struct mailbox_cache *cache;
    struct groups *groups;
    struct wake_bus *bus; /* IDLE and NOTIFY hear of changes here */
    struct deliver *deliver;
    struct auth *auth;
    struct directory *directory;
    struct fetched *fetched;     /* told of in the trace (mailbox/fetched.h); NULL: nothing */
    struct lesson_box *lessons;  /* what users teach by moving mail; NULL: nothing */
    const char *spool_directory; /* what CATENATE puts together; NULL: /tmp */
    int64_t append_limit_bytes;  /* largest message that APPEND takes (RFC 7889) */
    int64_t search_time_us;      /* that SEARCH, SORT or THREAD may take; 0: no limit */
    const char *version;         /* for ID */
};

extern const struct protocol imap_protocol;

#endif
