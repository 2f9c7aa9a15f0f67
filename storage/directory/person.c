/* person.c -- rows of recipient_person, read and written whole. */
#include "directory/person.h"

#include "base/clock.h"
#include "directory/act.h"
#include "directory/source_guard.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* Columns are named as the fields, but for one: recipients have a state of another kind. */
static const struct {
    const char *name, *column;
    bool has_lines;
} fields[PERSON_FIELDS] = {
    [PERSON_GIVEN_NAME] = { "given_name", "given_name" },
    [PERSON_SURNAME] = { "surname", "surname" },
    [PERSON_INITIALS] = { "initials", "initials" },
    [PERSON_TITLE] = { "title", "title" },
    [PERSON_DEPARTMENT] = { "department", "department" },
    [PERSON_COMPANY] = { "company", "company" },
    [PERSON_OFFICE] = { "office", "office" },
    [PERSON_STREET] = { "street", "street", true },
    [PERSON_CITY] = { "city", "city" },
    [PERSON_POSTAL_CODE] = { "postal_code", "postal_code" },
    [PERSON_REGION] = { "region", "state" },
    [PERSON_COUNTRY] = { "country", "country" },
    [PERSON_PHONE] = { "phone", "phone" },
    [PERSON_MOBILE] = { "mobile", "mobile" },
    [PERSON_FAX] = { "fax", "fax" },
    [PERSON_NOTES] = { "notes", "notes", true },
    [PERSON_MANAGER] = { "manager", NULL },
};

/* In the order of the fields, from column 4 on. */
static const char SELECT_PEOPLE[] =
    "SELECT r.recipient_id, r.kind, a.address, coalesce(d.manager_id, 0),"
    "       d.given_name, d.surname, d.initials, d.title, d.department, d.company, d.office, d.street, d.city,"
    "       d.postal_code, d.state, d.country, d.phone, d.mobile, d.fax, d.notes, m.address"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    "  LEFT JOIN recipient_person d ON d.recipient_id = r.recipient_id"
    "  LEFT JOIN address m ON m.recipient_id = d.manager_id AND m.is_primary"
    " WHERE r.recipient_id = ANY ($1)";

/* By the primary key, in its order, lest two lock each other. */
static const char LOCK_PEOPLE[] =
    "SELECT FROM recipient WHERE recipient_id = ANY ($1) ORDER BY recipient_id FOR UPDATE";

static const char SELECT_MANAGERS[] =
    "SELECT a.address, a.recipient_id FROM address a JOIN recipient r USING (recipient_id)"
    " WHERE a.address = ANY ($1) AND a.organisation_id = $2 AND r.kind IN ('user', 'contact')";

static const char PUT_PEOPLE[] =
    "INSERT INTO recipient_person (recipient_id, organisation_id, given_name, surname, initials, title, department, company,"
    "    office, street, city, postal_code, state, country, phone, mobile, fax, notes, manager_id)"
    " SELECT n.recipient_id, $1, n.given_name, n.surname, n.initials, n.title, n.department, n.company, n.office, n.street,"
    "        n.city, n.postal_code, n.state, n.country, n.phone, n.mobile, n.fax, n.notes, nullif(n.manager_id, 0)"
    "   FROM jsonb_populate_recordset(NULL::recipient_person, $2) n"
    " ON CONFLICT (recipient_id) DO UPDATE SET given_name = excluded.given_name, surname = excluded.surname,"
    "    initials = excluded.initials, title = excluded.title, department = excluded.department,"
    "    company = excluded.company, office = excluded.office, street = excluded.street, city = excluded.city,"
    "    postal_code = excluded.postal_code, state = excluded.state, country = excluded.country,"
    "    phone = excluded.phone, mobile = excluded.mobile, fax = excluded.fax, notes = excluded.notes,"
    "    manager_id = excluded.manager_id";

static const char TOUCH[] =
    "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = ANY ($1)";

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";

const char *person_field_name(enum person_field field)
{
    return fields[field].name;
}

bool person_is_said(const struct person *person)
{
    for (int i = 0; i < PERSON_FIELDS; i++)
        if (person->values[i])
            return true;
    return false;
}

static bool is_clean(const char *text, bool has_lines)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)) && !(has_lines && (*p == '\n' || *p == '\r')))
            return false;
    return true;
}

bool person_check(const struct person *person, struct err *err)
{
    for (int i = 0; i < PERSON_FIELDS; i++) {
        const char *text = person->values[i];
        if (!text)
            continue;
        if (!g_utf8_validate(text, -1, NULL) || !is_clean(text, fields[i].has_lines))
            return err_set(err, ERR_INVALID, "The %s is text without control characters.", fields[i].name);
        if (g_utf8_strlen(text, -1) > PERSON_TEXT_MAX)
            return err_set(err, ERR_INVALID, "The %s has at most %d characters.", fields[i].name,
                           PERSON_TEXT_MAX);
    }
    return true;
}

