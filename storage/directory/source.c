/*
 * source.c -- company directories: made, found, changed, removed.
 */
#include "directory/source.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/act.h"
#include "directory/source_setting.h"

#include <stdlib.h>
#include <talloc.h>

static const char *const kind_names[SOURCE_KINDS] = { [SOURCE_LDAP] = "ldap", [SOURCE_AD] = "ad" };

#define SELECT_SOURCE                                                                                        \
    "SELECT s.source_id, s.organisation_id, coalesce(s.domain_id, 0), s.name, o.name, d.name, s.kind,"       \
    "       s.is_enabled, s.stamp, s.created_us, s.settings::text,"                                          \
    "       ARRAY(SELECT x.name FROM directory_source_secret x WHERE x.source_id = s.source_id)"             \
    "  FROM directory_source s JOIN organisation o USING (organisation_id)"                                  \
    "  LEFT JOIN domain d ON d.domain_id = s.domain_id"

static const char SELECT_NAMED[] = SELECT_SOURCE
    " WHERE (s.name = $1 OR s.source_id::text = $1) AND ($2 = 0 OR s.organisation_id = $2) ORDER BY s.source_id LIMIT 2";
static const char SELECT_ALL[] =
    SELECT_SOURCE " WHERE $1 = 0 OR s.organisation_id = $1 ORDER BY o.name, s.name";
static const char SELECT_ONE[] = SELECT_SOURCE " WHERE s.source_id = $1";
static const char SELECT_ENABLED[] =
    "SELECT s.source_id FROM directory_source s JOIN organisation o USING (organisation_id)"
    " WHERE s.is_enabled AND o.is_enabled ORDER BY s.source_id";
static const char LOCATE[] = "SELECT organisation_id FROM directory_source WHERE source_id = $1";

static const char SELECT_SECRETS[] = "SELECT name, secret FROM directory_source_secret WHERE source_id = $1";
static const char PUT_SECRET[] =
    "INSERT INTO directory_source_secret (source_id, organisation_id, name, secret) VALUES ($1, $2, $3, $4)";
static const char DELETE_SECRET[] = "DELETE FROM directory_source_secret WHERE source_id = $1 AND name = $2";

static const char SELECT_DOMAIN[] = "SELECT domain_id FROM domain WHERE name = $1 AND organisation_id = $2";
static const char INSERT_SOURCE[] =
    "INSERT INTO directory_source (organisation_id, domain_id, name, kind, is_enabled, settings, created_us)"
    " VALUES ($1, nullif($2, 0), $3, $4, $5, $6, $7) RETURNING source_id";
static const char INSERT_STATE[] =
    "INSERT INTO directory_source_state (source_id, organisation_id) VALUES ($1, $2)";
static const char UPDATE_SOURCE[] =
    "UPDATE directory_source SET domain_id = nullif($2, 0), name = $3, is_enabled = $4, settings = $5,"
    "       stamp = stamp + 1 WHERE source_id = $1";
/* What was seen under other settings may look different now: the next run is a full one. */
static const char FORGET_MARK[] =
    "UPDATE directory_source_state SET mark = NULL, next_us = 0, fault = '' WHERE source_id = $1";
static const char LOOK_AGAIN[] =
    "UPDATE directory_entry SET is_due = true, digest = '' WHERE source_id = $1 AND missing_us = 0";
static const char DELETE_SOURCE[] = "DELETE FROM directory_source WHERE source_id = $1";

const char *source_kind_name(enum source_kind kind)
{
    return kind_names[kind];
}

bool source_kind_of(const char *name, enum source_kind *kind_out)
{
    for (int i = 0; i < SOURCE_KINDS; i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *kind_out = (enum source_kind)i;
            return true;
        }
    return false;
}

/* ---- reading */

static void note_secrets(const struct db_row *row, const void *owner, struct source *source)
{
    size_t count;
    struct span *names = db_get_span_array(owner, row, 11, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < SOURCE_SECRETS; k++)
            if (span_equals_text(names[i], source_secrets[k].name))
                *(bool *)((char *)source + source_secrets[k].has_offset) = true;
}

static bool read_row(const void *owner, const struct db_row *row, struct source *out, struct err *err)
{
    enum source_kind kind = SOURCE_LDAP;
    json_t *settings = json_loads(db_copy_text(owner, row, 10), 0, NULL);
    bool ok;

    if (!source_kind_of(db_copy_text(owner, row, 6), &kind))
        kind = SOURCE_LDAP; /* the column's CHECK has no other */
    source_defaults(owner, kind, out);
    out->source_id = db_get_i64(row, 0);
    out->organisation_id = db_get_i64(row, 1);
    out->domain_id = db_get_i64(row, 2);
    out->name = db_copy_text(owner, row, 3);
    out->organisation = db_copy_text(owner, row, 4);
    out->domain = db_copy_text(owner, row, 5);
    out->is_enabled = db_get_bool(row, 7);
    out->stamp = db_get_i64(row, 8);
    out->created_us = db_get_i64(row, 9);
    ok = source_take_json(owner, out, settings, err);
    json_decref(settings);
    note_secrets(row, owner, out);
    return ok;
}

