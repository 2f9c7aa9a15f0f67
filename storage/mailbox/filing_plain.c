/*
 * filing_plain.c -- the ordinary batch in one round trip: BEGIN, functions of the database, COMMIT. They (schema/group) do what
 * filing_load, filing_judge and filing_write do for a batch in which every target can be filed: take the locks in the same
 * order and write the same rows, and undo all where they meet anything else, such as a mailbox above 80 % or another script. Then the
 * long way decides, with two round trips.
 *
 * file_one() is called for each of a few messages that go to one mailbox each; file_many() once, for many copies of one message.
 */
#include "mailbox/filing_run.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/pipeline.h"
#include "mailbox/flags.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <talloc.h>

/* From four messages on the statements of the long way, which take all rows of a table at once, cost less than a call for each
 * message. */
enum { ONES_MAX = 3 };
/* Larger bodies travel in statements of their own: an array of them is copied twice by the server. */
enum { BODY_IN_ARRAY_BYTES = 32 * 1024 };

/* ---- what is plain */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_place(const struct filing_target *a, const struct filing_target *b)
{
    return a->folder_id == b->folder_id && (a->folder_id || (is_same_text(a->special_use, b->special_use) &&
                                                             is_same_text(a->folder_name, b->folder_name)));
}

/* Mailboxes that needed a closer look not long ago, and will again; each try that fails is a line in the log of the database. Of the whole process: it is a guess that costs nothing where it
 * is wrong, and a slot is overwritten by whoever hashes there next. */
enum { ODD_SLOTS = 16384 };
#define ODD_US (600 * US_PER_S)
static struct {
    _Atomic int64_t mailbox_id, until_us;
} odd[ODD_SLOTS];

static size_t slot_of(int64_t mailbox_id)
{
    return (size_t)((uint64_t)mailbox_id * UINT64_C(0x9E3779B97F4A7C15) >> 40) % ODD_SLOTS;
}

static bool is_odd(int64_t mailbox_id)
{
    size_t slot = slot_of(mailbox_id);

    return atomic_load_explicit(&odd[slot].mailbox_id, memory_order_relaxed) == mailbox_id &&
           atomic_load_explicit(&odd[slot].until_us, memory_order_relaxed) > clock_monotonic_us();
}

void filing_note_odd(int64_t mailbox_id)
{
    size_t slot = slot_of(mailbox_id);

    atomic_store_explicit(&odd[slot].mailbox_id, mailbox_id, memory_order_relaxed);
    atomic_store_explicit(&odd[slot].until_us, clock_monotonic_us() + ODD_US, memory_order_relaxed);
}

static bool target_is_plain(const struct filing_target *target)
{
    return !target->receipt && !target->keywords && !target->ignores_quota && !target->is_quota_warning &&
           !is_odd(target->mailbox_id);
}

static bool add_target(struct filing_run *run, const struct filing *filing,
                       const struct filing_target *target)
{
    struct filing_mailbox *mailbox = filing_find_mailbox(run, target->mailbox_id);
    int64_t version = target->checks_script ? target->script_version : -1;

    if (!target_is_plain(target))
        return false;
    if (!mailbox->place) {
        mailbox->place = target;
        mailbox->script_version = version;
    }
    if (!is_same_place(mailbox->place, target) || mailbox->script_version != version)
        return false;
    mailbox->bytes += (int64_t)filing->draft->size_bytes;
    mailbox->messages++;
    mailbox->unseen += !(target->flags & FLAG_SEEN);
    mailbox->deleted += (target->flags & FLAG_DELETED) != 0;
    return true;
}

bool filing_is_plain(struct filing_run *run)
{
    if (run->batch->before || run->batch->is_rehearsal || run->target_count == 0)
        return false;
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            if (!add_target(run, &run->batch->filings[i], &run->batch->filings[i].targets[k]))
                return false;
    for (size_t i = 0; i < run->content_count; i++)
        run->contents[i].is_used = true;
    run->is_one_each = run->target_count <= ONES_MAX && run->mailbox_count == run->target_count &&
                       run->batch->count == run->target_count;
    for (size_t i = 0; i < run->batch->count; i++)
        run->is_one_each = run->is_one_each && run->batch->filings[i].target_count == 1;
    return run->is_one_each || (run->batch->count == 1 && !run->shares_threads);
}

