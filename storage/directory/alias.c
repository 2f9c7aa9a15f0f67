/*
 * alias.c -- addresses that stand for others.
 */
#include "directory/alias.h"

#include "base/clock.h"
#include "directory/recipient_row.h"
#include "directory/source_guard.h"
#include "directory/user_row.h"
#include "format/address.h"

#include <glib.h>
#include <talloc.h>

static const char LOCATE_DOMAIN[] = "SELECT organisation_id FROM domain WHERE name = $1";

static const char SELECT_DOMAIN[] =
    "SELECT domain_id, coalesce(nullif($2, 0), (SELECT min(administrative_group_id) FROM administrative_group g"
    "                                            WHERE g.organisation_id = d.organisation_id))"
    "  FROM domain d WHERE name = $1 AND kind IN ('authoritative', 'relay')";

static const char INSERT_RECIPIENT[] =
    "INSERT INTO recipient (organisation_id, administrative_group_id, kind, state, name, created_us, changed_us)"
    " VALUES ($1, $2, $6, $3, $4, $5, $5) RETURNING recipient_id";

static const char INSERT_ADDRESS[] =
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary) VALUES ($1, $2, $3, $4, true)";

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
    "              WHERE t.recipient_id = r.recipient_id ORDER BY t.position),"                              \
    "       r.administrative_group_id, (SELECT g.name FROM administrative_group g"                           \
    "         WHERE g.administrative_group_id = r.administrative_group_id),"                                 \
    "       (SELECT o.name FROM organisation o WHERE o.organisation_id = r.organisation_id)"                 \
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"                  \
    " WHERE r.kind = $3"

static const char SELECT_ALIASES[] = SELECT_ALIAS
    " AND ($1 = 0 OR r.organisation_id = $1)"
    " AND ($2::text IS NULL OR r.recipient_id = (SELECT recipient_id FROM address WHERE address = $2))"
    " AND ($4::text IS NULL OR r.recipient_id IN ("
    "        SELECT recipient_id FROM recipient_target"
    "         WHERE target_recipient_id = (SELECT recipient_id FROM address WHERE address = $4)"
    "        UNION ALL SELECT recipient_id FROM recipient_target WHERE lower(target_address) = $4))"
    " ORDER BY a.address";

static const char LOCK_ALIAS[] =
    "SELECT recipient_id FROM recipient"
    " WHERE recipient_id = (SELECT recipient_id FROM address WHERE address = $1) AND kind = $2 FOR UPDATE";

static const char UPDATE_RECIPIENT[] =
    "UPDATE recipient SET name = $2, state = $3, changed_us = $4, stamp = stamp + 1 WHERE recipient_id = $1";

static const char INSERT_MEMBER[] =
    "INSERT INTO recipient_target (recipient_id, organisation_id, position, target_recipient_id, target_address)"
    " SELECT $1, $2, coalesce(max(position), 0) + 1, nullif($3, 0), $4 FROM recipient_target WHERE recipient_id = $1";

static const char SELECT_MEMBER[] =
    "SELECT position FROM recipient_target"
    " WHERE recipient_id = $1 AND (target_recipient_id = nullif($2, 0) OR lower(target_address) = lower($3)) LIMIT 1";

static const char COUNT_MEMBERS[] = "SELECT count(*) FROM recipient_target WHERE recipient_id = $1";

static const char DELETE_MEMBER[] = "DELETE FROM recipient_target WHERE recipient_id = $1 AND position = $2";

static const char TOUCH[] = "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = $1";

static const char DELETE_RECIPIENT[] = "DELETE FROM recipient WHERE recipient_id = $1";

/* What people call the kinds, and the audit. */
static const struct {
    const char *name, *with_article;
} nouns[RECIPIENT_KINDS] = {
    [RECIPIENT_USER] = { "alias", "The alias" },
    [RECIPIENT_ALIAS] = { "alias", "The alias" },
    [RECIPIENT_GROUP] = { "group", "The group" },
    [RECIPIENT_CONTACT] = { "contact", "The contact" },
};

