/* put.c -- a message and its recipients go in: three kinds of statements, one round trip. */
#include "queue/queue.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/pipeline.h"
#include "db/transaction.h"
#include "message/zstd.h"
#include "queue/receipt.h"

#include <inttypes.h>
#include <talloc.h>

enum { PIECE_BYTES = 256 * 1024, PIPELINE_BYTES = 4 << 20, ACQUIRE_MS = 5000 };

char *queue_group_lane(const void *owner, int64_t group_id)
{
    return talloc_asprintf(owner, "group %" PRId64, group_id);
}

static const char INSERT_MESSAGE[] =
    "WITH m AS (INSERT INTO queue_message (name, organisation_id, sender, login_id, login, origin, ret, envid, body,"
    "               needs_smtputf8, needs_tls, deliver_by_us, deliver_by_mode, priority, received_us, expires_us,"
    "               size, subject, language, path)"
    "           VALUES ($1, nullif($2, 0), $3, nullif($4, 0), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
    "                   $17, $18, $19, $35)"
    "           RETURNING message_id, organisation_id)"
    " INSERT INTO queue_recipient (message_id, organisation_id, address, group_id, mailbox_id, target, asked, why, flags,"
    "                              notify, orcpt_type, orcpt, lane, next_try_us, overdue_us, state, sender)"
    " SELECT m.message_id, m.organisation_id, r.address, r.group_id, r.mailbox_id, r.target::jsonb, r.asked, r.why, r.flags,"
    "        r.notify::smallint, r.orcpt_type, r.orcpt, r.lane, r.next_try_us, r.overdue_us, r.state::smallint, r.sender"
    "   FROM m, unnest($20::text[], $21::bigint[], $22::bigint[], $23::text[], $24::text[], $25::text[], $26::integer[],"
    "                  $27::integer[], $28::text[], $29::text[], $30::text[], $31::bigint[], $32::bigint[],"
    "                  $33::integer[], $34::text[])"
    "     AS r (address, group_id, mailbox_id, target, asked, why, flags, notify, orcpt_type, orcpt, lane, next_try_us,"
    "           overdue_us, state, sender)";
static const char INSERT_PIECE[] = "INSERT INTO queue_body (message_id, chunk, codec, data)"
                                   " VALUES (currval('queue_message_message_id_seq'), $1, $2, $3)";

/* The recipients as columns. */
struct columns {
    struct span *address, *sender, *target, *asked, *why, *orcpt_type, *orcpt, *lane;
    int64_t *group_id, *mailbox_id, *next_try_us, *overdue_us;
    int32_t *flags, *notify, *state;
};

static struct columns columns_of(const void *arena, const struct queue_new *new)
{
    unsigned n = (unsigned)new->recipient_count + 1;
    struct columns c = {
        .sender = talloc_array(arena, struct span, n),
        .state = talloc_array(arena, int32_t, n),
        .address = talloc_array(arena, struct span, n),
        .target = talloc_array(arena, struct span, n),
        .asked = talloc_array(arena, struct span, n),
        .why = talloc_array(arena, struct span, n),
        .orcpt_type = talloc_array(arena, struct span, n),
        .orcpt = talloc_array(arena, struct span, n),
        .lane = talloc_array(arena, struct span, n),
        .group_id = talloc_array(arena, int64_t, n),
        .mailbox_id = talloc_array(arena, int64_t, n),
        .next_try_us = talloc_array(arena, int64_t, n),
        .overdue_us = talloc_array(arena, int64_t, n),
        .flags = talloc_array(arena, int32_t, n),
        .notify = talloc_array(arena, int32_t, n),
    };

    for (size_t i = 0; i < new->recipient_count; i++) {
        const struct queue_recipient *r = &new->recipients[i];
        c.address[i] = span_text(r->address);
        c.sender[i] = span_text(r->sender);
        c.target[i] = span_text(r->target);
        c.asked[i] = span_text(r->asked ? r->asked : r->address);
        c.why[i] = span_text(r->why ? r->why : "");
        c.orcpt_type[i] = span_text(r->orcpt_type);
        c.orcpt[i] = span_text(r->orcpt);
        c.lane[i] = span_text(r->lane);
        c.group_id[i] = r->group_id;
        c.mailbox_id[i] = r->mailbox_id;
        c.next_try_us[i] = r->next_try_us;
        c.overdue_us[i] = r->overdue_us;
        c.flags[i] = (int32_t)r->flags;
        c.notify[i] = (int32_t)r->notify;
        c.state[i] = r->is_held ? QUEUE_HELD : QUEUE_WAITS;
    }
    return c;
}

