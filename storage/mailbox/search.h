/*
 * search.h -- finding messages by what is written in them.
 *
 * Three indexes, all derived and filled in the background: folded text in large compressed rows, scanned for exact substrings
 * (what IMAP SEARCH means; what is not in it yet is read and searched directly, so an answer is always complete); words
 * as they stand, which tell at once what a scan for whole and beginning words would find (JMAP), as far as they have come; and
 * words stemmed for French and English with ranks. Words are half a minute late.
 *
 * Texts are compared folded (format/fold.h): case and accents do not count.
 *
 * Errors   ERR_BUSY: database down, or one of its statements longer than 30 s; ERR_LIMIT: the caller's time is over.
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
    /* SEARCH_BODY, SEARCH_TEXT: only where a word begins; a last word of one or two letters must end there, too. Of the header
     * the people and the subject count alone. */
    bool begins_word;
};

struct search_uids {
    size_t count;
    uint32_t *uids; /* ascending */
};

/* Which messages of the folder contain each key's needle; one pass for all keys. `among` (ascending; NULL: all)
 * names the only UIDs that matter; others may be left out. `until_us` (monotonic; 0: no end): a search that is not done then ends with
 * ERR_LIMIT; what it indexed on its way stays, so the next one is faster. Expunged messages may be among the results: the caller
 * looks at its view anyway. found_out[i] belongs to keys[i], under `owner`. */
MUST_CHECK bool mailbox_search(struct group *group, const void *owner, int64_t folder_id,
                               const struct search_uids *among, const struct search_key *keys,
                               size_t key_count, int64_t until_us, struct search_uids *found_out,
                               struct err *err);
/* False, and ERR_LIMIT, when the time `until_us` (monotonic; 0: no end) has come. */
MUST_CHECK bool mailbox_search_may_go_on(int64_t until_us, struct err *err);

/* What the index of words tells of keys with begins_word, for the whole mailbox. */
struct search_known;
enum search_answer { SEARCH_NO, SEARCH_YES, SEARCH_UNKNOWN /* mailbox_search() tells */ };
/* Asks it, in one question for all keys; under `owner`. Costs what is found, not what there is. */
MUST_CHECK bool mailbox_search_known(struct group *group, const void *owner, int64_t mailbox_id,
                                     const struct search_key *keys, size_t key_count,
                                     struct search_known **known_out, struct err *err);
/* Adds the items of which an attachment has the needle (mailbox/attachments.h), as far as attachments have been read: for those
 * search_known_ask() says SEARCH_YES from now on. ERR_LIMIT as mailbox_search(). */
MUST_CHECK bool mailbox_search_attached(struct group *group, int64_t mailbox_id,
                                        const struct search_key *keys, size_t key_count, int64_t until_us,
                                        struct search_known *known, struct err *err);
/* The same of these items alone, and nothing of the index of words: search_known_ask() says SEARCH_YES where an attachment has it, else
 * SEARCH_UNKNOWN. Costs the items' attachments. */
MUST_CHECK bool mailbox_search_attached_among(struct group *group, const void *owner, const int64_t *items,
                                              size_t count, const struct search_key *keys, size_t key_count,
                                              int64_t until_us, struct search_known **known_out,
                                              struct err *err);
/* Does this message contain the key's needle? */
enum search_answer search_known_ask(const struct search_known *known, size_t key, int64_t folder_id,
                                    uint32_t uid, int64_t item_id);

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
/* The same for both indexes of words, from the text that mailbox_index_step() made. */
MUST_CHECK bool mailbox_words_step(struct group *group, size_t limit, size_t *done_out, struct err *err);
/* Throws the search index of a mailbox away; it is built anew in the background. */
MUST_CHECK bool mailbox_index_drop(struct group *group, int64_t mailbox_id, struct err *err);

#endif
