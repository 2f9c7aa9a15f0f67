/* tracing.c -- the trace, behind the wall between organisations. */
#include "directory/tracing.h"

#include "db/pipeline.h"
#include "directory/act.h"

#include <talloc.h>

struct finding {
    const void *owner;
    const struct trace_filter *filter;
    size_t limit;
    const char **ids;
    size_t count;
};

static bool find(struct db *db, void *arg, struct err *err)
{
    struct finding *f = arg;

    return trace_find(db, f->owner, f->filter, f->limit, &f->ids, &f->count, err);
}

bool tracing_find(struct directory *directory, const struct actor *actor, const void *owner,
                  const struct trace_filter *filter, size_t limit, const char ***ids_out, size_t *count_out,
                  struct err *err)
{
    struct finding finding = { .owner = owner, .filter = filter, .limit = limit };

    if (!act_read(directory, actor, filter->organisation_id, find, &finding, err))
        return false;
    *ids_out = finding.ids;
    *count_out = finding.count;
    return true;
}

struct loading {
    const void *owner;
    const char *const *ids;
    size_t count;
    int64_t organisation_id;
    struct trace_found *rows;
    size_t row_count;
};

static bool load(struct db *db, void *arg, struct err *err)
{
    struct loading *l = arg;

    return trace_load(db, l->owner, l->ids, l->count, l->organisation_id, &l->rows, &l->row_count, err);
}

bool tracing_load(struct directory *directory, const struct actor *actor, const void *owner,
                  const char *const *ids, size_t count, int64_t organisation_id,
                  struct trace_found **rows_out, size_t *row_count_out, struct err *err)
{
    struct loading loading = {
        .owner = owner, .ids = ids, .count = count, .organisation_id = organisation_id
    };

    if (!act_read(directory, actor, organisation_id, load, &loading, err))
        return false;
    *rows_out = loading.rows;
    *row_count_out = loading.row_count;
    return true;
}

struct adding {
    const struct trace_row *rows;
    size_t count;
};

static bool add(struct db *db, void *arg, struct err *err)
{
    const struct adding *adding = arg;
    void *arena = talloc_new(NULL);
    bool done = trace_rows_add(db, arena, adding->rows, adding->count, err);

    talloc_free(arena);
    return done && db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

bool tracing_add(struct directory *directory, const struct trace_row *rows, size_t count, struct err *err)
{
    struct adding adding = { rows, count };

    return count == 0 ||
           with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, add, &adding, err);
}

bool tracing_write(void *directory, void *const *entries, size_t count, struct err *err)
{
    struct trace_row *rows = talloc_array(NULL, struct trace_row, (unsigned)count + 1);
    bool done;

    for (size_t i = 0; i < count; i++)
        rows[i] = *(const struct trace_row *)entries[i];
    done = tracing_add(directory, rows, count, err);
    talloc_free(rows);
    return done;
}

/* Only who owns the tables may make and drop days of them: the login as itself, not in a role. */
static const char AS_OWNER[] = "SET LOCAL ROLE NONE";

struct tending {
    int64_t now_us;
    int keep_days;
    uint64_t dropped;
};

static bool tend(struct db *db, void *arg, struct err *err)
{
    struct tending *t = arg;

    return db_exec(db, AS_OWNER, DB_NO_ARGS, NULL, err) &&
           trace_tend(db, t->now_us, t->keep_days, &t->dropped, err);
}

bool tracing_tend(struct directory *directory, int64_t now_us, int keep_days, uint64_t *dropped_out,
                  struct err *err)
{
    struct tending tending = { .now_us = now_us, .keep_days = keep_days };
    bool done =
        with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, tend, &tending, err);

    *dropped_out = tending.dropped;
    return done;
}
