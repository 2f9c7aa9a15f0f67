/*
 * mime.h -- the MIME index: where each part of a message begins and ends, found in one pass.
 *
 * A message is indexed once, when it arrives; from then on a part is a range of bytes. The same index serves
 * IMAP, JMAP and the scanners, so that all see the same tree, however malformed the message is:
 *   - a boundary line is "--" boundary, optional white space, line end; nothing else. The innermost open
 *     boundary wins; a line of an outer one closes all parts inside it.
 *   - a header block ends with an empty line, with a boundary line, or with the message; lines in it that are
 * no
 *     field are ignored; of two equal fields the first counts.
 *   - a part without usable Content-Type is text/plain, or message/rfc822 directly inside multipart/digest.
 *   - what lies beyond the limits belongs to its parent as opaque bytes; nothing is ever rejected.
 *
 * One pass, no recursion, linear time; less than 64 KB of stack.
 *
 * Ownership  the index belongs to the talloc context `owner`; it holds offsets only, never pointers into the
 * message. Threads    pure functions; any thread.
 */
#ifndef FORMAT_MIME_H
#define FORMAT_MIME_H

#include "base/buf.h"
#include "base/span.h"

enum {
    MIME_DEPTH_MAX = 100,       /* deeper multiparts and messages are opaque leaves */
    MIME_PARTS_MAX = 1000,      /* indexed parts, the message itself included */
    MIME_FIELD_MAX = 64 * 1024, /* bytes of one remembered field that are looked at */
    MIME_BOUNDARY_MAX = 2048,   /* octets read; a multipart with a longer boundary is opaque */
};

enum mime_kind {
    MIME_LEAF,
    MIME_MULTIPART, /* children are its parts; none where it is opaque or empty */
    MIME_MESSAGE, /* message/rfc822, message/global: one child, the message inside; none where it is opaque */
};

enum mime_encoding {
    MIME_7BIT,
    MIME_8BIT,
    MIME_BINARY,
    MIME_BASE64,
    MIME_QUOTED_PRINTABLE,
    MIME_UUENCODE,
    MIME_ENCODING_UNKNOWN, /* NO [UNKNOWN-CTE] */
};

/* The fields an index remembers of every part. */
enum mime_field {
    MIME_CONTENT_TYPE,
    MIME_CONTENT_ENCODING,
    MIME_CONTENT_DISPOSITION,
    MIME_CONTENT_ID,
    MIME_CONTENT_DESCRIPTION,
    MIME_CONTENT_LANGUAGE,
    MIME_CONTENT_LOCATION,
    MIME_CONTENT_MD5,
    MIME_FIELDS
};

struct mime_range {
    uint64_t offset, length; /* bytes of the message */
};

#define MIME_NO_PART UINT32_MAX

struct mime_part {
    uint32_t parent;        /* index of the part around it; MIME_NO_PART for the message itself */
    uint32_t number;        /* position in a multipart from 1; 0 for a message */
    uint16_t depth;         /* 0 for the message itself */
    uint8_t kind, encoding; /* enum mime_kind, enum mime_encoding */
    bool is_opaque;         /* a multipart or message whose inside lies beyond the limits */
    bool is_text;           /* text of any subtype, by field or by default */
    uint64_t header_start, body_start,
        body_end;                      /* the header ends, empty line included, where the body starts */
    uint32_t header_lines, body_lines; /* line ends inside */
    struct mime_range
        fields[MIME_FIELDS]; /* values without line end, still folded; length 0 where absent or empty */
    bool has_field[MIME_FIELDS];
};

struct mime_index {
    struct mime_part *parts; /* [0] is the message; a parent stands before its children, siblings in order */
    uint32_t count;
    uint64_t size; /* of the message */
    uint64_t lines;
    bool is_truncated; /* MIME_PARTS_MAX or MIME_DEPTH_MAX reached */
    bool has_nul;
    bool has_8bit;
};

/* Indexes a message. Never fails; equal bytes give an equal index. */
void mime_index_build(const void *owner, struct span message, struct mime_index *index_out);

/* The stored form: about 20 bytes a part. */
void mime_index_pack(struct buf *out, const struct mime_index *index);
/* False where the bytes are not of mime_index_pack. */
MUST_CHECK bool mime_index_unpack(const void *owner, struct span packed, struct mime_index *index_out);

/* The header block of a part, its empty line included. */
struct span mime_part_header(struct span message, const struct mime_part *part);
/* What follows it, as sent (still encoded). */
struct span mime_part_body(struct span message, const struct mime_part *part);
/* The value of a remembered field, cut at MIME_FIELD_MAX; empty where absent. */
struct span mime_part_field(struct span message, const struct mime_part *part, enum mime_field field);

/* Type and subtype as spans of the message or static text; defaults applied. */
struct mime_type {
    struct span type, subtype;
    struct span parameters; /* from the first ';' on */
};
/* Its Content-Type, or the default of its place: text/plain, message/rfc822 in a digest (RFC 2046, 5.1.5). Points
 * into the message or static text. */
struct mime_type mime_part_type(struct span message, const struct mime_index *index,
                                const struct mime_part *part);
/* ASCII case ignored; `sub` NULL: any. */
bool mime_type_is(const struct mime_type *type, const char *main, const char *sub);

/* The IMAP number of a part, "1.2.3". A message that is no multipart gives the number of its body ("1" at the
 * top), a multipart message that of the part around it ("" at the top). */
void mime_part_path(struct buf *out, const struct mime_index *index, uint32_t part);

/* Sections of IMAP (RFC 9051, 6.4.5): "", "1.2", "HEADER", "TEXT", "1.2.HEADER", "1.2.TEXT", "1.2.MIME". For
 * HEADER.FIELDS ask for HEADER and use header_select. */
struct mime_section {
    struct mime_range range;
    uint32_t part;               /* the part whose body, header or MIME header it is */
    enum mime_encoding encoding; /* MIME_7BIT unless the range is the body of a leaf: what BINARY decodes */
    bool is_leaf_body;
};
/* Straight from the packed form, without allocation. False: no such part. */
MUST_CHECK bool mime_section_find(struct span packed, struct span section, struct mime_section *section_out);

#endif