struct finding {
    const void *owner;
    const char *name;
    int64_t organisation_id;
    struct source *sources;
    size_t count;
};

static bool find(struct db *db, void *arg, struct err *err)
{
    struct finding *finding = arg;
    struct db_rows *rows;
    struct db_row row;
    bool ok =
        finding->name
            ? db_query(db, finding->owner, SELECT_NAMED,
                       DB_ARGS(db_text(finding->name), db_i64(finding->organisation_id)), &rows, err)
            : db_query(db, finding->owner, SELECT_ALL, DB_ARGS(db_i64(finding->organisation_id)), &rows, err);

    if (!ok)
        return false;
    finding->count = db_rows_count(rows);
    finding->sources = talloc_zero_array(finding->owner, struct source, (unsigned)finding->count + 1);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        ok = read_row(finding->sources, &row, &finding->sources[i], err);
    return ok;
}

bool source_find(struct directory *directory, const struct actor *actor, const void *owner,
                 int64_t organisation_id, const char *name, struct source *source_out, struct err *err)
{
    struct finding finding = { .owner = owner, .name = name, .organisation_id = organisation_id };

    *err = ERR_INIT;
    if (!act_read(directory, actor, organisation_id ? organisation_id : actor->organisation_id, find,
                  &finding, err))
        return false;
    if (finding.count == 0)
        return not_found(err, "directory source");
    if (finding.count > 1)
        return err_set(err, ERR_CONFLICT,
                       "Several organisations have a directory source %.60s. Name the organisation.", name);
    *source_out = finding.sources[0];
    return true;
}

bool source_list(struct directory *directory, const struct actor *actor, const void *owner,
                 int64_t organisation_id, struct source **sources_out, size_t *count_out, struct err *err)
{
    struct finding finding = { .owner = owner, .organisation_id = organisation_id };

    *err = ERR_INIT;
    if (!act_read(directory, actor, organisation_id ? organisation_id : actor->organisation_id, find,
                  &finding, err))
        return false;
    *sources_out = finding.sources;
    *count_out = finding.count;
    return true;
}

static char *secret_context(const void *owner, int64_t source_id, const char *name)
{
    return seal_context(owner, "directory", talloc_asprintf(owner, "%lld", (long long)source_id), name);
}

