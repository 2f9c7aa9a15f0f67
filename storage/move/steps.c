/* steps.c -- listing what both groups have, and writing what one of them lacks in transactions of bearable length. */
#include "move/work.h"

#include <talloc.h>

bool lines_list(struct transit *transit, enum transit_side side, const char *sql, struct db_args args,
                line_of_row *line_of, const void *owner, struct lines *lines_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done =
        db_query(side == TRANSIT_SOURCE ? transit->source : transit->target, arena, sql, args, &rows, err);

    *lines_out = (struct lines){ .list = NULL };
    if (done) {
        lines_out->list = talloc_array(owner, struct line, (unsigned)db_rows_count(rows) + 1);
        for (; db_rows_at(rows, lines_out->count, &row); lines_out->count++)
            lines_out->list[lines_out->count] = line_of(transit, &row, side);
        lines_sort(lines_out);
    }
    talloc_free(arena);
    return done;
}

static bool write_step(struct db *db, void *arg, struct err *err)
{
    struct step *step = arg;

    (void)db;
    return transit_check_runner(step->transit, err) && step->write(step, err);
}

bool lines_in_steps(struct transit *transit, const struct lines *lines, size_t at_once, step_writer *write,
                    const void *arg, struct err *err)
{
    bool done = true;

    for (size_t first = 0; done && first < lines->count; first += at_once) {
        size_t left = lines->count - first;
        struct step step = { transit,         write, arg, lines, first, left < at_once ? left : at_once,
                             talloc_new(NULL) };
        done = transit_go_on(transit, err) && with_transaction(transit->target, write_step, &step, err);
        talloc_free(step.arena);
    }
    return done;
}

struct db_value step_column(const struct step *step, int which)
{
    return db_i64_array(lines_column(step->arena, step->lines, step->first, step->count, which), step->count);
}
