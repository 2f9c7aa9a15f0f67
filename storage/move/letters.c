/*
 * letters.c -- from whom the mailbox's owner writes, and what was handed over for sending (JMAP): rows with numbers of the group, which
 * are translated so that clients see the ids that they know.
 */
#include "move/work.h"

#include <talloc.h>

enum { NUMBERS_MAX = 4, LETTERS_AT_ONCE = 500 };

struct letters {
    const char *list, *read, *remove, *insert;
    enum group_id_kind
        kinds[NUMBERS_MAX]; /* of the columns that `read` gives after the row's text; the key first */
    size_t kind_count;
};

#define LETTERS(table, key, columns, new_numbers)                                                            \
    .list = "SELECT " key ", transit_hash(x) FROM " table " x WHERE x.mailbox_id = $1",                      \
    .read = "SELECT x::text, " columns " FROM " table " x WHERE x.mailbox_id = $1 AND " key " = ANY ($2)",   \
    .remove = "DELETE FROM " table " WHERE mailbox_id = $1 AND " key " = ANY ($2)",                          \
    .insert = "INSERT INTO " table " OVERRIDING SYSTEM VALUE SELECT (y.t).* FROM"                            \
              " (SELECT jsonb_populate_record(n.r::" table ", jsonb_build_object(" new_numbers ")) AS t"     \
              "    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])"          \
              "      AS n (r, a, b, c, d) OFFSET 0) AS y"

static const struct letters tables[] = {
    { LETTERS("jmap_identity", "identity_id", "identity_id", "'identity_id', n.a"),
      .kinds = { GROUP_ID_IDENTITY }, .kind_count = 1 },
    { LETTERS("jmap_submission", "submission_id", "submission_id, identity_id, item_id, thread_id",
              "'submission_id', n.a, 'identity_id', n.b, 'item_id', n.c, 'thread_id', n.d"),
      .kinds = { GROUP_ID_SUBMISSION, GROUP_ID_IDENTITY, GROUP_ID_ITEM, GROUP_ID_THREAD }, .kind_count = 4 },
};

static struct line line_of(const struct transit *transit, const struct db_row *row, enum transit_side side,
                           enum group_id_kind kind)
{
    int64_t id = db_get_i64(row, 0);

    return (struct line){ .a = side == TRANSIT_SOURCE ? transit_new_id(transit, kind, id) : id,
                          .b = db_get_i64(row, 1),
                          .old = id };
}

static struct line identity_line(const struct transit *transit, const struct db_row *row,
                                 enum transit_side side)
{
    return line_of(transit, row, side, GROUP_ID_IDENTITY);
}

static struct line submission_line(const struct transit *transit, const struct db_row *row,
                                   enum transit_side side)
{
    return line_of(transit, row, side, GROUP_ID_SUBMISSION);
}

static bool remove_letters(struct step *step, struct err *err)
{
    const struct letters *letters = step->arg;

    return db_exec(step->transit->target, letters->remove,
                   DB_ARGS(db_i64(step->transit->options.mailbox_id), step_column(step, 0)), NULL, err);
}

static bool write_letters(struct step *step, struct err *err)
{
    const struct letters *letters = step->arg;
    struct transit *transit = step->transit;
    struct span *texts = talloc_array(step->arena, struct span, (unsigned)step->count);
    int64_t *numbers[NUMBERS_MAX];
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    for (size_t k = 0; k < NUMBERS_MAX; k++)
        numbers[k] = talloc_zero_array(step->arena, int64_t, (unsigned)step->count);
    if (!db_query(transit->source, step->arena, letters->read,
                  DB_ARGS(db_i64(transit->options.mailbox_id), step_column(step, 3)), &rows, err))
        return false;
    for (; count < step->count && db_rows_at(rows, count, &row); count++) {
        texts[count] = db_get_text(&row, 0);
        for (size_t k = 0; k < letters->kind_count; k++)
            numbers[k][count] = transit_new_id(transit, letters->kinds[k], db_get_i64(&row, (int)k + 1));
    }
    return db_exec(transit->target, letters->insert,
                   DB_ARGS(db_text_array(texts, count), db_i64_array(numbers[0], count),
                           db_i64_array(numbers[1], count), db_i64_array(numbers[2], count),
                           db_i64_array(numbers[3], count)),
                   NULL, err);
}

bool transit_letters(struct transit *transit, struct err *err)
{
    static line_of_row *const lines_of[COUNT_OF(tables)] = { identity_line, submission_line };
    struct db_args mailbox = DB_ARGS(db_i64(transit->options.mailbox_id));
    bool done = true;

    for (size_t i = 0; done && i < COUNT_OF(tables); i++) {
        void *arena = talloc_new(NULL);
        struct lines here, there, missing, extra;
        done = lines_list(transit, TRANSIT_SOURCE, tables[i].list, mailbox, lines_of[i], arena, &here, err) &&
               lines_list(transit, TRANSIT_TARGET, tables[i].list, mailbox, lines_of[i], arena, &there, err);
        if (done) {
            missing = lines_without(arena, &here, &there);
            extra = lines_without(arena, &there, &here);
            transit->differences += missing.count + extra.count;
            done = lines_in_steps(transit, &extra, LETTERS_AT_ONCE, remove_letters, &tables[i], err) &&
                   lines_in_steps(transit, &missing, LETTERS_AT_ONCE, write_letters, &tables[i], err);
        }
        talloc_free(arena);
    }
    return done;
}
