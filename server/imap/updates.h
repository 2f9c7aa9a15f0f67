/*
 * updates.h -- news of the selected folder that the client did not ask for.
 *
 * Brings `told` to the newest view and says what lies between: EXPUNGE or VANISHED, EXISTS, RECENT, FETCH of changed
 * flags, FLAGS for new keywords. While EXPUNGE may not be said (FETCH, STORE, SEARCH by number) the vanished messages are
 * kept in the picture; the same with what a NOTIFY leaves out. Order as RFC 7162, 3.2.10 wants it: what vanished first, then EXISTS, then FETCH.
 *
 * A hundred thousand changes are said in pieces: imap_updates_step() until it is done.
 */
#ifndef IMAP_UPDATES_H
#define IMAP_UPDATES_H

#include "imap/session.h"

/* EXPUNGES_ARE_ASKED: they are the command's own answer, whatever NOTIFY says (EXPUNGE, MOVE, REPLACE). */
enum imap_expunges { EXPUNGES_MAY_BE_TOLD, EXPUNGES_ARE_HELD, EXPUNGES_ARE_ASKED };

/* Looks for news. False where the folder is gone: BYE was written, the connection is to be closed. A database that cannot
 * be asked is no failure: the news come later. Nothing when no folder is selected. */
MUST_CHECK bool imap_updates_begin(struct imap_session *session, enum imap_expunges expunges,
                                   enum view_freshness freshness);
/* Takes over `latest` (a reference) as the newest view without asking; for commands that just got it. */
void imap_updates_begin_with(struct imap_session *session, enum imap_expunges expunges, struct view *latest);
/* Writes until the output is full. True when all has been said. */
MUST_CHECK bool imap_updates_step(struct imap_session *session);
/* The client knows of this change by the command's own reply. */
void imap_updates_own(struct imap_session *session, uint64_t modseq, uint64_t clear_bits, uint64_t set_bits);
/* "* FLAGS (...)" and PERMANENTFLAGS of the selected folder. */
void imap_updates_write_flags(struct imap_session *session, const struct view *view);
/* "* n RECENT" for IMAP4rev1. */
enum imap_recent_when { RECENT_WHEN_CHANGED, RECENT_ALWAYS };
void imap_updates_write_recent(struct imap_session *session, enum imap_recent_when when);
/* IMAP4rev1 \Recent: takes what is new in `view` for this session. Returns whether RECENT may have changed. */
bool imap_claim_recent(struct imap_session *session, const struct view *view);

#endif
