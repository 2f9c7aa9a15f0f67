/* cmd_ehlo.c -- EHLO, HELO (RFC 5321, 4.1.1.1) and LHLO (RFC 2033, 4.1). */
#include "base/clock.h"
#include "format/charset.h"
#include "format/date.h"
#include "smtp/auth.h"
#include "smtp/command.h"
#include "smtp/peer.h"
#include "smtp/transaction.h"

#include <ctype.h>
#include <inttypes.h>
#include <talloc.h>

/* A host name or address literal; what hosts really send is let through as long as it cannot break a header or a
 * log line: letters, digits, "-_.", brackets and colons of literals, and valid UTF-8 (RFC 6531, 3.7.1). */
static bool is_host(struct span name)
{
    if (span_length(name) > SMTP_HELO_MAX || !utf8_is_valid(name))
        return false;
    for (; name.p < name.end; name.p++)
        if (!isalnum((unsigned char)*name.p) && (unsigned char)*name.p < 128 && !strchr("-_.[]:", *name.p))
            return false;
    return true;
}

static bool begin(struct smtp_session *s, struct span name, bool is_extended)
{
    if (!is_host(name))
        return false;
    smtp_transaction_end(s);
    TALLOC_FREE(s->helo);
    s->helo = span_copy(session_memory(s->session), name);
    s->is_extended = is_extended;
    s->state = STATE_READY;
    return true;
}

static void add(struct buf *out, const char *keyword)
{
    buf_add_text(out, "250-");
    buf_add_text(out, keyword);
    buf_add_text(out, "\r\n");
}

/* RFC 4865: the longest wait, in seconds and as a date; RFC 6710. */
static void add_submission(struct buf *out)
{
    char until[DATE_TEXT_MAX];

    date_render_utc(until, (clock_now_us() / US_PER_S + SMTP_HOLD_MAX_S) * US_PER_S);
    buf_add_format(out, "250-FUTURERELEASE %d %s\r\n", SMTP_HOLD_MAX_S, until);
    add(out, "MT-PRIORITY");
}

enum session_next smtp_cmd_ehlo(struct smtp_session *s, struct span args)
{
    struct buf *out = session_output(s->session);

    if (!begin(s, args, true))
        return refuse(s, REFUSE_HELO);
    add(out, s->context->host_name);
    add(out, "PIPELINING");
    buf_add_format(out, "250-SIZE %" PRIu64 "\r\n", smtp_message_max(s));
    if (session_can_start_tls(s->session))
        add(out, "STARTTLS");
    if (s->service == SERVICE_SUBMISSION && !s->login && session_may_login(s->session)) {
        buf_add_text(out, "250-AUTH");
        smtp_auth_add_mechanisms(s, out);
        buf_add_text(out, "\r\n");
    }
    add(out, "8BITMIME");
    add(out, "BINARYMIME");
    add(out, "CHUNKING");
    add(out, "SMTPUTF8");
    add(out, "DSN");
    if (s->service != SERVICE_LMTP)
        add(out, "DELIVERBY");
    if (s->service != SERVICE_LMTP && stream_is_tls(session_stream(s->session)))
        add(out, "REQUIRETLS");
    if (s->service == SERVICE_SUBMISSION || smtp_is_peer(s))
        add_submission(out);
    if (smtp_is_peer(s))
        add(out, "XCHAPPE");
    if (s->service == SERVICE_RECEIVE)
        add(out, "ETRN");
    buf_add_format(out, "250-LIMITS RCPTMAX=%u\r\n", smtp_recipients_max(s));
    add(out, "HELP");
    buf_add_text(out, "250 ENHANCEDSTATUSCODES\r\n");
    return SESSION_DONE;
}

enum session_next smtp_cmd_helo(struct smtp_session *s, struct span args)
{
    if (!begin(s, args, false))
        return refuse(s, REFUSE_HELO);
    reply(s, 250, NULL, "%s", s->context->host_name);
    return SESSION_DONE;
}
