/* rspamd.c -- one HTTP/1.0 request a message. */
#include "filter/rspamd.h"

#include "base/buf.h"
#include "filter/wire.h"

#include <jansson.h>
#include <math.h>
#include <talloc.h>

static bool no_answer(struct err *err, const char *what)
{
    err_log(err, "rspamd: %s", what);
    return err_set(err, ERR_INTERNAL, "The spam scanner cannot look at this message just now.");
}

/* ---- the question */

/* A header of the request; what could break out of its line becomes '?'. */
static void add_header(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_add_text(out, name);
    buf_add_text(out, ": ");
    for (; *value; value++)
        buf_add_byte(out, (unsigned char)*value < ' ' || *value == 127 ? '?' : *value);
    buf_add_text(out, "\r\n");
}

static void add_request(struct buf *out, const struct rspamd_question *q)
{
    buf_add_format(out, "POST /checkv2 HTTP/1.0\r\nContent-Length: %zu\r\nConnection: close\r\n",
                   span_length(q->message));
    add_header(out, "IP", q->peer);
    add_header(out, "Helo", q->helo);
    add_header(out, "From", q->sender);
    for (size_t i = 0; i < q->recipient_count && i < RSPAMD_RECIPIENTS_MAX; i++)
        add_header(out, "Rcpt", q->recipients[i]);
    if (q->recipient_count == 1)
        add_header(out, "Deliver-To", q->recipients[0]);
    add_header(out, "User", q->user);
    add_header(out, "Queue-Id", q->queue_id);
    add_header(out, "MTA-Name", q->host_name);
}

/* ---- the answer */

static const struct {
    const char *name;
    enum rspamd_action action;
} actions[] = {
    { "no action", RSPAMD_NONE },  { "greylist", RSPAMD_GREYLIST }, { "soft reject", RSPAMD_SOFT_REJECT },
    { "add header", RSPAMD_JUNK }, { "reject", RSPAMD_REJECT },     { "rewrite subject", RSPAMD_JUNK },
    { "quarantine", RSPAMD_JUNK }, { "discard", RSPAMD_REJECT },    { "accept", RSPAMD_NONE },
};

static bool action_of(const char *name, enum rspamd_action *action_out)
{
    for (size_t i = 0; name && i < COUNT_OF(actions); i++)
        if (strcmp(actions[i].name, name) == 0) {
            *action_out = actions[i].action;
            return true;
        }
    return false;
}

static const char *symbols_of(const void *owner, json_t *symbols)
{
    struct buf out = buf_owned_by(owner);
    const char *name;
    json_t *value;

    json_object_foreach(symbols, name, value)
    {
        if (out.length + strlen(name) + 1 > RSPAMD_SYMBOLS_MAX)
            break;
        if (out.length)
            buf_add_byte(&out, ',');
        for (const char *p = name; *p; p++)
            buf_add_byte(&out, *p > ' ' && *p < 127 ? *p : '?');
    }
    return out.length ? buf_text(&out) : "";
}

static bool read_answer(const void *owner, json_t *json, struct rspamd_answer *out, struct err *err)
{
    const char *action = json_string_value(json_object_get(json, "action"));
    const char *subject = json_string_value(json_object_get(json, "subject"));
    json_t *score = json_object_get(json, "score"), *required = json_object_get(json, "required_score");

    *out = (struct rspamd_answer){ .is_skipped = json_is_true(json_object_get(json, "is_skipped")) };
    if (!json_is_number(score) || !isfinite(json_number_value(score)))
        return no_answer(err, "no score");
    if (!action_of(action, &out->action))
        return no_answer(err, "no known action");
    out->score = json_number_value(score);
    out->required = json_is_number(required) ? json_number_value(required) : 0;
    out->symbols = symbols_of(owner, json_object_get(json, "symbols"));
    if (subject && strcmp(action, "rewrite subject") == 0)
        out->subject = talloc_strndup(owner, subject, 998);
    return true;
}

/* "HTTP/1.1 200 OK", header, empty line; *body_out what follows. */
static bool take_head(struct span *reply, struct err *err)
{
    struct span line;
    uint32_t code;

    if (!span_take_line(reply, &line) || !span_take_word(&line, "HTTP/1.") || span_length(line) < 3)
        return no_answer(err, "no HTTP reply");
    line.p += 2;
    if (!span_take_u32(&line, &code))
        return no_answer(err, "no HTTP status");
    if (code != 200)
        return no_answer(err, "HTTP status not 200");
    while (span_take_line(reply, &line))
        if (span_is_empty(line))
            return true;
    return no_answer(err, "reply is cut");
}

bool rspamd_reply_parse(const void *owner, struct span reply, struct rspamd_answer *answer_out,
                        struct err *err)
{
    json_error_t fault;
    json_t *json;
    bool ok;

    if (!take_head(&reply, err))
        return false;
    json = json_loadb(reply.p ? reply.p : "", span_length(reply), 0, &fault);
    ok = json_is_object(json) ? read_answer(owner, json, answer_out, err) : no_answer(err, "no JSON object");
    json_decref(json);
    return ok;
}

static bool ask(struct buf *in, struct dns *dns, const char *where, struct span head, struct span message,
                int64_t deadline_us, struct err *err)
{
    struct wire *wire;

    return wire_open(in->owner, dns, where, deadline_us, &wire, err) && wire_send(wire, head, err) &&
           wire_send(wire, message, err) && wire_receive_all(wire, in, RSPAMD_REPLY_MAX, err);
}

bool rspamd_check(const void *owner, struct dns *dns, const char *where,
                  const struct rspamd_question *question, int64_t deadline_us,
                  struct rspamd_answer *answer_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf head = BUF_INIT(scratch), in = BUF_INIT(scratch);
    bool ok;

    add_request(&head, question);
    buf_add_text(&head, "\r\n");
    ok = ask(&in, dns, where, buf_span(&head), question->message, deadline_us, err) &&
         rspamd_reply_parse(owner, buf_span(&in), answer_out, err);
    talloc_free(scratch);
    return ok;
}
