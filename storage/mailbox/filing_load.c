/*
 * filing_load.c -- the first round trip of a filing: mailbox rows and quota roots are locked, in the order of their ids;
 * folders, known contents and conversations are read. Everybody who changes anything in a mailbox holds its row, so the
 * folders need no lock of their own.
 */
#include "mailbox/filing_run.h"

#include "db/pipeline.h"
#include "group/store.h"

#include <stdlib.h>
#include <talloc.h>

static const char LOCK_MAILBOXES[] =
    "SELECT m.mailbox_id, " MAILBOX_IS_MOUNTED
    ", m.modseq, m.used_bytes, m.used_messages, m.quota_bytes, m.quota_messages,"
    "       m.is_quota_warned, m.domain_root_id, m.organisation_root_id, m.keywords,"
    "       m.script_version, m.organisation_id, m.warn_bytes"
    "  FROM mailbox m WHERE m.mailbox_id = ANY($1) AND m.deleted_us IS NULL"
    " ORDER BY m.mailbox_id FOR NO KEY UPDATE";
static const char LOCK_ROOTS[] =
    "SELECT quota_root_id, limit_bytes, used_bytes FROM quota_root"
    " WHERE quota_root_id IN (SELECT unnest(ARRAY[domain_root_id, organisation_root_id])"
    "                           FROM mailbox WHERE mailbox_id = ANY($1))"
    " ORDER BY quota_root_id FOR NO KEY UPDATE";
#define FOLDER_COLUMNS "SELECT folder_id, mailbox_id, uidvalidity, uidnext, name, special_use FROM folder"
static const char READ_FOLDERS_BY_ID[] = FOLDER_COLUMNS " WHERE folder_id = ANY($1) AND deleted_us IS NULL";
static const char READ_FOLDERS_BY_NAME[] =
    FOLDER_COLUMNS " WHERE mailbox_id = ANY($1) AND name = ANY($2) AND deleted_us IS NULL";
static const char READ_FOLDERS_BY_USE[] =
    FOLDER_COLUMNS " WHERE mailbox_id = ANY($1) AND special_use = ANY($2) AND deleted_us IS NULL";
/* The lock keeps housekeeping from removing a message that nobody has any more and somebody just gets again. */
static const char FIND_CONTENTS[] =
    "SELECT message_id, content_hash FROM message WHERE content_hash = ANY($1) FOR KEY SHARE";
/* A subquery for each row: always by primary key, whatever the planner believed when the table was empty. */
static const char FIND_THREADS[] =
    "SELECT (SELECT r.thread_id FROM thread_reference r"
    "         WHERE r.mailbox_id = t.mailbox_id AND r.hash = t.hash AND r.subject_hash = t.subject_hash)"
    "  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY"
    "    AS t (mailbox_id, hash, subject_hash, number)"
    " ORDER BY t.number";

/* After the mailboxes are locked: of two who file the same copy the second one finds the first one's receipt. */
static const char FIND_RECEIPTS[] =
    "SELECT uuid_send(receipt_id) FROM delivery_receipt WHERE receipt_id = ANY(ARRAY("
    " SELECT encode(r, 'hex')::uuid FROM unnest($1::bytea[]) AS r))";

static int by_number(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void collect_mailboxes(struct filing_run *run)
{
    size_t count = 0, unique = 0;
    int64_t *ids = talloc_array(run->arena, int64_t, (unsigned)run->target_count + 1);

    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            ids[count++] = run->batch->filings[i].targets[k].mailbox_id;
    qsort(ids, count, sizeof *ids, by_number);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || ids[unique - 1] != ids[i])
            ids[unique++] = ids[i];
    run->mailbox_ids = ids;
    run->mailbox_count = unique;
    run->mailboxes = talloc_zero_array(run->arena, struct filing_mailbox, (unsigned)unique + 1);
    for (size_t i = 0; i < unique; i++)
        run->mailboxes[i].mailbox_id = ids[i];
}

struct filing_mailbox *filing_find_mailbox(const struct filing_run *run, int64_t mailbox_id)
{
    const int64_t *found =
        bsearch(&mailbox_id, run->mailbox_ids, run->mailbox_count, sizeof mailbox_id, by_number);

    return found ? &run->mailboxes[found - run->mailbox_ids] : NULL;
}

