/*
 * test_cuts.c -- deliveries over connections that are cut after a random number of bytes, to either side: whatever the sender
 * was told is so. Each letter that was acknowledged is there exactly once, each refused one is not.
 */
#include "deliver/deliver.h"

#include "base/clock.h"
#include "db/statement.h"
#include "kit/mail.h"
#include "kit/store.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

enum { THREADS = 4, LETTERS = 150, MAILBOXES = 3, BUDGET_BYTES = 60000 };

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

struct proxy {
    int listener;
    char target[128];
    pthread_t thread;
    _Atomic bool is_kind; /* lets everything through */
    _Atomic int relays;   /* threads that still read this struct: it goes when they are gone */
};

struct relay {
    struct proxy *proxy;
    int client, server;
    long budget; /* bytes in both directions, then the cut */
};

static int connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%.107s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* As much as the budget allows; false at the end or the cut. */
static bool pump(struct relay *relay, int from, int to)
{
    char bytes[8192];
    ssize_t length = read(from, bytes, sizeof bytes);

    if (length <= 0)
        return false;
    if (!relay->proxy->is_kind && relay->budget < length)
        length = relay->budget;
    relay->budget -= length;
    for (ssize_t at = 0; at < length;) {
        ssize_t written = write(to, bytes + at, (size_t)(length - at));
        if (written <= 0)
            return false;
        at += written;
    }
    return relay->proxy->is_kind || relay->budget > 0;
}

static void *relay_main(void *arg)
{
    struct relay *relay = arg;
    struct pollfd fds[2] = { { .fd = relay->client, .events = POLLIN },
                             { .fd = relay->server, .events = POLLIN } };
    bool goes_on = relay->server >= 0;

    while (goes_on && poll(fds, 2, -1) > 0) {
        if (fds[0].revents)
            goes_on = pump(relay, relay->client, relay->server);
        if (goes_on && fds[1].revents)
            goes_on = pump(relay, relay->server, relay->client);
    }
    close(relay->client);
    if (relay->server >= 0)
        close(relay->server);
    atomic_fetch_sub(&relay->proxy->relays, 1);
    free(relay);
    return NULL;
}

static void *proxy_main(void *arg)
{
    struct proxy *proxy = arg;
    unsigned seed = 1;
    int client;

    while ((client = accept(proxy->listener, NULL, NULL)) >= 0) {
        struct relay *relay = malloc(sizeof *relay);
        pthread_t thread;
        if (!relay)
            abort();
        *relay =
            (struct relay){ proxy, client, connect_unix(proxy->target), 3000 + rand_r(&seed) % BUDGET_BYTES };
        atomic_fetch_add(&proxy->relays, 1);
        if (pthread_create(&thread, NULL, relay_main, relay) != 0)
            abort();
        pthread_detach(thread);
    }
    return NULL;
}

/* After the last user of a connection through it has closed it. */
static void stop_proxy(struct proxy *proxy)
{
    shutdown(proxy->listener, SHUT_RDWR);
    close(proxy->listener);
    pthread_join(proxy->thread, NULL);
    while (atomic_load(&proxy->relays) > 0)
        usleep(1000);
}

/* The conninfo of the same database through the proxy. */
static char *start_proxy(void *owner, struct proxy *proxy, const char *conninfo)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char host[108], database[32];

    assert_int_equal(
        sscanf(conninfo, "host='%107[^']' port=5432 user=chappe dbname='%31[^']'", host, database), 2);
    snprintf(proxy->target, sizeof proxy->target, "%s/.s.PGSQL.5432", host);
    const char *folder = kit_folder();
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/.s.PGSQL.5432", folder);
    proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(proxy->listener, 64), 0);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_main, proxy), 0);
    return talloc_asprintf(owner, "host='%s' user=chappe dbname='%s'", folder, database);
}

struct sender {
    pthread_t thread;
    struct deliver *deliver;
    int number, filed, refused, unknown;
    int64_t
        sums[3]; /* of the item ids and UIDs that were acknowledged: they must be the ones that are there */
};

