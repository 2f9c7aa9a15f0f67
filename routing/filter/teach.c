/* teach.c -- one request, and whether it was taken. */
#include "filter/teach.h"

#include "base/buf.h"
#include "filter/wire.h"

#include <talloc.h>

static bool no_answer(struct err *err, const char *what)
{
    err_log(err, "lesson: %s", what);
    return err_set(err, ERR_INTERNAL, "The spam scanner cannot learn just now.");
}

static bool not_from_us(struct err *err, const char *what)
{
    err_log(err, "lesson: %s", what);
    return err_set(err, ERR_DENIED, "The spam scanner does not take lessons from this server.");
}

/* What could break out of its line becomes '?'. */
static void add_line(struct buf *out, const char *name, const char *value)
{
    buf_add_format(out, "%s: ", name);
    for (; *value; value++)
        buf_add_byte(out, (unsigned char)*value < ' ' || *value == 127 ? '?' : *value);
    buf_add_text(out, "\r\n");
}

static bool ask(struct buf *in, struct dns *dns, const char *where, struct span head, struct span message,
                int64_t deadline_us, struct err *err)
{
    struct wire *wire;
    bool ok = wire_open(in->owner, dns, where, deadline_us, &wire, err);

    if (!ok)
        return false;
    ok = wire_send(wire, head, err) && wire_send(wire, message, err) &&
         wire_receive_all(wire, in, TEACH_REPLY_MAX, err);
    wire_close(&wire);
    return ok;
}

/* ---- rspamd */

bool rspamd_teach_reply(struct span reply, struct err *err)
{
    struct span line;
    uint32_t code;

    if (!span_take_line(&reply, &line) || !span_take_word(&line, "HTTP/1.") || span_length(line) < 3)
        return no_answer(err, "no HTTP reply");
    line.p += 2;
    if (!span_take_u32(&line, &code))
        return no_answer(err, "no HTTP status");
    if (code == 401 || code == 403)
        return not_from_us(err, "rspamd wants another password");
    return (code >= 200 && code < 300) || no_answer(err, "HTTP status of a failure");
}

bool rspamd_teach(struct dns *dns, const char *where, const char *password, const struct teach_lesson *lesson,
                  int64_t deadline_us, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf head = BUF_INIT(scratch), in = BUF_INIT(scratch);
    bool ok;

    buf_add_format(&head, "POST /learn%s HTTP/1.0\r\nContent-Length: %zu\r\nConnection: close\r\n",
                   lesson->is_spam ? "spam" : "ham", span_length(lesson->message));
    if (*password)
        add_line(&head, "Password", password);
    if (lesson->user)
        add_line(&head, "Deliver-To", lesson->user);
    buf_add_text(&head, "\r\n");
    ok = ask(&in, dns, where, buf_span(&head), lesson->message, deadline_us, err) &&
         rspamd_teach_reply(buf_span(&in), err);
    talloc_free(scratch);
    return ok;
}

/* ---- SpamAssassin */

bool spamd_teach_reply(struct span reply, struct err *err)
{
    struct span line, code;
    uint32_t number;

    if (!span_take_line(&reply, &line) || !span_take_word(&line, "SPAMD/") ||
        !span_take_until(&line, ' ', &code) || !span_take_u32(&line, &number))
        return no_answer(err, "no reply of spamd's protocol");
    if (number == 69) /* EX_UNAVAILABLE: --allow-tell is not set */
        return not_from_us(err, "spamd runs without --allow-tell");
    return number == 0 || no_answer(err, "spamd answers with a code other than 0");
}

bool spamd_teach(struct dns *dns, const char *where, const struct teach_lesson *lesson, int64_t deadline_us,
                 struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf head = BUF_INIT(scratch), in = BUF_INIT(scratch);
    bool ok;

    buf_add_format(&head, "TELL SPAMC/1.5\r\nContent-length: %zu\r\nMessage-class: %s\r\nSet: local\r\n",
                   span_length(lesson->message), lesson->is_spam ? "spam" : "ham");
    if (lesson->user)
        add_line(&head, "User", lesson->user);
    buf_add_text(&head, "\r\n");
    ok = ask(&in, dns, where, buf_span(&head), lesson->message, deadline_us, err) &&
         spamd_teach_reply(buf_span(&in), err);
    talloc_free(scratch);
    return ok;
}
