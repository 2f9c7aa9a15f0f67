/* mdn.h -- notices that a message was seen (RFC 8098), read; private to this room. */
#ifndef JMAP_MDN_H
#define JMAP_MDN_H

#include "base/span.h"

#include <jansson.h>

/* The MDN object (RFC 9007, 1.3) of a message, a new reference; NULL where it is no such notice. The email that it tells of is not
 * looked for: forEmailId is null. What is read meanwhile is under `arena`. */
json_t *jmap_mdn_of(void *arena, struct span message);

#endif
