/*
 * copy_items.c -- what a copy into another mailbox needs: keywords by name, new items, conversations.
 */
#include "mailbox/copy_work.h"

#include "base/clock.h"
#include "mailbox/flags.h"

#include <glib.h>
#include <strings.h>
#include <talloc.h>

void copied_start(struct copied *copied, const void *owner, size_t capacity)
{
    unsigned n = (unsigned)capacity;

    *copied = (struct copied){ .flags = talloc_array(owner, int64_t, n),
                               .item_id = talloc_array(owner, int64_t, n),
                               .message_id = talloc_array(owner, int64_t, n),
                               .size = talloc_array(owner, int64_t, n),
                               .received_us = talloc_array(owner, int64_t, n) };
}

static void count_one(struct copied *copied, const struct view_message *message)
{
    copied->unseen += !(message->flags & FLAG_SEEN);
    copied->deleted += (message->flags & FLAG_DELETED) != 0;
    copied->bytes += message->size;
}

void copied_add(struct copied *copied, const struct view_message *message)
{
    size_t i = copied->count++;

    copied->flags[i] = (int64_t)message->flags;
    copied->item_id[i] = message->item_id;
    copied->message_id[i] = message->message_id;
    copied->size[i] = message->size;
    copied->received_us[i] = message->received_us;
    count_one(copied, message);
}

void copied_count_up(struct copied *copied, const struct view *source, const struct uid_set *uids)
{
    struct view_select select = view_select_uids(source, uids);

    copied->unseen = copied->deleted = copied->bytes = 0;
    for (struct view_message m; view_select_next(&select, &m);)
        count_one(copied, &m);
}

static int find_name(const struct span *names, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_length(names[i]) == span_length(name) &&
            strncasecmp(names[i].p, name.p, span_length(name)) == 0)
            return (int)i;
    return -1;
}

bool copied_translate(const void *owner, struct copied *copied, const struct locked_mailbox *from,
                      const struct locked_mailbox *to, struct copied_keywords *keywords_out, struct err *err)
{
    uint64_t used = 0, bit_of[64] = { 0 };
    struct span *names = talloc_array(owner, struct span, KEYWORDS_MAX);
    size_t count = to->keyword_count < KEYWORDS_MAX ? to->keyword_count : KEYWORDS_MAX;

    memcpy(names, to->keywords, count * sizeof *names);
    for (size_t i = 0; i < copied->count; i++)
        used |= (uint64_t)copied->flags[i];
    for (size_t k = 0; k < from->keyword_count; k++) {
        int at;

        if (!(used & (UINT64_C(1) << (KEYWORD_FIRST_BIT + k))))
            continue;
        at = find_name(names, count, from->keywords[k]);
        if (at < 0 && count == KEYWORDS_MAX)
            return err_set(err, ERR_LIMIT, "The other mailbox has no room for further keywords.");
        if (at < 0)
            names[at = (int)count++] = from->keywords[k];
        bit_of[KEYWORD_FIRST_BIT + k] = UINT64_C(1) << (KEYWORD_FIRST_BIT + at);
    }
    for (size_t i = 0; i < copied->count; i++) {
        uint64_t flags = (uint64_t)copied->flags[i], translated = flags & FLAGS_SYSTEM;

        for (int bit = KEYWORD_FIRST_BIT; flags >> bit; bit++) {
            if (flags & (UINT64_C(1) << bit))
                translated |= bit_of[bit];
            if (bit == 63)
                break;
        }
        copied->flags[i] = (int64_t)translated;
    }
    *keywords_out = (struct copied_keywords){ names, count, count > to->keyword_count };
    return true;
}

/* By primary key. */
static const char READ_THREADS[] = "SELECT item_id, thread_id FROM item WHERE item_id = ANY ($1)";
/* Conversations of $1 that share a reference with one of $2. */
static const char MATCH_THREADS[] =
    "SELECT t.thread_id, min(d.thread_id)"
    "  FROM thread_reference t"
    "  JOIN thread_reference d ON d.mailbox_id = $2 AND d.hash = t.hash AND d.subject_hash = t.subject_hash"
    " WHERE t.mailbox_id = $1 AND t.thread_id = ANY ($3) GROUP BY t.thread_id";
static const char COPY_REFERENCES[] =
    "INSERT INTO thread_reference (mailbox_id, hash, subject_hash, thread_id)"
    " SELECT $2, t.hash, t.subject_hash, x.thread_id"
    "   FROM thread_reference t JOIN unnest($3::bigint[], $4::bigint[]) AS x (source_id, thread_id)"
    "        ON x.source_id = t.thread_id"
    "  WHERE t.mailbox_id = $1 ON CONFLICT DO NOTHING";
