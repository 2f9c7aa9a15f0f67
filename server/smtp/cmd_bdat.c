/* cmd_bdat.c -- BDAT (RFC 3030, 2): the message in chunks of announced size. A chunk is read to its end whatever the
 * reply will be, so that its bytes are never taken for commands; where that cannot be, the session is closed. */
#include "base/spool.h"
#include "smtp/command.h"
#include "smtp/transaction.h"

static enum session_next chunk_refused(struct smtp_session *s, struct spool *body)
{
    (void)body;
    smtp_transaction_end(s);
    return refuse(s, s->refusal);
}

static enum session_next read_away(struct smtp_session *s, enum smtp_refusal refusal)
{
    s->refusal = refusal;
    s->body_done = chunk_refused;
    if (s->chunk_left == 0)
        return chunk_refused(s, NULL);
    session_expect_body(s->session, smtp_discard_filter, s, 0);
    return SESSION_DONE;
}

static enum session_next chunk_done(struct smtp_session *s, struct spool *body)
{
    struct smtp_body_state *state = &s->transaction->body;

    (void)body;
    if (state->is_last_chunk) {
        bool is_whole = state->is_binary || data_filter_finish(&state->filter);

        return is_whole ? smtp_accept(s, state->chunks) : refuse(s, REFUSE_INTERNAL);
    }
    if (spool_err(state->chunks)->kind == ERR_LIMIT) {
        smtp_transaction_end(s);
        return refuse(s, REFUSE_TOO_LARGE);
    }
    s->state = STATE_BDAT;
    reply(s, 250, "2.0.0", "Chunk received");
    return SESSION_DONE;
}

static bool parse(struct span args, uint64_t *size_out, bool *is_last_out)
{
    if (!span_take_u64(&args, size_out))
        return false;
    *is_last_out = !span_is_empty(args);
    if (!*is_last_out)
        return true;
    return (*args.p == ' ' || *args.p == '\t') && span_equals_nocase(span_trim(args), "LAST");
}

static void begin_chunks(struct smtp_session *s, struct smtp_transaction *t)
{
    struct smtp_body_state *body = &t->body;
    struct err err = ERR_INIT;

    body->prefix = smtp_trace_fields(s);
    body->is_binary = t->params.body == SMTP_BODY_BINARYMIME;
    text_filter_init(&body->filter, s->is_normalised, smtp_into_spool, body);
    body->chunks = spool_new(t, s->context->spool_directory, smtp_message_max(s) + span_length(body->prefix));
    body->spool = body->chunks;
    body->has_prefix = spool_append(body->chunks, body->prefix, &err);
}

/* REFUSALS where the chunk may be kept. */
static enum smtp_refusal chunk_refusal(const struct smtp_session *s)
{
    if (!(s->state & STATE_TRANSACTION))
        return REFUSE_SEQUENCE;
    if (s->transaction->recipient_count > 0)
        return SMTP_REFUSAL_COUNT;
    return s->was_refused && s->service != SERVICE_LMTP ? REFUSE_NO_RECIPIENTS : REFUSE_SEQUENCE;
}

enum session_next smtp_cmd_bdat(struct smtp_session *s, struct span args)
{
    struct smtp_transaction *t = s->transaction;
    enum smtp_refusal refusal;
    bool is_last;

    if (!parse(args, &s->chunk_left, &is_last)) {
        refuse(s, REFUSE_SYNTAX);
        return SESSION_CLOSE;
    }
    if (s->chunk_left > smtp_message_max(s)) {
        refuse(s, REFUSE_TOO_LARGE);
        return SESSION_CLOSE;
    }
    refusal = chunk_refusal(s);
    if (refusal != SMTP_REFUSAL_COUNT)
        return read_away(s, refusal);
    if (!t->body.chunks)
        begin_chunks(s, t);
    t->body.is_last_chunk = is_last;
    s->body_done = chunk_done;
    if (s->chunk_left == 0)
        return chunk_done(s, NULL);
    session_expect_body(s->session, smtp_chunk_filter, s, 0);
    return SESSION_DONE;
}
