/*
 * recipient_row.h -- what the files of this room share about recipients of all kinds.
 */
#ifndef DIRECTORY_RECIPIENT_ROW_H
#define DIRECTORY_RECIPIENT_ROW_H

#include "directory/act.h"

/* A target as it is stored: its recipient (also through an alias domain), or, with id 0, its address as SMTP writes it.
 * ERR_NOT_FOUND for an address in one of our domains that does not exist. Inside the organisation's transaction. */
MUST_CHECK bool recipient_find_target(struct db *db, const void *owner, const char *text, int64_t *id_out,
                                      struct span *address_out, struct err *err);
/* Before a recipient is removed: it leaves the groups it is in; ERR_DEPENDED_ON while an alias, a redirect or a catch-all
 * leads to it. `what`: "The user". */
MUST_CHECK bool recipient_let_go(struct db *db, const char *what, int64_t recipient_id, struct err *err);

#endif
