/*
 * filter_setting.c -- settings of filters: put, listed, loaded; the stamp of all that filters remember.
 */
#include "directory/filter_setting.h"

#include "base/sealing.h"
#include "directory/act.h"

#include <talloc.h>

static const char PUT_SETTING[] =
    "INSERT INTO filter_setting (organisation_id, domain_id, name, value)"
    " VALUES (nullif($1, 0), nullif($2, 0), $3, $4)"
    " ON CONFLICT (coalesce(organisation_id, 0), coalesce(domain_id, 0), name) DO UPDATE SET value = excluded.value";

static const char SELECT_ONE[] =
    "SELECT value FROM filter_setting"
    " WHERE coalesce(organisation_id, 0) = $1 AND coalesce(domain_id, 0) = $2 AND name = $3 FOR UPDATE";

static const char DELETE_SETTING[] =
    "DELETE FROM filter_setting"
    " WHERE coalesce(organisation_id, 0) = $1 AND coalesce(domain_id, 0) = $2 AND name = $3";

static const char SELECT_DOMAIN[] = "SELECT domain_id FROM domain WHERE organisation_id = $1 AND name = $2";

#define SELECT_SETTING                                                                                       \
    "SELECT coalesce(s.organisation_id, 0), coalesce(s.domain_id, 0), d.name, s.name, s.value"               \
    "  FROM filter_setting s LEFT JOIN domain d USING (organisation_id, domain_id)"
static const char SELECT_SETTINGS[] =
    SELECT_SETTING " WHERE coalesce(s.organisation_id, 0) = $1 ORDER BY d.name NULLS FIRST, s.name";
static const char SELECT_ALL[] = SELECT_SETTING;

/* A domain without any has one row, of nothing. */
static const char SELECT_OF_DOMAIN[] =
    "SELECT coalesce(s.organisation_id, 0), coalesce(s.domain_id, 0), d.name, s.name, s.value"
    "  FROM domain d LEFT JOIN filter_setting s"
    "    ON starts_with(s.name, $2) AND (s.organisation_id IS NULL OR s.organisation_id = d.organisation_id)"
    "   AND (s.domain_id IS NULL OR s.domain_id = d.domain_id)"
    " WHERE d.name = $1 AND d.kind <> 'backup'"
    " ORDER BY s.organisation_id IS NOT NULL, s.domain_id IS NOT NULL";

static const char SELECT_DOMAINS[] =
    "SELECT d.name FROM domain d"
    " WHERE d.kind <> 'backup'"
    "   AND (SELECT s.value FROM filter_setting s"
    "         WHERE s.name = $1 AND (s.organisation_id IS NULL OR s.organisation_id = d.organisation_id)"
    "           AND (s.domain_id IS NULL OR s.domain_id = d.domain_id)"
    "         ORDER BY s.domain_id IS NULL, s.organisation_id IS NULL LIMIT 1) <> $2"
    " ORDER BY d.name LIMIT 1000";

static const char SELECT_STAMP[] = "SELECT stamp FROM filter_stamp";

struct change {
    const struct actor *actor;
    const struct filter_scope *scope;
    const char *name, *value;
    struct directory *directory;
};

static bool find_domain(struct db *db, const struct filter_scope *scope, int64_t *domain_id_out,
                        struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    bool is_there;

    *domain_id_out = 0;
    if (!scope->domain)
        return true;
    if (!db_query(db, NULL, SELECT_DOMAIN, DB_ARGS(db_i64(scope->organisation_id), db_text(scope->domain)),
                  &rows, err))
        return false;
    is_there = db_rows_at(rows, 0, &row);
    if (is_there)
        *domain_id_out = db_get_i64(&row, 0);
    talloc_free(rows);
    return is_there || not_found(err, "domain in this organisation");
}

static json_t *pair(const struct change *change, const char *value)
{
    const char *shown = value && *value && change->scope->is_secret ? "(secret)" : value;
    json_t *json = value ? json_pack("{s:s}", "value", shown) : NULL;

    if (json && change->scope->domain)
        json_object_set_new(json, "domain", json_string(change->scope->domain));
    return json;
}

