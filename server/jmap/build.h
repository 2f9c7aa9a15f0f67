/*
 * build.h -- a message made of an Email object (RFC 8621, 4.6); private to this room.
 */
#ifndef JMAP_BUILD_H
#define JMAP_BUILD_H

#include "jmap/request.h"

/* The bytes of the message, under the call's arena. A SetError (a new reference) for what cannot be made; NULL: done. */
json_t *jmap_build(struct jmap_call *call, const json_t *email, struct span *bytes_out);
/* build_header.c: adds a header property ("from", "header:X:asText") as a field. A SetError, or NULL. */
json_t *jmap_build_field(void *arena, struct buf *out, const char *property, const json_t *value);
/* The field's name of such a property, in small letters; NULL where it is none that may be set. */
char *jmap_build_field_name(void *arena, const char *property);

#endif
