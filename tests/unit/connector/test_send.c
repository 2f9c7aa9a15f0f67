/* test_send.c -- outbound_send() against servers that follow a script: the good, the old, and the hostile. */
#include "connector/outbound.h"
#include "dns/dns.h"
#include "scripted.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <talloc.h>

static const char MESSAGE[] = "From: a@example.net\r\nSubject: x\r\n\r\n.dot\r\nend\r\n";

/* A world with an outbound; connections and waits are short. */
struct world {
    void *arena;
    struct dns *dns;
    struct outbound *outbound;
    struct route_host hosts[4];
    struct route route;
    struct outbound_message message;
};

static void world_open(struct world *w, struct outbound_options options)
{
    static const struct dns_options nowhere = { .servers = "127.0.0.1@9" };
    struct err err = ERR_INIT;

    *w = (struct world){ .arena = talloc_new(NULL) };
    assert_true(dns_open(&nowhere, &w->dns, &err));
    options.dns = w->dns;
    options.hostname = options.hostname ? options.hostname : "sender.example.net";
    if (options.timeouts.command == 0)
        options.timeouts = (struct outbound_timeouts){ 2, 2, 2, 2, 2, 2, 20, 2 };
    assert_true(outbound_open(&options, &w->outbound, &err));
    w->route = (struct route){ .kind = ROUTE_HOST, .hosts = w->hosts, .destination = "host test" };
    w->message =
        (struct outbound_message){ .id = "1", .sender = "ada@example.net", .bytes = span_text(MESSAGE) };
}

static void world_host(struct world *w, const struct scripted *server, const char *address)
{
    w->hosts[w->route.host_count++] = (struct route_host){ .host = address, .port = scripted_port(server) };
}

static void world_close(struct world *w)
{
    outbound_close(&w->outbound);
    dns_close(&w->dns);
    talloc_free(w->arena);
}

static void send_to(struct world *w, struct outbound_recipient *recipients, size_t count)
{
    outbound_send(w->outbound, w->arena, &w->route, &w->message, recipients, count);
}

/* ---- one message, one recipient: what is said decides the verdict */

#define EHLO "S 220 mx.example.org ESMTP\nC EHLO sender.example.net\n"
#define PLAIN_SERVER EHLO "S 250 mx.example.org\n"
#define MAIL "C MAIL FROM:<ada@example.net>\nS 250 ok\n"
#define RCPT "C RCPT TO:<bob@example.org>\nS 250 ok\n"
#define DATA "C DATA\nS 354 go on\nD\n"

