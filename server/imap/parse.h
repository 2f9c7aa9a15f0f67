/*
 * parse.h -- the words of the IMAP grammar (RFC 3501 and RFC 9051, section 9), taken one by one.
 *
 * A command is kept as it came: its lines and, after each `{n}` CRLF, the bytes of the literal. A literal that
 * was too large to be kept (the message of an APPEND) is in a spool file instead, and `spooled` says at which
 * position of the text it belongs. Takers consume only on success.
 *
 * Ownership  spans point into the command's text or, where an escape had to be undone, into `arena`.
 * Errors     false leaves the input where it was; the caller says what it expected.
 * Limits     depth of parentheses: IMAP_MAX_DEPTH; text as long as the framing lets through (framing.h).
 */
#ifndef IMAP_PARSE_H
#define IMAP_PARSE_H

#include "base/span.h"

enum { IMAP_MAX_DEPTH = 32 };

/* A literal whose bytes lie in a spool file. */
struct imap_spooled {
    const char *at;  /* where its bytes would begin in the text */
    uint64_t offset; /* of its first byte in the spool */
    uint64_t size;
};

struct imap_in {
    struct span rest;
    void *arena;     /* talloc context of unescaped strings; until the command ends */
    bool takes_utf8; /* quoted strings may hold UTF-8 (after ENABLE IMAP4rev2 or UTF8=ACCEPT) */
    const struct imap_spooled *spooled;
    size_t spooled_count;
};

/* One argument that may be a literal of any size. */
struct imap_literal {
    struct span bytes;                /* when it was kept in memory */
    const struct imap_spooled *spool; /* when it was not; else NULL */
    uint64_t size;
    bool is_binary; /* ~{n}, may hold NUL (RFC 3516) */
};

static inline bool imap_at_end(const struct imap_in *in)
{
    return span_is_empty(in->rest);
}

/* True where the next byte is `byte`; nothing is taken. */
static inline bool imap_peek(const struct imap_in *in, char byte)
{
    return !span_is_empty(in->rest) && *in->rest.p == byte;
}

/* Taken only where it stands next. */
MUST_CHECK bool imap_take_byte(struct imap_in *in, char byte);
/* This word in any case, followed by something that cannot continue an atom. */
MUST_CHECK bool imap_take_keyword(struct imap_in *in, const char *word);
/* 1*ATOM-CHAR. */
MUST_CHECK bool imap_take_atom(struct imap_in *in, struct span *atom_out);
/* A tag: 1*(ASTRING-CHAR except "+"). */
MUST_CHECK bool imap_take_tag(struct imap_in *in, struct span *tag_out);
/* quoted / literal, in memory, without NUL. */
MUST_CHECK bool imap_take_string(struct imap_in *in, struct span *string_out);
/* 1*ASTRING-CHAR / string. */
MUST_CHECK bool imap_take_astring(struct imap_in *in, struct span *string_out);
/* string / NIL; *is_nil_out tells which. */
MUST_CHECK bool imap_take_nstring(struct imap_in *in, struct span *string_out, bool *is_nil_out);
/* A LIST pattern: 1*list-char / string. */
MUST_CHECK bool imap_take_pattern(struct imap_in *in, struct span *pattern_out);
/* literal / literal8, wherever its bytes are. */
MUST_CHECK bool imap_take_literal(struct imap_in *in, struct imap_literal *literal_out);
/* string / literal8 in memory: an annotation's value (RFC 5464). */
MUST_CHECK bool imap_take_string8(struct imap_in *in, struct span *string_out);
/* A flag: "\" atom, or atom. */
MUST_CHECK bool imap_take_flag(struct imap_in *in, struct span *flag_out);

/* number, nz-number, number64 (63 bits, RFC 9051), mod-sequence-value (1 .. 2^63-1). */
MUST_CHECK bool imap_take_number(struct imap_in *in, uint32_t *value_out);
/* nz-number: not 0. */
MUST_CHECK bool imap_take_nz_number(struct imap_in *in, uint32_t *value_out);
/* number64 of RFC 9051, 9. */
MUST_CHECK bool imap_take_number64(struct imap_in *in, uint64_t *value_out);
/* mod-sequence-value of RFC 7162, 7: not 0. */
MUST_CHECK bool imap_take_modseq(struct imap_in *in, uint64_t *value_out);
/* mod-sequence-valzer: 0 is allowed too. */
MUST_CHECK bool imap_take_modseq_or_zero(struct imap_in *in, uint64_t *value_out);

/* SP, taken only where exactly one stands. */
static inline bool imap_take_space(struct imap_in *in)
{
    return imap_take_byte(in, ' ');
}

/* True for the bytes that an atom is made of (8-bit bytes are not). */
bool imap_is_atom_char(char c);

#endif
