/* reconcile_mailboxes.c -- the mailboxes of those who came: with the quota that a policy gives, in their storage groups. */
#include "directory/reconcile_work.h"

#include "directory/policy_limit.h"

#include <talloc.h>

static const char SELECT_UNMADE[] =
    "SELECT e.entry_key, r.recipient_id, r.storage_group_id, r.store_id, r.mailbox_id, r.quota_bytes, r.quota_messages,"
    "       a.domain_id, a.address"
    "  FROM directory_entry e JOIN recipient r USING (recipient_id)"
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE e.source_id = $1 AND e.kind = 'user' AND NOT e.has_mailbox AND e.entry_key = ANY ($2)";
static const char NOTE_MADE[] =
    "UPDATE directory_entry SET has_mailbox = true WHERE source_id = $1 AND recipient_id = ANY ($2)";
static const char GIVE_QUOTA[] =
    "UPDATE recipient SET quota_bytes = $2 WHERE recipient_id = $1 AND quota_bytes = 0";

static bool read_unmade(struct reconcile_work *work, struct err *err)
{
    struct span *keys = talloc_array(work->scratch, struct span, (unsigned)work->batch_count + 1);
    struct db_rows *rows;
    struct db_row row;

    for (size_t i = 0; i < work->batch_count; i++)
        keys[i] = span_text(work->batch[i].key);
    if (!look_up(work->options->directory, work->scratch, SELECT_UNMADE,
                 DB_ARGS(db_i64(work->options->source->source_id), db_text_array(keys, work->batch_count)),
                 &rows, err))
        return false;
    work->made_count = db_rows_count(rows);
    work->made = talloc_zero_array(work->scratch, struct user, (unsigned)work->made_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        work->made[i] =
            (struct user){ .recipient_id = db_get_i64(&row, 1),
                           .organisation_id = work->options->source->organisation_id,
                           .mailbox = { db_get_i64(&row, 2), db_get_i64(&row, 3), db_get_i64(&row, 4) },
                           .quota_bytes = db_get_i64(&row, 5),
                           .quota_messages = db_get_i64(&row, 6),
                           .domain_id = db_get_i64(&row, 7),
                           .address = db_copy_text(work->scratch, &row, 8) };
    return true;
}

/* ---- quotas: kept before the mailboxes are made, so that a run that breaks off finds them */

struct giving {
    struct reconcile_work *work;
    const struct policy_limits *limits; /* of each in work->made */
};

static bool write_quotas(struct db *db, void *arg, struct err *err)
{
    const struct giving *g = arg;
    const struct reconcile_work *work = g->work;

    for (size_t i = 0; i < work->made_count; i++) {
        struct user *user = &work->made[i];
        int64_t quota = g->limits[i].quota_bytes;
        if (user->quota_bytes || !quota)
            continue;
        if (!db_exec(db, GIVE_QUOTA, DB_ARGS(db_i64(user->recipient_id), db_i64(quota)), NULL, err) ||
            !audit_write(db, &work->actor, user->organisation_id, "user.set", user->address,
                         json_pack("{s:i}", "quota_bytes", 0),
                         json_pack("{s:I}", "quota_bytes", (json_int_t)quota), err))
            return false;
        user->quota_bytes = quota;
    }
    return true;
}

static bool has_quota(const struct giving *g)
{
    for (size_t i = 0; i < g->work->made_count; i++)
        if (g->limits[i].quota_bytes)
            return true;
    return false;
}

static bool give_quotas(struct reconcile_work *work, struct err *err)
{
    struct directory *directory = work->options->directory;
    int64_t organisation_id = work->options->source->organisation_id;
    int64_t *ids = talloc_array(work->scratch, int64_t, (unsigned)work->made_count);
    struct policy_limits *limits =
        talloc_zero_array(work->scratch, struct policy_limits, (unsigned)work->made_count);
    struct giving giving = { work, limits };

    for (size_t i = 0; i < work->made_count; i++)
        ids[i] = work->made[i].recipient_id;
    return policy_limits_find(directory, organisation_id, ids, work->made_count, limits, err) &&
           (!has_quota(&giving) ||
            act_in(directory, &work->actor, organisation_id, write_quotas, &giving, err));
}

/* ---- the mailboxes */

static bool note_made(struct db *db, void *arg, struct err *err)
{
    struct reconcile_work *work = arg;
    int64_t *ids = talloc_array(work->scratch, int64_t, (unsigned)work->made_count + 1);

    for (size_t i = 0; i < work->made_count; i++)
        ids[i] = work->made[i].recipient_id;
    return db_exec(db, NOTE_MADE,
                   DB_ARGS(db_i64(work->options->source->source_id), db_i64_array(ids, work->made_count)),
                   NULL, err);
}

bool reconcile_mailboxes(struct reconcile_work *work, struct err *err)
{
    if (!read_unmade(work, err))
        return false;
    return work->made_count == 0 ||
           (give_quotas(work, err) &&
            work->options->make_mailboxes(work->options->arg, work->made, work->made_count, err) &&
            act_read(work->options->directory, &work->actor, work->options->source->organisation_id,
                     note_made, work, err));
}
