/* reply.c -- the one place where answers get their form. */
#include "managesieve/session.h"

#include "base/log.h"
#include "mailbox/script.h"

enum { ERRORS_MAX = 20, QUOTED_MAX = 1024 };

static const char *const codes[CODES] = {
    [CODE_NONE] = "",
    [CODE_AUTH_TOO_WEAK] = " (AUTH-TOO-WEAK)",
    [CODE_ENCRYPT_NEEDED] = " (ENCRYPT-NEEDED)",
    [CODE_QUOTA] = " (QUOTA)",
    [CODE_QUOTA_MAXSCRIPTS] = " (QUOTA/MAXSCRIPTS)",
    [CODE_QUOTA_MAXSIZE] = " (QUOTA/MAXSIZE)",
    [CODE_TRYLATER] = " (TRYLATER)",
    [CODE_ACTIVE] = " (ACTIVE)",
    [CODE_NONEXISTENT] = " (NONEXISTENT)",
    [CODE_ALREADYEXISTS] = " (ALREADYEXISTS)",
    [CODE_WARNINGS] = " (WARNINGS)",
};

static bool may_be_quoted(struct span text)
{
    if (span_length(text) > QUOTED_MAX)
        return false;
    for (const char *p = text.p; p < text.end; p++)
        if (*p == '\r' || *p == '\n' || *p == '\0')
            return false;
    return true;
}

void managesieve_add_string(struct buf *out, struct span text)
{
    if (!may_be_quoted(text)) {
        buf_add_format(out, "{%zu}\r\n", span_length(text));
        buf_add_span(out, text);
        return;
    }
    buf_add_byte(out, '"');
    for (const char *p = text.p; p < text.end; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *p);
    }
    buf_add_byte(out, '"');
}

static void answer(struct managesieve_session *s, const char *word, enum managesieve_code code,
                   const char *text)
{
    struct buf *out = session_output(s->net);

    buf_add_text(out, word);
    buf_add_text(out, codes[code]);
    buf_add_byte(out, ' ');
    managesieve_add_string(out, span_text(text));
    buf_add_text(out, "\r\n");
}

enum session_next managesieve_ok(struct managesieve_session *s, enum managesieve_code code, const char *text)
{
    answer(s, "OK", code, text);
    return SESSION_DONE;
}

enum session_next managesieve_no(struct managesieve_session *s, enum managesieve_code code, const char *text)
{
    answer(s, "NO", code, text);
    return SESSION_DONE;
}

enum session_next managesieve_bye(struct managesieve_session *s, const char *text)
{
    answer(s, "BYE", CODE_NONE, text);
    return SESSION_CLOSE;
}

enum session_next managesieve_bad(struct managesieve_session *s, const char *text)
{
    if (++s->errors < ERRORS_MAX)
        return managesieve_no(s, CODE_NONE, text);
    log_event(LOG_LEVEL_INFO, "managesieve.errors", log_text("session", session_id(s->net)),
              log_text("peer", session_peer_text(s->net)), log_text("reason", "too-many-errors"));
    return managesieve_bye(s, "Too many errors.");
}

enum session_next managesieve_fail(struct managesieve_session *s, const struct err *err)
{
    static const enum managesieve_code code_of[ERR_KINDS] = {
        [ERR_NOT_FOUND] = CODE_NONEXISTENT, [ERR_EXISTS] = CODE_ALREADYEXISTS,
        [ERR_DEPENDED_ON] = CODE_ACTIVE,    [ERR_LIMIT] = CODE_QUOTA_MAXSIZE,
        [ERR_QUOTA] = CODE_QUOTA,           [ERR_BUSY] = CODE_TRYLATER,
        [ERR_NO_ROOM] = CODE_TRYLATER,      [ERR_UNKNOWN] = CODE_TRYLATER,
        [ERR_INTERNAL] = CODE_TRYLATER,
    };
    bool is_many = script_is_too_many(err);

    log_event(err_is_temporary(err->kind) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "managesieve.refused",
              log_text("session", session_id(s->net)), log_text("peer", session_peer_text(s->net)),
              log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    return managesieve_no(s, is_many ? CODE_QUOTA_MAXSCRIPTS : code_of[err->kind], err->user);
}

bool managesieve_group(struct managesieve_session *s, struct group **group_out, struct err *err)
{
    return group_find(s->context->groups, s->identity->mailbox.storage_group_id, group_out, err);
}
