/* test_tls.c -- STARTTLS and AUTH against servers that follow a script: what is demanded is had, or no mail goes. */
#include "connector/outbound.h"
#include "dns/dns.h"
#include "scripted.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

static char folder[] = "/tmp/chappe-test-tls-XXXXXX";
static struct tls_server *tls_good, *tls_wrong_name;
static struct dns *dns;

static struct tls_server *make_server(const char *name, const char *subject)
{
    char certificate[200], key[200];
    const struct tls_pair pair = { certificate, key };
    const struct tls_config config = { .pairs = &pair, .count = 1 };
    struct tls_server *server = NULL;
    struct err err = ERR_INIT;

    snprintf(certificate, sizeof certificate, "%s/%s.pem", folder, name);
    snprintf(key, sizeof key, "%s/%s.key", folder, name);
    if (!tls_demonstration_create(folder, name, &subject, 1, 1, &err) ||
        !tls_server_new(&config, &server, &err))
        fail_msg("%s", err.user);
    return server;
}

static int set_up(void **state)
{
    static const struct dns_options nowhere = { .servers = "127.0.0.1@9" };
    struct err err = ERR_INIT;

    (void)state;
    if (!mkdtemp(folder) || !dns_open(&nowhere, &dns, &err))
        return -1;
    tls_good = make_server("good", "127.0.0.1");
    tls_wrong_name = make_server("wrong", "mx.example.net");
    return 0;
}

