/*
 * settle.c -- one transaction: the rows' messages are locked in the order of their ids, so that of two who settle the last
 * rows of one message the second sees what the first did; the rows end; messages without rows go with their bodies.
 */
#include "queue/settle.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "db/pipeline.h"
#include "db/transaction.h"
#include "trace/row.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { ACQUIRE_MS = 5000, ATTEMPTS = 60, PAUSE_MS = 500 };

static const char LOCK_MESSAGES[] =
    "SELECT FROM queue_message WHERE message_id = ANY($1) ORDER BY message_id FOR UPDATE";
#define STANDING                                                                                             \
    "r.recipient_id = ANY($1) AND r.state = 1"                                                               \
    " AND r.lease = ($2::bigint[])[array_position($1, r.recipient_id)]"
static const char LOCK_ROWS[] =
    "SELECT r.recipient_id FROM queue_recipient r WHERE " STANDING " ORDER BY r.recipient_id FOR UPDATE";
static const char END_ROWS[] = "DELETE FROM queue_recipient r WHERE " STANDING " RETURNING r.recipient_id";
static const char UNTRY_ROWS[] =
    "UPDATE queue_recipient r SET state = 0, motor_id = 0 WHERE " STANDING " RETURNING r.recipient_id";
static const char HOLD_ROWS[] =
    "UPDATE queue_recipient r SET state = 2, motor_id = 0 WHERE " STANDING " RETURNING r.recipient_id";
/* Once more where an administrator released the rows without deciding. */
static const char INSERT_HOLD[] =
    "INSERT INTO moderation (moderation_id, organisation_id, message_id, rows, cause, moderators, held_us, expires_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (moderation_id) DO UPDATE SET expires_us = $8, moderators = $6";
static const char DEFER_ROWS[] =
    "UPDATE queue_recipient r SET state = 0, motor_id = 0, next_try_us = t.next_try_us, overdue_us = t.overdue_us,"
    "       was_warned = t.was_warned, attempts = r.attempts + t.tried, flags = t.flags,"
    "       last_us = CASE WHEN t.tried = 1 THEN $11 ELSE r.last_us END,"
    "       last_code = t.code, last_enhanced = t.enhanced, last_text = t.text, last_host = t.host"
    "  FROM (SELECT ($1::bigint[])[i] AS recipient_id, ($3::bigint[])[i] AS next_try_us,"
    "               ($4::bigint[])[i] AS overdue_us, ($5::integer[])[i] = 1 AS was_warned, ($6::integer[])[i] AS tried,"
    "               ($7::integer[])[i] AS code, ($8::text[])[i] AS enhanced, ($9::text[])[i] AS text,"
    "               ($10::text[])[i] AS host, ($12::integer[])[i] AS flags"
    "          FROM generate_subscripts($1::bigint[], 1) AS i) AS t"
    " WHERE " STANDING " AND r.recipient_id = t.recipient_id"
    " RETURNING r.recipient_id";
static const char END_MESSAGES[] =
    "WITH gone AS (DELETE FROM queue_message m WHERE m.message_id = ANY($1)"
    "                 AND NOT EXISTS (SELECT FROM queue_recipient r WHERE r.message_id = m.message_id)"
    "              RETURNING m.message_id)"
    " DELETE FROM queue_body WHERE message_id = ANY(ARRAY(SELECT message_id FROM gone))";

struct settling {
    struct queue_settlement *settlements;
    size_t count;
    queue_notices *make;
    void *arg;
    void *arena;
};

/* Those of one kind, as arrays. */
struct share {
    size_t count;
    struct queue_settlement **rows;
    int64_t *ids, *leases;
};

static struct share share_of(const struct settling *s, enum queue_end end, bool is_any)
{
    unsigned n = (unsigned)s->count + 1;
    struct share share = { .rows = talloc_array(s->arena, struct queue_settlement *, n),
                           .ids = talloc_array(s->arena, int64_t, n),
                           .leases = talloc_array(s->arena, int64_t, n) };

    for (size_t i = 0; i < s->count; i++) {
        struct queue_settlement *row = &s->settlements[i];
        if (!is_any && (row->end != end || row->is_lost))
            continue;
        share.rows[share.count] = row;
        share.ids[share.count] = row->recipient_id;
        share.leases[share.count++] = row->lease;
    }
    return share;
}

