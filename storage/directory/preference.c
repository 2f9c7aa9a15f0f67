/*
 * preference.c -- two columns of a user and of an organisation.
 */
#include "directory/preference.h"

#include "directory/act.h"

#include <string.h>
#include <talloc.h>

/* $2: the user, 0: the organisation itself. */
static const char SELECT_OWN[] =
    "SELECT language, undo_s FROM recipient WHERE organisation_id = $1 AND recipient_id = $2"
    " UNION ALL"
    " SELECT language, undo_s FROM organisation WHERE organisation_id = $1 AND $2 = 0";
static const char UPDATE_USER[] = "UPDATE recipient SET language = $3, undo_s = $4, stamp = stamp + 1"
                                  " WHERE organisation_id = $1 AND recipient_id = $2";
static const char UPDATE_ORGANISATION[] =
    "UPDATE organisation SET language = $3, undo_s = $4, stamp = stamp + 1 WHERE organisation_id = $1 AND $2 = 0";
static const char FIND[] =
    "SELECT coalesce(nullif(r.language, ''), nullif(o.language, ''), 'auto'),"
    "       CASE WHEN r.undo_s >= 0 THEN r.undo_s ELSE o.undo_s END"
    "  FROM recipient r JOIN organisation o USING (organisation_id) WHERE r.recipient_id = $1";

struct change {
    const struct actor *actor;
    const void *owner;
    int64_t organisation_id, recipient_id;
    const char *object;
    unsigned fields;
    const struct preference *wanted;
    struct preference now;
};

static struct preference read_row(const void *owner, const struct db_row *row)
{
    return (struct preference){ .language = db_copy_text(owner, row, 0), .undo_s = db_get_i32(row, 1) };
}

static bool get(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_row row;

    if (!db_one_row(db, change->owner, SELECT_OWN,
                    DB_ARGS(db_i64(change->organisation_id), db_i64(change->recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, change->recipient_id ? "user" : "organisation")
                                          : false;
    change->now = read_row(change->owner, &row);
    return true;
}

bool preference_get(struct directory *directory, const struct actor *actor, const void *owner,
                    int64_t organisation_id, int64_t recipient_id, struct preference *preference_out,
                    struct err *err)
{
    struct change change = { .owner = owner,
                             .organisation_id = organisation_id,
                             .recipient_id = recipient_id };

    *err = ERR_INIT;
    if (!act_read(directory, actor, organisation_id, get, &change, err))
        return false;
    *preference_out = change.now;
    return true;
}

static json_t *describe(const struct preference *preference, unsigned fields)
{
    json_t *json = json_object();

    if (fields & PREFERENCE_LANGUAGE)
        json_object_set_new(json, "language", json_string(preference->language));
    if (fields & PREFERENCE_UNDO)
        json_object_set_new(json, "undo_send", json_integer(preference->undo_s));
    return json;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct preference next;

    if (!get(db, change, err))
        return false;
    next = change->now;
    if (change->fields & PREFERENCE_LANGUAGE)
        next.language = change->wanted->language;
    if (change->fields & PREFERENCE_UNDO)
        next.undo_s = change->wanted->undo_s;
    return db_exec(db, change->recipient_id ? UPDATE_USER : UPDATE_ORGANISATION,
                   DB_ARGS(db_i64(change->organisation_id), db_i64(change->recipient_id),
                           db_text(next.language), db_i32(next.undo_s)),
                   NULL, err) &&
           audit_write(db, change->actor, change->organisation_id,
                       change->recipient_id ? "user.preference" : "organisation.preference", change->object,
                       describe(&change->now, change->fields), describe(&next, change->fields), err);
}

static bool check(const struct preference *wanted, unsigned fields, struct err *err)
{
    static const char *const languages[] = { "", "auto", "fr", "en" };
    bool is_known = !(fields & PREFERENCE_LANGUAGE);

    for (size_t i = 0; !is_known && i < COUNT_OF(languages); i++)
        is_known = strcmp(wanted->language, languages[i]) == 0;
    if (!is_known)
        return err_set(err, ERR_INVALID, "A language is fr, en or auto, not %.50s.", wanted->language);
    if ((fields & PREFERENCE_UNDO) &&
        (wanted->undo_s < PREFERENCE_UNSAID || wanted->undo_s > PREFERENCE_UNDO_MAX_S))
        return err_set(err, ERR_INVALID, "The time to take mail back is 0 to %d seconds.",
                       PREFERENCE_UNDO_MAX_S);
    return true;
}

bool preference_set(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                    int64_t recipient_id, const char *object, unsigned fields,
                    const struct preference *wanted, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct change change = { .actor = actor,
                             .owner = scratch,
                             .organisation_id = organisation_id,
                             .recipient_id = recipient_id,
                             .object = object,
                             .fields = fields,
                             .wanted = wanted };

    *err = ERR_INIT;
    bool done = check(wanted, fields, err) && act_in(directory, actor, organisation_id, set, &change, err);
    talloc_free(scratch);
    return done;
}

bool preference_find(struct directory *directory, const void *owner, int64_t recipient_id,
                     struct preference *preference_out, struct err *err)
{
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up_one(directory, owner, FIND, DB_ARGS(db_i64(recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "user") : false;
    *preference_out = read_row(owner, &row);
    return true;
}
