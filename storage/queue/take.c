/* take.c -- rows that are due, with their messages, in one round trip. */
#include "queue/take.h"

#include "db/pipeline.h"
#include "db/transaction.h"
#include "queue/read.h"

#include <glib.h>
#include <stdatomic.h>
#include <talloc.h>

enum { ACQUIRE_MS = 5000 };

/* Skips from lane to lane along queue_recipient_due: each step is one look into the index. */
static const char FIND_LANES[] =
    "WITH RECURSIVE found AS ("
    "   (SELECT r.lane, r.next_try_us, 1 AS number FROM queue_recipient r"
    "     WHERE r.state = 0 AND r.lane > $1 ORDER BY r.lane, r.next_try_us LIMIT 1)"
    "   UNION ALL"
    "   SELECT next.lane, next.next_try_us, found.number + 1"
    "     FROM found CROSS JOIN LATERAL"
    "          (SELECT r.lane, r.next_try_us FROM queue_recipient r"
    "            WHERE r.state = 0 AND r.lane > found.lane ORDER BY r.lane, r.next_try_us LIMIT 1) AS next"
    "    WHERE found.number < $2)"
    " SELECT lane, next_try_us FROM found";

bool queue_lanes(struct db_pool *pool, const void *owner, const char *after, size_t most,
                 struct queue_lane **lanes_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (!db_acquire(pool, DB_KEYED, ACQUIRE_MS, &db, err))
        return false;
    bool done = db_query(db, owner, FIND_LANES, DB_ARGS(db_text(after), db_i64((int64_t)most)), &rows, err);
    db_release(&db);
    if (!done)
        return false;
    *count_out = db_rows_count(rows);
    *lanes_out = talloc_zero_array(owner, struct queue_lane, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*lanes_out)[i] = (struct queue_lane){ db_copy_text(*lanes_out, &row, 0), db_get_i64(&row, 1) };
    talloc_free(rows);
    return true;
}

int64_t queue_lease_new(int64_t motor_id)
{
    static _Atomic uint32_t counter; /* of this process, whose motors have ids of their own */

    return motor_id << 32 | (int64_t)atomic_fetch_add(&counter, 1);
}

/* The array makes the outer part look each row up by its primary key, whatever the planner believes of the queue. */
#define TAKE(picked)                                                                                         \
    "UPDATE queue_recipient r SET state = 1, lease = $1, motor_id = $2"                                      \
    " WHERE r.recipient_id = ANY(ARRAY(" picked "))"                                                         \
    " RETURNING " QUEUE_ROW_COLUMNS
static const char TAKE_DUE[] =
    TAKE("SELECT p.recipient_id FROM unnest($4::text[], $5::bigint[]) AS w (lane, most) CROSS JOIN LATERAL"
         " (SELECT q.recipient_id FROM queue_recipient q"
         "   WHERE q.state = 0 AND q.lane = w.lane AND q.next_try_us <= $3"
         "   ORDER BY q.next_try_us LIMIT w.most FOR UPDATE SKIP LOCKED) AS p");
static const char TAKE_OVERDUE[] =
    TAKE("SELECT q.recipient_id FROM queue_recipient q WHERE q.state = 0 AND q.overdue_us <= $3"
         " ORDER BY q.overdue_us LIMIT $4 FOR UPDATE SKIP LOCKED");
/* Small messages bring their bytes, as long as those before them leave room. */
static const char READ_MESSAGES[] =
    "SELECT " QUEUE_MESSAGE_COLUMNS ", b.codec, b.data"
    "  FROM (SELECT m.*, sum(m.size) FILTER (WHERE m.size <= $3) OVER (ORDER BY m.message_id) AS together"
    "          FROM (SELECT DISTINCT r.message_id FROM queue_recipient r"
    "                 WHERE r.state = 1 AND r.motor_id = $1 AND r.lease = $2) AS t"
    "          JOIN queue_message m USING (message_id)) AS m"
    "  LEFT JOIN queue_body b ON b.message_id = m.message_id AND b.chunk = 0 AND m.size <= $3 AND m.together <= $4";

struct queue_catch {
    struct queue_taken *rows;
    size_t count, bytes;
    struct db_rows *row_rows, *message_rows; /* what texts point into */
};

struct taking {
    const void *owner;
    int64_t motor_id, lease;
    size_t bytes_most;
    const char *sql;
    struct db_args args;
    struct queue_catch *catch;
};

/* Of what was taken together the urgent goes first, else what came first, also where it was tried in vain since. */
static int by_place(const void *a, const void *b)
{
    const struct queue_taken *left = a, *right = b;
    const struct queue_message *l = left->message, *r = right->message;

    if (l->priority != r->priority)
        return l->priority > r->priority ? -1 : 1;
    if (l->received_us != r->received_us)
        return l->received_us < r->received_us ? -1 : 1;
    return (left->recipient_id > right->recipient_id) - (left->recipient_id < right->recipient_id);
}

