/*
 * capability.c -- see capability.h.
 */
#include "imap/capability.h"

#include "imap/command.h"
#include "session/channel.h"

enum when { BEFORE_LOGIN = 1, AFTER_LOGIN = 2, ALWAYS = 3 };

/* RFC 7888: non-synchronising literals of any size are only offered to those we know. */
static const struct {
    const char *word;
    enum when when;
} capabilities[] = {
    { "IMAP4rev1", ALWAYS },
    { "IMAP4rev2", ALWAYS },
    { "LITERAL-", BEFORE_LOGIN },
    { "LITERAL+", AFTER_LOGIN },
    { "SASL-IR", BEFORE_LOGIN },
    { "ID", ALWAYS },
    { "ENABLE", AFTER_LOGIN },
    { "IDLE", AFTER_LOGIN },
    { "NAMESPACE", AFTER_LOGIN },
    { "CHILDREN", AFTER_LOGIN },
    { "LIST-EXTENDED", AFTER_LOGIN },
    { "LIST-STATUS", AFTER_LOGIN },
    { "STATUS=SIZE", AFTER_LOGIN },
    { "SPECIAL-USE", AFTER_LOGIN },
    { "CREATE-SPECIAL-USE", AFTER_LOGIN },
    { "UNSELECT", AFTER_LOGIN },
    { "UIDPLUS", AFTER_LOGIN },
    { "MOVE", AFTER_LOGIN },
    { "MULTIAPPEND", AFTER_LOGIN },
    { "BINARY", AFTER_LOGIN },
    { "CATENATE", AFTER_LOGIN },
    { "CONDSTORE", AFTER_LOGIN },
    { "QRESYNC", AFTER_LOGIN },
    { "SAVEDATE", AFTER_LOGIN },
    { "PREVIEW", AFTER_LOGIN },
    { "OBJECTID", AFTER_LOGIN },
    { "UTF8=ACCEPT", AFTER_LOGIN },
    { "REPLACE", AFTER_LOGIN },
    { "UNAUTHENTICATE", AFTER_LOGIN },
    { "INPROGRESS", AFTER_LOGIN },
    { "UIDONLY", AFTER_LOGIN },
    { "ESEARCH", AFTER_LOGIN },
    { "SEARCHRES", AFTER_LOGIN },
    { "WITHIN", AFTER_LOGIN },
    { "SORT", AFTER_LOGIN },
    { "SORT=DISPLAY", AFTER_LOGIN },
    { "ESORT", AFTER_LOGIN },
    { "THREAD=ORDEREDSUBJECT", AFTER_LOGIN },
    { "THREAD=REFERENCES", AFTER_LOGIN },
    { "PARTIAL", AFTER_LOGIN },
    { "ACL", AFTER_LOGIN },
    { "RIGHTS=kxte", AFTER_LOGIN },
    { "QUOTA", AFTER_LOGIN },
    { "QUOTA=RES-STORAGE", AFTER_LOGIN },
    { "QUOTA=RES-MESSAGE", AFTER_LOGIN },
    { "METADATA", AFTER_LOGIN },
    { "COMPRESS=DEFLATE", AFTER_LOGIN },
    { "NOTIFY", AFTER_LOGIN },
};

static void add_before_login(struct imap_session *session, struct buf *out)
{
    if (session_can_start_tls(session->net))
        buf_add_text(out, " STARTTLS");
    if (!session_may_login(session->net))
        buf_add_text(out, " LOGINDISABLED");
    for (const char **mechanism = imap_sasl_mechanisms(session); *mechanism; mechanism++) {
        buf_add_text(out, " AUTH=");
        buf_add_text(out, *mechanism);
    }
}

void imap_add_capabilities(struct imap_session *session, struct buf *out)
{
    bool is_before = session->state == NOT_AUTHENTICATED;

    buf_add_text(out, "CAPABILITY");
    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (capabilities[i].when & (is_before ? BEFORE_LOGIN : AFTER_LOGIN)) {
            buf_add_byte(out, ' ');
            buf_add_text(out, capabilities[i].word);
        }
    if (is_before) {
        add_before_login(session, out);
        return;
    }
    buf_add_text(out, " APPENDLIMIT=");
    buf_add_i64(out, session->context->append_limit_bytes);
}

const char **imap_sasl_mechanisms(struct imap_session *session)
{
    struct session_channel channel;

    session_channel_of(session->net, &channel);
    return sasl_mechanisms(session->context->auth, session_arena(session->net), PROTOCOL_IMAP,
                           &channel.channel);
}

enum session_next cmd_capability(struct imap_request *req)
{
    struct buf *out = imap_out(req->session);

    if (!imap_at_end(&req->in))
        return imap_bad(req, "CAPABILITY takes no arguments.");
    buf_add_text(out, "* ");
    imap_add_capabilities(req->session, out);
    buf_add_text(out, "\r\n");
    return imap_ok(req, NULL, "CAPABILITY done.");
}