static const struct {
    const char *what, *script;
    enum outbound_verdict verdict;
    unsigned code;
    const char *enhanced, *text;
} scenes[] = {
    { "an old server with nothing", PLAIN_SERVER MAIL RCPT DATA "S 250 thanks\nE\n", OUTBOUND_RELAYED, 250,
      "2.0.0", "thanks" },
    { "HELO only",
      EHLO "S 502 what?\nC HELO sender.example.net\nS 250 hello\n" MAIL RCPT DATA "S 250 2.6.0 queued\nE\n",
      OUTBOUND_RELAYED, 250, "2.6.0", "queued" },
    { "DSN", EHLO "S 250-mx\\n250 DSN\n" MAIL RCPT DATA "S 250 ok\nE\n", OUTBOUND_DELIVERED, 250, "2.0.0",
      "ok" },
    { "pipelining",
      EHLO "S 250-mx\\n250 PIPELINING\nC MAIL\nC RCPT\nC DATA\nS 250 a\\n250 b\\n354 c\nD\nS 250 ok\nE\n",
      OUTBOUND_RELAYED, 250, "2.0.0", "ok" },
    { "chunking, all at once",
      EHLO
      "S 250-mx\\n250-CHUNKING\\n250 PIPELINING\nC MAIL\nC RCPT\nC BDAT\nB\nS 250 a\\n250 b\\n250 c\nE\n",
      OUTBOUND_RELAYED, 250, "2.0.0", "c" },
    { "chunking without pipelining", EHLO "S 250-mx\\n250 CHUNKING\n" MAIL RCPT "C BDAT\nB\nS 250 ok\nE\n",
      OUTBOUND_RELAYED, 250, "2.0.0", "ok" },
    { "no such recipient", PLAIN_SERVER MAIL "C RCPT\nS 550 5.1.1 nobody\nE\n", OUTBOUND_FAILED, 550, "5.1.1",
      "nobody" },
    { "no such recipient, pipelined",
      EHLO "S 250-mx\\n250 PIPELINING\nC MAIL\nC RCPT\nC DATA\nS 250 a\\n550 5.1.1 no\\n554 none\nE\n",
      OUTBOUND_FAILED, 550, "5.1.1", "no" },
    { "no recipient, and DATA is answered nevertheless",
      EHLO
      "S 250-mx\\n250 PIPELINING\nC MAIL\nC RCPT\nC DATA\nS 250 a\\n550 no\\n354 go\nC .\nS 554 nothing\nE\n",
      OUTBOUND_FAILED, 550, "5.0.0", "no" },
    { "greylisted", PLAIN_SERVER MAIL "C RCPT\nS 450 4.7.1 later\nE\n", OUTBOUND_DEFERRED, 450, "4.7.1",
      "later" },
    { "a sender refused for good", PLAIN_SERVER "C MAIL\nS 550-5.7.1 you\\n550 5.7.1 are blocked\nE\n",
      OUTBOUND_FAILED, 550, "5.7.1", "you are blocked" },
    { "a sender refused for now", PLAIN_SERVER "C MAIL\nS 451 4.3.0 busy\nE\n", OUTBOUND_DEFERRED, 451,
      "4.3.0", "busy" },
    { "refused after the dot", PLAIN_SERVER MAIL RCPT DATA "S 554 5.7.1 spam\nE\n", OUTBOUND_FAILED, 554,
      "5.7.1", "spam" },
    { "deferred after the dot", PLAIN_SERVER MAIL RCPT DATA "S 452 4.3.1 full\nE\n", OUTBOUND_DEFERRED, 452,
      "4.3.1", "full" },
    { "DATA refused", PLAIN_SERVER MAIL RCPT "C DATA\nS 503 5.5.1 no\nE\n", OUTBOUND_FAILED, 503, "5.5.1",
      "no" },
    { "250 and then a reset", PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nX\n", OUTBOUND_RELAYED, 250, "2.0.0",
      "ok" },
    { "421 as greeting", "S 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421, "4.3.2", "closing" },
    { "554 as greeting", "S 554 5.7.1 not you\nE\n", OUTBOUND_DEFERRED, 554, "4.4.2", "not you" },
    { "521 as greeting: no mail here", "S 521 5.3.2 no mail here\nE\n", OUTBOUND_FAILED, 521, "5.3.2",
      "no mail here" },
    { "421 to EHLO", EHLO "S 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421, "4.3.2", "closing" },
    { "421 to MAIL", PLAIN_SERVER "C MAIL\nS 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421, "4.3.2",
      "closing" },
    { "421 to RCPT", PLAIN_SERVER MAIL "C RCPT\nS 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421, "4.3.2",
      "closing" },
    { "421 to DATA", PLAIN_SERVER MAIL RCPT "C DATA\nS 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421,
      "4.3.2", "closing" },
    { "421 after the dot", PLAIN_SERVER MAIL RCPT DATA "S 421 4.3.2 closing\nE\n", OUTBOUND_DEFERRED, 421,
      "4.3.2", "closing" },
    { "closed at once", "R \n", OUTBOUND_DEFERRED, 0, "4.4.2", "closed" },
    { "closed in the greeting", "R 220 mx\n", OUTBOUND_DEFERRED, 0, "4.4.2", "closed" },
    { "reset after MAIL", PLAIN_SERVER "C MAIL\nX\n", OUTBOUND_DEFERRED, 0, "4.4.2", "closed" },
    { "reset instead of an answer to the dot", PLAIN_SERVER MAIL RCPT DATA "X\n", OUTBOUND_DEFERRED, 0,
      "4.4.2", "closed" },
    { "silence instead of a greeting", "W\n", OUTBOUND_DEFERRED, 0, "4.4.2", "time ran out" },
    { "silence after EHLO", EHLO "W\n", OUTBOUND_DEFERRED, 0, "4.4.2", "time ran out" },
    { "silence after MAIL", PLAIN_SERVER "C MAIL\nW\n", OUTBOUND_DEFERRED, 0, "4.4.2", "time ran out" },
    { "silence after the dot", PLAIN_SERVER MAIL RCPT DATA "W\n", OUTBOUND_DEFERRED, 0, "4.4.2",
      "time ran out" },
    { "an endless line", "R 220 \nJ 300000\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "without end" },
    { "endless lines", EHLO "L 100000\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "no reply" },
    { "100 lines are allowed", EHLO "L 99\nS 250 SIZE\n" MAIL RCPT DATA "S 250 ok\nE\n", OUTBOUND_RELAYED,
      250, "2.0.0", "ok" },
    { "a megabyte without a line end after the dot", PLAIN_SERVER MAIL RCPT DATA "R 250 \nJ 1000000\nE\n",
      OUTBOUND_DEFERRED, 0, "4.5.0", "without end" },
    { "a megabyte without a line end instead of features", EHLO "R 250-\nJ 1000000\nE\n", OUTBOUND_DEFERRED,
      0, "4.5.0", "without end" },
    { "endless lines after RCPT", PLAIN_SERVER MAIL "C RCPT\nL 100000\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0",
      "no reply" },
    { "a reply to DATA that never ends", PLAIN_SERVER MAIL RCPT "C DATA\nR 354-go\\n354-on\\n\nW\n",
      OUTBOUND_DEFERRED, 0, "4.4.2", "time ran out" },
    { "354 and then silence", PLAIN_SERVER MAIL RCPT "C DATA\nS 354 go on\nW\n", OUTBOUND_DEFERRED, 0,
      "4.4.2", "time ran out" },
    { "a byte now and then instead of a greeting",
      "Y 220 mx.example.org and this goes on for much longer\nE\n", OUTBOUND_DEFERRED, 0, "4.4.2",
      "time ran out" },
    { "a byte now and then after the dot",
      PLAIN_SERVER MAIL RCPT DATA "Y 250 ok and this goes on for much longer, and longer\nE\n",
      OUTBOUND_DEFERRED, 0, "4.4.2", "time ran out" },
    { "EHLO answered with the greeting", "S 220 mx\\n250 mx\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0",
      "nobody asked" },
    { "everything answered before it was said",
      EHLO "S 250 mx\\n250 sender\\n250 recipient\\n354 go\\n250 queued\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0",
      "nobody asked" },
    { "garbage behind the reply to EHLO", EHLO "S 250 mx\\n\\0\x01garbage\nE\n", OUTBOUND_DEFERRED, 0,
      "4.5.0", "nobody asked" },
    { "garbage between pipelined replies",
      EHLO "S 250-mx\\n250 PIPELINING\nC MAIL\nC RCPT\nC DATA\nS 250 a\\ngarbage\\n250 b\\n354 c\nE\n",
      OUTBOUND_DEFERRED, 0, "4.5.0", "no reply" },
    { "HTTP", "S HTTP/1.1 400 Bad Request\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "no reply" },
    { "codes out of range", "S 999 hello\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "no reply" },
    { "two codes in one reply", EHLO "S 250-mx\\n550 no\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "no reply" },
    { "354 to MAIL", PLAIN_SERVER "C MAIL\nS 354 go\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "unexpected" },
    { "354 to RCPT", PLAIN_SERVER MAIL "C RCPT\nS 354 go\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0", "unexpected" },
    { "250 to DATA", PLAIN_SERVER MAIL RCPT "C DATA\nS 250 ok\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0",
      "unexpected" },
    { "354 to the dot", PLAIN_SERVER MAIL RCPT DATA "S 354 more\nE\n", OUTBOUND_DEFERRED, 0, "4.5.0",
      "unexpected" },
    { "control bytes and NUL in a reply", PLAIN_SERVER MAIL "C RCPT\nS 550 5.1.1 a\x1b[31m\\0b\xff\nE\n",
      OUTBOUND_FAILED, 550, "5.1.1", "a [31m?b?" },
    { "an enhanced code of another class", PLAIN_SERVER MAIL "C RCPT\nS 550 4.2.2 mixed\nE\n",
      OUTBOUND_FAILED, 550, "5.0.0", "mixed" },
    { "our own name in the greeting", "S 220 sender.example.net ESMTP\nE\n", OUTBOUND_FAILED, 0, "5.4.6",
      "loops back" },
    { "our own name after EHLO", EHLO "S 250 SENDER.example.net\nE\n", OUTBOUND_FAILED, 0, "5.4.6",
      "loops back" },
    { "too small a SIZE", EHLO "S 250-mx\\n250 SIZE 10\nE\n", OUTBOUND_FAILED, 0, "5.3.4", "takes 10" },
    { "SIZE is told",
      EHLO "S 250-mx\\n250 SIZE\nC MAIL FROM:<ada@example.net> SIZE=46\nS 250 ok\n" RCPT DATA "S 250 ok\nE\n",
      OUTBOUND_RELAYED, 250, "2.0.0", "ok" },
    { "only LF as line ends",
      "R 220 mx\\l\nC EHLO\nR 250-mx\\l250 SIZE\\l\nC MAIL\nR 250 ok\\l\nC RCPT\nR 250 ok\\l\nC DATA\nR 354 go\\l\nD\nR 250 ok\\l\nE\n",
      OUTBOUND_RELAYED, 250, "2.0.0", "ok" },
};

static void each_scene_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scenes); i++) {
        struct world w;
        struct scripted *server = scripted_start("127.0.0.1", scenes[i].script, NULL);
        struct outbound_recipient recipient = { .address = "bob@example.org" };

        print_message("  %s\n", scenes[i].what);
        world_open(&w, (struct outbound_options){ .mx_port = 0 });
        world_host(&w, server, "127.0.0.1");
        send_to(&w, &recipient, 1);
        print_message("    %u %s %s\n", recipient.code, recipient.enhanced, recipient.text);
        assert_int_equal(recipient.verdict, scenes[i].verdict);
        assert_int_equal(recipient.code, scenes[i].code);
        assert_string_equal(recipient.enhanced, scenes[i].enhanced);
        assert_non_null(strstr(recipient.text, scenes[i].text));
        world_close(&w);
        char *heard = scripted_stop(&server, NULL);
        if (strstr(heard, "!!"))
            fail_msg("heard:\n%s", heard);
        talloc_free(heard);
    }
}

/* ---- what is heard */

static void expect_heard(struct scripted **server, const char *const *lines)
{
    char *heard = scripted_stop(server, NULL);

    print_message("%s", heard);
    assert_null(strstr(heard, "!!"));
    for (const char *const *line = lines; *line; line++)
        if (!strstr(heard, *line))
            fail_msg("%s was not heard", *line);
    talloc_free(heard);
}

static void dots_are_doubled_and_lines_repaired(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nE\n", NULL);
    struct outbound_recipient recipient = { .address = "bob@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    w.message.bytes = span_text("Subject: x\r\n\r\n.\n.\rb\r\n.\r\nMAIL FROM:<x@x>\r\nno end");
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_RELAYED);
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "\n\n..\n..\nb\n..\nMAIL FROM:<x@x>\nno end\n.\n", NULL });
}

static void a_binary_message_needs_bdat(void **state)
{
    struct world w;
    struct scripted *server =
        scripted_start("127.0.0.1",
                       EHLO "S 250-mx\\n250-CHUNKING\\n250 BINARYMIME\n"
                            "C MAIL FROM:<ada@example.net> BODY=BINARYMIME\nS 250 ok\n" RCPT
                            "C BDAT 6 LAST\nB\nS 250 ok\nE\n=\n" EHLO "S 250 CHUNKING\nE\n",
                       NULL);
    struct outbound_recipient recipients[2] = { { .address = "bob@example.org" },
                                                { .address = "bob@example.org" } };

    (void)state;
    world_open(&w, (struct outbound_options){ .messages_max = 1 });
    world_host(&w, server, "127.0.0.1");
    w.message.bytes = span_of("a\0\nb\rc", 6);
    w.message.body = OUTBOUND_BINARYMIME;
    send_to(&w, &recipients[0], 1);
    assert_int_equal(recipients[0].verdict, OUTBOUND_RELAYED);
    send_to(&w, &recipients[1], 1);
    assert_int_equal(recipients[1].verdict, OUTBOUND_FAILED);
    assert_string_equal(recipients[1].enhanced, "5.6.1");
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "BDAT 6 LAST\n", NULL });
}

static void every_recipient_has_its_own_answer(void **state)
{
    struct world w;
    struct scripted *server = scripted_start(
        "127.0.0.1",
        EHLO
        "S 250-mx\\n250-DSN\\n250 PIPELINING\nC MAIL FROM:<ada@example.net> RET=HDRS ENVID=a+2Bb\n"
        "C RCPT TO:<a@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+20y@example.org\n"
        "C RCPT TO:<b@example.org>\nC RCPT TO:<c@example.org> NOTIFY=NEVER\nC DATA\n"
        "S 250 ok\\n250 2.1.5 fine\\n550 5.1.1 nobody\\n450 4.2.1 later\\n354 go\nD\nS 250 2.0.0 queued\nE\n",
        NULL);
    struct outbound_recipient recipients[] = {
        { .address = "a@example.org", .notify = 2 | 4, .orcpt_type = "rfc822", .orcpt = "x y@example.org" },
        { .address = "b@example.org" },
        { .address = "c@example.org", .notify = 1 },
    };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    w.message.ret = "HDRS";
    w.message.envid = "a+b";
    send_to(&w, recipients, COUNT_OF(recipients));
    assert_int_equal(recipients[0].verdict, OUTBOUND_DELIVERED);
    assert_int_equal(recipients[1].verdict, OUTBOUND_FAILED);
    assert_int_equal(recipients[2].verdict, OUTBOUND_DEFERRED);
    assert_string_equal(recipients[0].text, "queued");
    assert_non_null(strstr(recipients[0].host, "[127.0.0.1]"));
    assert_null(recipients[0].tls);
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "RCPT TO:<b@example.org>\n", NULL });
}

