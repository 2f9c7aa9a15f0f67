/*
 * bench_mailbox.c -- what folders cost, on a durable private PostgreSQL.
 *
 *     bench_mailbox [MESSAGES...]          default 1000 10000 100000
 *
 * One line a measure: folder size, name, median and worst of the rounds in milliseconds.
 */
#include "base/clock.h"
#include "db/cluster.h"
#include "db/migrate.h"
#include "db/statement.h"
#include "group/store.h"
#include "kit/pg.h"
#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/maintain.h"
#include "mailbox/pack.h"

#include "base/wake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <talloc.h>

enum { ROUNDS = 9, MAILBOX = 1 };

static struct group *group;
static struct mailbox_cache *cache;
static struct mailbox *mailbox;
static const struct mailbox_reader owner = { 1, MAILBOX, 1 };
static void *arena;

#define MUST(call)                                                                                           \
    do {                                                                                                     \
        struct err err = ERR_INIT;                                                                           \
        if (!(call)) {                                                                                       \
            fprintf(stderr, "%s: %s / %s\n", #call, err.user, err.log);                                      \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

struct measure {
    double ms[ROUNDS];
    int count;
    int64_t begin_us;
};

static void begin(struct measure *measure)
{
    measure->begin_us = clock_monotonic_us();
}

static void end(struct measure *measure)
{
    measure->ms[measure->count++] = (double)(clock_monotonic_us() - measure->begin_us) / 1000;
}

static void report(struct measure *measure, uint32_t messages, const char *what)
{
    qsort(measure->ms, (size_t)measure->count, sizeof *measure->ms, compare);
    printf("%7u  %-44s %9.3f  %9.3f\n", messages, what, measure->ms[measure->count / 2],
           measure->ms[measure->count - 1]);
    fflush(stdout);
    measure->count = 0;
}

static void exec_id(const char *sql, int64_t id, int64_t n)
{
    struct db *db;

    MUST(group_acquire(group, DB_UNLIMITED, &db, &err));
    MUST(db_exec(db, sql, DB_ARGS(db_i64(id), db_i64(n)), NULL, &err));
    db_release(&db);
}

/* Messages 1..n of all folders; what they say is as long as it is in real ones. */
static const char MAKE_MESSAGES[] =
    "INSERT INTO message SELECT n, sha256(n::text::bytea), 4000 + n % 1000, 700, 1, '', "
    "  convert_to('(\"Mon, 02 Jan 2006 15:04:05 +0000\" \"' || md5(n::text) || ' weekly report of department ' || n || '\" '"
    "    || repeat('((\"Ada Lovelace ' || md5((n % 300)::text) || '\" NIL \"ada' || n % 300 || '\" \"example.org\"))', 3)"
    "    || ' NIL NIL NIL \"<' || md5(n::text) || '@mail.example.org>\")', 'UTF8'),"
    "  convert_to('((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL \"QUOTED-PRINTABLE\" ' || 1000 + n % 3000 || ' ' || n % 90 ||"
    "    ' NIL NIL NIL NIL)(\"TEXT\" \"HTML\" (\"CHARSET\" \"utf-8\") NIL NIL \"QUOTED-PRINTABLE\" ' || 2000 + n % 5000 ||"
    "    ' 99 NIL NIL NIL NIL) \"ALTERNATIVE\" (\"BOUNDARY\" \"' || md5((n + 1)::text) || '\") NIL NIL NIL)', 'UTF8'),"
    "  '', convert_to(repeat(md5(n::text) || ' weekly report of department ', 4), 'UTF8'), 'preview of ' || n, 0"
    "  FROM generate_series($1, $2) AS n";
static const char MAKE_ITEMS[] = "INSERT INTO item SELECT n, 1, n, n, 1, 0 FROM generate_series($1, $2) AS n";
static const char MAKE_MEMBERSHIPS[] =
    "INSERT INTO membership SELECT $1, n, 2, n % 2, n, n, 4000 + n % 1000, 1136214245000000 + n * 60000000, 0"
    "  FROM generate_series(1, $2) AS n";
static const char MAKE_COUNTERS[] =
    "WITH m AS (UPDATE mailbox SET modseq = modseq + 2, used_messages = used_messages + $2,"
    "                  used_bytes = used_bytes + 5000 * $2 WHERE mailbox_id = 1)"
    " UPDATE folder SET uidnext = $2 + 1, messages = $2, unseen = $2 / 2, modseq = modseq + 2,"
    "        bytes = (SELECT sum(size) FROM membership WHERE folder_id = $1) WHERE folder_id = $1";

static void start(void *top, uint32_t most)
{
    char *directory = talloc_asprintf(top, "%s/durable", kit_folder());
    struct groups *groups;
    struct cluster *cluster;
    struct wake_bus *bus;
    struct db_pool *pool;
    char *conninfo;

    MUST(cluster_start(top, &(struct cluster_options){ .directory = directory, .run_as = kit_pg_user() },
                       &cluster, &err));
    MUST(cluster_create_database(cluster, "bench", &err));
    conninfo = cluster_conninfo(top, cluster, "bench");
    pool = kit_pg_pool(top, conninfo, NULL, 2);
    MUST(db_migrate(pool, &db_schema_group, &err));
    MUST(group_initialise(pool, 1, &err));
    MUST(groups_open(top, &(struct groups_options){ .pool_size = 8 }, &groups, &err));
    MUST(groups_put(groups, 1, conninfo, &err));
    MUST(group_find(groups, 1, &group, &err));
    MUST(store_put(group, &(struct store_options){ .store_id = 1, .name = "s" }, &err));
    MUST(mailbox_create(group,
                        &(struct mailbox_options){
                            .mailbox_id = MAILBOX, .store_id = 1, .organisation_id = 1, .domain_id = 1 },
                        &err));
    MUST(wake_start(NULL, "bench", &bus, &err));
    cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = bus, .writes_no_snapshots = true });
    MUST(mailbox_open(cache, group, MAILBOX, &mailbox, &err));
    exec_id(MAKE_MESSAGES, 1, most);
    exec_id(MAKE_ITEMS, 1, most);
}

static int64_t make_folder(const char *name, uint32_t messages)
{
    struct folder *folder;

    MUST(folder_create(mailbox, &owner, name, NULL, arena, &folder, &err));
    if (messages) {
        exec_id(MAKE_MEMBERSHIPS, folder->folder_id, messages);
        exec_id(MAKE_COUNTERS, folder->folder_id, messages);
    }
    return folder->folder_id;
}

static struct view *latest(int64_t folder_id, enum view_freshness freshness)
{
    struct view *view;

    MUST(view_latest(mailbox, folder_id, freshness, &view, &err));
    return view;
}

static void open_cold(struct measure *measure, int64_t folder_id)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct view *view;

        mailbox_cache_clear(cache);
        begin(measure);
        view = latest(folder_id, VIEW_CHECK);
        end(measure);
        view_release(&view);
    }
}

