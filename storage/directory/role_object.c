/* role_object.c -- from a name to what contains it. */
#include "directory/act.h"
#include "directory/role.h"
#include "format/address.h"

#include <talloc.h>

static const char FIND_ORGANISATION[] =
    "SELECT organisation_id, 0::bigint, 0::bigint, 0::bigint, 0::bigint FROM organisation WHERE name = $1";
static const char FIND_ADMIN_GROUP[] =
    "SELECT g.organisation_id, g.administrative_group_id, 0::bigint, 0::bigint, 0::bigint"
    "  FROM administrative_group g JOIN organisation o USING (organisation_id)"
    " WHERE o.name = $1 AND g.name = $2";
static const char FIND_DOMAIN[] =
    "SELECT organisation_id, administrative_group_id, domain_id, 0::bigint, 0::bigint FROM domain WHERE name = $1";
static const char FIND_STORE[] =
    "SELECT 0::bigint, 0::bigint, 0::bigint, store_id, 0::bigint FROM store WHERE name = $1 ORDER BY 4 LIMIT 1";
/* Its domain is that of its primary address, whatever address was used. Where nobody has the address, its domain ($2): in one question,
 * so that an address that is there costs as long as one that is not. */
static const char FIND_ADDRESS[] =
    "(SELECT r.organisation_id, r.administrative_group_id, p.domain_id, coalesce(r.store_id, 0), r.recipient_id"
    "   FROM address a JOIN recipient r USING (organisation_id, recipient_id)"
    "   JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"
    "  WHERE a.address = $1)"
    " UNION ALL (SELECT organisation_id, administrative_group_id, domain_id, 0, 0 FROM domain WHERE name = $2)"
    " ORDER BY 5 DESC LIMIT 1";

static const char FIND_GROUP_OF[] =
    "SELECT organisation_id, administrative_group_id, 0::bigint, 0::bigint, 0::bigint"
    "  FROM administrative_group WHERE organisation_id = $1 AND name = $2";

static const char *const find_scope[SCOPES] = {
    [SCOPE_ORGANISATION] =
        "SELECT organisation_id, 0::bigint, 0::bigint, 0::bigint, 0::bigint FROM organisation WHERE organisation_id = $1",
    [SCOPE_ADMIN_GROUP] = "SELECT organisation_id, administrative_group_id, 0::bigint, 0::bigint, 0::bigint"
                          "  FROM administrative_group WHERE administrative_group_id = $1",
    [SCOPE_DOMAIN] = "SELECT organisation_id, administrative_group_id, domain_id, 0::bigint, 0::bigint"
                     "  FROM domain WHERE domain_id = $1",
    [SCOPE_STORE] =
        "SELECT 0::bigint, 0::bigint, 0::bigint, store_id, 0::bigint FROM store WHERE store_id = $1",
    [SCOPE_GROUP] =
        "SELECT r.organisation_id, r.administrative_group_id, p.domain_id, 0::bigint, r.recipient_id"
        "  FROM recipient r JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"
        " WHERE r.recipient_id = $1 AND r.kind = 'group'",
};

static bool find(struct directory *directory, const char *sql, struct db_args keys, const char *what,
                 struct role_object *object_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    *object_out = (struct role_object){ 0 };
    if (!look_up(directory, NULL, sql, keys, &rows, err))
        return false;
    bool is_there = db_rows_at(rows, 0, &row);
    if (is_there)
        *object_out = (struct role_object){ .organisation_id = db_get_i64(&row, 0),
                                            .administrative_group_id = db_get_i64(&row, 1),
                                            .domain_id = db_get_i64(&row, 2),
                                            .store_id = db_get_i64(&row, 3),
                                            .recipient_id = db_get_i64(&row, 4) };
    talloc_free(rows);
    return is_there || not_found(err, what);
}

bool role_object_organisation(struct directory *directory, const char *name, struct role_object *object_out,
                              struct err *err)
{
    return find(directory, FIND_ORGANISATION, DB_ARGS(db_text(name)), "organisation", object_out, err);
}

bool role_object_admin_group(struct directory *directory, const char *organisation, const char *name,
                             struct role_object *object_out, struct err *err)
{
    return find(directory, FIND_ADMIN_GROUP, DB_ARGS(db_text(organisation), db_text(name)),
                "administrative group", object_out, err);
}

bool role_object_domain(struct directory *directory, const char *name, struct role_object *object_out,
                        struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *canonical;
    bool ok = address_domain(scratch, span_text(name ? name : ""), &canonical) == ADDRESS_GOOD
                  ? find(directory, FIND_DOMAIN, DB_ARGS(db_text(canonical)), "domain", object_out, err)
                  : not_found(err, "domain");

    talloc_free(scratch);
    return ok;
}

bool role_object_address(struct directory *directory, const char *address, struct role_object *object_out,
                         struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *key, *domain;
    bool ok =
        address_canonical(scratch, address, &key, &domain, err) &&
        find(directory, FIND_ADDRESS, DB_ARGS(db_text(key), db_text(domain)), "recipient", object_out, err);

    talloc_free(scratch);
    return ok;
}

bool role_object_store(struct directory *directory, const char *name, struct role_object *object_out,
                       struct err *err)
{
    return find(directory, FIND_STORE, DB_ARGS(db_text(name)), "store", object_out, err);
}

bool role_object_group_of(struct directory *directory, int64_t organisation_id, const char *name,
                          int64_t *administrative_group_id_out, struct err *err)
{
    struct role_object object;
    bool ok = find(directory, FIND_GROUP_OF, DB_ARGS(db_i64(organisation_id), db_text(name)),
                   "administrative group", &object, err);

    *administrative_group_id_out = object.administrative_group_id;
    return ok;
}

bool role_object_scope(struct directory *directory, enum role_scope scope, int64_t scope_id,
                       struct role_object *object_out, struct err *err)
{
    *err = ERR_INIT;
    *object_out = (struct role_object){ 0 };
    return scope == SCOPE_INSTALLATION || find(directory, find_scope[scope], DB_ARGS(db_i64(scope_id)),
                                               role_scope_name(scope), object_out, err);
}
