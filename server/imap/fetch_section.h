/*
 * fetch_section.h -- one BODY[...] or BINARY[...] of one message, from wherever its bytes are.
 */
#ifndef IMAP_FETCH_SECTION_H
#define IMAP_FETCH_SECTION_H

#include "base/buf.h"
#include "imap/fetch_request.h"
#include "message/message.h"

/* Where the bytes of a message are. */
struct fetch_source {
    struct group *group;
    int64_t message_id;
    const struct message_meta *meta; /* size, header size, part index */
    struct span header;              /* the header block; p == NULL where it was not asked for */
    struct span bytes;               /* the whole message; p == NULL: to be read in pieces */
};

enum section_step {
    SECTION_DONE,
    SECTION_MORE,        /* a piece was written: call again */
    SECTION_UNKNOWN_CTE, /* nothing was written */
    SECTION_FAILED,      /* nothing was written; *err */
    SECTION_BROKEN,      /* in the middle of a literal */
};

/* Kept over the pieces of one section; zeroed at its start. */
struct section_state {
    bool is_open;
    bool is_decoded;
    uint64_t offset, end; /* raw bytes still to be read */
    uint64_t skip, left;  /* of the decoded bytes: to be left out, to be written */
    void *decoder;        /* talloc child of `owner` */
};

/* Writes label, space and value, or the next piece of it. `owner`: for what lasts as long as the section. */
enum section_step fetch_section_step(void *owner, struct buf *out, const struct fetch_source *source,
                                     const struct imap_section *section, struct section_state *state,
                                     struct err *err);

#endif
