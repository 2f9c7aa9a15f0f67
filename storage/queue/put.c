/* put.c -- messages and their recipients go in: one statement for many of them, one round trip. */
#include "queue/queue.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/pipeline.h"
#include "db/transaction.h"
#include "message/zstd.h"
#include "queue/put_alone.h"
#include "queue/receipt.h"
#include "trace/row.h"

#include <inttypes.h>
#include <string.h>
#include <talloc.h>

enum { ACQUIRE_MS = 5000, ONCE_ATTEMPTS = 3 };

char *queue_group_lane(const void *owner, int64_t group_id)
{
    return talloc_asprintf(owner, "group %" PRId64, group_id);
}

/* Messages, their recipients and their pieces, by column; a recipient and a piece name their message by its place, from 1. The
 * numbers of the messages are drawn once, so that the three parts agree. */
static const char INSERT_ALL[] =
    "WITH drawn AS MATERIALIZED ("
    "         SELECT array_agg(nextval('queue_message_message_id_seq')) AS id FROM generate_series(1, $1::integer)),"
    "     m AS (INSERT INTO queue_message (message_id, name, organisation_id, sender, login_id, login, origin, ret, envid,"
    "               body, needs_smtputf8, needs_tls, deliver_by_us, deliver_by_mode, priority, received_us, expires_us,"
    "               size, subject, language, path, recipients)"
    "           SELECT drawn.id[t.place], t.name, nullif(t.organisation_id, 0), t.sender, nullif(t.login_id, 0), t.login,"
    "                  t.origin, t.ret, t.envid, t.body, t.needs_smtputf8, t.needs_tls, t.deliver_by_us, t.deliver_by_mode,"
    "                  t.priority, t.received_us, t.expires_us, t.size, t.subject, t.language, t.path, t.recipients"
    "             FROM drawn, unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[],"
    "                                $8::integer[], $9::text[], $10::integer[], $11::boolean[], $12::boolean[],"
    "                                $13::bigint[], $14::integer[], $15::integer[], $16::bigint[], $17::bigint[],"
    "                                $18::bigint[], $19::text[], $20::text[], $21::text[], $42::integer[])"
    "               WITH ORDINALITY"
    "               AS t (name, organisation_id, sender, login_id, login, origin, ret, envid, body, needs_smtputf8,"
    "                     needs_tls, deliver_by_us, deliver_by_mode, priority, received_us, expires_us, size, subject,"
    "                     language, path, recipients, place)),"
    "     p AS (INSERT INTO queue_body (message_id, chunk, codec, data)"
    "           SELECT drawn.id[t.message], t.chunk, t.codec, t.data"
    "             FROM drawn, unnest($38::integer[], $39::integer[], $40::integer[], $41::bytea[])"
    "               AS t (message, chunk, codec, data))"
    " INSERT INTO queue_recipient (message_id, organisation_id, address, group_id, mailbox_id, target, asked, why, flags,"
    "                              notify, orcpt_type, orcpt, lane, next_try_us, overdue_us, state, sender, receipt)"
    " SELECT drawn.id[t.message], nullif(($3::bigint[])[t.message], 0), t.address, t.group_id, t.mailbox_id,"
    "        t.target::jsonb, t.asked, t.why, t.flags, t.notify, t.orcpt_type, t.orcpt, t.lane, t.next_try_us, t.overdue_us,"
    "        t.state, t.sender, t.receipt"
    "   FROM drawn, unnest($22::integer[], $23::text[], $24::bigint[], $25::bigint[], $26::text[], $27::text[], $28::text[],"
    "                      $29::integer[], $30::integer[], $31::text[], $32::text[], $33::text[], $34::bigint[],"
    "                      $35::bigint[], $36::integer[], $37::text[], $43::bytea[])"
    "     AS t (message, address, group_id, mailbox_id, target, asked, why, flags, notify, orcpt_type, orcpt, lane,"
    "           next_try_us, overdue_us, state, sender, receipt)";
static size_t pieces_of(const struct queue_new *new)
{
    return (span_length(new->bytes) + QUEUE_PIECE_BYTES - 1) / QUEUE_PIECE_BYTES;
}

/* ---- messages as columns */

struct message_columns {
    struct span *name, *sender, *login, *origin, *envid, *subject, *language, *path;
    int64_t *organisation_id, *login_id, *deliver_by_us, *received_us, *expires_us, *size;
    int32_t *ret, *body, *deliver_by_mode, *priority, *recipients;
    bool *needs_smtputf8, *needs_tls;
};

