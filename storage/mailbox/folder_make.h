/*
 * folder_make.h -- what CREATE and RENAME share: the way from the top to a name. For this room only.
 */
#ifndef MAILBOX_FOLDER_MAKE_H
#define MAILBOX_FOLDER_MAKE_H

#include "format/folder_name.h"
#include "mailbox/folder.h"
#include "mailbox/journal.h"
#include "mailbox/rights_of.h"

struct folder_path {
    struct span levels[FOLDER_NAME_LEVELS_MAX + 1]; /* whole names, from the top to the name itself */
    size_t count, existing;                         /* the first `existing` are there */
    int64_t nearest_id;                             /* of the last that is there; 0: none */
    unsigned parent_rights; /* of the reader on it, or on the whole mailbox where there is none */
    int64_t folders;        /* in the whole mailbox */
};
/* Under the mailbox's lock. The name was checked. */
MUST_CHECK bool folder_path_read(struct db *db, const void *owner, struct mailbox *mailbox,
                                 const struct mailbox_reader *reader, const char *name,
                                 struct folder_path *path_out, struct err *err);
/* The last level may be created by this reader. */
MUST_CHECK bool folder_path_check(const struct folder_path *path, const struct mailbox *mailbox,
                                  const struct mailbox_reader *reader, struct err *err);
/* Queues the levels from `existing` to `count`, at modseq + 1; the use for the last one. */
MUST_CHECK bool folder_path_make(struct db *db, struct mailbox *mailbox, const struct locked_mailbox *at,
                                 const struct folder_path *path, size_t count, const char *special_use,
                                 struct err *err);

/* ERR_INVALID or ERR_LIMIT unless the name is canonical. */
MUST_CHECK bool folder_name_check(const char *name, struct err *err);
/* ERR_INVALID for one that search folders have. */
MUST_CHECK bool folder_name_is_free(const char *name, struct err *err);
/* Puts ERR_EXISTS of the use's index into words; returns false. */
bool folder_explain_use(struct err *err);

#endif