/* ---- the arguments: few arrays with rows of several numbers, as schema/group explains them at file_many() */

struct numbers {
    int64_t *values;
    size_t count;
};

static struct numbers numbers_new(void *arena, size_t rows, size_t width)
{
    return (struct numbers){ .values = talloc_array(arena, int64_t, (unsigned)(rows * width) + 1) };
}

static void add_number(struct numbers *numbers, int64_t value)
{
    numbers->values[numbers->count++] = value;
}

enum {
    CONTENT_NUMBERS = 4,
    CONTENT_STRINGS = 5,
    PAIR = 2,
    MAILBOX_NUMBERS = 6,
    ITEM_NUMBERS = 7,
    REFERENCE_NUMBERS = 4
};

struct arguments {
    struct numbers contents, bodies, staged, mailboxes, items, references;
    struct span *hashes, *content_strings, *previews, *body_strings, *places;
    size_t content_count, body_count;
};

static bool travels_alone(const struct filing_content *content)
{
    return !content->staged_message_id && span_length(content->draft->pieces->data) > BODY_IN_ARRAY_BYTES;
}

static void add_body(struct arguments *a, const struct filing_content *content)
{
    const struct message_draft *draft = content->draft;

    if (content->staged_message_id) {
        add_number(&a->staged, content->staged_message_id);
        add_number(&a->staged, draft->piece_count);
    } else if (!travels_alone(content)) {
        add_number(&a->bodies, content->message_id);
        add_number(&a->bodies, draft->pieces->codec);
        a->body_strings[a->body_count++] = filing_not_null(draft->pieces->data);
    }
}

static void add_content(struct arguments *a, const struct filing_content *content)
{
    const struct message_draft *draft = content->draft;
    struct span *strings = a->content_strings + CONTENT_STRINGS * a->content_count;

    add_number(&a->contents, content->message_id);
    add_number(&a->contents, (int64_t)draft->size_bytes);
    add_number(&a->contents, draft->header_bytes);
    add_number(&a->contents, draft->piece_count);
    strings[0] = filing_not_null(draft->part_index);
    strings[1] = filing_not_null(draft->envelope);
    strings[2] = filing_not_null(draft->body_structure);
    strings[3] = filing_not_null(draft->header);
    strings[4] = filing_not_null(draft->columns);
    a->hashes[a->content_count] = span_of(draft->content_hash, sizeof draft->content_hash);
    a->previews[a->content_count++] = filing_not_null(draft->preview);
    add_body(a, content);
}

static void add_contents(const struct filing_run *run, struct arguments *a)
{
    unsigned n = (unsigned)run->content_count + 1;
    size_t count;
    const struct filing_content **order = filing_new_contents(run, &count);

    a->contents = numbers_new(run->arena, n, CONTENT_NUMBERS);
    a->bodies = numbers_new(run->arena, n, PAIR);
    a->staged = numbers_new(run->arena, n, PAIR);
    a->hashes = talloc_array(run->arena, struct span, n);
    a->content_strings = talloc_array(run->arena, struct span, CONTENT_STRINGS * n);
    a->previews = talloc_array(run->arena, struct span, n);
    a->body_strings = talloc_array(run->arena, struct span, n);
    for (size_t i = 0; i < count; i++)
        add_content(a, order[i]);
}

static void add_mailboxes(const struct filing_run *run, struct arguments *a)
{
    a->mailboxes = numbers_new(run->arena, run->mailbox_count, MAILBOX_NUMBERS);
    a->places = talloc_array(run->arena, struct span, PAIR * (unsigned)run->mailbox_count + 1);
    for (size_t i = 0; i < run->mailbox_count; i++) {
        const struct filing_mailbox *mailbox = &run->mailboxes[i];
        add_number(&a->mailboxes, mailbox->script_version);
        add_number(&a->mailboxes, mailbox->place->folder_id);
        add_number(&a->mailboxes, mailbox->bytes);
        add_number(&a->mailboxes, mailbox->messages);
        add_number(&a->mailboxes, mailbox->unseen);
        add_number(&a->mailboxes, mailbox->deleted);
        a->places[2 * i] = span_text(mailbox->place->special_use);
        a->places[2 * i + 1] = span_text(mailbox->place->folder_name);
    }
}

