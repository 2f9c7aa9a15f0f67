/* rehearsal.c -- connections of a thread that rehearses. */
#include "db/rehearsal.h"

#include "db/connection.h"
#include "db/pipeline.h"
#include "db/rehearsed.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { DATABASES_MAX = 64, HOLDERS_MAX = 8, ROLE_SQL = 128 };

/* One of a thread's databases. Who holds its connection, the last one being the one that uses it, each with the role of his pool. */
struct rehearsed {
    struct db *db;
    const char *conninfo;
    const char *roles[HOLDERS_MAX];
    unsigned holders;
};

/* Of this thread alone. */
static _Thread_local struct {
    bool is_on;
    struct rehearsed databases[DATABASES_MAX];
    size_t count;
} rehearsal;

void db_rehearsal_begin(void)
{
    assert(!rehearsal.is_on);
    rehearsal.is_on = true;
    rehearsal.count = 0;
}

bool db_is_rehearsing(void)
{
    return rehearsal.is_on;
}

/* With class_set, the settings of the class are made again: a ROLLBACK undoes them. */
static void give_back(struct rehearsed *one)
{
    assert(one->holders == 0);
    one->db->is_rehearsing = false;
    one->db->class_set = DB_CLASSES;
    db_release(&one->db);
}

void db_rehearsal_end(void)
{
    struct err ignored = ERR_INIT;

    assert(rehearsal.is_on);
    rehearsal.is_on = false;
    for (size_t i = 0; i < rehearsal.count; i++) {
        if (!db_exec(rehearsal.databases[i].db, "ROLLBACK", DB_NO_ARGS, NULL, &ignored))
            rehearsal.databases[i].db->is_broken = true;
        give_back(&rehearsal.databases[i]);
    }
}

/* A COMMIT of a transaction that failed is answered like one that did not, so that is asked first. */
static bool keep_one(struct db *db, struct err *err)
{
    if (!db_exec(db, "SELECT 1", DB_NO_ARGS, NULL, err))
        return false;
    if (db_exec(db, "COMMIT", DB_NO_ARGS, NULL, err))
        return true;
    db->is_broken = true;
    return err_set(err, ERR_UNKNOWN,
                   "The server cannot tell whether this was saved. Please look before you repeat it.");
}

bool db_rehearsal_keep(struct err *err)
{
    bool done = true;

    assert(rehearsal.is_on);
    while (done && rehearsal.count > 0) {
        struct rehearsed *last = &rehearsal.databases[rehearsal.count - 1];
        done = keep_one(last->db, err);
        if (done) {
            rehearsal.count--;
            give_back(last);
        }
    }
    db_rehearsal_end();
    return done;
}

static struct rehearsed *find(const char *conninfo)
{
    for (size_t i = 0; i < rehearsal.count; i++)
        if (strcmp(rehearsal.databases[i].conninfo, conninfo) == 0)
            return &rehearsal.databases[i];
    return NULL;
}

static bool begin_on(struct db *db, struct err *err)
{
    if (!db_exec(db, "BEGIN", DB_NO_ARGS, NULL, err))
        return false;
    db->is_rehearsing = true;
    return true;
}

static bool open_one(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct rehearsed **out,
                     struct err *err)
{
    struct rehearsed *fresh = &rehearsal.databases[rehearsal.count];

    if (rehearsal.count == DATABASES_MAX)
        return err_set(err, ERR_LIMIT, "This is too large to be tried.");
    *fresh = (struct rehearsed){ .conninfo = pool_conninfo(pool) };
    if (!pool_acquire(pool, class, wait_ms, &fresh->db, err))
        return false;
    if (!begin_on(fresh->db, err)) {
        db_release(&fresh->db);
        return false;
    }
    rehearsal.count++;
    *out = fresh;
    return true;
}

static bool set_role(struct db *db, const char *role, struct err *err)
{
    struct db_rows *rows;
    char sql[ROLE_SQL];

    snprintf(sql, sizeof sql, "SET LOCAL ROLE %s", role ? role : "NONE");
    if (!db_query_built(db, db, sql, DB_NO_ARGS, &rows, err))
        return false;
    talloc_free(rows);
    return true;
}

bool rehearsed_acquire(struct db_pool *pool, enum db_class class, unsigned wait_ms, struct db **db_out,
                       struct err *err)
{
    struct rehearsed *one = find(pool_conninfo(pool));

    *db_out = NULL;
    *err = ERR_INIT;
    if (!one && !open_one(pool, class, wait_ms, &one, err))
        return false;
    if (one->holders == HOLDERS_MAX)
        return err_set(err, ERR_LIMIT, "This is too large to be tried.");
    if (!set_role(one->db, pool_role(pool), err))
        return false;
    one->roles[one->holders++] = pool_role(pool);
    *db_out = one->db;
    return true;
}

void rehearsed_release(struct db *db)
{
    struct err ignored = ERR_INIT;

    for (size_t i = 0; i < rehearsal.count; i++) {
        struct rehearsed *one = &rehearsal.databases[i];
        if (one->db != db)
            continue;
        assert(one->holders > 0);
        one->holders--;
        if (one->holders > 0 && !set_role(db, one->roles[one->holders - 1], &ignored))
            db->is_broken = true;
    }
}

bool rehearsed_transact(struct db *db, db_work *work, void *arg, struct err *err)
{
    struct err ignored = ERR_INIT, late = ERR_INIT;

    *err = ERR_INIT;
    if (!db_exec(db, "SAVEPOINT rehearsed", DB_NO_ARGS, NULL, err))
        return false;
    db->stage = STAGE_OPEN;
    db->depth = 2; /* whoever would commit early joins */
    bool ok = work(db, arg, err);
    if (db->mode != MODE_IDLE && !pipeline_drain(db, &late) && ok) {
        *err = late;
        ok = false;
    }
    db->depth = 0;
    db->stage = STAGE_NONE;
    if (!db_exec(db, ok ? "RELEASE SAVEPOINT rehearsed" : "ROLLBACK TO SAVEPOINT rehearsed", DB_NO_ARGS, NULL,
                 ok ? err : &ignored))
        return false;
    return ok;
}
