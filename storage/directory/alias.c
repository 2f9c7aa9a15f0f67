/*
 * alias.c -- addresses that stand for others.
 */
#include "directory/alias.h"

#include "base/clock.h"
#include "directory/user_row.h"
#include "format/address.h"

#include <glib.h>
#include <talloc.h>

static const char LOCATE_DOMAIN[] = "SELECT organisation_id FROM domain WHERE name = $1";

static const char SELECT_DOMAIN[] =
    "SELECT domain_id, (SELECT min(administrative_group_id) FROM administrative_group g"
    "                    WHERE g.organisation_id = d.organisation_id)"
    "  FROM domain d WHERE name = $1 AND kind IN ('authoritative', 'relay')";

static const char INSERT_RECIPIENT[] =
    "INSERT INTO recipient (organisation_id, administrative_group_id, kind, state, name, created_us, changed_us)"
    " VALUES ($1, $2, 'alias', $3, $4, $5, $5) RETURNING recipient_id";

static const char INSERT_ADDRESS[] =
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary) VALUES ($1, $2, $3, $4, true)";

/* What a target is: a recipient here (also through an alias domain), an address in one of our domains that does not
 * exist, or one elsewhere. */
static const char SELECT_TARGET[] =
    "SELECT a.recipient_id, d.kind"
    "  FROM domain d"
    "  LEFT JOIN domain t ON t.domain_id = d.target_domain_id"
    "  LEFT JOIN address a ON a.address = $2 || '@' || coalesce(t.name, d.name)"
    " WHERE d.name = $1";

static const char INSERT_TARGETS[] =
    "INSERT INTO recipient_target (recipient_id, organisation_id, position, target_recipient_id, target_address)"
    " SELECT $1, $2, n, nullif(id, 0), address"
    "   FROM unnest($3, $4) WITH ORDINALITY AS t(id, address, n)";

static const char DELETE_TARGETS[] = "DELETE FROM recipient_target WHERE recipient_id = $1";

/* Can the alias $1 be reached from itself? */
static const char SELECT_LOOP[] =
    "WITH RECURSIVE reach(id) AS ("
    "    SELECT target_recipient_id FROM recipient_target WHERE recipient_id = $1 AND target_recipient_id IS NOT NULL"
    "    UNION"
    "    SELECT t.target_recipient_id FROM recipient_target t JOIN reach ON reach.id = t.recipient_id"
    "     WHERE t.target_recipient_id IS NOT NULL)"
    " SELECT EXISTS (SELECT FROM reach WHERE id = $1)";

#define SELECT_ALIAS                                                                                         \
    "SELECT r.recipient_id, r.organisation_id, a.address, r.name, r.state = 'active',"                       \
    "       ARRAY(SELECT coalesce(t.target_address, b.address) FROM recipient_target t"                      \
    "               LEFT JOIN address b ON b.recipient_id = t.target_recipient_id AND b.is_primary"          \
    "              WHERE t.recipient_id = r.recipient_id ORDER BY t.position)"                               \
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"                  \
    " WHERE r.kind = 'alias'"

static const char SELECT_ALIASES[] = SELECT_ALIAS
    " AND ($1 = 0 OR r.organisation_id = $1)"
    " AND ($2::text IS NULL OR r.recipient_id = (SELECT recipient_id FROM address WHERE address = $2))"
    " ORDER BY a.address";

static const char LOCK_ALIAS[] =
    "SELECT recipient_id FROM recipient"
    " WHERE recipient_id = (SELECT recipient_id FROM address WHERE address = $1) AND kind = 'alias' FOR UPDATE";

static const char UPDATE_RECIPIENT[] =
    "UPDATE recipient SET name = $2, state = $3, changed_us = $4, stamp = stamp + 1 WHERE recipient_id = $1";

static const char TARGET_OF[] =
    "SELECT 'alias ' || a.address, count(*) OVER ()"
    "  FROM recipient_target t JOIN address a ON a.recipient_id = t.recipient_id AND a.is_primary"
    " WHERE t.target_recipient_id = $1 ORDER BY 1 LIMIT 6";

static const char DELETE_RECIPIENT[] = "DELETE FROM recipient WHERE recipient_id = $1";

struct change {
    const struct actor *actor;
    const struct alias *wanted;
    const char *key, *domain;
    int64_t organisation_id, recipient_id;
    void *scratch;
};

