/*
 * search_state.h -- what is remembered of a search folder between two looks: which messages it showed under which UIDs, as of which
 * view. For this room only.
 *
 * It is talloc's own, until cache_keep_search() takes it.
 *
 * Threads  one at a time.
 */
#ifndef MAILBOX_SEARCH_STATE_H
#define MAILBOX_SEARCH_STATE_H

#include "mailbox/search_follow.h"

struct shown_place {
    int64_t folder_id;
    uint32_t uid, shown; /* shown: its UID in the search folder; 0: no longer */
};

struct search_state {
    char *filter;
    uint64_t folder_modseq; /* of the rows: another one, and another process has written some */
    struct view *view;
    struct search_source *sources;
    size_t source_count;
    struct shown_place *places; /* by folder, then UID */
    size_t count;
};

/* Number of the first message that is not before this one. */
size_t search_state_lower_bound(const struct search_state *state, int64_t folder_id, uint32_t uid);
/* NULL: it was not shown. */
struct shown_place *search_state_find(const struct search_state *state, int64_t folder_id, uint32_t uid);
/* By number; NULL without one. */
const struct search_source *search_source_find(const struct search_source *sources, size_t count,
                                               int64_t folder_id);

/* After a look that searched among all messages. */
struct search_state *search_state_new(const struct search_reading *reading, const struct view *view);
/* After one that followed: without those that are no longer shown, with those that are new. */
void search_state_follow(struct search_state *state, const struct search_reading *reading,
                         const struct view *view);

#endif
