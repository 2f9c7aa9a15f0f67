/*
 * latest.c -- the newest view: from the cache when it is known to be fresh, else one thread asks for all.
 */
#include "base/clock.h"
#include "mailbox/cache.h"
#include "mailbox/read.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

/* Older looks are repeated even when no wake-up came: the bus may have lost one. */
static const int64_t TRUSTED_US = 1 * US_PER_S;
/* A snapshot is worth writing when a cold open would have this much to add to it, and at least a twentieth. */
enum { SNAPSHOT_DISTANCE_MIN = 1000, SNAPSHOT_DISTANCE_PART = 20 };

static bool is_fresh(const struct folder_entry *entry, enum view_freshness freshness)
{
    struct mailbox *mailbox = entry->mailbox;

    return entry->view && freshness == VIEW_TRUST_WAKE && mailbox->subscription && entry->checked_us &&
           atomic_load(&mailbox->announced_modseq) <= entry->checked_modseq &&
           atomic_load(&mailbox->announced_unknown) == entry->checked_unknown &&
           clock_monotonic_us() - entry->checked_us < TRUSTED_US;
}

/* `checked_modseq`: the mailbox's when `base` was known to be right. */
static bool read_latest(struct mailbox *mailbox, int64_t folder_id, const struct view *base,
                        uint64_t checked_modseq, struct view_read *read_out, struct err *err)
{
    struct db *db;
    bool is_read;

    if (search_folder_is(mailbox, folder_id))
        return search_folder_read(mailbox, folder_id, base, checked_modseq, read_out, err);
    if (!group_acquire(mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = view_read(db, mailbox, folder_id, base, read_out, err);
    db_release(&db);
    return is_read;
}

/* Under the lock. */
static void count_read(struct folder_entry *entry, const struct view_read *read)
{
    struct mailbox_cache_stats *stats = &entry->mailbox->cache->stats;
    uint64_t worth = read->view->count / SNAPSHOT_DISTANCE_PART;

    if (read->is_cold) {
        stats->view_loads++;
        entry->snapshot_distance = 0;
    } else if (read->applied) {
        stats->view_refreshes++;
    } else {
        stats->view_checks++;
    }
    entry->snapshot_distance += read->applied;
    if (entry->snapshot_distance > (worth > SNAPSHOT_DISTANCE_MIN ? worth : SNAPSHOT_DISTANCE_MIN)) {
        entry->snapshot_distance = 0;
        snapshot_writer_queue(entry);
    }
}

/* What was announced before we asked, and is not there, was not true: a stranger's notification, or a database that went back. */
static void forget_announced(struct mailbox *mailbox, uint64_t announced, uint64_t found)
{
    if (found < announced)
        (void)atomic_compare_exchange_strong(&mailbox->announced_modseq, &announced, found);
}

/* Reads as the one thread that does; called and returning under the lock. */
static bool lead(struct folder_entry *entry, struct view **view_out, struct err *err)
{
    struct mailbox *mailbox = entry->mailbox;
    pthread_mutex_t *lock = &mailbox->cache->lock;
    uint64_t number = ++entry->loads_begun;
    unsigned unknown = atomic_load(&mailbox->announced_unknown);
    uint64_t announced = atomic_load(&mailbox->announced_modseq);
    struct view *base = entry->view ? view_ref(entry->view) : NULL;
    uint64_t checked_modseq = entry->checked_modseq;
    struct view_read read;
    int64_t asked_us = clock_monotonic_us();
    bool is_read;

    entry->is_loading = true;
    pthread_mutex_unlock(lock);
    is_read = read_latest(mailbox, entry->folder_id, base, checked_modseq, &read, err);
    if (is_read) {
        forget_announced(mailbox, announced, read.mailbox_modseq);
        cache_publish(mailbox, read.view, read.base_modseq, read.mailbox_modseq, asked_us, &read.expunges);
    }
    pthread_mutex_lock(lock);
    entry->is_loading = false;
    if (is_read) {
        entry->loads_good = number;
        entry->checked_unknown = unknown;
        count_read(entry, &read);
        *view_out =
            view_ref(entry->view && entry->view->modseq > read.view->modseq ? entry->view : read.view);
    } else if (err->kind == ERR_NOT_FOUND) {
        cache_forget(entry);
    }
    pthread_cond_broadcast(&mailbox->cache->loaded);
    pthread_mutex_unlock(lock);
    if (is_read)
        view_read_release(&read);
    view_release(&base);
    pthread_mutex_lock(lock);
    return is_read;
}

bool view_latest(struct mailbox *mailbox, int64_t folder_id, enum view_freshness freshness,
                 struct view **view_out, struct err *err)
{
    struct mailbox_cache *cache = mailbox->cache;
    struct folder_entry *entry;
    uint64_t wanted;
    bool is_read = true;

    *view_out = NULL;
    pthread_mutex_lock(&cache->lock);
    entry = cache_entry(mailbox, folder_id);
    wanted = entry->loads_begun + 1; /* one that has begun already may have missed what we must see */
    for (;;) {
        if (is_fresh(entry, freshness) || (entry->view && entry->loads_good >= wanted)) {
            *view_out = view_ref(entry->view);
            cache_touch(entry);
            cache->stats.view_hits++;
            break;
        }
        if (!entry->is_loading) {
            is_read = lead(entry, view_out, err);
            break;
        }
        pthread_cond_wait(&cache->loaded, &cache->lock);
    }
    pthread_mutex_unlock(&cache->lock);
    return is_read;
}

/* Journal rows of expunges after $2, by primary key. */
static const char READ_EXPUNGES[] = "SELECT uids FROM folder_change"
                                    " WHERE folder_id = $1 AND modseq > $2 AND modseq <= $3 AND kind = 2";

static bool expunges_from_journal(struct mailbox *mailbox, const struct view *view, uint64_t modseq,
                                  const void *owner, struct uid_set *uids, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read;

    if (!group_acquire(mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_query(
        db, owner, READ_EXPUNGES,
        DB_ARGS(db_i64(view->folder_id), db_i64((int64_t)modseq), db_i64((int64_t)view->modseq)), &rows, err);
    db_release(&db);
    if (!is_read)
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        if (!uid_set_unpack(db_get_bytes(&row, 0), uids))
            return err_set(err, ERR_INTERNAL, "The folder is damaged.");
    return true;
}

static bool expunges_from_memory(struct mailbox *mailbox, const struct view *view, uint64_t modseq,
                                 struct uid_set *uids)
{
    struct folder_entry *entry;
    bool is_known;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &view->folder_id);
    is_known = entry && entry->log.notes && entry->log.after <= modseq && entry->log.upto >= view->modseq;
    if (is_known) {
        for (size_t i = entry->log.first; i < entry->log.count; i++)
            if (entry->log.notes[i].modseq > modseq && entry->log.notes[i].modseq <= view->modseq)
                uid_set_add_all(uids, &entry->log.notes[i].uids);
    }
    pthread_mutex_unlock(&mailbox->cache->lock);
    return is_known;
}

/* Search folders have no journal. */
static void expunges_by_lack(const struct view *view, const void *owner, struct uid_set *uids)
{
    struct uid_set all = UID_SET_INIT(owner), there;

    if (view->uidnext > 1)
        uid_set_add(&all, 1, view->uidnext - 1);
    there = view_existing(owner, view, &all);
    *uids = uid_set_subtract(owner, &all, &there);
}

bool view_expunged_since(struct mailbox *mailbox, const struct view *view, uint64_t modseq,
                         const struct uid_set *known, const void *owner, struct uid_set *uids_out,
                         struct err *err)
{
    struct uid_set all = UID_SET_INIT(owner);

    *uids_out = UID_SET_INIT(owner);
    if (modseq < view->modseq && !expunges_from_memory(mailbox, view, modseq, &all)) {
        if (search_folder_is(mailbox, view->folder_id))
            expunges_by_lack(view, owner, &all);
        else if (!expunges_from_journal(mailbox, view, modseq, owner, &all, err))
            return false;
    }
    *uids_out = known ? uid_set_intersect(owner, &all, known) : all;
    return true;
}