static void who_is_too_many_goes_in_the_next_transaction(void **state)
{
    struct world w;
    struct scripted *server = scripted_start(
        "127.0.0.1",
        EHLO
        "S 250-mx\\n250-LIMITS RCPTMAX=2\\n250 PIPELINING\nC MAIL\nC RCPT TO:<a@\nC RCPT TO:<b@\nC DATA\n"
        "S 250 ok\\n250 ok\\n452 4.5.3 too many\\n354 go\nD\nS 250 one\n"
        "C MAIL\nC RCPT TO:<b@\nC RCPT TO:<c@\nC DATA\nS 250 ok\\n250 ok\\n250 ok\\n354 go\nD\nS 250 two\nE\n",
        NULL);
    struct outbound_recipient recipients[] = { { .address = "a@example.org" },
                                               { .address = "b@example.org" },
                                               { .address = "c@example.org" } };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    send_to(&w, recipients, COUNT_OF(recipients));
    assert_string_equal(recipients[0].text, "one");
    assert_string_equal(recipients[1].text, "two");
    assert_string_equal(recipients[2].text, "two");
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "RCPT", NULL });
}

static void no_more_recipients_than_the_connector_says(void **state)
{
    struct world w;
    struct scripted *server = scripted_start(
        "127.0.0.1",
        EHLO
        "S 250 mx\nC MAIL\nS 250 ok\nC RCPT TO:<a@\nS 250 ok\nC RCPT TO:<b@\nS 250 ok\nC DATA\nS 354 go\nD\n"
        "S 250 one\nC MAIL\nS 250 ok\nC RCPT TO:<c@\nS 250 ok\nC DATA\nS 354 go\nD\nS 250 two\nE\n",
        NULL);
    struct outbound_recipient recipients[] = { { .address = "a@example.org" },
                                               { .address = "b@example.org" },
                                               { .address = "c@example.org" } };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    w.route.recipients_max = 2;
    send_to(&w, recipients, COUNT_OF(recipients));
    assert_string_equal(recipients[1].text, "one");
    assert_string_equal(recipients[2].text, "two");
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "RCPT", NULL });
}