static void add_item(const struct filing_run *run, struct arguments *a, const struct filing *filing,
                     const struct filing_target *target, const struct filing_content *content)
{
    struct filing_mailbox *mailbox = filing_find_mailbox(run, target->mailbox_id);
    size_t item = a->items.count / ITEM_NUMBERS;

    add_number(&a->items, run->item_ids[item]);
    add_number(&a->items, mailbox - run->mailboxes + 1);
    add_number(&a->items, content->message_id);
    add_number(&a->items, mailbox->placed++);
    add_number(&a->items, (int64_t)target->flags);
    add_number(&a->items, (int64_t)filing->draft->size_bytes);
    add_number(&a->items, filing->received_us);
    for (size_t i = 0; i < filing->draft->reference_count; i++) {
        add_number(&a->references, (int64_t)item + 1);
        add_number(&a->references, target->mailbox_id);
        add_number(&a->references, filing->draft->references[i]);
        add_number(&a->references, filing->draft->subject_hash);
    }
}

static void add_items(const struct filing_run *run, struct arguments *a)
{
    a->items = numbers_new(run->arena, run->target_count, ITEM_NUMBERS);
    a->references = numbers_new(run->arena, run->thread_count, REFERENCE_NUMBERS);
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++)
            add_item(run, a, &run->batch->filings[i], &run->batch->filings[i].targets[k],
                     &run->contents[run->content_of[i]]);
}

/* ---- there and back */

static const char FILE_MANY[] =
    "SELECT file_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
/* Nothing where file_many() wrote nothing. By primary key. */
static const char INSERT_LARGE_BODY[] =
    "INSERT INTO body (message_id, chunk, codec, data) SELECT $1, 0, $2, $3"
    " WHERE EXISTS (SELECT FROM message WHERE message_id = $1)";

static struct db_value array_of(const struct numbers *numbers)
{
    return db_i64_array(numbers->values, numbers->count);
}

static bool add_file_many(const struct filing_run *run, struct db *db, struct err *err)
{
    struct arguments a = { .content_count = 0 };
    size_t n;

    add_contents(run, &a);
    add_mailboxes(run, &a);
    add_items(run, &a);
    n = a.content_count;
    return db_pipeline_add(
        db, FILE_MANY,
        DB_ARGS(
            db_i64(run->now_us), db_uuid(run->receipt), array_of(&a.contents), db_bytes_array(a.hashes, n),
            db_bytes_array(a.content_strings, CONTENT_STRINGS * n), db_text_array(a.previews, n),
            array_of(&a.bodies), db_bytes_array(a.body_strings, a.body_count), array_of(&a.staged),
            db_i64_array(run->mailbox_ids, run->mailbox_count), array_of(&a.mailboxes),
            db_text_array(a.places, PAIR * run->mailbox_count), array_of(&a.items), array_of(&a.references)),
        err);
}

static bool add_large_bodies(const struct filing_run *run, struct db *db, struct err *err)
{
    for (size_t i = 0; i < run->content_count; i++) {
        const struct filing_content *content = &run->contents[i];
        const struct message_piece *piece = content->draft->pieces;
        if (travels_alone(content) &&
            !db_pipeline_add(
                db, INSERT_LARGE_BODY,
                DB_ARGS(db_i64(content->message_id), db_i16(piece->codec), db_bytes(piece->data)), err))
            return false;
    }
    return true;
}

static void take_target(struct filing_run *run, struct filing_target *target, int64_t message_id,
                        const struct filing_folder *folder, int64_t uid, int64_t modseq)
{
    target->is_filed = true;
    target->was_filed = target->wants_quota_warning = false;
    target->err = ERR_INIT;
    target->filed_folder_id = folder->folder_id;
    target->uidvalidity = folder->uidvalidity;
    target->uid = uid;
    target->message_id = message_id;
    target->modseq = (uint64_t)modseq;
    target->filed_flags = target->flags;
    target->found_script_version = target->script_version;
    run->filed++;
}

/* What file_many() gives: four numbers a mailbox (modseq, folder, UIDVALIDITY, first UID), each for all mailboxes; then the
 * conversation of each copy. */
