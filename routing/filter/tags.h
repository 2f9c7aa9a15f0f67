/*
 * tags.h -- lists of name=value pairs separated by semicolons (RFC 6376, 3.2): signatures, keys, ARC.
 *
 * Threads  pure; any.
 */
#ifndef FILTER_TAGS_H
#define FILTER_TAGS_H

#include "base/buf.h"

/* The next pair; the name trimmed, the value everything up to the semicolon, white space included. What has no = is passed
 * over. False at the end. */
MUST_CHECK bool tags_next(struct span *in, struct span *name_out, struct span *value_out);
/* The value of a tag, trimmed. False where it is not there, or there twice. */
MUST_CHECK bool tags_find(struct span in, const char *name, struct span *value_out);
/* The value of a tag without any white space, as text under `owner`, at most `most` bytes; NULL where that is not so. */
char *tags_text(const void *owner, struct span in, const char *name, size_t most);

#endif
