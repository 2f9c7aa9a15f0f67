/*
 * email_query.h -- which emails, and in which order: the inside of Email/query, Email/queryChanges and SearchSnippet/get.
 *
 * Levels of knowledge, as in IMAP's SEARCH: what views tell; the index of words, where there is something to look for in texts; the
 * columns that were computed when the message came; the texts. Each is asked only about what the one before left open. Private to
 * this room.
 */
#ifndef JMAP_EMAIL_QUERY_H
#define JMAP_EMAIL_QUERY_H

#include "jmap/email.h"
#include "jmap/filter.h"
#include "jmap/lists.h"
#include "mailbox/search.h"

#include <glib.h>

/* An item with what its memberships tell. */
struct candidate {
    int64_t item_id, received_us;
    uint64_t flags;             /* joined */
    uint32_t size, uid, folder; /* folder: number in the account; of one membership */
    enum filter_truth truth;
};

enum condition_kind {
    IN_MAILBOX,
    IN_OTHER_THAN,
    BEFORE,
    AFTER,
    MIN_SIZE,
    MAX_SIZE,
    HAS_KEYWORD,
    NOT_KEYWORD,
    ALL_IN_THREAD,
    SOME_IN_THREAD,
    NONE_IN_THREAD,
    HAS_ATTACHMENT,
    FROM,
    TO,
    CC,
    BCC,
    SUBJECT,
    TEXT,
    BODY,
    HEADER,
    CONDITION_KINDS
};
/* One member of a FilterCondition, compiled. */
struct condition {
    enum condition_kind kind;
    bool *folders;                /* IN_MAILBOX, IN_OTHER_THAN: those named, by number */
    int64_t number;               /* of dates and sizes; 0 or 1 of HAS_ATTACHMENT */
    uint64_t bits;                /* of a keyword; 0: no message has it */
    struct span *words;           /* folded where columns are looked at */
    size_t word_count, first_key; /* of TEXT, BODY, HEADER: their keys of the text search */
    struct condition *next;
};

enum { EVERYWHERE = -1 };
struct email_query {
    struct jmap_call *call;
    struct filter *filter;
    struct jmap_comparator sorts[SORTS_MAX];
    size_t sort_count;
    bool needs_columns, needs_threads, needs_places; /* of filter or sort */
    bool by_place; /* each membership by itself, as a folder shows it, not joined to emails */
    int64_t only;  /* number of the one folder that it looks into, or EVERYWHERE */
    struct search_key *keys;
    size_t key_count;
    int64_t
        attached; /* of queries with keys: attachments become known without any change of the mailbox (mailbox/attachments.h) */
    struct search_known *known; /* what the index of words tells of them; NULL: not asked yet */
};

/* Candidates as they were gathered: by folder, then UID. */
struct gathered {
    struct candidate *items;
    size_t count;
    size_t *starts;      /* of each folder; one more at the end */
    GHashTable *more;    /* item -> GArray of the further folders that it is in */
    GHashTable *threads; /* conversation -> struct thread_flags, where it is asked for; else NULL */
    int64_t *thread_of;  /* of each candidate, with `threads` */
};
struct thread_flags {
    uint64_t all, any;
};

/* email_condition.c: reads filter and sort. */
MUST_CHECK bool email_query_read(struct jmap_call *call, struct email_query *query_out);
/* The words of a text condition (RFC 8621, 4.4.1): apart by spaces, but for what stands in quotes. The arena's. */
struct span *email_query_words(void *arena, const char *text, size_t *count_out);
/* Bits of a keyword as JMAP names it; 0: no message has it. ERR_BUSY. */
MUST_CHECK bool email_keyword_bits(struct jmap_call *call, const char *keyword, uint64_t *bits_out,
                                   struct err *err);

/* email_plain.c: one folder, by date, with nothing to look up: its list, without all that follows; the arena's. */
bool email_query_is_plain(const struct email_query *query);
/* Of such a query. */
MUST_CHECK bool email_plain_list(const struct email_query *query, int64_t **ids_out, size_t *count_out,
                                 struct err *err);

/* email_gather.c: the candidates, and where they are. `more` and `threads` are the caller's to destroy, also after a failure. */
MUST_CHECK bool email_gather(const struct email_query *query, struct gathered *gathered_out, struct err *err);

/* email_filter.c: decides the truth of each candidate. */
MUST_CHECK bool email_filter_apply(struct email_query *query, struct gathered *gathered, struct err *err);
/* Before that, where there are few candidates: their texts and attachments are looked at, not the index of words, which costs what all
 * messages together have of a word. */
MUST_CHECK bool email_filter_among(struct email_query *query, const struct gathered *gathered,
                                   struct err *err);

/* email_relevance.c: how good a message is for the words that the query looks for in whole texts; the call's arena. */
struct relevance;
struct pack_row;
struct relevance *email_relevance_new(const struct email_query *query);
/* The higher the better; 0: they stand in its text alone. */
unsigned email_relevance_of(const struct relevance *relevance, const struct pack_row *row);

/* email_sort.c: those that hold, in order; *count_out of them at the front of gathered->items. */
MUST_CHECK bool email_sort(const struct email_query *query, struct gathered *gathered, size_t *count_out,
                           struct err *err);

/* email_follow.c: lists by date, which follow their mailbox. */
struct email_list {
    int64_t *ids;
    struct jmap_list_place *places; /* of each; NULL: it is not by date */
    size_t count;
};
/* Newest or oldest first, and by nothing else. */
bool email_list_is_by_date(const struct email_query *query);
/* A number that is another one where folders, their order, or what may be read of them is different. */
uint64_t email_list_folders(const struct jmap_account *account);
/* Of the first `count` candidates, under `owner`. */
struct jmap_list_place *email_list_places(const struct gathered *gathered, size_t count, const void *owner);
/* `old` with what changed since, at the cost of that and a walk through the list; the call's arena. *is_done_out false: it must be found
 * anew. */
MUST_CHECK bool email_list_follow(struct email_query *query, const struct jmap_list *old,
                                  struct email_list *list_out, bool *is_done_out, struct err *err);

/* email_query.c: items in order, remembered or found; a reference. */
MUST_CHECK bool email_query_run(struct email_query *query, struct jmap_list **list_out, struct err *err);

/* email_changes.c: an item of which something changed. */
struct email_change {
    int64_t item_id, thread_id;
    uint64_t modseq, created_modseq;
    bool is_alive;
};
/* After `since`, ascending by modseq; the arena's. ERR_CONFLICT: not all of it is known any more. */
MUST_CHECK bool email_changes_find(struct jmap_call *call, uint64_t since, struct email_change **changes_out,
                                   size_t *count_out, struct err *err);

#endif
