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
/* The same of all users, compared already or not, and whatever became of the source since it was read. */
MUST_CHECK bool written_all(struct directory *directory, const void *owner, const struct source *source,
                            const char *after, struct written_due **due_out, size_t *count_out,
                            struct err *err);
/* The entry was compared: these are the values in it that we wrote. */
MUST_CHECK bool written_note(struct directory *directory, const struct source *source, const char *key,
                             const char *const *values, size_t count, struct err *err);

/* What the directory did not take. */
struct written_refusal {
    const char *dn, *message; /* message: for people, in English */
    const char *cause;        /* what the server said */
    const char *detail;       /* what it was to take */
    int64_t since_us;
};
/* The entry was compared, and the directory refuses: told until it takes it. `refusal` without dn and time. */
MUST_CHECK bool written_refuse(struct directory *directory, const struct source *source, const char *key,
                               const struct written_refusal *refusal, struct err *err);
/* After a run: whether anything was written, and why not all of it could be ("": all was). */
MUST_CHECK bool written_end(struct directory *directory, const struct source *source, bool has_written,
                            const char *fault, struct err *err);

/* ---- for administrators */

struct written_state {
    int64_t written_us; /* 0: never */
    const char *fault;  /* "": none */
    int64_t entries;    /* in which something of ours stands */
    int64_t due;        /* still to be compared */
    int64_t refusals;   /* all of them */
    struct written_refusal *refused;
    size_t refused_count; /* at most the limit, by DN */
};
/* How it goes; under `owner`. */
MUST_CHECK bool written_state_get(struct directory *directory, const struct actor *actor, const void *owner,
                                  const struct source *source, size_t limit, struct written_state *state_out,
                                  struct err *err);
/* The next run tries again what was refused. */
MUST_CHECK bool written_again(struct directory *directory, const struct actor *actor,
                              const struct source *source, struct err *err);

#endif
