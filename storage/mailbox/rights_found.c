/*
 * rights_found.c -- what is shared, looked for from the other side: the mailboxes that somebody sees, and all that is said of some.
 */
#include "db/statement.h"
#include "mailbox/cache.h"
#include "mailbox/rights_of.h"

#include <talloc.h>

/* The groups of recipients that anything is shared with, or kept from, in this organisation's mailboxes; by the same index. */
static const char NAMED_GROUPS[] =
    "SELECT DISTINCT substr(ltrim(r.identifier, '-'), 3)::bigint"
    "  FROM folder_right r JOIN folder f USING (folder_id) JOIN mailbox m USING (mailbox_id)"
    " WHERE r.organisation_id = $1"
    "   AND (r.identifier COLLATE \"C\" BETWEEN 'g:' AND 'g:~' OR r.identifier COLLATE \"C\" BETWEEN '-g:' AND '-g:~')"
    "   AND f.deleted_us IS NULL AND m.deleted_us IS NULL AND m.organisation_id = $1";

/* $1: "r:" and "g:" of all that we are, $2: the same with '-'. 'l' for us or for all, not taken away again; over what is
 * shared in the organisation, by index folder_right_by_identifier. */
static const char SHARED_MAILBOXES[] =
    "SELECT DISTINCT f.mailbox_id"
    "  FROM folder_right r JOIN folder f USING (folder_id) JOIN mailbox m USING (mailbox_id)"
    " WHERE r.organisation_id = $3 AND r.identifier COLLATE \"C\" = ANY ($1) AND r.rights LIKE '%l%'"
    "   AND f.deleted_us IS NULL AND m.deleted_us IS NULL AND m.organisation_id = $3 AND m.mailbox_id <> $4"
    "   AND NOT EXISTS (SELECT 1 FROM folder_right n WHERE n.folder_id = f.folder_id AND n.rights LIKE '%l%'"
    "                      AND n.identifier = ANY ($2))"
    " ORDER BY f.mailbox_id";

static bool query(struct group *group, const void *owner, const char *sql, struct db_args args,
                  struct db_rows **rows_out, struct err *err)
{
    struct db *db;
    bool is_read;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_query(db, owner, sql, args, rows_out, err);
    db_release(&db);
    return is_read;
}

/* Learns which of the groups that anything is shared with hold the reader. */
static bool learn(struct group *group, struct rights_reading *reading, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    int64_t *ids;
    size_t count;

    if (!query(group, reading->arena, NAMED_GROUPS, DB_ARGS(db_i64(reading->reader->organisation_id)), &rows,
               err))
        return false;
    count = db_rows_count(rows);
    ids = talloc_array(reading->arena, int64_t, (unsigned)count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        ids[i] = db_get_i64(&row, 0);
    return count == 0 || rights_learn_groups(reading, ids, count, err);
}

/* The identifiers under which the reader finds himself, each with `sign` before it. */
static struct span *identities(const struct rights_reading *reading, const char *sign, size_t *count_out)
{
    struct span *all = talloc_array(reading->arena, struct span, (unsigned)reading->known_count + 3);
    size_t count = 0;

    all[count++] = span_text(talloc_asprintf(all, "%sanyone", sign));
    all[count++] = span_text(talloc_asprintf(all, "%sauthenticated", sign));
    all[count++] =
        span_text(talloc_asprintf(all, "%sr:%lld", sign, (long long)reading->reader->recipient_id));
    for (size_t i = 0; i < reading->known_count; i++)
        if (reading->known[i].holds)
            all[count++] =
                span_text(talloc_asprintf(all, "%sg:%lld", sign, (long long)reading->known[i].group_id));
    *count_out = count;
    return all;
}

bool rights_shared_mailboxes(struct mailbox_cache *cache, struct group *group,
                             const struct mailbox_reader *reader, const void *owner,
                             int64_t **mailbox_ids_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct rights_reading reading = {
        .cache = cache, .organisation_id = reader->organisation_id, .reader = reader, .arena = arena
    };
    size_t given_count = 0, taken_count = 0;
    struct span *given, *taken;
    struct db_rows *rows = NULL;
    struct db_row row;
    bool is_read = learn(group, &reading, err);

    given = identities(&reading, "", &given_count);
    taken = identities(&reading, "-", &taken_count);
    is_read = is_read && query(group, arena, SHARED_MAILBOXES,
                               DB_ARGS(db_text_array(given, given_count), db_text_array(taken, taken_count),
                                       db_i64(reader->organisation_id), db_i64(reader->mailbox_id)),
                               &rows, err);
    if (is_read) {
        *count_out = db_rows_count(rows);
        *mailbox_ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*mailbox_ids_out)[i] = db_get_i64(&row, 0);
    }
    talloc_free(arena);
    return is_read;
}