static bool a_key(void *arg, uint8_t key_out[32], struct err *err)
{
    (void)arg;
    (void)err;
    memset(key_out, 9, 32);
    return true;
}

/* A route to a server of ours that leads to somebody else: he gets no mail, whatever he says. */
static void a_stranger_in_the_place_of_a_server_of_ours(void **state)
{
    static const char *const answers[] = {
        "S 500 5.5.1 what?",
        "S 250 2.7.0 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "S 250 2.7.0 welcome",
        "S 421 4.3.2 not now",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct world w;
        char *script =
            talloc_asprintf(NULL, EHLO "S 250 mx\nC XCHAPPE HELLO sender.example.net \n%s\nE\n", answers[i]);
        struct scripted *server = scripted_start("127.0.0.1", script, NULL);
        struct outbound_recipient recipient = { .address = "a@example.org" };

        world_open(&w, (struct outbound_options){ .find_key = a_key });
        world_host(&w, server, "127.0.0.1");
        w.route.is_internal = true;
        send_to(&w, &recipient, 1);
        assert_int_equal(recipient.verdict, OUTBOUND_DEFERRED);
        world_close(&w);
        expect_heard(&server, (const char *const[]){ "XCHAPPE HELLO sender.example.net ", NULL });
        talloc_free(script);
    }
}

