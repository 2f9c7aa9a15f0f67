/*
 * audit.h -- who did what. Every function of this room that changes something for an actor writes its row in the
 * same transaction; rows are never changed.
 */
#ifndef DIRECTORY_AUDIT_H
#define DIRECTORY_AUDIT_H

#include "directory/directory.h"

struct audit_entry {
    int64_t audit_id, at_us, organisation_id; /* organisation 0: the installation */
    const char *actor, *peer;                 /* peer NULL: this machine */
    const char *action;                       /* "user.add", "domain.set" */
    const char *object;                       /* name of what was changed */
    const char *before, *after;               /* JSON objects of what changed; NULL: was or is not there */
};

struct audit_query {
    int64_t organisation_id; /* 0: the installation's own entries */
    int64_t before_id;       /* pages: entries with smaller ids; 0: from the newest */
    size_t limit;            /* 0: 100 */
};
/* Newest first. */
MUST_CHECK bool audit_list(struct directory *directory, const struct actor *actor, const void *owner,
                           const struct audit_query *query, struct audit_entry **entries_out,
                           size_t *count_out, struct err *err);
/* For acts outside the directory database (opening somebody's mailbox, import). */
MUST_CHECK bool audit_note(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                           const char *action, const char *object, const char *after_json, struct err *err);

#endif
