/*
 * name.h -- names of entries (RFC 4514), as slapd hands them on: who logs in, and where is searched. For this room only.
 *
 * Threads  pure functions.
 */
#ifndef SLAPD_NAME_H
#define SLAPD_NAME_H

#include "base/span.h"

enum { NAME_PARTS_MAX = 32, NAME_BYTES_MAX = 2000 };

struct name_part {
    const char *type, *value; /* unescaped */
    const char *at;           /* where it begins in the text */
};
/* From the entry up to the root: mail=ada@example.org, ou=Sales, o=Example. */
struct name {
    struct span text;
    struct name_part parts[NAME_PARTS_MAX];
    size_t count;
};

/* Under `owner`. False: it is none, or one of those that nothing here is called by (several values in a part, binary ones, control
 * characters). */
MUST_CHECK bool name_read(const void *owner, struct span text, struct name *name_out);
/* Is that part of this type (ASCII case ignored)? False also where there is no such part. */
bool name_part_is(const struct name *name, size_t part, const char *type);
/* The domain that the parts from there on are (dc=example,dc=org), under `owner`; NULL: something else is among them, or nothing. */
char *name_domain(const void *owner, const struct name *name, size_t from);
/* Whom it means as a login: the value of its first part, with the domain that the last ones tell where it has none itself. NULL:
 * nobody, and never a name that slapd made itself (cn=auth). */
char *name_login(const void *owner, const struct name *name);

#endif
