/*
 * folder.h -- the folders of a mailbox: what IMAP calls mailboxes and JMAP Mailbox objects.
 *
 * Every mailbox has INBOX. Folders carry their whole path as name; a name whose parent does not exist gets the
 * parent created with it, so the tree has no holes. Names are canonical (format/folder_name.h): callers translate before. A deleted folder is kept with its messages for the store's
 * recoverable period, out of sight; its name is free at once and the next folder of that name has another
 * UIDVALIDITY (from the mailbox's own counter, never the clock).
 *
 * Every function takes the reader (mailbox/rights.h): what a reader may not look up does not exist for him.
 *
 * Ownership  what is returned belongs to the talloc context given as `owner`.
 * Errors     ERR_NOT_FOUND, ERR_DENIED, ERR_EXISTS, ERR_INVALID (name), ERR_LIMIT (FOLDERS_MAX, depth, length),
 *            ERR_BUSY, ERR_UNKNOWN (the change may or may not be there; look again).
 * Threads    any.
 */
#ifndef MAILBOX_FOLDER_H
#define MAILBOX_FOLDER_H

#include "mailbox/mailbox.h"
#include "mailbox/rights.h"

enum { FOLDERS_MAX = 10000, SUBSCRIPTIONS_MAX = 10000 };
#define FOLDER_INBOX "INBOX"

struct folder {
    int64_t folder_id; /* 0: only subscribed, does not exist (\NonExistent) */
    const char *name;
    uint32_t uidvalidity, uidnext;
    uint64_t modseq;                            /* HIGHESTMODSEQ */
    uint64_t created_modseq, properties_modseq; /* for JMAP Mailbox/changes */
    int64_t messages, unseen, deleted, bytes;
    uint32_t recent_uid;     /* first UID no IMAP4rev1 session was told of as \Recent */
    const char *special_use; /* "\\Sent", ... or NULL */
    bool is_subscribed;      /* by the owner */
    bool has_children;       /* of folder_list() only; false elsewhere */
    bool is_search;          /* a search folder (mailbox/search_folder.h) */
    unsigned rights;         /* of the reader */
};

/* One folder by name, with all counters; the reader needs `rights` (ERR_DENIED with 'l', else ERR_NOT_FOUND).
 * One query, which also serves as the freshness check of the folder's view (mailbox/view.h). */
MUST_CHECK bool folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                            unsigned rights, const void *owner, struct folder **folder_out, struct err *err);
/* The same by its id, which a rename does not change. */
MUST_CHECK bool folder_find_by_id(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                  int64_t folder_id, unsigned rights, const void *owner,
                                  struct folder **folder_out, struct err *err);
/* By special use ("\\Sent"); ERR_NOT_FOUND where no folder has it. */
MUST_CHECK bool folder_find_special(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                    const char *special_use, const void *owner, struct folder **folder_out,
                                    struct err *err);

/* All folders that the reader may look up and, for the owner, subscribed names without a folder; sorted by name,
 * INBOX first. One query, counters included: LIST, LSUB, LIST-STATUS and JMAP Mailbox/get need no second one. */
MUST_CHECK bool folder_list(struct mailbox *mailbox, const struct mailbox_reader *reader, const void *owner,
                            struct folder ***folders_out, size_t *count_out, struct err *err);

/* Parents that do not exist are made with it. The reader needs 'k' on the nearest existing parent; at the
 * top, in the whole mailbox (rights_at_tops()). `special_use` may be NULL; ERR_EXISTS where another folder has it (USEATTR for IMAP: then
 * err->user says so), ERR_INVALID for a use that is not known. */
MUST_CHECK bool folder_create(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                              const char *special_use, const void *owner, struct folder **folder_out,
                              struct err *err);
/* ERR_DENIED for INBOX. A folder with children is refused (ERR_DEPENDED_ON). Its messages leave the quota. */
MUST_CHECK bool folder_delete(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                              struct err *err);
/* Children come along. INBOX: a new folder `to` gets its messages, INBOX stays, empty, its children where they are
 * (RFC 9051, 6.3.6). Needs 'x' on the old and 'k' at the new place. UIDs and UIDVALIDITY are kept. */
MUST_CHECK bool folder_rename(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *from,
                              const char *to, struct err *err);
/* Sets or takes away (NULL) the special use. */
MUST_CHECK bool folder_set_special_use(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                       const char *name, const char *special_use, struct err *err);

/* A folder of one of several mailboxes. */
struct folder_found {
    int64_t mailbox_id;
    struct folder *folder; /* not subscribed: that is its owner's */
};
/* folder_list() of many mailboxes of one group in one query, by mailbox, for a reader of their organisation who owns none of them.
 * Under `owner`. */
MUST_CHECK bool folder_list_many(struct mailbox_cache *cache, struct group *group,
                                 const struct mailbox_reader *reader, const int64_t *mailbox_ids,
                                 size_t count, const void *owner, struct folder_found **found_out,
                                 size_t *found_count_out, struct err *err);

/* The owner's subscriptions. Any valid name may be subscribed. Unsubscribing what is not is a success. */
MUST_CHECK bool folder_subscribe(struct mailbox *mailbox, const char *name, struct err *err);
/* Takes the name out of the owner's subscriptions; a success also where it was not there. */
MUST_CHECK bool folder_unsubscribe(struct mailbox *mailbox, const char *name, struct err *err);

/* IMAP4rev1 \Recent: from *first_out on, below the folder's uidnext, nobody was told before; now this session is.
 * UINT32_MAX where there is nothing new (folder->recent_uid == folder->uidnext tells it without asking). */
MUST_CHECK bool folder_claim_recent(struct mailbox *mailbox, int64_t folder_id, uint32_t *first_out,
                                    struct err *err);

/* MAILBOXID (RFC 8474) and the JMAP id of a folder are group_public_id(mailbox_group(m), GROUP_ID_FOLDER, folder_id, ...);
 * folder_find_by_id() decides whether a decoded one may be seen. */

/* "\\Drafts", "\\Sent", "\\Junk", "\\Trash", "\\Archive", "\\Flagged", "\\All", "\\Important" as we write it; NULL
 * for an unknown one. ASCII case is ignored. */
const char *folder_special_use(struct span name);

#endif
