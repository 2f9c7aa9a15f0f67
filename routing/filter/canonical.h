/*
 * canonical.h -- a message in the forms that DKIM and ARC hash (RFC 6376, 3.4).
 *
 * Threads  pure; any.
 */
#ifndef FILTER_CANONICAL_H
#define FILTER_CANONICAL_H

#include "base/buf.h"
#include "base/digest.h"
#include "format/header.h"

enum canonical_form { CANONICAL_SIMPLE, CANONICAL_RELAXED };

/* "relaxed/simple" of c=: the body's form may be left out. False for what is neither. */
MUST_CHECK bool canonical_forms_parse(struct span text, enum canonical_form *header_out,
                                      enum canonical_form *body_out);

/* One field without its last line end: relaxed from name and value, simple as it stands. */
void canonical_add_relaxed(struct buf *out, struct span name, struct span value);
/* The field as signatures of that form see it (RFC 6376, 3.4.1 and 3.4.2). */
void canonical_add_field(struct buf *out, const struct header_field *field, enum canonical_form form);
/* SHA-256 of a body. Bare CR and LF are looked at as they stand. */
void canonical_hash_body(struct span body, enum canonical_form form, uint8_t digest_out[SHA256_BYTES]);
/* The value of the field with what stands behind its tag b= left out (3.5): relaxed or simple comes later. `owner`: for the
 * result, which is the field's own span where it has no b=. */
struct span canonical_without_signature(const void *owner, struct span value);

/* base64 in lines for a field that is folded: text with CRLF TAB between. */
void canonical_add_folded(struct buf *out, const char *base64);

#endif
