/*
 * test_transaction.c -- what a transaction says of itself is true: committed, rolled back, or unknown.
 *
 * The connection goes through a proxy of the test, which can cut it when COMMIT passes.
 */
#include "db/transaction.h"

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/statement.h"
#include "kit/pg.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

enum cut { CUT_NEVER, CUT_BEFORE_COMMIT, CUT_AFTER_COMMIT };

struct proxy {
    int listener;
    char target[128];
    pthread_t thread;
    _Atomic enum cut cut;
};

struct fixture {
    struct db_pool *pool;
    struct db *db;
    struct err err;
    struct proxy proxy;
    char *direct;
    int runs;
};

static int connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%.107s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Moves what is there; false at the end. */
static bool pump(int from, int to, char *bytes, ssize_t *length_out)
{
    *length_out = read(from, bytes, 65536);
    return *length_out > 0 && (to < 0 || write(to, bytes, (size_t)*length_out) == *length_out);
}

static void relay(struct proxy *proxy, int client)
{
    static char bytes[65536];
    int server = connect_unix(proxy->target);
    struct pollfd fds[2] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
    ssize_t length;
    bool is_committing = false;

    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents) {
            if (!pump(client, -1, bytes, &length))
                break;
            is_committing = memmem(bytes, (size_t)length, "COMMIT", 6) != NULL;
            if (is_committing && proxy->cut == CUT_BEFORE_COMMIT)
                break;
            if (write(server, bytes, (size_t)length) != length)
                break;
        }
        if (fds[1].revents) {
            if (is_committing && proxy->cut == CUT_AFTER_COMMIT) {
                (void)!pump(server, -1, bytes, &length);
                break;
            }
            if (!pump(server, client, bytes, &length))
                break;
        }
    }
    close(client);
    close(server);
}

static void *proxy_main(void *arg)
{
    struct proxy *proxy = arg;
    int client;

    while ((client = accept(proxy->listener, NULL, NULL)) >= 0)
        relay(proxy, client);
    return NULL;
}

