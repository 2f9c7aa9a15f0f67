/*
 * put.h -- new emails into folders, and what moves and keywords teach; private to this room.
 */
#ifndef JMAP_PUT_H
#define JMAP_PUT_H

#include "jmap/email.h"

/* What `mailboxIds` names, as numbers of folders under the call's arena: at least one, all with RIGHT_INSERT. A SetError (a new
 * reference), or NULL. */
json_t *jmap_read_mailboxes(struct jmap_call *call, const json_t *ids, size_t **numbers_out,
                            size_t *count_out);
/* Names and bits of `keywords` ({"$seen": true}); what only others have goes in *names_out, NULL-ended. NULL is none. */
struct jmap_keywords {
    uint64_t system;
    const char **names;
    size_t count;
};
/* invalidProperties for a name that is none, or a value other than true. The arena's. */
json_t *jmap_read_keywords(struct jmap_call *call, const json_t *keywords,
                           struct jmap_keywords *keywords_out);

/* A message for those folders; the first gets it, the others a membership of the same item. */
struct jmap_new_email {
    struct span bytes; /* CRLF line ends */
    const size_t *folders;
    size_t folder_count;
    const struct jmap_keywords *keywords;
    int64_t received_us;
};
/* *created_out: id, blobId, threadId, size. A SetError, or NULL. */
json_t *jmap_put_email(struct jmap_call *call, const struct jmap_new_email *email, json_t **created_out);

/* Tells the scanners; `is_spam`: of messages that came into Junk, or were called so. */
void jmap_teach(struct jmap_call *call, const struct email *emails, size_t count, bool is_spam);

#endif
