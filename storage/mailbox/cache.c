/*
 * cache.c -- the mailboxes of a process and their newest views, dropped by least recent use.
 */
#include "mailbox/cache.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/statement.h"
#include "group/quota.h"
#include "mailbox/mailbox.h"

#include <assert.h>
#include <talloc.h>

enum { EXPUNGE_NOTES_MAX = 4096, EXPUNGE_RUNS_MAX = 256 * 1024 };
#define VIEW_BYTES_DEFAULT (UINT64_C(256) << 20)
#define PACK_BYTES_DEFAULT (UINT64_C(192) << 20)

static guint mailbox_hash(gconstpointer key)
{
    const struct mailbox *mailbox = key;

    return (guint)mailbox->id * 2654435761u ^ (guint)((uintptr_t)mailbox->group >> 4);
}

static gboolean mailbox_equal(gconstpointer a, gconstpointer b)
{
    const struct mailbox *left = a, *right = b;

    return left->id == right->id && left->group == right->group;
}

struct mailbox_cache *mailbox_cache_open(const struct mailbox_cache_options *options)
{
    struct mailbox_cache *cache = talloc_zero(NULL, struct mailbox_cache);

    cache->bus = options->bus;
    cache->view_bytes_max = options->view_bytes_max ? options->view_bytes_max : VIEW_BYTES_DEFAULT;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->loaded, NULL);
    cache->mailboxes = g_hash_table_new(mailbox_hash, mailbox_equal);
    g_queue_init(&cache->lru);
    cache->packs = pack_cache_new(options->pack_bytes_max ? options->pack_bytes_max : PACK_BYTES_DEFAULT);
    cache->writes_no_snapshots = options->writes_no_snapshots;
    return cache;
}

static void expunge_log_clear(struct expunge_log *log)
{
    talloc_free(log->notes);
    *log = (struct expunge_log){ 0 };
}

static void forget_history(struct folder_entry *entry)
{
    expunge_log_clear(&entry->log);
    TALLOC_FREE(entry->search);
}

static void entry_free(gpointer data)
{
    struct folder_entry *entry = data;

    assert(!entry->view && !entry->is_loading && !entry->is_snapshot_queued);
    forget_history(entry);
    talloc_free(entry);
}

/* Nobody has it open and nothing of it is cached. */
void cache_free_if_idle(struct mailbox *mailbox)
{
    if (mailbox->references || mailbox->views || mailbox->queued)
        return;
    g_hash_table_remove(mailbox->cache->mailboxes, mailbox);
    mailbox->cache->stats.mailboxes--;
    wake_unsubscribe(&mailbox->subscription);
    g_hash_table_destroy(mailbox->folders);
    keywords_release(&mailbox->keywords);
    talloc_free(mailbox);
}

void mailbox_cache_clear(struct mailbox_cache *cache)
{
    GList *link;

    pthread_mutex_lock(&cache->lock);
    while ((link = g_queue_peek_head_link(&cache->lru))) {
        struct folder_entry *entry = link->data;
        struct mailbox *mailbox = entry->mailbox;

        forget_history(entry);
        cache_forget(entry);
        cache_free_if_idle(mailbox);
    }
    pack_cache_clear(cache->packs);
    pthread_mutex_unlock(&cache->lock);
}

void mailbox_cache_close(struct mailbox_cache **cache)
{
    struct mailbox_cache *gone = *cache;

    *cache = NULL;
    if (!gone)
        return;
    snapshot_writer_stop(&gone->writer);
    mailbox_cache_clear(gone);
    assert(g_hash_table_size(gone->mailboxes) == 0);
    g_hash_table_destroy(gone->mailboxes);
    pack_cache_free(&gone->packs);
    pthread_cond_destroy(&gone->loaded);
    pthread_mutex_destroy(&gone->lock);
    talloc_free(gone);
}

void mailbox_cache_stats(struct mailbox_cache *cache, struct mailbox_cache_stats *stats_out)
{
    pthread_mutex_lock(&cache->lock);
    *stats_out = cache->stats;
    pack_cache_stats(cache->packs, &stats_out->packs, &stats_out->pack_bytes);
    pthread_mutex_unlock(&cache->lock);
}

/* By primary key. */
static const char READ_MAILBOX[] = "SELECT m.organisation_id, s.is_mounted, m.keywords"
                                   "  FROM mailbox m JOIN store s USING (store_id)"
                                   " WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL";