static struct message_columns message_columns_new(const void *arena, unsigned n)
{
    return (struct message_columns){
        .name = talloc_array(arena, struct span, n),
        .sender = talloc_array(arena, struct span, n),
        .login = talloc_array(arena, struct span, n),
        .origin = talloc_array(arena, struct span, n),
        .envid = talloc_array(arena, struct span, n),
        .subject = talloc_array(arena, struct span, n),
        .language = talloc_array(arena, struct span, n),
        .path = talloc_array(arena, struct span, n),
        .organisation_id = talloc_array(arena, int64_t, n),
        .login_id = talloc_array(arena, int64_t, n),
        .deliver_by_us = talloc_array(arena, int64_t, n),
        .received_us = talloc_array(arena, int64_t, n),
        .expires_us = talloc_array(arena, int64_t, n),
        .size = talloc_array(arena, int64_t, n),
        .ret = talloc_array(arena, int32_t, n),
        .body = talloc_array(arena, int32_t, n),
        .deliver_by_mode = talloc_array(arena, int32_t, n),
        .priority = talloc_array(arena, int32_t, n),
        .recipients = talloc_array(arena, int32_t, n),
        .needs_smtputf8 = talloc_array(arena, bool, n),
        .needs_tls = talloc_array(arena, bool, n),
    };
}

static void set_message(const struct message_columns *c, size_t i, const struct queue_new *new)
{
    const struct queue_message *m = &new->message;

    c->name[i] = span_text(m->name);
    c->sender[i] = span_text(m->sender);
    c->login[i] = span_text(m->login);
    c->origin[i] = span_text(m->origin);
    c->envid[i] = span_text(m->envid);
    c->subject[i] = span_text(m->subject ? m->subject : "");
    c->language[i] = span_text(m->language ? m->language : "");
    c->path[i] = span_text(m->path ? m->path : "");
    c->organisation_id[i] = m->organisation_id;
    c->login_id[i] = m->login_id;
    c->deliver_by_us[i] = m->deliver_by_us;
    c->received_us[i] = m->received_us;
    c->expires_us[i] = m->expires_us;
    c->size[i] = (int64_t)span_length(new->bytes);
    c->ret[i] = (int32_t)m->ret;
    c->body[i] = (int32_t)m->body;
    c->deliver_by_mode[i] = (int32_t)m->deliver_by_mode;
    c->priority[i] = m->priority;
    c->recipients[i] = (int32_t) new->recipient_count;
    c->needs_smtputf8[i] = m->needs_smtputf8;
    c->needs_tls[i] = m->needs_tls;
}

/* ---- their recipients */

struct recipient_columns {
    struct span *address, *sender, *target, *asked, *why, *orcpt_type, *orcpt, *lane, *receipt;
    int64_t *group_id, *mailbox_id, *next_try_us, *overdue_us;
    int32_t *message, *flags, *notify, *state;
};

static struct recipient_columns recipient_columns_new(const void *arena, unsigned n)
{
    return (struct recipient_columns){
        .address = talloc_array(arena, struct span, n),
        .sender = talloc_array(arena, struct span, n),
        .target = talloc_array(arena, struct span, n),
        .asked = talloc_array(arena, struct span, n),
        .why = talloc_array(arena, struct span, n),
        .orcpt_type = talloc_array(arena, struct span, n),
        .orcpt = talloc_array(arena, struct span, n),
        .lane = talloc_array(arena, struct span, n),
        .receipt = talloc_array(arena, struct span, n),
        .group_id = talloc_array(arena, int64_t, n),
        .mailbox_id = talloc_array(arena, int64_t, n),
        .next_try_us = talloc_array(arena, int64_t, n),
        .overdue_us = talloc_array(arena, int64_t, n),
        .message = talloc_array(arena, int32_t, n),
        .flags = talloc_array(arena, int32_t, n),
        .notify = talloc_array(arena, int32_t, n),
        .state = talloc_array(arena, int32_t, n),
    };
}

static void set_recipient(const struct recipient_columns *c, size_t i, size_t message,
                          const struct queue_recipient *r)
{
    c->message[i] = (int32_t)message + 1;
    c->address[i] = span_text(r->address);
    c->sender[i] = span_text(r->sender);
    c->target[i] = span_text(r->target);
    c->asked[i] = span_text(r->asked ? r->asked : r->address);
    c->why[i] = span_text(r->why ? r->why : "");
    c->orcpt_type[i] = span_text(r->orcpt_type);
    c->orcpt[i] = span_text(r->orcpt);
    c->lane[i] = span_text(r->lane);
    c->receipt[i] = r->receipt ? span_of(r->receipt, QUEUE_COPY_RECEIPT_BYTES) : (struct span){ NULL, NULL };
    c->group_id[i] = r->group_id;
    c->mailbox_id[i] = r->mailbox_id;
    c->next_try_us[i] = r->next_try_us;
    c->overdue_us[i] = r->overdue_us;
    c->flags[i] = (int32_t)r->flags;
    c->notify[i] = (int32_t)r->notify;
    c->state[i] = r->is_held ? QUEUE_HELD : QUEUE_WAITS;
}

