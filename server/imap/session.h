/*
 * session.h -- one IMAP connection: who it is, what is selected, what the client has been told.
 *
 * The client's picture of a folder is a view (mailbox/view.h): `told` is the version whose numbers and flags it
 * knows. Commands resolve sequence numbers in it, and updates.h moves it on.
 *
 * Memory   lives in session_state(); what commands build is in the arena of their request (command.h).
 * Threads  one callback of a session at a time (session/protocol.h), so nothing here is locked. The only thing another
 *          thread may do is session_wake(session->net).
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "auth/auth.h"
#include "imap/framing.h"
#include "imap/imap.h"
#include "mailbox/folder.h"
#include "mailbox/view.h"
#include "session/session.h"

#include <stdatomic.h>

enum imap_state { NOT_AUTHENTICATED = 1, AUTHENTICATED = 2, SELECTED = 4 };

enum imap_enabled {
    ENABLED_CONDSTORE = 1,
    ENABLED_QRESYNC = 2,
    ENABLED_UTF8 = 4, /* UTF8=ACCEPT */
    ENABLED_REV2 = 8,
    ENABLED_UIDONLY = 16,
};

/* A change of our own that the client already knows of: it need not be told again (see updates.c). */
struct imap_own_change {
    uint64_t modseq, clear_bits, set_bits;
};
enum { IMAP_OWN_CHANGES = 8 };

struct imap_selected {
    struct mailbox *mailbox; /* a reference */
    int64_t folder_id;
    const char *name; /* inside its mailbox, UTF-8 */
    unsigned rights;  /* of the reader (mailbox/rights.h) */
    bool is_read_only;
    const char *special_use; /* "\\Junk", ...; NULL: none */
    struct view *told;       /* a reference */
    struct uid_set recent;   /* \Recent in this session (IMAP4rev1) */
    struct uid_set saved;    /* "$" (RFC 5182) */
    uint32_t recent_told;    /* number of the last RECENT reply */
    size_t keywords_told;    /* names in the last FLAGS reply */
    struct imap_own_change own[IMAP_OWN_CHANGES];
    size_t own_count;
    struct wake_subscription *subscription; /* while IDLE or NOTIFY wants it */
    struct session *net;
    struct wake_subscription
        *rights_subscription,    /* of a folder of another one: they may be withdrawn any time */
        *directory_subscription; /* of the same: a group that it is shared with may hold the reader no more */
    atomic_bool has_old_rights;
};

struct imap_dialogue;
struct imap_notify;
struct imap_request;
struct imap_updates;

struct imap_session {
    struct session *net;
    const struct imap_context *context;
    enum imap_state state;
    unsigned enabled;
    unsigned bad_in_a_row;
    bool is_greeted;
    bool is_compressed; /* COMPRESS DEFLATE */
    struct imap_framing framing;
    bool is_streamed;               /* the unit given to run() ends with the head of a streamed literal */
    struct imap_dialogue *dialogue; /* a command that goes on over several units (dialogue.h); NULL: none */
    struct imap_request *running;   /* answered in pieces: the next call of run() resumes it */
    struct imap_updates *updates;   /* unsolicited replies under way (updates.h) */

    void *login_memory;              /* talloc context of all that ends with the login */
    const struct identity *identity; /* auth/auth.h; NULL before login */
    const char *login;               /* its primary address; "" before */
    int64_t valid_until_us;          /* monotonic; after that the account is asked for again */
    struct mailbox_reader reader;
    struct mailbox *own; /* the reader's mailbox; a reference */

    struct imap_selected *selected;
    struct imap_notify *notify; /* RFC 5465; NULL: the usual updates */
    bool is_wake_owed;          /* there was a wake-up that could not be answered then */
};

/* An empty one for this mailbox, of which it takes a reference; the caller fills and installs it. */
struct imap_selected *imap_selected_new(struct imap_session *session, struct mailbox *mailbox);
/* Rights in the organisation may have changed since they were looked at: looks again. False: the folder may not be read
 * any more, which is the same as that it is gone. */
MUST_CHECK bool imap_selected_is_still_readable(struct imap_session *session);
/* Ends the selected state: view, subscription, saved result; not the messages with \Deleted. */
void imap_deselect(struct imap_session *session);
/* The way by which this connection came, for auth. */
struct auth_request imap_auth_request(struct imap_session *session);
/* The reader has a folder of this mailbox open, or reads of it: where it is somebody else's, its owner may see that. */
void imap_session_note_visit(struct imap_session *session, const struct mailbox *mailbox);
/* After a successful login: opens the mailbox. `login_memory` holds the identity and is taken over on success. */
MUST_CHECK bool imap_session_authenticated(struct imap_session *session, void *login_memory,
                                           const struct identity *identity, struct err *err);
/* True when imap_session_still_valid() will ask the database. */
bool imap_session_is_due(const struct imap_session *session);
/* Once a minute: does the account still stand? False: it was changed or disabled, the session is to end. */
MUST_CHECK bool imap_session_still_valid(struct imap_session *session);
/* UNAUTHENTICATE and the end: nothing of the login is left. */
void imap_session_forget(struct imap_session *session);

static inline bool imap_has(const struct imap_session *session, unsigned enabled)
{
    return (session->enabled & enabled) != 0;
}

/* Names and strings of the client are UTF-8 (else modified UTF-7). */
static inline bool imap_speaks_utf8(const struct imap_session *session)
{
    return imap_has(session, ENABLED_REV2 | ENABLED_UTF8);
}

#endif
