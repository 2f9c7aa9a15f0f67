/*
 * fetch.h -- answering a FETCH message by message, in as many turns as the client needs to read it.
 *
 * The messages are taken in slices; of each slice what is needed is read in one round trip (packs of ENVELOPE and
 * BODYSTRUCTURE, headers, indexes of parts), bodies 32 ahead. A large body is sent in pieces of 256 KiB. Between two
 * turns a fetch holds its view and at most one slice.
 *
 * Ownership  a fetch is a talloc child of its owner and holds a reference to its view.
 * Errors     see enum fetch_step.
 * Threads    a fetch belongs to one thread at a time.
 */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include "imap/fetch_request.h"
#include "imap/reply.h"
#include "imap/session.h"

struct imap_fetch;

/* `uids`: the messages, by UID, as far as `view` has them; must live as long as the fetch. */
struct imap_fetch *imap_fetch_open(const void *owner, struct imap_session *session, struct view *view,
                                   const struct uid_set *uids, const struct imap_fetch_request *want);

enum fetch_step {
    FETCH_DONE,
    FETCH_MORE,   /* the output is full */
    FETCH_FAILED, /* between two messages: *err says why; NO */
    FETCH_BROKEN, /* inside a literal: nothing but closing the connection is possible */
};
/* Writes until the output is full or all is said; to be called again on FETCH_MORE. */
enum fetch_step imap_fetch_step(struct imap_fetch *fetch, struct err *err);

/* After FETCH_DONE: what the tagged reply has to admit. */
bool imap_fetch_met_unknown_encoding(const struct imap_fetch *fetch); /* NO [UNKNOWN-CTE] */
bool imap_fetch_missed_messages(const struct imap_fetch *fetch);      /* NO [EXPUNGEISSUED] */

/* One line for a message: "* 3 FETCH (UID 5 FLAGS (...) MODSEQ (9))", as this session wants such lines. */
void imap_fetch_add_flags_line(struct imap_session *session, struct buf *out,
                               const struct view_message *message);
/* Is it \Recent for this session? Never after ENABLE IMAP4rev2. */
enum imap_recent imap_recent_of(const struct imap_session *session, uint32_t uid);
/* "* 3 FETCH (", or "* 5 UIDFETCH (" after ENABLE UIDONLY. */
void imap_fetch_add_head(const struct imap_session *session, struct buf *out,
                         const struct view_message *message);

#endif
