/*
 * programs.h -- the compiled rules of mailboxes, kept under their version. For this room only.
 */
#ifndef RULES_PROGRAMS_H
#define RULES_PROGRAMS_H

#include "rules/rules.h"

/* Never changes; counted. */
struct programs {
    _Atomic unsigned references;
    int64_t version;
    const char *name;                       /* of the script; NULL: none */
    struct sieve_program *script;           /* NULL: none, or it does not compile */
    const char *trouble;                    /* why it does not; NULL */
    struct sieve_program *inside, *outside; /* the automatic reply; NULL: none */
    int64_t from_us, until_us;              /* when it is given; 0: open */
    struct span *blocked, *allowed;         /* senders, in the order of their bytes */
    size_t blocked_count, allowed_count;
    size_t bytes; /* of memory, about */
};
/* Accepts and sets NULL. */
void programs_release(struct programs **programs);
/* From the store, compiled. *programs_out NULL: nothing runs for this mailbox. */
MUST_CHECK bool programs_load(struct group *group, int64_t mailbox_id, struct programs **programs_out,
                              struct err *err);

struct program_cache;
/* Room for so many mailboxes; 0: the default. Under `owner`. */
struct program_cache *program_cache_new(const void *owner, size_t entries_max);
/* Accepts and sets NULL. */
void program_cache_close(struct program_cache **cache);
/* The version believed to be in force (0: none), and its programs where they are there (NULL: to be loaded), a reference. */
int64_t program_cache_find(struct program_cache *cache, int64_t group_id, int64_t mailbox_id,
                           struct programs **programs_out);
/* Another version is in force; `programs` (NULL: not loaded) gives away its reference. */
void program_cache_put(struct program_cache *cache, int64_t group_id, int64_t mailbox_id, int64_t version,
                       struct programs *programs);

#endif
