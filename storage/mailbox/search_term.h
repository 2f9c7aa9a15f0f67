/*
 * search_term.h -- inside this room: words of folded text, as search_lexeme keeps them.
 *
 * A word is a run of letters and digits; of scripts that are written without spaces each character is one. What is sought
 * (search_key.begins_word) stands where a word begins, its inner words are whole, and its last one may go on, where it has at least
 * SEARCH_TERM_PREFIX characters. Index and text answer alike, so it does not matter which of them is asked.
 *
 * Threads  pure functions; any thread.
 */
#ifndef MAILBOX_SEARCH_TERM_H
#define MAILBOX_SEARCH_TERM_H

#include "base/buf.h"
#include "mailbox/search_text.h"

enum {
    SEARCH_TERM_PREFIX = 3,     /* characters of a last word that may go on */
    SEARCH_TERM_BYTES = 64,     /* kept of a word */
    SEARCH_TERMS_MAX = 20000,   /* different words of one item */
    SEARCH_TERMS_BYTES = 700000 /* of them all, as lexemes: a tsvector has a megabyte */
};

/* The next word of `text`, which moves behind it. */
MUST_CHECK bool search_term_next(struct span *text, struct span *word_out);
/* Could `p` be where a word begins? `text` holds it. */
bool search_term_begins(struct span text, const char *p);
/* Does no word go on at `p`, which may be the end of `text`? */
bool search_term_ends(struct span text, const char *p);
/* May the last word of this needle go on? */
bool search_term_is_open(struct span folded_needle);

/* The people and the subject of a header that search_extract() made: what "text" looks at there. Under `owner`. */
struct span search_term_head(const void *owner, struct span header);
/* A document as the text of a tsvector; under `owner`. */
struct span search_term_vector(const void *owner, int64_t mailbox_id, const struct search_document *document);
/* A folded needle as the text of a tsquery; NULL where it has no word. *is_sure_out: what has its words has the needle. */
char *search_term_query(const void *owner, int64_t mailbox_id, enum search_where where, struct span folded,
                        bool *is_sure_out);
/* The same for the folded text of an item's attachments, which have an index of their own. */
struct span search_term_attached_vector(const void *owner, int64_t mailbox_id, struct span folded);
/* And a question for that index. */
char *search_term_attached_query(const void *owner, int64_t mailbox_id, struct span folded,
                                 bool *is_sure_out);
/* Items with more words than the index has. */
char *search_term_crowded(const void *owner, int64_t mailbox_id);

#endif