static void collect_contents(struct filing_run *run)
{
    size_t count = run->batch->count;

    run->contents = talloc_zero_array(run->arena, struct filing_content, (unsigned)count + 1);
    run->content_of = talloc_array(run->arena, size_t, (unsigned)count + 1);
    run->content_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct filing *filing = &run->batch->filings[i];
        size_t k = 0;
        while (k < run->content_count &&
               memcmp(run->contents[k].draft->content_hash, filing->draft->content_hash,
                      sizeof filing->draft->content_hash) != 0)
            k++;
        run->content_of[i] = k;
        if (k < run->content_count)
            continue;
        run->contents[run->content_count++] = (struct filing_content){
            .draft = filing->draft,
            .staged_message_id = filing->staged_message_id,
            .message_id = filing->staged_message_id ? filing->staged_message_id : run->message_ids[i],
        };
    }
}

static guint hash_thread(gconstpointer arg)
{
    const struct filing_thread *thread = arg;
    uint64_t mixed = (uint64_t)thread->hash ^ (uint64_t)thread->mailbox_id * UINT64_C(0x9E3779B97F4A7C15) ^
                     (uint64_t)thread->subject_hash >> 7;

    return (guint)(mixed ^ mixed >> 32);
}

static gboolean equal_threads(gconstpointer a, gconstpointer b)
{
    const struct filing_thread *left = a, *right = b;

    return left->hash == right->hash && left->mailbox_id == right->mailbox_id &&
           left->subject_hash == right->subject_hash;
}

struct filing_thread *filing_find_thread(const struct filing_run *run, int64_t mailbox_id, int64_t hash,
                                         int64_t subject_hash)
{
    const struct filing_thread key = { .mailbox_id = mailbox_id, .hash = hash, .subject_hash = subject_hash };

    return g_hash_table_lookup(run->threads, &key);
}

static void want_thread(struct filing_run *run, size_t *capacity, int64_t mailbox_id, int64_t hash,
                        int64_t subject_hash)
{
    if (filing_find_thread(run, mailbox_id, hash, subject_hash)) {
        run->shares_threads = true;
        return;
    }
    struct filing_thread *thread = talloc_zero(run->arena, struct filing_thread);
    *thread = (struct filing_thread){ .mailbox_id = mailbox_id, .hash = hash, .subject_hash = subject_hash };
    g_hash_table_add(run->threads, thread);
    if (run->thread_count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 64;
        run->thread_list =
            talloc_realloc(run->arena, run->thread_list, struct filing_thread *, (unsigned)*capacity);
    }
    run->thread_list[run->thread_count++] = thread;
}

static void collect_threads(struct filing_run *run)
{
    size_t capacity = 0;

    if (run->threads)
        g_hash_table_destroy(run->threads);
    run->threads = g_hash_table_new(hash_thread, equal_threads);
    run->thread_list = NULL;
    run->thread_count = 0;
    run->shares_threads = false;
    for (size_t i = 0; i < run->batch->count; i++) {
        const struct filing *filing = &run->batch->filings[i];
        for (size_t k = 0; k < filing->target_count; k++)
            for (size_t r = 0; r < filing->draft->reference_count; r++)
                want_thread(run, &capacity, filing->targets[k].mailbox_id, filing->draft->references[r],
                            filing->draft->subject_hash);
    }
}

/* Ids, names and special uses that the targets name; INBOX unless every target names a folder by its id. */
struct folder_wishes {
    int64_t *ids;
    struct span *names, *uses;
    size_t id_count, name_count, use_count;
};

static void add_unique(struct span *list, size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (span_equals_text(list[i], text))
            return;
    list[(*count)++] = span_text(text);
}

static struct folder_wishes collect_folders(struct filing_run *run)
{
    unsigned most = (unsigned)run->target_count + 1;
    struct folder_wishes wishes = { .ids = talloc_array(run->arena, int64_t, most),
                                    .names = talloc_array(run->arena, struct span, most),
                                    .uses = talloc_array(run->arena, struct span, most) };