static void *send_many(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < LETTERS; i++) {
        void *arena = talloc_new(NULL);
        struct deliver_recipient to = { .group_id = KIT_GROUP_ID,
                                        .target = { .mailbox_id = 1 + i % MAILBOXES } };
        struct span mail =
            kit_mail(arena, sender->number * 1000 + i, i % 50 == 7 ? 300000 : 1500, NULL, NULL);
        struct err err;
        if (!deliver_message(sender->deliver, message_prepare(arena, mail), clock_now_us(), &to, 1, &err))
            abort();
        sender->filed += to.target.is_filed;
        sender->unknown += to.target.err.kind == ERR_UNKNOWN;
        sender->refused += !to.target.is_filed && to.target.err.kind != ERR_UNKNOWN;
        if (to.target.is_filed) {
            sender->sums[0] += to.target.item_id;
            sender->sums[1] += to.target.item_id * (to.target.item_id % 1009);
            sender->sums[2] += to.target.uid * (to.target.item_id % 1009);
        }
        talloc_free(arena);
    }
    return NULL;
}

static const char SUM_OF_IDS[] = "SELECT sum(item_id)::bigint FROM item WHERE mailbox_id <= $1";
static const char SUM_OF_SQUARES[] =
    "SELECT sum(item_id * (item_id % 1009))::bigint FROM item WHERE mailbox_id <= $1";
static const char SUM_OF_UIDS[] =
    "SELECT sum(m.uid * (item_id % 1009))::bigint FROM item JOIN membership m USING (item_id) WHERE mailbox_id <= $1";

static void what_was_said_is_so(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_store *store = kit_store_open(owner);
    struct proxy proxy = { .is_kind = false };
    struct sender senders[THREADS] = { 0 };
    struct db_pool_stats stats;
    struct groups *groups;
    struct group *group;
    struct deliver *deliver;
    struct err err;
    int filed = 0, refused = 0;
    int64_t sums[3] = { 0 };

    (void)state;
    for (int i = 1; i <= MAILBOXES; i++)
        kit_store_mailbox(store, i, 0, 0);
    OK(groups_open(owner, &(struct groups_options){ .pool_size = 8 }, &groups, &err));
    OK(groups_put(groups, KIT_GROUP_ID, start_proxy(owner, &proxy, store->conninfo), &err));
    OK(group_find(groups, KIT_GROUP_ID, &group, &err));
    OK(deliver_open(owner, &(struct deliver_options){ .groups = groups }, &deliver, &err));
    for (int i = 0; i < THREADS; i++) {
        senders[i].number = i;
        senders[i].deliver = deliver;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        filed += senders[i].filed;
        refused += senders[i].refused;
        sums[0] += senders[i].sums[0];
        sums[1] += senders[i].sums[1];
        sums[2] += senders[i].sums[2];
        assert_int_equal(senders[i].unknown, 0);
    }
    db_pool_stats(group_pool(group), &stats);
    print_message("  %d filed, %d refused; %llu connections broke, %llu COMMITs were unknown\n", filed,
                  refused, (unsigned long long)stats.broken, (unsigned long long)stats.unknown_commits);
    assert_true(stats.unknown_commits > 0);
    assert_int_equal(filed + refused, THREADS * LETTERS);
    assert_int_equal(kit_store_number(store, "SELECT count(*) FROM item WHERE mailbox_id <= $1", MAILBOXES),
                     filed);
    assert_int_equal(kit_store_number(store, SUM_OF_IDS, MAILBOXES), sums[0]);
    assert_int_equal(kit_store_number(store, SUM_OF_SQUARES, MAILBOXES), sums[1]);
    assert_int_equal(kit_store_number(store, SUM_OF_UIDS, MAILBOXES), sums[2]);
    assert_int_equal(
        kit_store_number(store,
                         "SELECT count(*) FROM folder f WHERE mailbox_id <= $1 AND uidnext - 1 <>"
                         " (SELECT count(*) FROM membership m WHERE m.folder_id = f.folder_id)",
                         MAILBOXES),
        0);
    deliver_close(&deliver);
    groups_close(&groups);
    stop_proxy(&proxy);
    kit_store_close(store);
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_was_said_is_so) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
