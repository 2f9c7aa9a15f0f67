/*
 * domain.c -- accepted domains: made, found, changed, removed.
 */
#include "directory/domain.h"

#include "directory/act.h"
#include "format/address.h"

#include <talloc.h>

static const char *const kind_names[DOMAIN_KINDS] = {
    [DOMAIN_AUTHORITATIVE] = "authoritative",
    [DOMAIN_RELAY] = "relay",
    [DOMAIN_BACKUP] = "backup",
    [DOMAIN_ALIAS] = "alias",
};

const char *domain_kind_name(enum domain_kind kind)
{
    return kind_names[kind];
}

bool domain_kind_of(const char *name, enum domain_kind *kind_out)
{
    for (int kind = 0; kind < DOMAIN_KINDS; kind++)
        if (strcmp(kind_names[kind], name) == 0) {
            *kind_out = (enum domain_kind)kind;
            return true;
        }
    return false;
}

static const char INSERT_DOMAIN[] =
    "INSERT INTO domain (organisation_id, administrative_group_id, name, kind, target_domain_id, quota_bytes,"
    "                    protocols, is_enabled, has_subaddresses, covers_subdomains, asks_primary)"
    " VALUES ($1, CASE WHEN $2 <> 0 THEN $2 ELSE (SELECT min(administrative_group_id) FROM administrative_group"
    "                                             WHERE organisation_id = $1) END,"
    "         $3, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11)"
    " RETURNING domain_id";

#define SELECT_DOMAIN                                                                                                 \
    "SELECT d.domain_id, d.organisation_id, d.administrative_group_id, d.name, d.kind,"                               \
    "       (SELECT t.name FROM domain t WHERE t.domain_id = d.target_domain_id), d.quota_bytes,"                     \
    "       d.protocols, d.is_enabled, d.has_subaddresses,"                                                           \
    "       CASE d.kind WHEN 'backup' THEN (SELECT count(*) FROM backup_recipient b WHERE b.domain_id = d.domain_id)" \
    "       ELSE (SELECT count(*) FROM address a WHERE a.domain_id = d.domain_id) END,"                               \
    "       (SELECT c.address FROM address c WHERE c.recipient_id = d.catch_all_id AND c.is_primary),"                \
    "       d.covers_subdomains, d.knows_recipients, d.asks_primary,"                                                 \
    "       (SELECT o.name FROM organisation o WHERE o.organisation_id = d.organisation_id),"                         \
    "       (SELECT g.name FROM administrative_group g"                                                               \
    "         WHERE g.administrative_group_id = d.administrative_group_id)"                                           \
    "  FROM domain d"

static const char SELECT_DOMAINS[] = SELECT_DOMAIN
    " WHERE ($1 = 0 OR d.organisation_id = $1) AND ($2::text IS NULL OR d.name = $2) ORDER BY d.name";

static const char LOCK_DOMAIN[] = SELECT_DOMAIN " WHERE d.name = $1 FOR UPDATE OF d";

static const char LOCATE[] = "SELECT organisation_id FROM domain WHERE name = $1";

/* An alias of an alias would not be found in one step. */
static const char SELECT_TARGET[] =
    "SELECT domain_id FROM domain WHERE name = $1 AND kind IN ('authoritative', 'relay')";

static const char UPDATE_DOMAIN[] =
    "UPDATE domain"
    "   SET kind = $2, target_domain_id = nullif($3, 0), quota_bytes = $4, protocols = $5, is_enabled = $6,"
    "       has_subaddresses = $7, administrative_group_id = $8, catch_all_id = nullif($9, 0), covers_subdomains = $10,"
    "       asks_primary = $11, stamp = stamp + 1"
    " WHERE domain_id = $1";

static const char SELECT_CATCHER[] = "SELECT recipient_id FROM address WHERE address = $1";