static bool read_mailbox(struct group *group, int64_t id, const void *owner, int64_t *organisation_out,
                         struct keywords **keywords_out, struct err *err)
{
    struct db *db;
    struct db_row row;
    struct span *names;
    size_t count;
    bool is_read;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_one_row(db, owner, READ_MAILBOX, DB_ARGS(db_i64(id)), &row, err);
    db_release(&db);
    if (!is_read)
        return err->kind == ERR_NOT_FOUND ? err_set(err, ERR_NOT_FOUND, "There is no such mailbox.") : false;
    if (!db_get_bool(&row, 1))
        return err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    *organisation_out = db_get_i64(&row, 0);
    names = db_get_span_array(owner, &row, 2, &count);
    *keywords_out = keywords_new(names, count);
    return true;
}

static void heard(void *argument, int64_t group_id, int64_t id, uint64_t modseq)
{
    struct mailbox *mailbox = argument;
    uint64_t known = atomic_load_explicit(&mailbox->announced_modseq, memory_order_relaxed);

    (void)group_id;
    (void)id;
    if (modseq == 0)
        atomic_fetch_add(&mailbox->announced_unknown, 1);
    while (modseq > known && !atomic_compare_exchange_weak(&mailbox->announced_modseq, &known, modseq))
        ;
}

static struct mailbox *find_mailbox(struct mailbox_cache *cache, struct group *group, int64_t id)
{
    struct mailbox key = { .id = id, .group = group };

    return g_hash_table_lookup(cache->mailboxes, &key);
}

static struct mailbox *add_mailbox(struct mailbox_cache *cache, struct group *group, int64_t id,
                                   int64_t organisation_id, struct keywords *keywords)
{
    struct mailbox *mailbox = talloc_zero(NULL, struct mailbox);

    mailbox->cache = cache;
    mailbox->group = group;
    mailbox->id = id;
    mailbox->organisation_id = organisation_id;
    mailbox->keywords = keywords_ref(keywords);
    mailbox->folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free);
    g_hash_table_add(cache->mailboxes, mailbox);
    cache->stats.mailboxes++;
    if (cache->bus)
        mailbox->subscription = wake_subscribe(cache->bus, group_id(group), id, heard, mailbox);
    return mailbox;
}

bool mailbox_open(struct mailbox_cache *cache, struct group *group, int64_t id, struct mailbox **mailbox_out,
                  struct err *err)
{
    struct mailbox *mailbox;
    struct keywords *keywords = NULL;
    int64_t organisation_id = 0;
    void *arena;

    pthread_mutex_lock(&cache->lock);
    mailbox = find_mailbox(cache, group, id);
    if (mailbox)
        mailbox->references++;
    pthread_mutex_unlock(&cache->lock);
    *mailbox_out = mailbox;
    if (mailbox)
        return true;

    arena = talloc_new(NULL);
    if (!read_mailbox(group, id, arena, &organisation_id, &keywords, err)) {
        talloc_free(arena);
        return false;
    }
    talloc_free(arena);
    pthread_mutex_lock(&cache->lock);
    mailbox = find_mailbox(cache, group, id); /* another thread may have been quicker */
    if (!mailbox)
        mailbox = add_mailbox(cache, group, id, organisation_id, keywords);
    mailbox->references++;
    pthread_mutex_unlock(&cache->lock);
    keywords_release(&keywords);
    *mailbox_out = mailbox;
    return true;
}

struct mailbox *mailbox_ref(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->cache->lock);
    mailbox->references++;
    pthread_mutex_unlock(&mailbox->cache->lock);
    return mailbox;
}

void mailbox_close(struct mailbox **mailbox)
{
    struct mailbox *gone = *mailbox;
    struct mailbox_cache *cache;

    *mailbox = NULL;
    if (!gone)
        return;
    cache = gone->cache;
    pthread_mutex_lock(&cache->lock);
    assert(gone->references > 0);
    gone->references--;
    cache_free_if_idle(gone);
    pthread_mutex_unlock(&cache->lock);
}

int64_t mailbox_id(const struct mailbox *mailbox)
{
    return mailbox->id;
}

bool mailbox_is_away(const struct mailbox *mailbox)
{
    return atomic_load(&mailbox->is_away);
}

