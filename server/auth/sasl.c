/*
 * sasl.c -- the table of mechanisms, and the simple ones.
 */
#include "auth/sasl.h"

#include "auth/mechanism.h"

#include <talloc.h>

enum { RESPONSE_MAX = 16 * 1024 };

static bool has_binding(const struct auth *auth, enum directory_protocol protocol,
                        const struct sasl_channel *channel)
{
    (void)protocol;
    (void)auth;
    return !span_is_empty(channel->tls_exporter) || !span_is_empty(channel->tls_end_point);
}

static bool always(const struct auth *auth, enum directory_protocol protocol,
                   const struct sasl_channel *channel)
{
    (void)protocol;
    (void)auth;
    (void)channel;
    return true;
}

static bool has_certificate(const struct auth *auth, enum directory_protocol protocol,
                            const struct sasl_channel *channel)
{
    (void)protocol;
    (void)auth;
    return channel->certificate_login != NULL;
}

static bool has_tokens(const struct auth *auth, enum directory_protocol protocol,
                       const struct sasl_channel *channel)
{
    (void)protocol;
    (void)channel;
    return auth->options.check_token &&
           (!auth->options.has_tokens || auth->options.has_tokens(auth->options.check_token_arg));
}

static bool has_keytab(const struct auth *auth, enum directory_protocol protocol,
                       const struct sasl_channel *channel)
{
    (void)channel;
    return kerberos_is_ready(auth->kerberos, protocol);
}

/* Best first. */
static const struct mechanism mechanisms[] = {
    /* name                 offered          step */
    { "EXTERNAL", has_certificate, external_step },    /* RFC 4422, A */
    { "GSSAPI", has_keytab, gssapi_step },             /* RFC 4752 */
    { "SCRAM-SHA-256-PLUS", has_binding, scram_step }, /* RFC 7677 */
    { "SCRAM-SHA-256", always, scram_step },
    { "OAUTHBEARER", has_tokens, bearer_step }, /* RFC 7628 */
    { "XOAUTH2", has_tokens, xoauth2_step },    /* before there was the RFC, as Google and Microsoft do it */
    { "PLAIN", always, plain_step },            /* RFC 4616 */
    { "LOGIN", always, login_step },            /* as Outlook does it */
};

static bool is_offered(const struct mechanism *mechanism, const struct auth *auth,
                       enum directory_protocol protocol, const struct sasl_channel *channel)
{
    return channel->may_send_password && mechanism->is_offered(auth, protocol, channel);
}

const char **sasl_mechanisms(struct auth *auth, const void *owner, enum directory_protocol protocol,
                             const struct sasl_channel *channel)
{
    const char **names = talloc_array(owner, const char *, COUNT_OF(mechanisms) + 1);
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (is_offered(&mechanisms[i], auth, protocol, channel))
            names[count++] = mechanisms[i].name;
    names[count] = NULL;
    return names;
}

bool sasl_start(struct auth *auth, const void *owner, const struct auth_request *request,
                const struct sasl_channel *channel, struct span mechanism, struct sasl **sasl_out,
                struct err *err)
{
    *err = ERR_INIT;
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
        if (!span_equals_nocase(mechanism, mechanisms[i].name))
            continue;
        if (!channel->may_send_password)
            return err_set(err, ERR_DENIED, "Logging in needs an encrypted connection.");
        if (!is_offered(&mechanisms[i], auth, request->protocol, channel))
            break;
        *sasl_out = talloc_zero(owner, struct sasl);
        **sasl_out = (struct sasl){ .auth = auth,
                                    .request = *request,
                                    .channel = *channel,
                                    .login = "",
                                    .mechanism = &mechanisms[i],
                                    .challenge = BUF_INIT(*sasl_out) };
        return true;
    }
    return err_set(err, ERR_INVALID, "This way to log in is not supported.");
}

enum sasl_next sasl_step(struct sasl *sasl, const struct span *response, struct span *challenge_out,
                         struct err *err)
{
    *err = ERR_INIT;
    *challenge_out = (struct span){ "", "" };
    if (response && span_length(*response) > RESPONSE_MAX)
        return sasl_broken(err);
    buf_clear(&sasl->challenge);
    enum sasl_next next = sasl->mechanism->step(sasl, response, err);
    if (sasl->challenge.length > 0)
        *challenge_out = buf_span(&sasl->challenge);
    return next;
}