static const char INSERT_ITEMS[] =
    "INSERT INTO item (item_id, mailbox_id, message_id, thread_id, created_modseq, saved_us)"
    " SELECT t.item_id, $1, t.message_id, t.thread_id, $2, $3"
    "   FROM unnest($4::bigint[], $5::bigint[], $6::bigint[]) AS t (item_id, message_id, thread_id)";
/* int64 -> int64, keys and values kept in talloc arrays. */
static void put(GHashTable *table, const int64_t *key, const int64_t *value)
{
    g_hash_table_insert(table, (gpointer)(uintptr_t)key, (gpointer)(uintptr_t)value);
}

static bool read_pairs(struct db *db, const void *owner, const char *sql, struct db_args args,
                       GHashTable *into, int64_t **keys_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    int64_t *keys, *values;

    if (!db_query(db, owner, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *keys_out = keys = talloc_array(owner, int64_t, (unsigned)*count_out);
    values = talloc_array(owner, int64_t, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        keys[i] = db_get_i64(&row, 0);
        values[i] = db_get_i64(&row, 1);
        put(into, &keys[i], &values[i]);
    }
    return true;
}

/* The thread of each new item: where the source's conversation is known in the destination that one, else its first copy. */
static int64_t *choose_threads(const void *owner, const struct copied *copied, const int64_t *new_ids,
                               GHashTable *thread_of, GHashTable *known)
{
    int64_t *threads = talloc_array(owner, int64_t, (unsigned)copied->count);

    for (size_t i = 0; i < copied->count; i++) {
        const int64_t *source = g_hash_table_lookup(thread_of, &copied->item_id[i]);
        const int64_t *thread = source ? g_hash_table_lookup(known, source) : NULL;

        threads[i] = thread ? *thread : new_ids[i];
        if (source && !thread)
            put(known, source, &new_ids[i]);
    }
    return threads;
}

static bool queue_items(struct db *db, const void *owner, struct mailbox *from, struct mailbox *to,
                        const struct copied *copied, const int64_t *new_ids, const int64_t *threads,
                        GHashTable *known, uint64_t modseq, struct err *err)
{
    GHashTableIter each;
    gpointer key, value;
    unsigned n = g_hash_table_size(known);
    int64_t *sources = talloc_array(owner, int64_t, n), *targets = talloc_array(owner, int64_t, n);
    size_t count = 0;

    g_hash_table_iter_init(&each, known);
    while (g_hash_table_iter_next(&each, &key, &value)) {
        sources[count] = *(const int64_t *)key;
        targets[count++] = *(const int64_t *)value;
    }
    return db_pipeline_add(db, INSERT_ITEMS,
                           DB_ARGS(db_i64(to->id), db_i64((int64_t)modseq), db_i64(clock_now_us()),
                                   db_i64_array(new_ids, copied->count),
                                   db_i64_array(copied->message_id, copied->count),
                                   db_i64_array(threads, copied->count)),
                           err) &&
           db_pipeline_add(db, COPY_REFERENCES,
                           DB_ARGS(db_i64(from->id), db_i64(to->id), db_i64_array(sources, count),
                                   db_i64_array(targets, count)),
                           err);
}

bool copied_new_items(struct db *db, const void *owner, struct mailbox *from, struct mailbox *to,
                      struct copied *copied, uint64_t modseq, struct err *err)
{
    int64_t *new_ids = talloc_array(owner, int64_t, (unsigned)copied->count), *items, *threads;
    GHashTable *thread_of = g_hash_table_new(g_int64_hash, g_int64_equal);
    GHashTable *known = g_hash_table_new(g_int64_hash, g_int64_equal);
    size_t count;
    bool is_queued = false;

    if (!group_take_ids(to->group, db, GROUP_ITEM_IDS, copied->count, new_ids, err) ||
        !read_pairs(db, owner, READ_THREADS, DB_ARGS(db_i64_array(copied->item_id, copied->count)), thread_of,
                    &items, &count, err))
        goto out;
    threads = talloc_array(owner, int64_t, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        threads[i] = *(const int64_t *)g_hash_table_lookup(thread_of, &items[i]);
    if (!read_pairs(db, owner, MATCH_THREADS,
                    DB_ARGS(db_i64(from->id), db_i64(to->id), db_i64_array(threads, count)), known, &items,
                    &count, err))
        goto out;
    threads = choose_threads(owner, copied, new_ids, thread_of, known);
    is_queued = queue_items(db, owner, from, to, copied, new_ids, threads, known, modseq, err);
    copied->item_id = new_ids;
out:
    g_hash_table_destroy(thread_of);
    g_hash_table_destroy(known);
    return is_queued;
}
