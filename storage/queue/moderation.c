/* moderation.c -- one transaction a decision: the entry goes first, so that a second one finds nothing. */
#include "queue/moderation.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "db/statement.h"
#include "db/transaction.h"
#include "queue/queue.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <talloc.h>

enum { ACQUIRE_MS = 5000, TIDY_MOST = 100 };
#define WARNING_US (4 * 3600 * US_PER_S)

#define SELECT_ENTRY                                                                                         \
    "SELECT e.moderation_id, e.organisation_id, e.message_id, e.cause, e.moderators, m.sender, m.subject,"   \
    "       ARRAY(SELECT r.asked FROM queue_recipient r WHERE r.recipient_id = ANY(e.rows) ORDER BY 1),"     \
    "       e.held_us, e.expires_us, m.size"                                                                 \
    "  FROM moderation e JOIN queue_message m ON m.message_id = e.message_id"                                \
    " WHERE EXISTS (SELECT FROM queue_recipient r WHERE r.recipient_id = ANY(e.rows) AND r.state = 2)"
static const char SELECT_ENTRIES[] = SELECT_ENTRY
    " AND ($1 = 0 OR e.organisation_id = $1) AND e.moderation_id > $2 ORDER BY e.moderation_id LIMIT $3";
static const char SELECT_ONE[] =
    SELECT_ENTRY " AND ($1 = 0 OR e.organisation_id = $1) AND e.moderation_id = $2";

static const char TAKE[] =
    "DELETE FROM moderation WHERE moderation_id = $1 AND ($2 = 0 OR organisation_id = $2)"
    " RETURNING organisation_id, message_id, rows, cause";
/* A released message has its whole time again. */
static const char RENEW[] =
    "UPDATE queue_message SET expires_us = expires_us - received_us + $2 WHERE message_id = $1"
    " RETURNING sender, subject";
static const char LET_GO[] =
    "UPDATE queue_recipient r"
    "   SET state = 0, flags = flags | $2, next_try_us = 0, was_warned = false,"
    "       overdue_us = least($4 + $5, (SELECT expires_us FROM queue_message m WHERE m.message_id = r.message_id)),"
    "       target = CASE WHEN $3::text IS NULL THEN target ELSE"
    "                coalesce(target, '{}'::jsonb) || jsonb_build_object('reason', $3) END"
    " WHERE recipient_id = ANY($1) AND state = 2";
static const char AUDIT[] =
    "INSERT INTO audit (at_us, organisation_id, actor, actor_id, peer, action, object, after)"
    " VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7, $8)";
static const char SELECT_ENDED[] =
    "SELECT moderation_id FROM moderation WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2";
static const char DELETE_GONE[] =
    "DELETE FROM moderation e"
    " WHERE NOT EXISTS (SELECT FROM queue_recipient r WHERE r.recipient_id = ANY(e.rows) AND r.state = 2)"
    "   AND e.held_us < $1";

static const struct {
    const char *action;
    unsigned flag;
} verdicts[] = {
    [MODERATION_APPROVE] = { "moderation.approve", QUEUE_IS_APPROVED },
    [MODERATION_REJECT] = { "moderation.reject", QUEUE_IS_REJECTED },
    [MODERATION_EXPIRE] = { "moderation.expire", QUEUE_IS_UNDECIDED },
};

static const char **read_texts(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    struct span *spans = db_get_span_array(owner, row, column, count_out);
    const char **texts = talloc_array(owner, const char *, (unsigned)*count_out + 1);

    for (size_t i = 0; i < *count_out; i++)
        texts[i] = span_copy(texts, spans[i]);
    talloc_free(spans);
    return texts;
}

static void read_entry(const void *owner, const struct db_row *row, struct moderation_entry *out)
{
    *out = (struct moderation_entry){ .moderation_id = db_get_i64(row, 0),
                                      .organisation_id = db_get_i64(row, 1),
                                      .message_id = db_get_i64(row, 2),
                                      .cause = db_copy_text(owner, row, 3),
                                      .sender = db_copy_text(owner, row, 5),
                                      .subject = db_copy_text(owner, row, 6),
                                      .held_us = db_get_i64(row, 8),
                                      .expires_us = db_get_i64(row, 9),
                                      .size_bytes = db_get_i64(row, 10) };
    out->moderators = read_texts(owner, row, 4, &out->moderator_count);
    out->recipients = read_texts(owner, row, 7, &out->recipient_count);
}

