/* transaction.c -- RFC 5321, 3.3, with the extensions that the server offers. */
#include "connector/transaction.h"

#include "base/clock.h"
#include "connector/body.h"
#include "connector/parameters.h"

#include <talloc.h>

enum {
    GROUP_MAX = 100,              /* RCPT commands sent before their replies are read */
    EAGER_BYTES = 256 * 1024,     /* messages that are sent together with their envelope by BDAT */
    CHUNK_BYTES = 4 * 1024 * 1024 /* of larger ones */
};

struct transaction {
    const struct settings *settings;
    struct connection *connection;
    const void *owner;
    const struct outbound_message *message;
    struct outcome *outcome;

    void *scratch;
    struct body body;
    struct envelope envelope;
    struct outbound_recipient **named; /* to whom RCPT is said, in this order */
    size_t count, accepted;
    unsigned most;    /* recipients, as the route says; 0: no limit */
    bool is_complete; /* the server took the message: nothing is left open */
    bool *is_accepted;
    bool is_too_many; /* the server took some and wants the others later */
    int64_t ends_us;
};

/* ---- verdicts */

static void give(struct transaction *t, struct outbound_recipient *recipient, const struct outcome *outcome)
{
    outcome_give(outcome, t->owner, t->connection->host, t->connection->tls, recipient);
}

/* The same for all that have none yet, or that were accepted and have nothing better now. */
static void give_all(struct transaction *t, const struct outcome *outcome)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->named[i]->verdict == OUTBOUND_UNTRIED)
            give(t, t->named[i], outcome);
}

static void give_accepted(struct transaction *t, const struct outcome *outcome)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->is_accepted[i])
            give(t, t->named[i], outcome);
}

/* ---- waiting */

static void allow(struct transaction *t, unsigned seconds)
{
    connection_allow(t->connection, seconds);
    if (t->connection->deadline_us > t->ends_us)
        t->connection->deadline_us = t->ends_us;
}

static bool has(const struct transaction *t, enum feature feature)
{
    return features_have(&t->connection->features, feature);
}

/* ---- who and what */

static size_t recipients_at_once(const struct transaction *t)
{
    uint32_t most = t->connection->features.recipients_max;

    if (most == 0 || most > TRANSACTION_RECIPIENTS_MAX)
        most = TRANSACTION_RECIPIENTS_MAX;
    return t->most > 0 && t->most < most ? t->most : most;
}

static void give_unwritable(struct transaction *t, struct outbound_recipient *recipient)
{
    outcome_set(t->outcome, OUTBOUND_FAILED, "x.6.7",
                "the address has letters beyond ASCII, and the next server takes no such addresses");
    give(t, recipient, t->outcome);
}

/* Recipients this server can be told of; those with an address that it cannot read are failed. */
static void choose(struct transaction *t, struct outbound_recipient *recipients, size_t count)
{
    size_t most = recipients_at_once(t);

    t->named =
        talloc_zero_array(t->scratch, struct outbound_recipient *, (unsigned)(count < most ? count : most));
    for (size_t i = 0; i < count && t->count < most; i++) {
        if (recipients[i].verdict != OUTBOUND_UNTRIED)
            continue;
        if (envelope_may_name(&t->envelope, t->scratch, recipients[i].address))
            t->named[t->count++] = &recipients[i];
        else
            give_unwritable(t, &recipients[i]);
    }
    t->is_accepted = talloc_zero_array(t->scratch, bool, (unsigned)t->count + 1);
}

static bool prepare(struct transaction *t)
{
    const struct features *features = &t->connection->features;

    return body_prepare(t->scratch, t->message, features, &t->body, t->outcome) &&
           envelope_prepare(t->scratch, t->message, &t->body, features, &t->envelope, t->outcome);
}

/* ---- the envelope */

/* A reply to MAIL that is no consent. */
static enum transaction_result mail_refused(struct transaction *t, const struct reply *reply)
{
    reply_outcome(reply, t->outcome);
    if (t->outcome->verdict != OUTBOUND_FAILED)
        return TRANSACTION_NEXT;
    give_all(t, t->outcome);
    return TRANSACTION_DONE;
}

