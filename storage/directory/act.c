/*
 * act.c -- entering an organisation for reading or changing.
 */
#include "directory/act.h"

#include "base/unchecked.h"
#include "format/address.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

enum { ACQUIRE_MS = 5000, LABELS_SHOWN = 5, NAME_MAX_CHARS = 100 };

static const char SET_TENANT[] = "SELECT set_config('chappe.organisation', $1, true)";

/* The second wall knows with this that the actor is of no single organisation. */
static const char SET_WHOLE[] = "SELECT set_config('chappe.whole', '1', true)";

/* What it reaches inside the organisation, for row-level security below it. */
static const char SET_WITHIN[] = "SELECT set_config('chappe.within', $1, true)";
static const char SET_WIDE[] = "SELECT set_config('chappe.wide', $1, true)";

/* First of all changes, so that two of them wait for each other here and never in a circle. */
static const char RAISE_STAMP[] = "UPDATE directory_stamp SET stamp = stamp + 1";

bool taken(struct err *err, const char *format, const char *name)
{
    if (err->kind != ERR_EXISTS)
        return false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return err_set(err, ERR_EXISTS, format, name);
#pragma GCC diagnostic pop
}

bool act_on_installation(const struct actor *actor, struct err *err)
{
    if (actor->organisation_id == 0)
        return true;
    return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may do this.");
}

bool act_installing(struct directory *directory, const struct actor *actor, db_work *work, void *arg,
                    struct err *err)
{
    *err = ERR_INIT;
    return act_on_installation(actor, err) && act_in(directory, actor, 0, work, arg, err);
}

bool act_one(struct db *db, const void *owner, const char *sql, struct db_args args, const char *what,
             struct db_row *row_out, struct err *err)
{
    if (db_one_row(db, owner, sql, args, row_out, err))
        return true;
    return err->kind == ERR_NOT_FOUND || err->kind == ERR_CONFLICT ? not_found(err, what) : false;
}

bool act_enter(struct db *db, int64_t organisation_id, struct err *err)
{
    char text[24] = "";

    if (organisation_id)
        snprintf(text, sizeof text, "%" PRId64, organisation_id);
    return db_queue(db, SET_TENANT, DB_ARGS(db_text(text)), err);
}

bool act_look(struct db *db, enum act_view view, struct err *err)
{
    return db_queue(db, SET_WIDE, DB_ARGS(db_text(view == ACT_WIDE ? "1" : "")), err);
}

struct entry {
    int64_t organisation_id;
    const char *within;
    bool raises_stamp, is_whole;
    db_work *work;
    void *arg;
};

static bool enter_and_work(struct db *db, void *arg, struct err *err)
{
    struct entry *entry = arg;

    return act_enter(db, entry->organisation_id, err) &&
           (!entry->is_whole || db_queue(db, SET_WHOLE, DB_NO_ARGS, err)) &&
           (!entry->within || db_queue(db, SET_WITHIN, DB_ARGS(db_text(entry->within)), err)) &&
           (!entry->raises_stamp || db_queue(db, RAISE_STAMP, DB_NO_ARGS, err)) &&
           entry->work(db, entry->arg, err);
}

static bool run(struct directory *directory, enum directory_pool which, struct entry *entry, struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[which], DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool ok = which == DIRECTORY_LOOKS_UP ? with_transaction(db, entry->work, entry->arg, err)
                                          : with_transaction(db, enter_and_work, entry, err);
    db_release(&db);
    return ok;
}

static bool may_enter(const struct actor *actor, int64_t organisation_id)
{
    return actor->organisation_id == 0 || actor->organisation_id == organisation_id || CHECK_IS_AWAY("enter");
}

bool act_in(struct directory *directory, const struct actor *actor, int64_t organisation_id, db_work *work,
            void *arg, struct err *err)
{
    struct entry entry = { .organisation_id = organisation_id,
                           .raises_stamp = true,
                           .within = actor->within,
                           .is_whole = actor->organisation_id == 0,
                           .work = work,
                           .arg = arg };

    *err = ERR_INIT;
    if (!may_enter(actor, organisation_id))
        return not_found(err, "organisation");
    return run(directory, DIRECTORY_ADMINISTERS, &entry, err);
}

