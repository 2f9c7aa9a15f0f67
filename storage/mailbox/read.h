/*
 * read.h -- how a view comes out of the database: cold from the snapshot and what followed it, or from an older view.
 *
 * One statement, so that it shows one moment. It can travel in a pipeline behind the locks of a writer.
 * For this room only.
 */
#ifndef MAILBOX_READ_H
#define MAILBOX_READ_H

#include "mailbox/cache.h"

#include "db/pipeline.h"

struct view_read {
    struct view *view;       /* a reference; the base itself where nothing changed */
    uint64_t base_modseq;    /* what the reading began with: the base's or the snapshot's */
    uint64_t mailbox_modseq; /* at that moment */
    uint64_t applied;        /* rows and changes read besides the snapshot */
    bool is_cold;            /* there was no base */
    bool is_other;           /* not read: the base is of before the mailbox went away and came back */
    struct expunge_list expunges;
};
/* What it holds; the struct is the caller's. */
void view_read_release(struct view_read *read);

/* Outside a pipeline. `base` may be NULL. */
MUST_CHECK bool view_read(struct db *db, struct mailbox *mailbox, int64_t folder_id, const struct view *base,
                          struct view_read *read_out, struct err *err);
/* In a pipeline: adds the statement; then takes its rows (which belong to `owner`). Where the snapshot turned out to
 * be damaged, read_out->view is NULL and the caller runs view_read_rows(). */
MUST_CHECK bool view_read_add(struct db *db, int64_t folder_id, const struct view *base, struct err *err);
/* The result of the view_read_add() with the same arguments. *read_out is under `owner`; its view is the caller's, to
 * be released. */
MUST_CHECK bool view_read_next(struct db *db, struct mailbox *mailbox, int64_t folder_id,
                               const struct view *base, const void *owner, struct view_read *read_out,
                               struct err *err);
/* From memberships and journal alone, whatever the snapshot says. */
MUST_CHECK bool view_read_rows(struct db *db, struct mailbox *mailbox, int64_t folder_id,
                               struct view_read *read_out, struct err *err);

/* Adds a note with a copy of the set. */
void expunge_list_add(struct expunge_list *list, uint64_t modseq, const struct uid_set *uids);

#endif
