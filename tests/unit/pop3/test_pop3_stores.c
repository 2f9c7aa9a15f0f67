/* POP3 over sockets on a real storage group: what is read is what was stored, what is deleted goes at QUIT and only then. */
#include "client.h"
#include "fake/fake_auth.h"
#include "mailbox/expunge.h"
#include "pop3/pop3.h"
#include "session/server.h"
#include "world.h"

#include "base/mem.h"

#include <unistd.h>

struct bench {
    struct world *world;
    struct pop3_context context;
    struct session_server *server;
    struct session_listener *listener;
    int64_t inbox;
};

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct session_server_config config = { .reactors = 2, .workers = 8 };
    struct session_listen listen_ = { .protocol = &pop3_protocol,
                                      .context = &bench->context,
                                      .name = "pop3",
                                      .address = "127.0.0.1",
                                      .fd = -1,
                                      .plaintext_login = PLAINTEXT_LOGIN_LOOPBACK };
    struct err err = ERR_INIT;

    message_cache_set_limit(0); /* another database has the same ids */
    message_cache_set_limit(64 * 1024 * 1024);
    bench->world = world_open();
    bench->inbox = world_inbox(bench->world, bench->world->ada);
    bench->context =
        (struct pop3_context){ .cache = bench->world->cache, .groups = bench->world->store->groups };
    OK(session_server_start(&config, &bench->server, &err));
    OK(session_server_listen(bench->server, &listen_, &bench->listener, &err));
    return bench;
}

static void bench_free(struct bench *bench)
{
    session_server_stop(bench->server, 3000);
    session_server_free(&bench->server);
    world_close(bench->world);
    free(bench);
}

static struct client *login(struct bench *bench)
{
    struct client *c = client_new(session_listener_port(bench->listener));

    client_expect(c, "+OK Chappe POP3 server ready");
    client_send(c, "USER ada@example.org\r\nPASS secret\r\n");
    client_expect(c, "+OK Send your password.");
    return c;
}

static struct client *enter(struct bench *bench)
{
    struct client *c = login(bench);
    client_expect(c, "+OK Logged in.");
    return c;
}

static void quit(struct client *c)
{
    client_send(c, "QUIT\r\n");
    client_expect(c, "+OK Good bye.");
    client_expect_end(c);
    client_free(c);
}

/* The lines of a multi-line answer, dots taken away again, under `owner`. */
static char *rest_of_answer(struct client *c, void *owner)
{
    struct buf text = BUF_INIT(owner);
    const char *line;

    while ((line = client_line(c)) && strcmp(line, ".") != 0) {
        buf_add_text(&text, *line == '.' ? line + 1 : line);
        buf_add_text(&text, "\r\n");
    }
    assert_non_null(line);
    return buf_text(&text);
}

static struct view_message at(struct bench *bench, uint32_t number)
{
    struct view *view;
    struct view_message message;
    struct err err = ERR_INIT;

    OK(view_latest(bench->world->ada, bench->inbox, VIEW_CHECK, &view, &err));
    if (!view_at(view, number, &message))
        message.uid = 0;
    view_release(&view);
    return message;
}

static void file_text(struct bench *bench, struct span text)
{
    void *arena = talloc_new(NULL);
    struct filing_target target = { .mailbox_id = ADA };
    struct filing filing = {
        .draft = message_prepare(arena, text), .received_us = 1, .targets = &target, .target_count = 1
    };
    struct filing_batch batch = { .filings = &filing, .count = 1 };
    struct db *db;
    struct err err = ERR_INIT;

    if (!filing.draft->pieces)
        OK(filing_stage(bench->world->store->group, filing.draft, &filing.staged_message_id, &err));
    OK(group_acquire(bench->world->store->group, DB_INTERACTIVE, &db, &err));
    OK(filing_run(bench->world->store->group, db, arena, &batch, &err));
    db_release(&db);
    assert_true(target.is_filed);
    talloc_free(arena);
}

