/*
 * connection.h -- the inside of struct db, for the files of this room only.
 *
 * A connection is in libpq's pipeline mode all its life. What has been sent and not yet answered stands in
 * `queue`, in order; reading an answer takes its head. So BEGIN, PREPARE and settings ride along with the
 * statement that needs them, and nothing ever waits for them.
 */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include "base/buf.h"
#include "db/statement.h"

#include <glib.h>
#include <libpq-fe.h>

/* What an unanswered message in the queue is. */
enum sent {
    SENT_PREPARE, /* a PREPARE that we added ourselves */
    SENT_SILENT,  /* its result is of no interest, its failure is */
    SENT_RESULT,  /* somebody will ask for its result */
    SENT_COMMIT,
    SENT_SYNC
};

struct sent_entry {
    enum sent kind;
    const char *sql;
};

enum db_mode {
    MODE_IDLE,     /* nothing sent, nothing to read */
    MODE_QUEUEING, /* statements are being added */
    MODE_READING   /* the sync is sent, results are being read */
};

/* Where the transaction of with_transaction() is. */
enum db_stage {
    STAGE_NONE,
    STAGE_WANTED, /* BEGIN goes out with the first statement */
    STAGE_OPEN,
    STAGE_COMMITTING, /* COMMIT is on its way inside a pipeline */
    STAGE_COMMITTED,
    STAGE_FAILED, /* the server refuses all but ROLLBACK */
    STAGE_UNKNOWN /* COMMIT was sent, its answer is lost */
};

struct db {
    struct db_pool *pool;
    PGconn *conn; /* NULL: not connected */
    bool is_dedicated;
    bool is_broken;      /* to be closed, not to be used again */
    bool is_rehearsing;  /* in the transaction of a rehearsal (db/rehearsal.h) */
    bool is_stale;       /* works, but is to be closed at its release (reset, lost plans) */
    unsigned generation; /* of the pool, when it connected */
    enum db_class class, class_set;
    bool by_key; /* see db/pool.h */

    GHashTable *prepared; /* address of the SQL -> number of the statement */
    unsigned statements;

    enum db_mode mode;
    struct sent_entry *queue;
    size_t queue_head, queue_length, queue_capacity;
    int64_t sent_us; /* when the round trip began */

    enum db_stage stage;
    unsigned depth; /* of with_transaction() calls; the inner ones join */
    const char *begin_sql;
    bool has_commit_warning;
    struct buf scratch; /* where arrays are laid out before libpq copies them */

    bool has_failed; /* the first error of the pipeline, of which all later ones are consequences */
    struct err failed;
    struct db_failure failure;
    bool must_retry; /* the transaction failed with 40001 or 40P01 */
};

/* ---- connect.c ---- */
struct connect_options {
    const char *conninfo, *application_name, *role;
    enum db_class class;
};
extern const int64_t db_class_timeout_ms[DB_CLASSES];
/* One statement that sets all that depends on the class. */
enum { CLASS_SQL_SIZE = 384 };
void class_sql(const struct db *db, enum db_class class, char sql_out[CLASS_SQL_SIZE]);
/* Connects and prepares the session (settings, role); takes at most some 5 s an address. ERR_BUSY, with libpq's words
 * for the log. */
MUST_CHECK bool db_connection_open(struct db *db, const struct connect_options *options, struct err *err);
/* Whatever is under way is given up. */
void db_connection_close(struct db *db);
/* Looks at the socket without waiting: false when the server has gone. */
bool connection_is_alive(struct db *db);

/* ---- pool.c ---- */
/* Connects a dedicated connection again, through the breaker. */
MUST_CHECK bool pool_reconnect(struct db *db, struct err *err);
/* Counts one round trip of `us` microseconds. Any thread. */
void pool_count_round_trip(struct db_pool *pool, int64_t us);
enum pool_event { POOL_COMMIT, POOL_ROLLBACK, POOL_UNKNOWN_COMMIT, POOL_RETRY };
/* Counts one end of a transaction, or another run of it. Any thread. */
void pool_count(struct db_pool *pool, enum pool_event event);

/* ---- encode.c ---- */
struct encoded_args {
    int count;
    Oid types[DB_ARGS_MAX];
    const char *values[DB_ARGS_MAX];
    int lengths[DB_ARGS_MAX];
    int formats[DB_ARGS_MAX];
    unsigned char fixed[DB_ARGS_MAX][8]; /* where numbers are laid out */
    size_t offsets[DB_ARGS_MAX];         /* of arrays and jsonb in `scratch` */
    struct buf *scratch;
};
/* The binary form of the arguments; `scratch` must live as long. */
void args_encode(struct db_args args, struct buf *scratch, struct encoded_args *out);

/* ---- row.c ---- */
struct db_rows {
    PGresult *result;
};
/* Takes over the result; it is cleared when `owner` is freed. */
struct db_rows *rows_new(const void *owner, PGresult *result);

/* ---- sqlstate.c ---- */
/* Kind and texts for a failed result, from its SQLSTATE; also fills db->failure. Returns false. */
bool failure_of_result(struct db *db, const PGresult *result, struct err *err);
/* The connection broke, or was never there: ERR_BUSY, with libpq's words for the log. Returns false. */
bool failure_of_connection(struct db *db, const char *what, struct err *err);

/* ---- pipeline.c ---- */
enum statement_kind { STATEMENT_PREPARED, STATEMENT_BUILT };
/* Puts one statement into the queue of what was sent; a STATEMENT_PREPARED one with its PREPARE before it where this connection
 * has not run it yet. Nothing is waited for. Errors as db_pipeline_add(). */
MUST_CHECK bool pipeline_append(struct db *db, enum sent kind, enum statement_kind how, const char *sql,
                                struct db_args args, struct err *err);
/* Reads the answers before the next SENT_RESULT, so that it is the head; false when one of them failed. */
MUST_CHECK bool pipeline_reach_result(struct db *db, struct err *err);
/* Waits for one PGresult of the head; NULL ends its results, or means that the connection broke (is_broken). */
PGresult *pipeline_wait(struct db *db);
/* The head failed with this result (NULL: the connection broke). Keeps the first error of the pipeline, which
 * is also put into *err, and finds out what it means for the transaction. Returns false. */
bool pipeline_fail(struct db *db, const PGresult *result, struct err *err);
/* Is the next answer that of a COMMIT? */
bool pipeline_awaits_commit(const struct db *db);
/* After the last PGresult of the head was read. */
void pipeline_pop(struct db *db);
/* Sends what is queued and reads all that is to come. */
MUST_CHECK bool pipeline_drain(struct db *db, struct err *err);

#endif
