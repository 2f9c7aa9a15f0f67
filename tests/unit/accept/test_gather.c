/* test_gather.c -- messages that come together share a transaction; one that cannot go in does not hold up the others. */
#include "accept/gather.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { THREADS = 48, EACH = 50 };

/* A database that takes a moment, and refuses what is called "bad". */
struct base {
    atomic_int transactions, messages, inside, most_inside;
    enum err_kind trouble; /* with every transaction */
};

static bool write_all(void *arg, const struct queue_new *const *messages, size_t count, struct err *err)
{
    struct base *base = arg;
    int inside = atomic_fetch_add(&base->inside, 1) + 1;
    bool is_bad = false;

    if (inside > atomic_load(&base->most_inside))
        atomic_store(&base->most_inside, inside);
    nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
    for (size_t i = 0; i < count; i++)
        is_bad = is_bad || strcmp(messages[i]->message.name, "bad") == 0;
    atomic_fetch_add(&base->transactions, 1);
    atomic_fetch_sub(&base->inside, 1);
    if (base->trouble != ERR_NONE)
        return err_set(err, base->trouble, "trouble");
    if (is_bad)
        return err_set(err, ERR_INVALID, "bad");
    atomic_fetch_add(&base->messages, (int)count);
    return true;
}

struct client {
    struct gather *gather;
    int number, put, refused;
};

static void *send_some(void *arg)
{
    struct client *client = arg;

    for (int i = 0; i < EACH; i++) {
        struct err err = ERR_INIT;
        struct queue_new new = { .message = { .name = client->number == 0 && i % 5 == 0 ? "bad" : "good" } };
        if (gather_put(client->gather, &new, &err))
            client->put++;
        else
            client->refused += err.kind != ERR_NONE;
    }
    return NULL;
}

static void run_clients(struct base *base, struct client clients[THREADS])
{
    void *owner = talloc_new(NULL);
    struct gather *gather = gather_new(owner, write_all, base);
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        clients[i] = (struct client){ .gather = gather, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, send_some, &clients[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    talloc_free(owner);
}

static void those_who_come_together_share(void **state)
{
    struct base base = { .trouble = ERR_NONE };
    struct client clients[THREADS];

    (void)state;
    run_clients(&base, clients);
    assert_int_equal(atomic_load(&base.messages), THREADS * EACH - EACH / 5);
    assert_true(atomic_load(&base.most_inside) <= GATHER_LEADERS);
    assert_true(atomic_load(&base.transactions) < THREADS * EACH / 2);
    assert_int_equal(clients[0].put, EACH - EACH / 5);
    assert_int_equal(clients[0].refused, EACH / 5);
    for (int i = 1; i < THREADS; i++)
        assert_int_equal(clients[i].put, EACH);
}

static void trouble_of_the_database_is_everybody_s(void **state)
{
    struct base base = { .trouble = ERR_BUSY };
    struct client clients[THREADS];

    (void)state;
    run_clients(&base, clients);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(clients[i].refused, EACH);
    assert_true(atomic_load(&base.transactions) < THREADS * EACH / 2); /* nobody was tried alone */
}

static void large_messages_go_alone(void **state)
{
    struct base base = { .trouble = ERR_NONE };
    char *bytes = talloc_zero_array(NULL, char, GATHER_ALONE_BYTES + 1);
    struct gather *gather = gather_new(bytes, write_all, &base);
    struct queue_new new = { .message = { .name = "large" },
                             .bytes = span_of(bytes, GATHER_ALONE_BYTES + 1) };
    struct err err = ERR_INIT;

    (void)state;
    assert_true(gather_put(gather, &new, &err));
    assert_int_equal(atomic_load(&base.messages), 1);
    talloc_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_come_together_share),
        cmocka_unit_test(trouble_of_the_database_is_everybody_s),
        cmocka_unit_test(large_messages_go_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
