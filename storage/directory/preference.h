/*
 * preference.h -- what a user, or for all of its users an organisation, prefers: the language in which the server writes to
 * them, and how long what they send can be taken back.
 *
 * Language  of notices about their mail, quota warnings, letters about their rules. "auto": as the message at hand says, both
 *           languages where nothing does.
 * Errors    ERR_NOT_FOUND: no such user or organisation (of the actor's). ERR_INVALID.
 * Threads   any.
 */
#ifndef DIRECTORY_PREFERENCE_H
#define DIRECTORY_PREFERENCE_H

#include "directory/directory.h"

enum { PREFERENCE_UNSAID = -1, PREFERENCE_UNDO_MAX_S = 3600 };

struct preference {
    const char *language; /* "auto", "fr", "en"; "": as above it (user: organisation; organisation: auto) */
    int undo_s;           /* PREFERENCE_UNSAID: as above it (organisation: the server's undo_window) */
};

enum preference_field { PREFERENCE_LANGUAGE = 1, PREFERENCE_UNDO = 2 };

/* Of a user, or with recipient_id 0 of the organisation. Texts under `owner`. */
MUST_CHECK bool preference_get(struct directory *directory, const struct actor *actor, const void *owner,
                               int64_t organisation_id, int64_t recipient_id,
                               struct preference *preference_out, struct err *err);
/* Changes those fields that `fields` names; `object`: for the audit. */
MUST_CHECK bool preference_set(struct directory *directory, const struct actor *actor,
                               int64_t organisation_id, int64_t recipient_id, const char *object,
                               unsigned fields, const struct preference *wanted, struct err *err);

/* What holds for a user: never "", PREFERENCE_UNSAID only where neither it nor its organisation says a time. */
MUST_CHECK bool preference_find(struct directory *directory, const void *owner, int64_t recipient_id,
                                struct preference *preference_out, struct err *err);

#endif