struct identity *sasl_identity(const struct sasl *sasl)
{
    return sasl->identity;
}

unsigned sasl_delay_ms(const struct sasl *sasl)
{
    return sasl->delay_ms;
}

const char *sasl_login(const struct sasl *sasl)
{
    return sasl->login;
}

enum sasl_next sasl_broken(struct err *err)
{
    err_set(err, ERR_INVALID, "The login was not understood.");
    return SASL_FAILED;
}

bool sasl_is_own_name(struct span authorisation, struct span login)
{
    void *scratch = talloc_new(NULL);
    bool is_own =
        span_is_empty(authorisation) ||
        (!span_find_byte(login, '\0') && span_equals_nocase(authorisation, span_copy(scratch, login)));

    talloc_free(scratch);
    return is_own;
}

char *sasl_take_name(const void *owner, struct span *in)
{
    struct span raw;

    if (!span_take_until(in, ',', &raw) || span_is_empty(raw) || span_length(raw) > 3 * LOGIN_LENGTH_MAX)
        return NULL;
    char *name = talloc_size(owner, span_length(raw) + 1), *out = name;
    while (!span_is_empty(raw)) {
        if (*raw.p == '\0')
            return NULL;
        if (*raw.p != '=')
            *out++ = *raw.p++;
        else if (span_take_word(&raw, "=2C"))
            *out++ = ',';
        else if (span_take_word(&raw, "=3D"))
            *out++ = '=';
        else
            return NULL;
    }
    *out = '\0';
    return name;
}

void sasl_set_login(struct sasl *sasl, struct span login)
{
    sasl->login = span_copy(sasl, span_part(login, 0, LOGIN_LENGTH_MAX));
}

static enum sasl_next by_password(struct sasl *sasl, struct span login, struct span password, struct err *err)
{
    sasl_set_login(sasl, login);
    return auth_password(sasl->auth, sasl, &sasl->request, login, password, &sasl->identity, &sasl->delay_ms,
                         err)
               ? SASL_OK
               : SASL_FAILED;
}

/* [authzid] NUL authcid NUL passwd */
enum sasl_next plain_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    struct span authorisation, login, password;

    if (!response)
        return SASL_CHALLENGE; /* an empty one: go on */
    password = *response;
    if (sasl->step++ > 0 || !span_take_until(&password, '\0', &authorisation) ||
        !span_take_until(&password, '\0', &login) || span_is_empty(login) || span_is_empty(password) ||
        span_find_byte(password, '\0'))
        return sasl_broken(err);
    if (!sasl_is_own_name(authorisation, login)) {
        err_set(err, ERR_DENIED, "Acting for somebody else is not supported.");
        return SASL_FAILED;
    }
    return by_password(sasl, login, password, err);
}

/* Never standardised; two prompts whose text some clients compare. */
enum sasl_next login_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    if (!response) {
        buf_add_text(&sasl->challenge, "Username:");
        return SASL_CHALLENGE;
    }
    if (span_find_byte(*response, '\0'))
        return sasl_broken(err);
    if (sasl->step++ == 0) {
        sasl_set_login(sasl, *response);
        buf_add_text(&sasl->challenge, "Password:");
        return SASL_CHALLENGE;
    }
    if (sasl->step > 2)
        return sasl_broken(err);
    return by_password(sasl, span_text(talloc_strdup(sasl, sasl->login)), *response, err);
}

enum sasl_next sasl_by_name(struct sasl *sasl, const char *login, struct err *err)
{
    sasl_set_login(sasl, span_text(login));
    return account_vouched(sasl->auth, sasl, &sasl->request, login, &sasl->identity, &sasl->delay_ms, err)
               ? SASL_OK
               : SASL_FAILED;
}

enum sasl_next external_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    if (!response)
        return SASL_CHALLENGE;
    if (!sasl_is_own_name(*response, span_text(sasl->channel.certificate_login))) {
        err_set(err, ERR_DENIED, "The certificate is not of that account.");
        return SASL_FAILED;
    }
    return sasl_by_name(sasl, sasl->channel.certificate_login, err);
}