struct change {
    const struct actor *actor;
    const struct alias *wanted;
    enum recipient_kind kind;
    const char *member;
    const char *key, *domain;
    int64_t organisation_id, recipient_id;
    void *scratch;
};

static const char *noun_of(enum recipient_kind kind)
{
    return nouns[kind].name;
}

static bool audit(struct db *db, const struct change *change, const char *verb, json_t *before, json_t *after,
                  struct err *err)
{
    const char *action = talloc_asprintf(change->scratch, "%s.%s", noun_of(change->kind), verb);

    return audit_write(db, change->actor, change->organisation_id, action, change->key, before, after, err);
}

static json_t *describe(const struct alias *alias)
{
    json_t *targets = json_array();

    for (size_t i = 0; i < alias->target_count; i++)
        json_array_append_new(targets, json_string(alias->targets[i]));
    return json_pack("{s:s, s:b, s:o}", "name", alias->name ? alias->name : "", "enabled", alias->is_enabled,
                     "targets", targets);
}

static bool write_targets(struct db *db, struct change *change, struct err *err)
{
    const struct alias *wanted = change->wanted;
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)wanted->target_count);
    struct span *addresses = talloc_array(change->scratch, struct span, (unsigned)wanted->target_count);
    struct db_row row;

    for (size_t i = 0; i < wanted->target_count; i++)
        if (!recipient_find_target(db, change->scratch, wanted->targets[i], &ids[i], &addresses[i], err))
            return false;
    if (change->kind == RECIPIENT_CONTACT && ids[0])
        return err_set(err, ERR_INVALID, "%.100s is here already; a contact stands for an address elsewhere.",
                       wanted->targets[0]);
    if (!db_exec(db, INSERT_TARGETS,
                 DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id),
                         db_i64_array(ids, wanted->target_count),
                         db_text_array(addresses, wanted->target_count)),
                 NULL, err))
        return false;
    if (change->kind == RECIPIENT_GROUP)
        return true;
    if (!db_one_row(db, change->scratch, SELECT_LOOP, DB_ARGS(db_i64(change->recipient_id)), &row, err))
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

    if (!act_look(db, ACT_WIDE, err) ||
        !db_one_row(db, change->scratch, SELECT_DOMAIN,
                    DB_ARGS(db_text(change->domain), db_i64(wanted->administrative_group_id)), &domain,
                    err) ||
        !act_look(db, ACT_NARROW, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND,
                             "%.100s is not a domain of this organisation that has addresses.",
                             change->domain)
                   : false;
    if (!db_one_row(db, change->scratch, INSERT_RECIPIENT,
                    DB_ARGS(db_i64(change->organisation_id), db_i64(db_get_i64(&domain, 1)),
                            db_text(state_of(wanted)), db_text(wanted->name ? wanted->name : ""),
                            db_i64(clock_now_us()), db_text(recipient_kind_name(change->kind))),
                    &row, err))
        return false;
    change->recipient_id = db_get_i64(&row, 0);
    if (!db_exec(db, INSERT_ADDRESS,
                 DB_ARGS(db_i64(change->organisation_id), db_i64(db_get_i64(&domain, 0)),
                         db_i64(change->recipient_id), db_text(change->key)),
                 NULL, err))
        return taken(err, "The address %s is taken.", change->key);
    return write_targets(db, change, err) && audit(db, change, "add", NULL, describe(wanted), err);
}

static enum recipient_kind kind_of(const struct alias *wanted)
{
    return wanted->kind == RECIPIENT_USER ? RECIPIENT_ALIAS : wanted->kind;
}

static bool check(const struct alias *wanted, struct err *err)
{
    enum recipient_kind kind = kind_of(wanted);
    size_t most = kind == RECIPIENT_GROUP ? GROUP_MEMBERS_MAX : ALIAS_TARGETS_MAX;

    if (kind == RECIPIENT_CONTACT && wanted->target_count != 1)
        return err_set(err, ERR_INVALID, "A contact has one address elsewhere.");
    if (kind == RECIPIENT_ALIAS && wanted->target_count == 0)
        return err_set(err, ERR_INVALID, "An alias needs at least one target.");
    if (wanted->target_count > most)
        return err_set(err, ERR_LIMIT, "There are at most %zu targets.", most);
    return !wanted->name || !*wanted->name || check_name(wanted->name, noun_of(kind), err);
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
    struct change change = { .actor = actor, .wanted = wanted, .kind = kind_of(wanted) };

    *err = ERR_INIT;
    if (!check(wanted, err) || !act(directory, &change, wanted->address, add, err))
        return false;
    *recipient_id_out = change.recipient_id;
    return true;
}

