/*
 * annotation.c -- METADATA on rows: shared ones under recipient 0, private ones under their reader.
 */
#include "mailbox/annotation.h"

#include "mailbox/folder.h"
#include "mailbox/journal.h"
#include "mailbox/search_folder.h"

#include <assert.h>
#include <ctype.h>
#include <talloc.h>

static const char SHARED[] = "/shared/", PRIVATE[] = "/private/";

bool annotation_name_is_valid(struct span entry)
{
    if (!span_starts_nocase(entry, SHARED) && !span_starts_nocase(entry, PRIVATE))
        return false;
    assert(!span_is_empty(entry));
    if (span_length(entry) > ANNOTATION_NAME_BYTES_MAX || entry.end[-1] == '/')
        return false;
    for (const char *p = entry.p; p < entry.end; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '*' || *p == '%' ||
            (*p == '/' && p[1] == '/'))
            return false;
    return true;
}

static char *lower(const void *owner, struct span entry)
{
    char *name = span_copy(owner, entry);

    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return name;
}

/* What may be read or written: the folder (0: the mailbox itself), and whether private or shared ones. */
struct reach {
    int64_t folder_id;
    bool reads_shared, writes_shared, has_private;
};

static bool reach_of(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                     const void *arena, struct reach *reach, struct err *err)
{
    const unsigned any = RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_POST;
    struct folder *folder;
    bool is_owner = mailbox_is_owner(mailbox, reader);

    *reach = (struct reach){ .reads_shared = true, .writes_shared = is_owner, .has_private = true };
    if (*folder_name == '\0')
        return is_owner || reader->organisation_id == mailbox_organisation_id(mailbox) ||
               err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    if (!folder_find(mailbox, reader, folder_name, RIGHT_LOOKUP, arena, &folder, err))
        return false;
    if (!(folder->rights & any))
        return err_set(err, ERR_DENIED, "You may not do this in this folder.");
    reach->folder_id = folder->folder_id;
    reach->writes_shared = (folder->rights & RIGHT_WRITE) != 0;
    return true;
}

/* $4: names, $5: patterns of LIKE for what lies below, $6: how deep ('/' more than the name has; NULL: any). */
static const char READ[] =
    "SELECT DISTINCT a.entry, a.value"
    "  FROM annotation a, unnest($4::text[], $5::text[]) AS w (name, below)"
    " WHERE a.mailbox_id = $1 AND coalesce(a.folder_id, 0) = $2 AND a.recipient_id IN (0, $3)"
    "   AND a.value IS NOT NULL AND (a.entry = w.name OR ($6 AND starts_with(a.entry, w.below)"
    "        AND ($7 OR strpos(substr(a.entry, length(w.below) + 1), '/') = 0)))"
    " ORDER BY a.entry";