static int tear_down(void **state)
{
    char command[300];

    (void)state;
    tls_server_free(&tls_good);
    tls_server_free(&tls_wrong_name);
    dns_close(&dns);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

#define HELLO "S 220 mx.example.org\nC EHLO\nS 250-mx.example.org\\n250-STARTTLS\\n250 SIZE\n"
#define STARTTLS "C STARTTLS\nS 220 go\nT\n"
#define MESSAGE "C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\nD\nS 250 ok\nE\n"
#define PLAIN "S 220 mx.example.org\nC EHLO\nS 250 mx.example.org\n" MESSAGE
#define SECURE STARTTLS "C EHLO\nS 250 mx.example.org\n" MESSAGE

static const struct scene {
    const char *what, *script;
    enum route_tls level;
    bool has_wrong_name, requires_tls;
    enum outbound_verdict verdict;
    const char *enhanced, *tls; /* the end of what the recipient is told; NULL: plain */
    const char *text;
} scenes[] = {
    { "opportunistic", HELLO SECURE, ROUTE_TLS_OPPORTUNISTIC, false, false, OUTBOUND_RELAYED, "2.0.0",
      " verified", "" },
    { "opportunistic, another's name", HELLO SECURE, ROUTE_TLS_OPPORTUNISTIC, true, false, OUTBOUND_RELAYED,
      "2.0.0", " unverified", "" },
    { "opportunistic, not offered", PLAIN, ROUTE_TLS_OPPORTUNISTIC, false, false, OUTBOUND_RELAYED, "2.0.0",
      NULL, "" },
    { "opportunistic, refused", HELLO "C STARTTLS\nS 454 4.7.0 not now\n" MESSAGE, ROUTE_TLS_OPPORTUNISTIC,
      false, false, OUTBOUND_RELAYED, "2.0.0", NULL, "" },
    { "opportunistic, broken handshake: again without",
      HELLO "C STARTTLS\nS 220 go\nI\nS this is no TLS\nE\n=\n" PLAIN, ROUTE_TLS_OPPORTUNISTIC, false, false,
      OUTBOUND_RELAYED, "2.0.0", NULL, "" },
    { "never", HELLO MESSAGE, ROUTE_TLS_NEVER, false, false, OUTBOUND_RELAYED, "2.0.0", NULL, "" },
    { "encrypt, another's name", HELLO SECURE, ROUTE_TLS_ENCRYPT, true, false, OUTBOUND_RELAYED, "2.0.0",
      " unverified", "" },
    { "encrypt, not offered", "S 220 mx\nC EHLO\nS 250 mx\nE\n", ROUTE_TLS_ENCRYPT, false, false,
      OUTBOUND_DEFERRED, "4.7.4", NULL, "does not offer" },
    { "encrypt, refused", HELLO "C STARTTLS\nS 454 4.7.0 not now\nE\n", ROUTE_TLS_ENCRYPT, false, false,
      OUTBOUND_DEFERRED, "4.7.4", NULL, "refused" },
    { "encrypt, broken handshake", HELLO "C STARTTLS\nS 220 go\nI\nS this is no TLS\nE\n", ROUTE_TLS_ENCRYPT,
      false, false, OUTBOUND_DEFERRED, "4.7.5", NULL, "TLS failed" },
    { "encrypt, HELO only", "S 220 mx\nC EHLO\nS 500 what\nC HELO\nS 250 mx\nE\n", ROUTE_TLS_ENCRYPT, false,
      false, OUTBOUND_DEFERRED, "4.7.4", NULL, "does not offer" },
    { "verify", HELLO SECURE, ROUTE_TLS_VERIFY, false, false, OUTBOUND_RELAYED, "2.0.0", " verified", "" },
    { "verify, another's name", HELLO "C STARTTLS\nS 220 go\nT\nE\n", ROUTE_TLS_VERIFY, true, false,
      OUTBOUND_DEFERRED, "4.7.5", NULL, "mismatch" },
    { "implicit", "T\nS 220 mx\nC EHLO\nS 250 mx\n" MESSAGE, ROUTE_TLS_IMPLICIT, false, false,
      OUTBOUND_RELAYED, "2.0.0", " verified", "" },
    { "implicit at a plain port", "S 220 mx\nE\n", ROUTE_TLS_IMPLICIT, false, false, OUTBOUND_DEFERRED,
      "4.7.5", NULL, "TLS failed" },
    { "commands' replies injected with the handshake's",
      HELLO "C STARTTLS\nR 220 go\\n250-mx\\n250 AUTH PLAIN\\n\nE\n", ROUTE_TLS_VERIFY, false, false,
      OUTBOUND_DEFERRED, "4.7.5", NULL, "more than its reply" },
    { "a reply injected before the handshake", HELLO "C STARTTLS\nR 220 go\\n250 injected\\n\nE\n",
      ROUTE_TLS_ENCRYPT, false, false, OUTBOUND_DEFERRED, "4.7.5", NULL, "more than its reply" },
    { "what was offered before TLS does not count",
      "S 220 mx\nC EHLO\nS 250-mx\\n250-STARTTLS\\n250 SIZE 1\n" SECURE, ROUTE_TLS_ENCRYPT, false, false,
      OUTBOUND_RELAYED, "2.0.0", " verified", "" },
    { "REQUIRETLS",
      HELLO STARTTLS
      "C EHLO\nS 250-mx\\n250 REQUIRETLS\nC MAIL FROM:<ada@example.net> REQUIRETLS\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\nD\nS 250 ok\nE\n",
      ROUTE_TLS_OPPORTUNISTIC, false, true, OUTBOUND_RELAYED, "2.0.0", " verified", "" },
    { "REQUIRETLS, not promised", HELLO STARTTLS "C EHLO\nS 250 mx\nC QUIT\n", ROUTE_TLS_OPPORTUNISTIC, false,
      true, OUTBOUND_FAILED, "5.7.30", NULL, "REQUIRETLS" },
    { "REQUIRETLS, another's name", HELLO STARTTLS "C EHLO\nS 250-mx\\n250 REQUIRETLS\nC QUIT\n",
      ROUTE_TLS_OPPORTUNISTIC, true, true, OUTBOUND_FAILED, "5.7.10", NULL, "not valid" },
    { "REQUIRETLS without TLS", "S 220 mx\nC EHLO\nS 250-mx\\n250 REQUIRETLS\nC QUIT\n",
      ROUTE_TLS_OPPORTUNISTIC, false, true, OUTBOUND_FAILED, "5.7.10", NULL, "has none" },
};

static void play(const struct scene *scene)
{
    struct scripted *server =
        scripted_start("127.0.0.1", scene->script, scene->has_wrong_name ? tls_wrong_name : tls_good);
    struct route_host host = { .host = "127.0.0.1", .port = scripted_port(server) };
    struct route route = {
        .kind = ROUTE_HOST, .hosts = &host, .host_count = 1, .destination = "host test", .tls = scene->level
    };
    struct outbound_message message = { .id = "1",
                                        .sender = "ada@example.net",
                                        .bytes = span_text("Subject: x\r\n\r\nx\r\n"),
                                        .needs_tls = scene->requires_tls };
    struct outbound_recipient recipient = { .address = "bob@example.org" };
    char authority[200];
    struct outbound_options options = { .dns = dns,
                                        .hostname = "sender.example.net",
                                        .ca_file = authority,
                                        .timeouts = { 3, 3, 3, 3, 3, 3, 20, 3 } };
    struct outbound *outbound;
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;

    print_message("  %s\n", scene->what);
    snprintf(authority, sizeof authority, "%s/ca.pem", folder);
    assert_true(outbound_open(&options, &outbound, &err));
    outbound_send(outbound, arena, &route, &message, &recipient, 1);
    outbound_close(&outbound);
    print_message("    %u %s %s (%s)\n", recipient.code, recipient.enhanced, recipient.text,
                  recipient.tls ? recipient.tls : "plain");
    char *heard = scripted_stop(&server, arena);
    assert_int_equal(recipient.verdict, scene->verdict);
    assert_string_equal(recipient.enhanced, scene->enhanced);
    assert_non_null(strstr(recipient.text, scene->text));
    if (scene->verdict == OUTBOUND_RELAYED) {
        assert_int_equal(recipient.tls != NULL, scene->tls != NULL);
        if (scene->tls)
            assert_string_equal(recipient.tls + strlen(recipient.tls) - strlen(scene->tls), scene->tls);
    } else {
        assert_null(strstr(heard, "DATA"));
    }
    if (strstr(heard, "!!"))
        fail_msg("heard:\n%s", heard);
    talloc_free(arena);
}

static void each_scene(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scenes); i++)
        play(&scenes[i]);
}

