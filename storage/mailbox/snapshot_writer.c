/*
 * snapshot_writer.c -- a thread that writes snapshots of views which would be slow to open cold.
 *
 * It works from the view in memory, so it reads nothing; the row is derived, so its COMMIT need not be durable. What
 * fails is not tried again before the folder has moved on.
 */
#include "base/log.h"
#include "db/statement.h"
#include "db/transaction.h"
#include "mailbox/cache.h"
#include "mailbox/snapshot.h"
#include "mailbox/snapshot_write.h"

#include <talloc.h>

enum { QUEUE_MAX = 256 };

struct snapshot_writer {
    struct mailbox_cache *cache;
    pthread_t thread;
    pthread_cond_t wanted; /* with the cache's lock */
    GQueue queue;          /* of folder_entry */
};

/* By primary key; an older state never replaces a newer one. */
static const char WRITE_SNAPSHOT[] =
    "INSERT INTO folder_snapshot AS s (folder_id, modseq, uidnext, messages, data)"
    " SELECT $1, $2, $3, $4, $5 FROM folder WHERE folder_id = $1 AND deleted_us IS NULL"
    " ON CONFLICT (folder_id) DO UPDATE SET modseq = excluded.modseq, uidnext = excluded.uidnext,"
    "       messages = excluded.messages, data = excluded.data"
    " WHERE s.modseq < excluded.modseq";

struct snapshot_row {
    const struct view *view;
    struct span data;
};

static bool write_work(struct db *db, void *arg, struct err *err)
{
    const struct snapshot_row *row = arg;

    return db_commit_lazily(db, err) &&
           db_exec(db, WRITE_SNAPSHOT,
                   DB_ARGS(db_i64(row->view->folder_id), db_i64((int64_t)row->view->modseq),
                           db_u32(row->view->uidnext), db_i64(row->view->count), db_bytes(row->data)),
                   NULL, err);
}

bool snapshot_write(struct group *group, const struct view *view, struct err *err)
{
    struct buf data = BUF_INIT(NULL);
    struct snapshot_row row = { .view = view };
    struct db *db;
    bool is_written;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    snapshot_encode(view, &data);
    row.data = buf_span(&data);
    is_written = with_transaction(db, write_work, &row, err);
    db_release(&db);
    talloc_free(data.p);
    return is_written;
}

static void unqueue(struct folder_entry *entry)
{
    entry->is_snapshot_queued = false;
    entry->mailbox->queued--;
    cache_free_if_idle(entry->mailbox);
}

static void write_one(struct snapshot_writer *writer, struct folder_entry *entry)
{
    struct mailbox *mailbox = entry->mailbox;
    struct view *view = entry->view ? view_ref(entry->view) : NULL;
    struct err err = ERR_INIT;

    if (view) {
        mailbox->references++;
        pthread_mutex_unlock(&writer->cache->lock);
        if (!snapshot_write(mailbox->group, view, &err))
            log_err(LOG_LEVEL_WARNING, "mailbox.snapshot.failed", &err);
        view_release(&view);
        pthread_mutex_lock(&writer->cache->lock);
        mailbox->references--;
    }
    unqueue(entry);
}

static void *writer_main(void *arg)
{
    struct snapshot_writer *writer = arg;
    struct folder_entry *entry;

    pthread_mutex_lock(&writer->cache->lock);
    for (;;) {
        while (!(entry = g_queue_pop_head(&writer->queue)) && !writer->cache->is_closing)
            pthread_cond_wait(&writer->wanted, &writer->cache->lock);
        if (writer->cache->is_closing)
            break;
        write_one(writer, entry);
    }
    for (; entry; entry = g_queue_pop_head(&writer->queue))
        unqueue(entry);
    pthread_mutex_unlock(&writer->cache->lock);
    return NULL;
}

static struct snapshot_writer *writer_start(struct mailbox_cache *cache)
{
    struct snapshot_writer *writer = talloc_zero(NULL, struct snapshot_writer);

    writer->cache = cache;
    g_queue_init(&writer->queue);
    pthread_cond_init(&writer->wanted, NULL);
    if (pthread_create(&writer->thread, NULL, writer_main, writer) == 0)
        return writer;
    pthread_cond_destroy(&writer->wanted);
    talloc_free(writer);
    return NULL;
}

void snapshot_writer_stop(struct snapshot_writer **writer)
{
    struct snapshot_writer *gone = *writer;

    *writer = NULL;
    if (!gone)
        return;
    pthread_mutex_lock(&gone->cache->lock);
    gone->cache->is_closing = true;
    pthread_cond_signal(&gone->wanted);
    pthread_mutex_unlock(&gone->cache->lock);
    pthread_join(gone->thread, NULL);
    pthread_cond_destroy(&gone->wanted);
    talloc_free(gone);
}

void snapshot_writer_queue(struct folder_entry *entry)
{
    struct mailbox_cache *cache = entry->mailbox->cache;

    if (!cache->writer && !cache->is_closing && !cache->writes_no_snapshots)
        cache->writer = writer_start(cache);
    if (!cache->writer || entry->is_snapshot_queued || cache->is_closing ||
        cache->writer->queue.length >= QUEUE_MAX)
        return;
    entry->is_snapshot_queued = true;
    entry->mailbox->queued++;
    g_queue_push_tail(&cache->writer->queue, entry);
    pthread_cond_signal(&cache->writer->wanted);
}
