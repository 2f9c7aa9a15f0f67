/* line_session.c -- see line_session.h. */
#include "directory/line_session.h"

#include "base/clock.h"
#include "directory/act.h"

#include <stdio.h>
#include <talloc.h>

enum { ACQUIRE_MS = 1000 };

/* Losing some of these rows with a crash costs a line on a screen: nobody waits for the disk. */
static bool told(struct directory *directory, db_work *work, void *arg, struct err *err)
{
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, ACQUIRE_MS, &db, err))
        return false;
    bool done = with_transaction(db, work, arg, err);
    db_release(&db);
    return done;
}

/* ---- the process */

static const char FORGET[] = "DELETE FROM line_process WHERE process = $1";
static const char BEGIN[] = "INSERT INTO line_process (process, seen_us) VALUES ($1, $2)";
/* xmax is 0 where the row is new. */
static const char RENEW[] =
    "INSERT INTO line_process (process, seen_us) VALUES ($1, $2)"
    " ON CONFLICT (process) DO UPDATE SET seen_us = excluded.seen_us RETURNING xmax <> 0";

struct process {
    const char *name;
    bool is_known;
};

static bool begin(struct db *db, void *arg, struct err *err)
{
    const struct process *process = arg;

    return db_commit_lazily(db, err) && db_exec(db, FORGET, DB_ARGS(db_text(process->name)), NULL, err) &&
           db_exec(db, BEGIN, DB_ARGS(db_text(process->name), db_i64(clock_now_us())), NULL, err);
}

bool line_process_begin(struct directory *directory, const char *process, struct err *err)
{
    struct process wanted = { .name = process };

    return told(directory, begin, &wanted, err);
}

static bool end(struct db *db, void *arg, struct err *err)
{
    const struct process *process = arg;

    return db_commit_lazily(db, err) && db_exec(db, FORGET, DB_ARGS(db_text(process->name)), NULL, err);
}

bool line_process_end(struct directory *directory, const char *process, struct err *err)
{
    struct process wanted = { .name = process };

    return told(directory, end, &wanted, err);
}

static bool renew(struct db *db, void *arg, struct err *err)
{
    struct process *process = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool done =
        db_commit_lazily(db, err) &&
        db_one_row(db, scratch, RENEW, DB_ARGS(db_text(process->name), db_i64(clock_now_us())), &row, err);

    process->is_known = done && db_get_bool(&row, 0);
    talloc_free(scratch);
    return done;
}

bool line_process_renew(struct directory *directory, const char *process, bool *is_known_out, struct err *err)
{
    struct process wanted = { .name = process };

    if (!told(directory, renew, &wanted, err))
        return false;
    *is_known_out = wanted.is_known;
    return true;
}

/* ---- its connections */

static const char IS_KNOWN[] = "SELECT 1 FROM line_process WHERE process = $1 FOR KEY SHARE";
static const char INSERT_BEGUN[] =
    "INSERT INTO line_session (organisation_id, recipient_id, process, session, protocol, peer, began_us)"
    " SELECT r.organisation_id, r.recipient_id, $1, n.session, n.protocol, n.peer, n.began_us"
    "   FROM unnest($2::bigint[], $3::text[], $4::int[], $5::text[], $6::bigint[])"
    "        AS n (recipient_id, session, protocol, peer, began_us) JOIN recipient r USING (recipient_id)"
    "  ORDER BY n.began_us ON CONFLICT (process, session) DO NOTHING";
static const char DELETE_OVER[] =
    "DELETE FROM line_session WHERE process = $1 AND session = ANY ($2::text[])";

struct telling {
    const char *process;
    const struct line_news *news;
};

