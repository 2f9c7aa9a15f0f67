/*
 * bench_pop3.c -- how fast a maildrop is read: RETR of everything, one by one and pipelined, from PostgreSQL and from the cache.
 *
 *   bench_pop3 [MESSAGES [MEAN_BYTES]]     default 1,000 of 60,000
 *
 * Logins are faked. Read ratios, not absolute values, unless the machine is yours alone.
 */
#include "client.h"
#include "fake/fake_auth.h"
#include "pop3/pop3.h"
#include "session/server.h"
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void file_corpus(struct world *world, int count, size_t mean)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned seed = 1;
    struct err err = ERR_INIT;

    for (int i = 0; i < count; i++) {
        void *arena = talloc_new(NULL);
        struct buf mail = BUF_INIT(arena);
        struct filing_target target = { .mailbox_id = ADA };
        struct filing filing = { .received_us = 1, .targets = &target, .target_count = 1 };
        struct filing_batch batch = { .filings = &filing, .count = 1 };
        size_t length = mean / 4 + (size_t)rand_r(&seed) % (mean * 3 / 2 + 1);
        struct db *db;
        buf_add_format(&mail, "From: s%d@example.org\r\nSubject: Report %d\r\n\r\n", i, i);
        while (mail.length < length) {
            char line[78];
            for (int j = 0; j < 76; j++)
                line[j] = digits[rand_r(&seed) & 63];
            memcpy(line + 76, "\r\n", 2);
            buf_add(&mail, line, sizeof(line));
        }
        filing.draft = message_prepare(arena, buf_span(&mail));
        OK(group_acquire(world->store->group, DB_INTERACTIVE, &db, &err));
        OK(filing_run(world->store->group, db, arena, &batch, &err));
        db_release(&db);
        talloc_free(arena);
    }
}

/* Ends of answers in what came, of which the first `*kept` bytes came before. Keeps what may be half of one. */
static int count_ends(char *bytes, size_t length, size_t *kept)
{
    static const char end[] = "\r\n.\r\n";
    char *p = bytes, *limit = bytes + length, *dot;
    int found = 0;

    while ((dot = memchr(p, '.', (size_t)(limit - p))) && dot + 3 <= limit) {
        if (dot >= bytes + 2 && memcmp(dot - 2, end, 5) == 0)
            found++;
        p = dot + 1;
    }
    *kept = length < 4 ? length : 4;
    if (length >= 5 && memcmp(limit - 5, end, 5) == 0)
        *kept = 2; /* CRLF may begin the next one */
    memmove(bytes, limit - *kept, *kept);
    return found;
}

/* In a process of its own: fetches all, `window` commands ahead. */
static void fetch_all(uint16_t port, int count, int window, const char *what)
{
    int fd = connect_to(port), sent = 0, done = 0;
    static char bytes[1 << 20];
    uint64_t total = 0;
    size_t kept = 0;
    int64_t start;
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

    if (got <= 0 || send(fd, "USER ada@example.org\r\nPASS secret\r\n", 35, 0) < 0)
        exit(1);
    usleep(200 * 1000);
    got = recv(fd, bytes, sizeof(bytes), 0);
    start = clock_monotonic_us();
    while (done < count && got > 0) {
        while (sent < count && sent - done < window) {
            char line[32];
            int length = snprintf(line, sizeof(line), "RETR %d\r\n", ++sent);
            if (send(fd, line, (size_t)length, 0) < 0)
                exit(1);
        }
        got = recv(fd, bytes + kept, sizeof(bytes) - kept, 0);
        if (got > 0) {
            total += (uint64_t)got;
            done += count_ends(bytes, kept + (size_t)got, &kept);
        }
    }
    start = clock_monotonic_us() - start;
    printf("%-28s %6.0f messages/s %6.0f MB/s", what, (double)done * 1e6 / (double)start,
           (double)total / (double)start);
    fflush(stdout);
    exit(done == count ? 0 : 1);
}

static void row(uint16_t port, int count, int window, const char *what)
{
    int status;
    struct rusage before, after;
    pid_t child;

    fflush(stdout); /* else both would print it */
    child = fork();

    getrusage(RUSAGE_SELF, &before);

    if (child == 0)
        fetch_all(port, count, window, what);
    waitpid(child, &status, 0);
    getrusage(RUSAGE_SELF, &after);
    printf("  %.0f us of processor each here\n",
           ((double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                     before.ru_stime.tv_sec) *
                1e6 +
            (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
                     before.ru_stime.tv_usec)) /
               count);
    usleep(100 * 1000);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1000;
    size_t mean = argc > 2 ? (size_t)atol(argv[2]) : 60000;
    struct world *world;
    struct pop3_context context;
    struct session_server *server;
    struct session_listener *listener;
    const struct session_server_config config = { .workers = 16 };
    struct session_listen listen_ = { .protocol = &pop3_protocol,
                                      .context = &context,
                                      .name = "pop3",
                                      .address = "127.0.0.1",
                                      .fd = -1,
                                      .plaintext_login = PLAINTEXT_LOGIN_LOOPBACK };
    struct err err = ERR_INIT;

    mem_start();
    log_set_level(LOG_LEVEL_WARNING);
    world = world_open();
    file_corpus(world, count, mean);
    context = (struct pop3_context){ .cache = world->cache, .groups = world->store->groups };
    OK(session_server_start(&config, &server, &err));
    OK(session_server_listen(server, &listen_, &listener, &err));
    for (int round = 0; round < 3; round++) {
        message_cache_set_limit(0);
        row(session_listener_port(listener), count, 1, "from PostgreSQL, one by one");
        row(session_listener_port(listener), count, 50, "from PostgreSQL, 50 ahead");
        message_cache_set_limit(256 * 1024 * 1024);
        row(session_listener_port(listener), count, 50, "filling the cache");
        row(session_listener_port(listener), count, 1, "from the cache, one by one");
        row(session_listener_port(listener), count, 50, "from the cache, 50 ahead");
    }
    session_server_stop(server, 1000);
    session_server_free(&server);
    world_close(world);
    return 0;
}
