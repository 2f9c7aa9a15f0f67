/*
 * bench_queue.c -- what the queue costs by its length, and how fast the motor is when the next server takes everything.
 *
 *   bench_queue FOLDER [ENTRIES ...]     FOLDER: where its private PostgreSQL (with fsync) lives; default: 0 10000 100000 1000000
 *
 * Half of the entries wait for one domain that is down, the others for 1,000 domains, all of them due; then each question that
 * the motor and administrators ask is timed, the median of several. At the end the motor runs for some seconds with a next
 * server that takes everything at once, while threads put new messages in. Resident is this process with its motor, PostgreSQL not
 * among it.
 */
#include "base/clock.h"
#include "db/cluster.h"
#include "db/migrate.h"
#include "db/statement.h"
#include "deliver/deliver.h"
#include "directory/directory.h"
#include "queue/admin.h"
#include "queue/motor.h"
#include "queue/settle.h"
#include "queue/take.h"
#include "run/run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { ROUNDS = 15, PUTTERS = 16, RUN_S = 8, BYTES = 4096 };

static struct directory *directory;
static struct db_pool *pool, *filler; /* as chappe_lookup; as the owner */
static const struct actor root = { .name = "local:bench" };

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "bench_queue: %s / %s\n", err->user, err->log);
    exit(1);
}

static struct cluster *open_all(void *owner, const char *folder)
{
    struct err err = ERR_INIT;
    struct cluster *cluster;
    const struct cluster_options options = { .directory = folder,
                                             .run_as = getuid() == 0 ? "postgres" : NULL };

    must(cluster_start(owner, &options, &cluster, &err), &err);
    must(cluster_create_database(cluster, "bench", &err), &err);
    char *conninfo = cluster_conninfo(owner, cluster, "bench");
    must(directory_migrate(conninfo, &err), &err);
    must(directory_open(owner, &(struct directory_options){ .conninfo = conninfo, .pool_size = 24 },
                        &directory, &err),
         &err);
    pool = directory_pool(directory, DIRECTORY_LOOKS_UP);
    must(db_pool_open(owner, &(struct db_pool_options){ .conninfo = conninfo, .size = 1 }, &filler, &err),
         &err);
    return cluster;
}

static void sql(const char *text, int64_t argument)
{
    struct err err = ERR_INIT;
    struct db *db;

    must(db_acquire(filler, DB_UNLIMITED, 5000, &db, &err), &err);
    must(db_exec(db, text, argument < 0 ? DB_NO_ARGS : DB_ARGS(db_i64(argument)), NULL, &err), &err);
    db_release(&db);
}

static const char FILL_MESSAGES[] =
    "INSERT INTO queue_message (message_id, name, sender, origin, received_us, expires_us, size, subject)"
    " SELECT i, lpad(to_hex(i), 16, '0'), 'u' || i % 10000 || '@example.org', 'bench', i, 4000000000000000, 1000,"
    "        'Message ' || i FROM generate_series(1, $1::bigint) AS i";
static const char FILL_BODIES[] =
    "INSERT INTO queue_body SELECT i, 0, 0, decode(repeat('61', 1000), 'hex') FROM generate_series(1, $1::bigint) AS i";
static const char FILL_RECIPIENTS[] =
    "INSERT INTO queue_recipient (message_id, address, asked, lane, next_try_us, overdue_us)"
    " SELECT i, 'r' || i || '@' || d.lane, 'r', d.lane, i, 4000000000000000"
    "   FROM generate_series(1, $1::bigint) AS i,"
    "        LATERAL (SELECT CASE WHEN i % 2 = 0 THEN 'down.example' ELSE 'd' || (i / 2) % 1000 || '.example' END AS lane) AS d";
static const char NEXT_ID[] = "SELECT setval('queue_message_message_id_seq', $1::bigint + 1000000)";

static void fill(int64_t entries)
{
    sql("TRUNCATE queue_message, queue_body, queue_recipient, queue_motor", -1);
    if (entries > 0) {
        sql(FILL_MESSAGES, entries);
        sql(FILL_BODIES, entries);
        sql(FILL_RECIPIENTS, entries);
    }
    struct err err = ERR_INIT;
    struct db_rows *rows;
    struct db *db;
    must(db_acquire(filler, DB_UNLIMITED, 5000, &db, &err), &err);
    must(db_query(db, NULL, NEXT_ID, DB_ARGS(db_i64(entries + 1)), &rows, &err), &err);
    db_release(&db);
    talloc_free(rows);
    fflush(stdout);
}

/* ---- what is asked */

static int64_t motor_id;