static bool read_rows(struct mailbox *mailbox, const struct mailbox_reader *reader, const struct reach *reach,
                      const struct span *entries, size_t entry_count, enum annotation_depth depth,
                      const void *owner, struct db_rows **rows_out, struct err *err)
{
    struct span *names = talloc_array(owner, struct span, (unsigned)entry_count + 1);
    struct span *below = talloc_array(owner, struct span, (unsigned)entry_count + 1);
    struct db *db;
    bool is_read;

    for (size_t i = 0; i < entry_count; i++) {
        char *name = lower(owner, entries[i]);

        names[i] = span_text(name);
        below[i] = span_text(talloc_asprintf(owner, "%s/", name));
    }
    if (!group_acquire(mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_query(db, owner, READ,
                       DB_ARGS(db_i64(mailbox->id), db_i64(reach->folder_id), db_i64(reader->recipient_id),
                               db_text_array(names, entry_count), db_text_array(below, entry_count),
                               db_bool(depth != ANNOTATION_ENTRY), db_bool(depth == ANNOTATION_INFINITY)),
                       rows_out, err);
    db_release(&db);
    return is_read;
}

bool annotation_get(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                    const struct span *entries, size_t entry_count, enum annotation_depth depth,
                    const void *owner, struct annotation **values_out, size_t *count_out, struct err *err)
{
    struct reach reach;
    struct db_rows *rows;
    struct db_row row;

    if (!reach_of(mailbox, reader, folder_name, owner, &reach, err) ||
        !read_rows(mailbox, reader, &reach, entries, entry_count, depth, owner, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *values_out = talloc_array(owner, struct annotation, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*values_out)[i] = (struct annotation){ db_copy_text(owner, &row, 0), db_get_bytes(&row, 1) };
    return true;
}

static const char PUT[] = "INSERT INTO annotation (mailbox_id, folder_id, recipient_id, entry, value, modseq)"
                          " VALUES ($1, nullif($2, 0), $3, $4, $5, $6)"
                          " ON CONFLICT (mailbox_id, (coalesce(folder_id, 0)), recipient_id, entry)"
                          " DO UPDATE SET value = excluded.value, modseq = excluded.modseq";
/* One that is not there stays unknown. */
static const char TAKE_AWAY[] = "UPDATE annotation SET value = NULL, modseq = $5"
                                " WHERE mailbox_id = $1 AND coalesce(folder_id, 0) = $2 AND recipient_id = $3"
                                "   AND entry = $4 AND value IS NOT NULL";
static const char FORGET[] =
    "DELETE FROM annotation WHERE ctid IN"
    " (SELECT ctid FROM annotation WHERE mailbox_id = $1 AND coalesce(folder_id, 0) = $2 AND recipient_id = $3"
    "     AND value IS NULL ORDER BY modseq DESC OFFSET $4)";
static const char COUNT[] =
    "SELECT count(*) FROM annotation WHERE mailbox_id = $1 AND coalesce(folder_id, 0) = $2"
    "   AND recipient_id IN (0, $3) AND value IS NOT NULL";

struct annotation_work {
    struct mailbox *mailbox;
    const struct mailbox_reader *reader;
    struct reach reach;
    const struct annotation *values;
    size_t count;
    uint64_t modseq;
};

static bool write_value(struct db *db, const void *arena, const struct annotation_work *work,
                        const struct annotation *value, struct err *err)
{
    bool is_shared = span_starts_nocase(span_text(value->entry), SHARED);
    struct db_value mailbox = db_i64(work->mailbox->id), folder = db_i64(work->reach.folder_id);
    struct db_value recipient = db_i64(is_shared ? 0 : work->reader->recipient_id);
    struct db_value name = db_text(lower(arena, span_text(value->entry)));
    struct db_value modseq = db_i64((int64_t)work->modseq);

    if (value->value.p)
        return db_exec(db, PUT, DB_ARGS(mailbox, folder, recipient, name, db_bytes(value->value), modseq),
                       NULL, err);
    return db_exec(db, TAKE_AWAY, DB_ARGS(mailbox, folder, recipient, name, modseq), NULL, err) &&
           db_exec(db, FORGET, DB_ARGS(mailbox, folder, recipient, db_i64(ANNOTATIONS_MAX)), NULL, err);
}

static bool write_values(struct db *db, const void *arena, const struct annotation_work *work,
                         struct err *err)
{
    for (size_t i = 0; i < work->count; i++)
        if (!write_value(db, arena, work, &work->values[i], err))
            return false;
    return true;
}

static bool annotation_work(struct db *db, void *arg, struct err *err)
{
    struct annotation_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox };
    struct db_row row;
    bool is_done = journal_lock(db, arena, &lock, err);

    work->modseq = lock.at.modseq + 1;
    is_done = is_done && write_values(db, arena, work, err) &&
              db_one_row(db, arena, COUNT,
                         DB_ARGS(db_i64(work->mailbox->id), db_i64(work->reach.folder_id),
                                 db_i64(work->reader->recipient_id)),
                         &row, err);
    if (is_done && db_get_i64(&row, 0) > ANNOTATIONS_MAX)
        is_done = err_set(err, ERR_LIMIT, ANNOTATION_TOO_MANY, ANNOTATIONS_MAX);
    is_done = is_done &&
              journal_write_mailbox(db, work->mailbox->id, &lock.at, work->modseq, 0, 0, NULL, 0, err) &&
              journal_finish(db, work->mailbox, err);
    talloc_free(arena);
    return is_done;
}

static bool check_values(const struct reach *reach, const struct annotation *values, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!annotation_name_is_valid(span_text(values[i].entry)))
            return err_set(err, ERR_INVALID, "This is not a valid name for an annotation.");
        if (span_length(values[i].value) > ANNOTATION_BYTES_MAX)
            return err_set(err, ERR_LIMIT, ANNOTATION_TOO_BIG, ANNOTATION_BYTES_MAX);
        if (span_starts_nocase(span_text(values[i].entry), SHARED) && !reach->writes_shared)
            return err_set(err, ERR_DENIED, "You may not change what all see.");
    }
    return true;
}

bool annotation_set(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                    const struct annotation *values, size_t count, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct annotation_work work = { .mailbox = mailbox, .reader = reader, .values = values, .count = count };
    bool is_done = reach_of(mailbox, reader, folder_name, arena, &work.reach, err) &&
                   (!search_folder_is(mailbox, work.reach.folder_id) ||
                    err_set(err, ERR_DENIED, "A search folder has no annotations.")) &&
                   check_values(&work.reach, values, count, err) &&
                   journal_run(mailbox, annotation_work, &work, err);

    if (is_done)
        cache_announce(mailbox, work.modseq);
    talloc_free(arena);
    return is_done;
}

/* By index annotation_modseq. */
static const char CHANGES[] = "SELECT coalesce(folder_id, 0), entry, modseq FROM annotation"
                              " WHERE mailbox_id = $1 AND modseq > $2 AND recipient_id IN (0, $3)"
                              " ORDER BY 1, entry";

bool annotation_changes(struct mailbox *mailbox, const struct mailbox_reader *reader, uint64_t since,
                        const void *owner, struct annotation_change **changes_out, size_t *count_out,
                        struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read;

    if (!group_acquire(mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = db_query(db, owner, CHANGES,
                       DB_ARGS(db_i64(mailbox->id), db_i64((int64_t)since), db_i64(reader->recipient_id)),
                       &rows, err);
    db_release(&db);
    if (!is_read)
        return false;
    *count_out = db_rows_count(rows);
    *changes_out = talloc_array(owner, struct annotation_change, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*changes_out)[i] = (struct annotation_change){ db_get_i64(&row, 0), db_copy_text(owner, &row, 1),
                                                        (uint64_t)db_get_i64(&row, 2) };
    return true;
}

/* By index annotation_modseq. */
static const char LAST[] = "SELECT coalesce(max(modseq), 0) FROM annotation WHERE mailbox_id = $1";

bool annotation_last(struct mailbox *mailbox, uint64_t *modseq_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_row row;
    struct db *db;
    bool is_read = group_acquire(mailbox->group, DB_INTERACTIVE, &db, err);

    if (is_read) {
        is_read = db_one_row(db, arena, LAST, DB_ARGS(db_i64(mailbox->id)), &row, err);
        db_release(&db);
    }
    if (is_read)
        *modseq_out = (uint64_t)db_get_i64(&row, 0);
    talloc_free(arena);
    return is_read;
}
