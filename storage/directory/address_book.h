/*
 * address_book.h -- whom people find of their organisation: recipients that are not hidden, by any part of name or address.
 *
 * For readers who have logged in: `organisation_id` is that of their identity. Aliases, which stand for others, and who is disabled
 * are not shown. What is looked for is folded like the names (case and accents aside) and taken apart at spaces: every word must stand
 * in the name, or every word in one of the addresses. A word of one or two characters counts at the beginning of a word or address only.
 *
 * Errors   ERR_BUSY: the database is down.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_ADDRESS_BOOK_H
#define DIRECTORY_ADDRESS_BOOK_H

#include "directory/user.h"

enum { BOOK_WORDS_MAX = 8, BOOK_TEXT_MAX = 256, BOOK_PAGE_MAX = 1000 };

struct book_entry {
    int64_t recipient_id;
    enum recipient_kind kind;
    const char *name, *address;
    const char *
        about; /* of book_get(): title, department, company and town, separated by commas; "": nothing is known */
};

struct book_query {
    int64_t organisation_id;
    const char *
        text; /* NULL or empty: all. Bytes behind BOOK_TEXT_MAX and words behind BOOK_WORDS_MAX are not looked at */
    const char *kinds; /* words separated by commas ("user,group"); NULL: all */
    size_t limit;      /* at most BOOK_PAGE_MAX count */
};
/* The first ones: those whose names begin with the text, then the others, each part sorted by name. Under `owner`. */
MUST_CHECK bool book_search(struct directory *directory, const void *owner, const struct book_query *query,
                            struct book_entry **entries_out, size_t *count_out, struct err *err);
/* One by its number, hidden or not: who knows the number was shown it by somebody. ERR_NOT_FOUND: none of this organisation. */
MUST_CHECK bool book_get(struct directory *directory, const void *owner, int64_t organisation_id,
                         int64_t recipient_id, struct book_entry *entry_out, struct err *err);

#endif