static int by_id(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Whoever is not among the rows given back is lost. */
static void mark_lost(void *arena, const struct share *share, const struct db_rows *rows)
{
    size_t count = db_rows_count(rows);
    int64_t *kept = talloc_array(arena, int64_t, (unsigned)count + 1);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        kept[i] = db_get_i64(&row, 0);
    qsort(kept, count, sizeof *kept, by_id);
    for (size_t i = 0; i < share->count; i++)
        share->rows[i]->is_lost = !bsearch(&share->rows[i]->recipient_id, kept, count, sizeof *kept, by_id);
}

static struct db_value ids_of(const struct share *share)
{
    return db_i64_array(share->ids, share->count);
}

static struct db_value leases_of(const struct share *share)
{
    return db_i64_array(share->leases, share->count);
}

static int64_t *message_ids(const struct settling *s, size_t *count_out)
{
    int64_t *ids = talloc_array(s->arena, int64_t, (unsigned)s->count + 1);
    size_t unique = 0;

    for (size_t i = 0; i < s->count; i++)
        ids[i] = s->settlements[i].message_id;
    qsort(ids, s->count, sizeof *ids, by_id);
    for (size_t i = 0; i < s->count; i++)
        if (unique == 0 || ids[unique - 1] != ids[i])
            ids[unique++] = ids[i];
    *count_out = unique;
    return ids;
}

static bool add_deferred(const struct settling *s, const struct share *share, struct db *db, struct err *err)
{
    unsigned n = (unsigned)share->count + 1;
    int64_t *next = talloc_array(s->arena, int64_t, n), *overdue = talloc_array(s->arena, int64_t, n);
    int32_t *warned = talloc_array(s->arena, int32_t, n), *tried = talloc_array(s->arena, int32_t, n);
    int32_t *codes = talloc_array(s->arena, int32_t, n), *flags = talloc_array(s->arena, int32_t, n);
    struct span *enhanced = talloc_array(s->arena, struct span, n);
    struct span *texts = talloc_array(s->arena, struct span, n);
    struct span *hosts = talloc_array(s->arena, struct span, n);

    for (size_t i = 0; i < share->count; i++) {
        const struct queue_settlement *row = share->rows[i];
        next[i] = row->next_try_us;
        overdue[i] = row->overdue_us;
        warned[i] = row->was_warned;
        tried[i] = row->was_tried;
        codes[i] = (int32_t)row->code;
        flags[i] = (int32_t)row->flags;
        enhanced[i] = span_text(row->enhanced ? row->enhanced : "");
        texts[i] = span_text(row->text ? row->text : "");
        hosts[i] = span_text(row->host ? row->host : "");
    }
    return db_pipeline_add(db, DEFER_ROWS,
                           DB_ARGS(ids_of(share), leases_of(share), db_i64_array(next, share->count),
                                   db_i64_array(overdue, share->count), db_i32_array(warned, share->count),
                                   db_i32_array(tried, share->count), db_i32_array(codes, share->count),
                                   db_text_array(enhanced, share->count), db_text_array(texts, share->count),
                                   db_text_array(hosts, share->count), db_i64(clock_now_us()),
                                   db_i32_array(flags, share->count)),
                           err);
}

/* Of rows that are ours, in an order that all keep. */
static const char CLAIM_ONCE[] =
    "INSERT INTO queue_receipt (receipt_id, created_us)"
    " SELECT encode(t.receipt, 'hex')::uuid, $4"
    "   FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS t (recipient_id, lease, receipt)"
    "   JOIN queue_recipient r USING (recipient_id)"
    "  WHERE r.state = 1 AND r.lease = t.lease"
    "  ORDER BY t.receipt"
    " ON CONFLICT (receipt_id) DO NOTHING RETURNING decode(replace(receipt_id::text, '-', ''), 'hex')";

static struct share share_of_once(const struct settling *s, struct span **receipts_out)
{
    struct share all = share_of(s, QUEUE_END_GONE, true), share = all;

    *receipts_out = talloc_array(s->arena, struct span, (unsigned)all.count + 1);
    share.count = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (!all.rows[i]->once)
            continue;
        share.rows[share.count] = all.rows[i];
        share.ids[share.count] = all.ids[i];
        share.leases[share.count] = all.leases[i];
        (*receipts_out)[share.count++] = span_of(all.rows[i]->once, QUEUE_COPY_RECEIPT_BYTES);
    }
    return share;
}

