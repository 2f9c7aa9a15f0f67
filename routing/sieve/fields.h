/*
 * fields.h -- the header fields of the message while a script reads and edits them (RFC 5293). For this room only.
 */
#ifndef SIEVE_FIELDS_H
#define SIEVE_FIELDS_H

#include "base/buf.h"

struct field {
    struct span name, value, whole; /* as in format/header.h */
};

struct fields {
    const void *owner;
    struct field *items;
    size_t count;
    bool is_edited;
};

/* The fields of a header block, in order, under `owner`; names and values point into it, so it must live as long. */
struct fields *fields_of(const void *owner, struct span header_block);
/* At the front, or behind all others. `whole` is a field with its line ends, under the owner. */
enum field_place { FIELD_FIRST, FIELD_LAST };
void fields_add(struct fields *fields, struct span whole, enum field_place place);
/* Takes out field `number`, from 0; those behind it move up. */
void fields_remove(struct fields *fields, size_t number);
/* The block, with its empty line. */
void fields_render(const struct fields *fields, struct buf *out);

/* Number of fields of that name. */
size_t fields_count(const struct fields *fields, struct span name);
/* Case ignored. */
bool field_is_named(const struct field *field, struct span name);

#endif