/* ---- and their bytes */

struct piece_columns {
    int32_t *message, *chunk, *codec;
    struct span *data;
    size_t count, bytes; /* packed */
};

static void add_packed(const void *arena, struct piece_columns *c, size_t message, size_t chunk,
                       struct span raw)
{
    int16_t codec;
    struct span packed = zstd_pack(arena, raw, &codec);

    c->message[c->count] = (int32_t)message + 1;
    c->chunk[c->count] = (int32_t)chunk;
    c->codec[c->count] = codec;
    c->data[c->count++] = packed;
    c->bytes += span_length(packed);
}

/* The pieces of all, up to what a pipeline holds; that is only ever short where there is one message. */
static size_t pack_pieces(const void *arena, const struct queue_new *const *messages, size_t count,
                          struct piece_columns *c)
{
    size_t most = 0, chunk = 0;

    for (size_t i = 0; i < count; i++)
        most += pieces_of(messages[i]);
    *c = (struct piece_columns){ .message = talloc_array(arena, int32_t, (unsigned)most + 1),
                                 .chunk = talloc_array(arena, int32_t, (unsigned)most + 1),
                                 .codec = talloc_array(arena, int32_t, (unsigned)most + 1),
                                 .data = talloc_array(arena, struct span, (unsigned)most + 1) };
    for (size_t i = 0; i < count; i++)
        for (chunk = 0; chunk < pieces_of(messages[i]) && (count > 1 || c->bytes < QUEUE_PIPELINE_BYTES);
             chunk++)
            add_packed(arena, c, i, chunk,
                       span_part(messages[i]->bytes, chunk * QUEUE_PIECE_BYTES, QUEUE_PIECE_BYTES));
    return chunk;
}

/* *pieces_out: of the last message, how many are in. */
static bool add_all(struct db *db, const void *arena, const struct queue_new *const *messages, size_t count,
                    size_t *pieces_out, struct err *err)
{
    struct message_columns m = message_columns_new(arena, (unsigned)count + 1);
    struct recipient_columns r;
    struct piece_columns p;
    size_t total = 0, n = 0;

    for (size_t i = 0; i < count; i++) {
        set_message(&m, i, messages[i]);
        total += messages[i]->recipient_count;
    }
    r = recipient_columns_new(arena, (unsigned)total + 1);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < messages[i]->recipient_count; k++)
            set_recipient(&r, n++, i, &messages[i]->recipients[k]);
    *pieces_out = pack_pieces(arena, messages, count, &p);
    return db_pipeline_add(
        db, INSERT_ALL,
        DB_ARGS(
            db_i32((int32_t)count), db_text_array(m.name, count), db_i64_array(m.organisation_id, count),
            db_text_array(m.sender, count), db_i64_array(m.login_id, count), db_text_array(m.login, count),
            db_text_array(m.origin, count), db_i32_array(m.ret, count), db_text_array(m.envid, count),
            db_i32_array(m.body, count), db_bool_array(m.needs_smtputf8, count),
            db_bool_array(m.needs_tls, count), db_i64_array(m.deliver_by_us, count),
            db_i32_array(m.deliver_by_mode, count), db_i32_array(m.priority, count),
            db_i64_array(m.received_us, count), db_i64_array(m.expires_us, count),
            db_i64_array(m.size, count), db_text_array(m.subject, count), db_text_array(m.language, count),
            db_text_array(m.path, count), db_i32_array(r.message, n), db_text_array(r.address, n),
            db_i64_array(r.group_id, n), db_i64_array(r.mailbox_id, n), db_text_array(r.target, n),
            db_text_array(r.asked, n), db_text_array(r.why, n), db_i32_array(r.flags, n),
            db_i32_array(r.notify, n), db_text_array(r.orcpt_type, n), db_text_array(r.orcpt, n),
            db_text_array(r.lane, n), db_i64_array(r.next_try_us, n), db_i64_array(r.overdue_us, n),
            db_i32_array(r.state, n), db_text_array(r.sender, n), db_i32_array(p.message, p.count),
            db_i32_array(p.chunk, p.count), db_i32_array(p.codec, p.count), db_bytes_array(p.data, p.count),
            db_i32_array(m.recipients, count), db_bytes_array(r.receipt, n)),
        err);
}

