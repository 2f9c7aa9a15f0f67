/*
 * dialogue.h -- a command that goes on with the client's next lines: AUTHENTICATE, IDLE, APPEND.
 *
 * While one is open, lines are its own and not commands. It is opened by the command's first part, which then returns
 * SESSION_DONE without an answer, and ends with imap_dialogue_end() in the part that answers.
 *
 * Memory  the dialogue and its state are talloc children of the session, freed with the dialogue; what `line` and `body`
 *         build for a moment is in their request's arena.
 */
#ifndef IMAP_DIALOGUE_H
#define IMAP_DIALOGUE_H

#include "imap/command.h"

struct spool;

struct imap_dialogue {
    const struct imap_command *command;
    char *tag;
    bool by_uid;
    enum imap_framing_mode mode; /* FRAMING_LINES or FRAMING_CONTINUATION */
    /* A line of the client; req->in is all of it without its CRLF (with mode FRAMING_CONTINUATION it may end with
     * the head of a literal: session->is_streamed). */
    imap_run *line;
    /* The streamed literal is complete. NULL where unused. */
    enum session_next (*body)(struct imap_request *req, struct spool *body);
    /* session_wake() was called. NULL where unused. */
    imap_run *wake;
    void *state; /* a talloc child of the dialogue */
};

/* Opens one for this request; its state is allocated under it by the caller. */
struct imap_dialogue *imap_dialogue_open(struct imap_request *req, enum imap_framing_mode mode,
                                         imap_run *line);
/* Closes it; answering comes after. What `state` held is gone. */
void imap_dialogue_end(struct imap_session *session);

#endif
