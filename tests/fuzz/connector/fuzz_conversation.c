/*
 * fuzz_conversation.c -- a whole conversation with a next server that says whatever it likes: logging in, then two messages over
 * the same connection. The first two bytes choose what it offers. It always comes to an end, what is told of a verdict is one
 * line, and a host that is given up for another one is never the end of the mail.
 */
#include "base/clock.h"
#include "connector/login.h"
#include "connector/transaction.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <talloc.h>
#include <unistd.h>

enum { SECONDS = 5, RECIPIENTS = 3, MOST = 60000 };

static const atomic_bool never;

static struct connection *connection_over(int fd, unsigned features)
{
    struct connection *connection = talloc_zero(NULL, struct connection);
    static const uint8_t loopback[16] = { [10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1 };

    connection->stream = stream_new(fd);
    connection->is_stopping = &never;
    connection->out = BUF_INIT(connection);
    connection->features.has = features;
    connection->name = connection->host = "mx.example.org";
    memcpy(connection->address.bytes, loopback, sizeof loopback);
    connection_allow(connection, SECONDS);
    return connection;
}

static void send_one(const struct settings *settings, struct connection *connection)
{
    const struct outbound_message message = { .id = "1",
                                              .sender = "ada@example.net",
                                              .bytes = span_text("Subject: x\r\n\r\n.dot\r\ncaf\xc3\xa9\r\n"),
                                              .body = OUTBOUND_8BITMIME };
    struct outbound_recipient list[RECIPIENTS] = { { .address = "a@example.org" },
                                                   { .address = "b@example.org" },
                                                   { .address = "c@example.org" } };
    struct outcome outcome = { .verdict = OUTBOUND_UNTRIED };
    void *owner = talloc_new(NULL);

    if (transaction_run(settings, connection, owner, &message, list, RECIPIENTS, 0, &outcome) ==
            TRANSACTION_NEXT &&
        outcome.verdict != OUTBOUND_DEFERRED)
        abort(); /* one host that says nothing of use is not the end of the mail */
    for (size_t i = 0; i < RECIPIENTS; i++)
        if (list[i].verdict != OUTBOUND_UNTRIED &&
            (!list[i].text || strpbrk(list[i].text, "\r\n") || list[i].code > 599))
            abort();
    talloc_free(owner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings = { .hostname = "sender.example.net",
                                 .timeouts = { SECONDS, SECONDS, SECONDS, SECONDS, SECONDS, SECONDS, SECONDS,
                                               SECONDS } };
    struct outcome outcome = { .verdict = OUTBOUND_UNTRIED };
    int ends[2];

    if (size < 2 || size > MOST || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    if (write(ends[1], data + 2, size - 2) != (ssize_t)(size - 2))
        abort();
    shutdown(ends[1], SHUT_WR);
    int64_t began_us = clock_monotonic_us();
    struct connection *connection = connection_over(ends[0], (unsigned)data[0] | (unsigned)data[1] << 8);
    bool may_log_in = (connection->features.has &
                       (FEATURE_AUTH_PLAIN | FEATURE_AUTH_LOGIN | FEATURE_AUTH_SCRAM_SHA_256)) != 0;
    if (!may_log_in || login_at(connection, "ada", "secret", &outcome)) {
        for (int i = 0; i < 2 && !connection->is_broken; i++)
            send_one(&settings, connection);
    } else if (outcome.verdict != OUTBOUND_DEFERRED) {
        abort(); /* a wrong password is the administrator's to correct, not the end of the mail */
    }
    connection->is_broken = true;
    connection_close(&connection);
    close(ends[1]);
    if (clock_monotonic_us() - began_us > 4 * US_PER_S)
        abort();
    return 0;
}