/* A domain that is no longer backed up has no list of the primary's recipients. */
static const char FORGET_RECIPIENTS[] = "DELETE FROM backup_recipient WHERE domain_id = $1";
static const char KNOW_NOBODY[] = "UPDATE domain SET knows_recipients = false WHERE domain_id = $1";

static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER ()"
    "  FROM (SELECT address AS label FROM address WHERE domain_id = $1"
    "        UNION ALL"
    "        SELECT 'alias domain ' || name FROM domain WHERE target_domain_id = $1) d"
    " ORDER BY label LIMIT 6";

/* What an alias domain cannot have of its own. */
static const char ADDRESSES[] =
    "SELECT address, count(*) OVER () FROM address WHERE domain_id = $1 ORDER BY address LIMIT 6";
static const char ALIASES[] =
    "SELECT 'alias domain ' || name, count(*) OVER () FROM domain WHERE target_domain_id = $1 ORDER BY 1 LIMIT 6";

static const char DELETE_DOMAIN[] = "DELETE FROM domain WHERE domain_id = $1";

static void read_row(const void *owner, const struct db_row *row, struct domain *out)
{
    *out = (struct domain){
        .domain_id = db_get_i64(row, 0),
        .organisation_id = db_get_i64(row, 1),
        .administrative_group_id = db_get_i64(row, 2),
        .name = db_copy_text(owner, row, 3),
        .target = db_copy_text(owner, row, 5),
        .quota_bytes = db_get_i64(row, 6),
        .protocols = (unsigned)db_get_i32(row, 7),
        .is_enabled = db_get_bool(row, 8),
        .has_subaddresses = db_get_bool(row, 9),
        .address_count = db_get_i64(row, 10),
        .catch_all = db_copy_text(owner, row, 11),
        .covers_subdomains = db_get_bool(row, 12),
        .knows_recipients = db_get_bool(row, 13),
        .asks_primary = db_get_bool(row, 14),
        .organisation = db_copy_text(owner, row, 15),
        .administrative_group = db_copy_text(owner, row, 16),
    };
    if (!domain_kind_of(db_copy_text(owner, row, 4), &out->kind))
        out->kind = DOMAIN_AUTHORITATIVE; /* the column's CHECK has no other */
}

static json_t *describe(const struct domain *domain, unsigned fields)
{
    json_t *json = json_object();

    if (fields & DOMAIN_KIND) {
        json_object_set_new(json, "kind", json_string(domain_kind_name(domain->kind)));
        if (domain->target)
            json_object_set_new(json, "target", json_string(domain->target));
    }
    if (fields & DOMAIN_QUOTA)
        json_object_set_new(json, "quota_bytes", json_integer(domain->quota_bytes));
    if (fields & DOMAIN_PROTOCOLS)
        json_object_set_new(json, "protocols", json_integer(domain->protocols));
    if (fields & DOMAIN_ENABLED)
        json_object_set_new(json, "enabled", json_boolean(domain->is_enabled));
    if (fields & DOMAIN_SUBADDRESSES)
        json_object_set_new(json, "subaddresses", json_boolean(domain->has_subaddresses));
    if (fields & DOMAIN_GROUP)
        json_object_set_new(json, "administrative_group_id", json_integer(domain->administrative_group_id));
    if (fields & DOMAIN_CATCH_ALL)
        json_object_set_new(json, "catch_all",
                            domain->catch_all ? json_string(domain->catch_all) : json_null());
    if (fields & DOMAIN_COVERS)
        json_object_set_new(json, "covers_subdomains", json_boolean(domain->covers_subdomains));
    if (fields & DOMAIN_ASKS)
        json_object_set_new(json, "asks_primary", json_boolean(domain->asks_primary));
    return json;
}

enum {
    ALL_FIELDS = DOMAIN_KIND | DOMAIN_QUOTA | DOMAIN_PROTOCOLS | DOMAIN_ENABLED | DOMAIN_SUBADDRESSES |
                 DOMAIN_GROUP | DOMAIN_CATCH_ALL | DOMAIN_COVERS | DOMAIN_ASKS
};

