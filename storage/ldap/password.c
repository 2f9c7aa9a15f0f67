/*
 * password.c -- what a directory says to a name and a password.
 */
#include "ldap/password.h"

#include "ldap/link.h"

#include <glib.h>
#include <talloc.h>

static const char *const verdict_names[LDAP_VERDICTS] = {
    [LDAP_RIGHT] = "right",
    [LDAP_WRONG] = "wrong",
    [LDAP_UNKNOWN] = "unknown",
    [LDAP_WRONG_HOURS] = "wrong-hours",
    [LDAP_WRONG_STATION] = "wrong-station",
    [LDAP_PASSWORD_EXPIRED] = "password-expired",
    [LDAP_DISABLED] = "disabled",
    [LDAP_ACCOUNT_EXPIRED] = "account-expired",
    [LDAP_MUST_CHANGE] = "must-change",
    [LDAP_LOCKED] = "locked",
};

static const struct {
    unsigned code;
    enum ldap_verdict verdict;
} sub_codes[] = {
    { 0x525, LDAP_UNKNOWN },          { 0x52e, LDAP_WRONG },
    { 0x530, LDAP_WRONG_HOURS },      { 0x531, LDAP_WRONG_STATION },
    { 0x532, LDAP_PASSWORD_EXPIRED }, { 0x533, LDAP_DISABLED },
    { 0x701, LDAP_ACCOUNT_EXPIRED },  { 0x773, LDAP_MUST_CHANGE },
    { 0x775, LDAP_LOCKED },
};

/* What servers refuse in words, with codes that mean other things elsewhere. */
static const struct {
    int code;
    const char *words;
    enum ldap_verdict verdict;
} refusals[] = {
    { LDAP_UNWILLING_TO_PERFORM, "inactivated", LDAP_DISABLED },                  /* 389 DS: nsAccountLock */
    { LDAP_CONSTRAINT_VIOLATION, "password retry limit", LDAP_LOCKED },           /* 389 DS */
    { LDAP_UNWILLING_TO_PERFORM, "failed logins", LDAP_LOCKED },                  /* FreeIPA */
    { LDAP_UNWILLING_TO_PERFORM, "permanently locked", LDAP_LOCKED },             /* FreeIPA */
    { LDAP_UNWILLING_TO_PERFORM, "principal) is expired", LDAP_ACCOUNT_EXPIRED }, /* FreeIPA */
};