static void put_one(void *arena, const char *lane, struct span bytes)
{
    struct err err = ERR_INIT;
    int64_t now_us = clock_now_us();
    struct queue_recipient to = { .address = talloc_asprintf(arena, "x@%s", lane),
                                  .lane = lane,
                                  .next_try_us = now_us - 3600 * US_PER_S,
                                  .overdue_us = now_us + 86400 * US_PER_S };
    struct queue_new new = { .message = { .name = "bench",
                                          .sender = "a@example.org",
                                          .origin = "bench",
                                          .received_us = now_us,
                                          .expires_us = now_us + 86400 * US_PER_S },
                             .bytes = bytes,
                             .recipients = &to,
                             .recipient_count = 1 };

    must(queue_put(pool, &(const struct queue_new *){ &new }, 1, &err), &err);
}

static char body[BYTES];

static void ask_put(void *arena)
{
    put_one(arena, "fresh.example", span_of(body, sizeof body));
}

static void ask_lanes(void *arena)
{
    struct queue_lane *lanes;
    struct err err = ERR_INIT;
    size_t count;

    must(queue_lanes(pool, arena, "", 256, &lanes, &count, &err), &err);
}

static struct queue_catch *take(void *arena, const char *lane, size_t most)
{
    struct queue_wish wish = { lane, most };
    struct queue_catch *catch;
    struct err err = ERR_INIT;

    must(queue_take(pool, arena, motor_id, queue_lease_new(motor_id), &wish, 1, 1 << 20, clock_now_us(),
                    &catch, &err),
         &err);
    return catch;
}

static void settle(void *arena, const struct queue_catch *catch, enum queue_end end)
{
    size_t count = queue_catch_count(catch);
    struct queue_settlement *list = talloc_zero_array(arena, struct queue_settlement, (unsigned)count + 1);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < count; i++) {
        const struct queue_taken *row = queue_catch_row(catch, i);
        list[i] = (struct queue_settlement){ .recipient_id = row->recipient_id,
                                             .message_id = row->message->message_id,
                                             .lease = row->lease,
                                             .end = end,
                                             .next_try_us = 1,
                                             .overdue_us = row->recipient.overdue_us };
    }
    must(queue_settle(pool, list, count, NULL, NULL, &err), &err);
}

static void ask_take(void *arena)
{
    settle(arena, take(arena, "down.example", 100), QUEUE_END_UNTRIED);
}

static void ask_take_and_defer(void *arena)
{
    settle(arena, take(arena, "d7.example", 100), QUEUE_END_WAITS);
}

static void ask_list(void *arena)
{
    struct queue_filter all = { .state = -1 };
    struct queue_entry *entries;
    struct err err = ERR_INIT;
    size_t count;

    must(queue_list(directory, &root, arena, 0, &all, 500000, 100, &entries, &count, &err), &err);
}

static void ask_list_sender(void *arena)
{
    struct queue_filter of = { .state = -1, .sender = "u77@example.org" };
    struct queue_entry *entries;
    struct err err = ERR_INIT;
    size_t count;

    must(queue_list(directory, &root, arena, 0, &of, 0, 100, &entries, &count, &err), &err);
}

static void ask_list_domain(void *arena)
{
    struct queue_filter of = { .state = -1, .domain = "d77.example" };
    struct queue_entry *entries;
    struct err err = ERR_INIT;
    size_t count;

    must(queue_list(directory, &root, arena, 0, &of, 0, 100, &entries, &count, &err), &err);
}

static void ask_overdue(void *arena)
{
    struct queue_catch *catch;
    struct err err = ERR_INIT;

    must(queue_take_overdue(pool, arena, motor_id, queue_lease_new(motor_id), 500, clock_now_us(), &catch,
                            &err),
         &err);
}

static void ask_beat(void *arena)
{
    struct err err = ERR_INIT;
    bool is_known;
    uint64_t freed;

    (void)arena;
    must(queue_motor_beat(pool, motor_id, &is_known, &freed, &err), &err);
}

static void ask_start(void *arena)
{
    struct err err = ERR_INIT;
    uint64_t freed;

    (void)arena;
    must(queue_motor_end(pool, motor_id, &freed, &err) && queue_motor_begin(pool, "bench", &motor_id, &err),
         &err);
}

static const struct {
    const char *what;
    void (*ask)(void *arena);
} questions[] = {
    { "start: bury the last motor, begin anew", ask_start },
    { "beat", ask_beat },
    { "find 256 lanes", ask_lanes },
    { "take 100 of the longest lane, put back", ask_take },
    { "take 100 of a short lane, defer", ask_take_and_defer },
    { "take what is overdue (nothing is)", ask_overdue },
    { "accept one message of 4 KB", ask_put },
    { "list 100 from the middle", ask_list },
    { "list 100 of a sender", ask_list_sender },
    { "list 100 of a domain", ask_list_domain },
};

