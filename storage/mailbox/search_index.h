/* search_index.h -- inside this room: one batch of a folder into search_text. */
#ifndef MAILBOX_SEARCH_INDEX_H
#define MAILBOX_SEARCH_INDEX_H

#include "mailbox/search.h"

/* Indexes what follows `indexed_uid`, at most `limit` messages or some megabytes of text. *done_out 0: nothing there, or
 * another indexer was faster. */
MUST_CHECK bool search_index_folder(struct group *group, int64_t folder_id, int64_t indexed_uid, size_t limit,
                                    size_t *done_out, struct err *err);

#endif
