/*
 * reply.c -- the one place where answers get their form.
 */
#include "pop3/session.h"

#include "base/log.h"

#define ERRORS_MAX 20

static const char *const codes[] = {
    [CODE_NONE] = "",
    [CODE_IN_USE] = "[IN-USE] ",
    [CODE_LOGIN_DELAY] = "[LOGIN-DELAY] ",
    [CODE_SYS_TEMP] = "[SYS/TEMP] ",
    [CODE_SYS_PERM] = "[SYS/PERM] ",
    [CODE_AUTH] = "[AUTH] ",
    [CODE_UTF8] = "[UTF8] ",
};

static void answer(struct pop3_session *s, const char *status, enum pop3_code code, enum pop3_text text)
{
    struct buf *out = session_output(s->net);

    buf_add_text(out, status);
    buf_add_text(out, codes[code]);
    buf_add_text(out, pop3_text(s->language, text));
    buf_add_text(out, "\r\n");
}

enum session_next pop3_ok(struct pop3_session *s, enum pop3_text text)
{
    answer(s, "+OK ", CODE_NONE, text);
    return SESSION_DONE;
}

enum session_next pop3_err(struct pop3_session *s, enum pop3_code code, enum pop3_text text)
{
    answer(s, "-ERR ", code, text);
    return SESSION_DONE;
}

enum session_next pop3_bad(struct pop3_session *s, enum pop3_text text)
{
    if (++s->errors < ERRORS_MAX)
        return pop3_err(s, CODE_NONE, text);
    log_event(LOG_LEVEL_INFO, "pop3.errors", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("reason", "too-many-errors"));
    pop3_err(s, CODE_NONE, TEXT_TOO_MANY_ERRORS);
    return SESSION_CLOSE;
}

enum session_next pop3_fail(struct pop3_session *s, const struct err *err)
{
    static const struct {
        enum pop3_code code;
        enum pop3_text text;
    } answers[ERR_KINDS] = {
        [ERR_NOT_FOUND] = { CODE_NONE, TEXT_NO_MESSAGE },
        [ERR_EXISTS] = { CODE_SYS_TEMP, TEXT_UNAVAILABLE },
        [ERR_DENIED] = { CODE_SYS_PERM, TEXT_NOT_ALLOWED },
        [ERR_AUTH] = { CODE_AUTH, TEXT_WRONG_LOGIN },
        [ERR_EXPIRED] = { CODE_AUTH, TEXT_EXPIRED },
        [ERR_SUSPENDED] = { CODE_AUTH, TEXT_SUSPENDED },
        [ERR_LIMIT] = { CODE_LOGIN_DELAY, TEXT_TOO_MANY_FAILURES },
        [ERR_INVALID] = { CODE_NONE, TEXT_BAD_ARGUMENT },
        [ERR_INTERNAL] = { CODE_SYS_TEMP, TEXT_DAMAGED },
    };

    log_event(err_is_temporary(err->kind) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "pop3.refused",
              log_text("session", session_id(s->net)), log_text("peer", session_peer_text(s->net)),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    if (answers[err->kind].text == 0)
        return pop3_err(s, CODE_SYS_TEMP, TEXT_UNAVAILABLE);
    return pop3_err(s, answers[err->kind].code, answers[err->kind].text);
}
