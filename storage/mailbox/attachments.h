/*
 * attachments.h -- what attached documents say, read once a message by somebody who can, and kept for the search.
 *
 * A walk through each folder, behind that of the text index (search_state.attached_uid). A message that somebody else of the storage
 * group got as well is read once; its words are noted for each item. A document that cannot be read leaves a reason and is not looked at
 * again; one that takes its reader away with it is tried three times.
 *
 * JMAP's `text` and `body` find it (mailbox_search_attached()), and SearchSnippet shows it. IMAP's SEARCH does not: there a text is what
 * the message itself holds.
 *
 * Errors   ERR_BUSY: the database, or the reader, is not there.
 * Threads  any; several machines may walk at once, and then read some messages twice.
 */
#ifndef MAILBOX_ATTACHMENTS_H
#define MAILBOX_ATTACHMENTS_H

#include "base/buf.h"
#include "group/group.h"

enum {
    ATTACHMENTS_TEXT_MAX = 1024 * 1024, /* bytes kept of all attachments of a message */
    ATTACHMENTS_TRIES = 3,
    ATTACHMENTS_PARTS_MAX = 50, /* documents of one message */
};

/* Who reads documents. */
struct attachment_reader {
    void *context;
    size_t document_bytes; /* larger ones are not read */
    /* Its word for this type and name; 0: nothing that it reads. */
    int (*kind_of)(struct span type, struct span subtype, const char *file_name);
    /* Is it there? */
    bool (*is_there)(void *context);
    /* Adds UTF-8 text; *reason_out: why not all could be read, a word; NULL where it could. False: it is gone, and nothing is
     * known of the document. */
    bool (*read)(void *context, int kind, struct span bytes, struct buf *text, const char **reason_out,
                 struct err *err);
    bool (*goes_on)(void *context); /* false: the step ends early */
};

/* Looks at some messages of each of some folders; *done_out: how many were looked at. */
MUST_CHECK bool attachments_step(struct group *group, const struct attachment_reader *reader,
                                 size_t *done_out, struct err *err);

/* The text of a message's attachments, under `owner`; empty where there is none, or it was not read yet. */
MUST_CHECK bool attachments_text(struct group *group, const void *owner, int64_t message_id,
                                 struct span *text_out, struct err *err);
/* A number that changes when attachments of the mailbox became known. */
MUST_CHECK bool attachments_progress(struct group *group, int64_t mailbox_id, int64_t *progress_out,
                                     struct err *err);

/* Inside this room: attachment_text.data; false where it is damaged. */
MUST_CHECK bool attachments_unpack(const void *owner, struct span data, int32_t raw_bytes,
                                   struct span *text_out);

#endif
