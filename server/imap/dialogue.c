/*
 * dialogue.c -- see dialogue.h.
 */
#include "imap/dialogue.h"

#include <talloc.h>

struct imap_dialogue *imap_dialogue_open(struct imap_request *req, enum imap_framing_mode mode,
                                         imap_run *line)
{
    struct imap_session *session = req->session;
    struct imap_dialogue *dialogue = talloc_zero(session_memory(session->net), struct imap_dialogue);

    dialogue->command = req->command;
    dialogue->tag = span_copy(dialogue, req->tag);
    dialogue->by_uid = req->by_uid;
    dialogue->mode = mode;
    dialogue->line = line;
    session->dialogue = dialogue;
    return dialogue;
}

void imap_dialogue_end(struct imap_session *session)
{
    TALLOC_FREE(session->dialogue);
}
