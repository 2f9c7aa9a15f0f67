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
    const char *reason;                       /* NULL: not said */
    int64_t sequence;                         /* in the chain; 0: not sealed yet */
    const char *hash;                         /* hexadecimal; NULL: not sealed yet */
};

struct audit_query {
    int64_t organisation_id; /* 0: the installation's own entries */
    int64_t before_id;       /* pages: entries with smaller ids; 0: from the newest */
    size_t limit;            /* 0: 100 */
    const char *who, *object,
        *action; /* only these; an action "user." stands for all that begin so. NULL: any */
};
/* Newest first. */
MUST_CHECK bool audit_list(struct directory *directory, const struct actor *actor, const void *owner,
                           const struct audit_query *query, struct audit_entry **entries_out,
                           size_t *count_out, struct err *err);
struct audit_activity {
    int64_t day_us, first_us, last_us, count; /* the day's beginning, UTC */
    const char *action, *actor, *peer;        /* peer NULL: this machine, or several */
};
/* What concerns a mailbox, for its owner and for who looks after it: logins ("login.imap"), visits of others to its
 * folders ("open.imap", `count` of them a day) and administrative acts on it, by day, kind and who. Newest
 * first, at most 1,000. Whether the caller may is the caller's affair. */
MUST_CHECK bool audit_activity(struct directory *directory, const void *owner, int64_t recipient_id,
                               struct audit_activity **activities_out, size_t *count_out, struct err *err);

/* What a walk over the whole chain found (docs/delegation.md). */
struct audit_verdict {
    int64_t sealed, waiting, oldest_waiting_us;
    const char *wrong; /* "": nothing; "gap", "removed", "changed" */
    int64_t wrong_sequence, wrong_id;
    const char *head,
        *asked; /* hashes, hexadecimal: the newest; the one at the sequence asked for, NULL: there is none */
};
/* For actors of the installation. */
MUST_CHECK bool audit_verify(struct directory *directory, const struct actor *actor, const void *owner,
                             int64_t sequence_asked, struct audit_verdict *verdict_out, struct err *err);
/* For acts outside the directory database (opening somebody's mailbox, import). */
MUST_CHECK bool audit_note(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                           const char *action, const char *object, const char *after_json, struct err *err);

#endif
