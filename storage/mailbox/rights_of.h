/*
 * rights_of.h -- rights of a reader from the entries of a folder. For this room only.
 */
#ifndef MAILBOX_RIGHTS_OF_H
#define MAILBOX_RIGHTS_OF_H

#include "mailbox/rights.h"

/* SQL: the entries of folder f as "identifier rights", or NULL where nobody asks ($n false: the owner). */
#define RIGHTS_COLUMN(wanted)                                                                                \
    "CASE WHEN " wanted " THEN (SELECT array_agg(r.identifier || ' ' || r.rights)"                           \
    "                             FROM folder_right r WHERE r.folder_id = f.folder_id) END"

/* Of RIGHTS_COLUMN. */
unsigned rights_of(const struct mailbox *mailbox, const struct mailbox_reader *reader,
                   const struct span *entries, size_t count);
/* True where they allow all of `needed`; else the answer for those who may not know. */
MUST_CHECK bool rights_allow(unsigned rights, unsigned needed, struct err *err);
/* What one says of a folder that is absent or may not be known of. */
bool rights_not_found(struct err *err);

enum { RIGHTS_IDENTIFIER_MAX = 32 };
/* The entry's identifier with its sign, as rights_entry_parse() reads it. */
void rights_identifier(const struct rights_entry *entry, char text_out[RIGHTS_IDENTIFIER_MAX]);
/* "-r:17" and "lrs" as an entry. False where either is none. */
MUST_CHECK bool rights_entry_parse(struct span identifier, struct span letters,
                                   struct rights_entry *entry_out);

#endif
