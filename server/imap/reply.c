/*
 * reply.c -- see reply.h.
 */
#include "imap/reply.h"

#include "base/log.h"
#include "format/folder_name.h"
#include "imap/command.h"
#include "imap/updates.h"
#include "mailbox/flags.h"
#include "mailbox/rights.h"

#include <stdarg.h>
#include <stdio.h>

enum { BADS_BEFORE_BYE = 10 };

/* RFC 5530, 9208 and 9051, 7.1. Temporary trouble is always said to be temporary. */
static const char *const codes[ERR_KINDS] = {
    [ERR_NOT_FOUND] = "NONEXISTENT",
    [ERR_EXISTS] = "ALREADYEXISTS",
    [ERR_DENIED] = "NOPERM",
    [ERR_AUTH] = "AUTHENTICATIONFAILED",
    [ERR_EXPIRED] = "EXPIRED",
    [ERR_SUSPENDED] = "CONTACTADMIN",
    [ERR_QUOTA] = "OVERQUOTA",
    [ERR_INVALID] = "CANNOT",
    [ERR_LIMIT] = "LIMIT",
    [ERR_CONFLICT] = "INUSE",
    [ERR_DEPENDED_ON] = "HASCHILDREN",
    [ERR_BUSY] = "UNAVAILABLE",
    [ERR_NO_ROOM] = "UNAVAILABLE", /* not OVERQUOTA: it is not the user who has too much */
    [ERR_UNKNOWN] = "UNAVAILABLE",
    [ERR_INTERNAL] = "SERVERBUG",
};

const char *imap_code_of(enum err_kind kind)
{
    return codes[kind];
}

struct buf *imap_out(struct imap_session *session)
{
    return session_output(session->net);
}

/* resp-text is a line of printable ASCII: what is not becomes "?" or a space. */
static void add_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        buf_add_byte(out, (char)(c < 0x20 ? ' ' : c < 0x7F ? c : '?'));
    }
}

static void add_tagged(struct imap_request *req, struct buf *out, const char *word, const char *code,
                       const char *text)
{
    buf_add_span(out, span_is_empty(req->tag) ? span_text("*") : req->tag);
    buf_add_byte(out, ' ');
    buf_add_text(out, word);
    if (code) {
        buf_add_text(out, " [");
        buf_add_text(out, code);
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, ' ');
    add_text(out, text);
    buf_add_text(out, "\r\n");
}

#define FORMATTED(text_, format_)                                                                            \
    char text_[512];                                                                                         \
    va_list args_;                                                                                           \
    va_start(args_, format_);                                                                                \
    vsnprintf(text_, sizeof text_, format_, args_);                                                          \
    va_end(args_)

static enum session_next finish(struct imap_request *req)
{
    if (!imap_updates_step(req->session))
        return imap_yield(req, finish);
    buf_add_span(imap_out(req->session), buf_span(&req->final));
    return SESSION_DONE;
}

enum session_next imap_ok(struct imap_request *req, const char *code, const char *text_format, ...)
{
    struct imap_session *session = req->session;
    bool holds = (req->command->needs & HOLDS_EXPUNGE) && !req->by_uid;

    FORMATTED(text, text_format);
    session->bad_in_a_row = 0;
    req->final = BUF_INIT(req->arena);
    add_tagged(req, &req->final, "OK", code, text);
    if (!(req->command->needs & NO_UPDATES) &&
        !imap_updates_begin(session, holds ? EXPUNGES_ARE_HELD : EXPUNGES_MAY_BE_TOLD, VIEW_TRUST_WAKE))
        return SESSION_CLOSE;
    return finish(req);
}

enum session_next imap_no(struct imap_request *req, const char *code, const char *text_format, ...)
{
    FORMATTED(text, text_format);
    req->session->bad_in_a_row = 0;
    add_tagged(req, imap_out(req->session), "NO", code, text);
    return SESSION_DONE;
}

static enum session_next say_bad(struct imap_request *req, const char *code, const char *text)
{
    struct imap_session *session = req->session;

    add_tagged(req, imap_out(session), "BAD", code, text);
    if (++session->bad_in_a_row < BADS_BEFORE_BYE)
        return SESSION_DONE;
    imap_bye(session, NULL, "Too many commands that I do not understand.");
    return SESSION_CLOSE;
}

enum session_next imap_bad(struct imap_request *req, const char *text_format, ...)
{
    FORMATTED(text, text_format);
    return say_bad(req, NULL, text);
}

enum session_next imap_bad_code(struct imap_request *req, const char *code, const char *text_format, ...)
{
    FORMATTED(text, text_format);
    return say_bad(req, code, text);
}

static void log_refusal(struct imap_request *req, const struct err *err)
{
    enum log_level level = err->kind == ERR_INTERNAL     ? LOG_LEVEL_ERROR
                           : err_is_temporary(err->kind) ? LOG_LEVEL_WARNING
                                                         : LOG_LEVEL_INFO;

    log_event(level, "imap.refused", log_text("session", session_id(req->session->net)),
              log_text("user", req->session->login ? req->session->login : ""),
              log_text("command", req->command->name), log_text("reason", err_kind_name(err->kind)),
              log_text("said", err->user), log_text("cause", err->log));
}

