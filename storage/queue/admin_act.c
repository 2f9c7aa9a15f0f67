/* admin_act.c -- acts on entries, each one statement and an audit row. */
#include "base/clock.h"
#include "directory/act.h"
#include "queue/admin.h"
#include "queue/admin_filter.h"

#include <inttypes.h>
#include <talloc.h>

#define WARNING_US INT64_C(14400000000)

/* What an act changes, and whose. $N in `set` are `now`, `argument`, then the target's columns. */
struct act_row {
    const char *name;
    const char *told;      /* the event of the trace */
    const char *set;       /* NULL: the rows go */
    unsigned states;       /* bits of those that it may find */
    bool is_for_elsewhere; /* not for mailboxes of ours */
};

#define WAITING (1u << QUEUE_WAITS)
#define HELD (1u << QUEUE_HELD)

static const struct act_row acts[QUEUE_ACTS] = {
    [QUEUE_HOLD] = { "hold", "held", "state = 2", WAITING },
    [QUEUE_RELEASE] = { "release", "released",
                        "state = 0, next_try_us = 0, overdue_us = CASE WHEN r.was_warned THEN $EXPIRES"
                        " ELSE least($EXPIRES, $NOW + $WARN) END",
                        HELD },
    [QUEUE_RETRY] = { "retry", "retried", "next_try_us = 0", WAITING },
    [QUEUE_REROUTE] = { "reroute", "rerouted",
                        "via = nullif($ARG, ''), next_try_us = 0,"
                        " lane = coalesce(substring(r.lane from '^@[0-9]+/'), '') ||"
                        "        CASE WHEN $ARG = '' THEN substring(r.address from '[^@]*$')"
                        "             ELSE 'via ' || $ARG END",
                        WAITING | HELD, true },
    [QUEUE_READDRESS] = { "readdress", "readdressed",
                          "address = $T_ADDRESS, lane = coalesce(substring(r.lane from '^@[0-9]+/'), '') || $T_LANE,"
                          " group_id = $T_GROUP, mailbox_id = $T_MAILBOX,"
                          " target = NULL, via = NULL, flags = $T_FLAGS, next_try_us = 0, orcpt = coalesce(r.orcpt, r.asked),"
                          " orcpt_type = coalesce(r.orcpt_type, 'rfc822')",
                          WAITING | HELD },
    [QUEUE_RETURN] = { "return", "given-back",
                       "state = 0, overdue_us = 0, next_try_us = $FAR, flags = r.flags | 8", WAITING | HELD },
    [QUEUE_DELETE] = { "delete", "deleted", NULL, WAITING | HELD },
};

const char *queue_act_name(enum queue_act act)
{
    return acts[act].name;
}

struct acting {
    void *arena;
    const struct actor *actor;
    int64_t organisation_id;
    enum queue_act act;
    const struct queue_filter *filter;
    const char *argument;
    const struct queue_recipient *target;
    struct queue_act_result result;
};

/* $WORD in a text of the table becomes the number of its argument. */
static void add_set(const struct acting *acting, struct buf *sql, struct filter_sql *args, const char *text)
{
    const struct queue_recipient *t = acting->target;
    int64_t now_us = clock_now_us();
    const struct {
        const char *word;
        struct db_value value;
    } words[] = {
        { "$ARG", db_text(acting->argument ? acting->argument : "") },
        { "$NOW", db_i64(now_us) },
        { "$FAR", db_i64(now_us + 86400 * US_PER_S) },
        { "$WARN", db_i64(WARNING_US) },
        { "$T_ADDRESS", db_text(t ? t->address : "") },
        { "$T_LANE", db_text(t ? t->lane : "") },
        { "$T_GROUP", db_i64(t ? t->group_id : 0) },
        { "$T_MAILBOX", db_i64(t ? t->mailbox_id : 0) },
        { "$T_FLAGS", db_i32(t ? (int32_t)t->flags : 0) },
    };
    size_t numbers[COUNT_OF(words)] = { 0 };

    while (*text) {
        size_t i = 0;
        while (i < COUNT_OF(words) && strncmp(text, words[i].word, strlen(words[i].word)) != 0)
            i++;
        if (i == COUNT_OF(words)) {
            buf_add_byte(sql, *text++);
            continue;
        }
        if (numbers[i] == 0)
            numbers[i] = filter_sql_add(args, words[i].value);
        buf_add_format(sql, "$%zu", numbers[i]);
        text += strlen(words[i].word);
    }
}

/* The rows meant, locked; those in work are passed by. */
static void add_picked(const struct acting *acting, struct buf *sql, const struct filter_sql *args)
{
    const char *states = acts[acting->act].states == WAITING ? "0"
                         : acts[acting->act].states == HELD  ? "2"
                                                             : "0, 2";

    buf_add_format(sql,
                   "WITH picked AS (SELECT r.recipient_id, r.message_id FROM queue_recipient r"
                   " JOIN queue_message m USING (message_id) WHERE r.state IN (%s)",
                   states);
    if (acts[acting->act].is_for_elsewhere)
        buf_add_text(sql, " AND r.group_id = 0");
    buf_add_span(sql, buf_span(&args->where));
    buf_add_format(sql, " ORDER BY r.recipient_id LIMIT %d FOR UPDATE OF r SKIP LOCKED)", QUEUE_ACT_MOST);
}