static bool is_too_many(const struct transaction *t, const struct reply *reply)
{
    if (t->accepted == 0 || (reply->code != 452 && reply->code != 552))
        return false;
    return span_equals_text(span_text(reply->enhanced + (*reply->enhanced ? 1 : 0)),
                            *reply->enhanced ? ".5.3" : "");
}

static void take_recipient(struct transaction *t, size_t i, const struct reply *reply)
{
    if (reply_class(reply) == 2) {
        t->is_accepted[i] = true;
        t->accepted++;
        return;
    }
    if (is_too_many(t, reply)) { /* RFC 5321, 4.5.3.1.10: stays untried, for the next transaction */
        t->is_too_many = true;
        return;
    }
    reply_outcome(reply, t->outcome);
    give(t, t->named[i], t->outcome);
}

/* The connection is gone before the message was: nobody has taken anything. */
static enum transaction_result lost(struct transaction *t)
{
    if (t->accepted == 0)
        return TRANSACTION_NEXT;
    give_all(t, t->outcome);
    return TRANSACTION_DONE;
}

static bool read_recipients(struct transaction *t, size_t from, size_t to)
{
    struct reply reply;

    for (size_t i = from; i < to; i++) {
        if (!connection_reply(t->connection, "sending RCPT TO", &reply, NULL, NULL, t->outcome))
            return false;
        take_recipient(t, i, &reply);
    }
    return true;
}

/* ---- the message */

static const struct outcome *success(struct transaction *t, const struct reply *reply)
{
    reply_outcome(reply, t->outcome);
    *t->outcome = (struct outcome){ .verdict = has(t, FEATURE_DSN) ? OUTBOUND_DELIVERED : OUTBOUND_RELAYED,
                                    .code = reply->code };
    memcpy(t->outcome->enhanced, *reply->enhanced ? reply->enhanced : "2.0.0", 6);
    if (*reply->enhanced)
        memcpy(t->outcome->enhanced, reply->enhanced, sizeof reply->enhanced);
    memcpy(t->outcome->text, reply->text, sizeof reply->text);
    return t->outcome;
}

/* The reply to the end of the message. */
static enum transaction_result finish(struct transaction *t)
{
    struct reply reply;

    allow(t, t->settings->timeouts.data_end);
    if (!connection_reply(t->connection, "waiting for the reply to the message", &reply, NULL, NULL,
                          t->outcome)) {
        give_accepted(
            t, t->outcome); /* it may have arrived: the same host is asked again later, not another one now */
        return TRANSACTION_DONE;
    }
    if (reply_class(&reply) == 2) {
        give_accepted(t, success(t, &reply));
        t->is_complete = true;
    } else {
        reply_outcome(&reply, t->outcome);
        give_accepted(t, t->outcome);
    }
    return TRANSACTION_DONE;
}

static enum transaction_result not_sent(struct transaction *t)
{
    give_accepted(t, t->outcome);
    return TRANSACTION_DONE;
}

static enum transaction_result send_dotted(struct transaction *t)
{
    struct span rest = t->body.bytes;

    allow(t, (unsigned)((t->ends_us - clock_monotonic_us()) / US_PER_S) + 1);
    t->connection->stall_us = (int64_t)t->settings->timeouts.data_block * US_PER_S;
    while (!span_is_empty(rest)) {
        body_add_dotted(&t->connection->out, &rest, CONNECTION_OUTPUT_BYTES);
        if (!span_is_empty(rest) && !connection_flush(t->connection, "sending the message", t->outcome))
            return not_sent(t);
    }
    connection_add(t->connection, span_text(".\r\n"));
    if (!connection_flush(t->connection, "sending the end of the message", t->outcome))
        return not_sent(t);
    t->connection->stall_us = 0;
    return finish(t);
}

/* The server answered DATA though nobody was accepted: an empty message, which it must refuse (RFC 2920, 3.1). */
static enum transaction_result send_nothing(struct transaction *t)
{
    struct reply reply;

    connection_add(t->connection, span_text(".\r\n"));
    allow(t, t->settings->timeouts.data_end);
    if (connection_reply(t->connection, "ending an empty message", &reply, NULL, NULL, t->outcome) &&
        reply_class(&reply) == 2)
        t->connection->is_broken = true;
    return TRANSACTION_DONE;
}

static enum transaction_result read_data_reply(struct transaction *t)
{
    struct reply reply;

