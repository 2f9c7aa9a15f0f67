/* spamd.c -- SYMBOLS: one request, score and names of rules back. */
#include "filter/spamd.h"

#include "base/buf.h"
#include "filter/wire.h"

#include <math.h>
#include <stdlib.h>
#include <talloc.h>

static bool no_answer(struct err *err, const char *what)
{
    err_log(err, "spamd: %s", what);
    return err_set(err, ERR_INTERNAL, "The spam scanner cannot look at this message just now.");
}

/* "1000.0", "-1.5". */
static bool take_score(struct span *in, double *score_out)
{
    char text[32];
    size_t length = 0;
    char *end;

    *in = span_trim(*in);
    while (length < span_length(*in) && strchr("-+.0123456789", in->p[length]) && in->p[length])
        length++;
    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, in->p, length);
    text[length] = '\0';
    *score_out = strtod(text, &end);
    in->p += length;
    return *end == '\0' && isfinite(*score_out);
}

/* "Spam: True ; 1000.0 / 5.0" */
static bool read_spam(struct span value, struct rspamd_answer *out)
{
    value = span_trim(value);
    if (span_take_word(&value, "True"))
        out->action = RSPAMD_JUNK;
    else if (!span_take_word(&value, "False"))
        return false;
    value = span_trim(value);
    if (!span_take_byte(&value, ';') || !take_score(&value, &out->score))
        return false;
    value = span_trim(value);
    return span_take_byte(&value, '/') && take_score(&value, &out->required);
}

static char *symbols_of(const void *owner, struct span body)
{
    char *text = span_copy(owner, span_part(span_trim(body), 0, RSPAMD_SYMBOLS_MAX));

    for (char *p = text; *p; p++)
        if (*p <= ' ' || *p > 126)
            *p = '?';
    return text;
}

bool spamd_reply_parse(const void *owner, struct span reply, struct rspamd_answer *answer_out,
                       struct err *err)
{
    struct span line, code;
    uint32_t number;
    bool is_found = false;

    *answer_out = (struct rspamd_answer){ .action = RSPAMD_NONE };
    if (!span_take_line(&reply, &line) || !span_take_word(&line, "SPAMD/") ||
        !span_take_until(&line, ' ', &code))
        return no_answer(err, "no reply of its protocol");
    if (!span_take_u32(&line, &number) || number != 0)
        return no_answer(err, "a code other than 0");
    while (span_take_line(&reply, &line) && !span_is_empty(line))
        if (span_take_word(&line, "Spam:"))
            is_found = read_spam(line, answer_out);
    if (!is_found)
        return no_answer(err, "no score");
    answer_out->symbols = symbols_of(owner, reply);
    return true;
}

static void add_request(struct buf *out, const char *user, size_t length)
{
    buf_add_format(out, "SYMBOLS SPAMC/1.5\r\nContent-length: %zu\r\n", length);
    if (user) {
        buf_add_text(out, "User: ");
        for (; *user; user++)
            buf_add_byte(out, (unsigned char)*user <= ' ' || *user == 127 ? '?' : *user);
        buf_add_text(out, "\r\n");
    }
    buf_add_text(out, "\r\n");
}

bool spamd_check(const void *owner, struct dns *dns, const char *where, const char *user, struct span trace,
                 struct span message, int64_t deadline_us, struct rspamd_answer *answer_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf head = BUF_INIT(scratch), in = BUF_INIT(scratch);
    struct wire *wire;
    bool ok;

    add_request(&head, user, span_length(trace) + span_length(message));
    ok = wire_open(scratch, dns, where, deadline_us, &wire, err) && wire_send(wire, buf_span(&head), err) &&
         wire_send(wire, trace, err) && wire_send(wire, message, err);
    if (ok) {
        wire_shut(wire);
        ok = wire_receive_all(wire, &in, SPAMD_REPLY_MAX, err) &&
             spamd_reply_parse(owner, buf_span(&in), answer_out, err);
    }
    talloc_free(scratch);
    return ok;
}
