/*
 * list.c -- settings of groups and their people, read by administrators and by routing, written with an audit row.
 */
#include "directory/list.h"

#include "base/clock.h"
#include "directory/recipient_row.h"
#include "directory/user_row.h"
#include "format/address.h"
#include "format/link_token.h"

#include <glib.h>
#include <talloc.h>

static const char *const joining_names[] = { "closed", "open", "approval" };
_Static_assert(COUNT_OF(joining_names) == LIST_JOININGS, "each has a name");

#define PEOPLE(role, what)                                                                                   \
    "ARRAY(SELECT " what " FROM list_person m"                                                               \
    "        LEFT JOIN address b ON b.recipient_id = m.person_id AND b.is_primary"                           \
    "       WHERE m.recipient_id = r.recipient_id AND m.role = '" role "' ORDER BY m.position)"
#define PEOPLE_IDS(role) PEOPLE(role, "coalesce(m.person_id, 0)")
#define PEOPLE_ADDRESSES(role) PEOPLE(role, "coalesce(m.address, b.address)")
/* clang-format off */
static const char SELECT_SETTINGS[] =
    "SELECT r.organisation_id, a.address, r.name, coalesce(l.is_list, false), coalesce(l.is_moderated, false),"
    "       coalesce(l.joining, 'closed'), coalesce(l.hold_days, $2), l.query,"
    "       " PEOPLE_IDS("owner") ", " PEOPLE_ADDRESSES("owner") ","
    "       " PEOPLE_IDS("moderator") ", " PEOPLE_ADDRESSES("moderator") ", l.archive"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "  LEFT JOIN list l ON l.recipient_id = r.recipient_id"
    " WHERE r.recipient_id = $1 AND r.kind = 'group'";
/* clang-format on */

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";
static const char LOCK[] = "SELECT FROM recipient WHERE recipient_id = $1 FOR UPDATE";
static const char UPSERT[] =
    "INSERT INTO list (recipient_id, organisation_id, is_list, is_moderated, joining, hold_days, query, archive)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (recipient_id) DO UPDATE SET is_list = $3, is_moderated = $4, joining = $5, hold_days = $6,"
    "                                          query = $7, archive = $8";
static const char TOUCH[] = "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = $1";
static const char DELETE_PEOPLE[] = "DELETE FROM list_person WHERE recipient_id = $1 AND role = $2";
static const char INSERT_PEOPLE[] =
    "INSERT INTO list_person (recipient_id, organisation_id, role, position, person_id, address)"
    " SELECT $1, $2, $3, n, nullif(id, 0), address FROM unnest($4, $5) WITH ORDINALITY AS t(id, address, n)";

/* The recipient and the groups that hold it. */
static const char SELECT_IS_PERSON[] =
    "WITH RECURSIVE who(id) AS ("
    "    SELECT $2::bigint"
    "    UNION"
    "    SELECT t.recipient_id FROM who JOIN recipient_target t ON t.target_recipient_id = who.id"
    "      JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind IN ('group', 'alias'))"
    " SELECT EXISTS (SELECT FROM list_person WHERE recipient_id = $1 AND person_id IN (SELECT id FROM who))";

static const char SELECT_MEMBERS[] =
    "SELECT t.position, coalesce(t.target_recipient_id, 0), coalesce(t.target_address, b.address)"
    "  FROM recipient_target t JOIN recipient g ON g.recipient_id = t.recipient_id AND g.kind = 'group'"
    "  LEFT JOIN address b ON b.recipient_id = t.target_recipient_id AND b.is_primary"
    " WHERE t.recipient_id = $1";
static const char SELECT_ADDRESS[] = "SELECT address FROM address WHERE recipient_id = $1 AND is_primary";
static const char DELETE_MEMBER[] = "DELETE FROM recipient_target WHERE recipient_id = $1 AND position = $2";

