/* login_seen.c -- logins of mail programs, and visits of others to a mailbox, added up by day. */
#include "directory/login.h"

#include "directory/act.h"

#include <talloc.h>

/* Of accounts that are gone meanwhile nothing is kept. Keys in order, so that two processes never wait for each other in a circle. */
static const char PUSH[] =
    "INSERT INTO login_seen AS s (organisation_id, recipient_id, day_us, protocol, peer, app_password, opener, first_us, last_us, logins)"
    " SELECT r.organisation_id, r.recipient_id, n.first_us / 86400000000 * 86400000000, n.protocol, n.peer,"
    "        coalesce(p.name, ''), coalesce(o.address, ''), min(n.first_us), max(n.last_us), sum(n.logins)"
    "   FROM unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])"
    "        AS n (recipient_id, protocol, peer, app_password_id, opener_id, first_us, last_us, logins)"
    "   JOIN recipient r USING (recipient_id) LEFT JOIN app_password p USING (app_password_id)"
    "   LEFT JOIN address o ON o.recipient_id = n.opener_id AND o.is_primary"
    "  WHERE n.opener_id = 0 OR o.address IS NOT NULL"
    "  GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 2, 3, 4, 5, 6, 7"
    " ON CONFLICT (recipient_id, day_us, protocol, peer, app_password, opener) DO UPDATE"
    "    SET first_us = least(s.first_us, excluded.first_us), last_us = greatest(s.last_us, excluded.last_us),"
    "        logins = s.logins + excluded.logins";

enum { ACQUIRE_MS = 1000 };

struct push {
    struct db_args args;
};

static bool push(struct db *db, void *arg, struct err *err)
{
    struct push *work = arg;

    return db_commit_lazily(db, err) && db_exec(db, PUSH, work->args, NULL, err);
}

bool login_seen_push(struct directory *directory, const struct login_seen *seen, size_t count,
                     struct err *err)
{
    void *scratch = talloc_new(NULL);
    unsigned size = (unsigned)count + 1;
    int64_t *recipients = talloc_array(scratch, int64_t, size), *apps = talloc_array(scratch, int64_t, size),
            *openers = talloc_array(scratch, int64_t, size), *firsts = talloc_array(scratch, int64_t, size),
            *lasts = talloc_array(scratch, int64_t, size), *logins = talloc_array(scratch, int64_t, size);
    int32_t *protocols = talloc_array(scratch, int32_t, size);
    struct span *peers = talloc_array(scratch, struct span, size);
    struct db *db;

    for (size_t i = 0; i < count; i++) {
        recipients[i] = seen[i].recipient_id;
        protocols[i] = (int32_t)seen[i].protocol;
        peers[i] = span_text(seen[i].peer);
        apps[i] = seen[i].app_password_id;
        openers[i] = seen[i].opener_id;
        firsts[i] = seen[i].first_us;
        lasts[i] = seen[i].last_us;
        logins[i] = seen[i].logins;
    }
    struct push work = { DB_ARGS(db_i64_array(recipients, count), db_i32_array(protocols, count),
                                 db_text_array(peers, count), db_i64_array(apps, count),
                                 db_i64_array(openers, count), db_i64_array(firsts, count),
                                 db_i64_array(lasts, count), db_i64_array(logins, count)) };
    bool done = db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err);
    if (done) {
        done = with_transaction(db, push, &work, err);
        db_release(&db);
    }
    talloc_free(scratch);
    return done;
}

static const char TIDY[] =
    "WITH gone AS (DELETE FROM login_seen WHERE day_us < $1 RETURNING 1) SELECT count(*) FROM gone";

bool login_seen_tidy(struct directory *directory, int64_t before_us, uint64_t *removed_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool done = look_up_one(directory, scratch, TIDY, DB_ARGS(db_i64(before_us)), &row, err);

    *removed_out = done ? (uint64_t)db_get_i64(&row, 0) : 0;
    talloc_free(scratch);
    return done;
}
