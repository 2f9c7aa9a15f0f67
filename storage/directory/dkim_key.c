/*
 * dkim_key.c -- signing keys: added, activated, removed, loaded.
 */
#include "directory/dkim_key.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/act.h"
#include "format/address.h"

#include <ctype.h>
#include <talloc.h>

enum { SELECTOR_MAX = 63 };

static const char LOCATE[] = "SELECT organisation_id FROM domain WHERE name = $1";

static const char INSERT_KEY[] =
    "INSERT INTO dkim_key (organisation_id, domain_id, selector, algorithm, public_key, private_key, created_us,"
    "                      active_from_us)"
    " SELECT organisation_id, domain_id, $2, $3, $4, $5, $6, $7 FROM domain WHERE name = $1";

#define SELECT_KEY                                                                                           \
    "SELECT d.name, k.selector, k.algorithm, k.public_key, k.created_us, k.active_from_us, k.organisation_id"
static const char SELECT_KEYS[] =
    SELECT_KEY "  FROM dkim_key k JOIN domain d USING (organisation_id, domain_id)"
               " WHERE ($1 = 0 OR k.organisation_id = $1) AND ($2::text IS NULL OR d.name = $2)"
               " ORDER BY d.name, k.created_us, k.selector";
static const char SELECT_ALL[] =
    SELECT_KEY ", k.private_key"
               "  FROM dkim_key k JOIN domain d USING (organisation_id, domain_id)"
               " ORDER BY d.name, k.created_us, k.selector";

static const char ACTIVATE[] =
    "UPDATE dkim_key SET active_from_us = $3"
    " WHERE domain_id = (SELECT domain_id FROM domain WHERE name = $1) AND selector = $2";

static const char DELETE_KEY[] =
    "DELETE FROM dkim_key"
    " WHERE domain_id = (SELECT domain_id FROM domain WHERE name = $1) AND selector = $2";

struct change {
    const struct actor *actor;
    const struct dkim_key *wanted;
    const char *domain, *selector;
    int64_t organisation_id, from_us;
    struct directory *directory;
};

static bool check_selector(const char *selector, struct err *err)
{
    size_t length = selector ? strlen(selector) : 0;

    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)selector[i]) && (selector[i] != '-' || i == 0 || i + 1 == length))
            length = SELECTOR_MAX + 1;
    if (length == 0 || length > SELECTOR_MAX)
        return err_set(err, ERR_INVALID, "A selector has 1 to %d letters, digits and hyphens.", SELECTOR_MAX);
    return true;
}

static json_t *describe(const struct change *change)
{
    return json_pack("{s:s, s:I}", "selector", change->selector, "active_from_us",
                     (json_int_t)change->from_us);
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    const struct dkim_key *k = change->wanted;
    void *scratch = talloc_new(NULL);
    char *context = seal_context(scratch, "dkim", change->domain, k->selector), *sealed;
    uint64_t added;
    bool ok;

    ok = sealing_seal(change->directory->sealing, scratch, context, k->private_key, &sealed, err);
    if (ok && !db_exec(db, INSERT_KEY,
                       DB_ARGS(db_text(change->domain), db_text(k->selector), db_text(k->algorithm),
                               db_text(k->public_key), db_text(sealed), db_i64(clock_now_us()),
                               db_i64(k->active_from_us)),
                       &added, err))
        ok = taken(err, "The selector %s is in use already.", k->selector);
    talloc_free(scratch);
    return ok && (added > 0 || not_found(err, "domain")) &&
           audit_write(db, change->actor, change->organisation_id, "dkim.add", change->domain, NULL,
                       describe(change), err);
}

static bool activate(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    uint64_t changed;

    return db_exec(db, ACTIVATE,
                   DB_ARGS(db_text(change->domain), db_text(change->selector), db_i64(change->from_us)),
                   &changed, err) &&
           (changed > 0 || not_found(err, "key of this domain")) &&
           audit_write(db, change->actor, change->organisation_id, "dkim.activate", change->domain, NULL,
                       describe(change), err);
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    uint64_t removed;

    return db_exec(db, DELETE_KEY, DB_ARGS(db_text(change->domain), db_text(change->selector)), &removed,
                   err) &&
           (removed > 0 || not_found(err, "key of this domain")) &&
           audit_write(db, change->actor, change->organisation_id, "dkim.remove", change->domain,
                       describe(change), NULL, err);
}