static const char INSERT_REQUEST[] =
    "INSERT INTO list_request (recipient_id, organisation_id, address, leaves, is_confirmed, expires_us)"
    " SELECT recipient_id, organisation_id, $2, $3, $4, $5 FROM recipient"
    "  WHERE recipient_id = $1 AND (SELECT count(*) FROM list_request WHERE recipient_id = $1) < $6"
    " ON CONFLICT (recipient_id, lower(address), leaves)"
    "    DO UPDATE SET expires_us = $5, is_confirmed = list_request.is_confirmed OR $4"
    "           WHERE list_request.expires_us < $5 - $7 OR list_request.is_confirmed < $4"
    " RETURNING request_id";
static const char SELECT_REQUEST[] =
    "SELECT request_id, recipient_id, address, is_confirmed, leaves FROM list_request"
    " WHERE request_id = $1 AND expires_us > $2";
static const char CONFIRM_REQUEST[] = "UPDATE list_request SET is_confirmed = true WHERE request_id = $1";
static const char DELETE_REQUEST[] = "DELETE FROM list_request WHERE request_id = $1";
static const char DELETE_ENDED[] =
    "DELETE FROM list_request WHERE request_id IN"
    " (SELECT request_id FROM list_request WHERE expires_us <= $1 ORDER BY expires_us LIMIT 1000)";

const char *list_joining_name(enum list_joining joining)
{
    return joining_names[joining];
}

bool list_joining_of(const char *name, enum list_joining *joining_out)
{
    for (int joining = 0; joining < LIST_JOININGS; joining++)
        if (strcmp(joining_names[joining], name) == 0) {
            *joining_out = (enum list_joining)joining;
            return true;
        }
    return false;
}

/* ---- reading */

static struct list_person *read_people(const void *owner, const struct db_row *row, int column,
                                       size_t *count_out)
{
    int64_t *ids = db_get_i64_array(owner, row, column, count_out);
    struct span *addresses = db_get_span_array(owner, row, column + 1, count_out);
    struct list_person *people = talloc_array(owner, struct list_person, (unsigned)*count_out + 1);

    for (size_t i = 0; i < *count_out; i++)
        people[i] = (struct list_person){ ids[i], span_copy(people, addresses[i]) };
    talloc_free(ids);
    talloc_free(addresses);
    return people;
}

static void read_settings(const void *owner, const struct db_row *row, int64_t recipient_id,
                          struct list_settings *out)
{
    *out = (struct list_settings){ .recipient_id = recipient_id,
                                   .organisation_id = db_get_i64(row, 0),
                                   .address = db_copy_text(owner, row, 1),
                                   .name = db_copy_text(owner, row, 2),
                                   .is_list = db_get_bool(row, 3),
                                   .is_moderated = db_get_bool(row, 4),
                                   .hold_days = db_get_i32(row, 6),
                                   .query = db_copy_text(owner, row, 7),
                                   .archive = db_copy_text(owner, row, 12) };
    if (!list_joining_of(db_copy_text(owner, row, 5), &out->joining))
        out->joining = LIST_CLOSED; /* the column's CHECK has no other */
    out->owners = read_people(owner, row, 8, &out->owner_count);
    out->moderators = read_people(owner, row, 10, &out->moderator_count);
}

struct reading {
    const void *owner;
    int64_t recipient_id;
    struct list_settings *out;
};

