/*
 * autocrypt.h -- the field in which a mail program sends its user's key along (Autocrypt, level 1, 1.1; https://autocrypt.org/level1.html).
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_AUTOCRYPT_H
#define FORMAT_AUTOCRYPT_H

#include "base/buf.h"

/* The value of a field, folded or not: whose key it says it is (under `owner`), and the key, binary, added to `key`: at most `key_max`
 * bytes. False for what is no such field: without one of the two, with an attribute that one would have to understand, or too long. */
MUST_CHECK bool autocrypt_read(const void *owner, struct span value, size_t key_max, const char **address_out,
                               struct buf *key);

#endif
