/*
 * cbor.h -- CBOR (RFC 8949), as far as authenticators write it (CTAP2 canonical form): whole numbers, byte and text strings, arrays,
 * maps, true, false, null. Lengths are definite; tags, floating point numbers and endless strings are refused.
 *
 * Threads  pure functions.
 */
#ifndef FORMAT_CBOR_H
#define FORMAT_CBOR_H

#include "base/span.h"

enum { CBOR_DEPTH_MAX = 8 };

enum cbor_kind { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_SIMPLE = 7 };

struct cbor_item {
    enum cbor_kind kind;
    uint64_t
        number; /* the number; of CBOR_NEGATIVE, -1 - number; of an array or map, how many it has; of CBOR_SIMPLE, which */
    struct span bytes; /* of a string: what is in it */
};

/* Takes the head of an item, and of a string its bytes; what is in an array or map follows. */
MUST_CHECK bool cbor_take(struct span *in, struct cbor_item *item_out);
/* Takes a whole item, with all that is in it, at most CBOR_DEPTH_MAX deep. */
MUST_CHECK bool cbor_take_whole(struct span *in, struct span *item_out);
/* Takes a whole map and hands out its entries in order, each value as its bytes; false where `each` says so, too. Keys are
 * numbers or texts. */
typedef bool cbor_each(const struct cbor_item *key, struct span value, void *arg);
MUST_CHECK bool cbor_take_map(struct span *in, cbor_each *each, void *arg);

/* The value of an entry, whole: a byte string. */
MUST_CHECK bool cbor_bytes(struct span value, struct span *bytes_out);
/* A text string. */
MUST_CHECK bool cbor_text(struct span value, struct span *text_out);
/* A whole number between -2^63 and 2^63 - 1. */
MUST_CHECK bool cbor_integer(struct span value, int64_t *number_out);
/* What an item says, as one number of either sign; false for what is none or does not fit. */
MUST_CHECK bool cbor_item_integer(const struct cbor_item *item, int64_t *number_out);

#endif