static void start_proxy(struct proxy *proxy, const char *folder, const char *target)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    snprintf(proxy->target, sizeof proxy->target, "%.127s", target);
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/.s.PGSQL.5432", folder);
    proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(proxy->listener, 16), 0);
    pthread_create(&proxy->thread, NULL, proxy_main, proxy);
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    char host[108], database[32], target[160];

    f->direct = kit_pg_database(f, NULL);
    assert_int_equal(
        sscanf(f->direct, "host='%107[^']' port=5432 user=chappe dbname='%31[^']'", host, database), 2);
    snprintf(target, sizeof target, "%s/.s.PGSQL.5432", host);
    const char *folder = kit_folder();
    start_proxy(&f->proxy, folder, target);
    f->pool =
        kit_pg_pool(f, talloc_asprintf(f, "host='%s' user=chappe dbname='%s'", folder, database), NULL, 1);
    f->db = kit_pg_acquire(f->pool);
    OK(db_exec_script(f->db, "CREATE TABLE t (i bigint PRIMARY KEY)", &f->err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    db_release(&f->db);
    db_pool_close(&f->pool);
    shutdown(f->proxy.listener, SHUT_RDWR);
    close(f->proxy.listener);
    pthread_join(f->proxy.thread, NULL);
    talloc_free(f);
    return 0;
}

/* Looks past the proxy. */
static int64_t rows_there(struct fixture *f)
{
    struct db_pool *pool = kit_pg_pool(f, f->direct, NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    struct db_row row;

    OK(db_one_row(db, f, "SELECT count(*) FROM t", DB_NO_ARGS, &row, &f->err));
    int64_t count = db_get_i64(&row, 0);
    db_release(&db);
    db_pool_close(&pool);
    return count;
}

static const char INSERT[] = "INSERT INTO t VALUES ($1)";

static bool insert_one(struct db *db, void *arg, struct err *err)
{
    struct fixture *f = arg;

    f->runs++;
    return db_exec(db, INSERT, DB_ARGS(db_i64(f->runs)), NULL, err);
}

static bool insert_and_regret(struct db *db, void *arg, struct err *err)
{
    return insert_one(db, arg, err) && err_set(err, ERR_DENIED, "no");
}

static bool insert_in_one_round_trip(struct db *db, void *arg, struct err *err)
{
    struct fixture *f = arg;

    return db_pipeline_add(db, INSERT, DB_ARGS(db_i64(++f->runs)), err) && db_pipeline_commit(db, err) &&
           db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

static bool insert_twice_the_same(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_pipeline_add(db, INSERT, DB_ARGS(db_i64(5)), err) &&
           db_pipeline_add(db, INSERT, DB_ARGS(db_i64(5)), err) && db_pipeline_commit(db, err) &&
           db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

static bool join_and_commit(struct db *db, void *arg, struct err *err)
{
    return with_transaction(db, insert_in_one_round_trip, arg, err) &&
           err_set(err, ERR_DENIED, "outer says no");
}

static bool forget_to_read(struct db *db, void *arg, struct err *err)
{
    struct fixture *f = arg;

    return db_pipeline_add(db, INSERT, DB_ARGS(db_i64(++f->runs)), err) && db_pipeline_send(db, err);
}

static void committed_and_rolled_back(void **state)
{
    struct fixture *f = *state;
    struct db_pool_stats before, after;

    OK(with_transaction(f->db, insert_one, f, &f->err));
    assert_int_equal(rows_there(f), 1);
    assert_false(with_transaction(f->db, insert_and_regret, f, &f->err));
    assert_int_equal(f->err.kind, ERR_DENIED);
    assert_int_equal(rows_there(f), 1);
    db_pool_stats(f->pool, &before);
    OK(with_transaction(f->db, insert_in_one_round_trip, f, &f->err));
    db_pool_stats(f->pool, &after);
    assert_int_equal(after.round_trips - before.round_trips, 1);
    assert_int_equal(rows_there(f), 2);
    OK(with_transaction(f->db, forget_to_read, f, &f->err));
    assert_int_equal(rows_there(f), 3);
    assert_false(with_transaction(f->db, insert_twice_the_same, f, &f->err));
    assert_int_equal(f->err.kind, ERR_EXISTS);
    assert_int_equal(rows_there(f), 3);
}

static void an_inner_commit_waits_for_the_outer(void **state)
{
    struct fixture *f = *state;

    assert_false(with_transaction(f->db, join_and_commit, f, &f->err));
    assert_int_equal(rows_there(f), 0);
}

static void a_lost_commit_is_unknown(void **state)
{
    static db_work *const ways[] = { insert_one, insert_in_one_round_trip };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int64_t before = rows_there(f);
        OK(with_transaction(f->db, ways[i], f,
                            &f->err)); /* prepares: afterwards COMMIT is "s<n>" on the wire */
        db_release(&f->db);
        OK(db_pool_reset(f->pool, NULL, &f->err));
        f->db = kit_pg_acquire(f->pool);
        f->proxy.cut = CUT_AFTER_COMMIT;
        assert_false(with_transaction(f->db, ways[i], f, &f->err));
        assert_int_equal(f->err.kind, ERR_UNKNOWN);
        assert_int_equal(rows_there(f), before + 2); /* it had arrived */
        f->proxy.cut = CUT_NEVER;
        db_release(&f->db);
        f->db = kit_pg_acquire(f->pool);
        f->proxy.cut = CUT_BEFORE_COMMIT;
        assert_false(with_transaction(f->db, ways[i], f, &f->err));
        assert_int_equal(f->err.kind, ERR_UNKNOWN);
        assert_int_equal(rows_there(f), before + 2); /* it had not, which nobody could know */
        f->proxy.cut = CUT_NEVER;
        OK(with_transaction(f->db, ways[i], f, &f->err)); /* the connection comes back by itself */
    }
}

static void a_connection_killed_before_commit_is_busy(void **state)
{
    struct fixture *f = *state;
    struct db_row row;

    OK(db_one_row(f->db, f, "SELECT pg_backend_pid()", DB_NO_ARGS, &row, &f->err));
    struct db_pool *other = kit_pg_pool(f, f->direct, NULL, 1);
    struct db *killer = kit_pg_acquire(other);
    OK(db_exec(killer, "SELECT pg_terminate_backend($1)", DB_ARGS(db_i32(db_get_i32(&row, 0))), NULL,
               &f->err));
    usleep(100 * 1000);
    OK(with_transaction(f->db, insert_one, f, &f->err)); /* noticed before anything was sent */
    db_release(&killer);
}

struct collision {
    struct fixture *f;
    pthread_barrier_t both_hold_one;
    _Atomic int runs;
};

struct side {
    struct collision *collision;
    int64_t first, second;
    bool ok;
    struct err err;
};

static bool lock_both(struct db *db, void *arg, struct err *err)
{
    static const char TOUCH[] = "UPDATE t SET i = i WHERE i = $1";
    struct side *side = arg;

    if (!db_exec(db, TOUCH, DB_ARGS(db_i64(side->first)), NULL, err))
        return false;
    if (side->collision->runs++ < 2)
        pthread_barrier_wait(&side->collision->both_hold_one);
    return db_exec(db, TOUCH, DB_ARGS(db_i64(side->second)), NULL, err);
}

static void *side_main(void *arg)
{
    struct side *side = arg;
    struct db_pool *pool = kit_pg_pool(NULL, side->collision->f->direct, NULL, 1);

    side->ok = with_pool_transaction(pool, DB_INTERACTIVE, lock_both, side, &side->err);
    db_pool_close(&pool);
    return NULL;
}

static void a_deadlock_is_run_again(void **state)
{
    struct fixture *f = *state;
    struct collision collision = { .f = f };
    struct side sides[2] = { { &collision, 101, 102, false, ERR_INIT },
                             { &collision, 102, 101, false, ERR_INIT } };
    pthread_t threads[2];

    OK(db_exec_script(f->db, "INSERT INTO t VALUES (101), (102)", &f->err));
    pthread_barrier_init(&collision.both_hold_one, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, side_main, &sides[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&collision.both_hold_one);
    assert_true(sides[0].ok && sides[1].ok);
    assert_true(collision.runs >= 3);
}

static bool wait_for_lock(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db, "SET LOCAL lock_timeout = '100ms'", DB_NO_ARGS, NULL, err) &&
           db_exec(db, "LOCK TABLE t IN ACCESS EXCLUSIVE MODE", DB_NO_ARGS, NULL, err);
}

static bool hold_lock(struct db *db, void *arg, struct err *err)
{
    struct fixture *f = arg;

    if (!db_exec(db, "LOCK TABLE t IN ACCESS EXCLUSIVE MODE", DB_NO_ARGS, NULL, err))
        return false;
    struct db_pool *other = kit_pg_pool(f, f->direct, NULL, 1);
    assert_false(with_pool_transaction(other, DB_INTERACTIVE, wait_for_lock, NULL, &f->err));
    assert_int_equal(f->err.kind, ERR_BUSY);
    db_pool_close(&other);
    return true;
}

static void a_lock_is_not_waited_for_forever(void **state)
{
    struct fixture *f = *state;
    struct err err;

    assert_true(with_transaction(f->db, hold_lock, f, &err));
}

static bool write_something(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_exec(db, "INSERT INTO t VALUES (7)", DB_NO_ARGS, NULL, err);
}

static void a_snapshot_does_not_write(void **state)
{
    struct fixture *f = *state;

    assert_false(with_snapshot(f->db, write_something, NULL, &f->err));
    assert_int_equal(rows_there(f), 0);
}

static void a_crash_of_the_server_is_survived(void **state)
{
    struct fixture *f = *state;

    OK(with_transaction(f->db, insert_one, f, &f->err));
    kit_pg_crash();
    struct err ignored;
    for (int i = 0; i < 100 && !with_transaction(f->db, insert_one, f, &ignored); i++)
        usleep(50 * 1000);
    OK(with_transaction(f->db, insert_one, f, &f->err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(committed_and_rolled_back), TEST(an_inner_commit_waits_for_the_outer),
        TEST(a_lost_commit_is_unknown),  TEST(a_connection_killed_before_commit_is_busy),
        TEST(a_deadlock_is_run_again),   TEST(a_lock_is_not_waited_for_forever),
        TEST(a_snapshot_does_not_write), TEST(a_crash_of_the_server_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