static void a_source_address_that_is_not_here(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", "S 220 hi\nE\n", NULL);
    struct outbound_recipient recipient = { .address = "a@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    w.route.source_address = "203.0.113.9";
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_DEFERRED);
    assert_int_equal(recipient.fault, OUTBOUND_FAULT_SOURCE);
    assert_false(outbound_has_source("203.0.113.9"));
    assert_true(outbound_has_source("127.0.0.1"));
    assert_false(outbound_has_source("nonsense"));
    assert_true(outbound_has_source("%lo"));
    assert_true(outbound_has_source("127.0.0.1%lo"));
    assert_false(outbound_has_source("%nosuch0"));
    assert_false(outbound_has_source("203.0.113.9%lo"));
    world_close(&w);
    talloc_free(scripted_stop(&server, NULL));
}

static void a_thousand_recipients_at_once(void **state)
{
    enum { MANY = 1500 };
    struct world w;
    void *arena = talloc_new(NULL);
    struct buf script = BUF_INIT(arena);
    struct outbound_recipient *recipients = talloc_zero_array(arena, struct outbound_recipient, MANY);
    struct scripted *server;

    (void)state;
    buf_add_text(&script, EHLO "S 250-mx\\n250 PIPELINING\n");
    for (int part = 0; part < 2; part++) {
        buf_add_text(&script, "C MAIL\nS 250 ok\n");
        for (int i = 0; i < (part ? 500 : 1000); i++)
            buf_add_text(&script,
                         "C RCPT\nS 250 accepted, with words that fill the buffers on the way back\n");
        buf_add_text(&script, "C DATA\nS 354 go\nD\nS 250 ok\n");
    }
    buf_add_text(&script, "E\n");
    for (int i = 0; i < MANY; i++)
        recipients[i].address = talloc_asprintf(arena, "r%d@example.org", i);
    server = scripted_start("127.0.0.1", buf_text(&script), NULL);
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    send_to(&w, recipients, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(recipients[i].verdict, OUTBOUND_RELAYED);
    assert_int_equal(scripted_connections(server), 1);
    world_close(&w);
    talloc_free(scripted_stop(&server, NULL));
    talloc_free(arena);
}

/* ---- several hosts, several messages */

static void the_next_host_is_tried(void **state)
{
    static const char *const first[] = { "X\n", "S 421 closing\nE\n", "S 554 no\nE\n",
                                         PLAIN_SERVER "C MAIL\nS 451 busy\nE\n",
                                         PLAIN_SERVER MAIL "C RCPT\nX\n" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(first); i++) {
        struct world w;
        struct scripted *bad = scripted_start("127.0.0.1", first[i], NULL);
        struct scripted *good =
            scripted_start("127.0.0.2", PLAIN_SERVER MAIL RCPT DATA "S 250 second\nE\n", NULL);
        struct outbound_recipient recipient = { .address = "bob@example.org" };

        world_open(&w, (struct outbound_options){ .mx_port = 0 });
        world_host(&w, bad, "127.0.0.1");
        world_host(&w, good, "127.0.0.2");
        send_to(&w, &recipient, 1);
        assert_int_equal(recipient.verdict, OUTBOUND_RELAYED);
        assert_string_equal(recipient.text, "second");
        world_close(&w);
        talloc_free(scripted_stop(&bad, NULL));
        talloc_free(scripted_stop(&good, NULL));
    }
}

static void no_other_host_after_the_message_went(void **state)
{
    struct world w;
    struct scripted *bad = scripted_start("127.0.0.1", PLAIN_SERVER MAIL RCPT DATA "X\n", NULL);
    struct scripted *good =
        scripted_start("127.0.0.2", PLAIN_SERVER MAIL RCPT DATA "S 250 second\nE\n", NULL);
    struct outbound_recipient recipient = { .address = "bob@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, bad, "127.0.0.1");
    world_host(&w, good, "127.0.0.2");
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_DEFERRED);
    assert_int_equal(scripted_connections(good), 0);
    world_close(&w);
    talloc_free(scripted_stop(&bad, NULL));
    talloc_free(scripted_stop(&good, NULL));
}

static void a_connection_is_used_again(void **state)
{
    struct world w;
    struct scripted *server = scripted_start(
        "127.0.0.1",
        PLAIN_SERVER MAIL RCPT DATA "S 250 ok\n" MAIL "C RCPT\nS 550 no\nC RSET\nS 250 ok\n" MAIL RCPT DATA
                                    "S 250 ok\nC QUIT\n",
        NULL);

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    for (int i = 0; i < 3; i++) {
        struct outbound_recipient recipient = { .address = "bob@example.org" };
        send_to(&w, &recipient, 1);
        assert_int_equal(recipient.verdict, i == 1 ? OUTBOUND_FAILED : OUTBOUND_RELAYED);
    }
    assert_int_equal(scripted_connections(server), 1);
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "RSET\n", "QUIT\n", NULL });
}