/* Messages by their id; then each row gets its own. A row without message cannot be: both go in and out together. */
static void join(struct queue_catch *catch)
{
    GHashTable *messages = g_hash_table_new(g_int64_hash, g_int64_equal);
    size_t kept = 0;
    struct db_row row;

    for (size_t i = 0; db_rows_at(catch->message_rows, i, &row); i++) {
        struct queue_message_read *message = queue_read_message(catch, &row);
        g_hash_table_insert(messages, &message->message.message_id, message);
        catch->bytes += span_length(message->piece);
    }
    catch->rows = talloc_zero_array(catch, struct queue_taken, (unsigned)db_rows_count(catch->row_rows) + 1);
    for (size_t i = 0; db_rows_at(catch->row_rows, i, &row); i++) {
        int64_t message_id;
        struct queue_taken taken = queue_read_row(catch, &row, &message_id);
        taken.message = g_hash_table_lookup(messages, &message_id);
        if (taken.message)
            catch->rows[kept++] = taken;
    }
    catch->count = kept;
    g_hash_table_destroy(messages);
    qsort(catch->rows, kept, sizeof *catch->rows, by_place);
}

static bool take(struct db *db, void *arg, struct err *err)
{
    struct taking *taking = arg;
    struct queue_catch *catch = talloc_zero(taking->owner, struct queue_catch);

    /* A lease that a power cut takes back is as one that ran out: nobody was told of it. What settles it waits for the WAL. */
    bool done = db_commit_lazily(db, err) && db_pipeline_add(db, taking->sql, taking->args, err) &&
                db_pipeline_add(db, READ_MESSAGES,
                                DB_ARGS(db_i64(taking->motor_id), db_i64(taking->lease),
                                        db_i64(QUEUE_TAKE_BYTES), db_i64((int64_t)taking->bytes_most)),
                                err) &&
                db_pipeline_commit(db, err) && db_pipeline_send(db, err) &&
                db_pipeline_next(db, catch, &catch->row_rows, NULL, err) &&
                db_pipeline_next(db, catch, &catch->message_rows, NULL, err);
    if (!db_pipeline_end(db, err) || !done) {
        talloc_free(catch);
        return false;
    }
    taking->catch = catch;
    return true;
}

static bool run(struct db_pool *pool, struct taking *taking, struct queue_catch **catch_out, struct err *err)
{
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(pool, DB_KEYED, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, take, taking, err);
    db_release(&db);
    if (!done)
        return false;
    join(taking->catch);
    *catch_out = taking->catch;
    return true;
}

bool queue_take(struct db_pool *pool, const void *owner, int64_t motor_id, int64_t lease,
                const struct queue_wish *wishes, size_t wish_count, size_t bytes_most, int64_t now_us,
                struct queue_catch **catch_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct span *lanes = talloc_array(arena, struct span, (unsigned)wish_count + 1);
    int64_t *most = talloc_array(arena, int64_t, (unsigned)wish_count + 1);

    for (size_t i = 0; i < wish_count; i++) {
        lanes[i] = span_text(wishes[i].lane);
        most[i] = (int64_t)wishes[i].most;
    }
    struct taking taking = { .owner = owner,
                             .motor_id = motor_id,
                             .lease = lease,
                             .bytes_most = bytes_most,
                             .sql = TAKE_DUE,
                             .args =
                                 DB_ARGS(db_i64(lease), db_i64(motor_id), db_i64(now_us),
                                         db_text_array(lanes, wish_count), db_i64_array(most, wish_count)) };
    bool done = run(pool, &taking, catch_out, err);
    talloc_free(arena);
    return done;
}

bool queue_take_overdue(struct db_pool *pool, const void *owner, int64_t motor_id, int64_t lease, size_t most,
                        int64_t now_us, struct queue_catch **catch_out, struct err *err)
{
    struct taking taking = { .owner = owner,
                             .motor_id = motor_id,
                             .lease = lease,
                             .sql = TAKE_OVERDUE,
                             .args = DB_ARGS(db_i64(lease), db_i64(motor_id), db_i64(now_us),
                                             db_i64((int64_t)most)) };

    return run(pool, &taking, catch_out, err);
}

size_t queue_catch_count(const struct queue_catch *catch)
{
    return catch->count;
}

size_t queue_catch_bytes(const struct queue_catch *catch)
{
    return catch->bytes;
}

struct queue_taken *queue_catch_row(const struct queue_catch *catch, size_t number)
{
    return &catch->rows[number];
}
