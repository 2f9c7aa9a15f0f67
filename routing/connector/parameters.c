/* parameters.c -- writing the envelope. */
#include "connector/parameters.h"

#include "base/clock.h"
#include "base/digest.h"
#include "format/address.h"

#include <glib.h>
#include <talloc.h>

enum { HANDED_LINE_MAX = 1900 }; /* octets of RCPT with all that is said to a server of ours */

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

/* Nothing that would end the path or the line: brackets and spaces stand in quotes only, controls nowhere. */
static bool is_writable(const char *text)
{
    bool is_quoted = false;

    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
        if (*text == '\\' && is_quoted && text[1])
            text++;
        else if (*text == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && (*text == '<' || *text == '>' || *text == ' '))
            return false;
    }
    return !is_quoted;
}

/* The address in ASCII; NULL where its local part does not allow that, or where it is none. */
static const char *in_ascii(const void *scratch, const char *address)
{
    struct address parsed;

    if (is_ascii(address))
        return is_writable(address) ? address : NULL;
    if (address_parse(scratch, span_text(address), ADDRESS_ACCEPT_UTF8, &parsed) != ADDRESS_GOOD ||
        !is_ascii(parsed.local))
        return NULL;
    return address_text(scratch, &parsed);
}

/* xtext (RFC 3461, 4). */
static void add_xtext(struct buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p > ' ' && *p <= '~' && *p != '+' && *p != '=')
            buf_add_byte(out, (char)*p);
        else
            buf_add_format(out, "+%02X", *p);
}

/* Mode R ends here when the time is over or the next server would not watch it; mode N goes on without (RFC 2852, 4). */
static bool add_deliver_by(struct buf *out, const struct outbound_message *message,
                           const struct features *features, struct outcome *outcome)
{
    bool is_offered = features_have(features, FEATURE_DELIVERBY);
    int64_t left_s;

    if (message->deliver_by_us == 0)
        return true;
    left_s = (message->deliver_by_us - clock_now_us()) / US_PER_S;
    if (message->deliver_by_returns) {
        if (left_s <= 0)
            return outcome_set(outcome, OUTBOUND_FAILED, "x.4.7",
                               "the time within which it was to be delivered is over");
        if (!is_offered)
            return outcome_set(outcome, OUTBOUND_FAILED, "x.3.3",
                               "the next server does not keep times of delivery (DELIVERBY)");
        if (left_s < (int64_t)features->deliver_by_least)
            return outcome_set(outcome, OUTBOUND_FAILED, "x.4.7",
                               "the next server takes no message that has less than %u seconds left",
                               features->deliver_by_least);
    }
    if (is_offered)
        buf_add_format(out, " BY=%lld;%c", (long long)CLAMP(left_s, -999999999, 999999999),
                       message->deliver_by_returns ? 'R' : 'N');
    return true;
}

static void add_body_and_size(struct buf *out, const struct body *body, const struct features *features)
{
    static const char *const words[] = {
        [OUTBOUND_8BITMIME] = " BODY=8BITMIME", [OUTBOUND_BINARYMIME] = " BODY=BINARYMIME"
    };

    if (features_have(features, FEATURE_SIZE))
        buf_add_format(out, " SIZE=%zu", span_length(body->bytes));
    if (body->type != OUTBOUND_7BIT)
        buf_add_text(out, words[body->type]);
}

static void add_dsn(struct buf *out, const struct outbound_message *message)
{
    if (message->ret)
        buf_add_format(out, " RET=%s", message->ret);
    if (message->envid && strlen(message->envid) <= 100) {
        buf_add_text(out, " ENVID=");
        add_xtext(out, message->envid);
    }
}

/* To servers of ours. */
static void add_number(struct buf *out, const char *name, int64_t number)
{
    if (number > 0)
        buf_add_format(out, " %s=%lld", name, (long long)number);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    buf_add_format(out, " %s=", name);
    add_xtext(out, text);
}

static void add_handed(struct buf *out, const struct outbound_message *message)
{
    const struct outbound_handed *handed = message->handed;

    buf_add_text(out, " XC-JUDGED");
    add_text(out, "XC-LOGIN", handed->login);
    add_number(out, "XC-LOGIN-ID", handed->login_id);
    add_number(out, "XC-ORG", handed->organisation_id);
    add_text(out, "XC-ORIGIN", handed->origin);
    add_text(out, "XC-ID", message->id);
    add_number(out, "XC-EXPIRES", handed->expires_us);
}

/* What makes a line longer than servers read is left out: it then goes to the INBOX. */
static void add_optional(struct buf *out, size_t line, const char *name, const char *text)
{
    size_t before = out->length;

    add_text(out, name, text);
    if (out->length - line > HANDED_LINE_MAX)
        out->length = before;
}