/* Messages that go in together; *pieces_out: of the last one, how many are in. */
static bool add_together(struct db *db, const void *arena, const struct queue_new *const *messages,
                         size_t count, size_t *pieces_out, struct err *err)
{
    return count == 1 && queue_is_for_few(messages[0]) ? queue_add_alone(db, messages[0], pieces_out, err)
                                                       : add_all(db, arena, messages, count, pieces_out, err);
}

static bool add_traces(struct db *db, const void *arena, const struct queue_new *const *messages,
                       size_t count, struct err *err)
{
    struct trace_row *rows;
    size_t total = 0, n = 0;

    for (size_t i = 0; i < count; i++)
        total += messages[i]->trace_count;
    if (total == 0)
        return true;
    rows = talloc_array(arena, struct trace_row, (unsigned)total);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < messages[i]->trace_count; k++)
            rows[n++] = messages[i]->traces[k];
    return trace_rows_add(db, arena, rows, n, err);
}

bool queue_add(struct db *db, const void *arena, const struct queue_new *const *messages, size_t count,
               struct err *err)
{
    size_t from = 0, pieces;

    /* Each statement holds what a pipeline holds. */
    for (size_t until = 0, bytes = 0; from < count; from = until, bytes = 0) {
        while (until < count &&
               (until == from || bytes + span_length(messages[until]->bytes) <= QUEUE_PIPELINE_BYTES))
            bytes += span_length(messages[until++]->bytes);
        if (!add_together(db, arena, messages + from, until - from, &pieces, err) ||
            (until - from == 1 && !queue_add_pieces(db, messages[from]->bytes, &pieces, err)))
            return false;
    }
    return add_traces(db, arena, messages, count, err);
}

struct putting {
    const struct queue_new *const *messages;
    size_t count;
    uint8_t receipt[RECEIPT_BYTES];
    bool is_once; /* the receipt may be there: asked before the rest is sent */
};

/* Only where there is one message may it be larger than a pipeline. */
static bool add_rest(struct db *db, const struct putting *putting, size_t number, struct err *err)
{
    const struct queue_new *last = putting->messages[0];

    while (putting->count == 1 && number < pieces_of(last))
        if (!db_pipeline_send(db, err) || !db_pipeline_end(db, err) ||
            !queue_add_pieces(db, last->bytes, &number, err))
            return false;
    return true;
}

static bool put(struct db *db, void *arg, struct err *err)
{
    struct putting *putting = arg;
    void *arena = talloc_new(NULL);
    size_t pieces = 0;
    bool done = (!putting->is_once || (queue_receipt_add(db, putting->receipt, err) &&
                                       db_pipeline_send(db, err) && db_pipeline_end(db, err))) &&
                add_together(db, arena, putting->messages, putting->count, &pieces, err) &&
                add_rest(db, putting, pieces, err) &&
                add_traces(db, arena, putting->messages, putting->count, err) &&
                (putting->is_once || queue_receipt_add(db, putting->receipt, err));

    talloc_free(arena);
    if (!done)
        return false;
    CRASHPOINT("queue.before-commit");
    return db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

bool queue_put(struct db_pool *pool, const struct queue_new *const *messages, size_t count, struct err *err)
{
    struct putting putting = { .messages = messages, .count = count };
    struct db *db;

    *err = ERR_INIT;
    db_receipt_make(putting.receipt);
    if (!db_acquire(pool, DB_KEYED, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, put, &putting, err);
    db_release(&db);
    if (!done && err->kind == ERR_UNKNOWN)
        done = queue_receipt_settle(pool, putting.receipt, err);
    if (done)
        CRASHPOINT("queue.after-commit");
    return done;
}

bool queue_put_once(struct db_pool *pool, const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES],
                    const struct queue_new *message, struct err *err)
{
    struct putting putting = { .messages = &message, .count = 1, .is_once = true };
    bool done = false;

    memcpy(putting.receipt, receipt, RECEIPT_BYTES);
    err->kind = ERR_UNKNOWN;
    /* In doubt it is asked again: the receipt waits for the transaction that may still be going on. */
    for (int i = 0; i < ONCE_ATTEMPTS && !done && err->kind == ERR_UNKNOWN; i++) {
        struct db *db;
        *err = ERR_INIT;
        if (!db_acquire(pool, DB_KEYED, ACQUIRE_MS, &db, err))
            return false;
        done = with_transaction(db, put, &putting, err);
        db_release(&db);
    }
    if (done)
        CRASHPOINT("queue.after-put-once");
    if (!done && err->kind == ERR_EXISTS) {
        *err = ERR_INIT;
        done = true;
    }
    return done;
}
