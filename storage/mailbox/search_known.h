/* search_known.h -- inside this room: what the indexes of words told, being gathered. */
#ifndef MAILBOX_SEARCH_KNOWN_H
#define MAILBOX_SEARCH_KNOWN_H

#include "mailbox/search.h"

struct db_row;

struct search_items {
    int64_t *ids; /* ascending */
    size_t count;
};
struct known_key {
    bool is_asked, is_sure;
    struct search_items items;
    struct search_items attached; /* an attachment has it */
};
struct search_known {
    struct known_key *keys;
    struct search_items crowded; /* their words are not all there */
    int64_t *folders, *uids;
    size_t folder_count;
};

/* For qsort() and bsearch() over item ids. */
int search_items_order(const void *a, const void *b);
/* An array of ids, put in order; under `owner`. */
struct search_items search_items_read(const void *owner, const struct db_row *row, int column);
/* Is it among them? */
bool search_items_have(const struct search_items *items, int64_t id);

#endif
