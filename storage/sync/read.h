/*
 * read.h -- from a directory into the mirror: everything, or what changed. For this room only.
 */
#ifndef SYNC_READ_H
#define SYNC_READ_H

#include "directory/source_run.h"
#include "sync/map.h"

struct reading {
    struct directory *directory;
    const struct source *source;
    int64_t run_id; /* told how far it is; 0: none */
    struct ldap_pool *pool;
    struct sync_map *map;
    bool (*goes_on)(void *arg); /* false: the process ends; asked between entries */
    void *goes_on_arg;
    bool
        lacks_sync; /* the server knows syncrepl, but not for this database: its module is loaded, the overlay is not */
    /* of one run */
    struct ldap_link *link;
    struct mirror_known *known; /* NULL: only what changed is read */
    void *arena;                /* of the batch */
    struct mirror_entry batch[MIRROR_AT_ONCE];
    size_t count;
    const char **gone; /* keys, of the batch */
    size_t gone_count;
    int64_t seen;
    char newest[32]; /* the last modifyTimestamp */
};

/* How a server tells of changes. */
enum read_way { WAY_TIMESTAMP, WAY_SYNCREPL, WAY_USN, WAY_DIRSYNC, WAYS };
/* "timestamp", "syncrepl", "usn", "dirsync". Static. */
const char *read_way_name(enum read_way way);

/* What the rootDSE says. */
struct read_root {
    enum read_way way;
    const char *server; /* whom a mark is good for */
    int64_t usn;        /* AD: the highest so far */
    const char *naming; /* AD: the naming context that the base is in */
};
/* Asks for it over reading->link; texts under `owner`. */
MUST_CHECK bool read_root(struct reading *reading, const void *owner, struct read_root *root_out,
                          struct err *err);

/* One entry into the batch; full batches are written. */
MUST_CHECK bool read_take(struct reading *reading, const struct ldap_entry *entry, struct err *err);
/* A key that is gone. */
MUST_CHECK bool read_gone(struct reading *reading, const char *key, struct err *err);
/* Writes the rest of the batch. */
MUST_CHECK bool read_flush(struct reading *reading, struct err *err);
/* Those of `known` that were not seen are gone. */
MUST_CHECK bool read_settle(struct reading *reading, struct err *err);

/* Everything, by a search with paging. The mark is that of before it. */
MUST_CHECK bool read_all(struct reading *reading, const void *owner, struct source_mark *mark_out,
                         struct err *err);
/* What changed since the mark, as its way says. ERR_CONFLICT: the mark is of no use any more, read everything. */
MUST_CHECK bool read_changes(struct reading *reading, const void *owner, const struct source_mark *mark,
                             struct source_mark *mark_out, struct err *err);
/* Entries with a fault, once more. */
MUST_CHECK bool read_faulty(struct reading *reading, struct err *err);

#endif
