/*
 * encoded.h -- ${hex:40} and ${unicode:A9} in strings (RFC 5228, 2.4.2.4). For this room only.
 */
#ifndef SIEVE_ENCODED_H
#define SIEVE_ENCODED_H

#include "base/buf.h"

/* The string with all that is encoded in it decoded; what is not exactly of that form stays as it is. False for a number
 * that is no Unicode character. */
MUST_CHECK bool encoded_decode(const void *owner, struct span text, struct span *text_out);
/* Adds a character as UTF-8; false where there is none of that number. */
MUST_CHECK bool encoded_add_character(struct buf *out, uint32_t code);

#endif