static bool read_it(struct db *db, void *arg, struct err *err)
{
    struct reading *reading = arg;
    struct db_row row;

    if (!db_one_row(db, reading->owner, SELECT_SETTINGS,
                    DB_ARGS(db_i64(reading->recipient_id), db_i32(LIST_HOLD_DAYS)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "group") : false;
    read_settings(reading->owner, &row, reading->recipient_id, reading->out);
    return true;
}

bool list_get(struct directory *directory, const struct actor *actor, const void *owner, int64_t recipient_id,
              struct list_settings *settings_out, struct err *err)
{
    struct reading reading = { owner, recipient_id, settings_out };

    return act_read(directory, actor, 0, read_it, &reading, err);
}

bool list_load(struct directory *directory, const void *owner, int64_t recipient_id,
               struct list_settings *settings_out, struct err *err)
{
    const struct actor nobody = { .name = "" };

    return list_get(directory, &nobody, owner, recipient_id, settings_out, err);
}

bool list_has_person(struct directory *directory, int64_t list_id, int64_t recipient_id, bool *has_out,
                     struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = true;

    *has_out = false;
    if (recipient_id) {
        ok = look_up_one(directory, scratch, SELECT_IS_PERSON, DB_ARGS(db_i64(list_id), db_i64(recipient_id)),
                         &row, err);
        *has_out = ok && db_get_bool(&row, 0);
    }
    talloc_free(scratch);
    return ok;
}

/* ---- changing */

struct change {
    const struct actor *actor;
    int64_t recipient_id, organisation_id;
    unsigned fields;
    const struct list_settings *wanted;
    void *scratch;
};

static json_t *people_json(const struct list_person *people, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(people[i].address));
    return list;
}

static json_t *describe(const struct list_settings *s, unsigned fields)
{
    json_t *json = json_object();

    if (fields & LIST_IS_LIST)
        json_object_set_new(json, "list", json_boolean(s->is_list));
    if (fields & LIST_IS_MODERATED)
        json_object_set_new(json, "moderated", json_boolean(s->is_moderated));
    if (fields & LIST_JOINING)
        json_object_set_new(json, "joining", json_string(list_joining_name(s->joining)));
    if (fields & LIST_HOLD)
        json_object_set_new(json, "hold_days", json_integer(s->hold_days));
    if (fields & LIST_QUERY)
        json_object_set_new(json, "query", s->query ? json_string(s->query) : json_null());
    if (fields & LIST_ARCHIVE)
        json_object_set_new(json, "archive", s->archive ? json_string(s->archive) : json_null());
    if (fields & LIST_OWNERS)
        json_object_set_new(json, "owners", people_json(s->owners, s->owner_count));
    if (fields & LIST_MODERATORS)
        json_object_set_new(json, "moderators", people_json(s->moderators, s->moderator_count));
    return json;
}

static void merge(struct list_settings *to, const struct list_settings *wanted, unsigned fields)
{
    if (fields & LIST_IS_LIST)
        to->is_list = wanted->is_list;
    if (fields & LIST_IS_MODERATED)
        to->is_moderated = wanted->is_moderated;
    if (fields & LIST_JOINING)
        to->joining = wanted->joining;
    if (fields & LIST_HOLD)
        to->hold_days = wanted->hold_days;
    if (fields & LIST_QUERY)
        to->query = wanted->query;
    if (fields & LIST_ARCHIVE)
        to->archive = wanted->archive;
}

static bool write_people(struct db *db, struct change *change, const char *role,
                         const struct list_person *people, size_t count, struct err *err)
{
    struct span *addresses = talloc_array(change->scratch, struct span, (unsigned)count + 1);
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        if (!recipient_find_target(db, change->scratch, people[i].address, &ids[i], &addresses[i], err))
            return false;
    return db_exec(db, DELETE_PEOPLE, DB_ARGS(db_i64(change->recipient_id), db_text(role)), NULL, err) &&
           db_exec(db, INSERT_PEOPLE,
                   DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id), db_text(role),
                           db_i64_array(ids, count), db_text_array(addresses, count)),
                   NULL, err);
}

