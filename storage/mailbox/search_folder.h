/*
 * search_folder.h -- saved searches that are shown as folders (docs/decisions/0006-search-folders.md).
 *
 * A search folder has a number that no folder has, a name below SEARCH_FOLDERS, UIDs and UIDVALIDITY of its own, and no messages: it shows
 * those that its filter holds for, where they are. Functions that take a folder's number take one of these as well: view_latest()
 * looks for what matches now, flags_store(), folder_expunge() and folder_copy() act upon the originals. What would put something
 * into it finds that the reader lacks the right. folder_find() knows its name, folder_delete() and folder_rename() change it.
 *
 * No folder is created or renamed below SEARCH_FOLDERS. One that is there from before stays, and so that it hides nothing, a search folder
 * of its name is shown with SEARCH_FOLDER_BESIDE behind it; a new search folder does not get the name.
 *
 * The owner of a mailbox sees its search folders, and who may look up and read all its folders: for him it has the rights that he has on
 * every one of them.
 *
 * The filter is JMAP's (RFC 8621, 4.4.1), and storage does not read it: who knows filters says so at the start of a process
 * (search_folder_use()). Where nobody does, search folders are not found.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND, ERR_EXISTS, ERR_INVALID (name), ERR_LIMIT, ERR_BUSY, ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_SEARCH_FOLDER_H
#define MAILBOX_SEARCH_FOLDER_H

#include "group/group.h"
#include "mailbox/folder.h"
#include "mailbox/search.h"
#include "mailbox/view.h"

#define SEARCH_FOLDERS "Search Folders"
#define SEARCH_FOLDER_BESIDE " (search)"
enum {
    SEARCH_FOLDERS_MAX = 100,
    SEARCH_FOLDER_NAME_MAX = 200,        /* bytes of UTF-8 */
    SEARCH_FOLDER_FILTER_MAX = 16384,    /* bytes */
    SEARCH_FOLDER_SORT_MAX = 2048,       /* bytes */
    SEARCH_FOLDER_MESSAGES_MAX = 200000, /* that one can show */
    SEARCH_FOLDERS_REMOVED_MAX = 200     /* that are remembered */
};

/* SEARCH_FOLDERS, or below it: no other folder gets such a name. */
bool search_folder_keeps_name(const char *name);
/* Of a folder that was found by name or in a list before, of this struct mailbox. */
bool search_folder_is(struct mailbox *mailbox, int64_t folder_id);
/* MAILBOXID of any folder. */
void folder_public_id(struct mailbox *mailbox, int64_t folder_id, char text_out[GROUP_PUBLIC_ID_SIZE]);

struct search_folder {
    int64_t folder_id; /* 0: a new one */
    const char *name, *filter, *sort;
    uint64_t created_modseq, properties_modseq;
    bool is_subscribed, is_removed;
};

/* What the reader may do in all folders of the mailbox, and so in its search folders; 0 where he sees none of these. One query for
 * who is not the owner. */
MUST_CHECK bool search_folder_rights(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                     unsigned *rights_out, struct err *err);
/* All, also those removed, for whom search_folder_rights() has rights; by name. */
MUST_CHECK bool search_folders_list(struct mailbox *mailbox, const void *owner,
                                    struct search_folder **folders_out, size_t *count_out, struct err *err);
/* As folders that the reader may look up, by name, counters 0: search_folder_count() has them. Nothing for one who may not see them. */
MUST_CHECK bool search_folders_as_folders(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                          const void *owner, struct folder ***folders_out, size_t *count_out,
                                          struct err *err);
/* A new one, which is subscribed at once, or name, filter and sort of the one with that number. */
MUST_CHECK bool search_folder_put(struct mailbox *mailbox, const struct search_folder *folder,
                                  int64_t *folder_id_out, struct err *err);
/* What it showed stays where it is. */
MUST_CHECK bool search_folder_remove(struct mailbox *mailbox, int64_t folder_id, struct err *err);
/* Fills the counters of a search folder with what matches now; does nothing to another folder. */
MUST_CHECK bool search_folder_count(struct mailbox *mailbox, struct folder *folder, struct err *err);

/* mailbox_search() among messages that a folder shows, whatever kind of folder it is. */
MUST_CHECK bool folder_search(struct mailbox *mailbox, const void *owner, int64_t folder_id,
                              const struct search_uids *among, const struct search_key *keys,
                              size_t key_count, int64_t until_us, struct search_uids *found_out,
                              struct err *err);

/* A message where it lives. */
struct search_place {
    int64_t folder_id;
    uint32_t uid;
};
/* Messages of the owner's folders that the filter holds for, in any order, under `owner`: each membership by itself. `among` (by folder,
 * then UID; NULL: all): the only ones that are asked about, at a cost of their number. ERR_LIMIT: more than
 * SEARCH_FOLDER_MESSAGES_MAX, or it takes too long; ERR_INVALID: it is none. */
typedef bool search_folder_finder(void *arg, struct mailbox *mailbox, const char *filter,
                                  const struct search_place *among, size_t among_count, const void *owner,
                                  struct search_place **places_out, size_t *count_out, struct err *err);
/* Before sessions begin. `arg` lives as long as the cache. */
void search_folder_use(struct mailbox_cache *cache, search_folder_finder *finder, void *arg);

#endif