int64_t mailbox_organisation_id(const struct mailbox *mailbox)
{
    return mailbox->organisation_id;
}

struct group *mailbox_group(const struct mailbox *mailbox)
{
    return mailbox->group;
}

struct mailbox_cache *mailbox_cache_of(const struct mailbox *mailbox)
{
    return mailbox->cache;
}

void mailbox_announce(struct mailbox_cache *cache, int64_t in_group, int64_t id, uint64_t modseq)
{
    wake_publish(cache->bus, in_group, id, modseq);
}

void cache_announce(struct mailbox *mailbox, uint64_t modseq)
{
    wake_publish(mailbox->cache->bus, group_id(mailbox->group), mailbox->id, modseq);
}

int64_t mailbox_append_limit(const struct mailbox_usage *usage, int64_t configured_bytes)
{
    const int64_t pairs[][2] = { { usage->quota_bytes, usage->used_bytes },
                                 { usage->domain_quota_bytes, usage->domain_used_bytes },
                                 { usage->organisation_quota_bytes, usage->organisation_used_bytes } };
    int64_t limit = configured_bytes;

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        int64_t left = pairs[i][0] > pairs[i][1] ? pairs[i][0] - pairs[i][1] : 0;

        if (pairs[i][0] > 0 && left < limit)
            limit = left;
    }
    return limit;
}

struct folder_entry *cache_entry(struct mailbox *mailbox, int64_t folder_id)
{
    struct folder_entry *entry = g_hash_table_lookup(mailbox->folders, &folder_id);

    if (entry)
        return entry;
    entry = talloc_zero(NULL, struct folder_entry);
    entry->mailbox = mailbox;
    entry->folder_id = folder_id;
    entry->lru.data = entry;
    g_hash_table_insert(mailbox->folders, &entry->folder_id, entry);
    return entry;
}

void cache_touch(struct folder_entry *entry)
{
    GQueue *lru = &entry->mailbox->cache->lru;

    if (lru->head == &entry->lru)
        return;
    g_queue_unlink(lru, &entry->lru);
    g_queue_push_head_link(lru, &entry->lru);
}

void cache_forget(struct folder_entry *entry)
{
    struct mailbox_cache *cache = entry->mailbox->cache;

    if (!entry->view)
        return;
    g_queue_unlink(&cache->lru, &entry->lru);
    cache->stats.view_bytes -= entry->bytes;
    cache->stats.views--;
    entry->mailbox->views--;
    entry->bytes = 0;
    entry->checked_us = 0;
    view_release(&entry->view);
}

void cache_shrink(struct mailbox_cache *cache)
{
    GList *link = cache->lru.tail;

    while (link && cache->stats.view_bytes > cache->view_bytes_max && link != cache->lru.head) {
        struct folder_entry *entry = link->data;
        struct mailbox *mailbox = entry->mailbox;

        link = link->prev;
        if (entry->is_loading || entry->is_snapshot_queued)
            continue;
        cache_forget(entry);
        forget_history(entry);
        cache->stats.view_evictions++;
        cache_free_if_idle(mailbox);
    }
}

/* Old notes go when there are too many; what is asked of before them is then read from the database. */
static void expunge_log_trim(struct expunge_log *log)
{
    while (log->count - log->first > EXPUNGE_NOTES_MAX || log->runs > EXPUNGE_RUNS_MAX) {
        struct expunge_note *oldest = &log->notes[log->first++];

        log->after = oldest->modseq;
        log->runs -= oldest->uids.count;
        talloc_free(oldest->uids.runs);
    }
    if (log->first > EXPUNGE_NOTES_MAX) {
        memmove(log->notes, log->notes + log->first, (log->count - log->first) * sizeof *log->notes);
        log->count -= log->first;
        log->first = 0;
    }
}

static void expunge_log_add(struct expunge_log *log, uint64_t base_modseq, uint64_t upto,
                            const struct expunge_list *expunges)
{
    if (!log->notes || log->upto < base_modseq) {
        expunge_log_clear(log);
        log->notes = talloc_array(NULL, struct expunge_note, 0);
        log->after = log->upto = base_modseq;
    }
    for (size_t i = 0; expunges && i < expunges->count; i++) {
        const struct expunge_note *note = &expunges->notes[i];

        if (note->modseq <= log->upto)
            continue;
        if (log->count == talloc_array_length(log->notes))
            log->notes =
                talloc_realloc(NULL, log->notes, struct expunge_note, (unsigned)(log->count * 2 + 4));
        log->notes[log->count++] =
            (struct expunge_note){ note->modseq, uid_set_copy(log->notes, &note->uids) };
        log->runs += note->uids.count;
    }
    if (upto > log->upto)
        log->upto = upto;
    expunge_log_trim(log);
}

