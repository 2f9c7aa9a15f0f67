/*
 * base32.h -- bytes as text that survives where there is one case of letters, or where a URL goes: base32 and base64url without
 * padding (RFC 4648, 5 and 6). One content has one text.
 *
 * Threads  pure functions.
 */
#ifndef FORMAT_BASE32_H
#define FORMAT_BASE32_H

#include "base/buf.h"

/* Letters a-z and digits 2-7. Under `owner`. */
char *base32_text(const void *owner, struct span bytes);
/* Case does not matter. False for other letters, for bits left over that are not 0, and beyond `cap` bytes; `out` has room for
 * `cap`. */
MUST_CHECK bool base32_read(struct span text, uint8_t *out, size_t cap, size_t *length_out);

/* Letters, digits, '-' and '_'. Under `owner`. */
char *base64url_text(const void *owner, struct span bytes);
/* Adds the bytes; false, and nothing added, for anything that base64url_text() does not write, and beyond `cap` bytes. */
MUST_CHECK bool base64url_read(struct span text, size_t cap, struct buf *out);

#endif