static void a_stale_connection_does_not_count(void **state)
{
    static const char *const ends[] = { "X\n", "S 421 idle for too long\n", "C MAIL\nX\n",
                                        "C MAIL\nS 421 too many\n" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct world w;
        char *script = talloc_asprintf(NULL, "%s%s=\n%s", PLAIN_SERVER MAIL RCPT DATA "S 250 first\n",
                                       ends[i], PLAIN_SERVER MAIL RCPT DATA "S 250 again\nE\n");
        struct scripted *server = scripted_start("127.0.0.1", script, NULL);
        struct outbound_recipient one = { .address = "bob@example.org" }, two = one;

        world_open(&w, (struct outbound_options){ .mx_port = 0 });
        world_host(&w, server, "127.0.0.1");
        send_to(&w, &one, 1);
        assert_string_equal(one.text, "first");
        usleep(50000);
        send_to(&w, &two, 1);
        assert_string_equal(two.text, "again");
        world_close(&w);
        talloc_free(scripted_stop(&server, NULL));
        talloc_free(script);
    }
}

static void an_idle_connection_is_closed_in_time(void **state)
{
    struct world w;
    struct scripted *server =
        scripted_start("127.0.0.1",
                       PLAIN_SERVER MAIL RCPT DATA
                       "S 250 ok\nC QUIT\nS 221 bye\n=\n" PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nE\n",
                       NULL);
    struct outbound_recipient one = { .address = "bob@example.org" }, two = one;

    (void)state;
    world_open(&w, (struct outbound_options){ .idle_seconds = 1 });
    world_host(&w, server, "127.0.0.1");
    send_to(&w, &one, 1);
    usleep(2500000);
    send_to(&w, &two, 1);
    assert_int_equal(two.verdict, OUTBOUND_RELAYED);
    assert_int_equal(scripted_connections(server), 2);
    world_close(&w);
    expect_heard(&server, (const char *const[]){ "QUIT\n", NULL });
}

/* What could not be reached is tried last for a while, but tried. */
static void who_was_away_is_tried_last(void **state)
{
    struct world w;
    struct scripted *away = scripted_start("127.0.0.1", "E\n", NULL);
    uint16_t port = scripted_port(away);
    struct scripted *second =
        scripted_start("127.0.0.2", PLAIN_SERVER MAIL RCPT DATA "S 250 second\nE\n", NULL);
    struct outbound_recipient recipient;

    (void)state;
    talloc_free(scripted_stop(&away, NULL));
    world_open(&w, (struct outbound_options){ .messages_max = 1 });
    w.hosts[w.route.host_count++] = (struct route_host){ .host = "127.0.0.1", .port = port };
    world_host(&w, second, "127.0.0.2");
    for (int i = 0; i < 2; i++) {
        recipient = (struct outbound_recipient){ .address = "bob@example.org" };
        send_to(&w, &recipient, 1);
        assert_string_equal(recipient.text, "second");
    }
    /* The first is back: still second for a while, but the way when the other one goes. */
    away = scripted_start_at("127.0.0.1", port, PLAIN_SERVER MAIL RCPT DATA "S 250 first\nE\n");
    recipient = (struct outbound_recipient){ .address = "bob@example.org" };
    send_to(&w, &recipient, 1);
    assert_string_equal(recipient.text, "second");
    talloc_free(scripted_stop(&second, NULL));
    for (int i = 0; i < 2; i++) {
        recipient = (struct outbound_recipient){ .address = "bob@example.org" };
        send_to(&w, &recipient, 1);
        assert_string_equal(recipient.text, "first");
    }
    world_close(&w);
    talloc_free(scripted_stop(&away, NULL));
}

static const struct {
    const char *what, *features;
    int64_t left_s;
    bool returns;
    const char *mail; /* NULL: not sent */
    const char *enhanced;
} times[] = {
    { "mode R, kept", "DELIVERBY", 1000, true, " BY=99", "2.0.0" },
    { "mode R, not kept", "SIZE", 1000, true, NULL, "5.3.3" },
    { "mode R, over", "DELIVERBY", -5, true, NULL, "5.4.7" },
    { "mode R, less than the least", "DELIVERBY 2000", 1000, true, NULL, "5.4.7" },
    { "mode N, kept", "DELIVERBY 2000", 1000, false, " BY=99", "2.0.0" },
    { "mode N, over", "DELIVERBY", -5, false, " BY=-", "2.0.0" },
    { "mode N, not kept", "8BITMIME", 1000, false, "MAIL FROM:<ada@example.net>\n", "2.0.0" },
};