/* ---- reading */

/* One of those that are read or changed. */
struct subject {
    int64_t recipient_id, manager_id;
    bool is_there; /* and of a kind that is somebody or something */
    const char *kind, *address;
    const struct person *wanted;
    struct person now, next;
    struct err *fault; /* of what is left out; NULL: nothing may be */
};

static void read_row(const void *owner, const struct db_row *row, struct subject *out)
{
    out->is_there =
        !span_equals_text(db_get_text(row, 1), "group") && !span_equals_text(db_get_text(row, 1), "alias");
    out->kind = db_copy_text(owner, row, 1);
    out->address = db_copy_text(owner, row, 2);
    out->manager_id = db_get_i64(row, 3);
    for (int i = 0; i < PERSON_FIELDS; i++)
        out->now.values[i] = db_is_null(row, 4 + i) ? "" : db_copy_text(owner, row, 4 + i);
}

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct subject *)a)->recipient_id, y = ((const struct subject *)b)->recipient_id;

    return x < y ? -1 : x > y;
}

struct change {
    const struct actor *actor;
    int64_t organisation_id;
    const void *scratch; /* of what is read */
    struct subject *subjects;
    size_t count;
};

static struct db_value ids_of(const struct change *change)
{
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)change->count + 1);

    for (size_t i = 0; i < change->count; i++)
        ids[i] = change->subjects[i].recipient_id;
    return db_i64_array(ids, change->count);
}

static bool read_people(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, change->scratch, SELECT_PEOPLE, DB_ARGS(ids_of(change)), &rows, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        struct subject wanted = { .recipient_id = db_get_i64(&row, 0) };
        struct subject *subject = bsearch(&wanted, change->subjects, change->count, sizeof wanted, by_id);
        if (subject)
            read_row(change->scratch, &row, subject);
    }
    for (size_t i = 0; i < change->count; i++)
        if (!change->subjects[i].is_there)
            return not_found(err, "recipient");
    return true;
}

bool person_get(struct directory *directory, const struct actor *actor, const void *owner,
                int64_t recipient_id, struct person *person_out, struct err *err)
{
    struct subject subject = { .recipient_id = recipient_id };
    struct change change = { .scratch = owner, .subjects = &subject, .count = 1 };

    *err = ERR_INIT;
    if (!act_read(directory, actor, 0, read_people, &change, err))
        return false;
    *person_out = subject.now;
    return true;
}

/* ---- writing */

static bool differs(const struct subject *subject, int field)
{
    return strcmp(subject->now.values[field], subject->next.values[field]) != 0;
}

/* What is said over what there is; what a directory owns must stay. */
static bool merge(struct db *db, struct subject *subject, struct err *err)
{
    for (int i = 0; i < PERSON_FIELDS; i++) {
        subject->next.values[i] =
            subject->wanted->values[i] ? subject->wanted->values[i] : subject->now.values[i];
        if (i != PERSON_MANAGER && differs(subject, i) &&
            !source_guard(db, subject->recipient_id, OWNED_FIELD, fields[i].name, err))
            return false;
    }
    return true;
}

/* Where it is said why the manager cannot be; he stays who he was. */
static struct err *refuse_manager(struct subject *subject, struct err *err)
{
    subject->next.values[PERSON_MANAGER] = subject->now.values[PERSON_MANAGER];
    return subject->fault ? subject->fault : err;
}

static bool take_manager(struct db *db, struct change *change, struct subject *subject, GHashTable *known,
                         struct err *err)
{
    const char *wanted = subject->next.values[PERSON_MANAGER];
    const int64_t *id = NULL;
    struct err fault = ERR_INIT;
    char *key, *domain;

    if (!differs(subject, PERSON_MANAGER))
        return true;
    if (!source_guard(db, subject->recipient_id, OWNED_FIELD, "manager", err))
        return false;
    if (*wanted && address_canonical(change->scratch, wanted, &key, &domain, &fault))
        id = g_hash_table_lookup(known, key);
    if (*wanted && !id)
        return err_set(refuse_manager(subject, err), ERR_INVALID,
                       "The manager %.100s is no user or contact of this organisation.", wanted) ||
               subject->fault;
    if (id && *id == subject->recipient_id)
        return err_set(refuse_manager(subject, err), ERR_INVALID, "Nobody is his own manager.") ||
               subject->fault;
    subject->manager_id = id ? *id : 0;
    return true;
}

