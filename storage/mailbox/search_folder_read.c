/*
 * search_folder_read.c -- the view of a search folder: what its filter holds for now, under UIDs that were given once.
 *
 * The search is done without a lock. Where its result is not what the rows say, a transaction reads them again behind the
 * mailbox's lock and writes the difference. Flags and modseqs are those of the originals.
 */
#include "mailbox/search_state.h"

#include "db/statement.h"

#include <stdlib.h>
#include <talloc.h>

/* By primary keys. */
static const char READ_HEAD[] =
    "SELECT f.filter, f.uidvalidity, f.uidnext, f.modseq, m.modseq, m.arrival, m.keywords, s.is_mounted"
    "  FROM search_folder f JOIN mailbox m USING (mailbox_id) JOIN store s USING (store_id)"
    " WHERE f.folder_id = $1 AND NOT f.is_removed AND m.deleted_us IS NULL";

bool search_head_read(struct db *db, struct search_reading *reading, struct err *err)
{
    struct search_head *head = &reading->head;
    struct db_rows *rows;
    struct db_row row;
    struct span *names;
    size_t count;

    if (!db_query(db, reading->arena, READ_HEAD, DB_ARGS(db_i64(reading->folder_id)), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
    atomic_store(&reading->mailbox->is_away, !db_get_bool(&row, 7));
    if (!db_get_bool(&row, 7))
        return err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    keywords_release(&head->keywords);
    *head = (struct search_head){ .filter = db_copy_text(reading->arena, &row, 0),
                                  .uidvalidity = db_get_u32(&row, 1),
                                  .uidnext = db_get_u32(&row, 2),
                                  .modseq = (uint64_t)db_get_i64(&row, 3),
                                  .mailbox_modseq = (uint64_t)db_get_i64(&row, 4),
                                  .arrival = db_get_i64(&row, 5) };
    names = db_get_span_array(reading->arena, &row, 6, &count);
    head->keywords = cache_keywords(reading->mailbox, names, count);
    return true;
}

static const char READ_SHOWN[] =
    "SELECT uid, modseq, source, source_uid FROM search_shown"
    " WHERE folder_id = $1 AND ($2::bigint[] IS NULL OR uid = ANY ($2)) ORDER BY uid";

bool shown_messages_read(struct db *db, const struct mailbox *mailbox, int64_t folder_id,
                         const struct uid_set *uids, const void *owner, struct shown_message **shown_out,
                         size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set_at at = UID_SET_START(uids);
    int64_t *wanted = uids ? talloc_array(arena, int64_t, (unsigned)uid_set_size(uids) + 1) : NULL;
    size_t wanted_count = 0;
    struct db_rows *rows;
    struct db_row row;

    for (uint32_t uid; uids && uid_set_next(&at, &uid);)
        wanted[wanted_count++] = uid;
    bool is_read = db_query(
        db, arena, READ_SHOWN,
        DB_ARGS(db_i64(folder_id), uids ? db_i64_array(wanted, wanted_count) : db_null(DB_I64_ARRAY)), &rows,
        err);
    if (is_read) {
        *count_out = 0;
        *shown_out = talloc_array(owner, struct shown_message, (unsigned)db_rows_count(rows) + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
            struct shown_message *shown = &(*shown_out)[*count_out];

            *shown = (struct shown_message){ .uid = db_get_u32(&row, 0),
                                             .modseq = (uint64_t)db_get_i64(&row, 1),
                                             .at.uid = db_get_u32(&row, 3) };
            *count_out += group_public_id_decode(mailbox->group, GROUP_ID_FOLDER, db_get_text(&row, 2),
                                                 &shown->at.folder_id);
        }
    }
    talloc_free(arena);
    return is_read;
}

/* ---- the difference */

int search_places_compare(const struct search_place *p, const struct search_place *q)
{
    if (p->folder_id != q->folder_id)
        return p->folder_id < q->folder_id ? -1 : 1;
    return (p->uid > q->uid) - (p->uid < q->uid);
}

static int by_place(const void *a, const void *b)
{
    return search_places_compare(a, b);
}

static int shown_by_place(const void *a, const void *b)
{
    const struct shown_message *p = a, *q = b;

    return search_places_compare(&p->at, &q->at);
}

static void compare(struct search_reading *reading)
{
    size_t n = reading->shown_count, i = 0, k = 0;
    struct shown_message *shown = talloc_memdup(reading->arena, reading->shown, (n + 1) * sizeof *shown);

    if (n > 1)
        qsort(shown, n, sizeof *shown, shown_by_place);
    reading->gone = talloc_array(reading->arena, int64_t, (unsigned)n + 1);
    reading->fresh = talloc_array(reading->arena, size_t, (unsigned)reading->place_count + 1);
    reading->gone_count = reading->fresh_count = 0;
    while (i < n || k < reading->place_count) {
        int order = i == n                      ? 1
                    : k == reading->place_count ? -1
                                                : search_places_compare(&shown[i].at, &reading->places[k]);

        if (order < 0)
            reading->gone[reading->gone_count++] = shown[i].uid;
        else if (order > 0)
            reading->fresh[reading->fresh_count++] = k;
        i += order <= 0;
        k += order >= 0;
    }
}

static const char FORGET[] = "DELETE FROM search_shown WHERE folder_id = $1 AND uid = ANY ($2)";
static const char SHOW[] = "INSERT INTO search_shown (mailbox_id, folder_id, uid, modseq, source, source_uid)"
                           " SELECT $1, $2, $3 + t.n - 1, $4, t.source, t.uid"
                           "   FROM unnest($5::text[], $6::bigint[]) WITH ORDINALITY AS t (source, uid, n)";
static const char RAISE[] =
    "UPDATE search_folder SET uidnext = uidnext + $2, modseq = $3 WHERE folder_id = $1";

static bool write_fresh(struct db *db, const struct search_reading *reading, uint64_t modseq, struct err *err)
{
    unsigned n = (unsigned)reading->fresh_count;
    struct span *sources = talloc_array(reading->arena, struct span, n + 1);
    int64_t *uids = talloc_array(reading->arena, int64_t, n + 1), last_id = 0;
    const char *last = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct search_place *place = &reading->places[reading->fresh[i]];

        if (!last || place->folder_id != last_id) {
            char *id = talloc_array(reading->arena, char, GROUP_PUBLIC_ID_SIZE);

            group_public_id(reading->mailbox->group, GROUP_ID_FOLDER, place->folder_id, id);
            last = id;
            last_id = place->folder_id;
        }
        sources[i] = span_text(last);
        uids[i] = place->uid;
    }
    return db_pipeline_add(db, SHOW,
                           DB_ARGS(db_i64(reading->mailbox->id), db_i64(reading->folder_id),
                                   db_u32(reading->head.uidnext), db_i64((int64_t)modseq),
                                   db_text_array(sources, n), db_i64_array(uids, n)),
                           err);
}

bool search_write_rows(struct db *db, struct search_reading *reading, const struct journal_lock *lock,
                       struct err *err)
{
    struct search_head *head = &reading->head;
    struct db_value id = db_i64(reading->folder_id);
    uint64_t modseq = lock->at.modseq + 1;

    head->mailbox_modseq = reading->searched_modseq; /* what came since was not looked at */
    if (reading->gone_count + reading->fresh_count == 0)
        return true;
    if (reading->fresh_count > UINT32_MAX - head->uidnext)
        return err_set(err, ERR_LIMIT, "The folder has used up its message numbers.");
    if (!db_pipeline_add(db, FORGET, DB_ARGS(id, db_i64_array(reading->gone, reading->gone_count)), err) ||
        (reading->fresh_count > 0 && !write_fresh(db, reading, modseq, err)) ||
        !db_pipeline_add(db, RAISE,
                         DB_ARGS(id, db_i64((int64_t)reading->fresh_count), db_i64((int64_t)modseq)), err) ||
        !journal_write_mailbox(db, reading->mailbox->id, &lock->at, modseq, 0, 0, NULL, 0, err) ||
        !journal_finish(db, reading->mailbox, err))
        return false;
    if (lock->at.modseq == reading->searched_modseq)
        head->mailbox_modseq = modseq;
    head->modseq = modseq;
    reading->fresh_uid = head->uidnext;
    head->uidnext += (uint32_t)reading->fresh_count;
    return true;
}

/* The rows as they are behind the lock, and what is still to be changed of them. */
static bool write_work(struct db *db, void *arg, struct err *err)
{
    struct search_reading *reading = arg;
    struct journal_lock lock = { .mailbox = reading->mailbox };

    if (!journal_lock(db, reading->arena, &lock, err) || !search_head_read(db, reading, err) ||
        !shown_messages_read(db, reading->mailbox, reading->folder_id, NULL, reading->arena, &reading->shown,
                             &reading->shown_count, err))
        return false;
    compare(reading);
    return search_write_rows(db, reading, &lock, err);
}

/* ---- the view */

struct source {
    int64_t folder_id;
    struct view *view; /* NULL: it is gone */
};
struct sources {
    struct source *list; /* by number */
    size_t count;
};

static int release_sources(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        view_release(&sources->list[i].view);
    return 0;
}

static bool open_source(struct search_reading *reading, struct sources *sources, int64_t folder_id,
                        const struct view **view_out, struct err *err)
{
    struct source *source;

    for (size_t i = sources->count; i-- > 0;)
        if (sources->list[i].folder_id == folder_id) {
            *view_out = sources->list[i].view;
            return true;
        }
    sources->list = talloc_realloc(sources, sources->list, struct source, (unsigned)sources->count + 1);
    source = &sources->list[sources->count];
    *source = (struct source){ .folder_id = folder_id };
    if (!view_latest(reading->mailbox, folder_id, VIEW_CHECK, &source->view, err) &&
        err->kind != ERR_NOT_FOUND)
        return false;
    *err = ERR_INIT;
    sources->count++;
    *view_out = source->view;
    return true;
}

static bool build(struct search_reading *reading, struct view **view_out, struct err *err)
{
    struct sources *sources = talloc_zero(reading->arena, struct sources);
    struct view_builder *builder = view_builder_new(NULL);
    struct view_head head = { .folder_id = reading->folder_id,
                              .arrival = reading->head.arrival,
                              .uidvalidity = reading->head.uidvalidity,
                              .uidnext = reading->head.uidnext,
                              .modseq = reading->head.modseq,
                              .keywords = reading->head.keywords };

    talloc_set_destructor(sources, release_sources);
    for (size_t i = 0; i < reading->shown_count; i++) {
        const struct shown_message *shown = &reading->shown[i];
        const struct view *view;
        struct view_message message;

        if (!open_source(reading, sources, shown->at.folder_id, &view, err)) {
            view_builder_drop(builder);
            return false;
        }
        if (!view || !view_find(view, shown->at.uid, &message))
            continue;
        message.uid = shown->uid;
        if (message.modseq < shown->modseq)
            message.modseq = shown->modseq;
        if (head.modseq < message.modseq)
            head.modseq = message.modseq;
        (void)view_builder_append(builder, &message);
    }
    *view_out = view_builder_finish(builder, &head);
    return true;
}

static void note_expunged(const void *owner, const struct view *base, struct view_read *read)
{
    struct uid_set gone = UID_SET_INIT(owner);
    struct view_at at = view_from(base, 1);

    for (struct view_message message; view_next(&at, &message);)
        if (!view_number_of(read->view, message.uid))
            uid_set_add_one(&gone, message.uid);
    if (!uid_set_is_empty(&gone))
        expunge_list_add(&read->expunges, read->view->modseq, &gone);
}

static bool with_db(struct search_reading *reading,
                    bool (*read)(struct db *, struct search_reading *, struct err *), struct err *err)
{
    struct db *db;
    bool is_read = group_acquire(reading->mailbox->group, DB_INTERACTIVE, &db, err);

    if (is_read) {
        is_read = read(db, reading, err);
        db_release(&db);
    }
    return is_read;
}

static bool read_all(struct db *db, struct search_reading *reading, struct err *err)
{
    return search_head_read(db, reading, err) &&
           shown_messages_read(db, reading->mailbox, reading->folder_id, NULL, reading->arena,
                               &reading->shown, &reading->shown_count, err);
}

/* By index folder_name, over the folders of the mailbox. */
static const char READ_SOURCES[] =
    "SELECT f.folder_id, f.modseq, coalesce(s.attached_uid, 0), coalesce(s.attached_count, 0)"
    "  FROM folder f LEFT JOIN search_state s USING (folder_id)"
    " WHERE f.mailbox_id = $1 AND f.deleted_us IS NULL ORDER BY f.folder_id";

static bool read_sources(struct db *db, struct search_reading *reading, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, reading->arena, READ_SOURCES, DB_ARGS(db_i64(reading->mailbox->id)), &rows, err))
        return false;
    reading->source_count = db_rows_count(rows);
    reading->sources =
        talloc_array(reading->arena, struct search_source, (unsigned)reading->source_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        reading->sources[i] = (struct search_source){ db_get_i64(&row, 0), (uint64_t)db_get_i64(&row, 1),
                                                      db_get_i64(&row, 2), db_get_i64(&row, 3) };
    return true;
}

