/*
 * test_sasl.c -- whole SASL exchanges; for SCRAM, GNU SASL is the client.
 */
#include "auth/sasl.h"

#include "auth/password.h"
#include "base/digest.h"
#include "kit/directory.h"

#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char right[] = "p\xC3\xA4ss w\xC3\xB6rd";
static const char exporter[] = "32 bytes that TLS exports, or so";

struct fixture {
    struct kit_directory *kit;
    struct auth *auth;
    struct auth_request request;
    struct sasl_channel channel;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static bool check_token(void *arg, const void *owner, const char *name, struct span token, char **login_out,
                        struct err *err)
{
    (void)arg;
    (void)name;
    if (span_equals_text(token, "busy"))
        return err_set(err, ERR_BUSY, "later");
    if (!span_equals_text(token, "good"))
        return err_set(err, ERR_AUTH, "bad token");
    *login_out = talloc_strdup(owner, "ada@example.org");
    return true;
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    struct credential credential;

    f->kit = kit_directory(f);
    struct auth_options options = { .directory = f->kit->directory, .check_token = check_token };
    OK(password_hash(f, span_text(right), &credential, &f->err));
    kit_user(f->kit, "ada@example.org", &credential);
    kit_user(f->kit, "a=b@example.org", &credential);
    f->request = (struct auth_request){ .protocol = PROTOCOL_SMTP };
    assert_true(net_address_parse(span_text("192.0.2.1"), &f->request.peer));
    f->channel = (struct sasl_channel){ .may_send_password = true,
                                        .tls_exporter = span_text(exporter),
                                        .tls_end_point = span_text("certificate hash") };
    OK(auth_open(f, &options, &f->auth, &f->err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    auth_close(&f->auth);
    talloc_free(f);
    return 0;
}

static struct sasl *begin(struct fixture *f, const char *mechanism)
{
    struct sasl *sasl;

    OK(sasl_start(f->auth, f, &f->request, &f->channel, span_text(mechanism), &sasl, &f->err));
    return sasl;
}

static enum sasl_next say(struct fixture *f, struct sasl *sasl, const char *bytes, size_t length,
                          char *answer)
{
    struct span response = span_of(bytes, length), challenge;
    enum sasl_next next = sasl_step(sasl, &response, &challenge, &f->err);

    snprintf(answer, 1000, "%.*s", (int)span_length(challenge), challenge.p);
    return next;
}

static const char *names_of(struct fixture *f, struct sasl_channel channel)
{
    char *text = talloc_strdup(f, "");

    for (const char **name = sasl_mechanisms(f->auth, f, PROTOCOL_IMAP, &channel); *name; name++)
        text = talloc_asprintf_append(text, "%s ", *name);
    return text;
}

static void what_is_offered(void **state)
{
    struct fixture *f = *state;
    struct sasl *sasl;

    assert_string_equal(names_of(f, f->channel),
                        "SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN ");
    assert_string_equal(
        names_of(f, (struct sasl_channel){ .may_send_password = true, .certificate_login = "x" }),
        "EXTERNAL SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN ");
    assert_string_equal(names_of(f, (struct sasl_channel){ .may_send_password = false }), "");
    assert_false(sasl_start(f->auth, f, &f->request, &f->channel, span_text("CRAM-MD5"), &sasl, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    assert_false(sasl_start(f->auth, f, &f->request, &f->channel, span_text("EXTERNAL"), &sasl, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
    f->channel.may_send_password = false;
    assert_false(sasl_start(f->auth, f, &f->request, &f->channel, span_text("plain"), &sasl, &f->err));
    assert_int_equal(f->err.kind, ERR_DENIED);
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *what, *bytes;
    size_t length;
    enum sasl_next next;
    enum err_kind kind;
} plains[] = {
    { "right", BYTES("\0ada@example.org\0p\xC3\xA4ss w\xC3\xB6rd"), SASL_OK, ERR_NONE },
    { "acting for oneself", BYTES("ada@example.org\0ADA@example.org\0p\xC3\xA4ss w\xC3\xB6rd"), SASL_OK,
      ERR_NONE },
    { "acting for another", BYTES("bob@example.net\0ada@example.org\0p\xC3\xA4ss w\xC3\xB6rd"), SASL_FAILED,
      ERR_DENIED },
    { "wrong", BYTES("\0ada@example.org\0wrong"), SASL_FAILED, ERR_AUTH },
    { "empty", BYTES(""), SASL_FAILED, ERR_INVALID },
    { "one NUL", BYTES("\0ada@example.org"), SASL_FAILED, ERR_INVALID },
    { "no password", BYTES("\0ada@example.org\0"), SASL_FAILED, ERR_INVALID },
    { "no name", BYTES("\0\0secret"), SASL_FAILED, ERR_INVALID },
    { "NUL in the password", BYTES("\0ada@example.org\0p\0q"), SASL_FAILED, ERR_INVALID },
};

static void plain(void **state)
{
    struct fixture *f = *state;
    char answer[1000];
    struct span challenge;

    for (size_t i = 0; i < COUNT_OF(plains); i++) {
        struct sasl *sasl = begin(f, "Plain");
        assert_int_equal(sasl_step(sasl, NULL, &challenge, &f->err), SASL_CHALLENGE);
        assert_true(span_is_empty(challenge));
        enum sasl_next next = say(f, sasl, plains[i].bytes, plains[i].length, answer);
        if (next != plains[i].next || (next == SASL_FAILED && f->err.kind != plains[i].kind))
            fail_msg("%s: %s", plains[i].what, f->err.user);
        assert_true((next == SASL_OK) == (sasl_identity(sasl) != NULL));
    }
    struct sasl *sasl = begin(f, "PLAIN");
    char *huge = talloc_zero_size(f, 20000);
    assert_int_equal(say(f, sasl, huge, 20000, answer), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_INVALID);
}

static void login(void **state)
{
    struct fixture *f = *state;
    char answer[1000];
    struct span challenge;
    struct sasl *sasl = begin(f, "LOGIN");

    assert_int_equal(sasl_step(sasl, NULL, &challenge, &f->err), SASL_CHALLENGE);
    assert_true(span_equals_text(challenge, "Username:"));
    assert_int_equal(say(f, sasl, BYTES("ada@example.org"), answer), SASL_CHALLENGE);
    assert_string_equal(answer, "Password:");
    assert_int_equal(say(f, sasl, right, strlen(right), answer), SASL_OK);
    assert_string_equal(sasl_identity(sasl)->login, "ada@example.org");
    sasl = begin(f, "LOGIN"); /* the name as initial response */
    assert_int_equal(say(f, sasl, BYTES("ada@example.org"), answer), SASL_CHALLENGE);
    assert_int_equal(say(f, sasl, BYTES("wrong"), answer), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_AUTH);
    assert_int_equal(sasl_delay_ms(sasl), 2000);
    assert_string_equal(sasl_login(sasl), "ada@example.org");
    assert_int_equal(say(f, sasl, right, strlen(right), answer),
                     SASL_FAILED); /* no second try in one exchange */
}

/* A GNU SASL client against us. */
struct client {
    const char *login, *password, *exporter;
};

static int client_property(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
    const struct client *client = gsasl_callback_hook_get(context);

    if (property == GSASL_CB_TLS_EXPORTER && client->exporter) {
        char *encoded;
        size_t length;
        gsasl_base64_to(client->exporter, strlen(client->exporter), &encoded, &length);
        gsasl_property_set(session, property, encoded);
        gsasl_free(encoded);
        return GSASL_OK;
    }
    if (property != GSASL_AUTHID && property != GSASL_PASSWORD)
        return GSASL_NO_CALLBACK;
    gsasl_property_set(session, property, property == GSASL_AUTHID ? client->login : client->password);
    return GSASL_OK;
}

/* Runs the exchange; SASL_OK also means that the client has accepted our signature. */
static enum sasl_next converse(struct fixture *f, const char *mechanism, struct client *client,
                               struct sasl **sasl_out)
{
    Gsasl *context;
    Gsasl_session *session;
    enum sasl_next next = SASL_CHALLENGE;
    struct span challenge = { "", "" };
    struct sasl *sasl = *sasl_out = begin(f, mechanism);
    int result = GSASL_NEEDS_MORE;

    assert_int_equal(gsasl_init(&context), GSASL_OK);
    gsasl_callback_hook_set(context, client);
    gsasl_callback_set(context, client_property);
    assert_int_equal(gsasl_client_start(context, mechanism, &session), GSASL_OK);
    while (next == SASL_CHALLENGE) {
        char *output = NULL;
        size_t length = 0;
        result = gsasl_step(session, challenge.p, span_length(challenge), &output, &length);
        if (result != GSASL_OK && result != GSASL_NEEDS_MORE)
            fail_msg("the client: %s", gsasl_strerror(result));
        struct span response = span_of(output ? output : "", length);
        next = sasl_step(sasl, &response, &challenge, &f->err);
        gsasl_free(output);
    }
    if (next == SASL_OK)
        assert_int_equal(result, GSASL_OK);
    gsasl_finish(session);
    gsasl_done(context);
    return next;
}

static void scram(void **state)
{
    struct fixture *f = *state;
    struct sasl *sasl;
    struct client client = { "ada@example.org", right, NULL };

    f->channel.tls_exporter = f->channel.tls_end_point = (struct span){ NULL, NULL };
    if (converse(f, "SCRAM-SHA-256", &client, &sasl) != SASL_OK)
        fail_msg("%s / %s", f->err.user, f->err.log);
    assert_string_equal(sasl_identity(sasl)->login, "ada@example.org");
    client.login = "a=b@example.org"; /* escaped on the wire */
    assert_int_equal(converse(f, "SCRAM-SHA-256", &client, &sasl), SASL_OK);
    assert_string_equal(sasl_identity(sasl)->login, "a=b@example.org");
    client.login = "ada@example.org";
    client.password = "wrong";
    assert_int_equal(converse(f, "SCRAM-SHA-256", &client, &sasl), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_AUTH);
    assert_int_equal(sasl_delay_ms(sasl), 2000);
    client.login = "nobody@example.org";
    assert_int_equal(converse(f, "SCRAM-SHA-256", &client, &sasl), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_AUTH);
}

static void scram_plus(void **state)
{
    struct fixture *f = *state;
    struct sasl *sasl;
    struct client client = { "ada@example.org", right, exporter };

    if (converse(f, "SCRAM-SHA-256-PLUS", &client, &sasl) != SASL_OK)
        fail_msg("%s / %s", f->err.user, f->err.log);
    client.exporter = "somebody in the middle has another one";
    assert_int_equal(converse(f, "SCRAM-SHA-256-PLUS", &client, &sasl), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_INVALID);
}

static const struct {
    const char *what, *mechanism, *first;
} broken[] = {
    { "nothing", "SCRAM-SHA-256", "" },
    { "no flag", "SCRAM-SHA-256", "n=ada@example.org,r=abc" },
    { "binding where there is none", "SCRAM-SHA-256", "p=tls-exporter,,n=ada@example.org,r=abc" },
    { "no binding in -PLUS", "SCRAM-SHA-256-PLUS", "n,,n=ada@example.org,r=abc" },
    { "an unknown binding", "SCRAM-SHA-256-PLUS", "p=tls-unique,,n=ada@example.org,r=abc" },
    { "our -PLUS was cut out of the list", "SCRAM-SHA-256", "y,,n=ada@example.org,r=abc" },
    { "another's name", "SCRAM-SHA-256", "n,a=bob@example.net,n=ada@example.org,r=abc" },
    { "an unknown extension", "SCRAM-SHA-256", "n,,m=x,n=ada@example.org,r=abc" },
    { "no name", "SCRAM-SHA-256", "n,,n=,r=abc" },
    { "a bad escape", "SCRAM-SHA-256", "n,,n=a=b,r=abc" },
    { "no nonce", "SCRAM-SHA-256", "n,,n=ada@example.org,r=" },
    { "a nonce with a space", "SCRAM-SHA-256", "n,,n=ada@example.org,r=a b" },
};

static void broken_first_messages(void **state)
{
    struct fixture *f = *state;
    char answer[1000];

    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct sasl *sasl = begin(f, broken[i].mechanism);
        if (say(f, sasl, broken[i].first, strlen(broken[i].first), answer) != SASL_FAILED ||
            f->err.kind != ERR_INVALID)
            fail_msg("%s: %s", broken[i].what, answer);
    }
    struct sasl *sasl = begin(f, "SCRAM-SHA-256");
    assert_int_equal(say(f, sasl, BYTES("n,,n=a\0b,r=abc"), answer), SASL_FAILED);
}

static const char *const broken_finals[] = {
    "",
    "c=biws",
    "c=biws,r=%s",
    "c=biws,r=%s,p=",
    "c=biws,r=%s,p=AAAA",
    "c=eSws,r=%s,p=AAAA",
    "c=biws,r=%sx,p=AAAA",
    "c=biws,r=%s,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "c=biws,r=%s,x=y,p=!!!!",
    "r=%s,c=biws,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
};

static void broken_final_messages(void **state)
{
    struct fixture *f = *state;
    char answer[1000], nonce[300], final[1000];

    for (size_t i = 0; i < COUNT_OF(broken_finals); i++) {
        struct sasl *sasl = begin(f, "SCRAM-SHA-256");
        f->request.peer.bytes[15] = (uint8_t)i;
        assert_int_equal(say(f, sasl, BYTES("n,,n=ada@example.org,r=abc"), answer), SASL_CHALLENGE);
        assert_int_equal(sscanf(answer, "r=%299[^,],s=", nonce), 1);
        assert_memory_equal(nonce, "abc", 3);
        assert_true(strlen(nonce) > 20);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(final, sizeof final, broken_finals[i], nonce);
#pragma GCC diagnostic pop
        if (say(f, sasl, final, strlen(final), answer) != SASL_FAILED || sasl_identity(sasl))
            fail_msg("%s", final);
        assert_int_equal(say(f, sasl, "", 0, answer), SASL_FAILED); /* and an empty one does not turn it */
    }
}

static void an_unknown_account_has_a_salt_that_stays(void **state)
{
    struct fixture *f = *state;
    char one[1000], two[1000], other[1000];

    say(f, begin(f, "SCRAM-SHA-256"), BYTES("n,,n=nobody@example.org,r=abc"), one);
    say(f, begin(f, "SCRAM-SHA-256"), BYTES("n,,n=nobody@example.org,r=abc"), two);
    say(f, begin(f, "SCRAM-SHA-256"), BYTES("n,,n=nobodz@example.org,r=abc"), other);
    assert_string_not_equal(one, two);
    assert_string_equal(strstr(one, ",s="), strstr(two, ",s="));
    assert_string_not_equal(strstr(one, ",s="), strstr(other, ",s="));
    assert_non_null(strstr(one, ",i=10000"));
}

static void external(void **state)
{
    struct fixture *f = *state;
    char answer[1000];

    f->channel.certificate_login = "ada@example.org";
    assert_int_equal(say(f, begin(f, "EXTERNAL"), "", 0, answer), SASL_OK);
    assert_int_equal(say(f, begin(f, "EXTERNAL"), BYTES("Ada@example.org"), answer), SASL_OK);
    assert_int_equal(say(f, begin(f, "EXTERNAL"), BYTES("bob@example.net"), answer), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_DENIED);
    f->channel.certificate_login = "nobody@example.org";
    assert_int_equal(say(f, begin(f, "EXTERNAL"), "", 0, answer), SASL_FAILED);
    assert_int_equal(f->err.kind, ERR_AUTH);
}

static const struct {
    const char *what, *message;
    enum sasl_next next;
    enum err_kind kind;
    const char *status;
} bearers[] = {
    { "good",
      "n,a=ada@example.org,\x01host=x\x01port=143\x01"
      "auth=Bearer good\x01\x01",
      SASL_OK, ERR_NONE },
    { "without a name",
      "n,,\x01"
      "auth=Bearer good\x01\x01",
      SASL_OK, ERR_NONE },
    { "for another",
      "n,a=bob@example.net,\x01"
      "auth=Bearer good\x01\x01",
      SASL_CHALLENGE, ERR_DENIED },
    { "a bad token",
      "n,,\x01"
      "auth=Bearer stolen\x01\x01",
      SASL_CHALLENGE, ERR_AUTH },
    { "cannot be checked",
      "n,,\x01"
      "auth=Bearer busy\x01\x01",
      SASL_FAILED, ERR_BUSY },
    { "no token: what is asked for?", "n,,\x01host=x\x01\x01", SASL_CHALLENGE, ERR_AUTH, "invalid_request" },
    { "an empty one",
      "n,a=ada@example.org,\x01"
      "auth=\x01\x01",
      SASL_CHALLENGE, ERR_AUTH, "invalid_request" },
    { "another scheme",
      "n,,\x01"
      "auth=Basic good\x01\x01",
      SASL_CHALLENGE, ERR_AUTH, "invalid_request" },
    { "a scheme in capitals",
      "n,,\x01"
      "auth=BEARER good\x01\x01",
      SASL_OK, ERR_NONE },
    { "an escaped name",
      "n,a=ada=40example.org,\x01"
      "auth=Bearer good\x01\x01",
      SASL_FAILED, ERR_INVALID },
    { "channel binding",
      "p=tls-exporter,,\x01"
      "auth=Bearer good\x01\x01",
      SASL_FAILED, ERR_INVALID },
    { "a key that is none",
      "n,,\x01"
      "a1=x\x01"
      "auth=Bearer good\x01\x01",
      SASL_FAILED, ERR_INVALID },
    { "bytes after the end",
      "n,,\x01"
      "auth=Bearer good\x01\x01x",
      SASL_FAILED, ERR_INVALID },
    { "no end",
      "n,,\x01"
      "auth=Bearer good\x01",
      SASL_FAILED, ERR_INVALID },
    { "nothing", "", SASL_FAILED, ERR_INVALID },
};

static const struct {
    const char *what, *message;
    enum sasl_next next;
    enum err_kind kind;
} xoauth2s[] = {
    { "good",
      "user=ada@example.org\x01"
      "auth=Bearer good\x01\x01",
      SASL_OK, ERR_NONE },
    { "of somebody else",
      "user=a=b@example.org\x01"
      "auth=Bearer good\x01\x01",
      SASL_CHALLENGE, ERR_DENIED },
    { "a bad token",
      "user=ada@example.org\x01"
      "auth=Bearer bad\x01\x01",
      SASL_CHALLENGE, ERR_AUTH },
    { "cannot be checked",
      "user=ada@example.org\x01"
      "auth=Bearer busy\x01\x01",
      SASL_FAILED, ERR_BUSY },
    { "no end", "user=ada@example.org\x01", SASL_FAILED, ERR_INVALID },
    { "nothing", "", SASL_FAILED, ERR_INVALID },
};

static void xoauth2(void **state)
{
    struct fixture *f = *state;
    char answer[1000];

    for (size_t i = 0; i < COUNT_OF(xoauth2s); i++) {
        struct sasl *sasl = begin(f, "XOAUTH2");
        enum sasl_next next = say(f, sasl, xoauth2s[i].message, strlen(xoauth2s[i].message), answer);
        if (next != xoauth2s[i].next)
            fail_msg("%s: %s", xoauth2s[i].what, f->err.user);
        if (next == SASL_CHALLENGE)
            assert_int_equal(say(f, sasl, "", 0, answer), SASL_FAILED);
        if (next != SASL_OK)
            assert_int_equal(f->err.kind, xoauth2s[i].kind);
    }
}

static void oauthbearer(void **state)
{
    struct fixture *f = *state;
    char answer[1000];

    for (size_t i = 0; i < COUNT_OF(bearers); i++) {
        struct sasl *sasl = begin(f, "OAUTHBEARER");
        enum sasl_next next = say(f, sasl, bearers[i].message, strlen(bearers[i].message), answer);
        if (next != bearers[i].next)
            fail_msg("%s: %s", bearers[i].what, f->err.user);
        if (next == SASL_CHALLENGE) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "{\"status\":\"%s\"}",
                     bearers[i].status ? bearers[i].status : "invalid_token");
            assert_string_equal(answer, wanted);
            assert_int_equal(say(f, sasl, "\x01", 1, answer), SASL_FAILED);
        }
        if (next != SASL_OK)
            assert_int_equal(f->err.kind, bearers[i].kind);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_offered),
        TEST(plain),
        TEST(login),
        TEST(scram),
        TEST(scram_plus),
        TEST(broken_first_messages),
        TEST(broken_final_messages),
        TEST(an_unknown_account_has_a_salt_that_stays),
        TEST(external),
        TEST(oauthbearer),
        TEST(xoauth2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
