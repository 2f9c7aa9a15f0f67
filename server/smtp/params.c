#include "smtp/params.h"

#include "base/clock.h"
#include "format/date.h"
#include "smtp/xtext.h"

#include <ctype.h>
#include <string.h>

struct parameter {
    const char *name;
    enum { VALUE_NEEDED, VALUE_FORBIDDEN } value;
    bool (*take)(const void *owner, struct span value, void *params);
};

struct word {
    const char *name;
    unsigned value;
};

static bool word_of(const struct word *words, struct span text, unsigned *value_out)
{
    for (; words->name; words++)
        if (span_equals_nocase(text, words->name)) {
            *value_out = words->value;
            return true;
        }
    return false;
}

static bool take_size(const void *owner, struct span value, void *params)
{
    struct smtp_mail_params *mail = params;

    (void)owner;
    mail->has_size = true;
    return span_take_u64(&value, &mail->size) && span_is_empty(value);
}

static bool take_body(const void *owner, struct span value, void *params)
{
    static const struct word words[] = { { "7BIT", SMTP_BODY_7BIT },
                                         { "8BITMIME", SMTP_BODY_8BITMIME },
                                         { "BINARYMIME", SMTP_BODY_BINARYMIME },
                                         { NULL, 0 } };
    unsigned body;

    (void)owner;
    if (!word_of(words, value, &body))
        return false;
    ((struct smtp_mail_params *)params)->body = body;
    return true;
}

static bool take_smtputf8(const void *owner, struct span value, void *params)
{
    (void)owner;
    (void)value;
    ((struct smtp_mail_params *)params)->smtputf8 = true;
    return true;
}

static bool take_ret(const void *owner, struct span value, void *params)
{
    static const struct word words[] = { { "FULL", SMTP_RET_FULL }, { "HDRS", SMTP_RET_HDRS }, { NULL, 0 } };
    unsigned ret;

    (void)owner;
    if (!word_of(words, value, &ret))
        return false;
    ((struct smtp_mail_params *)params)->ret = ret;
    return true;
}

/* RFC 3461, 4.4: at most 100 characters. */
static bool take_envid(const void *owner, struct span value, void *params)
{
    return span_length(value) <= 100 &&
           xtext_decode(owner, value, &((struct smtp_mail_params *)params)->envid);
}

static bool take_auth(const void *owner, struct span value, void *params)
{
    return span_length(value) <= 500 &&
           xtext_decode(owner, value, &((struct smtp_mail_params *)params)->auth);
}

static bool take_requiretls(const void *owner, struct span value, void *params)
{
    (void)owner;
    (void)value;
    ((struct smtp_mail_params *)params)->requiretls = true;
    return true;
}

/* RFC 4865: one of both. */
static bool hold(struct smtp_mail_params *mail, int64_t until_us)
{
    int64_t now_us = clock_now_us();

    if (mail->hold_until_us != 0 || until_us > now_us + SMTP_HOLD_MAX_S * US_PER_S)
        return false;
    mail->hold_until_us = until_us > now_us ? until_us : now_us;
    return true;
}

static bool take_holdfor(const void *owner, struct span value, void *params)
{
    uint32_t seconds;

    (void)owner;
    return span_take_u32(&value, &seconds) && span_is_empty(value) && seconds > 0 &&
           hold(params, clock_now_us() + seconds * US_PER_S);
}

static bool take_holduntil(const void *owner, struct span value, void *params)
{
    int64_t until_us;

    (void)owner;
    return date_parse_utc(value, &until_us) && hold(params, until_us);
}

/* RFC 2852, 4: BY=120;R, BY=-5;NT. */
static bool take_by(const void *owner, struct span value, void *params)
{
    struct smtp_mail_params *mail = params;
    bool is_negative = span_take_byte(&value, '-');
    uint32_t seconds;

    (void)owner;
    if (!span_take_u32(&value, &seconds) || seconds > SMTP_BY_MAX_S || !span_take_byte(&value, ';'))
        return false;
    mail->has_by = true;
    mail->by_s = is_negative ? -(int64_t)seconds : (int64_t)seconds;
    mail->by_returns = span_take_word(&value, "R");
    if (!mail->by_returns && !span_take_word(&value, "N"))
        return false;
    if (!span_is_empty(value) && !span_take_word(&value, "T"))
        return false;
    /* what is to be returned cannot be late already */
    return span_is_empty(value) && !(mail->by_returns && mail->by_s <= 0);
}

static bool take_priority(const void *owner, struct span value, void *params)
{
    bool is_negative = span_take_byte(&value, '-');
    uint32_t number;

    (void)owner;
    if (!span_take_u32(&value, &number) || !span_is_empty(value) || number > 9)
        return false;
    ((struct smtp_mail_params *)params)->priority = is_negative ? -(int)number : (int)number;
    return true;
}