bool source_load(struct directory *directory, const void *owner, int64_t source_id, struct source *source_out,
                 struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up_one(directory, owner, SELECT_ONE, DB_ARGS(db_i64(source_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "directory source") : false;
    if (!read_row(owner, &row, source_out, err) ||
        !look_up(directory, owner, SELECT_SECRETS, DB_ARGS(db_i64(source_id)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        for (size_t k = 0; k < SOURCE_SECRETS; k++)
            if (span_equals_text(db_get_text(&row, 0), source_secrets[k].name))
                *(const char **)((char *)source_out + source_secrets[k].offset) =
                    unsealed(directory, owner, secret_context(owner, source_id, source_secrets[k].name),
                             db_copy_text(owner, &row, 1));
    return true;
}

bool source_enabled(struct directory *directory, const void *owner, int64_t **ids_out, size_t *count_out,
                    struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, owner, SELECT_ENABLED, DB_NO_ARGS, &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *ids_out = talloc_zero_array(owner, int64_t, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*ids_out)[i] = db_get_i64(&row, 0);
    return true;
}

/* ---- writing */

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct source *wanted;
    struct source before;
    int64_t source_id, domain_id;
    void *scratch;
};

/* For the audit: what administrators see. */
static json_t *describe(const struct source *source)
{
    json_t *json = source_differences(source);

    json_object_set_new(json, "kind", json_string(source_kind_name(source->kind)));
    json_object_set_new(json, "enabled", json_boolean(source->is_enabled));
    if (source->domain)
        json_object_set_new(json, "domain", json_string(source->domain));
    json_object_del(json, "trusted");
    json_object_del(json, "certificate");
    return json;
}

static bool find_domain(struct db *db, struct change *change, struct err *err)
{
    const struct source *wanted = change->wanted;
    struct db_row row;

    change->domain_id = 0;
    if (!wanted->domain || !*wanted->domain)
        return true;
    if (!db_one_row(db, change->scratch, SELECT_DOMAIN,
                    DB_ARGS(db_text(wanted->domain), db_i64(wanted->organisation_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "domain") : false;
    change->domain_id = db_get_i64(&row, 0);
    return true;
}

static bool write_secrets(struct db *db, struct change *change, struct err *err)
{
    const struct source *wanted = change->wanted;

    for (size_t i = 0; i < SOURCE_SECRETS; i++) {
        const char *name = source_secrets[i].name,
                   *plain = *(const char *const *)((const char *)wanted + source_secrets[i].offset);
        char *sealed = NULL;
        if (!plain)
            continue;
        if (*plain &&
            !sealing_seal(change->directory->sealing, change->scratch,
                          secret_context(change->scratch, change->source_id, name), plain, &sealed, err))
            return false;
        if (!db_exec(db, DELETE_SECRET, DB_ARGS(db_i64(change->source_id), db_text(name)), NULL, err) ||
            (*plain && !db_exec(db, PUT_SECRET,
                                DB_ARGS(db_i64(change->source_id), db_i64(wanted->organisation_id),
                                        db_text(name), db_text(sealed)),
                                NULL, err)))
            return false;
    }
    return true;
}

static char *settings_text(const struct change *change)
{
    return json_take_text(change->scratch, source_differences(change->wanted));
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct source *wanted = change->wanted;
    struct db_row row;

    if (!find_domain(db, change, err))
        return false;
    if (!db_one_row(db, change->scratch, INSERT_SOURCE,
                    DB_ARGS(db_i64(wanted->organisation_id), db_i64(change->domain_id), db_text(wanted->name),
                            db_text(source_kind_name(wanted->kind)), db_bool(wanted->is_enabled),
                            db_jsonb(settings_text(change)), db_i64(clock_now_us())),
                    &row, err))
        return taken(err, "There is a directory source called %s already.", wanted->name);
    change->source_id = db_get_i64(&row, 0);
    return db_exec(db, INSERT_STATE, DB_ARGS(db_i64(change->source_id), db_i64(wanted->organisation_id)),
                   NULL, err) &&
           write_secrets(db, change, err) &&
           audit_write(db, change->actor, wanted->organisation_id, "directory.add", wanted->name, NULL,
                       describe(wanted), err);
}

bool source_add(struct directory *directory, const struct actor *actor, struct source *source,
                struct err *err)
{
    struct change change = {
        .directory = directory, .actor = actor, .wanted = source, .scratch = talloc_new(NULL)
    };
    bool ok;

    *err = ERR_INIT;
    ok = source_check(source, err) && act_in(directory, actor, source->organisation_id, add, &change, err);
    source->source_id = change.source_id;
    talloc_free(change.scratch);
    return ok;
}

static bool read_before(struct db *db, struct change *change, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, change->scratch, SELECT_ONE, DB_ARGS(db_i64(change->source_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "directory source") : false;
    return read_row(change->scratch, &row, &change->before, err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    const struct source *wanted = change->wanted;

    if (!read_before(db, change, err) || !find_domain(db, change, err))
        return false;
    if (!db_exec(db, UPDATE_SOURCE,
                 DB_ARGS(db_i64(change->source_id), db_i64(change->domain_id), db_text(wanted->name),
                         db_bool(wanted->is_enabled), db_jsonb(settings_text(change))),
                 NULL, err))
        return taken(err, "There is a directory source called %s already.", wanted->name);
    return db_exec(db, FORGET_MARK, DB_ARGS(db_i64(change->source_id)), NULL, err) &&
           db_exec(db, LOOK_AGAIN, DB_ARGS(db_i64(change->source_id)), NULL, err) &&
           write_secrets(db, change, err) &&
           audit_write(db, change->actor, wanted->organisation_id, "directory.set", wanted->name,
                       describe(&change->before), describe(wanted), err);
}

bool source_set(struct directory *directory, const struct actor *actor, const struct source *source,
                struct err *err)
{
    struct change change = { .directory = directory,
                             .actor = actor,
                             .wanted = source,
                             .source_id = source->source_id,
                             .scratch = talloc_new(NULL) };
    bool ok;

    *err = ERR_INIT;
    ok = source_check(source, err) && act_in(directory, actor, source->organisation_id, set, &change, err);
    talloc_free(change.scratch);
    return ok;
}

static bool drop(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;

    return read_before(db, change, err) &&
           db_exec(db, DELETE_SOURCE, DB_ARGS(db_i64(change->source_id)), NULL, err) &&
           audit_write(db, change->actor, change->before.organisation_id, "directory.remove",
                       change->before.name, describe(&change->before), NULL, err);
}

bool source_remove(struct directory *directory, const struct actor *actor, int64_t source_id, struct err *err)
{
    struct change change = { .actor = actor, .source_id = source_id, .scratch = talloc_new(NULL) };
    int64_t organisation_id;
    bool ok;

    *err = ERR_INIT;
    ok = act_locate(directory, actor, LOCATE, db_i64(source_id), "directory source", &organisation_id, err) &&
         act_in(directory, actor, organisation_id, drop, &change, err);
    talloc_free(change.scratch);
    return ok;
}
