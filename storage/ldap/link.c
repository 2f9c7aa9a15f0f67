/*
 * link.c -- opening one connection: socket, TLS, bind; and waiting for answers.
 */
#include "ldap/link.h"

#include "base/clock.h"
#include "ldap/watch.h"

#include <glib.h>
#include <openldap.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <sasl/sasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <talloc.h>
#include <unistd.h>

int64_t link_rest_ms(const struct ldap_link *link)
{
    int64_t rest = (link->deadline_us - clock_monotonic_us()) / 1000;

    if (rest > link->answer_ms)
        rest = link->answer_ms;
    return rest > 0 ? rest : 0;
}

/* ---- answers */

static const struct {
    int code;
    enum err_kind kind;
    bool breaks; /* the connection is of no use any more */
    const char *sentence;
} faults[] = {
    { LDAP_NO_SUCH_OBJECT, ERR_NOT_FOUND, false, "The directory has no such entry." },
    { LDAP_INVALID_DN_SYNTAX, ERR_INVALID, false, "That is not the name of an entry (DN)." },
    { LDAP_INSUFFICIENT_ACCESS, ERR_DENIED, false, "The directory does not allow that." },
    { LDAP_CONFIDENTIALITY_REQUIRED, ERR_DENIED, false, "The directory wants an encrypted connection." },
    { LDAP_STRONG_AUTH_REQUIRED, ERR_DENIED, false, "The directory wants an encrypted connection." },
    { LDAP_FILTER_ERROR, ERR_INVALID, false, "That is not a search filter." },
    { LDAP_UNAVAILABLE_CRITICAL_EXTENSION, ERR_INVALID, false, "The directory server does not do that." },
    { LDAP_INAPPROPRIATE_MATCHING, ERR_INVALID, false,
      "The directory does not understand the search filter." },
    { LDAP_CONSTRAINT_VIOLATION, ERR_INVALID, false, "The directory refuses the value." },
    { LDAP_UNWILLING_TO_PERFORM, ERR_INVALID, false, "The directory is not willing to do that." },
    { LDAP_INVALID_SYNTAX, ERR_INVALID, false, "The directory refuses the value." },
    { LDAP_UNDEFINED_TYPE, ERR_INVALID, false, "The directory does not know the attribute." },
    { LDAP_OBJECT_CLASS_VIOLATION, ERR_INVALID, false, "The directory does not allow that attribute there." },
    { LDAP_ALREADY_EXISTS, ERR_EXISTS, false, "The directory has that already." },
    { LDAP_TYPE_OR_VALUE_EXISTS, ERR_EXISTS, false, "The directory has that already." },
    { LDAP_SIZELIMIT_EXCEEDED, ERR_LIMIT, false,
      "The directory gives this account no more entries: raise its size limit there." },
    { LDAP_TIMELIMIT_EXCEEDED, ERR_LIMIT, false,
      "The search took longer than the directory or the source allows: raise the time limit." },
    { LDAP_ADMINLIMIT_EXCEEDED, ERR_LIMIT, false,
      "The directory refuses this account so large a search: raise its limits there." },
    { LDAP_REFERRAL, ERR_BUSY, false, "The directory server sends us to another one, where we do not go." },
    { LDAP_SERVER_DOWN, ERR_BUSY, true, "The company directory cannot be reached." },
    { LDAP_TIMEOUT, ERR_BUSY, true, "The company directory did not answer in time." },
    { LDAP_CONNECT_ERROR, ERR_BUSY, true, "The company directory cannot be reached." },
    { LDAP_DECODING_ERROR, ERR_BUSY, true, "The company directory gave an answer that cannot be read." },
    { LDAP_LOCAL_ERROR, ERR_BUSY, true, "The company directory cannot be used now." },
    { LDAP_UNAVAILABLE, ERR_BUSY, true, "The company directory is not available now." },
    { LDAP_BUSY, ERR_BUSY, false, "The company directory is busy." },
};