bool search_sources_read(struct search_reading *reading, struct err *err)
{
    return with_db(reading, read_sources, err);
}

bool search_find(struct search_reading *reading, const struct search_place *among, size_t count,
                 struct err *err)
{
    const struct mailbox_cache *cache = reading->mailbox->cache;

    if (!cache->finder)
        return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
    if (!cache->finder(cache->finder_arg, reading->mailbox, reading->head.filter, among, count,
                       reading->arena, &reading->places, &reading->place_count, err))
        return false;
    if (reading->place_count > 1)
        qsort(reading->places, reading->place_count, sizeof *reading->places, by_place);
    return true;
}

static bool write_difference(struct search_reading *reading, struct err *err)
{
    uint64_t modseq;

    if (!journal_run(reading->mailbox, write_work, reading, err))
        return false;
    modseq = reading->head.mailbox_modseq;
    if (!with_db(reading, read_all, err))
        return false;
    reading->head.mailbox_modseq = modseq; /* what was changed since is looked for by the next one */
    return true;
}

/* Among all messages. */
static bool look(struct search_reading *reading, struct view **view_out, struct err *err)
{
    if (!with_db(reading, read_all, err) || !search_sources_read(reading, err))
        return false;
    reading->searched_modseq = reading->head.mailbox_modseq;
    if (!search_find(reading, NULL, 0, err))
        return false;
    compare(reading);
    if ((reading->gone_count + reading->fresh_count > 0 && !write_difference(reading, err)) ||
        !build(reading, view_out, err))
        return false;
    return true;
}