static void bench_open(const char *name, int64_t folder_id, uint32_t messages)
{
    struct measure measure = { .count = 0 };
    struct maintain_report done;
    struct view *view;

    open_cold(&measure, folder_id);
    report(&measure, messages, "cold open, no snapshot");
    begin(&measure);
    MUST(maintain_folder(mailbox, folder_id, &done, &err));
    end(&measure);
    report(&measure, messages, "snapshot and packs written");
    open_cold(&measure, folder_id);
    report(&measure, messages, "cold open");
    for (int i = 0; i < ROUNDS; i++) {
        struct folder *folder;

        begin(&measure);
        MUST(folder_find(mailbox, &owner, name, RIGHT_READ, arena, &folder, &err));
        view = latest(folder_id, VIEW_TRUST_WAKE);
        end(&measure);
        view_release(&view);
    }
    report(&measure, messages, "SELECT warm: find by name and view");
    for (int i = 0; i < ROUNDS; i++) {
        begin(&measure);
        view = latest(folder_id, VIEW_TRUST_WAKE);
        end(&measure);
        view_release(&view);
    }
    report(&measure, messages, "look at a fresh view");
    for (int i = 0; i < ROUNDS; i++) {
        begin(&measure);
        view = latest(folder_id, VIEW_CHECK);
        end(&measure);
        view_release(&view);
    }
    report(&measure, messages, "look that asks the database");
}

static void change_flags(struct measure *measure, int64_t folder_id, uint32_t first, uint32_t last)
{
    for (int i = 0; i < ROUNDS; i++) {
        void *round = talloc_new(arena);
        struct uid_set uids = UID_SET_INIT(round);
        struct flags_change change = { .operation = i % 2 ? FLAGS_REMOVE : FLAGS_ADD,
                                       .flags = { .system = FLAG_FLAGGED },
                                       .allowed = ~UINT64_C(0),
                                       .unchanged_since = UINT64_MAX };
        struct flags_result result;

        uid_set_add(&uids, first, last);
        begin(measure);
        MUST(flags_store(mailbox, folder_id, &uids, &change, round, &result, &err));
        end(measure);
        flags_result_release(&result);
        talloc_free(round);
    }
}

