/*
 * move.h -- keywords, mailboxes and the end of emails that exist; private to this room.
 *
 * One patch for many emails is one change a folder. Where a change of one folder fails the ones before it stay, and the error
 * says so for all: a client looks again, as after any error.
 */
#ifndef JMAP_MOVE_H
#define JMAP_MOVE_H

#include "jmap/email.h"

/* `patch` of all these emails (at least one). A SetError (a new reference), or NULL. */
json_t *jmap_change_emails(struct jmap_call *call, const json_t *patch, const struct email *emails,
                           size_t count);
/* They leave all their folders; recoverable as anything expunged. */
json_t *jmap_destroy_emails(struct jmap_call *call, const struct email *emails, size_t count);

#endif