static int by_time(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void measure(void)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        int64_t took[ROUNDS];
        for (int k = 0; k < ROUNDS; k++) {
            void *arena = talloc_new(NULL);
            int64_t began_us = clock_monotonic_us();
            questions[i].ask(arena);
            took[k] = clock_monotonic_us() - began_us;
            talloc_free(arena);
        }
        qsort(took, ROUNDS, sizeof *took, by_time);
        printf("  %-42s %8.2f ms   (longest %.2f)\n", questions[i].what, (double)took[ROUNDS / 2] / 1000,
               (double)took[ROUNDS - 1] / 1000);
    }
    fflush(stdout);
}

/* ---- the motor */

static atomic_size_t sent;
static atomic_bool ends;

static bool find_route(void *arg, const void *owner, const struct run_question *question, struct route *route,
                       struct err *err)
{
    (void)arg;
    (void)err;
    *route =
        (struct route){ .kind = ROUTE_MX, .destination = talloc_asprintf(owner, "mx %s", question->domain) };
    return true;
}

static void send_it(void *arg, const void *owner, const struct route *route,
                    const struct outbound_message *message, struct outbound_recipient *recipients,
                    size_t count)
{
    (void)arg;
    (void)owner;
    (void)message;
    bool is_down = strcmp(route->destination, "mx down.example") == 0;
    for (size_t i = 0; i < count; i++)
        recipients[i].verdict = is_down ? OUTBOUND_DEFERRED : OUTBOUND_RELAYED;
    if (!is_down)
        atomic_fetch_add(&sent, count);
}

static void *put_all(void *argument)
{
    atomic_size_t *put = argument;

    while (!atomic_load(&ends)) {
        void *arena = talloc_new(NULL);
        put_one(arena, talloc_asprintf(arena, "new%zu.example", atomic_fetch_add(put, 1) % 20),
                span_of(body, sizeof body));
        talloc_free(arena);
    }
    return NULL;
}

static double resident_mib(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long whole = 0, resident = 0;

    if (file && fscanf(file, "%ld %ld", &whole, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void run_motor(bool with_putters)
{
    struct err err = ERR_INIT;
    pthread_t threads[PUTTERS];
    atomic_size_t put = 0;
    struct run *run;
    struct run_options options = { .directory = directory,
                                   .host_name = "bench",
                                   .server = "bench",
                                   .ways = { .route = find_route, .send = send_it } };

    atomic_store(&sent, 0);
    atomic_store(&ends, false);
    int64_t began_us = clock_monotonic_us();
    must(run_start(NULL, &options, &run, &err), &err);
    for (int i = 0; with_putters && i < PUTTERS; i++)
        pthread_create(&threads[i], NULL, put_all, &put);
    while (atomic_load(&sent) == 0 && clock_monotonic_us() - began_us < 20 * US_PER_S)
        usleep(1000);
    double first = (double)(clock_monotonic_us() - began_us) / 1000;
    usleep(RUN_S * 1000000);
    size_t done = atomic_load(&sent);
    double passed = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S, resident = resident_mib();
    atomic_store(&ends, true);
    for (int i = 0; with_putters && i < PUTTERS; i++)
        pthread_join(threads[i], NULL);
    run_stop(&run, 2000);
    printf("  %s: first sent after %.0f ms; %.0f sent /s",
           with_putters ? "accepting and sending" : "draining", first, (double)done / passed);
    if (with_putters)
        printf(", %.0f accepted /s", (double)atomic_load(&put) / passed);
    printf(", %.0f MiB resident\n", resident);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const standard[] = { "0", "10000", "100000", "1000000" };
    void *owner = talloc_new(NULL);
    struct err err = ERR_INIT;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_queue FOLDER [ENTRIES ...]\n");
        return 2;
    }
    memset(body, 'x', sizeof body);
    struct cluster *cluster = open_all(owner, argv[1]);
    int count = argc > 2 ? argc - 2 : (int)(sizeof standard / sizeof *standard);
    for (int i = 0; i < count; i++) {
        int64_t entries = strtoll(argc > 2 ? argv[i + 2] : standard[i], NULL, 10);
        fill(entries);
        printf("%lld entries\n", (long long)entries);
        must(queue_motor_begin(pool, "bench", &motor_id, &err), &err);
        measure();
        ask_start(NULL);
        run_motor(false);
        run_motor(true);
    }
    db_pool_close(&filler);
    directory_close(&directory);
    cluster_stop(&cluster);
    talloc_free(owner);
    return 0;
}