static void read_row(const void *owner, const struct db_row *row, enum recipient_kind kind, struct alias *out)
{
    struct span *targets = db_get_span_array(owner, row, 5, &out->target_count);

    out->kind = kind;
    out->recipient_id = db_get_i64(row, 0);
    out->organisation_id = db_get_i64(row, 1);
    out->address = db_copy_text(owner, row, 2);
    out->name = db_copy_text(owner, row, 3);
    out->is_enabled = db_get_bool(row, 4);
    out->administrative_group_id = db_get_i64(row, 6);
    out->administrative_group = db_copy_text(owner, row, 7);
    out->organisation = db_copy_text(owner, row, 8);
    out->targets = talloc_array(owner, const char *, (unsigned)out->target_count);
    for (size_t i = 0; i < out->target_count; i++)
        out->targets[i] = span_copy(out->targets, targets[i]);
    talloc_free(targets);
}

struct listing {
    const void *owner;
    enum recipient_kind kind;
    int64_t organisation_id;
    const char *address, *leads_to; /* keys; NULL: any */
    struct alias *aliases;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, SELECT_ALIASES,
                  DB_ARGS(db_i64(listing->organisation_id), db_text(listing->address),
                          db_text(recipient_kind_name(listing->kind)), db_text(listing->leads_to)),
                  &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->aliases = talloc_array(listing->owner, struct alias, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(listing->aliases, &row, listing->kind, &listing->aliases[i]);
    talloc_free(rows);
    return true;
}

bool alias_list(struct directory *directory, const struct actor *actor, const void *owner,
                enum recipient_kind kind, int64_t organisation_id, const char *leads_to,
                struct alias **aliases_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .kind = kind, .organisation_id = organisation_id };
    char *key, *domain;

    *err = ERR_INIT;
    if (leads_to && !address_canonical(owner, leads_to, &key, &domain, err))
        return false;
    listing.leads_to = leads_to ? key : NULL;
    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *aliases_out = listing.aliases;
    *count_out = listing.count;
    return true;
}

bool alias_find(struct directory *directory, const struct actor *actor, const void *owner,
                enum recipient_kind kind, const char *address, struct alias *alias_out, struct err *err)
{
    struct listing listing = { .owner = owner, .kind = kind };
    char *key, *domain;

    *err = ERR_INIT;
    if (!address_canonical(owner, address, &key, &domain, err))
        return false;
    listing.address = key;
    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    if (listing.count != 1)
        return not_found(err, noun_of(kind));
    *alias_out = listing.aliases[0];
    return true;
}

static bool lock(struct db *db, struct change *change, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_ALIAS,
                    DB_ARGS(db_text(change->key), db_text(recipient_kind_name(change->kind))), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, noun_of(change->kind)) : false;
    change->recipient_id = db_get_i64(&row, 0);
    return true;
}