/* ---- AUTH */

static const struct {
    const char *what, *script;
    enum outbound_verdict verdict;
    const char *enhanced, *text;
} logins[] = {
    { "PLAIN",
      "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH LOGIN PLAIN\nC AUTH PLAIN AGFkYQBwdw==\nS 235 2.7.0 in\n" MESSAGE,
      OUTBOUND_RELAYED, "2.0.0", "" },
    { "LOGIN",
      "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH LOGIN\nC AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC YWRh\nS 334 UGFzc3dvcmQ6\nC cHc=\nS 235 in\n" MESSAGE,
      OUTBOUND_RELAYED, "2.0.0", "" },
    { "an old spelling", "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH=PLAIN\nC AUTH PLAIN\nS 235 in\n" MESSAGE,
      OUTBOUND_RELAYED, "2.0.0", "" },
    { "refused", "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH PLAIN\nC AUTH PLAIN\nS 535 5.7.8 no\nE\n",
      OUTBOUND_DEFERRED, "4.7.8", "failed: no" },
    { "nothing that is known", "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH GSSAPI\nE\n", OUTBOUND_DEFERRED,
      "4.7.4", "no way to log in" },
    { "SCRAM with a server that cannot prove",
      "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH SCRAM-SHA-256\nC AUTH SCRAM-SHA-256 \nS 235 in\nE\n",
      OUTBOUND_DEFERRED, "4.7.8", "failed" },
    { "SCRAM with nonsense",
      "S 220 mx\nC EHLO\nS 250-mx\\n250 AUTH SCRAM-SHA-256\nC AUTH SCRAM-SHA-256 \nS 334 !!!\nE\n",
      OUTBOUND_DEFERRED, "4.7.8", "failed" },
};

static void each_login(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(logins); i++) {
        struct scripted *server = scripted_start("127.0.0.1", logins[i].script, NULL);
        struct route_host host = { .host = "127.0.0.1", .port = scripted_port(server) };
        struct route route = { .kind = ROUTE_HOST,
                               .hosts = &host,
                               .host_count = 1,
                               .destination = "host test",
                               .login = "ada",
                               .password = "pw" };
        struct outbound_message message = { .id = "1",
                                            .sender = "ada@example.net",
                                            .bytes = span_text("Subject: x\r\n\r\nx\r\n") };
        struct outbound_recipient recipient = { .address = "bob@example.org" };
        struct outbound_options options = { .dns = dns,
                                            .hostname = "sender.example.net",
                                            .timeouts = { 3, 3, 3, 3, 3, 3, 20, 3 } };
        struct outbound *outbound;
        void *arena = talloc_new(NULL);
        struct err err = ERR_INIT;

        print_message("  %s\n", logins[i].what);
        assert_true(outbound_open(&options, &outbound, &err));
        outbound_send(outbound, arena, &route, &message, &recipient, 1);
        outbound_close(&outbound);
        print_message("    %u %s %s\n", recipient.code, recipient.enhanced, recipient.text);
        char *heard = scripted_stop(&server, arena);
        assert_int_equal(recipient.verdict, logins[i].verdict);
        assert_string_equal(recipient.enhanced, logins[i].enhanced);
        assert_non_null(strstr(recipient.text, logins[i].text));
        if (strstr(heard, "!! "))
            fail_msg("heard:\n%s", heard);
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_scene), cmocka_unit_test(each_login) };

    mem_start();
    log_set_level(LOG_LEVEL_WARNING);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