    for (size_t i = 0; i < run->batch->count; i++) {
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++) {
            const struct filing_target *target = &run->batch->filings[i].targets[k];
            if (target->folder_id) {
                wishes.ids[wishes.id_count++] = target->folder_id;
                continue;
            }
            if (wishes.name_count == 0)
                add_unique(wishes.names, &wishes.name_count, "INBOX");
            if (target->special_use)
                add_unique(wishes.uses, &wishes.use_count, target->special_use);
            else if (target->folder_name)
                add_unique(wishes.names, &wishes.name_count, target->folder_name);
        }
    }
    return wishes;
}

static bool ask_threads(struct filing_run *run, struct db *db, struct err *err)
{
    unsigned count = (unsigned)run->thread_count;
    int64_t *mailboxes = talloc_array(run->arena, int64_t, count + 1);
    int64_t *hashes = talloc_array(run->arena, int64_t, count + 1);
    int64_t *subjects = talloc_array(run->arena, int64_t, count + 1);

    for (size_t i = 0; i < count; i++) {
        mailboxes[i] = run->thread_list[i]->mailbox_id;
        hashes[i] = run->thread_list[i]->hash;
        subjects[i] = run->thread_list[i]->subject_hash;
    }
    return db_pipeline_add(
        db, FIND_THREADS,
        DB_ARGS(db_i64_array(mailboxes, count), db_i64_array(hashes, count), db_i64_array(subjects, count)),
        err);
}

static bool ask_contents(struct filing_run *run, struct db *db, struct err *err)
{
    struct span *hashes = talloc_array(run->arena, struct span, (unsigned)run->content_count + 1);

    for (size_t i = 0; i < run->content_count; i++)
        hashes[i] =
            span_of(run->contents[i].draft->content_hash, sizeof run->contents[i].draft->content_hash);
    return db_pipeline_add(db, FIND_CONTENTS, DB_ARGS(db_bytes_array(hashes, run->content_count)), err);
}

static bool ask_receipts(struct filing_run *run, struct db *db, struct err *err)
{
    struct span *receipts = talloc_array(run->arena, struct span, (unsigned)run->target_count + 1);
    size_t count = 0;

    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            if (run->batch->filings[i].targets[k].receipt)
                receipts[count++] = span_of(run->batch->filings[i].targets[k].receipt, FILING_RECEIPT_BYTES);
    run->has_receipts = count > 0;
    run->done_count = 0;
    return count == 0 || db_pipeline_add(db, FIND_RECEIPTS, DB_ARGS(db_bytes_array(receipts, count)), err);
}

static bool ask(struct filing_run *run, const struct folder_wishes *wishes, struct db *db, struct err *err)
{
    struct db_value mailboxes = db_i64_array(run->mailbox_ids, run->mailbox_count);

    return db_pipeline_add(db, LOCK_MAILBOXES, DB_ARGS(mailboxes), err) &&
           db_pipeline_add(db, LOCK_ROOTS, DB_ARGS(mailboxes), err) &&
           (wishes->id_count == 0 ||
            db_pipeline_add(db, READ_FOLDERS_BY_ID, DB_ARGS(db_i64_array(wishes->ids, wishes->id_count)),
                            err)) &&
           (wishes->name_count == 0 ||
            db_pipeline_add(db, READ_FOLDERS_BY_NAME,
                            DB_ARGS(mailboxes, db_text_array(wishes->names, wishes->name_count)), err)) &&
           (wishes->use_count == 0 ||
            db_pipeline_add(db, READ_FOLDERS_BY_USE,
                            DB_ARGS(mailboxes, db_text_array(wishes->uses, wishes->use_count)), err)) &&
           ask_contents(run, db, err) && ask_threads(run, db, err) && ask_receipts(run, db, err) &&
           db_pipeline_send(db, err);
}

/* The roots come after the mailboxes that refer to them; their ids wait here. */
struct root_ids {
    int64_t domain, organisation;
};

static bool take_mailboxes(struct filing_run *run, struct root_ids *wanted, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct filing_mailbox *mailbox = filing_find_mailbox(run, db_get_i64(&row, 0));
        mailbox->is_found = true;
        mailbox->is_mounted = db_get_bool(&row, 1);
        mailbox->modseq = db_get_i64(&row, 2);
        mailbox->used_bytes = db_get_i64(&row, 3);
        mailbox->used_messages = db_get_i64(&row, 4);
        mailbox->quota_bytes = db_get_i64(&row, 5);
        mailbox->quota_messages = db_get_i64(&row, 6);
        mailbox->was_warned = db_get_bool(&row, 7);
        wanted[mailbox - run->mailboxes] = (struct root_ids){ db_get_i64(&row, 8), db_get_i64(&row, 9) };
        mailbox->keywords = db_get_span_array(run->arena, &row, 10, &mailbox->keyword_count);
        mailbox->script_version = db_get_i64(&row, 11);
        mailbox->organisation_id = db_get_i64(&row, 12);
        mailbox->warn_bytes = db_get_i64(&row, 13);
    }
    return true;
}