static bool lock_and_read(struct db *db, struct change *change, struct alias *out, struct err *err)
{
    struct db_row row;

    if (!lock(db, change, err) ||
        !db_one_row(db, change->scratch, SELECT_ALIASES,
                    DB_ARGS(db_i64(0), db_text(change->key), db_text(recipient_kind_name(change->kind)),
                            db_text(NULL)),
                    &row, err))
        return false;
    read_row(change->scratch, &row, change->kind, out);
    return true;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct alias *wanted = change->wanted;
    struct alias now;

    return lock_and_read(db, change, &now, err) &&
           source_guard(db, change->recipient_id, OWNED_FIELD, "content", err) &&
           db_exec(db, DELETE_TARGETS, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           write_targets(db, change, err) &&
           db_exec(db, UPDATE_RECIPIENT,
                   DB_ARGS(db_i64(change->recipient_id), db_text(wanted->name ? wanted->name : ""),
                           db_text(state_of(wanted)), db_i64(clock_now_us())),
                   NULL, err) &&
           audit(db, change, "set", describe(&now), describe(wanted), err);
}

bool alias_set(struct directory *directory, const struct actor *actor, const char *address,
               const struct alias *wanted, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted, .kind = kind_of(wanted) };

    *err = ERR_INIT;
    return check(wanted, err) && act(directory, &change, address, set, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct alias now;

    return lock_and_read(db, change, &now, err) &&
           source_guard(db, change->recipient_id, OWNED_EXISTENCE, "", err) &&
           recipient_let_go(db, nouns[change->kind].with_article, change->recipient_id, err) &&
           db_exec(db, DELETE_RECIPIENT, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           audit(db, change, "remove", describe(&now), NULL, err);
}

bool alias_remove(struct directory *directory, const struct actor *actor, enum recipient_kind kind,
                  const char *address, struct err *err)
{
    struct change change = { .actor = actor, .kind = kind };

    return act(directory, &change, address, remove_it, err);
}

/* ---- members */

/* 0: it is none. */
static bool find_member(struct db *db, struct change *change, int64_t *id_out, struct span *address_out,
                        int32_t *position_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!recipient_find_target(db, change->scratch, change->member, id_out, address_out, err) ||
        !db_query(db, change->scratch, SELECT_MEMBER,
                  DB_ARGS(db_i64(change->recipient_id), db_i64(*id_out), db_span_text(*address_out)), &rows,
                  err))
        return false;
    *position_out = db_rows_at(rows, 0, &row) ? db_get_i32(&row, 0) : 0;
    return true;
}

static bool note_member(struct db *db, struct change *change, const char *verb, struct err *err)
{
    return db_exec(db, TOUCH, DB_ARGS(db_i64(change->recipient_id), db_i64(clock_now_us())), NULL, err) &&
           audit(db, change, verb, NULL, json_pack("{s:s}", "member", change->member), err);
}

static bool add_member(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct span address;
    struct db_row row;
    int32_t position;
    int64_t id;

    if (!lock(db, change, err) ||
        !source_guard(db, change->recipient_id, OWNED_FIELD, "list of members", err) ||
        !find_member(db, change, &id, &address, &position, err))
        return false;
    if (position)
        return err_set(err, ERR_EXISTS, "%.100s is a member already.", change->member);
    if (!db_one_row(db, change->scratch, COUNT_MEMBERS, DB_ARGS(db_i64(change->recipient_id)), &row, err))
        return false;
    if (db_get_i64(&row, 0) >= GROUP_MEMBERS_MAX)
        return err_set(err, ERR_LIMIT, "A group has at most %d members.", GROUP_MEMBERS_MAX);
    return db_exec(db, INSERT_MEMBER,
                   DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id), db_i64(id),
                           db_span_text(address)),
                   NULL, err) &&
           note_member(db, change, "member-add", err);
}

bool group_member_add(struct directory *directory, const struct actor *actor, const char *group,
                      const char *member, struct err *err)
{
    struct change change = { .actor = actor, .kind = RECIPIENT_GROUP, .member = member };

    return act(directory, &change, group, add_member, err);
}

static bool remove_member(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct span address;
    int32_t position;
    int64_t id;

    if (!lock(db, change, err) ||
        !source_guard(db, change->recipient_id, OWNED_FIELD, "list of members", err) ||
        !find_member(db, change, &id, &address, &position, err))
        return false;
    return (position || not_found(err, "member of this group")) &&
           db_exec(db, DELETE_MEMBER, DB_ARGS(db_i64(change->recipient_id), db_i32(position)), NULL, err) &&
           note_member(db, change, "member-remove", err);
}

bool group_member_remove(struct directory *directory, const struct actor *actor, const char *group,
                         const char *member, struct err *err)
{
    struct change change = { .actor = actor, .kind = RECIPIENT_GROUP, .member = member };

    return act(directory, &change, group, remove_member, err);
}
