/* email_part.h -- one part of a message, as email_body.c and email_lists.c look at it. */
#ifndef JMAP_EMAIL_PART_H
#define JMAP_EMAIL_PART_H

#include "jmap/email.h"

/* By its number in the index. */
const struct mime_part *email_part_at(const struct letter_source *source, uint32_t number);
/* JMAP's multiparts are those; an attached message is a leaf that can be parsed. */
bool email_part_is_multipart(const struct mime_part *part);
/* ASCII letters small; under `arena`. */
char *email_lower(const void *arena, struct span text);
/* "text/plain", in small letters; under `arena`. */
const char *email_part_type(const void *arena, const struct letter_source *source, uint32_t number);
/* Is there such a part, and of this type? */
bool email_part_is(const void *arena, const struct letter_source *source, uint32_t number, const char *type);
/* The n-th child (from 1) of a multipart; MIME_NO_PART where there is none. */
uint32_t email_part_child(const struct letter_source *source, uint32_t parent, uint32_t number);
/* Text or null; new references. */
json_t *email_part_charset(const void *arena, const struct letter_source *source, uint32_t number);
/* The word of Content-Disposition, in small letters, or null; a new reference. */
json_t *email_part_disposition(const void *arena, const struct letter_source *source,
                               const struct mime_part *part);
/* With these properties (but subParts); a new reference. */
json_t *email_part_object(const void *arena, const struct letter_source *source, uint32_t number,
                          json_t *properties);

#endif
