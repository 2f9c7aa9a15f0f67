/* bind.c -- a login. slapd answers anonymous binds itself, and refuses those without a password. */
#include "auth/auth.h"
#include "slapd/call.h"
#include "slapd/name.h"

static const char wrong[] = "The name or the password is wrong.";

static const char *login_of(const struct slapd_call *call)
{
    struct name name;

    return name_read(call->arena, call->request->name, &name) ? name_login(call->arena, &name) : NULL;
}

void slapd_bind(struct slapd_call *call)
{
    const struct slapd_request *request = call->request;
    const struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = request->peer };
    const char *login = login_of(call);
    struct identity *identity;
    struct err err = ERR_INIT;
    unsigned delay_ms;

    if (!request->is_simple) {
        slapd_result(call, RESULT_AUTH_METHOD, "Log in with a name and a password.");
    } else if (!request->is_encrypted &&
               !call->options->may_send_password(call->options->arg, &request->peer)) {
        slapd_result(call, RESULT_NEEDS_TLS, "Passwords are taken over TLS only: StartTLS, or ldaps.");
    } else if (!login) {
        slapd_result(call, RESULT_WRONG_CREDENTIALS, wrong);
    } else if (auth_password(call->options->auth, call->arena, &asked, span_text(login), request->password,
                             &identity, &delay_ms, &err)) {
        slapd_result(call, RESULT_SUCCESS, NULL);
    } else if (slapd_hold_back(call->door, delay_ms)) {
        slapd_result_of(call, &err);
    } else {
        slapd_result(call, RESULT_BUSY, "There were too many failed logins. Please try again later.");
    }
}
