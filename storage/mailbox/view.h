/*
 * view.h -- a folder as it was at one modseq: immutable, shared by all sessions of the process.
 *
 * A view holds UID, size, flags, modseq, INTERNALDATE, message and item id of every message in arrays sorted by UID,
 * 48 bytes a message, in chunks of at most 1,024. The next version shares every chunk that did not change, and of a
 * chunk where only flags did it shares the rest. So a session keeps the version that its client was told of,
 * view_latest() gives the newest, and view_diff() finds the difference by comparing chunk pointers.
 *
 * Freshness  view_latest() sees all that was committed before the call by this process, and by other roles of the
 *            machine as soon as their wake-up came (well below 50 ms). It asks the database when a wake-up came, when the last
 *            look is more than a second old, or when the caller insists (VIEW_CHECK, to be used after the session's own
 *            wake-up). A warm call that asks nobody is a hash lookup. Nothing is believed because of a wake-up.
 * Cost       cold: one round trip and one packed read; refresh: one round trip, proportional to what changed; one thread a
 *            folder asks, others wait for its answer.
 * Ownership  view_latest() and view_ref() give a reference, view_release() takes it back and clears the pointer. What a
 *            view returns lives as long as the reference.
 * Errors     ERR_NOT_FOUND the folder is gone (deleted); ERR_BUSY.
 * Threads    a view may be read from any thread.
 */
#ifndef MAILBOX_VIEW_H
#define MAILBOX_VIEW_H

#include "mailbox/mailbox.h"
#include "mailbox/uid_set.h"

struct view;

enum view_freshness { VIEW_TRUST_WAKE, VIEW_CHECK };
/* The folder as it is now, one reference. VIEW_CHECK asks the database even where nobody was woken. */
MUST_CHECK bool view_latest(struct mailbox *mailbox, int64_t folder_id, enum view_freshness freshness,
                            struct view **view_out, struct err *err);
/* One more reference. */
struct view *view_ref(const struct view *view);
/* Gives it back. Sets NULL; accepts NULL. */
void view_release(struct view **view);

/* Its figures never change: a view is one version of a folder. */
int64_t view_folder_id(const struct view *view);
/* UIDVALIDITY. */
uint32_t view_uidvalidity(const struct view *view);
/* UIDNEXT. */
uint32_t view_uidnext(const struct view *view);
uint64_t view_modseq(const struct view *view); /* HIGHESTMODSEQ */
uint32_t view_count(const struct view *view);  /* EXISTS */
/* Messages without \Seen. */
uint32_t view_unseen(const struct view *view);
/* Messages with \Deleted. */
uint32_t view_deleted(const struct view *view);
uint64_t view_bytes(const struct view *view); /* STATUS SIZE */
/* Of the time of this view; lives as long as it. */
const struct keyword_table *view_keywords(const struct view *view);

struct view_message {
    uint32_t uid, number; /* number: IMAP sequence number, from 1 */
    uint32_t size;
    uint64_t flags; /* mailbox/flags.h */
    uint64_t modseq;
    int64_t received_us; /* INTERNALDATE */
    int64_t message_id, item_id;
};

/* The message with this sequence number, or this UID; false without one. O(log n). */
bool view_at(const struct view *view, uint32_t number, struct view_message *message_out);
/* By UID. */
bool view_find(const struct view *view, uint32_t uid, struct view_message *message_out);
/* Sequence number of a UID, 0 where there is none. */
uint32_t view_number_of(const struct view *view, uint32_t uid);
/* How many messages have a UID below this one. */
uint32_t view_count_below(const struct view *view, uint32_t uid);
/* UID of the last message (what "*" means), 0 when empty. */
uint32_t view_last_uid(const struct view *view);
/* Sequence number of the first message without \Seen, 0 without one. */
uint32_t view_first_unseen(const struct view *view);

/* Messages one after the other; O(1) a step.
 *     struct view_at at = view_from(view, 1);
 *     for (struct view_message m; view_next(&at, &m);)
 * A position may be kept while the view is (yielding FETCH). */
