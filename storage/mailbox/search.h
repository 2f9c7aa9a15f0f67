/*
 * search.h -- finding messages by what is written in them.
 *
 * Two indexes, both derived and filled in the background: folded text in large compressed rows, scanned for exact substrings
 * (what IMAP SEARCH means; what is not in it yet is read and searched directly, so an answer is always complete), and
 * words (stemmed for French and English, accents ignored) with ranks, which are some minutes late.
 *
 * Texts are compared folded (format/fold.h): case and accents do not count.
 *
 * Errors   ERR_BUSY: database down, or longer than 30 s.
 * Threads  all functions may be called from any thread.
 */
#ifndef MAILBOX_SEARCH_H
#define MAILBOX_SEARCH_H

#include "message/message.h"

enum search_where {
    SEARCH_BODY,   /* text of all parts, not the message's header (IMAP BODY) */
    SEARCH_TEXT,   /* header or text of the parts (IMAP TEXT) */
    SEARCH_HEADER, /* one header field (IMAP HEADER); an empty needle: the field is there */
};

struct search_key {
    enum search_where where;
    struct span field;  /* SEARCH_HEADER: its name */
    struct span needle; /* UTF-8, not folded */
};

struct search_uids {
    size_t count;
    uint32_t *uids; /* ascending */
};

/* Which messages of the folder contain each key's needle; one pass for all keys. `among` (ascending; NULL: all)
 * names the only UIDs that matter; others may be left out. Expunged messages may be among the results: the caller
 * looks at its view anyway. found_out[i] belongs to keys[i], under `owner`. */
MUST_CHECK bool mailbox_search(struct group *group, const void *owner, int64_t folder_id,
                               const struct search_uids *among, const struct search_key *keys,
                               size_t key_count, struct search_uids *found_out, struct err *err);

struct search_hit {
    int64_t item_id;
    double rank; /* higher is better */
};
/* Items of the mailbox by words, best first (JMAP text with ranking, SEARCH=FUZZY). All words of `query` must be there,
 * in any form; "quoted words" as a phrase; -word excludes. */
MUST_CHECK bool mailbox_search_words(struct group *group, const void *owner, int64_t mailbox_id,
                                     struct span query, size_t limit, struct search_hit **hits_out,
                                     size_t *count_out, struct err *err);

/* Indexes up to `limit` messages of folders that have unindexed ones; *done_out tells how many (0: all is indexed). For
 * the housekeeping role; takes no lock that delivery waits for. */
MUST_CHECK bool mailbox_index_step(struct group *group, size_t limit, size_t *done_out, struct err *err);
/* The same for words, from the text that mailbox_index_step() made. */
MUST_CHECK bool mailbox_words_step(struct group *group, size_t limit, size_t *done_out, struct err *err);
/* Throws the search index of a mailbox away; it is built anew in the background. */
MUST_CHECK bool mailbox_index_drop(struct group *group, int64_t mailbox_id, struct err *err);

#endif