static void times_of_delivery(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct world w;
        char *script = talloc_asprintf(
            NULL, EHLO "S 250-mx\\n250 %s\nC MAIL\nS 250 ok\nC RCPT\nS 250 ok\n" DATA "S 250 ok\nE\n",
            times[i].features);
        struct scripted *server = scripted_start("127.0.0.1", script, NULL);
        struct outbound_recipient recipient = { .address = "bob@example.org" };

        print_message("  %s\n", times[i].what);
        world_open(&w, (struct outbound_options){ .mx_port = 0 });
        world_host(&w, server, "127.0.0.1");
        w.message.deliver_by_us = clock_now_us() + times[i].left_s * US_PER_S;
        w.message.deliver_by_returns = times[i].returns;
        send_to(&w, &recipient, 1);
        assert_string_equal(recipient.enhanced, times[i].enhanced);
        world_close(&w);
        char *heard = scripted_stop(&server, NULL);
        if (times[i].mail && !strstr(heard, times[i].mail))
            fail_msg("heard:\n%s", heard);
        if (!times[i].mail)
            assert_null(strstr(heard, "DATA"));
        talloc_free(heard);
        talloc_free(script);
    }
}

static void our_own_port_is_no_way_out(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", "S 220 x\nE\n", NULL);
    struct outbound_listener ourselves = { .port = scripted_port(server) };
    struct outbound_recipient recipient = { .address = "bob@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .listeners = &ourselves, .listener_count = 1 });
    world_host(&w, server, "127.0.0.1");
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_FAILED);
    assert_string_equal(recipient.enhanced, "5.4.6");
    assert_int_equal(scripted_connections(server), 0);
    world_close(&w);
    talloc_free(scripted_stop(&server, NULL));
}

static void the_source_address_is_bound(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nE\n", NULL);
    struct outbound_recipient one = { .address = "bob@example.org" }, two = one;

    (void)state;
    world_open(&w, (struct outbound_options){ .messages_max = 1 });
    world_host(&w, server, "127.0.0.1");
    w.route.source_address = "127.0.0.77";
    send_to(&w, &one, 1);
    assert_int_equal(one.verdict, OUTBOUND_RELAYED);
    w.route.source_address = "192.0.2.77";
    send_to(&w, &two, 1);
    assert_int_equal(two.verdict, OUTBOUND_DEFERRED);
    assert_non_null(strstr(two.text, "192.0.2.77"));
    world_close(&w);
    talloc_free(scripted_stop(&server, NULL));
}

