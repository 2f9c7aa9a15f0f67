/*
 * transit.h -- a mailbox from one storage group into another: copied while it is in use, then closed for a moment, compared,
 * and opened at the new place.
 *
 * The copy stands in the store "in transit" of the other group, which is never mounted, until transit_open(); from transit_close() on
 * the original stands in the store of that name of its own group. So whoever comes to either is told to come back.
 *
 * Nothing here depends on having been there before: transit_copy() compares what is in both groups and brings what is missing,
 * so each function may be repeated after a crash at any point, and two who work on one mailbox do no harm (the later one
 * takes the copy over, the earlier one is told ERR_CONFLICT with its next transaction).
 *
 * What moves: the mailbox's row, folders with UIDVALIDITY, UIDs, rights, subscriptions, annotations, the journal (and with it
 * tombstones and what may be recovered), items with their conversations, messages that the other group has not yet, scripts,
 * the automatic reply and what it remembers, receipts of imports, identities and submissions of JMAP. Uploads stay behind: they are
 * of a day and can be brought again. Object ids are those that outsiders see as the same
 * (group_translate_id). What is derived (snapshots, packs, search) is made anew; the trace stays where it was written.
 *
 * Errors   ERR_BUSY: a group is down, try again; ERR_NOT_FOUND: the mailbox is gone, or deleted; ERR_CONFLICT: somebody else works on
 *          it; ERR_EXISTS: another mailbox of this number is there; ERR_LIMIT: `may_go_on` said no.
 * Threads  a struct transit belongs to one.
 */
#ifndef MOVE_TRANSIT_H
#define MOVE_TRANSIT_H

#include "group/group.h"

struct transit_options {
    struct group *from, *to;
    int64_t mailbox_id;
    int64_t store_id; /* where it shall be, in `to` */
    int64_t arrival;  /* a number that this mailbox never arrived under before */
    /* Told from time to time how many messages of how many are there; false ends the work with ERR_LIMIT. NULL: nobody. */
    bool (*may_go_on)(void *arg, int64_t done, int64_t total);
    void *arg;
};

struct transit;
/* Connects to both, makes the empty copy, or takes over one that was begun. */
MUST_CHECK bool transit_begin(const void *owner, const struct transit_options *options,
                              struct transit **transit_out, struct err *err);
/* Accepts and sets NULL. Leaves all as it is. */
void transit_end(struct transit **transit);

/* Brings over what the copy lacks, and removes what it has too much; *differences_out: how many rows that were. While the
 * mailbox is open others follow at once. */
MUST_CHECK bool transit_copy(struct transit *transit, uint64_t *differences_out, struct err *err);

/* From now on nobody reads or changes the original. */
MUST_CHECK bool transit_close(struct transit *transit, struct err *err);
/* Everybody does again. Nothing happens where it was not closed, or lives elsewhere. */
MUST_CHECK bool transit_reopen(struct group *from, int64_t mailbox_id, struct err *err);
/* The last copy, of a closed mailbox: until nothing differs, then its row with all counters. `receipts` of copies that may be
 * brought again (mailbox/filing.h) are remembered by the new place where the old one has them. */
MUST_CHECK bool transit_finish(struct transit *transit, const struct span *receipts, size_t receipt_count,
                               struct err *err);
/* The directory says that it lives there: it is open there. */
MUST_CHECK bool transit_open(struct group *to, int64_t mailbox_id, struct err *err);
/* How many messages of how many are there. */
void transit_progress(const struct transit *transit, int64_t *done_out, int64_t *total_out);

/* What is left of a mailbox that lives elsewhere, or of a copy that was given up, goes: some seconds of work, then
 * *is_done_out false when there is more. The original's empty row stays for a day, so that whoever comes late is told to
 * come back. */
MUST_CHECK bool transit_remove(struct group *group, int64_t mailbox_id, bool *is_done_out, struct err *err);
/* The original, after transit_open(): it lives elsewhere. */
MUST_CHECK bool transit_leave(struct group *group, int64_t mailbox_id, struct err *err);
/* Those empty rows, when their day is over: a job of housekeeping. */
MUST_CHECK bool transit_sweep(struct group *group, bool *is_done_out, struct err *err);

#endif
