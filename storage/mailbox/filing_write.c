/*
 * filing_write.c -- the second round trip of a filing: all rows, the counters, the receipt, COMMIT. Rows of one table go in
 * one statement as arrays; bodies one by one, because an array of large values is copied twice by the server.
 */
#include "mailbox/filing_run.h"
#include "mailbox/receipt.h"

#include "base/crashpoint.h"
#include "db/pipeline.h"

#include <stdlib.h>
#include <talloc.h>

struct span filing_not_null(struct span s)
{
    return s.p ? s : span_of("", 0);
}

/* ON CONFLICT would leave items without their message: somebody who stored the same content since we looked makes this
 * fail, and the batch is run again. */
static const char INSERT_MESSAGES[] =
    "INSERT INTO message (message_id, content_hash, size, header_size, chunks, part_index, envelope, body_structure,"
    "                     header, columns, preview, created_us)"
    " SELECT m.*, $12 FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::integer[], $5::integer[],"
    "                             $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[], $11::text[]) AS m";
static const char INSERT_BODY[] = "INSERT INTO body (message_id, chunk, codec, data) VALUES ($1, 0, $2, $3)";
static const char TAKE_STAGED[] = "SELECT take_staged($1, $2)";
/* Staged for a content that was there already. */
static const char DROP_STAGED[] = "WITH dropped AS (DELETE FROM body_staged WHERE message_id = ANY($1))"
                                  " DELETE FROM body WHERE message_id = ANY($1)";

static bool is_new(const struct filing_content *content)
{
    return content->is_used && !content->known_message_id;
}

struct message_arrays {
    int64_t *ids, *sizes;
    int32_t *header_sizes, *chunks;
    struct span *hashes, *part_indexes, *envelopes, *structures, *headers, *columns, *previews;
    size_t count;
};

static struct message_arrays message_arrays_new(void *arena, size_t most)
{
    unsigned n = (unsigned)most + 1;

    return (struct message_arrays){
        .ids = talloc_array(arena, int64_t, n),
        .sizes = talloc_array(arena, int64_t, n),
        .header_sizes = talloc_array(arena, int32_t, n),
        .chunks = talloc_array(arena, int32_t, n),
        .hashes = talloc_array(arena, struct span, n),
        .part_indexes = talloc_array(arena, struct span, n),
        .envelopes = talloc_array(arena, struct span, n),
        .structures = talloc_array(arena, struct span, n),
        .headers = talloc_array(arena, struct span, n),
        .columns = talloc_array(arena, struct span, n),
        .previews = talloc_array(arena, struct span, n),
    };
}

static void add_message(struct message_arrays *arrays, const struct filing_content *content)
{
    const struct message_draft *draft = content->draft;
    size_t i = arrays->count++;

    arrays->ids[i] = content->message_id;
    arrays->sizes[i] = (int64_t)draft->size_bytes;
    arrays->header_sizes[i] = (int32_t)draft->header_bytes;
    arrays->chunks[i] = (int32_t)draft->piece_count;
    arrays->hashes[i] = span_of(draft->content_hash, sizeof draft->content_hash);
    arrays->part_indexes[i] = filing_not_null(draft->part_index);
    arrays->envelopes[i] = filing_not_null(draft->envelope);
    arrays->structures[i] = filing_not_null(draft->body_structure);
    arrays->headers[i] = filing_not_null(draft->header);
    arrays->columns[i] = filing_not_null(draft->columns);
    arrays->previews[i] = filing_not_null(draft->preview);
}

static int by_hash(const void *a, const void *b)
{
    const struct filing_content *const *left = a, *const *right = b;

    return memcmp((*left)->draft->content_hash, (*right)->draft->content_hash,
                  sizeof(*left)->draft->content_hash);
}

const struct filing_content **filing_new_contents(const struct filing_run *run, size_t *count_out)
{
    const struct filing_content **order =
        talloc_array(run->arena, const struct filing_content *, (unsigned)run->content_count + 1);
    size_t count = 0;

    for (size_t i = 0; i < run->content_count; i++)
        if (is_new(&run->contents[i]))
            order[count++] = &run->contents[i];
    qsort(order, count, sizeof(const struct filing_content *), by_hash);
    *count_out = count;
    return order;
}