static struct filing_root *find_root(struct filing_run *run, int64_t root_id)
{
    for (size_t i = 0; i < run->root_count; i++)
        if (run->roots[i].root_id == root_id)
            return &run->roots[i];
    return NULL;
}

static bool take_roots(struct filing_run *run, const struct root_ids *wanted, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    run->root_count = 0;
    run->roots = talloc_zero_array(run->arena, struct filing_root, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        run->roots[run->root_count++] = (struct filing_root){ .root_id = db_get_i64(&row, 0),
                                                              .limit_bytes = db_get_i64(&row, 1),
                                                              .used_bytes = db_get_i64(&row, 2) };
    for (size_t i = 0; i < run->mailbox_count; i++) {
        run->mailboxes[i].domain = find_root(run, wanted[i].domain);
        run->mailboxes[i].organisation = find_root(run, wanted[i].organisation);
    }
    return true;
}

static bool is_known(const struct filing_mailbox *mailbox, int64_t folder_id)
{
    for (const struct filing_folder *folder = mailbox->folders; folder; folder = folder->next)
        if (folder->folder_id == folder_id)
            return true;
    return false;
}

static bool take_folders(struct filing_run *run, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct filing_mailbox *mailbox = filing_find_mailbox(run, db_get_i64(&row, 1));
        if (!mailbox || is_known(mailbox, db_get_i64(&row, 0)))
            continue;
        struct filing_folder *folder = talloc_zero(run->arena, struct filing_folder);
        *folder = (struct filing_folder){ .folder_id = db_get_i64(&row, 0),
                                          .mailbox_id = mailbox->mailbox_id,
                                          .uidvalidity = db_get_i64(&row, 2),
                                          .uidnext = db_get_i64(&row, 3),
                                          .name = db_get_text(&row, 4),
                                          .special_use = db_get_text(&row, 5),
                                          .next = mailbox->folders };
        mailbox->folders = folder;
    }
    return true;
}

static bool take_contents(struct filing_run *run, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct span hash = db_get_bytes(&row, 1);
        for (size_t k = 0; k < run->content_count; k++) {
            struct filing_content *content = &run->contents[k];
            if (span_equals(hash, span_of(content->draft->content_hash, sizeof content->draft->content_hash)))
                content->message_id = content->known_message_id = db_get_i64(&row, 0);
        }
    }
    return true;
}

static bool take_threads(struct filing_run *run, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    for (size_t i = 0; i < run->thread_count && db_rows_at(rows, i, &row); i++)
        run->thread_list[i]->stored_thread_id = db_get_i64(&row, 0);
    return true;
}

static bool take_receipts(struct filing_run *run, struct db *db, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!run->has_receipts)
        return true;
    if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    run->done_receipts = talloc_array(run->arena, struct span, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        run->done_receipts[run->done_count++] = db_get_bytes(&row, 0);
    return true;
}

void filing_collect(struct filing_run *run)
{
    collect_mailboxes(run);
    collect_contents(run);
    collect_threads(run);
}

bool filing_load(struct filing_run *run, struct db *db, struct err *err)
{
    struct folder_wishes wishes = collect_folders(run);
    struct root_ids *wanted =
        talloc_zero_array(run->arena, struct root_ids, (unsigned)run->mailbox_count + 1);

    return ask(run, &wishes, db, err) && take_mailboxes(run, wanted, db, err) &&
           take_roots(run, wanted, db, err) && (wishes.id_count == 0 || take_folders(run, db, err)) &&
           (wishes.name_count == 0 || take_folders(run, db, err)) &&
           (wishes.use_count == 0 || take_folders(run, db, err)) && take_contents(run, db, err) &&
           take_threads(run, db, err) && take_receipts(run, db, err) && db_pipeline_end(db, err);
}
