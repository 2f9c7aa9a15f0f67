/*
 * script_work.h -- how a change of what runs at delivery is made. For this room only.
 */
#ifndef MAILBOX_SCRIPT_WORK_H
#define MAILBOX_SCRIPT_WORK_H

#include "db/statement.h"
#include "mailbox/script.h"

typedef bool script_work(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err);

/* Locks the mailbox, runs `work`, gives the mailbox a new script version. ERR_NOT_FOUND: the mailbox is gone. */
MUST_CHECK bool script_change(struct group *group, int64_t mailbox_id, script_work *work, void *arg,
                              struct err *err);
/* One statement on a connection of its own. */
MUST_CHECK bool script_query(struct group *group, const void *owner, const char *sql, struct db_args args,
                             struct db_rows **rows_out, struct err *err);

#endif