static void take_results(struct filing_run *run, const int64_t *numbers)
{
    size_t n = run->mailbox_count, item = 0;
    const int64_t *modseqs = numbers, *folders = numbers + n, *validities = numbers + 2 * n;
    const int64_t *next_uids = numbers + 3 * n, *threads = numbers + 4 * n;
    int64_t *taken = talloc_zero_array(run->arena, int64_t, (unsigned)n + 1);

    for (size_t i = 0; i < n; i++)
        run->mailboxes[i].modseq = modseqs[i] - 1;
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++) {
            struct filing_target *target = &run->batch->filings[i].targets[k];
            size_t m = (size_t)(filing_find_mailbox(run, target->mailbox_id) - run->mailboxes);
            const struct filing_folder folder = { .folder_id = folders[m], .uidvalidity = validities[m] };
            take_target(run, target, run->contents[run->content_of[i]].message_id, &folder,
                        next_uids[m] + taken[m]++, modseqs[m]);
            target->item_id = run->item_ids[item];
            target->thread_id = threads[item++];
        }
}

static bool write_many(struct filing_run *run, struct db *db, bool *is_done_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    int64_t *numbers;
    size_t count;

    if (!add_file_many(run, db, err) || !add_large_bodies(run, db, err) ||
        !filing_add_plain_traces(run, db, err))
        return false;
    CRASHPOINT("deliver.before-write");
    CRASHPOINT("deliver.before-commit");
    if (!db_pipeline_commit(db, err) || !db_pipeline_send(db, err) ||
        !db_pipeline_next(db, run->arena, &rows, NULL, err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
    numbers = db_get_i64_array(run->arena, &row, 0, &count);
    if (count == 4 * run->mailbox_count + run->target_count) {
        take_results(run, numbers);
        *is_done_out = true;
    }
    return db_pipeline_end(db, err);
}

/* ---- one each */

static const char FILE_ONE[] =
    "SELECT file_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
    " $22, $23, $24, $25, $26)";

static int64_t id_of(const struct filing_run *run, size_t filing)
{
    int64_t staged = run->batch->filings[filing].staged_message_id;

    return staged ? staged : run->message_ids[filing];
}

static bool add_file_one(const struct filing_run *run, size_t number, bool is_first, struct db *db,
                         struct err *err)
{
    const struct filing *filing = &run->batch->filings[number];
    const struct message_draft *draft = filing->draft;
    const struct filing_target *target = filing->targets;
    const struct message_piece *piece = filing->staged_message_id ? NULL : draft->pieces;
    int64_t script = target->checks_script ? target->script_version : -1;

    return db_pipeline_add(
        db, FILE_ONE,
        DB_ARGS(db_i64(run->now_us), is_first ? db_uuid(run->receipt) : db_null(DB_UUID),
                db_bool(run->batch->count == 1), db_i64(id_of(run, number)),
                db_bytes(span_of(draft->content_hash, sizeof draft->content_hash)),
                db_i64((int64_t)draft->size_bytes), db_i32((int32_t)draft->header_bytes),
                db_i32((int32_t)draft->piece_count), db_bytes(draft->part_index), db_bytes(draft->envelope),
                db_bytes(draft->body_structure), db_bytes(draft->header), db_bytes(draft->columns),
                db_span_text(filing_not_null(draft->preview)), db_i16(piece ? piece->codec : 0),
                piece ? db_bytes(piece->data) : db_null(DB_BYTES), db_i64(target->mailbox_id), db_i64(script),
                db_i64(target->folder_id), db_text(target->special_use), db_text(target->folder_name),
                db_i64(run->item_ids[number]), db_i64((int64_t)target->flags), db_i64(filing->received_us),
                db_i64_array(draft->references, draft->reference_count), db_i64(draft->subject_hash)),
        err);
}

enum one_result { ONE_MODSEQ, ONE_FOLDER, ONE_UIDVALIDITY, ONE_UID, ONE_THREAD, ONE_MESSAGE, ONE_RESULTS };

static void take_one(struct filing_run *run, size_t number, const int64_t *result)
{
    struct filing_target *target = run->batch->filings[number].targets;
    struct filing_content *content = &run->contents[run->content_of[number]];
    const struct filing_folder folder = { .folder_id = result[ONE_FOLDER],
                                          .uidvalidity = result[ONE_UIDVALIDITY] };

    take_target(run, target, result[ONE_MESSAGE], &folder, result[ONE_UID], result[ONE_MODSEQ]);
    target->item_id = run->item_ids[number];
    target->thread_id = result[ONE_THREAD];
    filing_find_mailbox(run, target->mailbox_id)->modseq = result[ONE_MODSEQ] - 1;
    if (result[ONE_MESSAGE] == id_of(run, number))
        content->message_id = result[ONE_MESSAGE];
    else if (content->message_id != result[ONE_MESSAGE])
        content->known_message_id = result[ONE_MESSAGE];
}

static bool read_ones(struct filing_run *run, const size_t *order, struct db *db, struct err *err)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        struct db_rows *rows;
        struct db_row row;
        int64_t *result = NULL;
        size_t count = 0;

        if (!db_pipeline_next(db, run->arena, &rows, NULL, err))
            return false;
        if (db_rows_at(rows, 0, &row))
            result = db_get_i64_array(run->arena, &row, 0, &count);
        if (!result || count != ONE_RESULTS)
            return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
        take_one(run, order[i], result);
    }
    return true;
}