static bool add_messages(struct filing_run *run, struct db *db, struct err *err)
{
    size_t count;
    const struct filing_content **order = filing_new_contents(run, &count);
    struct message_arrays a = message_arrays_new(run->arena, count);

    for (size_t i = 0; i < count; i++)
        add_message(&a, order[i]);
    if (a.count == 0)
        return true;
    return db_pipeline_add(db, INSERT_MESSAGES,
                           DB_ARGS(db_i64_array(a.ids, a.count), db_bytes_array(a.hashes, a.count),
                                   db_i64_array(a.sizes, a.count), db_i32_array(a.header_sizes, a.count),
                                   db_i32_array(a.chunks, a.count), db_bytes_array(a.part_indexes, a.count),
                                   db_bytes_array(a.envelopes, a.count),
                                   db_bytes_array(a.structures, a.count), db_bytes_array(a.headers, a.count),
                                   db_bytes_array(a.columns, a.count), db_text_array(a.previews, a.count),
                                   db_i64(run->now_us)),
                           err);
}

static bool add_bodies(struct filing_run *run, struct db *db, struct err *err)
{
    int64_t *staged = talloc_array(run->arena, int64_t, (unsigned)run->content_count + 1);
    int64_t *dropped = talloc_array(run->arena, int64_t, (unsigned)run->content_count + 1);
    int32_t *pieces = talloc_array(run->arena, int32_t, (unsigned)run->content_count + 1);
    size_t staged_count = 0, dropped_count = 0;

    for (size_t i = 0; i < run->content_count; i++) {
        const struct filing_content *content = &run->contents[i];
        const struct message_piece *piece = content->draft->pieces;
        if (content->known_message_id && content->staged_message_id)
            dropped[dropped_count++] = content->staged_message_id;
        if (!is_new(content))
            continue;
        if (content->staged_message_id) {
            pieces[staged_count] = (int32_t)content->draft->piece_count;
            staged[staged_count++] = content->staged_message_id;
        } else if (!db_pipeline_add(db, INSERT_BODY,
                                    DB_ARGS(db_i64(content->message_id), db_i16(piece->codec),
                                            db_bytes(filing_not_null(piece->data))),
                                    err)) {
            return false;
        }
    }
    return (staged_count == 0 ||
            db_pipeline_add(db, TAKE_STAGED,
                            DB_ARGS(db_i64_array(staged, staged_count), db_i32_array(pieces, staged_count)),
                            err)) &&
           (dropped_count == 0 ||
            db_pipeline_add(db, DROP_STAGED, DB_ARGS(db_i64_array(dropped, dropped_count)), err));
}

static const char INSERT_ITEMS[] =
    "INSERT INTO item (item_id, mailbox_id, message_id, thread_id, created_modseq, saved_us)"
    " SELECT i.*, $6 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS i";
static const char INSERT_MEMBERSHIPS[] =
    "INSERT INTO membership (folder_id, uid, modseq, flags, item_id, message_id, size, received_us, saved_us)"
    " SELECT m.*, $9 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],"
    "                            $6::bigint[], $7::bigint[], $8::bigint[]) AS m";

enum item_column {
    ITEM_ID,
    ITEM_MAILBOX,
    ITEM_MESSAGE,
    ITEM_THREAD,
    ITEM_MODSEQ,
    ITEM_FOLDER,
    ITEM_UID,
    ITEM_FLAGS,
    ITEM_SIZE,
    ITEM_RECEIVED,
    ITEM_COLUMNS
};

static size_t collect_items(struct filing_run *run, int64_t *columns[ITEM_COLUMNS])
{
    size_t n = 0;

    for (size_t i = 0; i < run->batch->count; i++) {
        const struct filing *filing = &run->batch->filings[i];
        for (size_t k = 0; k < filing->target_count; k++) {
            const struct filing_target *target = &filing->targets[k];
            if (!target->is_filed || target->was_filed)
                continue;
            columns[ITEM_ID][n] = target->item_id;
            columns[ITEM_MAILBOX][n] = target->mailbox_id;
            columns[ITEM_MESSAGE][n] = target->message_id;
            columns[ITEM_THREAD][n] = target->thread_id;
            columns[ITEM_MODSEQ][n] = (int64_t)target->modseq;
            columns[ITEM_FOLDER][n] = target->filed_folder_id;
            columns[ITEM_UID][n] = target->uid;
            columns[ITEM_FLAGS][n] = (int64_t)target->filed_flags;
            columns[ITEM_SIZE][n] = (int64_t)filing->draft->size_bytes;
            columns[ITEM_RECEIVED][n++] = filing->received_us;
        }
    }
    return n;
}