static bool put(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    int64_t organisation_id = change->scope->organisation_id, domain_id;
    void *scratch = talloc_new(NULL);
    char *old = NULL;
    struct db_rows *rows;
    struct db_row row;
    bool ok =
        find_domain(db, change->scope, &domain_id, err) &&
        db_query(db, scratch, SELECT_ONE,
                 DB_ARGS(db_i64(organisation_id), db_i64(domain_id), db_text(change->name)), &rows, err);

    if (ok && db_rows_at(rows, 0, &row))
        old = db_copy_text(scratch, &row, 0);
    const char *kept = change->value;
    if (ok && change->value && change->scope->is_secret) {
        char *sealed;
        ok = sealing_seal(change->directory->sealing, scratch,
                          seal_context(scratch, "setting", change->name, "value"), change->value, &sealed,
                          err);
        kept = sealed;
    }
    if (ok && change->value)
        ok =
            db_exec(db, PUT_SETTING,
                    DB_ARGS(db_i64(organisation_id), db_i64(domain_id), db_text(change->name), db_text(kept)),
                    NULL, err);
    else if (ok)
        ok = db_exec(db, DELETE_SETTING,
                     DB_ARGS(db_i64(organisation_id), db_i64(domain_id), db_text(change->name)), NULL, err);
    ok = ok && audit_write(db, change->actor, organisation_id, "filter.set", change->name, pair(change, old),
                           pair(change, change->value), err);
    talloc_free(scratch);
    return ok;
}

bool filter_setting_put(struct directory *directory, const struct actor *actor,
                        const struct filter_scope *scope, const char *name, const char *value,
                        struct err *err)
{
    struct change change = { actor, scope, name, value, directory };

    *err = ERR_INIT;
    if (!scope->organisation_id && !act_on_installation(actor, err))
        return false;
    return act_in(directory, actor, scope->organisation_id, put, &change, err);
}

static void read_rows(const void *owner, const struct db_rows *rows, struct filter_setting **settings_out,
                      size_t *count_out)
{
    size_t count = db_rows_count(rows);
    struct filter_setting *settings = talloc_zero_array(owner, struct filter_setting, (unsigned)count);
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        settings[i] = (struct filter_setting){
            .organisation_id = db_get_i64(&row, 0),
            .domain_id = db_get_i64(&row, 1),
            .domain = db_copy_text(settings, &row, 2),
            .name = db_copy_text(settings, &row, 3),
            .value = db_copy_text(settings, &row, 4),
        };
    *settings_out = settings;
    *count_out = count;
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    struct filter_setting *settings;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;

    if (!db_query(db, NULL, SELECT_SETTINGS, DB_ARGS(db_i64(l->organisation_id)), &rows, err))
        return false;
    read_rows(l->owner, rows, &l->settings, &l->count);
    talloc_free(rows);
    return true;
}

bool filter_setting_list(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t organisation_id, struct filter_setting **settings_out, size_t *count_out,
                         struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id };

    *err = ERR_INIT;
    if (!organisation_id && !act_on_installation(actor, err))
        return false;
    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *settings_out = listing.settings;
    *count_out = listing.count;
    return true;
}

bool filter_setting_load(struct directory *directory, const void *owner, struct filter_setting **settings_out,
                         size_t *count_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, SELECT_ALL, DB_NO_ARGS, &rows, err))
        return false;
    read_rows(owner, rows, settings_out, count_out);
    talloc_free(rows);
    for (size_t i = 0; i < *count_out; i++) {
        struct filter_setting *s = &(*settings_out)[i];

        if (strncmp(s->value, "sealed:", 7) == 0)
            s->value = unsealed(directory, *settings_out,
                                seal_context(*settings_out, "setting", s->name, "value"), s->value);
    }
    return true;
}

bool filter_setting_of_domain(struct directory *directory, const void *owner, const char *domain,
                              const char *beginning, struct filter_setting **settings_out, size_t *count_out,
                              struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, SELECT_OF_DOMAIN, DB_ARGS(db_text(domain), db_text(beginning)), &rows, err))
        return false;
    read_rows(owner, rows, settings_out, count_out);
    talloc_free(rows);
    if (*count_out == 0)
        return not_found(err, "domain");
    if (!(*settings_out)[0].name)
        *count_out = 0;
    return true;
}

bool filter_stamp(struct directory *directory, int64_t *stamp_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    bool is_there;

    if (!look_up(directory, NULL, SELECT_STAMP, DB_NO_ARGS, &rows, err))
        return false;
    is_there = db_rows_at(rows, 0, &row);
    if (is_there)
        *stamp_out = db_get_i64(&row, 0);
    talloc_free(rows);
    return is_there || err_set(err, ERR_INTERNAL, "The settings of the filters cannot be read.");
}

bool filter_setting_domains(struct directory *directory, const void *owner, const char *name,
                            const char *value, const char ***domains_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_DOMAINS, DB_ARGS(db_text(name), db_text(value)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *domains_out = talloc_array(owner, const char *, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*domains_out)[i] = db_copy_text(*domains_out, &row, 0);
    talloc_free(rows);
    return true;
}
