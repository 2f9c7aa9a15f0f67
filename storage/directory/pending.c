/* pending.c -- changes that wait, as rows; each step from one state to the next is one statement. */
#include "directory/pending.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/act.h"
#include "directory/pending_tidy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#define DAY_US (86400 * US_PER_S)

static const char COUNT_WAITING[] =
    "SELECT count(*) FROM pending_change WHERE requester_id = $1 AND state = 'waiting'";
static const char INSERT_CHANGE[] =
    "INSERT INTO pending_change (organisation_id, administrative_group_id, domain_id, store_id, recipient_id,"
    "                            permission, requester_id, requester_organisation, requester, peer, method, path,"
    "                            query, body, meaning, before, after, created_us, expires_us)"
    " VALUES (nullif($1, 0), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
    " RETURNING pending_change_id";
#define SELECT_CHANGE(body)                                                                                  \
    "SELECT pending_change_id, organisation_id, administrative_group_id, domain_id, store_id, recipient_id," \
    "       permission, requester_id, requester_organisation, requester, peer, method, path, query, " body   \
    ","                                                                                                      \
    "       meaning, before, after, state, created_us, expires_us, decided_us, decided_by, note, outcome"    \
    "  FROM pending_change"
static const char SELECT_LIST[] = SELECT_CHANGE(
    "NULL::text") " WHERE $1::text IS NULL OR state = $1 ORDER BY pending_change_id DESC LIMIT 1000";
static const char SELECT_ONE[] = SELECT_CHANGE("body") " WHERE pending_change_id = $1";
static const char DECIDE[] =
    "UPDATE pending_change SET state = $2, decided_us = $3, decided_by = $4, note = $5"
    " WHERE pending_change_id = $1 AND state = 'waiting' AND expires_us > $3";
static const char SETTLE[] = "UPDATE pending_change SET state = $2, outcome = $3, body = ''"
                             " WHERE pending_change_id = $1 AND state = 'running'";
static const char EXPIRE[] =
    "UPDATE pending_change SET state = CASE state WHEN 'waiting' THEN 'expired' ELSE 'unknown' END, body = ''"
    " WHERE (state = 'waiting' AND expires_us <= $1) OR (state = 'running' AND decided_us <= $2)";
static const char FORGET[] = "DELETE FROM pending_change WHERE state <> 'waiting' AND created_us < $1";
static const char IS_ACTIVE[] =
    "SELECT 1 FROM recipient r JOIN organisation o USING (organisation_id)"
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary JOIN domain d ON d.domain_id = a.domain_id"
    " WHERE r.recipient_id = $1 AND r.state = 'active' AND o.is_enabled AND d.is_enabled";

static bool as_lookup(struct directory *directory, db_work *work, void *arg, struct err *err)
{
    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, work, arg, err);
}

/* A body may hold a password. */
static char *context(const void *owner, int64_t requester_id, const char *path)
{
    char requester[24];

    snprintf(requester, sizeof requester, "%" PRId64, requester_id);
    return seal_context(owner, "change", requester, path);
}

struct addition {
    struct directory *directory;
    const struct pending_change *wanted;
    int64_t pending_change_id;
};

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct addition *addition = arg;
    const struct pending_change *w = addition->wanted;
    struct actor self = { .name = w->requester, .recipient_id = w->requester_id, .peer = w->peer };
    void *scratch = talloc_new(NULL);
    struct db_row row;
    char *sealed;

    bool ok =
        db_one_row(db, scratch, COUNT_WAITING, DB_ARGS(db_i64(w->requester_id)), &row, err) &&
        (db_get_i64(&row, 0) < PENDING_MAX || err_set(err, ERR_LIMIT, "Too many changes wait already.")) &&
        sealing_seal(addition->directory->sealing, scratch, context(scratch, w->requester_id, w->path),
                     w->body, &sealed, err) &&
        db_one_row(db, scratch, INSERT_CHANGE,
                   DB_ARGS(db_i64(w->object.organisation_id), db_i64(w->object.administrative_group_id),
                           db_i64(w->object.domain_id), db_i64(w->object.store_id),
                           db_i64(w->object.recipient_id), db_text(permission_name(w->permission)),
                           db_i64(w->requester_id), db_i64(w->requester_organisation), db_text(w->requester),
                           db_text(w->peer), db_text(w->method), db_text(w->path), db_jsonb(w->query),
                           db_text(sealed), db_text(w->meaning), db_jsonb(w->before), db_jsonb(w->after),
                           db_i64(w->created_us), db_i64(w->expires_us)),
                   &row, err);
    if (ok)
        addition->pending_change_id = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok && audit_write(db, &self, w->object.organisation_id, "change.ask", w->path,
                             w->before ? json_loads(w->before, 0, NULL) : NULL,
                             w->after ? json_loads(w->after, 0, NULL) : NULL, err);
}

bool pending_add(struct directory *directory, const struct pending_change *wanted,
                 int64_t *pending_change_id_out, struct err *err)
{
    struct addition addition = { directory, wanted, 0 };

    if (!as_lookup(directory, insert, &addition, err))
        return false;
    *pending_change_id_out = addition.pending_change_id;
    return true;
}