const char *ldap_verdict_name(enum ldap_verdict verdict)
{
    return verdict_names[verdict];
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

unsigned ldap_sub_code(struct span diagnostic)
{
    static const char mark[] = "data ";
    unsigned code = 0;

    for (const char *p = diagnostic.p; p && diagnostic.end - p > (ptrdiff_t)sizeof mark - 1; p++) {
        if (memcmp(p, mark, sizeof mark - 1) != 0)
            continue;
        p += sizeof mark - 1;
        for (int digits = 0; p < diagnostic.end && hex_value(*p) >= 0; p++, digits++) {
            if (digits == 7)
                return 0;
            code = code * 16 + (unsigned)hex_value(*p);
        }
        return code;
    }
    return 0;
}

static void keep_printable(char *out, size_t size, const char *text)
{
    size_t n = 0;

    for (; text && *text && n + 1 < size; text++)
        out[n++] = *text >= ' ' && *text < 0x7f ? *text : '?';
    out[n] = '\0';
}

/* draft-behera-ldap-password-policy: why, where the server says so only in a control. */
static void read_policy(struct ldap_link *link, LDAPControl **controls, struct ldap_check *check)
{
    static const enum ldap_verdict verdicts[] = { [PP_passwordExpired] = LDAP_PASSWORD_EXPIRED,
                                                  [PP_accountLocked] = LDAP_LOCKED,
                                                  [PP_changeAfterReset] = LDAP_MUST_CHANGE };
    LDAPControl *control = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
    LDAPPasswordPolicyError error;
    ber_int_t expires, grace;

    if (!control ||
        ldap_parse_passwordpolicy_control(link->ld, control, &expires, &grace, &error) != LDAP_SUCCESS)
        return;
    check->expires_s = expires;
    check->grace_left = grace;
    if (error == PP_changeAfterReset || (check->result != LDAP_SUCCESS && error <= PP_accountLocked))
        check->verdict = verdicts[error];
}

/* LDAP_RIGHT: none of these. */
static enum ldap_verdict refusal_in_words(int code, const char *diagnostic)
{
    for (size_t i = 0; diagnostic && i < COUNT_OF(refusals); i++)
        if (refusals[i].code == code && strstr(diagnostic, refusals[i].words))
            return refusals[i].verdict;
    return LDAP_RIGHT;
}

/* Results with which a server judges the name and password, and not itself. */
static bool is_judgement(int code, const char *diagnostic)
{
    return code == LDAP_SUCCESS || code == LDAP_INVALID_CREDENTIALS || code == LDAP_NO_SUCH_OBJECT ||
           code == LDAP_INVALID_DN_SYNTAX || code == LDAP_INAPPROPRIATE_AUTH ||
           refusal_in_words(code, diagnostic) != LDAP_RIGHT;
}

static bool read_answer(struct ldap_link *link, LDAPMessage *answer, struct ldap_check *check,
                        struct err *err)
{
    LDAPControl **controls = NULL;
    char *diagnostic = NULL;
    int code = LDAP_DECODING_ERROR,
        parsed = ldap_parse_result(link->ld, answer, &code, NULL, &diagnostic, NULL, &controls, 1);
    bool ok = parsed == LDAP_SUCCESS && is_judgement(code, diagnostic);

    if (!ok) {
        link_fault(link, parsed == LDAP_SUCCESS ? code : parsed, "bind", diagnostic, err);
        err_set(err, ERR_BUSY, "The company directory cannot be used now.");
    } else {
        check->result = code;
        check->verdict = code == LDAP_SUCCESS          ? LDAP_RIGHT
                         : code == LDAP_NO_SUCH_OBJECT ? LDAP_UNKNOWN
                                                       : LDAP_WRONG;
        check->sub_code = code == LDAP_SUCCESS ? 0 : ldap_sub_code(span_text(diagnostic));
        for (size_t i = 0; i < COUNT_OF(sub_codes); i++)
            if (check->sub_code == sub_codes[i].code)
                check->verdict = sub_codes[i].verdict;
        keep_printable(check->diagnostic, sizeof check->diagnostic, diagnostic);
        read_policy(link, controls, check);
        if (refusal_in_words(code, diagnostic) != LDAP_RIGHT) /* 389 DS calls locked what is inactivated */
            check->verdict = refusal_in_words(code, diagnostic);
    }
    ldap_controls_free(controls);
    ldap_memfree(diagnostic);
    return ok;
}

static bool bind_as(struct ldap_link *link, const char *name, struct span password, struct ldap_check *check,
                    struct err *err)
{
    struct berval credential = { span_length(password), (char *)(uintptr_t)password.p };
    LDAPControl *policy = NULL;
    LDAPMessage *answer;
    int id, code = ldap_create_passwordpolicy_control(link->ld, &policy);
    LDAPControl *controls[] = { policy, NULL };

    if (code == LDAP_SUCCESS)
        code = ldap_sasl_bind(link->ld, name, LDAP_SASL_SIMPLE, &credential, controls, NULL, &id);
    ldap_control_free(policy);
    if (code != LDAP_SUCCESS)
        return link_fault(link, code, "bind", NULL, err);
    return link_answer(link, id, LDAP_MSG_ALL, &answer, err) && read_answer(link, answer, check, err);
}

/* RFC 4513, 5.1.2: a bind with an empty password succeeds, as nobody. */
static bool may_be_sent(const char *name, struct span password)
{
    return name && *name && !span_is_empty(password) && !span_find_byte(password, '\0');
}

static struct ldap_check no_check(void)
{
    return (struct ldap_check){
        .verdict = LDAP_WRONG, .result = LDAP_INVALID_CREDENTIALS, .expires_s = -1, .grace_left = -1
    };
}

bool ldap_check_password(struct ldap_pool *pool, const char *name, struct span password, unsigned wait_ms,
                         struct ldap_check *check_out, struct err *err)
{
    struct ldap_link *link;
    bool ok;

    *err = ERR_INIT;
    *check_out = no_check();
    if (!may_be_sent(name, password))
        return true;
    if (!ldap_link_take(pool, LDAP_LINK_BARE, wait_ms, &link, err))
        return false;
    ok = bind_as(link, name, password, check_out, err);
    ldap_link_release(&link);
    return ok;
}

/* ---- a new one */

static bool change_extended(struct ldap_link *link, const char *dn, struct span old, struct span new,
                            struct err *err)
{
    struct berval user = { strlen(dn), (char *)(uintptr_t)dn },
                  before = { span_length(old), (char *)(uintptr_t)old.p },
                  after = { span_length(new), (char *)(uintptr_t) new.p };
    LDAPMessage *answer;
    int id, code = ldap_passwd(link->ld, &user, &before, &after, NULL, NULL, &id);

    if (code != LDAP_SUCCESS)
        return link_fault(link, code, "password", NULL, err);
    return link_answer(link, id, LDAP_MSG_ALL, &answer, err) && link_result(link, answer, "password", err);
}

/* The password in quotes as UTF-16LE, which AD wants. NULL: it is not UTF-8. */
static struct berval *quoted(const void *owner, struct span password)
{
    char *text = talloc_asprintf(owner, "\"%.*s\"", (int)span_length(password), password.p);
    struct berval *value = talloc_zero(owner, struct berval);
    gsize length;
    gunichar2 *wide = g_utf8_to_utf16(text, -1, NULL, NULL, NULL);

    if (!wide)
        return NULL;
    for (length = 0; wide[length]; length++)
        wide[length] = GUINT16_TO_LE(wide[length]);
    value->bv_len = length * 2;
    value->bv_val = talloc_memdup(value, wide, value->bv_len);
    g_free(wide);
    return value;
}

static bool change_unicode(struct ldap_link *link, const char *dn, struct span old, struct span new,
                           struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct berval *before = quoted(scratch, old), *after = quoted(scratch, new);
    struct berval *olds[] = { before, NULL }, *news[] = { after, NULL };
    LDAPMod remove = { .mod_op = LDAP_MOD_DELETE | LDAP_MOD_BVALUES,
                       .mod_type = (char *)(uintptr_t) "unicodePwd",
                       .mod_vals.modv_bvals = olds },
            add = { .mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES,
                    .mod_type = (char *)(uintptr_t) "unicodePwd",
                    .mod_vals.modv_bvals = news },
            *changes[] = { &remove, &add, NULL };
    LDAPMessage *answer;
    int id, code;
    bool ok = before && after;

    if (!ok) {
        err_set(err, ERR_INVALID, "The password is not UTF-8.");
    } else {
        code = ldap_modify_ext(link->ld, dn, changes, NULL, NULL, &id);
        ok = code == LDAP_SUCCESS ? link_answer(link, id, LDAP_MSG_ALL, &answer, err) &&
                                        link_result(link, answer, "unicodePwd", err)
                                  : link_fault(link, code, "unicodePwd", NULL, err);
    }
    talloc_free(scratch);
    return ok;
}

static bool change(struct ldap_link *link, enum ldap_change how, const char *dn, struct span old,
                   struct span new, struct err *err)
{
    if (how == LDAP_CHANGE_UNICODE ? change_unicode(link, dn, old, new, err)
                                   : change_extended(link, dn, old, new, err))
        return true;
    if (err->kind == ERR_INVALID)
        err_set(
            err, ERR_INVALID,
            "The company directory refuses the new password: it is too short, too simple, or was used before.");
    return false;
}

/* AD lets nobody in whose password has to be changed; but whoever names the old one may change it over any connection. */
static bool change_for(struct ldap_pool *pool, enum ldap_change how, const char *dn, struct span old,
                       struct span new, unsigned wait_ms, struct err *err)
{
    struct ldap_link *link;
    bool ok;

    if (!ldap_link_take(pool, LDAP_LINK_SERVICE, wait_ms, &link, err))
        return false;
    ok = change(link, how, dn, old, new, err);
    ldap_link_release(&link);
    return ok;
}

bool ldap_change_password(struct ldap_pool *pool, enum ldap_change how, const char *dn, const char *name,
                          struct span old, struct span new, unsigned wait_ms, struct err *err)
{
    struct ldap_check check = no_check();
    struct ldap_link *link;
    bool ok;

    *err = ERR_INIT;
    if (!may_be_sent(name, old))
        return err_set(err, ERR_AUTH, "That is not the password of the account.");
    if (!may_be_sent(name, new))
        return err_set(err, ERR_INVALID, "A password must not be empty.");
    if (!ldap_link_take(pool, LDAP_LINK_BARE, wait_ms, &link, err))
        return false;
    ok = bind_as(link, name, old, &check, err);
    if (ok && check.result == LDAP_SUCCESS)
        ok = change(link, how, dn, old, new, err);
    else if (ok && check.verdict != LDAP_MUST_CHANGE && check.verdict != LDAP_PASSWORD_EXPIRED)
        ok = err_log(err, "%s: %s", name, ldap_verdict_name(check.verdict)) ||
             err_set(err, ERR_AUTH, "That is not the password of the account.");
    ldap_link_release(&link);
    if (ok && check.result != LDAP_SUCCESS)
        ok = how == LDAP_CHANGE_UNICODE
                 ? change_for(pool, how, dn, old, new, wait_ms, err)
                 : err_set(err, ERR_DENIED,
                           "The password has expired; only an administrator can set a new one.");
    return ok;
}
