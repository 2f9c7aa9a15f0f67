/* change.c -- changing a password: who may, and where it is kept. */
#include "auth/change.h"

#include "auth/company.h"
#include "auth/password.h"
#include "auth/prepare.h"
#include "base/digest.h"

#include <talloc.h>

struct change {
    struct auth *auth;
    const struct auth_request *request;
    const struct actor *actor;
    enum password_change kind;
    struct account account;
    struct span old, new;
};

static bool wrong(const struct change *change, struct err *err)
{
    unsigned delay_ms;

    return account_refuse(change->auth, change->request, &change->account, false, &delay_ms, err);
}

/* ---- kept here */

static bool is_old(struct change *change, bool *is_right_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct span prepared = password_prepare(scratch, change->old);
    const struct account *account = &change->account;
    bool has_one = account->is_known && account->login.has_credential;
    bool done = gate_enter(&change->auth->gate, err);

    if (done) {
        enum argon2_verdict verdict =
            password_verify(has_one ? account->login.credential.argon2 : nobodys_argon2(), prepared);
        gate_leave(&change->auth->gate);
        *is_right_out = has_one && verdict == ARGON2_RIGHT;
    }
    if (prepared.p != change->old.p)
        secret_erase((char *)(uintptr_t)prepared.p, span_length(prepared));
    talloc_free(scratch);
    return done;
}

static bool change_here(struct change *change, struct err *err)
{
    struct credential credential;
    void *scratch = talloc_new(NULL);
    bool is_right = false;
    bool done = is_old(change, &is_right, err) && (is_right || wrong(change, err)) &&
                (change->kind == CHANGE_ANY ||
                 err_set(err, ERR_DENIED, "Your password has not expired: log in, and change it there.")) &&
                password_hash(scratch, change->new, &credential, err) &&
                credential_set(change->auth->options.directory, change->actor,
                               change->account.login.recipient_id, &credential, err);

    talloc_free(scratch);
    return done;
}

/* ---- kept in a company directory */

static bool is_due(enum ldap_verdict verdict)
{
    return verdict == LDAP_PASSWORD_EXPIRED || verdict == LDAP_MUST_CHANGE;
}

static bool may_change(struct change *change, struct err *err)
{
    struct company_answer answer;

    if (!company_check(change->auth, &change->account.login, change->old, &answer, err))
        return false;
    if (answer.verdict == LDAP_WRONG || answer.verdict == LDAP_UNKNOWN)
        return wrong(change, err);
    if (answer.verdict == LDAP_RIGHT && change->kind == CHANGE_EXPIRED)
        return err_set(err, ERR_DENIED, "Your password has not expired: log in, and change it there.");
    return answer.verdict == LDAP_RIGHT || is_due(answer.verdict) || company_refuse(answer.verdict, err);
}

static bool change_there(struct change *change, struct err *err)
{
    return may_change(change, err) &&
           (change->request->is_try ||
            company_change(change->auth, &change->account.login, change->old, change->new, err)) &&
           credential_changed(change->auth->options.directory, change->actor,
                              change->account.login.recipient_id, err);
}

bool auth_change_password(struct auth *auth, const struct auth_request *request, const struct actor *actor,
                          enum password_change kind, struct span login, struct span old, struct span new,
                          struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct change change = {
        .auth = auth, .request = request, .actor = actor, .kind = kind, .old = old, .new = new
    };
    struct actor self;

    *err = ERR_INIT;
    bool done = account_find(auth, scratch, request, login, &change.account, err);
    if (done && change.account.is_known && change.account.login.state != RECIPIENT_ACTIVE)
        done = wrong(&change, err);
    if (done && !actor) {
        char peer[NET_ADDRESS_TEXT];
        self = (struct actor){ .name = change.account.login.login,
                               .recipient_id = change.account.login.recipient_id,
                               .organisation_id = change.account.login.organisation_id,
                               .peer = talloc_strdup(scratch, net_address_text(&request->peer, peer)) };
        change.actor = &self;
    }
    bool is_there = done && change.account.is_known && change.account.login.source_id != 0;
    done = done && (is_there ? change_there(&change, err) : change_here(&change, err));
    talloc_free(scratch);
    return done;
}

bool auth_password_policy(struct auth *auth, const void *owner, const char *login,
                          struct password_policy *policy_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct account account;

    *err = ERR_INIT;
    *policy_out =
        (struct password_policy){ .keeper = "", .is_known = true, .min_length = PASSWORD_LENGTH_MIN };
    bool done = account_look_up(auth, scratch, span_text(login), &account, err);
    if (done && account.is_known && account.login.source_id != 0)
        done = company_policy(auth, owner, &account.login, policy_out, err);
    talloc_free(scratch);
    return done;
}
