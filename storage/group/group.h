/*
 * group.h -- the storage groups that this process knows, each one PostgreSQL database.
 *
 * The directory tells which groups exist and how they are reached; server/main feeds that in here and may do
 * so again while running, and at once where a group is asked for that is not known. A group that is down is ERR_BUSY for its own users and nobody else. Before a group
 * is used for the first time its storage_group row is read: a database that belongs to another group is
 * refused (ERR_BUSY, logged) before anything is written.
 *
 * Ownership  groups_open() gives the registry; a struct group lives until groups_close(), also when it was
 *            removed (it then answers ERR_BUSY).
 * Errors     ERR_BUSY: unknown to this process, removed, down, or not the database it should be.
 * Threads    all functions may be called from any thread.
 */
#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "base/span.h"
#include "db/pool.h"

#include <stddef.h>
#include <stdint.h>

struct disk_reserve; /* base/disk.h */
struct groups;
struct group;

struct groups_options {
    const char *application_name; /* "chappe mailbox"; NULL: "chappe" */
    unsigned pool_size;           /* connections per group; 0: 8 */
    struct disk_reserve *reserve; /* of the disks that data is added to; outlives the groups; NULL: none */
    /* Called where a group is asked for that nobody put: looks for new ones and puts them. By one thread at a time, at most
     * once a second; NULL: nobody knows more. */
    void (*learn)(void *argument);
    void *learn_argument;
};

/* No group yet: groups_put() makes them known. Copies the options. Cannot fail; ended by groups_close(), after all
 * who use a group have ended. */
MUST_CHECK bool groups_open(const void *owner, const struct groups_options *options,
                            struct groups **groups_out, struct err *err);
/* Nobody may be using a group. Accepts and sets NULL. */
void groups_close(struct groups **groups);

/* Makes the group known, or gives it another conninfo (connections in use end with their release). */
MUST_CHECK bool groups_put(struct groups *groups, int64_t storage_group_id, const char *conninfo,
                           struct err *err);
/* From now on ERR_BUSY for whoever asks; groups_put() brings it back. */
void groups_remove(struct groups *groups, int64_t storage_group_id);
/* The ids known now, ascending, under `owner`. */
int64_t *groups_ids(const struct groups *groups, const void *owner, size_t *count_out);

/* ERR_BUSY: it is not known (any more), also after learning what is new. */
MUST_CHECK bool group_find(struct groups *groups, int64_t storage_group_id, struct group **group_out,
                           struct err *err);
/* The storage_group_id. */
int64_t group_id(const struct group *group);
/* For statistics and health pages; statements go through group_acquire(). */
struct db_pool *group_pool(const struct group *group);

/* A connection, after the database was seen to be the right one; waits at most 5 s for a free one. */
MUST_CHECK bool group_acquire(struct group *group, enum db_class class, struct db **db_out, struct err *err);
/* One of its own beside the pool's number, see db_open_dedicated(). */
MUST_CHECK bool group_open_dedicated(struct group *group, enum db_class class, struct db **db_out,
                                     struct err *err);

/* To be asked before data is added, never before any is removed: ERR_NO_ROOM while a disk has less than its reserve. */
MUST_CHECK bool groups_have_room(struct groups *groups, struct err *err);
/* The same for whoever holds one group only. */
MUST_CHECK bool group_has_room(struct group *group, struct err *err);

/* Writes the storage_group row into a new database whose schema is there; nothing when it is there already.
 * ERR_CONFLICT: the database belongs to another group. */
MUST_CHECK bool group_initialise(struct db_pool *pool, int64_t storage_group_id, struct err *err);
/* Raised after a restore from backup, so that UIDVALIDITY changes and no UID is handed out twice. */
MUST_CHECK bool group_epoch(struct group *group, int64_t *epoch_out, struct err *err);

/* Row ids of new rows, from blocks of 256 that this process took from the sequence: a number is never handed
 * out twice, and nothing waits for the database but the first of a block. ids_out[0 .. count). */
enum group_sequence { GROUP_MESSAGE_IDS, GROUP_ITEM_IDS, GROUP_SEQUENCES };
MUST_CHECK bool group_take_ids(struct group *group, struct db *db, enum group_sequence sequence, size_t count,
                               int64_t *ids_out, struct err *err);

/* Public ids (MAILBOXID, EMAILID, THREADID, JMAP ids): one letter for the kind and 13 digits that only this
 * group's key turns back into a row id. Nobody can guess another's, and decoding a foreign or forged one
 * gives a row id that does not exist or is not the reader's: whoever decodes checks that. GROUP_ID_MAILBOX and GROUP_ID_PRINCIPAL
 * are numbers of the directory, GROUP_ID_SEARCH is made of one: all groups write them alike, under no key, so that a mailbox that moves keeps them. */
enum { GROUP_PUBLIC_ID_SIZE = 1 + 13 + 1 };
enum group_id_kind {
    GROUP_ID_MAILBOX = 'U',
    GROUP_ID_FOLDER = 'F',
    GROUP_ID_ITEM = 'M',
    GROUP_ID_THREAD = 'T',
    GROUP_ID_MESSAGE = 'B',
    GROUP_ID_UPLOAD = 'G',
    GROUP_ID_IDENTITY = 'I',
    GROUP_ID_SUBMISSION = 'S',
    GROUP_ID_PRINCIPAL = 'P',
    GROUP_ID_SEARCH = 'Q' /* a search folder, mailbox/search_folder.h */
};
/* `text_out` with its NUL. The group must have been used before (group_acquire). */
void group_public_id(const struct group *group, enum group_id_kind kind, int64_t id,
                     char text_out[GROUP_PUBLIC_ID_SIZE]);
/* The row id that `to` shows as `from` shows `id`: what an object is called in a group that it moves to, so that nobody outside
 * sees another id. May be negative. Both groups must have been used before. */
int64_t group_translate_id(const struct group *from, const struct group *to, enum group_id_kind kind,
                           int64_t id);
/* False for text that is no id of this kind. */
MUST_CHECK bool group_public_id_decode(const struct group *group, enum group_id_kind kind, struct span text,
                                       int64_t *id_out);

#endif