struct view_at {
    const struct view *view;
    uint32_t number; /* of the next one */
    uint32_t chunk, offset;
};
/* `number` 1 is the first; beyond the end view_next() is false at once. */
struct view_at view_from(const struct view *view, uint32_t number);
/* False at the end. */
bool view_next(struct view_at *at, struct view_message *message_out);

/* Messages of the view named by UIDs or by sequence numbers, in order. */
struct view_select {
    struct view_at at;
    const struct uid_set *set; /* must outlive it; NULL: all */
    size_t run;
    bool by_uid;
};
/* Those that do not exist are passed over. */
struct view_select view_select_uids(const struct view *view, const struct uid_set *uids);
/* The same by sequence number. */
struct view_select view_select_numbers(const struct view *view, const struct uid_set *numbers);
/* False at the end. */
bool view_select_next(struct view_select *select, struct view_message *message_out);

/* Sets under `owner`: UIDs of these sequence numbers, numbers of these UIDs, UIDs that exist among these. */
struct uid_set view_uids_of(const void *owner, const struct view *view, const struct uid_set *numbers);
/* Sequence numbers of those that exist. */
struct uid_set view_numbers_of(const void *owner, const struct view *view, const struct uid_set *uids);
/* Those that exist. */
struct uid_set view_existing(const void *owner, const struct view *view, const struct uid_set *uids);
/* UIDs whose flags have all `with` and none of `without` bits. */
struct uid_set view_with_flags(const void *owner, const struct view *view, uint64_t with, uint64_t without);

/* What a client that knows `old` must be told to know `new` (two versions of one folder). Calls come in this order:
 * expunged, each with the number it has at that moment, so that "* n EXPUNGE" can be sent as it comes (highest number first);
 * expunged_uids once, when there are any (VANISHED); flags for messages in both whose flags or modseq differ; appended once
 * with the first new UID. A NULL callback is skipped. Cost: chunks that are not shared. */
struct view_diff {
    void (*expunged)(void *arg, uint32_t number, uint32_t uid);
    void (*expunged_uids)(void *arg, const struct uid_set *uids);
    void (*flags)(void *arg, const struct view_message *message,
                  uint64_t old_flags); /* numbers as in `new` */
    void (*appended)(void *arg, uint32_t first_uid, uint32_t count);
    void *arg;
};
/* Tells what a session that knows `old` must hear to know `new_view` (of the same folder), in the order that IMAP
 * wants: expunged, changed flags, appended. Callbacks that are NULL are left out. Compares only chunks that the two
 * do not share. */
void view_diff(const struct view *old, const struct view *new_view, const struct view_diff *diff);
/* True when `new` lacks nothing of `old`: then no EXPUNGE is owed. */
bool view_has_all_of(const struct view *new_view, const struct view *old);
/* Where a client may not be told of an EXPUNGE yet (during FETCH, STORE, SEARCH; RFC 9051, 7.5.1): `latest` with the messages
 * of `told` that it lacks, so that sequence numbers hold. A reference; `latest` itself where nothing is lacking. */
struct view *view_keep_expunged(const struct view *told, const struct view *latest);
/* `view` without the messages from this UID on, for a client that does not want to hear of new ones (RFC 5465, 3.1). A
 * reference; `view` itself where there are none. */
struct view *view_without_new(const struct view *view, uint32_t uidnext);

/* QRESYNC: UIDs expunged after `modseq`, up to the view; restricted to `known` where not NULL. Memory where the process has
 * seen these changes itself, else one query; where the journal no longer reaches back, all UIDs that are not there,
 * which RFC 7162 (3.2.6) allows. */
MUST_CHECK bool view_expunged_since(struct mailbox *mailbox, const struct view *view, uint64_t modseq,
                                    const struct uid_set *known, const void *owner, struct uid_set *uids_out,
                                    struct err *err);
/* UIDs whose modseq is above this one (CHANGEDSINCE). */
struct uid_set view_changed_since(const void *owner, const struct view *view, uint64_t modseq);

#endif