static json_t *describe(const struct alias *alias)
{
    json_t *targets = json_array();

    for (size_t i = 0; i < alias->target_count; i++)
        json_array_append_new(targets, json_string(alias->targets[i]));
    return json_pack("{s:s, s:b, s:o}", "name", alias->name ? alias->name : "", "enabled", alias->is_enabled,
                     "targets", targets);
}

/* One target as it is stored: its recipient, or its address. */
static bool find_target(struct db *db, struct change *change, const char *text, int64_t *id_out,
                        struct span *address_out, struct err *err)
{
    struct address parsed;
    struct db_rows *rows;
    struct db_row row;

    *id_out = 0;
    *address_out = (struct span){ NULL, NULL };
    enum address_fault fault = address_parse(change->scratch, span_text(text), ADDRESS_ACCEPT_UTF8, &parsed);
    if (fault != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "%.100s is not a good address. %s", text, address_fault_text(fault));
    char *key = address_key(change->scratch, &parsed);
    size_t local = strlen(key) - strlen(parsed.domain) - 1;
    if (!db_query(db, change->scratch, SELECT_TARGET,
                  DB_ARGS(db_text(parsed.domain), db_span_text(span_of(key, local))), &rows, err))
        return false;
    if (!db_rows_at(rows, 0, &row)) { /* elsewhere: the local part stays as it was written */
        *address_out = span_text(address_text(change->scratch, &parsed));
        return true;
    }
    *id_out = db_get_i64(&row, 0);
    if (*id_out)
        return true;
    if (span_equals_text(db_get_text(&row, 1), "authoritative") ||
        span_equals_text(db_get_text(&row, 1), "alias"))
        return err_set(err, ERR_NOT_FOUND, "The target %.100s does not exist.", text);
    *address_out = span_text(address_text(change->scratch, &parsed));
    return true;
}

static bool write_targets(struct db *db, struct change *change, struct err *err)
{
    const struct alias *wanted = change->wanted;
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)wanted->target_count);
    struct span *addresses = talloc_array(change->scratch, struct span, (unsigned)wanted->target_count);
    struct db_row row;

    for (size_t i = 0; i < wanted->target_count; i++)
        if (!find_target(db, change, wanted->targets[i], &ids[i], &addresses[i], err))
            return false;
    if (!db_exec(db, INSERT_TARGETS,
                 DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id),
                         db_i64_array(ids, wanted->target_count),
                         db_text_array(addresses, wanted->target_count)),
                 NULL, err) ||
        !db_one_row(db, change->scratch, SELECT_LOOP, DB_ARGS(db_i64(change->recipient_id)), &row, err))
        return false;
    return !db_get_bool(&row, 0) ||
           err_set(err, ERR_INVALID, "The alias %s would reach itself.", change->key);
}