void cache_publish(struct mailbox *mailbox, struct view *view, uint64_t base_modseq, uint64_t mailbox_modseq,
                   int64_t asked_us, const struct expunge_list *expunges)
{
    struct mailbox_cache *cache = mailbox->cache;
    struct folder_entry *entry;

    pthread_mutex_lock(&cache->lock);
    entry = cache_entry(mailbox, view->folder_id);
    if (!entry->view || entry->view->modseq < view->modseq) {
        expunge_log_add(&entry->log, base_modseq, view->modseq, expunges);
        cache_forget(entry);
        entry->view = view_ref(view);
        entry->bytes = view_memory(view) + (entry->search ? talloc_total_size(entry->search) : 0);
        cache->stats.view_bytes += entry->bytes;
        cache->stats.views++;
        mailbox->views++;
        g_queue_push_head_link(&cache->lru, &entry->lru);
    }
    if (entry->view->modseq == view->modseq && mailbox_modseq >= entry->checked_modseq) {
        entry->checked_modseq = mailbox_modseq;
        entry->checked_us = asked_us;
    }
    cache_shrink(cache);
    pthread_mutex_unlock(&cache->lock);
}

void cache_note_checked(struct mailbox *mailbox, int64_t folder_id, uint64_t folder_modseq,
                        uint64_t mailbox_modseq, int64_t asked_us)
{
    struct folder_entry *entry;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    if (entry && entry->view && entry->view->modseq < folder_modseq) {
        entry->checked_us = 0;
    } else if (entry && entry->view && entry->view->modseq == folder_modseq &&
               mailbox_modseq >= entry->checked_modseq) {
        entry->checked_modseq = mailbox_modseq;
        entry->checked_us = asked_us;
    }
    pthread_mutex_unlock(&mailbox->cache->lock);
}

struct view *cache_peek(struct mailbox *mailbox, int64_t folder_id)
{
    struct folder_entry *entry;
    struct view *view;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    view = entry && entry->view ? view_ref(entry->view) : NULL;
    pthread_mutex_unlock(&mailbox->cache->lock);
    return view;
}

void cache_distrust(struct mailbox *mailbox, int64_t folder_id)
{
    struct folder_entry *entry;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    if (entry)
        entry->checked_us = 0;
    pthread_mutex_unlock(&mailbox->cache->lock);
}

struct search_state *cache_take_search(struct mailbox *mailbox, int64_t folder_id)
{
    struct search_state *state = NULL;
    struct folder_entry *entry;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    if (entry) {
        state = entry->search;
        entry->search = NULL;
    }
    pthread_mutex_unlock(&mailbox->cache->lock);
    return state;
}

void cache_keep_search(struct mailbox *mailbox, int64_t folder_id, struct search_state *state)
{
    struct folder_entry *entry;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = cache_entry(mailbox, folder_id);
    talloc_free(entry->search);
    entry->search = state;
    pthread_mutex_unlock(&mailbox->cache->lock);
}

void cache_drop(struct mailbox *mailbox, int64_t folder_id)
{
    struct folder_entry *entry;

    pthread_mutex_lock(&mailbox->cache->lock);
    entry = g_hash_table_lookup(mailbox->folders, &folder_id);
    if (entry) {
        cache_forget(entry);
        forget_history(entry);
        entry->checked_modseq = 0;
    }
    pthread_mutex_unlock(&mailbox->cache->lock);
}

struct keywords *cache_keywords(struct mailbox *mailbox, const struct span *names, size_t count)
{
    struct keywords *keywords;

    pthread_mutex_lock(&mailbox->cache->lock);
    if (count > mailbox->keywords->table.count) {
        keywords_release(&mailbox->keywords);
        mailbox->keywords = keywords_new(names, count);
    }
    keywords = keywords_ref(mailbox->keywords);
    pthread_mutex_unlock(&mailbox->cache->lock);
    return keywords;
}
