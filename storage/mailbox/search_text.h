/*
 * search_text.h -- inside this room: the folded text of many messages in one run of bytes (search_text.data), made so that a
 * search is a few passes of memmem() over it.
 *
 *   packed (zstd): varint count; for each message varint uid (minus the one before), header bytes, body bytes;
 *                  then all headers, then all bodies, each text followed by 0xFF, which no needle can hold.
 *   a header:      "\nname: value\nname: value\n", each field folded, names in lower case
 *
 * Threads  any; a builder or text belongs to one.
 */
#ifndef MAILBOX_SEARCH_TEXT_H
#define MAILBOX_SEARCH_TEXT_H

#include "base/buf.h"
#include "mailbox/search.h"

enum {
    SEARCH_TEXT_BYTES = 512 * 1024,              /* raw, wanted in one row */
    SEARCH_TEXT_MESSAGE_BYTES = 4 * 1024 * 1024, /* looked at in one message */
    SEARCH_TEXT_ROW_BYTES = 16 * 1024 * 1024,    /* never more in one row */
};

/* The text of one message. */
struct search_document {
    uint32_t uid;
    struct span header, body; /* folded */
    bool is_unreadable;       /* the message is damaged, or gone meanwhile: the texts are empty */
};

/* What search sees of a message. `bytes` whole. */
void search_extract(const void *owner, struct span bytes, struct search_document *document_out);

/* An unpacked row. */
struct search_text {
    size_t count;
    uint32_t *uids;                  /* ascending */
    size_t *header_ends, *body_ends; /* offsets in `headers` and `bodies`, the 0xFF included */
    struct span headers, bodies;
};
/* The bytes of one row, under `owner`; UIDs ascend. */
struct span search_text_pack(const void *owner, const struct search_document *documents, size_t count);
/* False for bytes that search_text_pack() cannot have written. */
MUST_CHECK bool search_text_unpack(const void *owner, struct span packed, struct search_text *text_out);
/* The i-th message again. */
struct search_document search_text_document(const struct search_text *text, size_t i);

/* A needle made ready. */
struct search_needle {
    enum search_where where;
    struct span folded; /* SEARCH_HEADER: what follows the name */
    struct span line;   /* SEARCH_HEADER: "\nname:" */
    bool begins_word;   /* as of its key */
    bool may_go_on;     /* its last word */
};
/* Folded as the text is; under `owner`. */
struct search_needle search_needle_of(const void *owner, const struct search_key *key);
/* hits[i] = true where message i has it; others are left alone. */
void search_text_scan(const struct search_text *text, const struct search_needle *needle, bool *hits);

#endif
