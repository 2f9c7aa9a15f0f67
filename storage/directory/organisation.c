/*
 * organisation.c -- tenants: made, found, changed, removed.
 */
#include "directory/organisation.h"

#include "base/clock.h"
#include "directory/act.h"

#include <talloc.h>

static const char FIRST_GROUP[] = "First Administrative Group";

static const char NEXT_ID[] = "SELECT nextval('organisation_organisation_id_seq')";

static const char INSERT_ORGANISATION[] =
    "INSERT INTO organisation (organisation_id, name, quota_bytes, protocols, is_enabled, created_us)"
    " VALUES ($1, $2, $3, $4, $5, $6)";

static const char INSERT_GROUP[] = "INSERT INTO administrative_group (organisation_id, name) VALUES ($1, $2)";

#define SELECT_ORGANISATION                                                                                  \
    "SELECT o.organisation_id, o.name, o.quota_bytes, o.protocols, o.is_enabled, o.created_us,"              \
    "       (SELECT count(*) FROM domain d WHERE d.organisation_id = o.organisation_id),"                    \
    "       (SELECT count(*) FROM recipient r"                                                               \
    "         WHERE r.organisation_id = o.organisation_id AND r.mailbox_id IS NOT NULL),"                    \
    "       o.accepts, o.max_message_bytes"                                                                  \
    "  FROM organisation o"

static const char SELECT_ALL[] =
    SELECT_ORGANISATION " WHERE $1 = 0 OR o.organisation_id = $1 ORDER BY o.name";

static const char SELECT_BY_ID[] = SELECT_ORGANISATION " WHERE o.organisation_id = $1";

static const char LOCATE_BY_NAME[] = "SELECT organisation_id FROM organisation WHERE name = $1";

static const char SELECT_BY_NAME[] = SELECT_ORGANISATION " WHERE o.name = $1";

static const char LOCK_ORGANISATION[] =
    "SELECT organisation_id, name, quota_bytes, protocols, is_enabled, created_us, 0::bigint, 0::bigint,"
    "       accepts, max_message_bytes"
    "  FROM organisation WHERE organisation_id = $1 FOR UPDATE";

static const char UPDATE_ORGANISATION[] =
    "UPDATE organisation"
    "   SET name = $2, quota_bytes = $3, protocols = $4, is_enabled = $5, accepts = $6, max_message_bytes = $7,"
    "       stamp = stamp + 1"
    " WHERE organisation_id = $1";

static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER ()"
    "  FROM (SELECT 'domain ' || name AS label FROM domain WHERE organisation_id = $1"
    "        UNION ALL"
    "        SELECT coalesce(a.address, r.name) FROM recipient r"
    "          LEFT JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "         WHERE r.organisation_id = $1"
    "        UNION ALL"
    "        SELECT 'store ' || name || ', which is reserved for it' FROM store WHERE reserved_for = $1) d"
    " ORDER BY label LIMIT 6";

static const char DELETE_GROUPS[] = "DELETE FROM administrative_group WHERE organisation_id = $1";
static const char DELETE_ORGANISATION[] = "DELETE FROM organisation WHERE organisation_id = $1";

static void read_row(const void *owner, const struct db_row *row, struct organisation *out)
{
    *out = (struct organisation){
        .organisation_id = db_get_i64(row, 0),
        .name = db_copy_text(owner, row, 1),
        .quota_bytes = db_get_i64(row, 2),
        .protocols = (unsigned)db_get_i32(row, 3),
        .is_enabled = db_get_bool(row, 4),
        .created_us = db_get_i64(row, 5),
        .domain_count = db_get_i64(row, 6),
        .user_count = db_get_i64(row, 7),
        .max_bytes = db_get_i64(row, 9),
    };
    if (!recipient_accepts_of(db_copy_text(owner, row, 8), &out->accepts))
        out->accepts = ACCEPTS_ORGANISATION; /* the column's CHECK has no other */
}

