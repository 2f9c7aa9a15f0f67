/* written.c -- rows of directory_written, and the mark on entries. */
#include "directory/written.h"

#include "base/clock.h"
#include "base/digest.h"
#include "directory/act.h"

#include <talloc.h>

#define SELECT_USERS(which)                                                                                  \
    "SELECT e.entry_key, e.dn,"                                                                              \
    "       ARRAY(SELECT a.address FROM address a WHERE a.recipient_id = e.recipient_id"                     \
    "              ORDER BY a.is_primary DESC, a.address),"                                                  \
    "       p.photo,"                                                                                        \
    "       ARRAY(SELECT w.attribute || ' ' || w.digest FROM directory_written w"                            \
    "              WHERE w.source_id = e.source_id AND w.entry_key = e.entry_key)"                           \
    "  FROM directory_entry e JOIN directory_source s USING (source_id)"                                     \
    "  JOIN recipient r USING (recipient_id) LEFT JOIN recipient_person p USING (recipient_id)"              \
    " WHERE e.source_id = $1 AND e.kind = 'user' AND e.missing_us = 0 AND r.state <> 'disabled'"             \
    "   AND e.entry_key > $2 AND " which " ORDER BY e.entry_key LIMIT $3"
static const char SELECT_DUE[] = SELECT_USERS("e.write_due AND s.stamp = $4");
static const char SELECT_ALL[] = SELECT_USERS("true");
static const char DROP_OTHERS[] = "DELETE FROM directory_written WHERE source_id = $1 AND entry_key = $2"
                                  "   AND NOT (attribute || ' ' || digest = ANY ($3))";
static const char PUT_VALUES[] =
    "INSERT INTO directory_written (source_id, organisation_id, entry_key, attribute, digest)"
    " SELECT $1, $2, $3, split_part(v, ' ', 1), split_part(v, ' ', 2) FROM unnest($4) AS v ON CONFLICT DO NOTHING";
static const char NOTE_DONE[] =
    "UPDATE directory_entry SET write_due = false WHERE source_id = $1 AND entry_key = $2 AND write_due";
static const char DROP_REFUSAL[] =
    "DELETE FROM directory_write_refused WHERE source_id = $1 AND entry_key = $2";
static const char PUT_REFUSAL[] =
    "INSERT INTO directory_write_refused (source_id, organisation_id, entry_key, message, cause, detail, since_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source_id, entry_key)"
    " DO UPDATE SET message = excluded.message, cause = excluded.cause, detail = excluded.detail";
static const char PUT_END[] =
    "UPDATE directory_source_state SET written_us = CASE WHEN $2 THEN $3 ELSE written_us END, write_fault = $4"
    " WHERE source_id = $1 AND ($2 OR write_fault <> $4)";

char *written_name(const void *owner, const char *attribute, struct span value)
{
    char text[2 * SHA256_BYTES + 1];
    uint8_t digest[SHA256_BYTES];

    sha256(value, digest);
    hex_encode(span_of(digest, sizeof digest), text);
    return talloc_asprintf(owner, "%s %s", attribute, text);
}

static const char **texts_at(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    struct span *spans = db_get_span_array(owner, row, column, count_out);
    const char **texts = talloc_zero_array(owner, const char *, (unsigned)*count_out + 1);

    for (size_t i = 0; i < *count_out; i++)
        texts[i] = span_copy(owner, spans[i]);
    return texts;
}

static bool select_users(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                         struct written_due **due_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, owner, sql, args, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *due_out = talloc_zero_array(owner, struct written_due, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct written_due *due = &(*due_out)[i];
        due->key = db_copy_text(owner, &row, 0);
        due->dn = db_copy_text(owner, &row, 1);
        due->addresses = texts_at(owner, &row, 2, &due->address_count);
        due->photo = db_is_null(&row, 3) ? span_text("") : db_get_bytes(&row, 3);
        due->values = texts_at(owner, &row, 4, &due->value_count);
    }
    return true;
}

bool written_due(struct directory *directory, const void *owner, const struct source *source,
                 const char *after, struct written_due **due_out, size_t *count_out, struct err *err)
{
    return select_users(
        directory, owner, SELECT_DUE,
        DB_ARGS(db_i64(source->source_id), db_text(after), db_i64(WRITTEN_AT_ONCE), db_i64(source->stamp)),
        due_out, count_out, err);
}

bool written_all(struct directory *directory, const void *owner, const struct source *source,
                 const char *after, struct written_due **due_out, size_t *count_out, struct err *err)
{
    return select_users(directory, owner, SELECT_ALL,
                        DB_ARGS(db_i64(source->source_id), db_text(after), db_i64(WRITTEN_AT_ONCE)), due_out,
                        count_out, err);
}

struct noting {
    const struct source *source;
    const char *key;
    struct span *values;
    size_t count;
    const struct written_refusal *refusal;
};

static bool act_as_source(struct directory *directory, const struct source *source, db_work *work,
                          struct noting *noting, struct err *err)
{
    struct actor actor = { .name = "directory", .organisation_id = source->organisation_id };

    return act_read(directory, &actor, source->organisation_id, work, noting, err);
}

static bool note(struct db *db, void *arg, struct err *err)
{
    struct noting *noting = arg;
    struct db_value id = db_i64(noting->source->source_id), key = db_text(noting->key),
                    values = db_text_array(noting->values, noting->count);

    return db_exec(db, DROP_OTHERS, DB_ARGS(id, key, values), NULL, err) &&
           db_exec(db, PUT_VALUES, DB_ARGS(id, db_i64(noting->source->organisation_id), key, values), NULL,
                   err) &&
           db_exec(db, DROP_REFUSAL, DB_ARGS(id, key), NULL, err) &&
           db_exec(db, NOTE_DONE, DB_ARGS(id, key), NULL, err);
}

bool written_note(struct directory *directory, const struct source *source, const char *key,
                  const char *const *values, size_t count, struct err *err)
{
    struct noting noting = { .source = source, .key = key, .count = count };
    bool ok;

    noting.values = talloc_array(NULL, struct span, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        noting.values[i] = span_text(values[i]);
    ok = act_as_source(directory, source, note, &noting, err);
    talloc_free(noting.values);
    return ok;
}

static bool refuse(struct db *db, void *arg, struct err *err)
{
    struct noting *noting = arg;
    const struct written_refusal *refusal = noting->refusal;
    struct db_value id = db_i64(noting->source->source_id), key = db_text(noting->key);

    return db_exec(db, PUT_REFUSAL,
                   DB_ARGS(id, db_i64(noting->source->organisation_id), key, db_text(refusal->message),
                           db_text(refusal->cause), db_text(refusal->detail), db_i64(clock_now_us())),
                   NULL, err) &&
           db_exec(db, NOTE_DONE, DB_ARGS(id, key), NULL, err);
}

bool written_refuse(struct directory *directory, const struct source *source, const char *key,
                    const struct written_refusal *refusal, struct err *err)
{
    struct noting noting = { .source = source, .key = key, .refusal = refusal };

    return act_as_source(directory, source, refuse, &noting, err);
}

bool written_end(struct directory *directory, const struct source *source, bool has_written,
                 const char *fault, struct err *err)
{
    struct db_rows *rows = NULL;
    bool ok;

    *err = ERR_INIT;
    ok = look_up(
        directory, NULL, PUT_END,
        DB_ARGS(db_i64(source->source_id), db_bool(has_written), db_i64(clock_now_us()), db_text(fault)),
        &rows, err);
    talloc_free(rows);
    return ok;
}