/* One row each, in the order asked. */
static const char READ_TOPS[] =
    "SELECT ARRAY(SELECT r.identifier || ' ' || r.rights FROM mailbox_right r WHERE r.mailbox_id = n.id)"
    "  FROM unnest($1::bigint[]) WITH ORDINALITY AS n (id, number) ORDER BY n.number";

bool rights_at_tops(struct mailbox_cache *cache, struct group *group, const struct mailbox_reader *reader,
                    const int64_t *mailbox_ids, size_t count, unsigned *rights_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct rights_reading reading = {
        .cache = cache, .organisation_id = reader->organisation_id, .reader = reader, .arena = arena
    };
    struct db_rows *rows;
    struct db_row row;
    bool is_read = query(group, arena, READ_TOPS, DB_ARGS(db_i64_array(mailbox_ids, count)), &rows, err);

    for (size_t i = 0; is_read && db_rows_at(rows, i, &row); i++) {
        size_t entry_count;
        struct span *entries = db_get_span_array(arena, &row, 0, &entry_count);

        is_read = rights_of(&reading, entries, entry_count, &rights_out[i], err);
    }
    talloc_free(arena);
    return is_read;
}

/* ---- for administrators */

static const char ROWS[] =
    "SELECT mailbox_id, NULL::text, identifier, rights FROM mailbox_right WHERE mailbox_id = ANY ($1)"
    " UNION ALL"
    " SELECT f.mailbox_id, f.name, r.identifier, r.rights FROM folder f JOIN folder_right r USING (folder_id)"
    "  WHERE f.mailbox_id = ANY ($1) AND f.deleted_us IS NULL"
    " ORDER BY 1, 2 NULLS FIRST, 3";
static const char FOLDERS[] = "SELECT mailbox_id, name FROM folder"
                              " WHERE mailbox_id = ANY ($1) AND deleted_us IS NULL ORDER BY 1, 2";

bool rights_rows(struct group *group, const void *owner, const int64_t *mailbox_ids, size_t count,
                 struct rights_row **rows_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!query(group, NULL, ROWS, DB_ARGS(db_i64_array(mailbox_ids, count)), &rows, err))
        return false;
    *rows_out = talloc_zero_array(owner, struct rights_row, (unsigned)db_rows_count(rows) + 1);
    *count_out = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct rights_row *out = &(*rows_out)[*count_out];

        if (!rights_entry_parse(db_get_text(&row, 2), db_get_text(&row, 3), &out->entry))
            continue;
        out->mailbox_id = db_get_i64(&row, 0);
        out->folder = db_copy_text(*rows_out, &row, 1);
        ++*count_out;
    }
    talloc_free(rows);
    return true;
}

bool rights_folders(struct group *group, const void *owner, const int64_t *mailbox_ids, size_t count,
                    struct rights_row **rows_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!query(group, NULL, FOLDERS, DB_ARGS(db_i64_array(mailbox_ids, count)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *rows_out = talloc_zero_array(owner, struct rights_row, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*rows_out)[i] = (struct rights_row){ .mailbox_id = db_get_i64(&row, 0),
                                              .folder = db_copy_text(*rows_out, &row, 1) };
    talloc_free(rows);
    return true;
}