/* The next one after `base`. */
static bool advance(struct search_reading *reading, const struct view *base, uint64_t checked_modseq,
                    struct view_read *read, struct err *err)
{
    bool is_followed;

    reading->searched_modseq = reading->head.mailbox_modseq;
    if (!search_sources_read(reading, err) ||
        !search_follow(reading, base, checked_modseq, read, &is_followed, err))
        return false;
    if (is_followed)
        return true;
    if (!look(reading, &read->view, err))
        return false;
    if (base && base->arrival == read->view->arrival && base->modseq == read->view->modseq &&
        base->count == read->view->count) { /* nothing of it changed */
        view_release(&read->view);
        read->view = view_ref(base);
    }
    if (base && base != read->view && base->arrival == read->view->arrival)
        note_expunged(reading->arena, base, read);
    cache_keep_search(reading->mailbox, reading->folder_id, search_state_new(reading, read->view));
    return true;
}

bool search_folder_read(struct mailbox *mailbox, int64_t folder_id, const struct view *base,
                        uint64_t checked_modseq, struct view_read *read_out, struct err *err)
{
    struct search_reading reading = { .mailbox = mailbox, .folder_id = folder_id, .arena = talloc_new(NULL) };
    bool is_read = with_db(&reading, search_head_read, err);

    *read_out = (struct view_read){ .is_cold = base == NULL };
    if (is_read && base && reading.head.mailbox_modseq == checked_modseq &&
        reading.head.arrival == base->arrival)
        read_out->view = view_ref(base);
    else if (is_read)
        is_read = advance(&reading, base, checked_modseq, read_out, err);
    if (is_read) {
        read_out->mailbox_modseq = reading.head.mailbox_modseq;
        read_out->base_modseq = base ? base->modseq : read_out->view->modseq;
        if (base && base->arrival != read_out->view->arrival)
            cache_drop(mailbox, folder_id); /* it went away and came back: its rows have other numbers */
    }
    keywords_release(&reading.head.keywords);
    talloc_free(reading.arena);
    return is_read;
}