static void test_reads_and_removes(void **state)
{
    struct bench *bench = bench_new();
    void *scratch = talloc_new(NULL);
    struct client *c, *other;
    char *first, *second, expected[100];

    (void)state;
    (void)world_deliver(bench->world, ADA, bench->inbox, 0, 5);
    c = enter(bench);
    (void)world_deliver(bench->world, ADA, bench->inbox, 0, 1); /* not seen by this session */
    client_send(c, "STAT\r\nUIDL\r\nRETR 1\r\nRETR 2\r\nDELE 2\r\nDELE 4\r\n");
    assert_non_null(strstr(client_line(c), "+OK 5 "));
    client_expect(c, "+OK The list follows.");
    first = rest_of_answer(c, scratch);
    assert_non_null(strstr(client_line(c), "octets"));
    assert_non_null(strstr(rest_of_answer(c, scratch), "Subject: number 1\r\n"));
    assert_non_null(strstr(client_line(c), "octets"));
    assert_non_null(strstr(rest_of_answer(c, scratch), "\r\n\r\nText 2\r\n"));
    client_expect(c, "+OK Deleted at QUIT.");
    client_expect(c, "+OK Deleted at QUIT.");
    other = login(bench);
    client_expect(other, "-ERR [IN-USE] Another session has this mailbox open.");
    client_free(other);
    quit(c);
    assert_int_equal(at(bench, 1).uid, 1);
    assert_int_equal(at(bench, 1).flags, FLAG_SEEN);
    assert_int_equal(at(bench, 2).uid, 3);
    assert_int_equal(at(bench, 2).flags, 0);
    assert_int_equal(at(bench, 3).uid, 5);
    assert_int_equal(at(bench, 4).uid, 6);
    assert_int_equal(at(bench, 5).uid, 0);
    c = enter(bench);
    client_send(c, "UIDL\r\n");
    client_expect(c, "+OK The list follows.");
    second = rest_of_answer(c, scratch);
    snprintf(expected, sizeof(expected), "%.18s", strstr(first, "\r\n3 ") + 4);
    assert_non_null(strstr(second, expected)); /* number 3 became number 2, its name is the same */
    quit(c);
    talloc_free(scratch);
    bench_free(bench);
}

static void test_cut_removes_nothing(void **state)
{
    static const struct linger reset = { 1, 0 };
    struct bench *bench = bench_new();
    struct client *c;

    (void)state;
    (void)world_deliver(bench->world, ADA, bench->inbox, 0, 3);
    for (int hard = 0; hard < 2; hard++) {
        c = enter(bench);
        client_send(c, "DELE 1\r\nDELE 2\r\n");
        client_expect(c, "+OK Deleted at QUIT.");
        client_expect(c, "+OK Deleted at QUIT.");
        if (hard)
            setsockopt(stream_fd(c->stream), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        client_free(c);
        for (int i = 0; i < 200 && session_server_count(bench->server) > 0; i++)
            usleep(5000);
    }
    c = enter(bench); /* and the maildrop is free again */
    client_send(c, "STAT\r\n");
    assert_non_null(strstr(client_line(c), "+OK 3 "));
    quit(c);
    bench_free(bench);
}

static void test_large_and_gone(void **state)
{
    struct bench *bench = bench_new();
    void *scratch = talloc_new(NULL);
    struct buf large = BUF_INIT(scratch);
    struct client *c;
    struct uid_set first = UID_SET_INIT(scratch);
    struct expunge_result result;
    struct err err = ERR_INIT;
    char *text;

    (void)state;
    buf_add_text(&large, "Subject: large\r\n\r\n");
    while (large.length < 3000000)
        buf_add_format(&large, ".%zu a line that begins with a dot, and %zu more\r\n", large.length,
                       large.length / 7);
    (void)world_deliver(bench->world, ADA, bench->inbox, 0, 2);
    file_text(bench, buf_span(&large));
    c = enter(bench);
    client_send(c, "RETR 3\r\nRETR 1\r\n");
    assert_non_null(strstr(client_line(c), "octets"));
    text = rest_of_answer(c, scratch);
    assert_int_equal(strlen(text), large.length);
    assert_memory_equal(text, large.p, large.length);
    assert_non_null(strstr(client_line(c), "octets"));
    (void)rest_of_answer(c, scratch);
    uid_set_add(&first, 1, 2); /* somebody else empties the folder meanwhile */
    OK(folder_expunge(bench->world->ada, bench->inbox, &first, EXPUNGE_ALL, scratch, &result, &err));
    expunge_result_release(&result);
    client_send(c, "STAT\r\nRETR 2\r\nDELE 1\r\n");
    assert_non_null(strstr(client_line(c), "+OK 3 "));
    assert_non_null(strstr(client_line(c), "octets")); /* this session still sees it */
    (void)rest_of_answer(c, scratch);
    client_expect(c, "+OK Deleted at QUIT.");
    quit(c);
    assert_int_equal(at(bench, 1).uid, 3);
    talloc_free(scratch);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_removes),
        cmocka_unit_test(test_cut_removes_nothing),
        cmocka_unit_test(test_large_and_gone),
    };

    mem_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
