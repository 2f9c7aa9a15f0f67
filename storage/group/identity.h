/* identity.h -- inside this room: what the storage_group row says, and a group's own fields. */
#ifndef GROUP_IDENTITY_H
#define GROUP_IDENTITY_H

#include "group/group.h"

#include <pthread.h>
#include <stdatomic.h>

struct id_block {
    int64_t next, end; /* [next, end) may be handed out */
};

struct group {
    int64_t id;
    struct db_pool *pool;
    struct disk_reserve *reserve; /* NULL: none */
    char *conninfo;
    atomic_bool is_removed;
    atomic_bool is_known;  /* the database was seen to be ours */
    pthread_mutex_t mutex; /* of all below */
    uint8_t key[16];
    int64_t epoch;
    struct id_block blocks[GROUP_SEQUENCES];
    struct group_presence {
        pthread_mutex_t lock; /* over what follows */
        struct db *db;        /* NULL: not connected */
        int64_t number;       /* 0: not chosen yet */
        int64_t seen_us;      /* monotonic */
    } presence;               /* group/presence.h */
};

/* Reads the row over `db` and compares; afterwards group->is_known. */
MUST_CHECK bool group_identify(struct group *group, struct db *db, struct err *err);

#endif