/* A released message has its whole time again. */
static const char RENEW[] =
    ", renewed AS (UPDATE queue_message m SET expires_us = m.expires_us - m.received_us + ";

static void add_update(const struct acting *acting, struct buf *sql, struct filter_sql *args)
{
    const char *set = acts[acting->act].set;
    char *expires = talloc_strdup(acting->arena, "");

    if (acting->act == QUEUE_RELEASE) {
        size_t now = filter_sql_add(args, db_i64(clock_now_us()));
        buf_add_format(sql, "%s$%zu WHERE m.message_id IN (SELECT message_id FROM picked))", RENEW, now);
        expires = talloc_asprintf(acting->arena,
                                  "(SELECT x.expires_us - x.received_us + $%zu FROM queue_message x"
                                  " WHERE x.message_id = r.message_id)",
                                  now);
    }
    buf_add_text(sql, " UPDATE queue_recipient r SET ");
    for (const char *at; (at = strstr(set, "$EXPIRES")) != NULL; set = at + strlen("$EXPIRES")) {
        add_set(acting, sql, args, talloc_strndup(acting->arena, set, (size_t)(at - set)));
        buf_add_text(sql, expires);
    }
    add_set(acting, sql, args, set);
    buf_add_text(sql, " WHERE r.recipient_id IN (SELECT recipient_id FROM picked)");
}

static const char DELETE_ROWS[] =
    " DELETE FROM queue_recipient r WHERE r.recipient_id IN (SELECT recipient_id FROM picked)"
    " RETURNING r.message_id";
static const char DELETE_MESSAGES[] =
    "WITH gone AS (DELETE FROM queue_message m WHERE m.message_id = ANY($1)"
    "                 AND NOT EXISTS (SELECT FROM queue_recipient r WHERE r.message_id = m.message_id)"
    "              RETURNING m.message_id)"
    " DELETE FROM queue_body WHERE message_id = ANY(ARRAY(SELECT message_id FROM gone))";
static const char LOCK_MESSAGES[] =
    "SELECT FROM queue_message WHERE message_id = ANY($1) ORDER BY message_id FOR UPDATE";

static int64_t *message_ids(const struct acting *acting, const struct db_rows *rows)
{
    int64_t *ids = talloc_array(acting->arena, int64_t, (unsigned)db_rows_count(rows) + 1);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        ids[i] = db_get_i64(&row, 0);
    return ids;
}

/* In the trace of each message, while it is there. */
static const char TELL[] =
    "INSERT INTO trace (at_us, trace_id, organisation_id, is_begin, events)"
    " SELECT $2, m.name, m.organisation_id, false,"
    "        json_build_array(json_strip_nulls(json_build_object('t', $2, 'event', $3::text, 'by', $4::text,"
    "                                                            'where', nullif($5::text, ''))))"
    "   FROM queue_message m WHERE m.message_id = ANY($1)";

static bool tell(const struct acting *acting, struct db *db, const struct db_rows *rows, struct err *err)
{
    const char *where = acting->act == QUEUE_READDRESS && acting->target ? acting->target->address
                        : acting->argument                               ? acting->argument
                                                                         : "";

    return db_exec(db, TELL,
                   DB_ARGS(db_i64_array(message_ids(acting, rows), db_rows_count(rows)),
                           db_i64(clock_now_us()), db_text(acts[acting->act].told),
                           db_text(acting->actor->name), db_text(where)),
                   NULL, err);
}

/* The last row takes its message along; locked first, as in settle.c. */
static bool end_messages(const struct acting *acting, struct db *db, const struct db_rows *rows,
                         struct err *err)
{
    size_t count = db_rows_count(rows);
    int64_t *ids = message_ids(acting, rows);

    return db_exec(db, LOCK_MESSAGES, DB_ARGS(db_i64_array(ids, count)), NULL, err) &&
           db_exec(db, DELETE_MESSAGES, DB_ARGS(db_i64_array(ids, count)), NULL, err);
}

static bool change(struct acting *acting, struct db *db, struct err *err)
{
    struct buf sql = BUF_INIT(acting->arena);
    struct filter_sql args = { .count = 0 };
    struct db_rows *rows;

    filter_sql_build(acting->arena, acting->filter, &args);
    add_picked(acting, &sql, &args);
    if (acts[acting->act].set)
        add_update(acting, &sql, &args);
    else
        buf_add_text(&sql, DELETE_ROWS);
    if (acts[acting->act].set)
        buf_add_text(&sql, " RETURNING r.message_id");
    if (!db_query_built(db, acting->arena, buf_text(&sql), filter_sql_args(&args), &rows, err))
        return false;
    acting->result.done = (int64_t)db_rows_count(rows);
    acting->result.has_more = acting->result.done == QUEUE_ACT_MOST;
    if (acting->result.done == 0)
        return true;
    return tell(acting, db, rows, err) && (acts[acting->act].set || end_messages(acting, db, rows, err));
}