    allow(t, t->settings->timeouts.data_start);
    if (!connection_reply(t->connection, "sending DATA", &reply, NULL, NULL, t->outcome))
        return not_sent(t);
    if (t->accepted == 0)
        return reply.code == 354 ? send_nothing(t) : TRANSACTION_DONE;
    if (reply.code == 354)
        return send_dotted(t);
    reply_outcome(&reply, t->outcome);
    if (reply_class(&reply) < 4)
        t->connection->is_broken = true;
    return not_sent(t);
}

/* All of it by BDAT, several chunks where it is large. */
static enum transaction_result send_chunks(struct transaction *t)
{
    struct span rest = t->body.bytes;
    struct reply reply;

    allow(t, (unsigned)((t->ends_us - clock_monotonic_us()) / US_PER_S) + 1);
    t->connection->stall_us = (int64_t)t->settings->timeouts.data_block * US_PER_S;
    while (span_length(rest) > CHUNK_BYTES) {
        connection_add_format(t->connection, "BDAT %d\r\n", CHUNK_BYTES);
        connection_add(t->connection, span_of(rest.p, CHUNK_BYTES));
        rest.p += CHUNK_BYTES;
        if (!connection_reply(t->connection, "sending the message", &reply, NULL, NULL, t->outcome))
            return not_sent(t);
        if (reply_class(&reply) != 2) {
            reply_outcome(&reply, t->outcome);
            return not_sent(t);
        }
    }
    connection_add_format(t->connection, "BDAT %zu LAST\r\n", span_length(rest));
    connection_add(t->connection, rest);
    if (!connection_flush(t->connection, "sending the message", t->outcome))
        return not_sent(t);
    t->connection->stall_us = 0;
    return finish(t);
}

/* ---- the ways to say it */

/* The last group of commands has gone out with the message (or DATA) behind it. */
static enum transaction_result read_message_reply(struct transaction *t, bool was_eager)
{
    if (!was_eager)
        return read_data_reply(t);
    if (t->accepted > 0)
        return finish(t);
    struct reply reply;
    allow(t, t->settings->timeouts.data_end);
    if (connection_reply(t->connection, "waiting for the reply to the message", &reply, NULL, NULL,
                         t->outcome) &&
        reply_class(&reply) == 2)
        t->connection->is_broken = true; /* a message for nobody was taken: who knows what state that is */
    return TRANSACTION_DONE;
}

static void add_recipients(struct transaction *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        envelope_add_recipient(&t->connection->out, &t->envelope, t->scratch, t->named[i]);
}

/* RFC 2920: the envelope in groups, with the message itself behind it where BDAT allows that. */
static enum transaction_result run_pipelined(struct transaction *t)
{
    bool is_eager = has(t, FEATURE_CHUNKING) && span_length(t->body.bytes) <= EAGER_BYTES;
    struct reply reply;

    allow(t, t->settings->timeouts.command);
    envelope_add_sender(&t->connection->out, &t->envelope);
    for (size_t from = 0, to; from < t->count; from = to) {
        to = t->count - from > GROUP_MAX ? from + GROUP_MAX : t->count;
        add_recipients(t, from, to);
        if (to == t->count && is_eager) {
            connection_add_format(t->connection, "BDAT %zu LAST\r\n", span_length(t->body.bytes));
            connection_add(t->connection, t->body.bytes);
        } else if (to == t->count && !has(t, FEATURE_CHUNKING)) {
            connection_add(t->connection, span_text("DATA\r\n"));
        }
        if (from == 0) {
            if (!connection_reply(t->connection, "sending MAIL FROM", &reply, NULL, NULL, t->outcome))
                return TRANSACTION_NEXT;
            if (reply_class(&reply) != 2) { /* what else was sent is refused, too; nobody reads it */
                t->connection->is_broken = true;
                return mail_refused(t, &reply);
            }
        }
        if (!read_recipients(t, from, to))
            return lost(t);
    }
    if (is_eager || !has(t, FEATURE_CHUNKING))
        return read_message_reply(t, is_eager);
    return t->accepted > 0 ? send_chunks(t) : TRANSACTION_DONE;
}

/* One command, one reply. */
static enum transaction_result run_plain(struct transaction *t)
{
    struct reply reply;

