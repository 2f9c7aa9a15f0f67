/*
 * sealed.c -- opening a secret, and sealing all of them anew: a table says where they are.
 */
#include "directory/sealed.h"

#include "base/log.h"
#include "base/sealing.h"
#include "directory/act.h"

#include <talloc.h>

char *seal_context(const void *owner, const char *kind, const char *name, const char *part)
{
    return talloc_asprintf(owner, "%s %s %s", kind, name, part);
}

const char *unsealed(struct directory *directory, const void *owner, const char *context, const char *stored)
{
    struct err err = ERR_INIT;
    char *plain;

    if (!stored || sealing_unseal(directory->sealing, owner, context, stored, &plain, &err))
        return stored ? plain : NULL;
    log_err(LOG_LEVEL_ERROR, "directory.secret", &err);
    return "";
}

/* Each gives (row id, name, part of the context, secret), and changes one by its id. */
static const struct {
    const char *kind, *select, *update;
    bool is_installations; /* what nobody but who installs may change */
} places[] = {
    { "dkim",
      "SELECT k.dkim_key_id, d.name, k.selector, k.private_key FROM dkim_key k"
      " JOIN domain d USING (organisation_id, domain_id) ORDER BY k.dkim_key_id FOR UPDATE OF k",
      "UPDATE dkim_key SET private_key = $2 WHERE dkim_key_id = $1" },
    { "connector",
      "SELECT l.connector_id, l.connector_id::text, 'login', l.password FROM connector_login l ORDER BY 1 FOR UPDATE",
      "UPDATE connector_login SET password = $2 WHERE connector_id = $1" },
    { "setting",
      "SELECT filter_setting_id, name, 'value', value FROM filter_setting WHERE name = 'rspamd_password'"
      " ORDER BY filter_setting_id FOR UPDATE",
      "UPDATE filter_setting SET value = $2 WHERE filter_setting_id = $1" },
    { "second-factor",
      "SELECT second_factor_id, recipient_id::text, name, secret FROM second_factor WHERE secret IS NOT NULL"
      " ORDER BY second_factor_id FOR UPDATE",
      "UPDATE second_factor SET secret = $2 WHERE second_factor_id = $1" },
    { "identity-provider",
      "SELECT identity_provider_id, identity_provider_id::text, 'secret', client_secret FROM identity_provider"
      " WHERE client_secret <> '' ORDER BY 1 FOR UPDATE",
      "UPDATE identity_provider SET client_secret = $2 WHERE identity_provider_id = $1" },
    { "directory",
      "SELECT source_id * 4 + CASE name WHEN 'bind_password' THEN 0 WHEN 'key' THEN 1 ELSE 2 END, source_id::text, name, secret"
      "  FROM directory_source_secret ORDER BY 1 FOR UPDATE",
      "UPDATE directory_source_secret SET secret = $2 WHERE source_id = $1 / 4"
      "   AND name = CASE $1 % 4 WHEN 0 THEN 'bind_password' WHEN 1 THEN 'key' ELSE 'write_password' END" },
    { "push", "SELECT 1::bigint, 'installation', 'key', private_key FROM push_key FOR UPDATE",
      "UPDATE push_key SET private_key = $2 WHERE $1 = 1" },
    { "change",
      "SELECT pending_change_id, requester_id::text, path, body FROM pending_change WHERE body <> ''"
      " ORDER BY pending_change_id FOR UPDATE",
      "UPDATE pending_change SET body = $2 WHERE pending_change_id = $1" },
    { "storage-group",
      "SELECT storage_group_id, storage_group_id::text, 'database', conninfo FROM storage_group"
      " WHERE conninfo IS NOT NULL ORDER BY 1 FOR UPDATE",
      "UPDATE storage_group SET conninfo = $2 WHERE storage_group_id = $1", true },
};

struct resealing {
    struct directory *directory;
    const struct actor *actor;
    struct {
        uint64_t sealed, total;
    } of[2]; /* by is_installations */
};

static bool reseal_row(struct db *db, struct resealing *r, const void *scratch, size_t place,
                       const struct db_row *row, struct err *err)
{
    struct sealing *sealing = r->directory->sealing;
    const char *stored = db_copy_text(scratch, row, 3);
    char *context = seal_context(scratch, places[place].kind, db_copy_text(scratch, row, 1),
                                 db_copy_text(scratch, row, 2));
    char *plain, *sealed;

    r->of[places[place].is_installations].total++;
    if (sealing_is_newest(sealing, stored) || !*stored)
        return true;
    r->of[places[place].is_installations].sealed++;
    return sealing_unseal(sealing, scratch, context, stored, &plain, err) &&
           sealing_seal(sealing, scratch, context, plain, &sealed, err) &&
           db_exec(db, places[place].update, DB_ARGS(db_i64(db_get_i64(row, 0)), db_text(sealed)), NULL, err);
}

static bool reseal_places(struct db *db, struct resealing *r, bool is_installations, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool ok = true;

    r->of[is_installations].sealed = r->of[is_installations].total = 0;
    for (size_t place = 0; ok && place < COUNT_OF(places); place++) {
        struct db_rows *rows;
        struct db_row row;

        if (places[place].is_installations != is_installations)
            continue;
        ok = db_query(db, scratch, places[place].select, DB_NO_ARGS, &rows, err);
        for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
            ok = reseal_row(db, r, scratch, place, &row, err);
    }
    talloc_free(scratch);
    return ok;
}

static bool reseal(struct db *db, void *arg, struct err *err)
{
    return reseal_places(db, arg, false, err);
}

static uint64_t sealed(const struct resealing *r)
{
    return r->of[false].sealed + r->of[true].sealed;
}

static uint64_t total(const struct resealing *r)
{
    return r->of[false].total + r->of[true].total;
}

static bool reseal_and_note(struct db *db, void *arg, struct err *err)
{
    struct resealing *r = arg;

    return reseal_places(db, r, true, err) &&
           audit_write(
               db, r->actor, 0, "secret.rotate", "installation", NULL,
               json_pack("{s:I, s:I}", "sealed", (json_int_t)sealed(r), "total", (json_int_t)total(r)), err);
}

bool secrets_reseal(struct directory *directory, const struct actor *actor, uint64_t *sealed_out,
                    uint64_t *total_out, struct err *err)
{
    struct resealing r = { .directory = directory, .actor = actor };

    *err = ERR_INIT;
    if (!act_on_installation(actor, err) ||
        !with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, reseal, &r, err) ||
        !act_in(directory, actor, 0, reseal_and_note, &r, err))
        return false;
    *sealed_out = sealed(&r);
    *total_out = total(&r);
    return true;
}