static bool add_items(struct filing_run *run, struct db *db, struct err *err)
{
    int64_t *c[ITEM_COLUMNS];

    for (int i = 0; i < ITEM_COLUMNS; i++)
        c[i] = talloc_array(run->arena, int64_t, (unsigned)run->filed + 1);
    size_t n = collect_items(run, c);
    return db_pipeline_add(db, INSERT_ITEMS,
                           DB_ARGS(db_i64_array(c[ITEM_ID], n), db_i64_array(c[ITEM_MAILBOX], n),
                                   db_i64_array(c[ITEM_MESSAGE], n), db_i64_array(c[ITEM_THREAD], n),
                                   db_i64_array(c[ITEM_MODSEQ], n), db_i64(run->now_us)),
                           err) &&
           db_pipeline_add(db, INSERT_MEMBERSHIPS,
                           DB_ARGS(db_i64_array(c[ITEM_FOLDER], n), db_i64_array(c[ITEM_UID], n),
                                   db_i64_array(c[ITEM_MODSEQ], n), db_i64_array(c[ITEM_FLAGS], n),
                                   db_i64_array(c[ITEM_ID], n), db_i64_array(c[ITEM_MESSAGE], n),
                                   db_i64_array(c[ITEM_SIZE], n), db_i64_array(c[ITEM_RECEIVED], n),
                                   db_i64(run->now_us)),
                           err);
}

static const char INSERT_THREADS[] =
    "INSERT INTO thread_reference (mailbox_id, hash, subject_hash, thread_id)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])"
    " ON CONFLICT DO NOTHING";

static bool add_threads(struct filing_run *run, struct db *db, struct err *err)
{
    int64_t *c[4];
    size_t n = 0;

    for (int i = 0; i < 4; i++)
        c[i] = talloc_array(run->arena, int64_t, (unsigned)run->thread_count + 1);
    for (size_t i = 0; i < run->thread_count; i++) {
        const struct filing_thread *thread = run->thread_list[i];
        if (thread->stored_thread_id || !thread->thread_id)
            continue;
        c[0][n] = thread->mailbox_id;
        c[1][n] = thread->hash;
        c[2][n] = thread->subject_hash;
        c[3][n++] = thread->thread_id;
    }
    return n == 0 || db_pipeline_add(db, INSERT_THREADS,
                                     DB_ARGS(db_i64_array(c[0], n), db_i64_array(c[1], n),
                                             db_i64_array(c[2], n), db_i64_array(c[3], n)),
                                     err);
}

static const char UPDATE_MAILBOXES[] =
    "UPDATE mailbox m SET modseq = m.modseq + 1, used_bytes = m.used_bytes + t.bytes,"
    "       used_messages = m.used_messages + t.messages, is_quota_warned = t.is_warned"
    "  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[])"
    "    AS t (mailbox_id, bytes, messages, is_warned)"
    " WHERE m.mailbox_id = t.mailbox_id";
static const char ADD_KEYWORDS[] =
    "UPDATE mailbox SET keywords = keywords || $2::text[] WHERE mailbox_id = $1";
static const char UPDATE_FOLDERS[] =
    "UPDATE folder f SET uidnext = f.uidnext + t.messages, modseq = t.modseq, messages = f.messages + t.messages,"
    "       unseen = f.unseen + t.unseen, deleted = f.deleted + t.deleted, bytes = f.bytes + t.bytes"
    "  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])"
    "    AS t (folder_id, modseq, messages, unseen, deleted, bytes)"
    " WHERE f.folder_id = t.folder_id";
static const char UPDATE_ROOTS[] = "UPDATE quota_root r SET used_bytes = r.used_bytes + t.bytes"
                                   "  FROM unnest($1::bigint[], $2::bigint[]) AS t (quota_root_id, bytes)"
                                   " WHERE r.quota_root_id = t.quota_root_id";