static bool read_row(struct directory *directory, const void *owner, const struct db_row *row,
                     struct pending_change *out)
{
    *out = (struct pending_change){
        .pending_change_id = db_get_i64(row, 0),
        .object = { db_get_i64(row, 1), db_get_i64(row, 2), db_get_i64(row, 3), db_get_i64(row, 4),
                    db_get_i64(row, 5) },
        .requester_id = db_get_i64(row, 7),
        .requester_organisation = db_get_i64(row, 8),
        .requester = db_copy_text(owner, row, 9),
        .peer = db_copy_text(owner, row, 10),
        .method = db_copy_text(owner, row, 11),
        .path = db_copy_text(owner, row, 12),
        .query = db_copy_text(owner, row, 13),
        .meaning = db_copy_text(owner, row, 15),
        .before = db_copy_text(owner, row, 16),
        .after = db_copy_text(owner, row, 17),
        .state = db_copy_text(owner, row, 18),
        .created_us = db_get_i64(row, 19),
        .expires_us = db_get_i64(row, 20),
        .decided_us = db_get_i64(row, 21),
        .decided_by = db_copy_text(owner, row, 22),
        .note = db_copy_text(owner, row, 23),
        .outcome = db_copy_text(owner, row, 24),
    };
    out->body = unsealed(directory, owner, context(owner, out->requester_id, out->path),
                         db_copy_text(owner, row, 14));
    return permission_of(db_copy_text(owner, row, 6), &out->permission);
}

bool pending_list(struct directory *directory, const void *owner, const char *state,
                  struct pending_change **changes_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_LIST, DB_ARGS(db_text(state)), &rows, err))
        return false;
    *changes_out = talloc_zero_array(owner, struct pending_change, (unsigned)db_rows_count(rows) + 1);
    *count_out = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        *count_out += read_row(directory, *changes_out, &row, &(*changes_out)[*count_out]);
    talloc_free(rows);
    return true;
}

bool pending_find(struct directory *directory, const void *owner, int64_t pending_change_id,
                  struct pending_change *out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_ONE, DB_ARGS(db_i64(pending_change_id)), &rows, err))
        return false;
    bool is_there = db_rows_at(rows, 0, &row) && read_row(directory, owner, &row, out);
    talloc_free(rows);
    return is_there || not_found(err, "change");
}

struct decision {
    const struct actor *actor;
    const struct pending_change *change;
    const char *state, *note;
    int64_t pending_change_id;
};

static const char *word_of(const char *state)
{
    return strcmp(state, "running") == 0    ? "change.approve"
           : strcmp(state, "rejected") == 0 ? "change.reject"
                                            : "change.withdraw";
}

static bool decide(struct db *db, void *arg, struct err *err)
{
    const struct decision *d = arg;
    uint64_t affected;

    return db_exec(db, DECIDE,
                   DB_ARGS(db_i64(d->change->pending_change_id), db_text(d->state), db_i64(clock_now_us()),
                           db_text(d->actor->name), db_text(d->note)),
                   &affected, err) &&
           (affected > 0 || err_set(err, ERR_CONFLICT, "This change does not wait any more.")) &&
           audit_write(
               db, d->actor, d->change->object.organisation_id, word_of(d->state), d->change->path, NULL,
               json_pack("{s:I, s:s, s:s, s:s}", "change", (json_int_t)d->change->pending_change_id, "method",
                         d->change->method, "requester", d->change->requester, "note", d->note),
               err);
}

bool pending_decide(struct directory *directory, const struct actor *actor,
                    const struct pending_change *change, const char *state, const char *note, struct err *err)
{
    struct decision decision = { .actor = actor, .change = change, .state = state, .note = note };

    return as_lookup(directory, decide, &decision, err);
}

static bool settle(struct db *db, void *arg, struct err *err)
{
    const struct decision *d = arg;

    return db_exec(db, SETTLE, DB_ARGS(db_i64(d->pending_change_id), db_text(d->state), db_text(d->note)),
                   NULL, err);
}

bool pending_settle(struct directory *directory, int64_t pending_change_id, const char *state,
                    const char *outcome, struct err *err)
{
    struct decision decision = { .pending_change_id = pending_change_id, .state = state, .note = outcome };

    return as_lookup(directory, settle, &decision, err);
}

struct tidying {
    int64_t now_us;
    uint64_t *removed_out;
};

static bool tidy(struct db *db, void *arg, struct err *err)
{
    const struct tidying *t = arg;

    return db_exec(db, EXPIRE, DB_ARGS(db_i64(t->now_us), db_i64(t->now_us - 3600 * US_PER_S)), NULL, err) &&
           db_exec(db, FORGET, DB_ARGS(db_i64(t->now_us - PENDING_KEPT_DAYS * DAY_US)), t->removed_out, err);
}

bool pending_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct tidying tidying = { now_us, removed_out };

    return as_lookup(directory, tidy, &tidying, err);
}

bool pending_requester_is_active(struct directory *directory, const struct pending_change *change,
                                 bool *is_out, struct err *err)
{
    struct db_rows *rows;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, IS_ACTIVE, DB_ARGS(db_i64(change->requester_id)), &rows, err))
        return false;
    *is_out = db_rows_count(rows) > 0;
    talloc_free(rows);
    return true;
}