bool link_fault(struct ldap_link *link, int code, const char *what, const char *diagnostic, struct err *err)
{
    /* what a server says is written down whatever it is */
    char *words = diagnostic ? g_utf8_make_valid(diagnostic, (gssize)strnlen(diagnostic, 200)) : NULL;
    size_t i = 0;

    while (i < COUNT_OF(faults) && faults[i].code != code)
        i++;
    err_log(err, "%s: %s: %s (%d)%s%s", link ? link->url : "-", what, ldap_err2string(code), code,
            words && *words ? ": " : "", words ? words : "");
    g_free(words);
    if (i == COUNT_OF(faults)) {
        if (link && code < 0)
            link->is_broken = true;
        return err_set(err, ERR_BUSY, "The company directory cannot be used now.");
    }
    if (link && faults[i].breaks)
        link->is_broken = true;
    if (link && code == LDAP_TIMEOUT)
        link->has_timed_out = true;
    return err_set(err, faults[i].kind, "%s", faults[i].sentence);
}

bool link_answer(struct ldap_link *link, int message_id, int how_many, LDAPMessage **answer_out,
                 struct err *err)
{
    int64_t rest = link_rest_ms(link);
    struct timeval wait = { .tv_sec = rest / 1000, .tv_usec = rest % 1000 * 1000 };
    int type = rest > 0 ? ldap_result(link->ld, message_id, how_many, &wait, answer_out) : 0;
    int code = LDAP_TIMEOUT;

    if (type > 0)
        return true;
    *answer_out = NULL;
    if (type < 0)
        ldap_get_option(link->ld, LDAP_OPT_RESULT_CODE, &code);
    link->is_broken = true;
    return link_fault(link, code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code, "answer", NULL, err);
}

bool link_result(struct ldap_link *link, LDAPMessage *answer, const char *what, struct err *err)
{
    char *diagnostic = NULL;
    int code = LDAP_DECODING_ERROR, parsed;

    parsed = ldap_parse_result(link->ld, answer, &code, NULL, &diagnostic, NULL, NULL, 1);
    if (parsed != LDAP_SUCCESS)
        code = parsed;
    if (code != LDAP_SUCCESS)
        link_fault(link, code, what, diagnostic, err);
    ldap_memfree(diagnostic);
    return code == LDAP_SUCCESS;
}

/* ---- TLS */

bool pem_file(const char *pem, char name_out[40], int *fd_out, struct err *err)
{
    size_t length = strlen(pem);

    *fd_out = memfd_create("ldap-pem", MFD_CLOEXEC);
    if (*fd_out < 0)
        return err_errno(err, "memfd_create");
    if (write(*fd_out, pem, length) != (ssize_t)length) {
        close(*fd_out);
        *fd_out = -1;
        return err_errno(err, "write");
    }
    snprintf(name_out, 40, "/proc/self/fd/%d", *fd_out);
    return true;
}

static bool set_pem(LDAP *ld, int option, const char *pem, int *fd, struct err *err)
{
    char name[40];

    *fd = -1;
    return !pem || (pem_file(pem, name, fd, err) && ldap_set_option(ld, option, name) == LDAP_OPT_SUCCESS);
}

/* libldap 2.5 loses the structures of a client certificate whenever it makes a context of it. */
static bool make_context(LDAP *ld, const struct ldap_settings *settings, const int *client)
{
    bool ok;

#ifdef __SANITIZE_ADDRESS__
    if (settings->certificate)
        __lsan_disable();
#endif
    ok = ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, client) == LDAP_OPT_SUCCESS;
#ifdef __SANITIZE_ADDRESS__
    if (settings->certificate)
        __lsan_enable();
#endif
    (void)settings;
    return ok;
}

/* The trust store of this handle alone; libldap's TLS keeps no other state. */
static bool fill_tls(LDAP *ld, const struct ldap_settings *settings, struct err *err)
{
    int demand = LDAP_OPT_X_TLS_DEMAND, lowest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0, fds[3];
    bool ok = set_pem(ld, LDAP_OPT_X_TLS_CACERTFILE, settings->trusted, &fds[0], err);

    fds[1] = fds[2] = -1;
    if (ok && !settings->trusted)
        ok = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, "/etc/ssl/certs/ca-certificates.crt") ==
             LDAP_OPT_SUCCESS;
    ok = ok && (!settings->certificate ||
                (set_pem(ld, LDAP_OPT_X_TLS_CERTFILE, settings->certificate, &fds[1], err) &&
                 set_pem(ld, LDAP_OPT_X_TLS_KEYFILE, settings->key, &fds[2], err)));
    ok = ok && ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
         ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &lowest) == LDAP_OPT_SUCCESS &&
         make_context(ld, settings, &client);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (!ok && err->kind == ERR_NONE)
        return err_set(
            err, ERR_BUSY,
            "The certificates of the source cannot be read: they must be PEM, with the key that fits.");
    return ok;
}

