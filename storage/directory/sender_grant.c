/* sender_grant.c -- see sender_grant.h. */
#include "directory/sender_grant.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/recipient_row.h"

#include <string.h>
#include <talloc.h>

static const char LOCATE[] = "SELECT organisation_id FROM address WHERE address = $1";

static const char SELECT_OWNER[] =
    "SELECT r.recipient_id, r.organisation_id, p.address, r.mailbox_id IS NOT NULL, r.keeps_sent"
    "  FROM address a JOIN recipient r USING (recipient_id)"
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"
    " WHERE a.address = $1 AND r.kind IN ('user', 'shared', 'room', 'equipment', 'group')";
static const char LOCK_OWNER[] = "SELECT 1 FROM recipient WHERE recipient_id = $1 FOR NO KEY UPDATE";
static const char SELECT_GRANTS[] = "SELECT p.address, r.name, g.is_on_behalf, g.created_us, g.grantee_id"
                                    "  FROM sender_grant g JOIN recipient r ON r.recipient_id = g.grantee_id"
                                    "  JOIN address p ON p.recipient_id = g.grantee_id AND p.is_primary"
                                    " WHERE g.recipient_id = $1 ORDER BY p.address";
static const char SELECT_OWNERS[] =
    "SELECT DISTINCT recipient_id FROM sender_grant WHERE $1 = 0 OR organisation_id = $1";
static const char SELECT_PAIRS[] =
    "SELECT p.address, r.name, g.is_on_behalf, g.created_us, g.grantee_id, o.address"
    "  FROM sender_grant g JOIN recipient r ON r.recipient_id = g.grantee_id"
    "  JOIN address p ON p.recipient_id = g.grantee_id AND p.is_primary"
    "  JOIN address o ON o.recipient_id = g.recipient_id AND o.is_primary"
    " WHERE g.recipient_id = ANY($1) ORDER BY o.address, p.address";
static const char SELECT_PERSON[] =
    "SELECT kind = 'user' AND mailbox_id IS NOT NULL FROM recipient WHERE recipient_id = $1";
static const char SELECT_GRANT[] =
    "SELECT is_on_behalf FROM sender_grant WHERE recipient_id = $1 AND grantee_id = $2";
static const char COUNT[] = "SELECT count(*) FROM sender_grant WHERE recipient_id = $1";
static const char UPSERT[] =
    "INSERT INTO sender_grant (recipient_id, organisation_id, grantee_id, is_on_behalf, created_us)"
    " VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (recipient_id, grantee_id) DO UPDATE SET is_on_behalf = excluded.is_on_behalf";
static const char DELETE[] = "DELETE FROM sender_grant WHERE recipient_id = $1 AND grantee_id = $2";
static const char KEEP_SENT[] =
    "UPDATE recipient SET keeps_sent = $2, changed_us = $3 WHERE recipient_id = $1";

struct change {
    const struct actor *actor;
    const char *key, *person;
    bool wanted; /* is_on_behalf, or keeps_sent */
    int64_t organisation_id, person_id;
    void *scratch;
    struct sender_grants *grants_out;
};

static bool find_owner(struct db *db, const struct change *change, struct db_row *row_out, struct err *err)
{
    return db_one_row(db, change->scratch, SELECT_OWNER, DB_ARGS(db_text(change->key)), row_out, err) ||
           (err->kind == ERR_NOT_FOUND && not_found(err, "mailbox or group"));
}

/* ---- reading */

static struct sender_grant grant_of(const void *owner, const struct db_row *row)
{
    return (struct sender_grant){ .recipient_id = db_get_i64(row, 4),
                                  .address = db_copy_text(owner, row, 0),
                                  .name = db_copy_text(owner, row, 1),
                                  .is_on_behalf = db_get_bool(row, 2),
                                  .created_us = db_get_i64(row, 3) };
}

