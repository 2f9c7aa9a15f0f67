/*
 * search_folder_work.h -- what lies behind the doors that take a folder's number, for numbers of search folders. For this room only.
 */
#ifndef MAILBOX_SEARCH_FOLDER_WORK_H
#define MAILBOX_SEARCH_FOLDER_WORK_H

#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"
#include "mailbox/read.h"
#include "mailbox/search_folder.h"

/* A message shown, and where it lives. */
struct shown_message {
    uint32_t uid;
    uint64_t modseq;
    struct search_place at;
};
/* Of these UIDs (NULL: all), ascending by UID. By primary key. */
MUST_CHECK bool shown_messages_read(struct db *db, const struct mailbox *mailbox, int64_t folder_id,
                                    const struct uid_set *uids, const void *owner,
                                    struct shown_message **shown_out, size_t *count_out, struct err *err);

/* By name below SEARCH_FOLDERS, or by number where `name` is NULL; counters 0. Needs `rights`. */
MUST_CHECK bool search_folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                   const char *name, int64_t folder_id, unsigned rights, const void *owner,
                                   struct folder **folder_out, struct err *err);
/* folder_rename() to another name below SEARCH_FOLDERS. */
MUST_CHECK bool search_folder_rename(struct mailbox *mailbox, const struct folder *folder, const char *to,
                                     struct err *err);

/* view_read(): looks for what matches, gives new UIDs and takes rows away under the mailbox's lock. `checked_modseq`: the
 * mailbox's modseq when `base` was known to be right. */
MUST_CHECK bool search_folder_read(struct mailbox *mailbox, int64_t folder_id, const struct view *base,
                                   uint64_t checked_modseq, struct view_read *read_out, struct err *err);

/* flags_store(), a transaction for each folder that is touched. What is no longer shown after it stays in the result's view. */
MUST_CHECK bool search_folder_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                                    const struct flags_change *change, const void *owner,
                                    struct flags_result *result_out, struct err *err);
/* folder_expunge(), a transaction for each folder. */
MUST_CHECK bool search_folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                                      enum expunge_which which, const void *owner,
                                      struct expunge_result *result_out, struct err *err);
/* folder_copy(), a transaction for each run of messages that lie in one folder in the order of their UIDs. */
MUST_CHECK bool search_folder_copy(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids,
                                   struct mailbox *to, int64_t to_folder_id, enum copy_kind kind,
                                   const void *owner, struct copy_result *result_out, struct err *err);

#endif
