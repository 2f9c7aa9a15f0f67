/*
 * fetch_request.h -- what a FETCH asks for, read once, before the first message is looked at.
 *
 * RFC 9051, 6.4.5, with BINARY (3516), CONDSTORE and QRESYNC modifiers (7162), OBJECTID (8474), SAVEDATE (8514), PREVIEW
 * (8970) and PARTIAL (9394). NOTIFY uses the attribute list for its MessageNew events.
 *
 * Ownership  everything belongs to the arena of the input.
 */
#ifndef IMAP_FETCH_REQUEST_H
#define IMAP_FETCH_REQUEST_H

#include "imap/parse.h"

enum imap_fetch_item {
    FETCH_FLAGS = 1 << 0,
    FETCH_UID = 1 << 1,
    FETCH_INTERNALDATE = 1 << 2,
    FETCH_SIZE = 1 << 3, /* RFC822.SIZE */
    FETCH_ENVELOPE = 1 << 4,
    FETCH_BODYSTRUCTURE = 1 << 5,
    FETCH_BODY = 1 << 6, /* BODY without section */
    FETCH_MODSEQ = 1 << 7,
    FETCH_EMAILID = 1 << 8,
    FETCH_THREADID = 1 << 9,
    FETCH_SAVEDATE = 1 << 10,
    FETCH_PREVIEW = 1 << 11,
};

enum { FETCH_SECTIONS_MAX = 200, FETCH_FIELDS_MAX = 1000 };

enum imap_section_kind { SECTION_BODY, SECTION_BINARY, SECTION_BINARY_SIZE };

/* How much of the message a section needs. */
enum imap_section_text {
    SECTION_ALL,
    SECTION_HEADER,
    SECTION_FIELDS,
    SECTION_FIELDS_NOT,
    SECTION_TEXT,
    SECTION_MIME
};

struct imap_section {
    enum imap_section_kind kind;
    enum imap_section_text text;
    bool is_peek;      /* does not set \Seen */
    struct span path;  /* "1.2.HEADER" in capitals, as mime_section_find reads it; FIELDS as HEADER */
    struct span label; /* "BODY[1.2.HEADER]", with "<0>" for a partial: how the reply names it */
    const struct span *fields;
    size_t field_count;
    bool is_partial;
    uint64_t offset, length;
};

struct imap_fetch_request {
    unsigned items; /* enum imap_fetch_item */
    bool is_preview_lazy;
    struct imap_section *sections;
    size_t section_count;
    uint64_t changed_since; /* 0: not asked */
    bool wants_changed;     /* CHANGEDSINCE was given */
    bool wants_vanished;
    bool is_partial; /* PARTIAL first:last; from the end where is_from_end */
    bool is_from_end;
    uint32_t partial_first, partial_last;
};

/* fetch-att, a macro, or a list of fetch-atts. On failure *wrong_out is what to say. */
MUST_CHECK bool imap_take_fetch_items(struct imap_in *in, struct imap_fetch_request *request,
                                      const char **wrong_out);
/* SP "(" modifiers ")" where they stand; nothing is taken where the input has ended. */
MUST_CHECK bool imap_take_fetch_modifiers(struct imap_in *in, struct imap_fetch_request *request,
                                          const char **wrong_out);
/* partial-range of RFC 9394: "1:100" or "-1:-100". First and last are ordered; used by SEARCH as well. */
MUST_CHECK bool imap_take_partial_range(struct imap_in *in, bool *is_from_end_out, uint32_t *first_out,
                                        uint32_t *last_out);
/* True where answering sets \Seen. */
bool imap_fetch_sets_seen(const struct imap_fetch_request *request);

#endif
