/*
 * rights.h -- who may do what in a folder (RFC 4314).
 *
 * The owner has all rights always. Others have what the folder's list gives to "anyone" (of the owner's
 * organisation), "authenticated", to themselves and to groups that they are in at that moment, less what the negative entries take
 * away. Folder functions take
 * the reader and what they need, and answer ERR_NOT_FOUND, with the same words, for what does not exist and for what
 * the reader may not even look up; ERR_DENIED only to those who have 'l'.
 *
 * A new folder starts with its parent's list, one at the top with that of the whole mailbox (rights_change_all()), which also says who
 * may make it. Identifiers name recipients by id; protocols translate them to
 * addresses and back through the directory.
 *
 * Errors   ERR_NOT_FOUND, ERR_DENIED as above; ERR_LIMIT more than RIGHTS_ENTRIES_MAX entries; ERR_BUSY.
 * Threads  any.
 */
#ifndef MAILBOX_RIGHTS_H
#define MAILBOX_RIGHTS_H

#include "mailbox/mailbox.h"

enum right {
    RIGHT_LOOKUP = 1 << 0,          /* l */
    RIGHT_READ = 1 << 1,            /* r */
    RIGHT_SEEN = 1 << 2,            /* s */
    RIGHT_WRITE = 1 << 3,           /* w: flags other than \Seen and \Deleted */
    RIGHT_INSERT = 1 << 4,          /* i */
    RIGHT_POST = 1 << 5,            /* p */
    RIGHT_CREATE = 1 << 6,          /* k */
    RIGHT_DELETE = 1 << 7,          /* x: the folder itself */
    RIGHT_DELETE_MESSAGES = 1 << 8, /* t */
    RIGHT_EXPUNGE = 1 << 9,         /* e */
    RIGHT_ADMINISTER = 1 << 10,     /* a */
    RIGHTS_ALL = (1 << 11) - 1
};
enum { RIGHTS_ENTRIES_MAX = 1000, RIGHTS_TEXT_MAX = 12 };

/* "lrswipkxte a" letters <-> bits. 'c' means k, 'd' means t, e and x (RFC 4314, 2.1.1). False for other letters. */
MUST_CHECK bool rights_parse(struct span letters, unsigned *rights_out);
/* At most RIGHTS_TEXT_MAX bytes with the NUL. */
void rights_render(unsigned rights, char letters_out[RIGHTS_TEXT_MAX]);

enum rights_subject { RIGHTS_ANYONE, RIGHTS_AUTHENTICATED, RIGHTS_RECIPIENT, RIGHTS_GROUP };
struct rights_entry {
    enum rights_subject subject;
    int64_t recipient_id; /* of RIGHTS_RECIPIENT, and of RIGHTS_GROUP */
    bool is_negative;
    unsigned rights;
};

enum rights_change { RIGHTS_SET, RIGHTS_ADD, RIGHTS_REMOVE };

/* GETACL; needs 'a'. The owner's own entry (all rights) is not stored and not listed. Under `owner`. */
MUST_CHECK bool rights_list(struct mailbox *mailbox, const struct mailbox_reader *reader,
                            const char *folder_name, const void *owner, struct rights_entry **entries_out,
                            size_t *count_out, struct err *err);
/* SETACL and DELETEACL (RIGHTS_SET to none); needs 'a'. */
MUST_CHECK bool rights_change(struct mailbox *mailbox, const struct mailbox_reader *reader,
                              const char *folder_name, enum rights_change change,
                              const struct rights_entry *entry, struct err *err);
struct rights_exception {
    const char *folder;
    unsigned rights;
};
/* SETACL for the whole mailbox: in all its folders but those named, and in those at the top that are made later; rights 0: in none. By its
 * owner. *folders_out: how many folders there are. ERR_NOT_FOUND: one that is named is not there. */
MUST_CHECK bool rights_change_all(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                  const struct rights_entry *entry, const struct rights_exception *but,
                                  size_t but_count, int64_t *folders_out, struct err *err);
/* The reader's on each of several whole mailboxes of one group, none of them his own: with RIGHT_CREATE he makes folders at the top.
 * rights_out[0 .. count). */
MUST_CHECK bool rights_at_tops(struct mailbox_cache *cache, struct group *group,
                               const struct mailbox_reader *reader, const int64_t *mailbox_ids, size_t count,
                               unsigned *rights_out, struct err *err);

/* One entry of one of several mailboxes. */
struct rights_row {
    int64_t mailbox_id;
    const char *folder; /* NULL: the whole mailbox */
    struct rights_entry entry;
};
/* All of these mailboxes of one group, for administrators: by mailbox, then by folder, what is of the whole mailbox first. Under
 * `owner`. */
MUST_CHECK bool rights_rows(struct group *group, const void *owner, const int64_t *mailbox_ids, size_t count,
                            struct rights_row **rows_out, size_t *count_out, struct err *err);
/* Their folders, in the same order: rows without an entry. */
MUST_CHECK bool rights_folders(struct group *group, const void *owner, const int64_t *mailbox_ids,
                               size_t count, struct rights_row **rows_out, size_t *count_out,
                               struct err *err);

/* Who wants to hear of every change of rights in an organisation, wherever its mailboxes are (NOTIFY, a selected folder
 * of another one): wake_subscribe(bus, RIGHTS_WAKE_GROUP, rights_wake_id(organisation_id), ...). No storage group: it goes with what
 * concerns the directory, and so reaches other machines. */
enum { RIGHTS_WAKE_GROUP = 0 };
static inline int64_t rights_wake_id(int64_t organisation_id)
{
    return organisation_id + (INT64_C(1) << 40); /* below are the directory's own */
}
/* MYRIGHTS; ERR_NOT_FOUND unless the reader has at least one of l, r, i, k, x, a. */
MUST_CHECK bool rights_mine(struct mailbox *mailbox, const struct mailbox_reader *reader,
                            const char *folder_name, unsigned *rights_out, struct err *err);

/* The Other Users namespace: mailboxes of this storage group in which the reader, not the owner, may look up at
 * least one folder. Two queries; under `owner`, ascending. */
MUST_CHECK bool rights_shared_mailboxes(struct mailbox_cache *cache, struct group *group,
                                        const struct mailbox_reader *reader, const void *owner,
                                        int64_t **mailbox_ids_out, size_t *count_out, struct err *err);

/* Which of some groups of recipients hold a recipient at this moment, under `owner`: what this room cannot know. Asked once an
 * operation, and only about a folder that is shared with a group. */
typedef bool rights_groups_finder(void *arg, const void *owner, int64_t recipient_id,
                                  const int64_t *group_ids, size_t count, int64_t **held_out,
                                  size_t *held_count_out, struct err *err);
/* Before sessions begin. `arg` lives as long as the cache. Without it groups hold nobody. */
void rights_use(struct mailbox_cache *cache, rights_groups_finder *finder, void *arg);

#endif