static bool count_in_work(struct acting *acting, struct db *db, struct err *err)
{
    struct buf sql = BUF_INIT(acting->arena);
    struct queue_filter filter = *acting->filter;
    struct filter_sql args = { .count = 0 };
    struct db_rows *rows;
    struct db_row row;

    filter.state = QUEUE_TAKEN;
    filter_sql_build(acting->arena, &filter, &args);
    buf_add_text(&sql,
                 "SELECT count(*) FROM (SELECT FROM queue_recipient r JOIN queue_message m USING (message_id)"
                 " WHERE true");
    buf_add_span(&sql, buf_span(&args.where));
    buf_add_text(&sql, " LIMIT 10000) AS c");
    if (!db_query_built(db, acting->arena, buf_text(&sql), filter_sql_args(&args), &rows, err))
        return false;
    if (db_rows_at(rows, 0, &row))
        acting->result.in_work = db_get_i64(&row, 0);
    return true;
}

static json_t *filter_json(const struct queue_filter *filter)
{
    static const char *const states[] = { "waiting", "taken", "held" };
    json_t *json = json_pack("{s:s*, s:s*, s:s*, s:s*}", "message", filter->message, "sender", filter->sender,
                             "recipient", filter->recipient, "domain", filter->domain);

    if (filter->entry)
        json_object_set_new(json, "entry", json_integer(filter->entry));
    if (filter->state >= 0)
        json_object_set_new(json, "state", json_string(states[filter->state]));
    if (filter->before_us)
        json_object_set_new(json, "before_us", json_integer(filter->before_us));
    if (filter->login_id)
        json_object_set_new(json, "login_id", json_integer(filter->login_id));
    return json;
}

static bool note(const struct acting *acting, struct db *db, struct err *err)
{
    json_t *after = filter_json(acting->filter);
    const char *object = acting->filter->message ? acting->filter->message : "by filter";

    json_object_set_new(after, "entries", json_integer(acting->result.done));
    if (acting->argument)
        json_object_set_new(after, "to", json_string(acting->argument));
    return audit_write(db, acting->actor, acting->organisation_id,
                       talloc_asprintf(acting->arena, "queue.%s", acts[acting->act].name), object, NULL,
                       after, err);
}

static bool run(struct db *db, void *arg, struct err *err)
{
    struct acting *acting = arg;

    talloc_free_children(acting->arena);
    acting->result = (struct queue_act_result){ .done = 0 };
    return change(acting, db, err) && count_in_work(acting, db, err) &&
           (acting->result.done == 0 || note(acting, db, err));
}

static bool is_empty(const struct queue_filter *f)
{
    return !f->entry && !f->message && !f->sender && !f->recipient && !f->domain && f->state < 0 &&
           !f->before_us && !f->login_id;
}

/* The installation's administrator acts across organisations: as who reads across them. */
static bool run_for_all(struct directory *directory, struct acting *acting, struct err *err)
{
    return with_pool_transaction(directory_pool(directory, DIRECTORY_LOOKS_UP), DB_INTERACTIVE, run, acting,
                                 err);
}

bool queue_act(struct directory *directory, const struct actor *actor, int64_t organisation_id,
               enum queue_act act, const struct queue_filter *filter, const char *argument,
               const struct queue_recipient *target, struct queue_act_result *result_out, struct err *err)
{
    struct acting acting = { .arena = talloc_new(NULL),
                             .actor = actor,
                             .organisation_id = organisation_id ? organisation_id : actor->organisation_id,
                             .act = act,
                             .filter = filter,
                             .argument = argument,
                             .target = target };
    bool done;

    *err = ERR_INIT;
    if (is_empty(filter))
        done = err_set(err, ERR_INVALID, "Say which entries are meant.");
    else if (acting.organisation_id)
        done = act_in(directory, actor, acting.organisation_id, run, &acting, err);
    else
        done = run_for_all(directory, &acting, err);
    talloc_free(acting.arena);
    *result_out = acting.result;
    if (done && acting.result.done == 0 && acting.result.in_work == 0 && (filter->entry || filter->message))
        return err_set(err, ERR_NOT_FOUND,
                       "There is no such entry in the queue, or it is not in that state.");
    return done;
}

static const char RETRY_DOMAIN[] =
    "UPDATE queue_recipient SET next_try_us = 0 WHERE recipient_id = ANY(ARRAY("
    " SELECT r.recipient_id FROM queue_recipient r WHERE r.state = 0"
    "    AND r.lane = ANY ($1 || ARRAY(SELECT '@' || routing_group_id || '/' || $1 FROM routing_group))"
    "  ORDER BY r.next_try_us LIMIT $2 FOR UPDATE SKIP LOCKED))";

bool queue_retry_domain(struct db_pool *pool, const char *domain, size_t *count_out, struct err *err)
{
    uint64_t affected = 0;
    struct db *db;

    if (!db_acquire(pool, DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool done = db_exec(db, RETRY_DOMAIN, DB_ARGS(db_text(domain), db_i64(QUEUE_ACT_MOST)), &affected, err);
    db_release(&db);
    *count_out = (size_t)affected;
    return done;
}
