/*
 * folder_row.h -- a folder's row as struct folder. For this room only.
 */
#ifndef MAILBOX_FOLDER_ROW_H
#define MAILBOX_FOLDER_ROW_H

#include "db/statement.h"
#include "mailbox/folder.h"
#include "mailbox/rights_of.h"

/* Columns 0..14 of folder f; `subscribed` and `wants_rights` are SQL conditions. */
#define FOLDER_COLUMNS(subscribed, wants_rights)                                                             \
    "f.folder_id, f.name, f.uidvalidity, f.uidnext, f.modseq, f.created_modseq, f.properties_modseq,"        \
    " f.messages, f.unseen, f.deleted, f.bytes, f.recent_uid, f.special_use, " subscribed                    \
    ", " RIGHTS_COLUMN(wants_rights)
enum { FOLDER_COLUMN_COUNT = 15 };

/* A folder with the reader's rights, under `owner`, from a row of FOLDER_COLUMNS. Errors as rights_of(). */
MUST_CHECK bool folder_of_row(const void *owner, struct rights_reading *reading, const struct db_row *row,
                              struct folder **folder_out, struct err *err);

#endif