static json_t *describe(const struct organisation *organisation, unsigned fields)
{
    json_t *json = json_object();

    if (fields & ORGANISATION_NAME)
        json_object_set_new(json, "name", json_string(organisation->name));
    if (fields & ORGANISATION_QUOTA)
        json_object_set_new(json, "quota_bytes", json_integer(organisation->quota_bytes));
    if (fields & ORGANISATION_PROTOCOLS)
        json_object_set_new(json, "protocols", json_integer(organisation->protocols));
    if (fields & ORGANISATION_ENABLED)
        json_object_set_new(json, "enabled", json_boolean(organisation->is_enabled));
    if (fields & ORGANISATION_ACCEPTS)
        json_object_set_new(json, "accepts", json_string(recipient_accepts_name(organisation->accepts)));
    if (fields & ORGANISATION_MAX_BYTES)
        json_object_set_new(json, "max_message_bytes", json_integer(organisation->max_bytes));
    return json;
}

enum { ALL_FIELDS = ORGANISATION_NAME | ORGANISATION_QUOTA | ORGANISATION_PROTOCOLS | ORGANISATION_ENABLED };

static bool check(const struct organisation *wanted, unsigned fields, struct err *err)
{
    if ((fields & ORGANISATION_NAME) && !check_name(wanted->name, "organisation", err))
        return false;
    if ((fields & ORGANISATION_QUOTA) && wanted->quota_bytes < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if ((fields & ORGANISATION_PROTOCOLS) && wanted->protocols > PROTOCOLS_ALL)
        return err_set(err, ERR_INVALID, "There is no such protocol.");
    if ((fields & ORGANISATION_ACCEPTS) && wanted->accepts >= ACCEPTS_MEMBERS)
        return err_set(err, ERR_INVALID, "Senders are named for a recipient, not for an organisation.");
    if ((fields & ORGANISATION_MAX_BYTES) && wanted->max_bytes < 0)
        return err_set(err, ERR_INVALID, "A size cannot be negative.");
    return true;
}

struct change {
    const struct actor *actor;
    const struct organisation *wanted;
    int64_t organisation_id;
    unsigned fields;
};

static bool take_id(struct db *db, int64_t *id_out, struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = db_one_row(db, scratch, NEXT_ID, DB_NO_ARGS, &row, err);

    if (ok)
        *id_out = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct organisation *wanted = change->wanted;

    if (!take_id(db, &change->organisation_id, err) || !act_enter(db, change->organisation_id, err))
        return false;
    if (!db_exec(db, INSERT_ORGANISATION,
                 DB_ARGS(db_i64(change->organisation_id), db_text(wanted->name), db_i64(wanted->quota_bytes),
                         db_i32((int32_t)wanted->protocols), db_bool(wanted->is_enabled),
                         db_i64(clock_now_us())),
                 NULL, err))
        return taken(err, "There is an organisation called %s already.", wanted->name);
    return db_exec(db, INSERT_GROUP, DB_ARGS(db_i64(change->organisation_id), db_text(FIRST_GROUP)), NULL,
                   err) &&
           audit_write(db, change->actor, change->organisation_id, "organisation.add", wanted->name, NULL,
                       describe(wanted, ALL_FIELDS), err);
}

bool organisation_add(struct directory *directory, const struct actor *actor,
                      const struct organisation *wanted, int64_t *organisation_id_out, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    if (!act_on_installation(actor, err) || !check(wanted, ALL_FIELDS, err) ||
        !act_in(directory, actor, 0, add, &change, err))
        return false;
    *organisation_id_out = change.organisation_id;
    return true;
}

struct listing {
    const void *owner;
    const char *sql;
    struct db_value key;
    struct organisation *organisations;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, listing->sql, DB_ARGS(listing->key), &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->organisations = talloc_array(listing->owner, struct organisation, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(listing->organisations, &row, &listing->organisations[i]);
    talloc_free(rows);
    return true;
}

bool organisation_list(struct directory *directory, const struct actor *actor, const void *owner,
                       struct organisation **organisations_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .sql = SELECT_ALL, .key = db_i64(actor->organisation_id) };

    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    *organisations_out = listing.organisations;
    *count_out = listing.count;
    return true;
}

static bool get_one(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                    struct listing *listing, struct organisation *organisation_out, struct err *err)
{
    if (!act_read(directory, actor, organisation_id, read_list, listing, err))
        return false;
    if (listing->count == 0)
        return not_found(err, "organisation");
    *organisation_out = listing->organisations[0];
    return true;
}

bool organisation_get(struct directory *directory, const struct actor *actor, const void *owner,
                      int64_t organisation_id, struct organisation *organisation_out, struct err *err)
{
    struct listing listing = { .owner = owner, .sql = SELECT_BY_ID, .key = db_i64(organisation_id) };

    return get_one(directory, actor, organisation_id, &listing, organisation_out, err);
}

bool organisation_find(struct directory *directory, const struct actor *actor, const void *owner,
                       const char *name, struct organisation *organisation_out, struct err *err)
{
    struct listing listing = { .owner = owner, .sql = SELECT_BY_NAME, .key = db_text(name) };
    int64_t organisation_id;

    return act_locate(directory, actor, LOCATE_BY_NAME, db_text(name), "organisation", &organisation_id,
                      err) &&
           get_one(directory, actor, organisation_id, &listing, organisation_out, err);
}

/* The row as it is, locked. */
static bool lock(struct db *db, const void *owner, int64_t organisation_id, struct organisation *out,
                 struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, owner, LOCK_ORGANISATION, DB_ARGS(db_i64(organisation_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "organisation") : false;
    read_row(owner, &row, out);
    return true;
}

static void merge(struct organisation *to, const struct organisation *wanted, unsigned fields)
{
    if (fields & ORGANISATION_NAME)
        to->name = wanted->name;
    if (fields & ORGANISATION_QUOTA)
        to->quota_bytes = wanted->quota_bytes;
    if (fields & ORGANISATION_PROTOCOLS)
        to->protocols = wanted->protocols;
    if (fields & ORGANISATION_ENABLED)
        to->is_enabled = wanted->is_enabled;
    if (fields & ORGANISATION_ACCEPTS)
        to->accepts = wanted->accepts;
    if (fields & ORGANISATION_MAX_BYTES)
        to->max_bytes = wanted->max_bytes;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct organisation now, next;
    bool ok = lock(db, scratch, change->organisation_id, &now, err);

    if (ok) {
        next = now;
        merge(&next, change->wanted, change->fields);
        ok = db_exec(db, UPDATE_ORGANISATION,
                     DB_ARGS(db_i64(next.organisation_id), db_text(next.name), db_i64(next.quota_bytes),
                             db_i32((int32_t)next.protocols), db_bool(next.is_enabled),
                             db_text(recipient_accepts_name(next.accepts)), db_i64(next.max_bytes)),
                     NULL, err);
        if (!ok)
            taken(err, "There is an organisation called %s already.", next.name);
        ok = ok && audit_write(db, change->actor, now.organisation_id, "organisation.set", now.name,
                               describe(&now, change->fields), describe(&next, change->fields), err);
    }
    talloc_free(scratch);
    return ok;
}

bool organisation_set(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                      unsigned fields, const struct organisation *wanted, struct err *err)
{
    struct change change = { actor, wanted, organisation_id, fields };

    *err = ERR_INIT;
    return act_on_installation(actor, err) && check(wanted, fields, err) &&
           act_in(directory, actor, organisation_id, set, &change, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct organisation now;
    bool ok = lock(db, scratch, change->organisation_id, &now, err) &&
              refuse_dependents(db, "The organisation", DEPENDENTS, DB_ARGS(db_i64(change->organisation_id)),
                                err) &&
              db_exec(db, DELETE_GROUPS, DB_ARGS(db_i64(change->organisation_id)), NULL, err) &&
              db_exec(db, DELETE_ORGANISATION, DB_ARGS(db_i64(change->organisation_id)), NULL, err) &&
              act_enter(db, 0, err) && /* the row about its end belongs to the installation */
              audit_write(db, change->actor, 0, "organisation.remove", now.name, describe(&now, ALL_FIELDS),
                          NULL, err);

    talloc_free(scratch);
    return ok;
}

bool organisation_remove(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                         struct err *err)
{
    struct change change = { .actor = actor, .organisation_id = organisation_id };

    *err = ERR_INIT;
    return act_on_installation(actor, err) &&
           act_in(directory, actor, organisation_id, remove_it, &change, err);
}
