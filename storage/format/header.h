/*
 * header.h -- the fields of a header block: cut, unfolded, decoded, and written.
 *
 * Everything works on the raw bytes of the block and costs time linear in them; nothing is kept between
 * calls. Lines may end with CRLF or LF alone (imported mail).
 *
 * Ownership  spans point into the block; strings belong to the talloc context `owner`.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_HEADER_H
#define FORMAT_HEADER_H

#include "base/buf.h"
#include "base/span.h"

enum {
    HEADER_LINES_MAX = 1000,                /* lines of one block, refused with 552 5.3.4 above */
    HEADER_BYTES_MAX = 1024 * 1024,         /* bytes of one block */
    HEADER_PARAMETERS_MAX = 100,            /* parameters read of one field */
    HEADER_PARAMETER_BYTES_MAX = 64 * 1024, /* decoded bytes of all parameters of one field */
    HEADER_DECODED_MAX = 64 * 1024,         /* decoded bytes of one field's text */
    HEADER_IDS_MAX = 1000,                  /* message ids read of one field */
};

struct header_field {
    struct span name;  /* without colon and white space before it */
    struct span value; /* after the colon, still folded, without the final line end */
    struct span whole; /* the field with its line ends, as BODY[HEADER.FIELDS] gives it out */
};

/* Takes the next field from the front of a block. Lines that are no field are skipped. False at the
 * empty line or the end. */
MUST_CHECK bool header_next(struct span *block, struct header_field *field_out);
/* The first field of that name, ASCII case ignored. */
MUST_CHECK bool header_find(struct span block, const char *name, struct header_field *field_out);
/* The last one: for fields that may stand once only and where the lower one is the author's. */
MUST_CHECK bool header_find_last(struct span block, const char *name, struct header_field *field_out);
/* How many fields have that name, ASCII case ignored. */
size_t header_count(struct span block, const char *name);

/* Length of the header block at the front of a message, its empty line included; the whole where none. */
size_t header_block_length(struct span message);

enum header_fault { HEADER_GOOD, HEADER_TOO_MANY_LINES, HEADER_TOO_LARGE };
/* The limits above, for a block or a message (reads no further than the limit needs). */
MUST_CHECK enum header_fault header_check(struct span message);

/* Adds the fields whose name is (or, with HEADER_NOT, is not) in `names`, and the empty line:
 * BODY[HEADER.FIELDS (...)] and BODY[HEADER.FIELDS.NOT (...)]. */
enum header_select { HEADER_ONLY, HEADER_NOT };
void header_select(struct buf *out, struct span block, const struct span *names, size_t count,
                   enum header_select select);

/* The value without line ends; surrounding white space trimmed. The span itself where nothing is folded. */
struct span header_unfold(const void *owner, struct span value);
/* Unfolded, RFC 2047 words decoded, raw 8-bit bytes taken as UTF-8 or else as windows-1252; always valid
 * UTF-8, control characters as spaces, at most HEADER_DECODED_MAX bytes. */
char *header_decode(const void *owner, struct span value);
/* header_find and header_decode in one; NULL where absent. */
char *header_text(const void *owner, struct span block, const char *name);

/* The next message id of References, In-Reply-To or Message-ID, without its angle brackets, comments and
 * quoted strings passed over. White space inside the brackets (folding) is kept: message_id_canonical drops
 * it. */
MUST_CHECK bool header_next_message_id(struct span *value, struct span *id_out);

struct header_parameter {
    const char *name;  /* lower case, without RFC 2231 marks */
    const char *value; /* decoded to UTF-8 */
};

/* Content-Type, Content-Disposition and alike: a value and its parameters (RFC 2045, 5.1; RFC 2231). */
struct header_structured {
    const char *value; /* "text/plain", "attachment": lower case, comments removed; "" where unreadable */
    struct header_parameter *parameters;
    size_t count;
};
/* Never fails; what cannot be read is left out. Strings under `owner`. */
void header_structured_parse(const void *owner, struct span value, struct header_structured *out);
/* NULL where absent. */
const char *header_parameter(const struct header_structured *structured, const char *name);

/* The raw pairs in the order written, for BODYSTRUCTURE: names as they stand ("filename*0*"), values
 * unquoted. */
struct header_raw_parameter {
    struct span name;
    const char *value;
    size_t value_length;
};
/* The next of them; `in` stands behind the value at first. False at the end. */
MUST_CHECK bool header_next_parameter(const void *owner, struct span *in, struct header_raw_parameter *out);
/* Takes a token, skipping white space and comments before it; what stands up to `;` `/` or white space. */
MUST_CHECK bool header_take_token(struct span *in, struct span *token_out);
/* Skips white space and (nested) comments; linear, an unterminated comment takes all the rest. */
void header_skip_cfws(struct span *in);

/* What we write ourselves. */
/* "Name: text CRLF", folded at 76, encoded words (UTF-8, the shorter of B and Q) where needed. Control
 * characters in `utf8` become spaces, so that no caller can be made to write a second field. */
void header_add(struct buf *out, const char *name, const char *utf8);
/* "name=value" or RFC 2231 "name*=utf-8''..." with a leading ";" and folding. */
void header_add_parameter(struct buf *out, const char *name, const char *utf8);
/* `"Name" <address>`, the name encoded where needed; NULL or "" name gives the address alone. */
void header_add_address(struct buf *out, const char *name, const char *address);

#endif