static bool add_message(struct db *db, const void *arena, const struct queue_new *new, struct err *err)
{
    const struct queue_message *m = &new->message;
    struct columns c = columns_of(arena, new);
    size_t n = new->recipient_count;

    return db_pipeline_add(
        db, INSERT_MESSAGE,
        DB_ARGS(db_text(m->name), db_i64(m->organisation_id), db_text(m->sender), db_i64(m->login_id),
                db_text(m->login), db_text(m->origin), db_i16((int16_t)m->ret), db_text(m->envid),
                db_i16((int16_t)m->body), db_bool(m->needs_smtputf8), db_bool(m->needs_tls),
                db_i64(m->deliver_by_us), db_i16((int16_t)m->deliver_by_mode), db_i16((int16_t)m->priority),
                db_i64(m->received_us), db_i64(m->expires_us), db_i64((int64_t)span_length(new->bytes)),
                db_text(m->subject ? m->subject : ""), db_text(m->language ? m->language : ""),
                db_text_array(c.address, n), db_i64_array(c.group_id, n), db_i64_array(c.mailbox_id, n),
                db_text_array(c.target, n), db_text_array(c.asked, n), db_text_array(c.why, n),
                db_i32_array(c.flags, n), db_i32_array(c.notify, n), db_text_array(c.orcpt_type, n),
                db_text_array(c.orcpt, n), db_text_array(c.lane, n), db_i64_array(c.next_try_us, n),
                db_i64_array(c.overdue_us, n), db_i32_array(c.state, n), db_text_array(c.sender, n),
                db_text(m->path ? m->path : "")),
        err);
}

static bool add_piece(struct db *db, struct span raw, size_t number, size_t *stored_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    int16_t codec;
    struct span packed = zstd_pack(scratch, raw, &codec);
    bool done = db_pipeline_add(db, INSERT_PIECE,
                                DB_ARGS(db_i32((int32_t)number), db_i16(codec), db_bytes(packed)), err);

    *stored_out = span_length(packed);
    talloc_free(scratch);
    return done;
}

/* The pieces from *number_io on, until a pipeline is full. */
static bool add_pieces(struct db *db, struct span bytes, size_t *number_io, struct err *err)
{
    size_t sent = 0, stored, pieces = (span_length(bytes) + PIECE_BYTES - 1) / PIECE_BYTES;

    while (*number_io < pieces && sent < PIPELINE_BYTES) {
        if (!add_piece(db, span_part(bytes, *number_io * PIECE_BYTES, PIECE_BYTES), *number_io, &stored, err))
            return false;
        sent += stored;
        ++*number_io;
    }
    return true;
}

bool queue_add(struct db *db, const void *arena, const struct queue_new *new, struct err *err)
{
    size_t number = 0;

    return add_message(db, arena, new, err) && add_pieces(db, new->bytes, &number, err);
}

struct putting {
    const struct queue_new *new;
    uint8_t receipt[QUEUE_RECEIPT_BYTES];
};

static bool put(struct db *db, void *arg, struct err *err)
{
    struct putting *putting = arg;
    const struct queue_new *new = putting->new;
    size_t number = 0, pieces = (span_length(new->bytes) + PIECE_BYTES - 1) / PIECE_BYTES;
    void *arena = talloc_new(NULL);
    bool done = add_message(db, arena, new, err) && add_pieces(db, new->bytes, &number, err);

    while (done && number < pieces)
        done =
            db_pipeline_send(db, err) && db_pipeline_end(db, err) && add_pieces(db, new->bytes, &number, err);
    talloc_free(arena);
    if (!done || !queue_receipt_add(db, putting->receipt, err))
        return false;
    CRASHPOINT("queue.before-commit");
    return db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

bool queue_put(struct db_pool *pool, const struct queue_new *new, struct err *err)
{
    struct putting putting = { .new = new };
    struct db *db;

    *err = ERR_INIT;
    queue_receipt_make(putting.receipt);
    if (!db_acquire(pool, DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, put, &putting, err);
    db_release(&db);
    if (!done && err->kind == ERR_UNKNOWN)
        done = queue_receipt_settle(pool, putting.receipt, err);
    if (done)
        CRASHPOINT("queue.after-commit");
    return done;
}
