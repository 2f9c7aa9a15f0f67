/*
 * annotation.c -- METADATA on rows: shared ones under recipient 0, private ones under their reader.
 */
#include "mailbox/annotation.h"

#include "mailbox/folder.h"
#include "mailbox/journal.h"

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
    "   AND (a.entry = w.name OR ($6 AND starts_with(a.entry, w.below)"
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

static const char PUT[] =
    "INSERT INTO annotation (mailbox_id, folder_id, recipient_id, entry, value) VALUES ($1, nullif($2, 0), $3, $4, $5)"
    " ON CONFLICT (mailbox_id, (coalesce(folder_id, 0)), recipient_id, entry) DO UPDATE SET value = excluded.value";
static const char DROP[] = "DELETE FROM annotation WHERE mailbox_id = $1 AND coalesce(folder_id, 0) = $2"
                           "   AND recipient_id = $3 AND entry = $4";
static const char COUNT[] =
    "SELECT count(*) FROM annotation WHERE mailbox_id = $1 AND coalesce(folder_id, 0) = $2"
    "   AND recipient_id IN (0, $3)";

struct annotation_work {
    struct mailbox *mailbox;
    const struct mailbox_reader *reader;
    struct reach reach;
    const struct annotation *values;
    size_t count;
    uint64_t modseq;
};

static bool write_values(struct db *db, const void *arena, const struct annotation_work *work,
                         struct err *err)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct annotation *value = &work->values[i];
        bool is_shared = span_starts_nocase(span_text(value->entry), SHARED);
        struct db_value key[4] = { db_i64(work->mailbox->id), db_i64(work->reach.folder_id),
                                   db_i64(is_shared ? 0 : work->reader->recipient_id),
                                   db_text(lower(arena, span_text(value->entry))) };

        if (!(value->value.p
                  ? db_exec(db, PUT, DB_ARGS(key[0], key[1], key[2], key[3], db_bytes(value->value)), NULL,
                            err)
                  : db_exec(db, DROP, DB_ARGS(key[0], key[1], key[2], key[3]), NULL, err)))
            return false;
    }
    return true;
}

static bool annotation_work(struct db *db, void *arg, struct err *err)
{
    struct annotation_work *work = arg;
    void *arena = talloc_new(NULL);
    struct journal_lock lock = { .mailbox = work->mailbox };
    struct db_row row;
    bool is_done = journal_lock(db, arena, &lock, err) && write_values(db, arena, work, err) &&
                   db_one_row(db, arena, COUNT,
                              DB_ARGS(db_i64(work->mailbox->id), db_i64(work->reach.folder_id),
                                      db_i64(work->reader->recipient_id)),
                              &row, err);

    if (is_done && db_get_i64(&row, 0) > ANNOTATIONS_MAX)
        is_done = err_set(err, ERR_LIMIT, ANNOTATION_TOO_MANY, ANNOTATIONS_MAX);
    work->modseq = lock.at.modseq + 1;
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
                   check_values(&work.reach, values, count, err) &&
                   journal_run(mailbox, annotation_work, &work, err);

    if (is_done)
        cache_announce(mailbox, work.modseq);
    talloc_free(arena);
    return is_done;
}