/* Each receipt that was claimed now is for the first row that has it. */
static void mark_once(const struct share *share, const struct db_rows *claimed, bool *is_taken)
{
    struct db_row row;

    for (size_t i = 0; i < share->count; i++) {
        share->rows[i]->was_once = true;
        for (size_t k = 0; share->rows[i]->was_once && db_rows_at(claimed, k, &row); k++)
            if (!is_taken[k] &&
                memcmp(db_get_bytes(&row, 0).p, share->rows[i]->once, QUEUE_COPY_RECEIPT_BYTES) == 0) {
                is_taken[k] = true;
                share->rows[i]->was_once = false;
            }
    }
}

/* After the rows are locked. */
static bool claim_once(const struct settling *s, struct db *db, struct err *err)
{
    struct span *receipts;
    struct share share = share_of_once(s, &receipts);
    struct db_rows *claimed;

    if (share.count == 0)
        return true;
    bool done = db_pipeline_add(db, CLAIM_ONCE,
                                DB_ARGS(ids_of(&share), leases_of(&share),
                                        db_bytes_array(receipts, share.count), db_i64(clock_now_us())),
                                err) &&
                db_pipeline_send(db, err) && db_pipeline_next(db, s->arena, &claimed, NULL, err);
    if (!db_pipeline_end(db, err) || !done)
        return false;
    mark_once(&share, claimed, talloc_zero_array(s->arena, bool, (unsigned)db_rows_count(claimed) + 1));
    return true;
}

/* What is still ours, for those who write notices: it then stays ours until COMMIT. */
static bool lock_rows(const struct settling *s, const int64_t *messages, size_t message_count, struct db *db,
                      struct err *err)
{
    struct share all = share_of(s, QUEUE_END_GONE, true);
    struct db_rows *rows = NULL;
    bool done = db_pipeline_add(db, LOCK_MESSAGES, DB_ARGS(db_i64_array(messages, message_count)), err) &&
                db_pipeline_add(db, LOCK_ROWS, DB_ARGS(ids_of(&all), leases_of(&all)), err) &&
                db_pipeline_send(db, err) && db_pipeline_next(db, NULL, NULL, NULL, err) &&
                db_pipeline_next(db, s->arena, &rows, NULL, err);

    if (!db_pipeline_end(db, err) || !done)
        return false;
    mark_lost(s->arena, &all, rows);
    return claim_once(s, db, err);
}

static bool add_notices(const struct settling *s, struct db *db, struct err *err)
{
    struct queue_new *notices = NULL;
    size_t count = 0;

    if (!s->make(s->arg, s->arena, s->settlements, s->count, &notices, &count, err))
        return false;
    const struct queue_new **list = talloc_array(s->arena, const struct queue_new *, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        list[i] = &notices[i];
    return queue_add(db, s->arena, list, count, err);
}

static bool add_holds(const struct settling *s, struct db *db, struct err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct queue_settlement *row = &s->settlements[i];
        const struct queue_hold *hold = row->hold;
        struct span *moderators;

        if (!hold || row->is_lost || row->end != QUEUE_END_HELD)
            continue;
        moderators = talloc_array(s->arena, struct span, (unsigned)hold->moderator_count + 1);
        for (size_t k = 0; k < hold->moderator_count; k++)
            moderators[k] = span_text(hold->moderators[k]);
        if (!db_pipeline_add(db, INSERT_HOLD,
                             DB_ARGS(db_i64(row->recipient_id), db_i64(hold->organisation_id),
                                     db_i64(row->message_id), db_i64_array(hold->rows, hold->row_count),
                                     db_text(hold->cause), db_text_array(moderators, hold->moderator_count),
                                     db_i64(clock_now_us()), db_i64(hold->expires_us)),
                             err))
            return false;
    }
    return true;
}

static bool take_answer(const struct settling *s, const struct share *share, struct db *db, struct err *err)
{
    struct db_rows *rows;

    if (share->count == 0)
        return true;
    if (!db_pipeline_next(db, s->arena, &rows, NULL, err))
        return false;
    mark_lost(s->arena, share, rows);
    return true;
}

