/*
 * search_key.h -- a SEARCH, SORT or THREAD program as a tree, read before anything is searched.
 *
 * RFC 9051, 6.4.4, with WITHIN (5032), MODSEQ (7162), OBJECTID (8474) and SAVEDATE (8514). The tree is small on purpose:
 * at most 1,000 keys, 32 levels; whoever sends more gets BAD before a message is read.
 *
 * Ownership  nodes belong to the arena of the input; texts point into the command.
 */
#ifndef IMAP_SEARCH_KEY_H
#define IMAP_SEARCH_KEY_H

#include "imap/set.h"

enum { SEARCH_KEYS_MAX = 1000 };

enum imap_search_kind {
    KEY_ALL,
    KEY_AND, /* children */
    KEY_OR,  /* two children */
    KEY_NOT, /* one child */
    KEY_SEQUENCE,
    KEY_UID,
    KEY_FLAG,   /* text: a flag as written, "\Seen" or "$Work"; is_negated: UNSEEN, UNKEYWORD */
    KEY_RECENT, /* \Recent */
    KEY_NEW,    /* RECENT UNSEEN */
    KEY_OLD,    /* not RECENT */
    KEY_FROM,
    KEY_TO,
    KEY_CC,
    KEY_BCC,
    KEY_SUBJECT,
    KEY_HEADER, /* field, text; an empty text: the field is there */
    KEY_BODY,
    KEY_TEXT,
    KEY_BEFORE, /* number: day since 1970 */
    KEY_ON,
    KEY_SINCE,
    KEY_SENTBEFORE,
    KEY_SENTON,
    KEY_SENTSINCE,
    KEY_SAVEDBEFORE,
    KEY_SAVEDON,
    KEY_SAVEDSINCE,
    KEY_SAVEDATESUPPORTED, /* always true here */
    KEY_LARGER,            /* number: octets */
    KEY_SMALLER,
    KEY_OLDER, /* number: seconds */
    KEY_YOUNGER,
    KEY_MODSEQ,  /* number; the optional entry name and type are read and mean nothing (RFC 7162, 3.1.5) */
    KEY_EMAILID, /* text */
    KEY_THREADID,
    KEY_KINDS
};

struct imap_search_key {
    enum imap_search_kind kind;
    bool is_negated; /* KEY_FLAG only */
    struct span text, field;
    int64_t number;
    struct imap_set set;           /* KEY_SEQUENCE, KEY_UID; not yet resolved */
    struct imap_search_key *first; /* first child */
    struct imap_search_key *next;  /* next sibling */
};

struct imap_search_program {
    struct imap_search_key *root; /* KEY_AND of the keys given */
    bool names_modseq;            /* a MODSEQ key: the reply tells the highest modseq */
    size_t keys;
};

enum imap_search_parse { SEARCH_PARSED, SEARCH_WRONG, SEARCH_BADCHARSET };

/* search-program up to the end of the input: [ "CHARSET" SP charset SP ] search-key *(SP search-key).
 * SEARCH_WRONG: *wrong_out is what to say with BAD. */
enum imap_search_parse imap_take_search_program(struct imap_in *in, struct imap_search_program *program_out,
                                                const char **wrong_out);
/* The same with the charset already read (SORT and THREAD: SP charset SP search-keys, the charset is not optional). */
enum imap_search_parse imap_take_search_charset_and_keys(struct imap_in *in,
                                                         struct imap_search_program *program_out,
                                                         const char **wrong_out);

#endif