static bool list(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    struct sender_grants *out = change->grants_out;
    struct db_rows *rows;
    struct db_row row;

    if (!find_owner(db, change, &row, err))
        return false;
    int64_t recipient_id = db_get_i64(&row, 0);
    *out = (struct sender_grants){ .address = db_copy_text(change->scratch, &row, 2),
                                   .has_mailbox = db_get_bool(&row, 3),
                                   .keeps_sent = db_get_bool(&row, 4) };
    if (!act_look(db, ACT_WIDE, err) ||
        !db_query(db, change->scratch, SELECT_GRANTS, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    out->count = db_rows_count(rows);
    out->list = talloc_zero_array(change->scratch, struct sender_grant, (unsigned)out->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        out->list[i] = grant_of(change->scratch, &row);
    return true;
}

/* change->key and change->organisation_id, from the address as it was written. */
static bool locate(struct directory *directory, struct change *change, const char *address, struct err *err)
{
    char *key, *domain;

    *err = ERR_INIT;
    if (!address_canonical(change->scratch, address, &key, &domain, err))
        return not_found(err, "mailbox or group");
    change->key = key;
    return act_locate(directory, change->actor, LOCATE, db_text(key), "mailbox or group",
                      &change->organisation_id, err);
}

bool sender_grants_list(struct directory *directory, const struct actor *actor, const void *owner,
                        const char *address, struct sender_grants *grants_out, struct err *err)
{
    struct change change = { .actor = actor, .scratch = talloc_new(owner), .grants_out = grants_out };

    return locate(directory, &change, address, err) &&
           act_read(directory, actor, change.organisation_id, list, &change, err);
}

struct pairs {
    const void *owner;
    int64_t organisation_id;
    struct sender_pair *list;
    size_t count;
};

/* In whose name decides what is seen; who may is told wherever he is. */
static bool list_pairs(struct db *db, void *arg, struct err *err)
{
    struct pairs *pairs = arg;
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool done = db_query(db, arena, SELECT_OWNERS, DB_ARGS(db_i64(pairs->organisation_id)), &rows, err);

    if (done) {
        size_t count = db_rows_count(rows);
        int64_t *owners = talloc_array(arena, int64_t, (unsigned)count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            owners[i] = db_get_i64(&row, 0);
        done = act_look(db, ACT_WIDE, err) &&
               db_query(db, arena, SELECT_PAIRS, DB_ARGS(db_i64_array(owners, count)), &rows, err);
    }
    if (done) {
        pairs->count = db_rows_count(rows);
        pairs->list = talloc_array(pairs->owner, struct sender_pair, (unsigned)pairs->count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            pairs->list[i] = (struct sender_pair){ .address = db_copy_text(pairs->list, &row, 5),
                                                   .grant = grant_of(pairs->list, &row) };
    }
    talloc_free(arena);
    return done;
}

bool sender_pairs_list(struct directory *directory, const struct actor *actor, const void *owner,
                       int64_t organisation_id, struct sender_pair **pairs_out, size_t *count_out,
                       struct err *err)
{
    struct pairs pairs = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, list_pairs, &pairs, err))
        return false;
    *pairs_out = pairs.list;
    *count_out = pairs.count;
    return true;
}

/* ---- changing */

static const char *word_of(bool is_on_behalf)
{
    return is_on_behalf ? "on-behalf" : "as";
}

/* {"person": ..., "may": ...}; NULL where there was no grant. */
static json_t *describe(const struct change *change, const struct db_row *grant)
{
    return grant ? json_pack("{s:s, s:s}", "person", change->person, "may", word_of(db_get_bool(grant, 0)))
                 : NULL;
}

struct pair {
    int64_t owner_id, person_id;
    const char *owner; /* primary address */
    struct db_row grant;
    bool has_grant;
};

static bool find_pair(struct db *db, struct change *change, struct pair *pair, struct err *err)
{
    struct span elsewhere;
    struct db_rows *rows;
    struct db_row row;

    if (!find_owner(db, change, &row, err))
        return false;
    pair->owner_id = db_get_i64(&row, 0);
    pair->owner = db_copy_text(change->scratch, &row, 2);
    if (!db_one_row(db, change->scratch, LOCK_OWNER, DB_ARGS(db_i64(pair->owner_id)), &row, err) ||
        !recipient_find_target(db, change->scratch, change->person, &pair->person_id, &elsewhere, err))
        return false;
    if (!pair->person_id)
        return err_set(err, ERR_INVALID, "%.100s is nobody of this organisation.", change->person);
    if (!db_query(db, change->scratch, SELECT_GRANT, DB_ARGS(db_i64(pair->owner_id), db_i64(pair->person_id)),
                  &rows, err))
        return false;
    pair->has_grant = db_rows_at(rows, 0, &pair->grant);
    return true;
}

static bool may_be_granted(struct db *db, const struct change *change, const struct pair *pair,
                           struct err *err)
{
    struct db_row row;

    if (pair->person_id == pair->owner_id)
        return err_set(err, ERR_INVALID, "Everybody may write in his own name.");
    if (!act_look(db, ACT_WIDE, err) ||
        !db_one_row(db, change->scratch, SELECT_PERSON, DB_ARGS(db_i64(pair->person_id)), &row, err))
        return false;
    if (!db_get_bool(&row, 0))
        return err_set(err, ERR_INVALID, "%.100s is nobody who logs in.", change->person);
    if (!act_look(db, ACT_NARROW, err) ||
        !db_one_row(db, change->scratch, COUNT, DB_ARGS(db_i64(pair->owner_id)), &row, err))
        return false;
    return pair->has_grant || db_get_i64(&row, 0) < SENDER_GRANTS_MAX ||
           err_set(err, ERR_LIMIT, "At most %d people may write in one name.", SENDER_GRANTS_MAX);
}

static bool put(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct pair pair = { 0 };

    if (!find_pair(db, change, &pair, err) || !may_be_granted(db, change, &pair, err))
        return false;
    change->person_id = pair.person_id;
    return db_exec(db, UPSERT,
                   DB_ARGS(db_i64(pair.owner_id), db_i64(change->organisation_id), db_i64(pair.person_id),
                           db_bool(change->wanted), db_i64(clock_now_us())),
                   NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "sender.grant", pair.owner,
                       describe(change, pair.has_grant ? &pair.grant : NULL),
                       json_pack("{s:s, s:s}", "person", change->person, "may", word_of(change->wanted)),
                       err);
}

static bool take_away(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct pair pair = { 0 };

    if (!find_pair(db, change, &pair, err))
        return false;
    if (!pair.has_grant)
        return not_found(err, "grant");
    return db_exec(db, DELETE, DB_ARGS(db_i64(pair.owner_id), db_i64(pair.person_id)), NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "sender.revoke", pair.owner,
                       describe(change, &pair.grant), NULL, err);
}

static bool keep_sent(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_row row;

    if (!find_owner(db, change, &row, err))
        return false;
    if (!db_get_bool(&row, 3))
        return err_set(err, ERR_INVALID, "A group has no folder for what is sent.");
    bool before = db_get_bool(&row, 4);
    return db_exec(db, KEEP_SENT,
                   DB_ARGS(db_i64(db_get_i64(&row, 0)), db_bool(change->wanted), db_i64(clock_now_us())),
                   NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "sender.keep-sent",
                       db_copy_text(change->scratch, &row, 2), json_pack("{s:b}", "keeps_sent", before),
                       json_pack("{s:b}", "keeps_sent", change->wanted), err);
}

static bool change_it(struct directory *directory, struct change *change, const char *address, db_work *work,
                      struct err *err)
{
    change->scratch = talloc_new(NULL);
    bool done = locate(directory, change, address, err) &&
                act_in(directory, change->actor, change->organisation_id, work, change, err);
    talloc_free(change->scratch);
    return done;
}

bool sender_grant_put(struct directory *directory, const struct actor *actor, const char *address,
                      const char *person, bool is_on_behalf, int64_t *person_id_out, struct err *err)
{
    struct change change = { .actor = actor, .person = person, .wanted = is_on_behalf };

    bool done = change_it(directory, &change, address, put, err);
    *person_id_out = change.person_id;
    return done;
}

bool sender_grant_remove(struct directory *directory, const struct actor *actor, const char *address,
                         const char *person, struct err *err)
{
    struct change change = { .actor = actor, .person = person };

    return change_it(directory, &change, address, take_away, err);
}

bool sender_grants_keep_sent(struct directory *directory, const struct actor *actor, const char *address,
                             bool keeps_sent, struct err *err)
{
    struct change change = { .actor = actor, .wanted = keeps_sent };

    return change_it(directory, &change, address, keep_sent, err);
}

/* ---- using */

#define RIGHT_COLUMNS                                                                                        \
    "SELECT r.recipient_id, r.organisation_id, p.address, r.name, g.is_on_behalf, r.keeps_sent,"             \
    "       r.storage_group_id, r.store_id, r.mailbox_id"                                                    \
    "  FROM sender_grant g JOIN recipient r ON r.recipient_id = g.recipient_id AND r.state <> 'disabled'"    \
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                                   \
    "  JOIN domain d ON d.domain_id = p.domain_id AND d.is_enabled"
static const char SELECT_RIGHTS[] = RIGHT_COLUMNS " WHERE g.grantee_id = $1 ORDER BY p.address";
static const char SELECT_RIGHT[] = RIGHT_COLUMNS
    "  JOIN address a ON a.address = $2 || '@' || coalesce((SELECT t.name FROM domain n"
    "           JOIN domain t ON t.domain_id = n.target_domain_id WHERE n.name = $3), $3)"
    "  JOIN recipient w ON w.recipient_id = a.recipient_id AND w.state <> 'disabled'"
    " WHERE g.grantee_id = $1"
    "   AND (w.recipient_id = r.recipient_id"
    "        OR w.kind = 'alias' AND (SELECT min(t.target_recipient_id) FROM recipient_target t"
    "                                  WHERE t.recipient_id = w.recipient_id HAVING count(*) = 1) = r.recipient_id)"
    " LIMIT 1";

static struct sender_right right_of(const void *owner, const struct db_row *row)
{
    return (struct sender_right){ .recipient_id = db_get_i64(row, 0),
                                  .organisation_id = db_get_i64(row, 1),
                                  .address = db_copy_text(owner, row, 2),
                                  .name = db_copy_text(owner, row, 3),
                                  .is_on_behalf = db_get_bool(row, 4),
                                  .keeps_sent = db_get_bool(row, 5),
                                  .mailbox = { db_get_i64(row, 6), db_get_i64(row, 7), db_get_i64(row, 8) } };
}

bool sender_rights_of(struct directory *directory, const void *owner, int64_t recipient_id,
                      struct sender_right **rights_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_RIGHTS, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *rights_out = talloc_zero_array(owner, struct sender_right, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*rights_out)[i] = right_of(*rights_out, &row);
    talloc_free(rows);
    return true;
}

bool sender_right_find(struct directory *directory, const void *owner, int64_t recipient_id, const char *key,
                       struct sender_right *right_out, struct err *err)
{
    const char *at = strrchr(key, '@');
    void *scratch = talloc_new(NULL);
    struct db_row row;

    *err = ERR_INIT;
    bool found = at ? look_up_one(directory, scratch, SELECT_RIGHT,
                                  DB_ARGS(db_i64(recipient_id),
                                          db_span_text(span_of(key, (size_t)(at - key))), db_text(at + 1)),
                                  &row, err)
                    : not_found(err, "grant");
    if (found)
        *right_out = right_of(owner, &row);
    talloc_free(scratch);
    return found;
}
