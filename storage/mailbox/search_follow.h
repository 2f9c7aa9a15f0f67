/*
 * search_follow.h -- a look at a search folder, and what a process remembers of it until the next one, so that only what changed
 * meanwhile is asked about. For this room only.
 *
 * struct search_reading is one look: first the head, then either search_follow(), which asks the filter about the messages that
 * came, changed or went since, or a search among all. Both end with rows `gone` and `fresh`, written by search_write_rows() behind the
 * mailbox's lock.
 *
 * What is remembered lies in the folder's entry of the cache and is one look's own while that lasts: 16 bytes a message shown.
 *
 * Ownership  all of a reading is under its arena.
 * Threads    one look at a time (latest.c).
 */
#ifndef MAILBOX_SEARCH_FOLLOW_H
#define MAILBOX_SEARCH_FOLLOW_H

#include "mailbox/journal.h"
#include "mailbox/search_folder_work.h"

/* More changes than these are looked for among all messages: the indexes are quicker then. */
enum { SEARCH_FOLLOW_MAX = 1000 };

struct search_head {
    const char *filter;
    uint32_t uidvalidity, uidnext;
    uint64_t modseq, mailbox_modseq;
    int64_t arrival;
    struct keywords *keywords;
};

/* A folder of the mailbox as a look found it. */
struct search_source {
    int64_t folder_id;
    uint64_t modseq;
    int64_t attached_uid, attached_count; /* how far attachments have been read (mailbox/attachments.h) */
};

struct search_reading {
    struct mailbox *mailbox;
    int64_t folder_id;
    void *arena;
    struct search_head head;
    uint64_t searched_modseq;      /* the mailbox's before the search began */
    struct search_source *sources; /* by number; as before the search */
    size_t source_count;
    struct search_place *places; /* that match, ascending */
    size_t place_count;
    struct shown_message *shown; /* by UID; of a search among all */
    size_t shown_count;
    /* the difference */
    int64_t *gone; /* UIDs */
    size_t gone_count;
    size_t *fresh; /* indexes of places */
    size_t fresh_count;
    uint32_t fresh_uid; /* of the first one, once they are written */
};

/* By folder, then UID. */
int search_places_compare(const struct search_place *p, const struct search_place *q);

/* The folder's row and what of the mailbox belongs to a view; what it held is released. */
MUST_CHECK bool search_head_read(struct db *db, struct search_reading *reading, struct err *err);
/* All folders of the mailbox. */
MUST_CHECK bool search_sources_read(struct search_reading *reading, struct err *err);
/* Places that match, in order; `among` NULL: of all messages. */
MUST_CHECK bool search_find(struct search_reading *reading, const struct search_place *among, size_t count,
                            struct err *err);
/* Behind the lock, with the head as it is there; afterwards the head is as these rows make it. */
MUST_CHECK bool search_write_rows(struct db *db, struct search_reading *reading,
                                  const struct journal_lock *lock, struct err *err);

/* Makes the next view from `base`, which was right when the mailbox's modseq was `since`. *is_done_out false: too much is
 * different, or not enough is remembered, and all must be searched. */
MUST_CHECK bool search_follow(struct search_reading *reading, const struct view *base, uint64_t since,
                              struct view_read *read, bool *is_done_out, struct err *err);

#endif
