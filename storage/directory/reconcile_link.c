/*
 * reconcile_link.c -- an administrator gives an entry of a directory a recipient that is there already.
 */
#include "directory/reconcile.h"

#include "directory/act.h"

#include <string.h>
#include <talloc.h>

static const char SELECT_ENTRY[] =
    "SELECT entry_key, kind, dn, coalesce(recipient_id, 0) FROM directory_entry WHERE source_id = $1 AND missing_us = 0"
    "   AND (entry_key = lower($2) OR account = lower($2) OR mail = lower($2) OR dn = $2) ORDER BY dn LIMIT 1 FOR UPDATE";
static const char SELECT_RECIPIENT[] =
    "SELECT r.recipient_id, r.kind, coalesce(e.entry_key, ''), coalesce(e.missing_us, 1)"
    "  FROM address a JOIN recipient r USING (recipient_id) LEFT JOIN directory_entry e ON e.recipient_id = r.recipient_id"
    " WHERE a.address = $1 FOR UPDATE OF r";
static const char LEAVE[] =
    "UPDATE directory_entry SET recipient_id = NULL, is_due = true WHERE recipient_id = $1";
static const char LINK[] =
    "UPDATE directory_entry SET recipient_id = $3, is_due = true, has_mailbox = (kind = 'user')"
    " WHERE source_id = $1 AND entry_key = $2";
static const char OWN[] = "UPDATE recipient SET source_id = $2, stamp = stamp + 1 WHERE recipient_id = $1";

struct linking {
    const struct actor *actor;
    const struct source *source;
    const char *entry, *address;
    void *scratch;
};

static bool check(const struct db_row *entry, const struct db_row *recipient, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool same = strcmp(db_copy_text(scratch, entry, 1), db_copy_text(scratch, recipient, 1)) == 0;

    talloc_free(scratch);
    if (!same)
        return err_set(err, ERR_INVALID, "The recipient and the entry are not of the same kind.");
    if (db_get_i64(entry, 3) && db_get_i64(entry, 3) != db_get_i64(recipient, 0))
        return err_set(err, ERR_CONFLICT, "The entry has a recipient already.");
    if (db_get_i64(recipient, 3) == 0)
        return err_set(err, ERR_CONFLICT, "The recipient belongs to another entry of a directory.");
    return true;
}

static bool link_them(struct db *db, void *arg, struct err *err)
{
    struct linking *l = arg;
    struct db_row entry, recipient;

    if (!db_one_row(db, l->scratch, SELECT_ENTRY, DB_ARGS(db_i64(l->source->source_id), db_text(l->entry)),
                    &entry, err))
        return err->kind == ERR_NOT_FOUND
                   ? not_found(err, "entry in this directory, as far as it has been read")
                   : false;
    if (!db_one_row(db, l->scratch, SELECT_RECIPIENT, DB_ARGS(db_text(l->address)), &recipient, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "recipient") : false;
    return check(&entry, &recipient, err) &&
           db_exec(db, LEAVE, DB_ARGS(db_i64(db_get_i64(&recipient, 0))), NULL, err) &&
           db_exec(db, LINK,
                   DB_ARGS(db_i64(l->source->source_id), db_text(db_copy_text(l->scratch, &entry, 0)),
                           db_i64(db_get_i64(&recipient, 0))),
                   NULL, err) &&
           db_exec(db, OWN, DB_ARGS(db_i64(db_get_i64(&recipient, 0)), db_i64(l->source->source_id)), NULL,
                   err) &&
           audit_write(db, l->actor, l->source->organisation_id, "directory.link", l->address, NULL,
                       json_pack("{s:s, s:s}", "source", l->source->name, "entry",
                                 db_copy_text(l->scratch, &entry, 2)),
                       err);
}

bool reconcile_link(struct directory *directory, const struct actor *actor, const struct source *source,
                    const char *entry, const char *address, struct err *err)
{
    struct linking linking = { actor, source, entry, NULL, talloc_new(NULL) };
    char *key, *domain;
    bool ok;

    *err = ERR_INIT;
    ok = address_canonical(linking.scratch, address, &key, &domain, err);
    linking.address = ok ? key : NULL;
    ok = ok && act_in(directory, actor, source->organisation_id, link_them, &linking, err);
    talloc_free(linking.scratch);
    return ok;
}