static bool write_all_people(struct db *db, struct change *change, struct err *err)
{
    const struct list_settings *wanted = change->wanted;

    return (!(change->fields & LIST_OWNERS) ||
            write_people(db, change, "owner", wanted->owners, wanted->owner_count, err)) &&
           (!(change->fields & LIST_MODERATORS) ||
            write_people(db, change, "moderator", wanted->moderators, wanted->moderator_count, err));
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct list_settings now, next, after;
    struct reading reading = { change->scratch, change->recipient_id, &now };
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK, DB_ARGS(db_i64(change->recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "group") : false;
    if (!read_it(db, &reading, err))
        return false;
    next = now;
    merge(&next, change->wanted, change->fields);
    if (!db_exec(db, UPSERT,
                 DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id), db_bool(next.is_list),
                         db_bool(next.is_moderated), db_text(list_joining_name(next.joining)),
                         db_i32(next.hold_days), db_text(next.query), db_text(next.archive)),
                 NULL, err) ||
        !write_all_people(db, change, err) ||
        !db_exec(db, TOUCH, DB_ARGS(db_i64(change->recipient_id), db_i64(clock_now_us())), NULL, err))
        return false;
    reading.out = &after;
    if (!read_it(db, &reading, err))
        return false;
    if (after.is_moderated && after.moderator_count + after.owner_count == 0)
        return err_set(err, ERR_INVALID, "A moderated group needs a moderator or an owner.");
    return audit_write(db, change->actor, change->organisation_id, "group.list", now.address,
                       describe(&now, change->fields), describe(&after, change->fields), err);
}

/* It stands between < and > in a header line. */
static bool is_archive(const char *address)
{
    const char *p = address;

    if (!g_str_has_prefix(p, "https://") && !g_str_has_prefix(p, "http://") &&
        !g_str_has_prefix(p, "mailto:"))
        return false;
    while (*p > ' ' && *p < 127 && *p != '<' && *p != '>' && *p != ',')
        p++;
    return !*p && p - address <= LIST_ARCHIVE_MAX;
}

static bool check(unsigned fields, const struct list_settings *wanted, struct err *err)
{
    if ((fields & LIST_HOLD) && (wanted->hold_days < 1 || wanted->hold_days > LIST_HOLD_DAYS_MAX))
        return err_set(err, ERR_INVALID, "Messages are held for 1 to %d days.", LIST_HOLD_DAYS_MAX);
    if (((fields & LIST_OWNERS) && wanted->owner_count > LIST_PEOPLE_MAX) ||
        ((fields & LIST_MODERATORS) && wanted->moderator_count > LIST_PEOPLE_MAX))
        return err_set(err, ERR_LIMIT, "There are at most %d; a group stands for its members.",
                       LIST_PEOPLE_MAX);
    if ((fields & LIST_ARCHIVE) && wanted->archive && !is_archive(wanted->archive))
        return err_set(
            err, ERR_INVALID,
            "An archive is an address such as https://lists.example.org/staff, of %d characters at most.",
            LIST_ARCHIVE_MAX);
    return !(fields & LIST_QUERY) || !wanted->query || list_query_check(wanted->query, err);
}

bool list_set(struct directory *directory, const struct actor *actor, int64_t recipient_id, unsigned fields,
              const struct list_settings *wanted, struct err *err)
{
    struct change change = {
        .actor = actor, .recipient_id = recipient_id, .fields = fields, .wanted = wanted
    };

    *err = ERR_INIT;
    if (fields == 0)
        return true;
    change.scratch = talloc_new(NULL);
    bool ok =
        check(fields, wanted, err) &&
        act_locate(directory, actor, LOCATE, db_i64(recipient_id), "group", &change.organisation_id, err) &&
        act_in(directory, actor, change.organisation_id, set, &change, err);
    talloc_free(change.scratch);
    return ok;
}

/* ---- leaving by a token */

struct leaving {
    const struct actor *actor;
    const void *owner;
    int64_t list_id, organisation_id;
    uint64_t member;
    const char *address;
};