/* Of an interface that is there, and of one that is not: no connection is tried. */
static void the_interface_is_bound(void **state)
{
    static const struct {
        const char *source;
        enum outbound_verdict verdict;
    } rows[] = {
        { "%lo", OUTBOUND_RELAYED },
        { "127.0.0.77%lo", OUTBOUND_RELAYED },
        { "%nosuch0", OUTBOUND_DEFERRED },
        { "127.0.0.77%nosuch0", OUTBOUND_DEFERRED },
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct scripted *server =
            scripted_start("127.0.0.1", PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nE\n", NULL);
        struct outbound_recipient one = { .address = "bob@example.org" };
        world_open(&w, (struct outbound_options){ .messages_max = 1 });
        world_host(&w, server, "127.0.0.1");
        w.route.source_address = rows[i].source;
        send_to(&w, &one, 1);
        assert_int_equal(one.verdict, rows[i].verdict);
        assert_int_equal(scripted_connections(server), one.verdict == OUTBOUND_RELAYED);
        if (one.verdict == OUTBOUND_DEFERRED) {
            assert_int_equal(one.fault, OUTBOUND_FAULT_SOURCE);
            assert_non_null(strstr(one.text, "%nosuch0"));
        }
        world_close(&w);
        talloc_free(scripted_stop(&server, NULL));
    }
}

static void stopping_ends_a_wait(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", "W\n", NULL);
    struct outbound_recipient recipient = { .address = "bob@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .timeouts = { 60, 60, 60, 60, 60, 60, 60, 60 } });
    world_host(&w, server, "127.0.0.1");
    outbound_stop(w.outbound);
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_DEFERRED);
    assert_string_equal(recipient.enhanced, "4.3.2");
    world_close(&w);
    talloc_free(scripted_stop(&server, NULL));
}

/* ---- letters beyond ASCII */

static void eight_bits_are_converted_for_an_old_server(void **state)
{
    struct world w;
    struct scripted *server = scripted_start("127.0.0.1", PLAIN_SERVER MAIL RCPT DATA "S 250 ok\nE\n", NULL);
    struct outbound_recipient recipient = { .address = "bob@example.org" };

    (void)state;
    world_open(&w, (struct outbound_options){ .mx_port = 0 });
    world_host(&w, server, "127.0.0.1");
    w.message.bytes = span_text(
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\xc3\xbc\xc3\x9f\x65\r\n"
        "--b\r\nContent-Type: application/x\r\n\r\n\xff\xfe\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n");
    w.message.body = OUTBOUND_8BITMIME;
    send_to(&w, &recipient, 1);
    assert_int_equal(recipient.verdict, OUTBOUND_RELAYED);
    world_close(&w);
    expect_heard(&server, (const char *const[]){
                              "Content-Transfer-Encoding: 7bit\n\n--b\n",
                              "Content-Transfer-Encoding: quoted-printable\n\ngr=C3=BC=C3=9Fe\n--b\n",
                              "Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n//4=\n--b\n",
                              "Content-Type: text/plain\n\nplain\n--b--\n", NULL });
}

static const struct {
    const char *what, *sender, *recipient, *bytes, *features;
    bool needs;
    enum outbound_verdict verdict;
    const char *enhanced, *mail;
} spellings[] = {
    { "offered and needed", "j\xc3\xb6rg@example.net", "bob@example.org", "Subject: x\r\n\r\n", "SMTPUTF8",
      true, OUTBOUND_RELAYED, "2.0.0", "MAIL FROM:<j\xc3\xb6rg@example.net> SMTPUTF8\n" },
    { "only the domain is foreign", "ada@b\xc3\xbc\x63her.example", "bob@example.org", "Subject: x\r\n\r\n",
      "8BITMIME", true, OUTBOUND_RELAYED, "2.0.0", "MAIL FROM:<ada@xn--bcher-kva.example>\n" },
    { "a sender that cannot be written", "j\xc3\xb6rg@example.net", "bob@example.org", "Subject: x\r\n\r\n",
      "8BITMIME", true, OUTBOUND_FAILED, "5.6.7", NULL },
    { "a recipient that cannot be written", "ada@example.net", "j\xc3\xb6rg@example.org",
      "Subject: x\r\n\r\n", "8BITMIME", true, OUTBOUND_FAILED, "5.6.7", NULL },
    { "a header that cannot be written", "ada@example.net", "bob@example.org", "Subject: \xc3\xb6\r\n\r\n",
      "8BITMIME", true, OUTBOUND_FAILED, "5.6.7", NULL },
    { "an 8-bit header for a 7-bit server", "ada@example.net", "bob@example.org", "Subject: \xc3\xb6\r\n\r\n",
      "SIZE", false, OUTBOUND_FAILED, "5.6.3", NULL },
    { "a signed 8-bit message for a 7-bit server", "ada@example.net", "bob@example.org",
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xb6\r\n--b--\r\n", "SIZE", false,
      OUTBOUND_FAILED, "5.6.3", NULL },
    { "an address that would end its path", "ada@example.net", "bob>@example.org", "Subject: x\r\n\r\n",
      "SIZE", false, OUTBOUND_FAILED, "5.6.7", NULL },
};

static void letters_beyond_ascii(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        struct world w;
        char *script = talloc_asprintf(
            NULL, EHLO "S 250-mx\\n250 %s\nC MAIL\nS 250 ok\nC RCPT\nS 250 ok\n" DATA "S 250 ok\nE\n",
            spellings[i].features);
        struct scripted *server = scripted_start("127.0.0.1", script, NULL);
        struct outbound_recipient recipient = { .address = spellings[i].recipient };

        print_message("  %s\n", spellings[i].what);
        world_open(&w, (struct outbound_options){ .mx_port = 0 });
        world_host(&w, server, "127.0.0.1");
        w.message.sender = spellings[i].sender;
        w.message.bytes = span_text(spellings[i].bytes);
        w.message.needs_smtputf8 = spellings[i].needs;
        send_to(&w, &recipient, 1);
        assert_int_equal(recipient.verdict, spellings[i].verdict);
        assert_string_equal(recipient.enhanced, spellings[i].enhanced);
        world_close(&w);
        char *heard = scripted_stop(&server, NULL);
        if (spellings[i].mail)
            assert_non_null(strstr(heard, spellings[i].mail));
        else
            assert_null(strstr(heard, "DATA"));
        talloc_free(heard);
        talloc_free(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scene_has_its_verdict),
        cmocka_unit_test(dots_are_doubled_and_lines_repaired),
        cmocka_unit_test(a_binary_message_needs_bdat),
        cmocka_unit_test(every_recipient_has_its_own_answer),
        cmocka_unit_test(who_is_too_many_goes_in_the_next_transaction),
        cmocka_unit_test(no_more_recipients_than_the_connector_says),
        cmocka_unit_test(a_stranger_in_the_place_of_a_server_of_ours),
        cmocka_unit_test(a_source_address_that_is_not_here),
        cmocka_unit_test(a_thousand_recipients_at_once),
        cmocka_unit_test(the_next_host_is_tried),
        cmocka_unit_test(no_other_host_after_the_message_went),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_stale_connection_does_not_count),
        cmocka_unit_test(an_idle_connection_is_closed_in_time),
        cmocka_unit_test(who_was_away_is_tried_last),
        cmocka_unit_test(times_of_delivery),
        cmocka_unit_test(our_own_port_is_no_way_out),
        cmocka_unit_test(the_source_address_is_bound),
        cmocka_unit_test(the_interface_is_bound),
        cmocka_unit_test(stopping_ends_a_wait),
        cmocka_unit_test(eight_bits_are_converted_for_an_old_server),
        cmocka_unit_test(letters_beyond_ascii),
    };

    mem_start();
    log_set_level(LOG_LEVEL_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
