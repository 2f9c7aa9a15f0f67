/*
 * alias.h -- an address that stands for others, of this installation or elsewhere.
 */
#ifndef DIRECTORY_ALIAS_H
#define DIRECTORY_ALIAS_H

#include "directory/directory.h"

enum { ALIAS_TARGETS_MAX = 1000 };

struct alias {
    int64_t recipient_id, organisation_id;
    const char *address;
    const char *name;     /* for people; may be "" */
    const char **targets; /* addresses; of a user of this organisation: its primary one */
    size_t target_count;
    bool is_enabled;
};

/* At least one target. A target in a domain of this organisation must exist (ERR_NOT_FOUND); one elsewhere is kept as
 * an address. ERR_INVALID: it would reach itself. */
MUST_CHECK bool alias_add(struct directory *directory, const struct actor *actor, const struct alias *wanted,
                          int64_t *recipient_id_out, struct err *err);
MUST_CHECK bool alias_find(struct directory *directory, const struct actor *actor, const void *owner,
                           const char *address, struct alias *alias_out, struct err *err);
/* By address. */
MUST_CHECK bool alias_list(struct directory *directory, const struct actor *actor, const void *owner,
                           int64_t organisation_id, struct alias **aliases_out, size_t *count_out,
                           struct err *err);
/* Replaces targets, name and is_enabled. */
MUST_CHECK bool alias_set(struct directory *directory, const struct actor *actor, const char *address,
                          const struct alias *wanted, struct err *err);
/* ERR_DEPENDED_ON: other aliases have it as a target. */
MUST_CHECK bool alias_remove(struct directory *directory, const struct actor *actor, const char *address,
                             struct err *err);

#endif
