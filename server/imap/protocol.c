/*
 * protocol.c -- IMAP as the session room calls it: greeting, framing, running, waking, ending.
 */
#include "imap/capability.h"
#include "imap/dialogue.h"
#include "imap/dispatch.h"
#include "imap/imap.h"
#include "imap/notify.h"
#include "imap/updates.h"

#include <talloc.h>

enum { LOGIN_S = 60, IDLE_S = 30 * 60, BODY_BYTES_A_SECOND = 500 };

static struct imap_session *state_of(struct session *net)
{
    return session_state(net);
}

static enum session_next on_open(struct session *net)
{
    struct imap_session *session = state_of(net);
    struct buf *out = session_output(net);

    session->net = net;
    session->context = session_context(net);
    session->state = NOT_AUTHENTICATED;
    buf_add_text(out, "* OK [");
    imap_add_capabilities(session, out);
    buf_add_text(out, "] Chappe is ready.\r\n");
    return SESSION_DONE;
}

static enum imap_framing_mode mode_of(const struct imap_session *session)
{
    if (session->dialogue)
        return session->dialogue->mode;
    return session->state == NOT_AUTHENTICATED ? FRAMING_BEFORE_LOGIN : FRAMING_COMMANDS;
}

/* The refusal names the command's tag where one can be read. It ends an APPEND in whose middle it comes. */
static void refuse_literal(struct imap_session *session, struct span unit)
{
    struct buf *out = imap_out(session);
    struct imap_in in = { .rest = unit };
    struct span tag = span_text("*");

    if (session->dialogue)
        tag = span_text(session->dialogue->tag);
    else
        (void)!imap_take_tag(&in, &tag);
    buf_add_span(out, tag);
    buf_add_text(out, " BAD [TOOBIG] The literal is too large.\r\n");
    session->bad_in_a_row++;
    if (session->dialogue)
        imap_dialogue_end(session);
}

static enum frame on_frame(struct session *net, struct span buffered, size_t *length_out)
{
    struct imap_session *session = state_of(net);
    enum imap_framed framed = imap_frame(&session->framing, mode_of(session), buffered, length_out);

    /* A client may have sent its literal without waiting: look on behind it. */
    for (; framed == FRAMED_ASK;
         framed = imap_frame(&session->framing, mode_of(session), buffered, length_out)) {
        session_write_text(net, "+ OK\r\n");
        session_flush(net);
    }
    session->is_streamed = framed == FRAMED_STREAM;
    switch (framed) {
    case FRAMED_MORE:
    case FRAMED_ASK:
        return FRAME_MORE;
    case FRAMED_UNIT:
    case FRAMED_STREAM:
        return FRAME_UNIT;
    case FRAMED_REFUSE:
        refuse_literal(session, (struct span){ buffered.p, buffered.p + *length_out });
        return FRAME_SKIP;
    case FRAMED_CLOSE:
        break;
    }
    imap_bye(session, "TOOBIG", "The literal is too large.");
    return FRAME_CLOSE;
}

static bool on_is_cheap(struct session *net, struct span unit)
{
    return imap_dispatch_is_cheap(state_of(net), unit);
}

static enum session_next ended(struct imap_session *session, enum session_next next)
{
    if (next != SESSION_MORE)
        session->running = NULL;
    return next;
}

/* The same behind what the client asked for: what NOTIFY could not say meanwhile is due now. */
static enum session_next answered(struct imap_session *session, enum session_next next)
{
    if (next == SESSION_DONE && session->is_wake_owed && !session->dialogue) {
        session->is_wake_owed = false;
        session_wake(session->net);
    }
    return ended(session, next);
}

static enum session_next on_run(struct session *net, struct span unit)
{
    struct imap_session *session = state_of(net);

    if (session->running)
        return answered(session, session->running->resume(session->running));
    if (session->dialogue)
        return answered(session, imap_dispatch_dialogue(session, unit));
    return answered(session, imap_dispatch(session, unit));
}

static enum session_next on_body(struct session *net, struct spool *body)
{
    struct imap_session *session = state_of(net);
    struct imap_dialogue *dialogue = session->dialogue;
    struct imap_request *req;

    if (session->running)
        return ended(session, session->running->resume(session->running));
    req = imap_request_new(session, span_text(dialogue->tag), dialogue->command);
    req->tag = span_text(talloc_strdup(req->arena, dialogue->tag));
    req->by_uid = dialogue->by_uid;
    session->running = req;
    return ended(session, dialogue->body(req, body));
}

static enum session_next on_wake(struct session *net)
{
    struct imap_session *session = state_of(net);
    struct imap_dialogue *dialogue = session->dialogue;
    struct imap_request *req;

    if (session->running)
        return ended(session, session->running->resume(session->running));
    if (dialogue ? !dialogue->wake : !session->notify) {
        session->is_wake_owed = session->notify != NULL;
        return SESSION_DONE;
    }
    if (!imap_session_still_valid(session)) {
        imap_bye(session, "EXPIRED", "The account was changed, log in again.");
        return SESSION_CLOSE;
    }
    req = imap_request_new(session, span_text(dialogue ? dialogue->tag : "*"),
                           dialogue ? dialogue->command : NULL);
    session->running = req;
    return ended(session, dialogue ? dialogue->wake(req) : imap_notify_wake(req));
}

/* RFC 9051, 6.2.1: what was said in clear is forgotten. */
static void on_tls_started(struct session *net)
{
    struct imap_session *session = state_of(net);

    session->enabled = 0;
    session->bad_in_a_row = 0;
    session->framing = (struct imap_framing){ 0 };
}

static void on_closed(struct session *net)
{
    imap_session_forget(state_of(net));
}

const struct protocol imap_protocol = {
    .name = "imap",
    .bit = PROTOCOL_IMAP,
    .alpn = "imap",
    .state_bytes = sizeof(struct imap_session),
    .open = on_open,
    .frame = on_frame,
    .is_cheap = on_is_cheap,
    .run = on_run,
    .body = on_body,
    .wake = on_wake,
    .tls_started = on_tls_started,
    .closed = on_closed,
    .busy = "* BYE [UNAVAILABLE] Too many connections, try again later.\r\n",
    .stopping = "* BYE [UNAVAILABLE] The server is stopping, come back soon.\r\n",
    .ended = "* BYE This session was ended elsewhere.\r\n",
    .timeout = "* BYE Nothing came for too long.\r\n",
    .too_long = "* BYE [TOOBIG] The line is too long.\r\n",
    .not_http = "* BYE This is no web server.\r\n",
    .early = NULL,
    .unit_max_before_login = IMAP_UNIT_MAX_BEFORE_LOGIN,
    .unit_max = IMAP_UNIT_MAX,
    .login_s = LOGIN_S,
    .idle_s = IDLE_S,
    .body_min_rate = BODY_BYTES_A_SECOND,
};
