/*
 * envelope.h -- what clients ask of every message in a folder, computed once when it arrives: IMAP's ENVELOPE
 * and BODYSTRUCTURE as bytes in IMAP syntax, and the columns that search, sort and threads work on.
 *
 * Strings are quoted where they are 7-bit without CR, LF and NUL, and literals otherwise (RFC 3501 and RFC
 * 9051 allow 8-bit bytes in literals); for a client that enabled UTF8=ACCEPT imap_text_to_utf8 makes quoted
 * UTF-8 of them.
 *
 * Ownership  strings belong to the talloc context `owner`; rendered bytes to the buf.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_ENVELOPE_H
#define FORMAT_ENVELOPE_H

#include "base/buf.h"
#include "format/date.h"
#include "format/mime.h"

enum {
    ENVELOPE_ADDRESSES_MAX = 1000,   /* of one field; more are left out */
    ENVELOPE_STRING_MAX = 8 * 1024,  /* bytes of one string, cut there */
    BODYSTRUCTURE_MAX = 1024 * 1024, /* bytes; parts beyond lose their parameters and extension data */
};

/* "(date subject from sender reply-to to cc bcc in-reply-to message-id)" with its parentheses (RFC 9051,
 * 7.5.2). */
void envelope_render(struct buf *out, struct span header_block);
/* The extensible form, with its parentheses. */
void bodystructure_render(struct buf *out, struct span message, const struct mime_index *index);
/* BODY (non-extensible) from a rendered BODYSTRUCTURE. */
void bodystructure_to_body(struct buf *out, struct span bodystructure);
/* Rendered text for a client with UTF8=ACCEPT (RFC 6855): literals become quoted strings of valid UTF-8. */
void imap_text_to_utf8(struct buf *out, struct span rendered);
/* nstring: NIL where `text.p` is NULL. */
void imap_add_nstring(struct buf *out, struct span text);

/* Columns of a message; all text valid UTF-8, decoded; "" where absent. */
struct envelope_columns {
    const char *subject;
    const char *base_subject; /* RFC 5256, 2.1: without Re:, Fwd:, [list] and (fwd); folded (fold.h) */
    bool is_reply;            /* the subject had a Re: or Fwd: (RFC 5256, 2.1) */
    const char *from, *sender, *reply_to, *to, *cc, *bcc; /* "Name <address>, ..." for substring search */
    const char *from_sort, *to_sort, *cc_sort; /* mailbox of the first address (SORT FROM, TO, CC), folded */
    const char *from_display, *to_display;     /* RFC 5957: name or address of the first one, folded */
    const char *message_id;                    /* without angle brackets; "" where absent */
    const char *in_reply_to;                   /* the first id of it */
    const char *const *references; /* ids, oldest first (In-Reply-To's where References is absent) */
    size_t reference_count;
    bool has_date;
    struct date date; /* Date: field */
};
/* Fills all columns from a header block; what is absent or cannot be read is empty. Strings are under `owner` or
 * point into the header. Linear in the block's length. */
void envelope_columns_build(const void *owner, struct span header_block,
                            struct envelope_columns *columns_out);

/* The base subject alone (RFC 5256, 2.1), of decoded text. `is_reply_out` may be NULL. */
char *envelope_base_subject(const void *owner, const char *subject, bool *is_reply_out);
/* The same without what programs of other languages put in front, too ("AW:", "TR :"): what RFC 8621, 3 compares. Folded. */
char *envelope_conversation_subject(const void *owner, const char *subject);

#endif
