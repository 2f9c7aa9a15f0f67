/*
 * signed_text.h -- where in a text the part is that was signed in it (RFC 9580, 7), and whether anything stands around it.
 *
 * A reader sees all of a text, and takes all of it for signed when he is told so. So what is not covered by the signature is looked for as
 * strictly as the signature is checked: a line before or after it, a second signed text, a line of the armour that is none. The fields
 * Version and Comment, which programs write above their signature, are none of the text; who shows signed text leaves its armour out.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_SIGNED_TEXT_H
#define FORMAT_SIGNED_TEXT_H

#include "base/span.h"

enum { SIGNED_TEXT_FIELDS_MAX = 8, SIGNED_TEXT_FIELD_MAX = 200 /* bytes */ };

enum signed_text {
    SIGNED_TEXT_NONE,
    SIGNED_TEXT_WHOLE,  /* nothing but the signed text, and empty lines */
    SIGNED_TEXT_PART,   /* a signed text, and something else that one sees */
    SIGNED_TEXT_BROKEN, /* it begins and does not end, or its first lines are not as they must be */
    SIGNED_TEXT_SEALED, /* an encrypted message stands in it (RFC 9580, 6.2) */
};

/* *block_out: the first signed text, from its first line to its last, where there is a whole one. */
enum signed_text signed_text_find(struct span text, struct span *block_out);

#endif