enum session_next imap_fail(struct imap_request *req, const struct err *err)
{
    log_refusal(req, err);
    return imap_no(req, codes[err->kind], "%s", err->user[0] ? err->user : "That did not work.");
}

enum session_next imap_fail_destination(struct imap_request *req, const struct err *err)
{
    if (err->kind != ERR_NOT_FOUND)
        return imap_fail(req, err);
    log_refusal(req, err);
    return imap_no(req, "TRYCREATE", "The destination does not exist.");
}

void imap_untagged_ok(struct imap_session *session, const char *code, const char *text)
{
    struct buf *out = imap_out(session);

    buf_add_text(out, "* OK [");
    buf_add_text(out, code);
    buf_add_text(out, "] ");
    buf_add_text(out, text);
    buf_add_text(out, "\r\n");
}

void imap_bye(struct imap_session *session, const char *code, const char *text)
{
    struct buf *out = imap_out(session);

    buf_add_text(out, "* BYE ");
    if (code) {
        buf_add_byte(out, '[');
        buf_add_text(out, code);
        buf_add_text(out, "] ");
    }
    buf_add_text(out, text);
    buf_add_text(out, "\r\n");
}

void imap_add_literal(struct buf *out, struct span bytes)
{
    buf_add_byte(out, '{');
    buf_add_u64(out, span_length(bytes));
    buf_add_text(out, "}\r\n");
    buf_add_span(out, bytes);
}

enum { QUOTED_MAX = 4096 };

/* False where a quoted string cannot hold it. */
static bool add_quoted(struct buf *out, struct span text, bool takes_utf8)
{
    if (span_length(text) > QUOTED_MAX)
        return false;
    for (const char *p = text.p; p < text.end; p++)
        if (*p == '\r' || *p == '\n' || *p == '\0' || ((unsigned char)*p >= 0x80 && !takes_utf8))
            return false;
    buf_add_byte(out, '"');
    for (const char *p = text.p; p < text.end; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *p);
    }
    buf_add_byte(out, '"');
    return true;
}

void imap_add_string(const struct imap_session *session, struct buf *out, struct span text)
{
    if (!add_quoted(out, text, imap_speaks_utf8(session)))
        imap_add_literal(out, text);
}

void imap_add_astring(const struct imap_session *session, struct buf *out, struct span text)
{
    bool is_atom = !span_is_empty(text) && !span_equals_nocase(text, "NIL");

    for (const char *p = text.p; is_atom && p < text.end; p++)
        is_atom = imap_is_atom_char(*p);
    if (is_atom)
        buf_add_span(out, text);
    else
        imap_add_string(session, out, text);
}

void imap_add_nstring_of(const struct imap_session *session, struct buf *out, struct span text)
{
    if (text.p)
        imap_add_string(session, out, text);
    else
        buf_add_text(out, "NIL");
}

void imap_add_folder_name(const struct imap_session *session, struct buf *out, const char *name)
{
    struct buf utf7 = BUF_INIT(NULL);

    if (imap_speaks_utf8(session)) {
        imap_add_astring(session, out, span_text(name));
        return;
    }
    utf7.owner = session_arena(session->net);
    folder_name_add_utf7(&utf7, span_text(name));
    imap_add_astring(session, out, buf_span(&utf7));
}

static const struct {
    uint64_t bit;
    const char *name;
} system_flags[] = {
    { FLAG_ANSWERED, "\\Answered" }, { FLAG_FLAGGED, "\\Flagged" }, { FLAG_DELETED, "\\Deleted" },
    { FLAG_SEEN, "\\Seen" },         { FLAG_DRAFT, "\\Draft" },
};

void imap_add_flags(struct buf *out, const struct keyword_table *keywords, uint64_t flags,
                    enum imap_recent recent)
{
    size_t start = out->length;

    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (flags & system_flags[i].bit) {
            buf_add_text(out, system_flags[i].name);
            buf_add_byte(out, ' ');
        }
    for (uint64_t rest = flags >> KEYWORD_FIRST_BIT; rest; rest &= rest - 1) {
        size_t i = (size_t)__builtin_ctzll(rest);

        if (i < keywords->count) {
            buf_add_text(out, keywords->names[i]);
            buf_add_byte(out, ' ');
        }
    }
    if (recent == IMAP_RECENT)
        buf_add_text(out, "\\Recent ");
    if (out->length > start)
        out->length--;
}

void imap_add_rights(struct buf *out, unsigned rights)
{
    char letters[RIGHTS_TEXT_MAX];

    rights_render(rights, letters);
    buf_add_text(out, rights ? letters : "\"\"");
    if (rights & RIGHT_CREATE)
        buf_add_byte(out, 'c');
    if (rights & (RIGHT_DELETE | RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE))
        buf_add_byte(out, 'd');
}

void imap_add_set(struct buf *out, const struct uid_set *set)
{
    uid_set_render(out, set);
}