/* Before the rows end: it asks for their leases. What of them was found lost before says nothing. */
static bool add_traces(const struct settling *s, size_t *count_out, struct db *db, struct err *err)
{
    struct trace_row *rows = talloc_array(s->arena, struct trace_row, (unsigned)s->count + 1);
    struct trace_guard *guards = talloc_array(s->arena, struct trace_guard, (unsigned)s->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct queue_settlement *row = &s->settlements[i];
        if (!row->trace || row->is_lost)
            continue;
        rows[count] = *row->trace;
        guards[count++] = (struct trace_guard){ row->recipient_id, row->lease };
    }
    *count_out = count;
    return trace_rows_add_guarded(db, s->arena, rows, guards, count, err);
}

static bool write_all(const struct settling *s, const int64_t *messages, size_t message_count, bool is_locked,
                      struct db *db, struct err *err)
{
    struct share gone = share_of(s, QUEUE_END_GONE, false), waits = share_of(s, QUEUE_END_WAITS, false);
    struct share untried = share_of(s, QUEUE_END_UNTRIED, false);
    struct share held = share_of(s, QUEUE_END_HELD, false);
    struct db_value ids = db_i64_array(messages, message_count);
    size_t traces = 0;
    bool done =
        (is_locked || db_pipeline_add(db, LOCK_MESSAGES, DB_ARGS(ids), err)) &&
        add_traces(s, &traces, db, err) &&
        (gone.count == 0 || db_pipeline_add(db, END_ROWS, DB_ARGS(ids_of(&gone), leases_of(&gone)), err)) &&
        (waits.count == 0 || add_deferred(s, &waits, db, err)) &&
        (untried.count == 0 ||
         db_pipeline_add(db, UNTRY_ROWS, DB_ARGS(ids_of(&untried), leases_of(&untried)), err)) &&
        (held.count == 0 || db_pipeline_add(db, HOLD_ROWS, DB_ARGS(ids_of(&held), leases_of(&held)), err)) &&
        (gone.count == 0 || db_pipeline_add(db, END_MESSAGES, DB_ARGS(ids), err)) &&
        (!is_locked || (add_holds(s, db, err) && add_notices(s, db, err)));

    if (!done)
        return false;
    CRASHPOINT("run.before-settle");
    done = db_pipeline_commit(db, err) && db_pipeline_send(db, err) &&
           (is_locked || db_pipeline_next(db, NULL, NULL, NULL, err)) &&
           (traces == 0 || db_pipeline_next(db, NULL, NULL, NULL, err)) && take_answer(s, &gone, db, err) &&
           take_answer(s, &waits, db, err) && take_answer(s, &untried, db, err) &&
           take_answer(s, &held, db, err);
    return db_pipeline_end(db, err) && done;
}

static bool settle(struct db *db, void *arg, struct err *err)
{
    struct settling *s = arg;
    size_t message_count;
    bool wants_notice = false;

    talloc_free(s->arena);
    s->arena = talloc_new(NULL);
    for (size_t i = 0; i < s->count; i++) {
        s->settlements[i].is_lost = s->settlements[i].was_once = false;
        wants_notice = wants_notice || s->settlements[i].wants_notice;
    }
    wants_notice = wants_notice && s->make;
    int64_t *messages = message_ids(s, &message_count);
    return (!wants_notice || lock_rows(s, messages, message_count, db, err)) &&
           write_all(s, messages, message_count, wants_notice, db, err);
}

bool queue_settle(struct db_pool *pool, struct queue_settlement *settlements, size_t count,
                  queue_notices *make, void *arg, struct err *err)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
    struct settling s = { .settlements = settlements, .count = count, .make = make, .arg = arg };
    bool done = false, is_unknown = false;

    *err = ERR_INIT;
    for (int attempt = 0; attempt < ATTEMPTS && !done; attempt++) {
        struct db *db;
        if (!db_acquire(pool, DB_KEYED, ACQUIRE_MS, &db, err)) {
            if (!is_unknown)
                break;
            nanosleep(&pause, NULL);
            continue;
        }
        done = with_transaction(db, settle, &s, err);
        db_release(&db);
        if (!done && err->kind != ERR_UNKNOWN && !is_unknown)
            break;
        /* Asked again, it waits for the locks of the transaction in doubt, and finds what that one left. */
        is_unknown = is_unknown || !done;
        if (!done)
            nanosleep(&pause, NULL);
    }
    for (size_t i = 0; done && is_unknown && i < count; i++)
        settlements[i].is_lost = false;
    talloc_free(s.arena);
    return done;
}
