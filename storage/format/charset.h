/*
 * charset.h -- bytes in any charset to valid UTF-8, bounded.
 *
 * Threads  pure functions; any thread (ICU converters are opened and closed within a call; the common
 *          charsets do not need one).
 */
#ifndef FORMAT_CHARSET_H
#define FORMAT_CHARSET_H

#include "base/buf.h"
#include "base/span.h"

/* Adds `bytes` converted from `charset` ("" and unknown names: UTF-8 where valid, else windows-1252), at most
 * `cap` bytes, never splitting a character. What cannot be converted becomes U+FFFD. False where the charset
 * is unknown. */
bool charset_add_utf8(struct buf *out, struct span charset, struct span bytes, size_t cap);
/* True where we know this charset. */
bool charset_is_known(struct span charset);

/* RFC 3629: no overlong forms, no surrogates. */
bool utf8_is_valid(struct span text);
/* No byte above 127. */
bool utf8_is_ascii(struct span text);
/* Adds `text` with every invalid byte and NUL replaced by U+FFFD. */
void utf8_add_valid(struct buf *out, struct span text);
/* Length of the longest prefix of at most `max` bytes that ends between two characters. */
size_t utf8_cut(struct span text, size_t max);
/* Normal form C; the text itself where already so. NULL where it is not valid UTF-8. */
char *utf8_nfc(const void *owner, struct span text);
/* Full case folding, then NFC. NULL where it is not valid UTF-8. */
char *utf8_fold_case(const void *owner, struct span text);

#endif