static void bench_flags(int64_t folder_id, uint32_t messages)
{
    struct measure measure = { .count = 0 };
    struct view *before, *after;
    struct uid_set vanished;

    before = latest(folder_id, VIEW_TRUST_WAKE);
    change_flags(&measure, folder_id, messages / 2, messages / 2);
    report(&measure, messages, "STORE of one");
    after = latest(folder_id, VIEW_TRUST_WAKE);
    for (int i = 0; i < ROUNDS; i++) {
        begin(&measure);
        view_diff(before, after, &(struct view_diff){ .arg = NULL });
        MUST(view_expunged_since(mailbox, after, view_modseq(before), NULL, arena, &vanished, &err));
        (void)view_changed_since(arena, after, view_modseq(before));
        end(&measure);
    }
    report(&measure, messages, "resynchronisation after a few changes");
    view_release(&before);
    view_release(&after);
    change_flags(&measure, folder_id, 1, messages);
    report(&measure, messages, "STORE of all");
}

static bool add_length(const struct view_message *message, const struct pack_row *row, void *arg,
                       struct err *err)
{
    uint64_t *bytes = arg;

    (void)message;
    (void)err;
    *bytes += span_length(row->envelope) + span_length(row->body_structure) + span_length(row->columns);
    return true;
}

static void scan(struct measure *measure, int64_t folder_id, uint32_t messages, unsigned wanted,
                 const char *what, bool is_cold)
{
    uint64_t bytes = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct view *view;

        if (is_cold)
            mailbox_cache_clear(cache);
        view = latest(folder_id, VIEW_TRUST_WAKE);
        begin(measure);
        MUST(pack_scan(mailbox, view, NULL, wanted, add_length, &bytes, &err));
        end(measure);
        view_release(&view);
    }
    report(measure, messages, what);
}

static void bench_move(uint32_t messages)
{
    struct measure measure = { .count = 0 }, expunge = { .count = 0 }, move = { .count = 0 };
    int64_t from = make_folder(talloc_asprintf(arena, "From%u", messages), messages);
    int64_t to = make_folder(talloc_asprintf(arena, "To%u", messages), 0);
    const struct uid_run everything = { 1, UINT32_MAX };
    struct uid_set all = UID_SET_INIT(arena);
    struct view *warm = latest(from, VIEW_CHECK);

    uid_set_add(&all, everything.first, everything.last);
    for (int i = 0; i < ROUNDS; i++) {
        void *round = talloc_new(arena);
        struct copy_result copied;
        struct expunge_result expunged;

        begin(&measure);
        MUST(folder_copy(mailbox, from, &all, mailbox, to, COPY_KEEP, round, &copied, &err));
        end(&measure);
        copy_result_release(&copied);
        view_release(&warm);
        warm = latest(to, VIEW_CHECK);
        begin(&expunge);
        MUST(folder_expunge(mailbox, to, &all, EXPUNGE_ALL, round, &expunged, &err));
        end(&expunge);
        expunge_result_release(&expunged);
        begin(&move);
        MUST(folder_copy(mailbox, from, &all, mailbox, to, COPY_MOVE, round, &copied, &err));
        end(&move);
        copy_result_release(&copied);
        MUST(folder_copy(mailbox, to, &all, mailbox, from, COPY_MOVE, round, &copied, &err));
        copy_result_release(&copied);
        talloc_free(round);
    }
    view_release(&warm);
    report(&measure, messages, "COPY of all");
    report(&expunge, messages, "EXPUNGE of all");
    report(&move, messages, "MOVE of all");
}

static void bench_size(uint32_t messages)
{
    char *name = talloc_asprintf(arena, "Folder%u", messages);
    int64_t folder_id = make_folder(name, messages);
    struct measure measure = { .count = 0 };

    bench_open(name, folder_id, messages);
    bench_flags(folder_id, messages);
    scan(&measure, folder_id, messages, PACK_ENVELOPE, "ENVELOPE BODYSTRUCTURE, packs not decoded", true);
    scan(&measure, folder_id, messages, PACK_ENVELOPE, "ENVELOPE BODYSTRUCTURE, packs decoded", false);
    scan(&measure, folder_id, messages, PACK_COLUMNS, "search columns, packs not decoded", true);
    scan(&measure, folder_id, messages, PACK_COLUMNS, "search columns, packs decoded", false);
    if (messages <= 10000)
        bench_move(messages);
}

int main(int argc, char **argv)
{
    static const uint32_t usual[] = { 1000, 10000, 100000 };
    void *top = talloc_new(NULL);
    uint32_t most = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        most = (uint32_t)atoi(argv[i]) > most ? (uint32_t)atoi(argv[i]) : most;
    start(top, most ? most : usual[COUNT_OF(usual) - 1]);
    printf("folder   measure                                         median ms   worst ms\n");
    for (size_t i = 0; i < (argc > 1 ? (size_t)argc - 1 : COUNT_OF(usual)); i++) {
        arena = talloc_new(top);
        bench_size(argc > 1 ? (uint32_t)atoi(argv[i + 1]) : usual[i]);
    }
    return 0;
}