/* RFC 3461, 4.1: NEVER alone, or a list of the others. */
static bool take_notify(const void *owner, struct span value, void *params)
{
    static const struct word words[] = { { "NEVER", SMTP_NOTIFY_NEVER },
                                         { "SUCCESS", SMTP_NOTIFY_SUCCESS },
                                         { "FAILURE", SMTP_NOTIFY_FAILURE },
                                         { "DELAY", SMTP_NOTIFY_DELAY },
                                         { NULL, 0 } };
    struct smtp_rcpt_params *rcpt = params;
    struct span one;
    unsigned bit;
    bool is_last;

    (void)owner;
    do {
        is_last = !span_take_until(&value, ',', &one);
        if (is_last)
            one = value;
        if (!word_of(words, one, &bit))
            return false;
        rcpt->notify |= bit;
    } while (!is_last);
    return !(rcpt->notify & SMTP_NOTIFY_NEVER) || rcpt->notify == SMTP_NOTIFY_NEVER;
}

/* RFC 3461, 4.2: addr-type ";" xtext, at most 500 characters. */
static bool take_orcpt(const void *owner, struct span value, void *params)
{
    struct smtp_rcpt_params *rcpt = params;

    if (span_length(value) > 500 || !span_take_until(&value, ';', &rcpt->orcpt_type) ||
        span_is_empty(rcpt->orcpt_type) || span_is_empty(value))
        return false;
    for (const char *p = rcpt->orcpt_type.p; p < rcpt->orcpt_type.end; p++)
        if (!isalnum((unsigned char)*p) && *p != '-')
            return false;
    rcpt->orcpt_type = span_text(span_copy(owner, rcpt->orcpt_type)); /* the line goes, the recipient stays */
    return xtext_decode(owner, value, &rcpt->orcpt);
}

/* ---- between servers of one installation (peer.h) */

static bool take_number(struct span value, uint64_t *number_out)
{
    return span_take_u64(&value, number_out) && span_is_empty(value) && *number_out <= INT64_MAX;
}

static struct smtp_handed_mail *handed_mail(void *params)
{
    struct smtp_handed_mail *handed = &((struct smtp_mail_params *)params)->handed;

    handed->is_said = true;
    return handed;
}

static struct smtp_handed_rcpt *handed_rcpt(void *params)
{
    struct smtp_handed_rcpt *handed = &((struct smtp_rcpt_params *)params)->handed;

    handed->is_said = true;
    return handed;
}

static bool take_xc_login(const void *owner, struct span value, void *params)
{
    return xtext_decode(owner, value, &handed_mail(params)->login);
}

static bool take_xc_login_id(const void *owner, struct span value, void *params)
{
    (void)owner;
    return take_number(value, &handed_mail(params)->login_id);
}

static bool take_xc_org(const void *owner, struct span value, void *params)
{
    (void)owner;
    return take_number(value, &handed_mail(params)->organisation_id);
}

static bool take_xc_origin(const void *owner, struct span value, void *params)
{
    return span_length(value) <= 40 && xtext_decode(owner, value, &handed_mail(params)->origin);
}

static bool take_xc_id(const void *owner, struct span value, void *params)
{
    return span_length(value) <= 100 && xtext_decode(owner, value, &handed_mail(params)->id);
}

static bool take_xc_expires(const void *owner, struct span value, void *params)
{
    (void)owner;
    return take_number(value, &handed_mail(params)->expires_us);
}

static bool take_xc_judged(const void *owner, struct span value, void *params)
{
    (void)owner;
    (void)value;
    return handed_mail(params)->is_judged = true;
}

static bool take_xc_mailbox(const void *owner, struct span value, void *params)
{
    (void)owner;
    return take_number(value, &handed_rcpt(params)->mailbox_id);
}

static bool take_xc_target(const void *owner, struct span value, void *params)
{
    return xtext_decode(owner, value, &handed_rcpt(params)->target);
}

static bool take_xc_asked(const void *owner, struct span value, void *params)
{
    return span_length(value) <= 1000 && xtext_decode(owner, value, &handed_rcpt(params)->asked);
}

/* 32 hexadecimal digits. */
static bool take_xc_receipt(const void *owner, struct span value, void *params)
{
    struct smtp_handed_rcpt *handed = handed_rcpt(params);
    static const char digits[] = "0123456789abcdef";

    (void)owner;
    if (span_length(value) != 2 * sizeof handed->receipt)
        return false;
    for (size_t i = 0; i < 2 * sizeof handed->receipt; i++) {
        const char *digit = memchr(digits, value.p[i], 16);
        if (!digit)
            return false;
        handed->receipt[i / 2] = (uint8_t)(handed->receipt[i / 2] << 4 | (digit - digits));
    }
    return handed->has_receipt = true;
}