    allow(t, t->settings->timeouts.command);
    envelope_add_sender(&t->connection->out, &t->envelope);
    if (!connection_reply(t->connection, "sending MAIL FROM", &reply, NULL, NULL, t->outcome))
        return TRANSACTION_NEXT;
    if (reply_class(&reply) != 2)
        return mail_refused(t, &reply);
    for (size_t i = 0; i < t->count; i++) {
        add_recipients(t, i, i + 1);
        allow(t, t->settings->timeouts.command);
        if (!read_recipients(t, i, i + 1))
            return lost(t);
    }
    if (t->accepted == 0)
        return TRANSACTION_DONE;
    if (has(t, FEATURE_CHUNKING))
        return send_chunks(t);
    connection_add(t->connection, span_text("DATA\r\n"));
    return read_data_reply(t);
}

/* Who would be taken; the transaction is left open, for RSET. */
static enum transaction_result run_probe(struct transaction *t)
{
    struct reply reply;

    allow(t, t->settings->timeouts.command);
    envelope_add_sender(&t->connection->out, &t->envelope);
    if (!connection_reply(t->connection, "sending MAIL FROM", &reply, NULL, NULL, t->outcome))
        return TRANSACTION_NEXT;
    if (reply_class(&reply) != 2) { /* who refuses all senders like ours has said nothing of the recipients */
        reply_outcome(&reply, t->outcome);
        t->outcome->verdict = OUTBOUND_DEFERRED;
        t->outcome->enhanced[0] = '4';
        give_all(t, t->outcome);
        return TRANSACTION_DONE;
    }
    for (size_t i = 0; i < t->count; i++) {
        add_recipients(t, i, i + 1);
        allow(t, t->settings->timeouts.command);
        if (!connection_reply(t->connection, "sending RCPT TO", &reply, NULL, NULL, t->outcome)) {
            give_all(t, t->outcome);
            return TRANSACTION_DONE;
        }
        take_recipient(t, i, &reply);
        if (t->is_accepted[i])
            give(t, t->named[i], success(t, &reply));
    }
    give_all(t, t->outcome);
    return TRANSACTION_DONE;
}

static enum transaction_result run_any(struct transaction *t)
{
    if (t->message->is_probe)
        return run_probe(t);
    return has(t, FEATURE_PIPELINING) ? run_pipelined(t) : run_plain(t);
}

/* What is still open in a transaction that came to an end. */
static enum transaction_result settle(struct transaction *t, enum transaction_result result)
{
    if (result == TRANSACTION_DONE && t->connection->is_broken && !t->is_too_many)
        for (size_t i = 0; i < t->count; i++)
            if (t->named[i]->verdict == OUTBOUND_UNTRIED) {
                outcome_set(t->outcome, OUTBOUND_DEFERRED, "x.4.2",
                            "the conversation ended before a verdict");
                give(t, t->named[i], t->outcome);
            }
    return result;
}

enum transaction_result transaction_run(const struct settings *settings, struct connection *connection,
                                        const void *owner, const struct outbound_message *message,
                                        struct outbound_recipient *recipients, size_t count, unsigned most,
                                        struct outcome *outcome)
{
    struct transaction t = {
        .settings = settings,
        .connection = connection,
        .owner = owner,
        .message = message,
        .outcome = outcome,
        .most = most,
        .scratch = talloc_new(NULL),
        .ends_us = clock_monotonic_us() +
                   ((int64_t)settings->timeouts.transaction + (int64_t)(span_length(message->bytes) / 1024)) *
                       US_PER_S,
    };
    enum transaction_result result = TRANSACTION_DONE;

    if (!connection_is_in_step(connection, "beginning a message", outcome)) {
        result = TRANSACTION_NEXT;
    } else if (!prepare(&t)) {
        for (size_t i = 0; i < count; i++)
            if (recipients[i].verdict == OUTBOUND_UNTRIED)
                give(&t, &recipients[i], outcome);
    } else {
        choose(&t, recipients, count);
        if (t.count > 0)
            result = settle(&t, run_any(&t));
        connection->sent++;
        connection->needs_reset = !t.is_complete; /* or it would leak into the next transaction */
    }
    connection->stall_us = 0;
    talloc_free(t.scratch);
    return result;
}