static bool canonical(const void *owner, const char *name, char **name_out, struct err *err)
{
    enum address_fault fault = address_domain(owner, span_text(name ? name : ""), name_out);

    if (fault == ADDRESS_GOOD && (*name_out)[0] != '[')
        return true;
    return err_set(err, ERR_INVALID, "%.100s is not a good name for a domain. %s", name ? name : "Nothing",
                   address_fault_text(fault == ADDRESS_GOOD ? ADDRESS_BAD_DOMAIN : fault));
}

static bool check(const struct domain *wanted, unsigned fields, struct err *err)
{
    if ((fields & DOMAIN_KIND) && (wanted->kind == DOMAIN_ALIAS) != (wanted->target != NULL))
        return err_set(err, ERR_INVALID, "An alias domain has a target, and no other kind has one.");
    if ((fields & DOMAIN_COVERS) && (fields & DOMAIN_KIND) && wanted->covers_subdomains &&
        wanted->kind != DOMAIN_BACKUP)
        return err_set(err, ERR_INVALID, "Only a backup domain covers the domains below it.");
    if ((fields & DOMAIN_QUOTA) && wanted->quota_bytes < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if ((fields & DOMAIN_PROTOCOLS) && wanted->protocols > PROTOCOLS_ALL)
        return err_set(err, ERR_INVALID, "There is no such protocol.");
    return true;
}

/* The id of an alias's target; 0 for other kinds. */
static bool find_target(struct db *db, const char *target, int64_t *target_id_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    char *name;

    *target_id_out = 0;
    bool ok = !target || (canonical(scratch, target, &name, err) && act_look(db, ACT_WIDE, err) &&
                          db_one_row(db, scratch, SELECT_TARGET, DB_ARGS(db_text(name)), &row, err) &&
                          act_look(db, ACT_NARROW, err));
    if (ok && target)
        *target_id_out = db_get_i64(&row, 0);
    else if (!ok && err->kind == ERR_NOT_FOUND)
        err_set(err, ERR_NOT_FOUND,
                "The target %.100s is not a domain of this organisation that can have aliases.", target);
    talloc_free(scratch);
    return ok;
}

struct change {
    const struct actor *actor;
    const struct domain *wanted;
    const char *name;
    unsigned fields;
    int64_t domain_id;
};

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct domain *wanted = change->wanted;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    int64_t target_id;
    bool ok = find_target(db, wanted->target, &target_id, err);

    if (ok) {
        ok = db_one_row(db, scratch, INSERT_DOMAIN,
                        DB_ARGS(db_i64(wanted->organisation_id), db_i64(wanted->administrative_group_id),
                                db_text(change->name), db_text(domain_kind_name(wanted->kind)),
                                db_i64(target_id), db_i64(wanted->quota_bytes),
                                db_i32((int32_t)wanted->protocols), db_bool(wanted->is_enabled),
                                db_bool(wanted->has_subaddresses), db_bool(wanted->covers_subdomains),
                                db_bool(wanted->asks_primary)),
                        &row, err);
        if (ok)
            change->domain_id = db_get_i64(&row, 0);
        else
            taken(err, "The domain %s is taken.", change->name);
    }
    talloc_free(scratch);
    return ok && audit_write(db, change->actor, wanted->organisation_id, "domain.add", change->name, NULL,
                             describe(wanted, ALL_FIELDS), err);
}

