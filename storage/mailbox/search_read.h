/* search_read.h -- inside this room: messages of a folder as documents, for the indexer and for what is not indexed. */
#ifndef MAILBOX_SEARCH_READ_H
#define MAILBOX_SEARCH_READ_H

#include "mailbox/search_text.h"

struct search_member {
    uint32_t uid;
    int64_t item_id, message_id;
};

/* Memberships with a UID above `after_uid`, at most `limit`, ascending. */
MUST_CHECK bool search_members(struct group *group, const void *owner, int64_t folder_id, int64_t after_uid,
                               size_t limit, struct search_member **members_out, size_t *count_out,
                               struct err *err);

/* Reads the messages and hands each as a document, in order; a damaged or vanished one comes empty (is_unreadable). The document lives until
 * `each` returns; false from it ends the reading without an error. */
typedef bool search_each(const struct search_member *member, const struct search_document *document,
                         void *arg);
MUST_CHECK bool search_read(struct group *group, const struct search_member *members, size_t count,
                            search_each *each, void *arg, struct err *err);

#endif