static const char *state_of(const struct alias *alias)
{
    return recipient_state_name(alias->is_enabled ? RECIPIENT_ACTIVE : RECIPIENT_DISABLED);
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct alias *wanted = change->wanted;
    struct db_row domain, row;

    if (!db_one_row(db, change->scratch, SELECT_DOMAIN, DB_ARGS(db_text(change->domain)), &domain, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND,
                             "%.100s is not a domain of this organisation that has addresses.",
                             change->domain)
                   : false;
    if (!db_one_row(db, change->scratch, INSERT_RECIPIENT,
                    DB_ARGS(db_i64(change->organisation_id), db_i64(db_get_i64(&domain, 1)),
                            db_text(state_of(wanted)), db_text(wanted->name ? wanted->name : ""),
                            db_i64(clock_now_us())),
                    &row, err))
        return false;
    change->recipient_id = db_get_i64(&row, 0);
    if (!db_exec(db, INSERT_ADDRESS,
                 DB_ARGS(db_i64(change->organisation_id), db_i64(db_get_i64(&domain, 0)),
                         db_i64(change->recipient_id), db_text(change->key)),
                 NULL, err))
        return taken(err, "The address %s is taken.", change->key);
    return write_targets(db, change, err) &&
           audit_write(db, change->actor, change->organisation_id, "alias.add", change->key, NULL,
                       describe(wanted), err);
}

static bool check(const struct alias *wanted, struct err *err)
{
    if (wanted->target_count == 0)
        return err_set(err, ERR_INVALID, "An alias needs at least one target.");
    if (wanted->target_count > ALIAS_TARGETS_MAX)
        return err_set(err, ERR_LIMIT, "An alias has at most %d targets.", ALIAS_TARGETS_MAX);
    return !wanted->name || !*wanted->name || check_name(wanted->name, "alias", err);
}

/* Runs `work` on an alias of this address, in the organisation of its domain. */
static bool act(struct directory *directory, struct change *change, const char *address, db_work *work,
                struct err *err)
{
    char *key, *domain;

    change->scratch = talloc_new(NULL);
    *err = ERR_INIT;
    bool ok = address_canonical(change->scratch, address, &key, &domain, err) &&
              act_locate(directory, change->actor, LOCATE_DOMAIN, db_text(domain), "domain",
                         &change->organisation_id, err);
    if (ok) {
        change->key = key;
        change->domain = domain;
        ok = act_in(directory, change->actor, change->organisation_id, work, change, err);
    }
    talloc_free(change->scratch);
    return ok;
}

bool alias_add(struct directory *directory, const struct actor *actor, const struct alias *wanted,
               int64_t *recipient_id_out, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    if (!check(wanted, err) || !act(directory, &change, wanted->address, add, err))
        return false;
    *recipient_id_out = change.recipient_id;
    return true;
}

static void read_row(const void *owner, const struct db_row *row, struct alias *out)
{
    struct span *targets = db_get_span_array(owner, row, 5, &out->target_count);

    out->recipient_id = db_get_i64(row, 0);
    out->organisation_id = db_get_i64(row, 1);
    out->address = db_copy_text(owner, row, 2);
    out->name = db_copy_text(owner, row, 3);
    out->is_enabled = db_get_bool(row, 4);
    out->targets = talloc_array(owner, const char *, (unsigned)out->target_count);
    for (size_t i = 0; i < out->target_count; i++)
        out->targets[i] = span_copy(out->targets, targets[i]);
    talloc_free(targets);
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *address;
    struct alias *aliases;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, SELECT_ALIASES,
                  DB_ARGS(db_i64(listing->organisation_id), db_text(listing->address)), &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->aliases = talloc_array(listing->owner, struct alias, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(listing->aliases, &row, &listing->aliases[i]);
    talloc_free(rows);
    return true;
}

bool alias_list(struct directory *directory, const struct actor *actor, const void *owner,
                int64_t organisation_id, struct alias **aliases_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *aliases_out = listing.aliases;
    *count_out = listing.count;
    return true;
}

bool alias_find(struct directory *directory, const struct actor *actor, const void *owner,
                const char *address, struct alias *alias_out, struct err *err)
{
    struct listing listing = { .owner = owner };
    char *key, *domain;

    *err = ERR_INIT;
    if (!address_canonical(owner, address, &key, &domain, err))
        return false;
    listing.address = key;
    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    if (listing.count != 1)
        return not_found(err, "alias");
    *alias_out = listing.aliases[0];
    return true;
}

static bool lock(struct db *db, struct change *change, struct alias *out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_ALIAS, DB_ARGS(db_text(change->key)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "alias") : false;
    change->recipient_id = db_get_i64(&row, 0);
    if (!db_one_row(db, change->scratch, SELECT_ALIASES, DB_ARGS(db_i64(0), db_text(change->key)), &row, err))
        return false;
    read_row(change->scratch, &row, out);
    return true;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct alias *wanted = change->wanted;
    struct alias now;

    return lock(db, change, &now, err) &&
           db_exec(db, DELETE_TARGETS, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           write_targets(db, change, err) &&
           db_exec(db, UPDATE_RECIPIENT,
                   DB_ARGS(db_i64(change->recipient_id), db_text(wanted->name ? wanted->name : ""),
                           db_text(state_of(wanted)), db_i64(clock_now_us())),
                   NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "alias.set", change->key, describe(&now),
                       describe(wanted), err);
}

bool alias_set(struct directory *directory, const struct actor *actor, const char *address,
               const struct alias *wanted, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };

    *err = ERR_INIT;
    return check(wanted, err) && act(directory, &change, address, set, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct alias now;

    return lock(db, change, &now, err) &&
           refuse_dependents(db, "The alias", TARGET_OF, DB_ARGS(db_i64(change->recipient_id)), err) &&
           db_exec(db, DELETE_RECIPIENT, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           audit_write(db, change->actor, change->organisation_id, "alias.remove", change->key,
                       describe(&now), NULL, err);
}

bool alias_remove(struct directory *directory, const struct actor *actor, const char *address,
                  struct err *err)
{
    struct change change = { .actor = actor };

    return act(directory, &change, address, remove_it, err);
}