bool act_read(struct directory *directory, const struct actor *actor, int64_t organisation_id, db_work *work,
              void *arg, struct err *err)
{
    struct entry entry = { .organisation_id = organisation_id ? organisation_id : actor->organisation_id,
                           .within = actor->within,
                           .work = work,
                           .arg = arg };

    *err = ERR_INIT;
    if (!may_enter(actor, entry.organisation_id))
        return not_found(err, "organisation");
    return run(directory, entry.organisation_id ? DIRECTORY_ADMINISTERS : DIRECTORY_LOOKS_UP, &entry, err);
}

bool look_in(struct directory *directory, db_work *work, void *arg, struct err *err)
{
    struct entry entry = { .work = work, .arg = arg };

    *err = ERR_INIT;
    return run(directory, DIRECTORY_LOOKS_UP, &entry, err);
}

bool look_up(struct directory *directory, const void *owner, const char *sql, struct db_args args,
             struct db_rows **rows_out, struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool ok = db_query(db, owner, sql, args, rows_out, err);
    db_release(&db);
    return ok;
}

bool look_up_one(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                 struct db_row *row_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, owner, sql, args, &rows, err))
        return false;
    return db_rows_at(rows, 0, row_out) || not_found(err, "entry");
}

bool act_locate(struct directory *directory, const struct actor *actor, const char *sql, struct db_value key,
                const char *what, int64_t *organisation_id_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    *organisation_id_out = actor->organisation_id;
    if (actor->organisation_id)
        return true; /* row-level security finds it there, or not at all */
    if (!look_up(directory, NULL, sql, DB_ARGS(key), &rows, err))
        return false;
    bool is_there = db_rows_at(rows, 0, &row);
    if (is_there)
        *organisation_id_out = db_get_i64(&row, 0);
    talloc_free(rows);
    return is_there || not_found(err, what);
}

bool refuse_dependents(struct db *db, const char *what, const char *sql, struct db_args args, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    if (!act_look(db, ACT_WIDE, err) || !db_query(db, scratch, sql, args, &rows, err) ||
        !act_look(db, ACT_NARROW, err)) {
        talloc_free(scratch);
        return false;
    }
    size_t count = db_rows_count(rows);
    char *labels = talloc_strdup(scratch, "");
    int64_t total = 0;
    for (size_t i = 0; i < LABELS_SHOWN && db_rows_at(rows, i, &row); i++) {
        total = db_get_i64(&row, 1);
        labels = talloc_asprintf_append(labels, "%s%s", i ? ", " : "", db_copy_text(scratch, &row, 0));
    }
    if (total > LABELS_SHOWN)
        labels = talloc_asprintf_append(labels, " and %" PRId64 " more", total - LABELS_SHOWN);
    if (count > 0)
        err_set(err, ERR_DEPENDED_ON, "%s cannot be removed. It is still needed by: %s.", what, labels);
    talloc_free(scratch);
    return count == 0;
}

bool check_name(const char *name, const char *what, struct err *err)
{
    if (!name || !*name || !g_utf8_validate(name, -1, NULL))
        return err_set(err, ERR_INVALID, "The name of the %s is missing, or not UTF-8.", what);
    if (g_utf8_strlen(name, -1) > NAME_MAX_CHARS)
        return err_set(err, ERR_INVALID, "The name of the %s is longer than %d characters.", what,
                       NAME_MAX_CHARS);
    for (const char *p = name; *p; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return err_set(err, ERR_INVALID, "The name of the %s contains a control character.", what);
    if (g_unichar_isspace(g_utf8_get_char(name)) ||
        g_unichar_isspace(g_utf8_get_char(g_utf8_find_prev_char(name, name + strlen(name)))))
        return err_set(err, ERR_INVALID, "The name of the %s begins or ends with a space.", what);
    return true;
}

bool address_canonical(const void *owner, const char *text, char **key_out, char **domain_out,
                       struct err *err)
{
    struct address parsed;
    enum address_fault fault =
        address_parse(owner, span_text(text ? text : ""), ADDRESS_ACCEPT_UTF8, &parsed);

    if (fault != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "%.100s is not a good address. %s", text ? text : "Nothing",
                       address_fault_text(fault));
    if (parsed.is_literal)
        return err_set(err, ERR_INVALID, "%.100s is not in one of the domains here.", text);
    *key_out = address_key(owner, &parsed);
    *domain_out = talloc_strdup(owner, parsed.domain);
    return true;
}
