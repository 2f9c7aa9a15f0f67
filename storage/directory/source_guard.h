/*
 * source_guard.h -- what belongs to a company directory is changed there, and not here. For this room only; whoever shows a
 * recipient asks source_of() (directory/source.h).
 */
#ifndef DIRECTORY_SOURCE_GUARD_H
#define DIRECTORY_SOURCE_GUARD_H

#include "directory/act.h"

enum source_owned { OWNED_FIELD, OWNED_PASSWORD, OWNED_EXISTENCE };

/* ERR_DENIED where the recipient came of a directory in which it still is; `what`: "name", in the sentence. Inside the change. */
MUST_CHECK bool source_guard(struct db *db, int64_t recipient_id, enum source_owned owned, const char *what,
                             struct err *err);

#endif
