/* password.c -- a person's own password: what it has to be, and another one for who cannot log in because of it. */
#include "admin_api/call.h"
#include "admin_api/language.h"
#include "admin_api/session.h"
#include "auth/change.h"
#include "base/log.h"

#include <talloc.h>

enum { DAY_S = 86400 };

/* What is asked for, piece by piece; the French beside it. */
struct sentence {
    char *text;
    bool is_french;
};

static void add(struct sentence *sentence, const char *en, const char *fr, int64_t number)
{
    const char *format = sentence->is_french ? fr : en;

    sentence->text = talloc_asprintf_append(sentence->text, "%s", *sentence->text ? " " : "");
    while (*format) {
        if (*format == '#')
            sentence->text = talloc_asprintf_append(sentence->text, "%lld", (long long)number);
        else
            sentence->text = talloc_strndup_append(sentence->text, format, 1);
        format++;
    }
}

static const char *describe(struct admin_call *call, const struct password_policy *policy)
{
    struct sentence sentence = { talloc_strdup(call->arena, ""),
                                 language_is_french(http_header(call->request, "Accept-Language")) };

    if (policy->is_elsewhere)
        add(&sentence, "The password is kept in your company's directory.",
            "Le mot de passe est conservé dans l’annuaire de votre entreprise.", 0);
    if (!policy->is_known)
        add(&sentence, "It does not say what it asks of a password.",
            "Celui-ci ne dit pas ce qu’il exige d’un mot de passe.", 0);
    if (policy->min_length)
        add(&sentence, "It has at least # characters.", "Il a au moins # caractères.", policy->min_length);
    if (policy->is_complex)
        add(&sentence,
            "It has three of these: capital letters, small letters, digits, other signs; and not your name.",
            "Il contient trois de ces sortes : majuscules, minuscules, chiffres, autres signes ; et pas votre nom.",
            0);
    if (policy->history)
        add(&sentence, "It is none of your last #.", "Il n’est aucun de vos # derniers.", policy->history);
    if (policy->min_age_s >= DAY_S)
        add(&sentence, "It can be changed again after # days.",
            "Il peut être changé de nouveau après # jours.", policy->min_age_s / DAY_S);
    if (policy->max_age_s >= DAY_S)
        add(&sentence, "It holds for # days.", "Il vaut # jours.", policy->max_age_s / DAY_S);
    return sentence.text;
}

static bool needs_session(const struct admin_call *call, struct err *err)
{
    return (call->token && call->token->is_session) ||
           err_set(err, ERR_DENIED, "This is for sessions of people.");
}

static bool needs_auth(const struct admin_call *call, struct err *err)
{
    return call->api->options.auth || err_set(err, ERR_BUSY, "Nobody can log in at the moment.");
}

json_t *session_password_rules(struct admin_call *call, const char *login)
{
    struct password_policy policy;
    struct err err = ERR_INIT;

    if (!auth_password_policy(call->api->options.auth, call->arena, login, &policy, &err)) {
        log_err(LOG_LEVEL_INFO, "admin.password_rules", &err);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:b, s:I, s:b, s:I, s:I, s:I}", "kept_in",
                     policy.is_elsewhere ? "directory" : "chappe", "policy", describe(call, &policy), "known",
                     policy.is_known, "min_length", (json_int_t)policy.min_length, "complex",
                     policy.is_complex, "history", (json_int_t)policy.history, "min_age_days",
                     (json_int_t)(policy.min_age_s / DAY_S), "max_age_days",
                     (json_int_t)(policy.max_age_s / DAY_S));
}

bool session_password_get(struct admin_call *call, struct err *err)
{
    if (!needs_session(call, err) || !needs_auth(call, err))
        return false;
    json_t *rules = session_password_rules(call, call->token->login);
    return rules ? call_answer(call, rules)
                 : err_set(err, ERR_BUSY, "The company directory cannot be used now.");
}

bool expired_password_post(struct admin_call *call, struct err *err)
{
    struct auth_request request = { .protocol = PROTOCOL_ADMIN,
                                    .peer = *http_peer(call->request),
                                    .is_try = call_is_rehearsal(call) };

    if (!call->is_remote)
        return err_set(err, ERR_NOT_FOUND, "There is nothing to log in to here.");
    call->limit_status = 429; /* too many failures: try later */
    return needs_auth(call, err) &&
           auth_change_password(call->api->options.auth, &request, NULL, CHANGE_EXPIRED,
                                span_text(call_text(call, "login")), span_text(call_text(call, "password")),
                                span_text(call_text(call, "new_password")), err);
}