/* The change in the organisation that owns the domain. */
static bool change_domain(struct directory *directory, const char *domain, db_work *work,
                          struct change *change, struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *name;
    bool ok = false;

    *err = ERR_INIT;
    if (address_domain(scratch, span_text(domain ? domain : ""), &name) != ADDRESS_GOOD) {
        not_found(err, "domain");
    } else {
        change->domain = name;
        ok = act_locate(directory, change->actor, LOCATE, db_text(name), "domain", &change->organisation_id,
                        err) &&
             act_in(directory, change->actor, change->organisation_id, work, change, err);
    }
    talloc_free(scratch);
    return ok;
}

bool dkim_key_add(struct directory *directory, const struct actor *actor, const struct dkim_key *wanted,
                  struct err *err)
{
    struct change change = { .directory = directory,
                             .actor = actor,
                             .wanted = wanted,
                             .selector = wanted->selector,
                             .from_us = wanted->active_from_us };

    *err = ERR_INIT;
    return check_selector(wanted->selector, err) &&
           change_domain(directory, wanted->domain, insert, &change, err);
}

bool dkim_key_activate(struct directory *directory, const struct actor *actor, const char *domain,
                       const char *selector, int64_t from_us, struct err *err)
{
    struct change change = { .actor = actor, .selector = selector, .from_us = from_us };

    return change_domain(directory, domain, activate, &change, err);
}

bool dkim_key_remove(struct directory *directory, const struct actor *actor, const char *domain,
                     const char *selector, struct err *err)
{
    struct change change = { .actor = actor, .selector = selector };

    return change_domain(directory, domain, erase, &change, err);
}

static void read_rows(const void *owner, const struct db_rows *rows, bool has_private,
                      struct dkim_key **keys_out, size_t *count_out)
{
    size_t count = db_rows_count(rows);
    struct dkim_key *keys = talloc_zero_array(owner, struct dkim_key, (unsigned)count);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        keys[i] = (struct dkim_key){
            .domain = db_copy_text(keys, &row, 0),
            .selector = db_copy_text(keys, &row, 1),
            .algorithm = db_copy_text(keys, &row, 2),
            .public_key = db_copy_text(keys, &row, 3),
            .created_us = db_get_i64(&row, 4),
            .active_from_us = db_get_i64(&row, 5),
            .organisation_id = db_get_i64(&row, 6),
            .private_key = has_private ? db_copy_text(keys, &row, 7) : NULL,
        };
    *keys_out = keys;
    *count_out = count;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *domain;
    struct dkim_key *keys;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;

    if (!db_query(db, NULL, SELECT_KEYS, DB_ARGS(db_i64(l->organisation_id), db_text(l->domain)), &rows, err))
        return false;
    read_rows(l->owner, rows, false, &l->keys, &l->count);
    talloc_free(rows);
    return true;
}

bool dkim_key_list(struct directory *directory, const struct actor *actor, const void *owner,
                   int64_t organisation_id, const char *domain, struct dkim_key **keys_out, size_t *count_out,
                   struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id, .domain = domain };

    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *keys_out = listing.keys;
    *count_out = listing.count;
    return true;
}

bool dkim_key_load(struct directory *directory, const void *owner, struct dkim_key **keys_out,
                   size_t *count_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, SELECT_ALL, DB_NO_ARGS, &rows, err))
        return false;
    read_rows(owner, rows, true, keys_out, count_out);
    talloc_free(rows);
    for (size_t i = 0; i < *count_out; i++) {
        struct dkim_key *k = &(*keys_out)[i];
        char *context = seal_context(NULL, "dkim", k->domain, k->selector);

        k->private_key = unsealed(directory, *keys_out, context, k->private_key);
        talloc_free(context);
    }
    return true;
}