static bool insert_begun(struct db *db, const struct telling *telling, const void *scratch, struct err *err)
{
    const struct line_session *begun = telling->news->begun;
    size_t count = telling->news->begun_count;
    unsigned size = (unsigned)count + 1;
    int64_t *recipients = talloc_array(scratch, int64_t, size), *times = talloc_array(scratch, int64_t, size);
    int32_t *protocols = talloc_array(scratch, int32_t, size);
    struct span *names = talloc_array(scratch, struct span, size),
                *peers = talloc_array(scratch, struct span, size);

    for (size_t i = 0; i < count; i++) {
        recipients[i] = begun[i].recipient_id;
        names[i] = span_text(begun[i].session);
        protocols[i] = (int32_t)begun[i].protocol;
        peers[i] = span_text(begun[i].peer);
        times[i] = begun[i].began_us;
    }
    return db_exec(db, INSERT_BEGUN,
                   DB_ARGS(db_text(telling->process), db_i64_array(recipients, count),
                           db_text_array(names, count), db_i32_array(protocols, count),
                           db_text_array(peers, count), db_i64_array(times, count)),
                   NULL, err);
}

static bool delete_over(struct db *db, const struct telling *telling, const void *scratch, struct err *err)
{
    size_t count = telling->news->over_count;
    struct span *names = talloc_array(scratch, struct span, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = span_text(telling->news->over[i]);
    return db_exec(db, DELETE_OVER, DB_ARGS(db_text(telling->process), db_text_array(names, count)), NULL,
                   err);
}

static bool tell(struct db *db, void *arg, struct err *err)
{
    const struct telling *telling = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool done = db_commit_lazily(db, err) &&
                act_one(db, scratch, IS_KNOWN, DB_ARGS(db_text(telling->process)), "process", &row, err) &&
                delete_over(db, telling, scratch, err) && insert_begun(db, telling, scratch, err);

    talloc_free(scratch);
    return done;
}

bool line_session_tell(struct directory *directory, const char *process, const struct line_news *news,
                       struct err *err)
{
    struct telling telling = { process, news };

    return told(directory, tell, &telling, err);
}

static const char WANTED_CLOSED[] = "SELECT session FROM line_session WHERE process = $1 AND is_ended";

bool line_session_wanted_closed(struct directory *directory, const void *owner, const char *process,
                                const char ***sessions_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, WANTED_CLOSED, DB_ARGS(db_text(process)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *sessions_out = talloc_array(owner, const char *, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*sessions_out)[i] = db_copy_text(*sessions_out, &row, 0);
    talloc_free(rows);
    return true;
}

/* ---- ended by an administrator, or by its owner */

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";
static const char WANT_CLOSED[] =
    "UPDATE line_session SET is_ended = true WHERE recipient_id = $1 AND line_session_id = $2";

struct removal {
    const struct actor *actor;
    int64_t organisation_id, recipient_id, line_session_id;
};

static bool want_closed(struct db *db, void *arg, struct err *err)
{
    const struct removal *removal = arg;
    char object[24];
    uint64_t changed;

    snprintf(object, sizeof object, "%lld", (long long)removal->line_session_id);
    return db_exec(db, WANT_CLOSED, DB_ARGS(db_i64(removal->recipient_id), db_i64(removal->line_session_id)),
                   &changed, err) &&
           (changed > 0 || not_found(err, "session or token")) &&
           audit_write(db, removal->actor, removal->organisation_id, "session.remove", object, NULL, NULL,
                       err);
}

bool line_session_end(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                      int64_t line_session_id, struct err *err)
{
    struct removal removal = { actor, 0, recipient_id, line_session_id };

    return act_locate(directory, actor, LOCATE, db_i64(recipient_id), "user", &removal.organisation_id,
                      err) &&
           act_in(directory, actor, removal.organisation_id, want_closed, &removal, err);
}

/* ---- housekeeping */

static const char TIDY[] = "DELETE FROM line_process WHERE seen_us < $1";

struct tidying {
    int64_t before_us;
    uint64_t *removed_out;
};

static bool tidy(struct db *db, void *arg, struct err *err)
{
    const struct tidying *tidying = arg;

    return db_exec(db, TIDY, DB_ARGS(db_i64(tidying->before_us)), tidying->removed_out, err);
}

bool line_process_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct tidying tidying = { now_us - LINE_PROCESS_GONE_S * US_PER_S, removed_out };

    return told(directory, tidy, &tidying, err);
}
