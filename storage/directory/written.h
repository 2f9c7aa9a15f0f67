/*
 * written.h -- what was written back into a company directory, value by value, and which entries have to be compared again.
 *
 * Errors   ERR_BUSY: the directory database is down.
 * Threads  any; one at a time works on a source (source_lease()).
 */
#ifndef DIRECTORY_WRITTEN_H
#define DIRECTORY_WRITTEN_H

#include "base/span.h"
#include "directory/source.h"

enum { WRITTEN_AT_ONCE = 50, WRITTEN_NAME_MAX = 100 };

/* A user of the source whose recipient was looked at since. */
struct written_due {
    const char *key, *dn;
    const char **addresses; /* of the recipient, the primary one first */
    size_t address_count;
    struct span photo;   /* empty: none */
    const char **values; /* written before, as written_name() names them */
    size_t value_count;
};
/* "mail 9f86d0...": an attribute and the digest of a value, under `owner`. */
char *written_name(const void *owner, const char *attribute, struct span value);
/* At most WRITTEN_AT_ONCE behind the key `after`, by key; under `owner`. None where the source was changed since it was read: what it says
 * now may be that nothing is written. */
MUST_CHECK bool written_due(struct directory *directory, const void *owner, const struct source *source,
                            const char *after, struct written_due **due_out, size_t *count_out,
                            struct err *err);
/* The entry was compared: these are the values in it that we wrote. */
MUST_CHECK bool written_note(struct directory *directory, const struct source *source, const char *key,
                             const char *const *values, size_t count, struct err *err);

#endif