static bool add_mailbox_counters(struct filing_run *run, struct db *db, struct err *err)
{
    unsigned most = (unsigned)run->mailbox_count + 1;
    int64_t *ids = talloc_array(run->arena, int64_t, most), *bytes = talloc_array(run->arena, int64_t, most);
    int64_t *messages = talloc_array(run->arena, int64_t, most);
    bool *warned = talloc_array(run->arena, bool, most);
    size_t n = 0;

    for (size_t i = 0; i < run->mailbox_count; i++) {
        const struct filing_mailbox *mailbox = &run->mailboxes[i];
        if (mailbox->messages == 0)
            continue;
        ids[n] = mailbox->mailbox_id;
        bytes[n] = mailbox->bytes;
        messages[n] = mailbox->messages;
        warned[n++] = mailbox->is_warned;
        if (mailbox->new_keyword_count > 0 &&
            !db_pipeline_add(db, ADD_KEYWORDS,
                             DB_ARGS(db_i64(mailbox->mailbox_id),
                                     db_text_array(mailbox->new_keywords, mailbox->new_keyword_count)),
                             err))
            return false;
    }
    return db_pipeline_add(db, UPDATE_MAILBOXES,
                           DB_ARGS(db_i64_array(ids, n), db_i64_array(bytes, n), db_i64_array(messages, n),
                                   db_bool_array(warned, n)),
                           err);
}

static bool add_folder_counters(struct filing_run *run, struct db *db, struct err *err)
{
    enum { COLUMNS = 6 };
    int64_t *c[COLUMNS];
    size_t n = 0;

    for (int i = 0; i < COLUMNS; i++)
        c[i] = talloc_array(run->arena, int64_t, (unsigned)run->filed + 1);
    for (size_t i = 0; i < run->mailbox_count; i++) {
        const struct filing_mailbox *mailbox = &run->mailboxes[i];
        for (const struct filing_folder *folder = mailbox->folders; folder; folder = folder->next) {
            if (folder->messages == 0)
                continue;
            c[0][n] = folder->folder_id;
            c[1][n] = mailbox->modseq + 1;
            c[2][n] = folder->messages;
            c[3][n] = folder->unseen;
            c[4][n] = folder->deleted;
            c[5][n++] = folder->bytes;
        }
    }
    return db_pipeline_add(db, UPDATE_FOLDERS,
                           DB_ARGS(db_i64_array(c[0], n), db_i64_array(c[1], n), db_i64_array(c[2], n),
                                   db_i64_array(c[3], n), db_i64_array(c[4], n), db_i64_array(c[5], n)),
                           err);
}

static bool add_root_counters(struct filing_run *run, struct db *db, struct err *err)
{
    int64_t *ids = talloc_array(run->arena, int64_t, (unsigned)run->root_count + 1);
    int64_t *bytes = talloc_array(run->arena, int64_t, (unsigned)run->root_count + 1);

    for (size_t i = 0; i < run->root_count; i++) {
        ids[i] = run->roots[i].root_id;
        bytes[i] = run->roots[i].bytes;
    }
    return run->root_count == 0 ||
           db_pipeline_add(db, UPDATE_ROOTS,
                           DB_ARGS(db_i64_array(ids, run->root_count), db_i64_array(bytes, run->root_count)),
                           err);
}

static const char INSERT_RECEIPTS[] = "INSERT INTO delivery_receipt (receipt_id, created_us)"
                                      " SELECT encode(r, 'hex')::uuid, $2 FROM unnest($1::bytea[]) AS r";

static bool add_receipts(struct filing_run *run, struct db *db, struct err *err)
{
    struct span *receipts = talloc_array(run->arena, struct span, (unsigned)run->filed + 1);
    size_t count = 0;

    for (size_t i = 0; run->has_receipts && i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++) {
            const struct filing_target *target = &run->batch->filings[i].targets[k];
            if (target->is_filed && !target->was_filed && target->receipt)
                receipts[count++] = span_of(target->receipt, FILING_RECEIPT_BYTES);
        }
    return count == 0 || db_pipeline_add(db, INSERT_RECEIPTS,
                                         DB_ARGS(db_bytes_array(receipts, count), db_i64(run->now_us)), err);
}

static bool add_all(struct filing_run *run, struct db *db, struct err *err)
{
    return add_messages(run, db, err) && add_bodies(run, db, err) && add_items(run, db, err) &&
           add_threads(run, db, err) && add_mailbox_counters(run, db, err) &&
           add_folder_counters(run, db, err) && add_root_counters(run, db, err) &&
           add_receipts(run, db, err) && filing_add_traces(run, db, err) &&
           receipt_add(db, run->receipt, err);
}

bool filing_try_write(struct filing_run *run, struct db *db, struct err *err)
{
    return add_all(run, db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

bool filing_write(struct filing_run *run, struct db *db, struct err *err)
{
    if (run->filed == 0)
        return true;
    if (!add_all(run, db, err))
        return false;
    CRASHPOINT("deliver.before-commit");
    return db_pipeline_commit(db, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}
