/*
 * cache.h -- the inside of mailbox_cache: mailboxes, the entry of each folder, and what is dropped when.
 *
 * One lock guards the tables, the list by last use and all entries; it is never held while the database is asked.
 * For this room only.
 */
#ifndef MAILBOX_CACHE_H
#define MAILBOX_CACHE_H

#include "mailbox/view_build.h"

#include "base/wake.h"
#include "group/group.h"
#include "mailbox/pack_cache.h"
#include "mailbox/rights.h"
#include "mailbox/search_folder.h"

#include <glib.h>
#include <pthread.h>

/* Expunges that this process saw, oldest first, complete for modseqs in (after, upto]. */
struct expunge_log {
    uint64_t after, upto;
    struct expunge_note {
        uint64_t modseq;
        struct uid_set uids;
    } * notes; /* talloc; also owner of the sets */
    size_t count, first;
    uint64_t runs;
};

struct folder_entry {
    struct mailbox *mailbox;
    int64_t folder_id;
    struct view *view;        /* newest known; NULL: none */
    uint64_t checked_modseq;  /* the mailbox's modseq when the folder was last known to be as in `view` */
    int64_t checked_us;       /* monotonic; when that was asked */
    unsigned checked_unknown; /* mailbox->announced_unknown at that time */
    uint64_t bytes;           /* of `view`, as counted in the cache */
    /* One thread loads, the others wait for a load that began after they came. */
    bool is_loading;
    uint64_t loads_begun, loads_good; /* numbers of loads; loads_good: the last that succeeded */
    struct expunge_log log;
    uint64_t snapshot_distance; /* rows and changes applied since the snapshot in the database */
    bool is_snapshot_queued;
    bool is_search;              /* of a search folder */
    struct search_state *search; /* what is remembered of it (mailbox/search_follow.h); NULL: nothing */
    GList lru;                   /* in cache->lru while `view` is set */
};

struct mailbox {
    struct mailbox_cache *cache;
    struct group *group;
    int64_t id, organisation_id;
    unsigned references; /* under the cache's lock */
    GHashTable *folders; /* int64 folder_id -> struct folder_entry */
    unsigned views;      /* entries with a view */
    unsigned queued;     /* entries that wait for the snapshot writer */
    struct keywords *keywords;
    atomic_bool is_away; /* the last look found it where nobody may use it */
    _Atomic uint64_t announced_modseq;
    atomic_uint announced_unknown; /* counts wake-ups that say no modseq */
    struct wake_subscription *subscription;
};

struct mailbox_cache {
    struct wake_bus *bus;
    search_folder_finder *finder; /* NULL: there are no search folders */
    void *finder_arg;
    rights_groups_finder *groups_finder; /* NULL: groups hold nobody */
    void *groups_finder_arg;
    uint64_t view_bytes_max;
    pthread_mutex_t lock;
    pthread_cond_t loaded; /* some load ended */
    GHashTable *mailboxes; /* struct mailbox by (group, id) */
    GQueue lru;            /* of folder_entry, most recently used first */
    struct mailbox_cache_stats stats;
    struct pack_cache *packs;
    struct snapshot_writer *writer; /* started when there is something to write */
    bool is_closing, writes_no_snapshots;
};

/* Under the lock. */
struct folder_entry *cache_entry(struct mailbox *mailbox, int64_t folder_id);
/* It was used just now: the last to be dropped. */
void cache_touch(struct folder_entry *entry);
/* Drops the entry's view. */
void cache_forget(struct folder_entry *entry);
/* Drops views that nobody uses, the longest unused first, until the limit holds. */
void cache_shrink(struct mailbox_cache *cache);
/* Frees the mailbox when nobody has it open and nothing of it is cached. */
void cache_free_if_idle(struct mailbox *mailbox);

/* Changes that lead from `base` (NULL: from nothing) to `view`, for the expunge log. */
struct expunge_list {
    size_t count, capacity;
    struct expunge_note *notes; /* talloc, sets belong to it; NULL: none */
};

/* Makes `view` the newest one of its folder unless a newer one is known already; a reference of its own is taken.
 * `asked_us`: when the database was asked, or the locks were held. Takes the lock. */
void cache_publish(struct mailbox *mailbox, struct view *view, uint64_t base_modseq, uint64_t mailbox_modseq,
                   int64_t asked_us, const struct expunge_list *expunges);
/* Folder row says `folder_modseq` at `mailbox_modseq`: if that is our view, it is fresh, and an older view is not trusted any
 * more. Takes the lock. */
void cache_note_checked(struct mailbox *mailbox, int64_t folder_id, uint64_t folder_modseq,
                        uint64_t mailbox_modseq, int64_t asked_us);
/* The newest view known, or NULL; a reference. Takes the lock. */
struct view *cache_peek(struct mailbox *mailbox, int64_t folder_id);
/* What was kept of a search folder, the caller's now; NULL: nothing. Takes the lock. */
struct search_state *cache_take_search(struct mailbox *mailbox, int64_t folder_id);
/* Keeps it as long as the folder's view; the cache's now. Takes the lock. */
void cache_keep_search(struct mailbox *mailbox, int64_t folder_id, struct search_state *state);
/* After a COMMIT whose outcome is unknown, or a folder that is gone. Takes the lock. */
void cache_distrust(struct mailbox *mailbox, int64_t folder_id);
/* The view is of no use any more: the database went back in time (failover, restore). Takes the lock. */
void cache_drop(struct mailbox *mailbox, int64_t folder_id);

/* Keywords as last read; replaces the mailbox's table when it has more names. A reference. Takes the lock. */
struct keywords *cache_keywords(struct mailbox *mailbox, const struct span *names, size_t count);

/* Tells everybody of a COMMIT of ours. */
void cache_announce(struct mailbox *mailbox, uint64_t modseq);

/* Snapshots that are worth writing, by one thread of the cache, so that nobody waits for them. */
void snapshot_writer_stop(struct snapshot_writer **writer);
/* Under the lock. */
void snapshot_writer_queue(struct folder_entry *entry);

#endif