static bool take_xc_flags(const void *owner, struct span value, void *params)
{
    (void)owner;
    return span_take_u32(&value, &handed_rcpt(params)->flags) && span_is_empty(value);
}

static const struct parameter mail_parameters[] = {
    { "SIZE", VALUE_NEEDED, take_size },
    { "BODY", VALUE_NEEDED, take_body },
    { "RET", VALUE_NEEDED, take_ret },
    { "ENVID", VALUE_NEEDED, take_envid },
    { "AUTH", VALUE_NEEDED, take_auth },
    { "SMTPUTF8", VALUE_FORBIDDEN, take_smtputf8 },
    { "REQUIRETLS", VALUE_FORBIDDEN, take_requiretls },
    { "HOLDFOR", VALUE_NEEDED, take_holdfor },
    { "HOLDUNTIL", VALUE_NEEDED, take_holduntil },
    { "BY", VALUE_NEEDED, take_by },
    { "MT-PRIORITY", VALUE_NEEDED, take_priority },
    { "XC-LOGIN", VALUE_NEEDED, take_xc_login },
    { "XC-LOGIN-ID", VALUE_NEEDED, take_xc_login_id },
    { "XC-ORG", VALUE_NEEDED, take_xc_org },
    { "XC-ORIGIN", VALUE_NEEDED, take_xc_origin },
    { "XC-ID", VALUE_NEEDED, take_xc_id },
    { "XC-EXPIRES", VALUE_NEEDED, take_xc_expires },
    { "XC-JUDGED", VALUE_FORBIDDEN, take_xc_judged },
    { NULL, VALUE_FORBIDDEN, NULL },
};

static const struct parameter rcpt_parameters[] = {
    { "NOTIFY", VALUE_NEEDED, take_notify },         { "ORCPT", VALUE_NEEDED, take_orcpt },
    { "XC-MAILBOX", VALUE_NEEDED, take_xc_mailbox }, { "XC-TARGET", VALUE_NEEDED, take_xc_target },
    { "XC-ASKED", VALUE_NEEDED, take_xc_asked },     { "XC-RECEIPT", VALUE_NEEDED, take_xc_receipt },
    { "XC-FLAGS", VALUE_NEEDED, take_xc_flags },     { NULL, VALUE_FORBIDDEN, NULL },
};

/* 1*SP keyword ["=" value]; false at the end. */
static bool take_parameter(struct span *in, struct span *name_out, struct span *value_out,
                           bool *has_value_out)
{
    const char *p;

    while (!span_is_empty(*in) && (*in->p == ' ' || *in->p == '\t'))
        in->p++;
    if (span_is_empty(*in))
        return false;
    for (p = in->p; p < in->end && *p != ' ' && *p != '\t' && *p != '='; p++)
        ;
    *name_out = (struct span){ in->p, p };
    *has_value_out = p < in->end && *p == '=';
    if (*has_value_out)
        p++;
    *value_out = (struct span){ p, p };
    while (p < in->end && *p != ' ' && *p != '\t')
        p++;
    value_out->end = in->p = p;
    return true;
}

static bool is_value(struct span value)
{
    if (span_is_empty(value))
        return false;
    for (; value.p < value.end; value.p++)
        if (*value.p < 33 || *value.p > 126)
            return false;
    return true;
}

static bool parse(const struct parameter *table, const void *owner, struct span in, void *params,
                  struct err *err)
{
    struct span name, value;
    unsigned seen = 0;
    bool has_value;

    while (take_parameter(&in, &name, &value, &has_value)) {
        const struct parameter *row = table;

        while (row->name && !span_equals_nocase(name, row->name))
            row++;
        if (!row->name)
            return err_set(err, ERR_NOT_FOUND, "A parameter is not known here.");
        if (seen & (1u << (row - table)))
            return err_set(err, ERR_INVALID, "The parameter %s stands twice.", row->name);
        seen |= 1u << (row - table);
        if (has_value != (row->value == VALUE_NEEDED) || (has_value && !is_value(value)) ||
            !row->take(owner, value, params))
            return err_set(err, ERR_INVALID, "The value of the parameter %s is not valid.", row->name);
    }
    return true;
}

bool smtp_parse_mail_params(const void *owner, struct span in, struct smtp_mail_params *params_out,
                            struct err *err)
{
    memset(params_out, 0, sizeof *params_out);
    return parse(mail_parameters, owner, in, params_out, err);
}

bool smtp_parse_rcpt_params(const void *owner, struct span in, struct smtp_rcpt_params *params_out,
                            struct err *err)
{
    memset(params_out, 0, sizeof *params_out);
    return parse(rcpt_parameters, owner, in, params_out, err);
}
