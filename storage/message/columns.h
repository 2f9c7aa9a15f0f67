/*
 * columns.h -- what SEARCH, SORT and THREAD look at, computed when the message came and packed into a few
 * hundred bytes (message.columns), so that nothing reads headers to answer them.
 *
 * Texts are UTF-8, decoded (RFC 2047) and folded as search compares them: case and accents gone
 * (format/text.h). Addresses of one header field are joined as `name <local@domain>`, separated by ", ".
 *
 * Memory  columns_unpack() copies nothing: spans point into the packed bytes.
 */
#ifndef MESSAGE_COLUMNS_H
#define MESSAGE_COLUMNS_H

#include "base/buf.h"

enum { COLUMNS_REFERENCES_MAX = 64 };

struct message_columns {
    bool has_date;                 /* the Date field could be read */
    int64_t sent_us;               /* Date, UTC; 0 without one */
    int32_t sent_zone_minutes;     /* SENTBEFORE, SENTON, SENTSINCE look at the day as the sender wrote it */
    struct span subject;           /* folded */
    struct span base_subject;      /* RFC 5256, 2.1, folded */
    struct span from, to, cc, bcc; /* folded, for substring search */
    struct span from_sort, to_sort, cc_sort; /* local part of the first address, folded (SORT FROM, TO, CC) */
    struct span from_display, to_display;    /* SORT DISPLAY (RFC 5957), folded */
    bool is_reply;                           /* the subject had Re: or Fwd: or (fwd) */
    bool has_attachment;                     /* a part that is not shown inline */
    struct span message_id;                  /* without < >, as it stands; empty without one */
    struct span in_reply_to;                 /* first Message-ID there */
    size_t
        reference_count; /* RFC 5256 REFERENCES: References, else In-Reply-To; the last ones where too many */
    struct span references[COLUMNS_REFERENCES_MAX];
};

/* Appends the packed form, which columns_unpack() reads. */
void columns_pack(struct buf *out, const struct message_columns *columns);
/* One of the texts that SEARCH asks for, without unpacking the others; nothing where the bytes are damaged. */
enum columns_text { COLUMNS_SUBJECT, COLUMNS_FROM, COLUMNS_TO, COLUMNS_CC, COLUMNS_BCC };
struct span columns_text(struct span packed, enum columns_text which);
/* False for bytes that columns_pack() did not write. */
MUST_CHECK bool columns_unpack(struct span packed, struct message_columns *columns_out);

#endif
