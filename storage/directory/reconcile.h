/*
 * reconcile.h -- makes recipients follow what their company directory says (mirror.h), entry by entry, each whole or not at all.
 *
 * An entry that cannot be taken over as it stands (its address is taken, in no domain of ours ...) changes nothing and is listed as a
 * conflict with the remedy; it is tried again in every run, and where a server tells of changes as soon as one concerns it, else once a
 * minute. What is gone or disabled there is disabled here at once, and keeps its mailbox.
 */
#ifndef DIRECTORY_RECONCILE_H
#define DIRECTORY_RECONCILE_H

#include "directory/mirror.h"
#include "directory/source_run.h"
#include "directory/user.h"

enum { RECONCILE_FREE = 2 }; /* so many may be taken away whatever the source's limit */

struct reconciling {
    struct directory *directory;
    const struct source *source;
    bool is_dry;       /* nothing is kept: a preview */
    bool is_confirmed; /* the limit on what is taken away does not count */
    /* Makes the mailboxes of new users in their storage groups; may be called again for one that is there. */
    bool (*make_mailboxes)(void *arg, const struct user *users, size_t count, struct err *err);
    /* Takes a user's mailbox away, as its store's retention says. */
    bool (*drop_mailbox)(void *arg, const struct user *user, struct err *err);
    void *arg;
};

/* Fills the numbers, changes and message of *run; its state becomes "done", or "asks" where too much would be taken away: nothing
 * was changed then. `owner` keeps the texts. False: trouble; what was done so far stays, and the next run goes on. */
MUST_CHECK bool reconcile(const struct reconciling *reconciling, const void *owner, struct source_run *run,
                          struct err *err);

/* Gives an entry of the source a recipient that is there already: an internal one, or one whose own entry is gone. `entry`: key,
 * account, mail or DN. ERR_NOT_FOUND; ERR_CONFLICT: it belongs to another entry; ERR_INVALID: of another kind. */
MUST_CHECK bool reconcile_link(struct directory *directory, const struct actor *actor,
                               const struct source *source, const char *entry, const char *address,
                               struct err *err);

#endif
