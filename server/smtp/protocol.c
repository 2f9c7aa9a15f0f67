/* protocol.c -- the three services as the session room carries them: framing, greeting, what is said at the end. */
#include "session/protocol.h"

#include "base/log.h"
#include "base/metrics.h"
#include "smtp/auth.h"
#include "smtp/command.h"
#include "smtp/transaction.h"

#include <talloc.h>

static enum session_next open_as(struct session *session, enum smtp_service service)
{
    struct smtp_session *s = session_state(session);

    s->session = session;
    s->context = session_context(session);
    s->service = service;
    s->state = STATE_START;
    s->is_normalised = smtp_peer_is_in(s, s->context->normalised, s->context->normalised_count);
    s->is_inner =
        service == SERVICE_RECEIVE && smtp_peer_is_in(s, s->context->inner, s->context->inner_count);
    if (!smtp_judge_peer(s))
        return SESSION_CLOSE;
    reply(s, 220, NULL, "%s %s Chappe", s->context->host_name, service == SERVICE_LMTP ? "LMTP" : "ESMTP");
    return SESSION_DONE;
}

static enum session_next open_receive(struct session *session)
{
    return open_as(session, SERVICE_RECEIVE);
}

static enum session_next open_submission(struct session *session)
{
    return open_as(session, SERVICE_SUBMISSION);
}

static enum session_next open_lmtp(struct session *session)
{
    return open_as(session, SERVICE_LMTP);
}

/* AUTH and the answers to its challenges may be longer than other commands. */
static size_t line_max(const struct smtp_session *s, struct span buffered)
{
    return s->auth || span_starts_nocase(buffered, "AUTH ") ? SMTP_AUTH_LINE_MAX : SMTP_LINE_MAX;
}

/* Throws a line over the limit away as it comes, and answers when its end was seen. */
static enum frame skip_line(struct smtp_session *s, struct span buffered, size_t *length_out)
{
    const char *lf = span_find_byte(buffered, '\n');

    s->skips_line = lf == NULL;
    *length_out = lf ? (size_t)(lf + 1 - buffered.p) : span_length(buffered);
    if (!lf)
        return FRAME_SKIP;
    s->long_lines++;
    smtp_auth_abandon(s);
    if (refuse(s, REFUSE_LINE_TOO_LONG) == SESSION_CLOSE || s->long_lines >= SMTP_LONG_LINES_MAX)
        return FRAME_CLOSE;
    return FRAME_SKIP;
}

static enum frame smtp_frame(struct session *session, struct span buffered, size_t *length_out)
{
    struct smtp_session *s = session_state(session);
    size_t max = line_max(s, buffered);
    const char *lf;

    if (s->skips_line)
        return skip_line(s, buffered, length_out);
    lf = span_find_byte(span_part(buffered, 0, max), '\n');
    if (!lf)
        return span_length(buffered) < max ? FRAME_MORE : skip_line(s, buffered, length_out);
    *length_out = (size_t)(lf + 1 - buffered.p);
    return FRAME_UNIT;
}

static bool smtp_is_cheap(struct session *session, struct span unit)
{
    struct smtp_session *s = session_state(session);
    const struct smtp_command *command;
    struct span args;

    if (s->auth)
        return false;
    command = smtp_command_find(smtp_verb(span_trim(unit), &args));
    if (!command || (command->needs & IS_CHEAP))
        return true;
    return command->run == smtp_cmd_mail && s->service != SERVICE_SUBMISSION;
}

static enum session_next smtp_run(struct session *session, struct span unit)
{
    struct smtp_session *s = session_state(session);

    unit.end--;
    if (unit.p < unit.end && unit.end[-1] == '\r')
        unit.end--;
    else if (!s->is_normalised)
        unit.end++; /* the LF stays in the line, and is one of its bad bytes */
    if (s->auth)
        return smtp_auth_continue(s, unit);
    return smtp_dispatch(s, unit);
}

static enum session_next smtp_body(struct session *session, struct spool *body)
{
    struct smtp_session *s = session_state(session);

    return s->body_done(s, body);
}

/* RFC 3207, 4.2: everything the client said before is forgotten. */
static void smtp_tls_started(struct session *session)
{
    struct smtp_session *s = session_state(session);

    smtp_transaction_end(s);
    s->state = STATE_START;
    TALLOC_FREE(s->helo);
    TALLOC_FREE(s->peer);
}

static void smtp_closed(struct session *session)
{
    struct smtp_session *s = session_state(session);

    if (s->state & STATE_TRANSACTION)
        log_event(LOG_LEVEL_INFO, "smtp.lost", log_text("session", session_id(session)),
                  log_text("peer", session_peer_text(session)), log_text("id", s->transaction->id));
    smtp_transaction_end(s);
}

uint64_t smtp_message_max(const struct smtp_session *s)
{
    return s->context->message_max ? s->context->message_max : SMTP_MESSAGE_MAX;
}

unsigned smtp_recipients_max(const struct smtp_session *s)
{
    return s->context->recipients_max ? s->context->recipients_max : SMTP_RECIPIENTS_MAX;
}

bool smtp_peer_is_in(const struct smtp_session *s, const struct net_network *networks, size_t count)
{
    const struct net_address *peer = session_peer(s->session);

    if (peer->is_local)
        return count > 0;
    for (size_t i = 0; i < count; i++)
        if (net_network_contains(&networks[i], peer))
            return true;
    return false;
}

/* All three differ in their name, their greeting and how long a client may take to log in. */
#define SMTP_PROTOCOL(name_, bit_, alpn_, open_, early_, login_s_)                                           \
    {                                                                                                        \
        .name = name_, .bit = bit_, .alpn = alpn_, .state_bytes = sizeof(struct smtp_session),               \
        .open = open_, .frame = smtp_frame, .is_cheap = smtp_is_cheap, .run = smtp_run, .body = smtp_body,   \
        .tls_started = smtp_tls_started, .closed = smtp_closed,                                              \
        .busy = "421 4.3.2 Too many connections. Please try again later.\r\n",                               \
        .stopping = "421 4.3.2 The server is stopping. Please try again.\r\n",                               \
        .ended = "421 4.7.0 This session was ended elsewhere.\r\n", .timeout = "421 4.4.2 Timeout.\r\n",     \
        .too_long = "500 5.5.2 Line too long.\r\n",                                                          \
        .not_http = "554 5.5.0 This is a mail server, not a web server.\r\n", .early = early_,               \
        .unit_max_before_login = SMTP_AUTH_LINE_MAX + 64, .unit_max = SMTP_AUTH_LINE_MAX + 64,               \
        .login_s = login_s_, .idle_s = 300, .body_min_rate = 500,                                            \
    }

#define EARLY "554 5.5.1 You talked before the greeting.\r\n"

const struct protocol smtp_receive_protocol = SMTP_PROTOCOL("smtp", 0, "smtp", open_receive, EARLY, 0);
const struct protocol smtp_submission_protocol =
    SMTP_PROTOCOL("submission", PROTOCOL_SMTP, "smtp", open_submission, EARLY, 60);
const struct protocol smtp_lmtp_protocol = SMTP_PROTOCOL("lmtp", 0, NULL, open_lmtp, NULL, 0);