static bool ask(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                struct db_rows **rows_out, struct err *err)
{
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(directory_pool(directory, DIRECTORY_LOOKS_UP), DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool ok = db_query(db, owner, sql, args, rows_out, err);
    db_release(&db);
    return ok;
}

/* Which organisation an actor may look at: its own, whatever it names. */
static int64_t scope_of(const struct actor *actor, int64_t organisation_id)
{
    return actor->organisation_id ? actor->organisation_id : organisation_id;
}

bool moderation_list(struct directory *directory, const struct actor *actor, const void *owner,
                     int64_t organisation_id, int64_t after, size_t most,
                     struct moderation_entry **entries_out, size_t *count_out, struct err *err)
{
    size_t limit = most == 0 || most > MODERATION_LIST_MOST ? MODERATION_LIST_MOST : most;
    struct db_rows *rows;
    struct db_row row;

    if (!ask(directory, owner, SELECT_ENTRIES,
             DB_ARGS(db_i64(scope_of(actor, organisation_id)), db_i64(after), db_i64((int64_t)limit)), &rows,
             err))
        return false;
    *count_out = db_rows_count(rows);
    *entries_out = talloc_zero_array(owner, struct moderation_entry, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_entry(*entries_out, &row, &(*entries_out)[i]);
    return true;
}

static bool not_waiting(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "No message with this number waits for a moderator (any more).");
}

bool moderation_find(struct directory *directory, const struct actor *actor, const void *owner,
                     int64_t moderation_id, struct moderation_entry *entry_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!ask(directory, owner, SELECT_ONE, DB_ARGS(db_i64(scope_of(actor, 0)), db_i64(moderation_id)), &rows,
             err))
        return false;
    if (!db_rows_at(rows, 0, &row))
        return not_waiting(err);
    read_entry(owner, &row, entry_out);
    return true;
}

/* ---- the decision */

struct decision {
    const struct actor *actor;
    int64_t moderation_id;
    enum moderation_verdict verdict;
    const char *reason;
};

static bool write_audit(struct db *db, const struct decision *d, void *scratch, int64_t organisation_id,
                        const char *cause, const struct db_row *message, struct err *err)
{
    json_t *after = json_pack("{s:I, s:s, s:s, s:s*}", "number", (json_int_t)d->moderation_id, "sender",
                              db_copy_text(scratch, message, 0), "subject", db_copy_text(scratch, message, 1),
                              "reason", d->reason);
    char *text = json_dumps(after, JSON_COMPACT);
    bool ok = db_exec(db, AUDIT,
                      DB_ARGS(db_i64(clock_now_us()), db_i64(organisation_id), db_text(d->actor->name),
                              db_i64(d->actor->recipient_id), db_text(d->actor->peer),
                              db_text(verdicts[d->verdict].action), db_text(cause), db_jsonb(text)),
                      NULL, err);

    free(text);
    json_decref(after);
    return ok;
}

static bool decide_in(struct db *db, struct decision *d, void *scratch, struct err *err)
{
    bool is_rejected = d->verdict == MODERATION_REJECT;
    int64_t now_us = clock_now_us();
    struct db_rows *rows;
    struct db_row entry, message;
    uint64_t let_go;
    size_t count;

    if (!db_query(db, scratch, TAKE, DB_ARGS(db_i64(d->moderation_id), db_i64(scope_of(d->actor, 0))), &rows,
                  err))
        return false;
    if (!db_rows_at(rows, 0, &entry))
        return not_waiting(err);
    int64_t *ids = db_get_i64_array(scratch, &entry, 2, &count);
    if (!db_query(db, scratch, RENEW, DB_ARGS(db_i64(db_get_i64(&entry, 1)), db_i64(now_us)), &rows, err) ||
        !db_exec(db, LET_GO,
                 DB_ARGS(db_i64_array(ids, count), db_i32((int32_t)verdicts[d->verdict].flag),
                         db_text(is_rejected && d->reason ? d->reason : NULL), db_i64(now_us),
                         db_i64(WARNING_US)),
                 &let_go, err))
        return false;
    if (!db_rows_at(rows, 0, &message) || let_go == 0)
        return not_waiting(err); /* an administrator of the queue was there before */
    if (!write_audit(db, d, scratch, db_get_i64(&entry, 0), db_copy_text(scratch, &entry, 3), &message, err))
        return false;
    CRASHPOINT("moderation.before-commit");
    return true;
}

static bool decide(struct db *db, void *arg, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool ok = decide_in(db, arg, scratch, err);

    talloc_free(scratch);
    return ok;
}

bool moderation_decide(struct directory *directory, const struct actor *actor, int64_t moderation_id,
                       enum moderation_verdict verdict, const char *reason, struct err *err)
{
    struct decision decision = { actor, moderation_id, verdict, reason };
    struct db *db;

    *err = ERR_INIT;
    if (reason && strlen(reason) > MODERATION_REASON_MAX)
        return err_set(err, ERR_INVALID, "A reason has at most %d bytes.", MODERATION_REASON_MAX);
    if (!db_acquire(directory_pool(directory, DIRECTORY_LOOKS_UP), DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool ok = with_transaction(db, decide, &decision, err);
    db_release(&db);
    return ok;
}

bool moderation_tidy(struct directory *directory, int64_t now_us, size_t *count_out, struct err *err)
{
    const struct actor nobody = { .name = "housekeeping" };
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = ask(directory, scratch, SELECT_ENDED, DB_ARGS(db_i64(now_us), db_i64(TIDY_MOST)), &rows, err);

    *count_out = 0;
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++) {
        if (moderation_decide(directory, &nobody, db_get_i64(&row, 0), MODERATION_EXPIRE, NULL, err))
            ++*count_out;
        else
            ok = err->kind == ERR_NOT_FOUND;
    }
    ok = ok && ask(directory, scratch, DELETE_GONE, DB_ARGS(db_i64(now_us - 60 * US_PER_S)), &rows, err);
    talloc_free(scratch);
    return ok;
}