/* The ids of all managers that are named, by their addresses. */
static bool find_managers(struct db *db, struct change *change, GHashTable *known, struct err *err)
{
    struct span *keys = talloc_array(change->scratch, struct span, (unsigned)change->count + 1);
    struct db_rows *rows;
    struct db_row row;
    size_t count = 0;

    for (size_t i = 0; i < change->count; i++) {
        const char *text = change->subjects[i].wanted->values[PERSON_MANAGER];
        struct err fault = ERR_INIT;
        char *key, *domain;
        if (text && *text && address_canonical(change->scratch, text, &key, &domain, &fault))
            keys[count++] = span_text(key);
    }
    if (count == 0)
        return true;
    if (!act_look(db, ACT_WIDE, err) ||
        !db_query(db, change->scratch, SELECT_MANAGERS,
                  DB_ARGS(db_text_array(keys, count), db_i64(change->organisation_id)), &rows, err) ||
        !act_look(db, ACT_NARROW, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        int64_t *id = talloc(change->scratch, int64_t);
        *id = db_get_i64(&row, 1);
        g_hash_table_insert(known, db_copy_text(change->scratch, &row, 0), id);
    }
    return true;
}

static json_t *row_of(const struct subject *subject)
{
    json_t *row = json_object();

    for (int i = 0; i < PERSON_MANAGER; i++)
        json_object_set_new(row, fields[i].column, json_string(subject->next.values[i]));
    json_object_set_new(row, "recipient_id", json_integer(subject->recipient_id));
    json_object_set_new(row, "manager_id", json_integer(subject->manager_id));
    return row;
}

static bool put(struct db *db, const struct change *change, struct err *err)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < change->count; i++)
        json_array_append_new(rows, row_of(&change->subjects[i]));
    return db_exec(db, PUT_PEOPLE,
                   DB_ARGS(db_i64(change->organisation_id), db_jsonb(json_take_text(change->scratch, rows))),
                   NULL, err) &&
           db_exec(db, TOUCH, DB_ARGS(ids_of(change), db_i64(clock_now_us())), NULL, err);
}

static bool note(struct db *db, const struct change *change, const struct subject *subject, struct err *err)
{
    json_t *before = json_object(), *after = json_object();

    for (int i = 0; i < PERSON_FIELDS; i++)
        if (differs(subject, i)) {
            json_object_set_new(before, fields[i].name, json_string(subject->now.values[i]));
            json_object_set_new(after, fields[i].name, json_string(subject->next.values[i]));
        }
    if (json_object_size(after) == 0) {
        json_decref(before);
        json_decref(after);
        return true;
    }
    return audit_write(db, change->actor, change->organisation_id,
                       strcmp(subject->kind, "contact") == 0 ? "contact.set" : "user.set", subject->address,
                       before, after, err);
}

static bool prepare(struct db *db, struct change *change, GHashTable *managers, struct err *err)
{
    if (!db_exec(db, LOCK_PEOPLE, DB_ARGS(ids_of(change)), NULL, err) || !read_people(db, change, err) ||
        !find_managers(db, change, managers, err))
        return false;
    for (size_t i = 0; i < change->count; i++) {
        if (change->subjects[i].fault)
            *change->subjects[i].fault = ERR_INIT;
        if (!merge(db, &change->subjects[i], err) ||
            !take_manager(db, change, &change->subjects[i], managers, err))
            return false;
    }
    return true;
}

static bool write_people(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    GHashTable *managers = g_hash_table_new(g_str_hash, g_str_equal);
    bool done = prepare(db, change, managers, err) && put(db, change, err);

    for (size_t i = 0; done && i < change->count; i++)
        done = note(db, change, &change->subjects[i], err);
    g_hash_table_destroy(managers);
    return done;
}

bool person_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                const struct person *wanted, struct err *err)
{
    struct subject subject = { .recipient_id = recipient_id, .wanted = wanted };
    struct change change = { .actor = actor, .subjects = &subject, .count = 1 };
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    change.scratch = scratch;
    bool done = person_check(wanted, err) &&
                act_locate(directory, actor, LOCATE, db_i64(recipient_id), "recipient",
                           &change.organisation_id, err) &&
                act_in(directory, actor, change.organisation_id, write_people, &change, err);
    talloc_free(scratch);
    return done;
}

bool person_set_many(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                     const int64_t *recipient_ids, const struct person *wanted, size_t count,
                     struct err *faults_out, struct err *err)
{
    struct change change = { .actor = actor, .organisation_id = organisation_id, .count = count };
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    change.scratch = scratch;
    change.subjects = talloc_zero_array(scratch, struct subject, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        change.subjects[i] = (struct subject){ .recipient_id = recipient_ids[i],
                                               .wanted = &wanted[i],
                                               .fault = &faults_out[i] };
    qsort(change.subjects, count, sizeof *change.subjects, by_id);
    bool done = count == 0 || act_in(directory, actor, organisation_id, write_people, &change, err);
    talloc_free(scratch);
    return done;
}
