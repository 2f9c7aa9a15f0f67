/* finish.c -- the mailbox's own row, and the end of the copying: until nothing differs. */
#include "base/clock.h"
#include "base/crashpoint.h"
#include "move/work.h"

#include <talloc.h>

enum { FINISHING_ROUNDS = 10 };

/* As it is here, but nowhere and empty. */
#define MAILBOX_ROW(used)                                                                                    \
    "SELECT jsonb_populate_record(m, jsonb_build_object('store_id', 0, 'arrival', $2::bigint,"               \
    "           'domain_root_id', null, 'organisation_root_id', null" used                                   \
    "))::text, m.domain_id, m.organisation_id,"                                                              \
    "       m.used_bytes FROM mailbox m WHERE m.mailbox_id = $1 AND m.deleted_us IS NULL"
static const char READ_EMPTY[] = MAILBOX_ROW(", 'used_bytes', 0, 'used_messages', 0");
static const char READ_WHOLE[] = MAILBOX_ROW("");

/* As in storage/group/store.c. */
static const char LOCK_ROOTS[] =
    "SELECT pg_advisory_xact_lock_shared(1, hashint8($1)), pg_advisory_xact_lock_shared(2, hashint8($2))";
static const char PUT_MAILBOX[] = "SELECT transit_put('mailbox', 'mailbox_id', ARRAY[$1::text])";
static const char LINK_ROOTS[] =
    "UPDATE mailbox m"
    "   SET domain_root_id = (SELECT quota_root_id FROM quota_root WHERE kind = 'domain' AND owner_id = m.domain_id),"
    "       organisation_root_id = (SELECT quota_root_id FROM quota_root"
    "                                WHERE kind = 'organisation' AND owner_id = m.organisation_id)"
    " WHERE m.mailbox_id = $1";

bool transit_read_row(struct transit *transit, const void *arena, enum transit_fill fill,
                      struct transit_row *row_out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(transit->source, arena, fill == TRANSIT_EMPTY ? READ_EMPTY : READ_WHOLE,
                    DB_ARGS(db_i64(transit->options.mailbox_id), db_i64(transit->options.arrival)), &row,
                    err))
        return err->kind == ERR_NOT_FOUND ? err_set(err, ERR_NOT_FOUND, "There is no such mailbox.") : false;
    *row_out = (struct transit_row){ db_get_text(&row, 0), db_get_i64(&row, 1), db_get_i64(&row, 2),
                                     db_get_i64(&row, 3) };
    return true;
}

bool transit_lock_roots(struct db *db, const struct transit_row *row, struct err *err)
{
    return db_exec(db, LOCK_ROOTS, DB_ARGS(db_i64(row->domain_id), db_i64(row->organisation_id)), NULL, err);
}

bool transit_put_row(struct db *db, int64_t mailbox_id, const struct transit_row *row, struct err *err)
{
    return db_exec(db, PUT_MAILBOX, DB_ARGS(db_span_text(row->text)), NULL, err) &&
           db_exec(db, LINK_ROOTS, DB_ARGS(db_i64(mailbox_id)), NULL, err);
}

/* ---- the last copy */

static const char FIND_RECEIPTS[] =
    "SELECT uuid_send(receipt_id) FROM delivery_receipt"
    " WHERE NOT is_void AND receipt_id = ANY (SELECT encode(b, 'hex')::uuid FROM unnest($1::bytea[]) AS b)";
static const char ADD_RECEIPTS[] =
    "INSERT INTO delivery_receipt (receipt_id, created_us)"
    " SELECT encode(b, 'hex')::uuid, $2 FROM unnest($1::bytea[]) AS b ON CONFLICT (receipt_id) DO NOTHING";

static bool bring_receipts(struct transit *transit, const struct span *receipts, size_t count,
                           struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct span *found;
    size_t known = 0;
    bool done = count == 0 || db_query(transit->source, arena, FIND_RECEIPTS,
                                       DB_ARGS(db_bytes_array(receipts, count)), &rows, err);

    if (done && count > 0) {
        found = talloc_array(arena, struct span, (unsigned)count);
        for (; known < count && db_rows_at(rows, known, &row); known++)
            found[known] = db_get_bytes(&row, 0);
        done =
            known == 0 || db_exec(transit->target, ADD_RECEIPTS,
                                  DB_ARGS(db_bytes_array(found, known), db_i64(clock_now_us())), NULL, err);
    }
    talloc_free(arena);
    return done;
}

/* Roots in the order of their numbers, as everybody locks them; $2: what the mailbox uses more than its row says. */
static const char USE_ROOTS[] =
    "WITH roots AS (SELECT q.quota_root_id FROM quota_root q, mailbox m"
    "                WHERE m.mailbox_id = $1 AND q.quota_root_id IN (m.domain_root_id, m.organisation_root_id)"
    "                ORDER BY q.quota_root_id FOR NO KEY UPDATE OF q)"
    " UPDATE quota_root q SET used_bytes = q.used_bytes + $2 FROM roots WHERE q.quota_root_id = roots.quota_root_id";
static const char LOCK_COPY[] = "SELECT used_bytes FROM mailbox WHERE mailbox_id = $1 FOR UPDATE";
/* A version of a script is never given to another one. */
static const char KEEP_VERSIONS[] =
    "SELECT setval('script_version_seq', n.newest) FROM"
    " (SELECT greatest(max(s.version), (SELECT script_version FROM mailbox WHERE mailbox_id = $1)) AS newest"
    "    FROM sieve_script s WHERE s.mailbox_id = $1) AS n"
    " WHERE n.newest > (SELECT last_value FROM script_version_seq)";

struct finishing {
    struct transit *transit;
    struct transit_row row;
};

static bool write_mailbox(struct db *db, void *arg, struct err *err)
{
    const struct finishing *finishing = arg;
    struct db_value id = db_i64(finishing->transit->options.mailbox_id);
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool done = transit_check_runner(finishing->transit, err) &&
                transit_lock_roots(db, &finishing->row, err) &&
                db_one_row(db, arena, LOCK_COPY, DB_ARGS(id), &row, err) &&
                transit_put_row(db, finishing->transit->options.mailbox_id, &finishing->row, err) &&
                db_exec(db, USE_ROOTS, DB_ARGS(id, db_i64(finishing->row.used_bytes - db_get_i64(&row, 0))),
                        NULL, err) &&
                db_exec(db, KEEP_VERSIONS, DB_ARGS(id), NULL, err);

    talloc_free(arena);
    return done;
}

static bool finish_row(struct transit *transit, struct err *err)
{
    struct finishing finishing = { .transit = transit };
    void *arena = talloc_new(NULL);
    bool done = transit_read_row(transit, arena, TRANSIT_WHOLE, &finishing.row, err) &&
                with_transaction(transit->target, write_mailbox, &finishing, err);

    talloc_free(arena);
    return done;
}

bool transit_finish(struct transit *transit, const struct span *receipts, size_t receipt_count,
                    struct err *err)
{
    uint64_t differences = 1;

    for (int round = 0; differences > 0; round++) {
        if (round == FINISHING_ROUNDS) {
            err_log(err, "mailbox %lld: its copy still differs", (long long)transit->options.mailbox_id);
            return err_set(err, ERR_INTERNAL, "The copy of the mailbox is not as the mailbox is.");
        }
        if (!transit_copy(transit, &differences, err))
            return false;
    }
    CRASHPOINT("move.compared");
    return bring_receipts(transit, receipts, receipt_count, err) && finish_row(transit, err);
}
