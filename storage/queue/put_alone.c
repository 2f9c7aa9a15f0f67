/* put_alone.c -- one message: a statement for it, for each recipient and for each piece, in one round trip. */
#include "queue/put_alone.h"

#include "db/pipeline.h"
#include "message/zstd.h"

#include <talloc.h>

enum { FEW_RECIPIENTS = 4 };

#define THIS_MESSAGE "currval('queue_message_message_id_seq')"
static const char INSERT_MESSAGE[] =
    "INSERT INTO queue_message (name, organisation_id, sender, login_id, login, origin, ret, envid, body, needs_smtputf8,"
    "                           needs_tls, deliver_by_us, deliver_by_mode, priority, received_us, expires_us, size,"
    "                           subject, language, path, recipients)"
    " VALUES ($1, nullif($2, 0), $3, nullif($4, 0), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
    "         $21)";
static const char INSERT_RECIPIENT[] =
    "INSERT INTO queue_recipient (message_id, organisation_id, address, group_id, mailbox_id, target, asked, why, flags,"
    "                             notify, orcpt_type, orcpt, lane, next_try_us, overdue_us, state, sender, receipt)"
    " VALUES (" THIS_MESSAGE
    ", nullif($1, 0), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
static const char INSERT_PIECE[] = "INSERT INTO queue_body (message_id, chunk, codec, data)"
                                   " VALUES (" THIS_MESSAGE ", $1, $2, $3)";

bool queue_is_for_few(const struct queue_new *new)
{
    return new->recipient_count <= FEW_RECIPIENTS;
}

static bool add_message(struct db *db, const struct queue_new *new, struct err *err)
{
    const struct queue_message *m = &new->message;

    return db_pipeline_add(
        db, INSERT_MESSAGE,
        DB_ARGS(db_text(m->name), db_i64(m->organisation_id), db_text(m->sender), db_i64(m->login_id),
                db_text(m->login), db_text(m->origin), db_i32((int32_t)m->ret), db_text(m->envid),
                db_i32((int32_t)m->body), db_bool(m->needs_smtputf8), db_bool(m->needs_tls),
                db_i64(m->deliver_by_us), db_i32((int32_t)m->deliver_by_mode), db_i32(m->priority),
                db_i64(m->received_us), db_i64(m->expires_us), db_i64((int64_t)span_length(new->bytes)),
                db_text(m->subject ? m->subject : ""), db_text(m->language ? m->language : ""),
                db_text(m->path ? m->path : ""), db_i32((int32_t) new->recipient_count)),
        err);
}

static bool add_recipient(struct db *db, const struct queue_new *new, const struct queue_recipient *r,
                          struct err *err)
{
    struct db_value receipt =
        r->receipt ? db_bytes(span_of(r->receipt, QUEUE_COPY_RECEIPT_BYTES)) : db_null(DB_BYTES);

    return db_pipeline_add(
        db, INSERT_RECIPIENT,
        DB_ARGS(db_i64(new->message.organisation_id), db_text(r->address), db_i64(r->group_id),
                db_i64(r->mailbox_id), db_jsonb(r->target), db_text(r->asked ? r->asked : r->address),
                db_text(r->why ? r->why : ""), db_i32((int32_t)r->flags), db_i32((int32_t)r->notify),
                db_text(r->orcpt_type), db_text(r->orcpt), db_text(r->lane), db_i64(r->next_try_us),
                db_i64(r->overdue_us), db_i32(r->is_held ? QUEUE_HELD : QUEUE_WAITS), db_text(r->sender),
                receipt),
        err);
}

bool queue_add_pieces(struct db *db, struct span bytes, size_t *number_io, struct err *err)
{
    size_t sent = 0, pieces = (span_length(bytes) + QUEUE_PIECE_BYTES - 1) / QUEUE_PIECE_BYTES;

    while (*number_io < pieces && sent < QUEUE_PIPELINE_BYTES) {
        void *scratch = talloc_new(NULL);
        int16_t codec;
        struct span packed =
            zstd_pack(scratch, span_part(bytes, *number_io * QUEUE_PIECE_BYTES, QUEUE_PIECE_BYTES), &codec);
        bool done = db_pipeline_add(
            db, INSERT_PIECE, DB_ARGS(db_i32((int32_t)*number_io), db_i16(codec), db_bytes(packed)), err);
        sent += span_length(packed);
        ++*number_io;
        talloc_free(scratch);
        if (!done)
            return false;
    }
    return true;
}

bool queue_add_alone(struct db *db, const struct queue_new *new, size_t *number_out, struct err *err)
{
    *number_out = 0;
    if (!add_message(db, new, err))
        return false;
    for (size_t i = 0; i < new->recipient_count; i++)
        if (!add_recipient(db, new, &new->recipients[i], err))
            return false;
    return queue_add_pieces(db, new->bytes, number_out, err);
}
