/* body.c -- the bytes of a message on their way from the session's buffer into a spool, behind our trace fields. */
#include "base/clock.h"
#include "base/spool.h"
#include "format/received.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <stdio.h>
#include <talloc.h>

/* The spool remembers its trouble, and the end of the message must be found all the same. */
bool smtp_into_spool(void *body_state, struct span bytes)
{
    struct smtp_body_state *body = body_state;
    struct err err;
    bool is_kept = spool_append(body->spool, bytes, &err);

    (void)is_kept;
    return true;
}

void smtp_data_filter(void *state, struct span *in, struct spool *spool, bool *complete)
{
    struct smtp_body_state *body = state;

    body->spool = spool;
    if (!body->has_prefix)
        smtp_into_spool(body, body->prefix);
    body->has_prefix = true;
    *complete = data_filter_feed(&body->filter, in) && body->filter.state == DATA_ENDED;
}

static struct span take_chunk(struct smtp_session *s, struct span *in, bool *complete)
{
    struct span chunk = *in;

    if (span_length(chunk) > s->chunk_left)
        chunk.end = chunk.p + s->chunk_left;
    in->p = chunk.end;
    s->chunk_left -= span_length(chunk);
    *complete = s->chunk_left == 0;
    return chunk;
}

void smtp_chunk_filter(void *state, struct span *in, struct spool *spool, bool *complete)
{
    struct smtp_session *s = state;
    struct smtp_body_state *body = &s->transaction->body;
    struct span chunk = take_chunk(s, in, complete);

    (void)spool;
    if (body->is_binary)
        smtp_into_spool(body, chunk);
    else if (!data_filter_feed(&body->filter, &chunk))
        *complete = false; /* not reached: the sink never refuses */
}

void smtp_discard_filter(void *state, struct span *in, struct spool *spool, bool *complete)
{
    (void)spool;
    take_chunk(state, in, complete);
}

/* RFC 3848, RFC 6531 8: ESMTPSA, UTF8LMTPS ... */
static const char *with_protocol(const struct smtp_session *s, char out[16])
{
    bool is_lmtp = s->service == SERVICE_LMTP;

    if (!s->is_extended)
        return "SMTP";
    snprintf(out, 16, "%s%s%s%s",
             s->transaction->params.smtputf8 ? "UTF8"
             : is_lmtp                       ? ""
                                             : "E",
             is_lmtp ? "LMTP" : "SMTP", session_is_tls(s->session) ? "S" : "",
             s->login || smtp_is_peer(s) ? "A" : "");
    return out;
}

struct span smtp_trace_fields(struct smtp_session *s)
{
    struct smtp_transaction *t = s->transaction;
    const struct stream *stream = session_stream(s->session);
    struct buf out = BUF_INIT(t);
    char with[16], tls[96] = "";
    bool is_one = t->recipient_count == 1;

    if (stream_is_tls(stream))
        snprintf(tls, sizeof tls, "%s %s", stream_tls_version(stream), stream_tls_cipher(stream));
    received_add_return_path(&out, t->sender_text);
    received_add(
        &out, &(struct received_line){
                  .helo = s->helo,
                  .peer_address = session_peer(s->session)->is_local ? NULL : session_peer_text(s->session),
                  .by = s->context->host_name,
                  .with = with_protocol(s, with),
                  .tls = tls[0] ? tls : NULL,
                  .id = t->id,
                  .only_for = is_one ? t->recipients[0].text : NULL,
                  .at_us = clock_now_us(),
              });
    return buf_span(&out);
}
