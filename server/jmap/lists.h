/*
 * lists.h -- what the process remembers of queries: their results as long as nothing changed, conversations of items (which never
 * change), and how many conversations each folder has; private to this room.
 *
 * So the next page of a list costs the page. All is bounded; the longest unused goes first.
 *
 * Threads  any. A list is immutable and counted.
 */
#ifndef JMAP_LISTS_H
#define JMAP_LISTS_H

#include "jmap/request.h"

enum { JMAP_LISTS_BYTES_MAX = 96 << 20, JMAP_THREADS_KEPT_MAX = 4 << 20 };

/* By what a list by date is in order. */
struct jmap_list_place {
    int64_t received_us;
    uint32_t uid, folder; /* folder: number in the account */
};
struct jmap_list {
    atomic_uint references;
    uint64_t modseq;  /* as of which it is */
    uint64_t folders; /* email_list_folders() at that time */
    size_t count;
    int64_t *values;
    struct jmap_list_place *places; /* of each; NULL: not by date */
};

struct jmap_lists;
/* Empty. */
struct jmap_lists *jmap_lists_new(const void *owner);
/* All lists were given back. Accepts and sets NULL. */
void jmap_lists_free(struct jmap_lists **lists);

/* The list of that key as of exactly this modseq, a reference; NULL without one. */
struct jmap_list *jmap_lists_find(struct jmap_lists *lists, const char *key, uint64_t modseq);
/* The last one of that key, whatever its modseq; a reference; NULL without one. */
struct jmap_list *jmap_lists_last(struct jmap_lists *lists, const char *key);
/* Copies it, with its arrays; a reference. It is found by its key from now on. */
struct jmap_list *jmap_lists_keep(struct jmap_lists *lists, const char *key, const struct jmap_list *list);
/* Gives it back. Accepts and sets NULL. */
void jmap_list_release(struct jmap_list **list);

/* threads_out[0 .. count): the conversation of each item; one query for those not known yet. */
MUST_CHECK bool jmap_threads_of(struct jmap_lists *lists, struct mailbox *mailbox, const int64_t *items,
                                size_t count, int64_t *threads_out, struct err *err);

#endif