/* The filings in the order of their mailboxes, which are locked one after the other. */
static size_t *order_of(const struct filing_run *run)
{
    size_t *order = talloc_array(run->arena, size_t, (unsigned)run->batch->count + 1);

    for (size_t i = 0; i < run->batch->count; i++)
        order[filing_find_mailbox(run, run->batch->filings[i].targets->mailbox_id) - run->mailboxes] = i;
    return order;
}

static bool write_ones(struct filing_run *run, struct db *db, bool *is_done_out, struct err *err)
{
    size_t *order = order_of(run);

    for (size_t i = 0; i < run->batch->count; i++)
        if (!add_file_one(run, order[i], i == 0, db, err))
            return false;
    if (!filing_add_plain_traces(run, db, err))
        return false;
    CRASHPOINT("deliver.before-write");
    CRASHPOINT("deliver.before-commit");
    if (!db_pipeline_commit(db, err) || !db_pipeline_send(db, err) || !read_ones(run, order, db, err))
        return false;
    *is_done_out = true;
    return db_pipeline_end(db, err);
}

bool filing_write_plain(struct filing_run *run, struct db *db, bool *is_done_out, struct err *err)
{
    return run->is_one_each ? write_ones(run, db, is_done_out, err) : write_many(run, db, is_done_out, err);
}

/* ---- when all that is known is that it was committed */

/* By index; of an item that was copied or moved since, the membership it came with. */
static const char RECALL[] =
    "SELECT t.number, i.thread_id, i.created_modseq, m.folder_id, m.uid, f.uidvalidity, i.message_id"
    "  FROM unnest($1::bigint[]) WITH ORDINALITY AS t (item_id, number)"
    "  JOIN item i ON i.item_id = t.item_id"
    "  JOIN membership m ON m.item_id = i.item_id AND m.modseq = i.created_modseq"
    "  JOIN folder f ON f.folder_id = m.folder_id"
    " ORDER BY t.number";

static void take_recalled(struct filing_run *run, const struct db_rows *rows)
{
    size_t item = 0, next = 0;
    struct db_row row;

    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++, item++) {
            struct filing_target *target = &run->batch->filings[i].targets[k];
            struct filing_folder folder = { .folder_id = 0 };
            int64_t uid = 0, modseq = 0, message_id = run->contents[run->content_of[i]].message_id;
            target->item_id = target->thread_id = run->item_ids[item];
            if (db_rows_at(rows, next, &row) && db_get_i64(&row, 0) == (int64_t)item + 1) {
                folder = (struct filing_folder){ .folder_id = db_get_i64(&row, 3),
                                                 .uidvalidity = db_get_i64(&row, 5) };
                target->thread_id = db_get_i64(&row, 1);
                modseq = db_get_i64(&row, 2);
                uid = db_get_i64(&row, 4);
                message_id = db_get_i64(&row, 6);
                filing_find_mailbox(run, target->mailbox_id)->modseq = modseq - 1;
                next++;
            }
            take_target(run, target, message_id, &folder, uid, modseq);
            if (message_id != run->contents[run->content_of[i]].message_id)
                run->contents[run->content_of[i]].known_message_id = message_id;
        }
}

bool filing_recall_plain(struct filing_run *run, struct err *err)
{
    struct db_rows *rows;
    struct db *db;

    if (!group_acquire(run->group, DB_INTERACTIVE, &db, err))
        return false;
    bool is_known =
        db_query(db, run->arena, RECALL, DB_ARGS(db_i64_array(run->item_ids, run->target_count)), &rows, err);
    db_release(&db);
    if (is_known)
        take_recalled(run, rows);
    return is_known;
}