static bool leave(struct db *db, void *arg, struct err *err)
{
    struct leaving *leaving = arg;
    struct actor actor = *leaving->actor;
    struct db_rows *rows;
    struct db_row row, list;
    int32_t position = 0;

    leaving->address = NULL;
    if (!db_query(db, leaving->owner, LOCK, DB_ARGS(db_i64(leaving->list_id)), &rows, err) ||
        !db_query(db, leaving->owner, SELECT_MEMBERS, DB_ARGS(db_i64(leaving->list_id)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row) && !leaving->address; i++) {
        const char *address = db_copy_text(leaving->owner, &row, 2);

        if (link_member(db_get_i64(&row, 1), address) != leaving->member)
            continue;
        leaving->address = address;
        position = db_get_i32(&row, 0);
        actor.recipient_id = db_get_i64(&row, 1);
    }
    if (!leaving->address)
        return true;
    actor.name = leaving->address;
    return db_one_row(db, leaving->owner, SELECT_ADDRESS, DB_ARGS(db_i64(leaving->list_id)), &list, err) &&
           db_exec(db, DELETE_MEMBER, DB_ARGS(db_i64(leaving->list_id), db_i32(position)), NULL, err) &&
           db_exec(db, TOUCH, DB_ARGS(db_i64(leaving->list_id), db_i64(clock_now_us())), NULL, err) &&
           audit_write(db, &actor, leaving->organisation_id, "group.member-remove",
                       db_copy_text(leaving->owner, &list, 0), NULL,
                       json_pack("{s:s, s:s}", "member", leaving->address, "by", "link"), err);
}

bool list_leave(struct directory *directory, const struct actor *actor, const void *owner, int64_t list_id,
                uint64_t member, const char **address_out, struct err *err)
{
    struct leaving leaving = { .actor = actor, .owner = owner, .list_id = list_id, .member = member };

    *address_out = NULL;
    if (!act_locate(directory, actor, LOCATE, db_i64(list_id), "group", &leaving.organisation_id, err))
        return err->kind == ERR_NOT_FOUND;
    if (!act_in(directory, actor, leaving.organisation_id, leave, &leaving, err))
        return false;
    *address_out = leaving.address;
    return true;
}

/* ---- requests */

static bool run(struct directory *directory, const char *sql, struct db_args args, struct err *err)
{
    struct db *db;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool ok = db_exec(db, sql, args, NULL, err);
    db_release(&db);
    return ok;
}

bool list_request_add(struct directory *directory, int64_t list_id, const char *address, bool leaves,
                      bool is_confirmed, int64_t *request_id_out, struct err *err)
{
    int64_t expires_us = clock_now_us() + LIST_REQUEST_DAYS * 86400 * US_PER_S;
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    bool ok = look_up(directory, scratch, INSERT_REQUEST,
                      DB_ARGS(db_i64(list_id), db_text(address), db_bool(leaves), db_bool(is_confirmed),
                              db_i64(expires_us), db_i64(LIST_REQUESTS_MAX),
                              db_i64(LIST_REQUEST_AGAIN_S * US_PER_S)),
                      &rows, err);

    if (ok && !db_rows_at(rows, 0, &row))
        ok = err_set(err, ERR_LIMIT, "It was asked a moment ago, or too many people wait for an answer.");
    if (ok)
        *request_id_out = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool list_request_find(struct directory *directory, const void *owner, int64_t request_id,
                       struct list_request *request_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, SELECT_REQUEST, DB_ARGS(db_i64(request_id), db_i64(clock_now_us())),
                     &row, err))
        return false;
    *request_out = (struct list_request){ .request_id = db_get_i64(&row, 0),
                                          .list_id = db_get_i64(&row, 1),
                                          .address = db_copy_text(owner, &row, 2),
                                          .is_confirmed = db_get_bool(&row, 3),
                                          .leaves = db_get_bool(&row, 4) };
    return true;
}

bool list_request_confirm(struct directory *directory, int64_t request_id, struct err *err)
{
    return run(directory, CONFIRM_REQUEST, DB_ARGS(db_i64(request_id)), err);
}

bool list_request_remove(struct directory *directory, int64_t request_id, struct err *err)
{
    return run(directory, DELETE_REQUEST, DB_ARGS(db_i64(request_id)), err);
}

bool list_request_tidy(struct directory *directory, int64_t now_us, struct err *err)
{
    return run(directory, DELETE_ENDED, DB_ARGS(db_i64(now_us)), err);
}