static void add_handed_recipient(struct buf *out, size_t line, const struct outbound_recipient *recipient)
{
    char receipt[2 * 16 + 1];

    buf_add_format(out, " XC-FLAGS=%u", recipient->flags);
    add_number(out, "XC-MAILBOX", recipient->mailbox_id);
    if (recipient->receipt) {
        hex_encode(span_of(recipient->receipt, 16), receipt);
        buf_add_format(out, " XC-RECEIPT=%s", receipt);
    }
    add_optional(out, line, "XC-TARGET", recipient->target);
    add_optional(out, line, "XC-ASKED", recipient->asked);
}

static bool refuse_utf8(struct outcome *outcome, const char *what)
{
    return outcome_set(
        outcome, OUTBOUND_FAILED, "x.6.7",
        "%s has letters beyond ASCII, and the next server does not take internationalised mail (SMTPUTF8)",
        what);
}

/* Decides whether SMTPUTF8 is said, and how the sender is written. */
static bool choose_spelling(const void *owner, const struct outbound_message *message,
                            const struct body *body, const struct features *features, const char **sender_out,
                            bool *smtputf8_out, struct outcome *outcome)
{
    const char *ascii = *message->sender ? in_ascii(owner, message->sender) : "";
    bool may = features_have(features, FEATURE_SMTPUTF8);

    *smtputf8_out = may && (message->needs_smtputf8 || body->has_8bit_header || !ascii);
    *sender_out = *smtputf8_out ? message->sender : ascii;
    if (!may && body->has_8bit_header && message->needs_smtputf8)
        return refuse_utf8(outcome, "a header field of the message");
    if (!*sender_out || !is_writable(*sender_out))
        return refuse_utf8(outcome, "the sender's address");
    return true;
}

bool envelope_prepare(const void *owner, const struct outbound_message *message, const struct body *body,
                      const struct features *features, struct envelope *envelope_out, struct outcome *outcome)
{
    struct buf mail = buf_owned_by(owner);
    const char *sender;

    *envelope_out =
        (struct envelope){ .has_dsn = features_have(features, FEATURE_DSN),
                           .hands_on = message->handed && features_have(features, FEATURE_XCHAPPE) };
    if (features->size_max > 0 && span_length(body->bytes) > features->size_max)
        return outcome_set(outcome, OUTBOUND_FAILED, "x.3.4",
                           "the message has %zu bytes, the next server takes %llu", span_length(body->bytes),
                           (unsigned long long)features->size_max);
    if (!choose_spelling(owner, message, body, features, &sender, &envelope_out->uses_smtputf8, outcome))
        return false;
    buf_add_format(&mail, "MAIL FROM:<%s>", sender);
    add_body_and_size(&mail, body, features);
    if (envelope_out->uses_smtputf8)
        buf_add_text(&mail, " SMTPUTF8");
    if (envelope_out->has_dsn)
        add_dsn(&mail, message);
    if (message->needs_tls)
        buf_add_text(&mail, " REQUIRETLS");
    if (!add_deliver_by(&mail, message, features, outcome))
        return false;
    if (message->priority != 0 && features_have(features, FEATURE_MT_PRIORITY))
        buf_add_format(&mail, " MT-PRIORITY=%d", message->priority);
    if (message->handed && envelope_out->hands_on)
        add_handed(&mail, message);
    buf_add_text(&mail, "\r\n");
    envelope_out->mail = buf_text(&mail);
    return true;
}

bool envelope_may_name(const struct envelope *envelope, const void *scratch, const char *address)
{
    return envelope->uses_smtputf8 ? is_writable(address) : in_ascii(scratch, address) != NULL;
}

void envelope_add_sender(struct buf *out, const struct envelope *envelope)
{
    buf_add_text(out, envelope->mail);
}

static void add_notify(struct buf *out, unsigned notify)
{
    static const char *const words[] = { "NEVER", "SUCCESS", "FAILURE", "DELAY" };
    const char *before = " NOTIFY=";

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (notify & 1u << i) {
            buf_add_format(out, "%s%s", before, words[i]);
            before = ",";
        }
}

void envelope_add_recipient(struct buf *out, const struct envelope *envelope, const void *scratch,
                            const struct outbound_recipient *recipient)
{
    const char *address =
        envelope->uses_smtputf8 ? recipient->address : in_ascii(scratch, recipient->address);

    size_t line = out->length;

    buf_add_format(out, "RCPT TO:<%s>", address);
    if (envelope->has_dsn) {
        add_notify(out, recipient->notify);
        if (recipient->orcpt && recipient->orcpt_type && is_ascii(recipient->orcpt)) {
            buf_add_format(out, " ORCPT=%s;", recipient->orcpt_type);
            add_xtext(out, recipient->orcpt);
        }
    }
    if (envelope->hands_on)
        add_handed_recipient(out, line, recipient);
    buf_add_text(out, "\r\n");
}