bool domain_add(struct directory *directory, const struct actor *actor, const struct domain *wanted,
                int64_t *domain_id_out, struct err *err)
{
    struct change change = { .actor = actor, .wanted = wanted };
    void *scratch = talloc_new(NULL);
    char *name;

    *err = ERR_INIT;
    bool ok = check(wanted, ALL_FIELDS, err) && canonical(scratch, wanted->name, &name, err);
    if (ok) {
        change.name = name;
        ok = act_in(directory, actor, wanted->organisation_id, add, &change, err);
        if (!ok && (err->kind == ERR_CONFLICT || strstr(err->log, "administrative_group_id")))
            not_found(err, "organisation or administrative group");
    }
    talloc_free(scratch);
    *domain_id_out = change.domain_id;
    return ok;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *name;
    struct domain *domains;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, SELECT_DOMAINS,
                  DB_ARGS(db_i64(listing->organisation_id), db_text(listing->name)), &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->domains = talloc_array(listing->owner, struct domain, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(listing->domains, &row, &listing->domains[i]);
    talloc_free(rows);
    return true;
}

bool domain_list(struct directory *directory, const struct actor *actor, const void *owner,
                 int64_t organisation_id, struct domain **domains_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *domains_out = listing.domains;
    *count_out = listing.count;
    return true;
}

bool domain_find(struct directory *directory, const struct actor *actor, const void *owner, const char *name,
                 struct domain *domain_out, struct err *err)
{
    struct listing listing = { .owner = owner };
    char *wanted;

    *err = ERR_INIT;
    if (!canonical(owner, name, &wanted, err))
        return false;
    listing.name = wanted;
    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    if (listing.count != 1)
        return not_found(err, "domain");
    *domain_out = listing.domains[0];
    return true;
}

static bool lock(struct db *db, const void *owner, const char *name, struct domain *out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, owner, LOCK_DOMAIN, DB_ARGS(db_text(name)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "domain") : false;
    read_row(owner, &row, out);
    return true;
}

static void merge(struct domain *to, const struct domain *wanted, unsigned fields)
{
    if (fields & DOMAIN_KIND) {
        to->kind = wanted->kind;
        to->target = wanted->target;
    }
    if (fields & DOMAIN_QUOTA)
        to->quota_bytes = wanted->quota_bytes;
    if (fields & DOMAIN_PROTOCOLS)
        to->protocols = wanted->protocols;
    if (fields & DOMAIN_ENABLED)
        to->is_enabled = wanted->is_enabled;
    if (fields & DOMAIN_SUBADDRESSES)
        to->has_subaddresses = wanted->has_subaddresses;
    if (fields & DOMAIN_GROUP)
        to->administrative_group_id = wanted->administrative_group_id;
    if (fields & DOMAIN_CATCH_ALL)
        to->catch_all = wanted->catch_all && *wanted->catch_all ? wanted->catch_all : NULL;
    if (fields & DOMAIN_COVERS)
        to->covers_subdomains = wanted->covers_subdomains;
    if (fields & DOMAIN_ASKS)
        to->asks_primary = wanted->asks_primary;
    to->covers_subdomains = to->covers_subdomains && to->kind == DOMAIN_BACKUP;
    to->asks_primary = to->asks_primary && to->kind == DOMAIN_BACKUP;
}

/* The id of who gets what no address takes; 0 for nobody. Only a domain with addresses of its own has one. */
static bool find_catcher(struct db *db, const void *scratch, const struct domain *next, int64_t *id_out,
                         struct err *err)
{
    char *key, *domain;
    struct db_row row;

    *id_out = 0;
    if (!next->catch_all)
        return true;
    if (next->kind != DOMAIN_AUTHORITATIVE)
        return err_set(err, ERR_INVALID, "Only an authoritative domain can have a catch-all.");
    if (!address_canonical(scratch, next->catch_all, &key, &domain, err))
        return false;
    if (!db_one_row(db, scratch, SELECT_CATCHER, DB_ARGS(db_text(key)), &row, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND, "%.100s is not a recipient of this organisation.",
                             next->catch_all)
                   : false;
    *id_out = db_get_i64(&row, 0);
    return true;
}

static bool forget_recipients(struct db *db, const struct domain *now, const struct domain *next,
                              struct err *err)
{
    if (now->kind != DOMAIN_BACKUP || next->kind == DOMAIN_BACKUP)
        return true;
    return db_exec(db, FORGET_RECIPIENTS, DB_ARGS(db_i64(now->domain_id)), NULL, err) &&
           db_exec(db, KNOW_NOBODY, DB_ARGS(db_i64(now->domain_id)), NULL, err);
}

/* A domain with addresses cannot become another's alias, nor one whose mail goes to another server; one with aliases only changes to what can have them. */
static bool may_become(struct db *db, const struct domain *now, const struct domain *next, struct err *err)
{
    if ((next->kind == DOMAIN_ALIAS || next->kind == DOMAIN_BACKUP) &&
        !refuse_dependents(db, "The domain's own addresses", ADDRESSES, DB_ARGS(db_i64(now->domain_id)), err))
        return false;
    return next->kind == DOMAIN_AUTHORITATIVE || next->kind == DOMAIN_RELAY ||
           refuse_dependents(db, "The domain's kind", ALIASES, DB_ARGS(db_i64(now->domain_id)), err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct domain now, next;
    int64_t target_id = 0, catcher_id;
    bool ok = lock(db, scratch, change->name, &now, err);

    if (ok) {
        next = now;
        merge(&next, change->wanted, change->fields);
        ok = (next.kind == now.kind || may_become(db, &now, &next, err)) &&
             find_target(db, next.target, &target_id, err) &&
             find_catcher(db, scratch, &next, &catcher_id, err) && forget_recipients(db, &now, &next, err) &&
             db_exec(db, UPDATE_DOMAIN,
                     DB_ARGS(db_i64(now.domain_id), db_text(domain_kind_name(next.kind)), db_i64(target_id),
                             db_i64(next.quota_bytes), db_i32((int32_t)next.protocols),
                             db_bool(next.is_enabled), db_bool(next.has_subaddresses),
                             db_i64(next.administrative_group_id), db_i64(catcher_id),
                             db_bool(next.covers_subdomains), db_bool(next.asks_primary)),
                     NULL, err) &&
             audit_write(db, change->actor, now.organisation_id, "domain.set", now.name,
                         describe(&now, change->fields), describe(&next, change->fields), err);
    }
    talloc_free(scratch);
    return ok;
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct domain now;
    bool ok = lock(db, scratch, change->name, &now, err) &&
              refuse_dependents(db, "The domain", DEPENDENTS, DB_ARGS(db_i64(now.domain_id)), err) &&
              db_exec(db, DELETE_DOMAIN, DB_ARGS(db_i64(now.domain_id)), NULL, err) &&
              audit_write(db, change->actor, now.organisation_id, "domain.remove", now.name,
                          describe(&now, ALL_FIELDS), NULL, err);

    talloc_free(scratch);
    return ok;
}

static bool change_named(struct directory *directory, const struct actor *actor, const char *name,
                         db_work *work, struct change *change, struct err *err)
{
    void *scratch = talloc_new(NULL);
    int64_t organisation_id;
    char *wanted;

    *err = ERR_INIT;
    bool ok = canonical(scratch, name, &wanted, err);
    if (ok) {
        change->actor = actor;
        change->name = wanted;
        ok = act_locate(directory, actor, LOCATE, db_text(wanted), "domain", &organisation_id, err) &&
             act_in(directory, actor, organisation_id, work, change, err);
    }
    talloc_free(scratch);
    return ok;
}

bool domain_set(struct directory *directory, const struct actor *actor, const char *name, unsigned fields,
                const struct domain *wanted, struct err *err)
{
    struct change change = { .wanted = wanted, .fields = fields };

    *err = ERR_INIT;
    return check(wanted, fields, err) && change_named(directory, actor, name, set, &change, err);
}

bool domain_remove(struct directory *directory, const struct actor *actor, const char *name, struct err *err)
{
    struct change change = { .actor = actor };

    return change_named(directory, actor, name, remove_it, &change, err);
}
