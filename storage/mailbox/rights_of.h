/*
 * rights_of.h -- rights of a reader from the entries of a folder. For this room only.
 */
#ifndef MAILBOX_RIGHTS_OF_H
#define MAILBOX_RIGHTS_OF_H

#include "mailbox/rights.h"

struct db;

/* SQL: the entries of folder f as "identifier rights", or NULL where nobody asks ($n false: the owner). */
#define RIGHTS_COLUMN(wanted)                                                                                \
    "CASE WHEN " wanted " THEN (SELECT array_agg(r.identifier || ' ' || r.rights)"                           \
    "                             FROM folder_right r WHERE r.folder_id = f.folder_id) END"

/* The rights of one reader in folders of one mailbox, while one operation lasts: what groups hold him is asked once. */
struct rights_reading {
    struct mailbox_cache *cache;
    int64_t organisation_id; /* of the mailbox */
    bool is_owner;
    const struct mailbox_reader *reader;
    const void *arena;
    struct rights_known_group {
        int64_t group_id;
        bool holds;
    } * known; /* those that were asked about */
    size_t known_count;
};
/* `arena` holds what it learns. */
struct rights_reading rights_reading(const struct mailbox *mailbox, const struct mailbox_reader *reader,
                                     const void *arena);
/* From what RIGHTS_COLUMN gives. ERR_BUSY: a group is named, and the directory does not answer. */
MUST_CHECK bool rights_of(struct rights_reading *reading, const struct span *entries, size_t count,
                          unsigned *rights_out, struct err *err);
/* The reader's on the whole mailbox, over this connection. */
MUST_CHECK bool rights_read_top(struct db *db, const void *owner, struct mailbox *mailbox,
                                const struct mailbox_reader *reader, unsigned *rights_out, struct err *err);
/* Asks which of these groups, none of them known yet, hold the reader. */
MUST_CHECK bool rights_learn_groups(struct rights_reading *reading, const int64_t *group_ids, size_t count,
                                    struct err *err);
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