/* With a client certificate one context serves all connections of a pool, so that little is lost. */
static bool prepare_tls(struct ldap_link *link, const struct ldap_settings *settings, struct err *err)
{
    int demand = LDAP_OPT_X_TLS_DEMAND;
    void *context = settings->certificate ? pool_tls_context(link->pool) : NULL;

    if (context)
        return ldap_set_option(link->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
               ldap_set_option(link->ld, LDAP_OPT_X_TLS_CTX, context) == LDAP_OPT_SUCCESS;
    if (!fill_tls(link->ld, settings, err))
        return false;
    if (settings->certificate && ldap_get_option(link->ld, LDAP_OPT_X_TLS_CTX, &context) == LDAP_OPT_SUCCESS)
        pool_keep_tls_context(link->pool, context);
    return true;
}

static bool start_tls(struct ldap_link *link, const struct ldap_settings *settings,
                      const struct ldap_target *target, struct err *err)
{
    LDAPMessage *answer;
    char *diagnostic = NULL;
    int id, code;

    if (!prepare_tls(link, settings, err))
        return err->kind == ERR_NONE ? err_set(err, ERR_BUSY, "The company directory cannot be used now.")
                                     : false;
    if (target->tls == LDAP_STARTTLS) {
        code = ldap_start_tls(link->ld, NULL, NULL, &id);
        if (code != LDAP_SUCCESS)
            return link_fault(link, code, "starttls", NULL, err);
        if (!link_answer(link, id, LDAP_MSG_ALL, &answer, err) || !link_result(link, answer, "starttls", err))
            return false;
    }
    code = ldap_install_tls(link->ld);
    if (code == LDAP_SUCCESS)
        return true;
    ldap_get_option(link->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
    link_fault(link, code, "tls", diagnostic, err);
    ldap_memfree(diagnostic);
    return err_set(err, ERR_BUSY, "There is no trusted TLS connection to the company directory.");
}

/* ---- bind */

/* `credential`: of GSSAPI; NULL. What is set before the bind is forgotten by it (libldap 2.5), so it is set when SASL asks. */
static int answer_sasl(LDAP *ld, unsigned flags, void *credential, void *interact)
{
    (void)flags;
    if (credential)
        (void)ldap_set_option(ld, LDAP_OPT_X_SASL_GSS_CREDS, credential);
    for (sasl_interact_t *ask = interact; ask->id != SASL_CB_LIST_END; ask++) {
        ask->result = "";
        ask->len = 0;
    }
    return LDAP_SUCCESS;
}

static bool bind_sasl(struct ldap_link *link, const char *mechanism, void *credential, struct err *err)
{
    LDAPMessage *answer = NULL;
    const char *proceeding = NULL;
    int id = 0, code;

    do {
        code = ldap_sasl_interactive_bind(link->ld, NULL, mechanism, NULL, NULL, LDAP_SASL_QUIET, answer_sasl,
                                          credential, answer, &proceeding, &id);
        if (answer)
            ldap_msgfree(answer);
        answer = NULL;
        if (code == LDAP_SASL_BIND_IN_PROGRESS && !link_answer(link, id, LDAP_MSG_ALL, &answer, err))
            return false;
    } while (code == LDAP_SASL_BIND_IN_PROGRESS);
    if (code != LDAP_SUCCESS) {
        char *diagnostic = NULL;
        ldap_get_option(link->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
        link_fault(link, code, mechanism, diagnostic, err);
        ldap_memfree(diagnostic);
        return err_set(err, ERR_BUSY, "The company directory refuses the account of the source.");
    }
    return true;
}

static bool bind_gssapi(struct ldap_link *link, const struct ldap_settings *settings, bool is_tls,
                        struct err *err)
{
    struct krb_tickets *tickets;
    bool ok;

    /* AD refuses a second layer below TLS */
    if (is_tls)
        (void)ldap_set_option(link->ld, LDAP_OPT_X_SASL_SECPROPS, "maxssf=0");
    (void)ldap_set_option(link->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
    if (!krb_enter(settings, &tickets, err))
        return false;
    ok = bind_sasl(link, "GSSAPI", krb_credential(tickets), err);
    krb_leave(&tickets);
    return ok;
}

static bool bind_simple(struct ldap_link *link, const struct ldap_settings *settings, struct err *err)
{
    const char *password = settings->bind_password ? settings->bind_password : "";
    struct berval credential = { strlen(password), (char *)(uintptr_t)password };
    LDAPMessage *answer;
    int id, code;

    if (!settings->bind_name)
        return true; /* as nobody, which a new connection is */
    code = ldap_sasl_bind(link->ld, settings->bind_name, LDAP_SASL_SIMPLE, &credential, NULL, NULL, &id);
    if (code != LDAP_SUCCESS)
        return link_fault(link, code, "bind", NULL, err);
    if (!link_answer(link, id, LDAP_MSG_ALL, &answer, err))
        return false;
    if (link_result(link, answer, "bind", err))
        return true;
    if (!link->is_broken)
        err_set(err, ERR_BUSY, "The company directory refuses the account of the source.");
    return false;
}

static bool bind_service(struct ldap_link *link, const struct ldap_settings *settings, bool is_tls,
                         struct err *err)
{
    switch (settings->bind) {
    case LDAP_BIND_EXTERNAL:
        return bind_sasl(link, "EXTERNAL", NULL, err);
    case LDAP_BIND_GSSAPI:
        return bind_gssapi(link, settings, is_tls, err);
    default:
        return bind_simple(link, settings, err);
    }
}

/* ---- open, close */

static bool init_handle(struct ldap_link *link, const struct ldap_target *target, int socket, struct err *err)
{
    int version = LDAP_VERSION3, deref = LDAP_DEREF_NEVER;
    ber_len_t most = LDAP_ANSWER_BYTES_MAX;
    struct timeval wait = { .tv_sec = 3 };
    Sockbuf *buffer = NULL;
    int code =
        ldap_init_fd(socket, target->is_local ? LDAP_PROTO_IPC : LDAP_PROTO_TCP, target->url, &link->ld);

    if (code != LDAP_SUCCESS) {
        close(socket);
        return link_fault(NULL, code, target->url, NULL, err);
    }
    ldap_set_option(link->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(link->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(link->ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
    ldap_set_option(link->ld, LDAP_OPT_DEREF, &deref);
    ldap_set_option(link->ld, LDAP_OPT_NETWORK_TIMEOUT, &wait);
    ldap_set_option(link->ld, LDAP_OPT_TIMEOUT, &wait);
    if (ldap_get_option(link->ld, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS && buffer)
        ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most);
    return true;
}

/* TLS, then the bind where there is one; *step_out as in link_open(). */
static bool enter(struct ldap_link *link, const struct ldap_settings *settings,
                  const struct ldap_target *target, enum ldap_step *step_out, struct err *err)
{
    *step_out = LDAP_STEP_TLS;
    if (target->tls != LDAP_PLAIN && !start_tls(link, settings, target, err))
        return false;
    *step_out = LDAP_STEP_BIND;
    if (link->use == LDAP_LINK_SERVICE && !bind_service(link, settings, target->tls != LDAP_PLAIN, err))
        return false;
    *step_out = LDAP_STEPS;
    return true;
}

bool link_open(struct ldap_pool *pool, const struct ldap_settings *settings, const struct ldap_target *target,
               enum ldap_link_use use, int64_t deadline_us, struct ldap_link **link_out,
               enum ldap_step *step_out, struct err *err)
{
    struct ldap_link *link = talloc_zero(NULL, struct ldap_link);
    struct watch watch;
    int socket;
    bool ok;

    *link_out = NULL;
    *step_out = LDAP_STEP_CONNECT;
    *link = (struct ldap_link){ .pool = pool,
                                .url = talloc_strdup(link, target->url),
                                .use = use,
                                .deadline_us = deadline_us,
                                .answer_ms = settings->answer_ms };
    ok = dial(target, deadline_us, &socket, err) && init_handle(link, target, socket, err);
    if (ok) {
        watch_begin(&watch, socket, deadline_us);
        ok = enter(link, settings, target, step_out, err);
        if (watch_end(&watch)) {
            link->has_timed_out = true;
            *err = ERR_INIT;
            err_log(err, "%s: no answer in time", target->url);
            ok = err_set(err, ERR_BUSY, "The company directory did not answer in time.");
        }
    }
    if (!ok)
        link_close(&link);
    *link_out = link;
    return ok;
}

void link_close(struct ldap_link **link)
{
    if (!*link)
        return;
    if ((*link)->ld)
        ldap_unbind_ext((*link)->ld, NULL, NULL);
    talloc_free(*link);
    *link = NULL;
}
