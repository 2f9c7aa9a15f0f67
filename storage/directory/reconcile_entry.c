/*
 * reconcile_entry.c -- one entry of a company directory: what its recipient should be, whether it can, and writing it.
 */
#include "base/clock.h"
#include "directory/reconcile_work.h"
#include "directory/role.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

static const char SELECT_TAKEN[] =
    "SELECT a.address, a.recipient_id, r.source_id IS NOT NULL, r.kind,"
    "       EXISTS (SELECT FROM directory_entry e WHERE e.recipient_id = a.recipient_id AND e.missing_us > 0)"
    "  FROM address a JOIN recipient r USING (recipient_id) WHERE a.address = ANY ($1) AND a.recipient_id <> $2 LIMIT 1";
static const char SELECT_TWIN[] =
    "SELECT dn FROM directory_entry WHERE organisation_id = $1 AND principal = $2 AND kind = 'user' AND missing_us = 0"
    "   AND (source_id, entry_key) <> ($3, $4) ORDER BY dn LIMIT 1";

static const char INSERT_RECIPIENT[] =
    "INSERT INTO recipient (recipient_id, organisation_id, administrative_group_id, kind, state, name, storage_group_id,"
    "                       store_id, mailbox_id, created_us, changed_us, source_id)"
    " SELECT n.id, $1, coalesce((SELECT d.administrative_group_id FROM domain d WHERE d.domain_id = $2),"
    "        (SELECT min(administrative_group_id) FROM administrative_group WHERE organisation_id = $1)),"
    "        $3, $4, $5, nullif($6, 0), nullif($7, 0), CASE WHEN $7 <> 0 THEN n.id END, $8, $8, $9"
    "   FROM (SELECT nextval('recipient_recipient_id_seq') AS id) n RETURNING recipient_id";
static const char UPDATE_RECIPIENT[] =
    "UPDATE recipient SET name = $2, state = $3, changed_us = $4, source_id = $5, stamp = stamp + 1"
    " WHERE recipient_id = $1";

static const char DROP_ADDRESSES[] =
    "DELETE FROM address WHERE recipient_id = $1 AND NOT (address = ANY ($2))";
static const char UNSET_PRIMARY[] =
    "UPDATE address SET is_primary = false WHERE recipient_id = $1 AND is_primary AND address <> $2";
static const char PUT_ADDRESSES[] =
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)"
    " SELECT $1, n.domain, $2, n.address, n.address = $5 FROM unnest($3, $4) AS n (domain, address)"
    " ON CONFLICT (address) DO UPDATE SET is_primary = excluded.is_primary WHERE address.recipient_id = $2";

static const char PUT_TARGET[] =
    "INSERT INTO recipient_target (recipient_id, organisation_id, position, target_address) VALUES ($1, $2, 1, $3)"
    " ON CONFLICT (recipient_id, position) DO UPDATE SET target_address = excluded.target_address,"
    "    target_recipient_id = NULL";

/* The photo goes from table to table, and never through here. */
static const char PUT_PERSON[] =
    "INSERT INTO recipient_person (recipient_id, organisation_id, given_name, surname, initials, title, department, company, office,"
    "    street, city, postal_code, state, country, phone, mobile, fax, notes, extension, photo)"
    " SELECT $1, e.organisation_id, p.given_name, p.surname, p.initials, p.title, p.department, p.company, p.office, p.street, p.city,"
    "        p.postal_code, p.state, p.country, p.phone, p.mobile, p.fax, p.notes, coalesce(p.extension, '{}'), e.photo"
    "   FROM directory_entry e CROSS JOIN LATERAL jsonb_populate_record(NULL::recipient_person,"
    "        '{\"given_name\": \"\", \"surname\": \"\", \"initials\": \"\", \"title\": \"\", \"department\": \"\", \"company\": \"\", \"office\": \"\","
    "          \"street\": \"\", \"city\": \"\", \"postal_code\": \"\", \"state\": \"\", \"country\": \"\", \"phone\": \"\","
    "          \"mobile\": \"\", \"fax\": \"\", \"notes\": \"\"}'::jsonb || e.person) p"
    "  WHERE e.source_id = $2 AND e.entry_key = $3"
    " ON CONFLICT (recipient_id) DO UPDATE SET given_name = excluded.given_name, surname = excluded.surname,"
    "    initials = excluded.initials, title = excluded.title, department = excluded.department, company = excluded.company, office = excluded.office,"
    "    street = excluded.street, city = excluded.city, postal_code = excluded.postal_code, state = excluded.state,"
    "    country = excluded.country, phone = excluded.phone, mobile = excluded.mobile, fax = excluded.fax,"
    "    notes = excluded.notes, extension = excluded.extension, photo = excluded.photo";

static const char SETTLE[] =
    "WITH solved AS (DELETE FROM directory_conflict WHERE source_id = $1 AND entry_key = $2)"
    " UPDATE directory_entry SET is_due = false, waits_us = 0, write_due = true, recipient_id = nullif($3, 0),"
    "        groups_due = groups_due OR kind = 'group' OR recipient_id IS DISTINCT FROM nullif($3, 0)"
    "  WHERE source_id = $1 AND entry_key = $2";
static const char PUT_CONFLICT[] =
    "WITH others AS (DELETE FROM directory_conflict WHERE source_id = $1 AND entry_key = $3 AND what <> $5),"
    "     waiting AS (UPDATE directory_entry SET is_due = false, waits_us = $7 WHERE source_id = $1 AND entry_key = $3)"
    " INSERT INTO directory_conflict (source_id, organisation_id, entry_key, dn, what, message, since_us, run_id)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (source_id, entry_key, what) DO UPDATE SET dn = excluded.dn, message = excluded.message,"
    "    run_id = excluded.run_id";

static const char *const recipient_kinds[MIRROR_KINDS] = { "user", "contact", "group" };

/* What is to become of an entry. */
struct plan {
    const struct due *due;
    struct due_address *addresses; /* in our domains; the primary one first */
    size_t address_count;
    const char *name, *state;
};

/* ---- conflicts */

static bool conflict(struct db *db, struct reconcile_work *work, const struct due *due, const char *what,
                     const char *message, struct err *err)
{
    const struct source *source = work->options->source;

    work->conflicts++;
    reconcile_note(work, "conflict", due, message);
    return db_queue(db, PUT_CONFLICT,
                    DB_ARGS(db_i64(source->source_id), db_i64(source->organisation_id), db_text(due->key),
                            db_text(due->dn), db_text(what), db_text(message), db_i64(clock_now_us()),
                            db_i64(work->run->run_id)),
                    err);
}

static bool settle(struct db *db, struct reconcile_work *work, const struct due *due, int64_t recipient_id,
                   struct err *err)
{
    return db_queue(
        db, SETTLE,
        DB_ARGS(db_i64(work->options->source->source_id), db_text(due->key), db_i64(recipient_id)), err);
}

/* ---- addresses */

static const struct domain_row *find_domain(const struct reconcile_work *work, const char *name)
{
    for (size_t i = 0; i < work->domain_count; i++)
        if (work->domains[i].has_addresses && strcmp(work->domains[i].name, name) == 0)
            return &work->domains[i];
    return NULL;
}

static bool has_address(const struct plan *plan, const char *key)
{
    for (size_t i = 0; i < plan->address_count; i++)
        if (strcmp(plan->addresses[i].key, key) == 0)
            return true;
    return false;
}

/* Further addresses in domains that are not ours are the directory's own business; the primary one must be here. */
static const char *read_addresses(struct reconcile_work *work, const struct due *due, struct plan *plan,
                                  const char **what)
{
    plan->addresses = talloc_zero_array(work->scratch, struct due_address, (unsigned)due->address_count + 1);
    for (size_t i = 0; i < due->address_count; i++) {
        struct err fault = ERR_INIT;
        const struct domain_row *domain;
        char *key, *name;
        if (!address_canonical(work->scratch, due->addresses[i], &key, &name, &fault)) {
            *what = "bad-address";
            return talloc_asprintf(work->scratch, "%s Correct it in the directory.", fault.user);
        }
        domain = find_domain(work, name);
        if (domain && !has_address(plan, key))
            plan->addresses[plan->address_count++] = (struct due_address){ key, domain->domain_id };
        if (i == 0 && !domain) {
            *what = "foreign-domain";
            return talloc_asprintf(
                work->scratch,
                "The domain of %.100s is none that this source has here. Add the domain, or "
                "change the address in the directory.",
                due->addresses[i]);
        }
    }
    return NULL;
}

static struct db_value keys_of(const struct reconcile_work *work, const struct plan *plan)
{
    struct span *keys = talloc_array(work->scratch, struct span, (unsigned)plan->address_count + 1);

    for (size_t i = 0; i < plan->address_count; i++)
        keys[i] = span_text(plan->addresses[i].key);
    return db_text_array(keys, plan->address_count);
}

/* Does another recipient of this batch give the address up? Its turn is still to come. */
static bool is_given_up(const struct reconcile_work *work, int64_t recipient_id, const char *key)
{
    for (size_t i = 0; i < work->batch_count; i++) {
        const struct due *other = &work->batch[i];
        if (other->recipient_id != recipient_id || other->is_missing || *other->fault)
            continue;
        for (size_t k = 0; k < other->address_count; k++)
            if (strcasecmp(other->addresses[k], key) == 0)
                return false;
        return true;
    }
    return false;
}

static const char DROP_ONE[] =
    "DELETE FROM address WHERE recipient_id = $1 AND address = $2 AND NOT is_primary";

/* Who has one of the addresses: a conflict, or, where he gives a further one up in this batch, nobody any more. */
static bool look_who_has(struct db *db, struct reconcile_work *work, const struct plan *plan,
                         const char **message_out, struct err *err)
{
    const char *address;
    struct db_rows *rows;
    struct db_row row;
    uint64_t dropped;

    *message_out = NULL;
    for (int i = 0; i < MIRROR_ADDRESSES_MAX; i++) {
        if (!db_query(db, work->scratch, SELECT_TAKEN,
                      DB_ARGS(keys_of(work, plan), db_i64(plan->due->recipient_id)), &rows, err))
            return false;
        if (!db_rows_at(rows, 0, &row))
            return true;
        address = db_copy_text(work->scratch, &row, 0);
        dropped = 0;
        if (is_given_up(work, db_get_i64(&row, 1), address) &&
            !db_exec(db, DROP_ONE, DB_ARGS(db_i64(db_get_i64(&row, 1)), db_text(address)), &dropped, err))
            return false;
        if (dropped)
            continue;
        *message_out = talloc_asprintf(
            work->scratch,
            db_get_bool(&row, 4)
                ? "The address %s belongs to the mailbox of an entry that is gone. Give it to this one "
                  "(chappe directory link), or remove that recipient."
            : db_get_bool(&row, 2)
                ? "The address %s belongs to another entry of a directory. Take it away from one of both."
                : "The address %s belongs to a recipient that was made here. Give it to this entry (chappe "
                  "directory link), or give that recipient another address.",
            address);
        return true;
    }
    return true;
}

static bool look_for_twin(struct db *db, struct reconcile_work *work, const struct due *due,
                          const char **message_out, struct err *err)
{
    const struct source *source = work->options->source;
    struct db_rows *rows;
    struct db_row row;

    *message_out = NULL;
    if (due->kind != MIRROR_USER || !*due->principal)
        return true;
    if (!db_query(db, work->scratch, SELECT_TWIN,
                  DB_ARGS(db_i64(source->organisation_id), db_text(due->principal), db_i64(source->source_id),
                          db_text(due->key)),
                  &rows, err))
        return false;
    if (db_rows_at(rows, 0, &row))
        *message_out =
            talloc_asprintf(work->scratch, "The principal name %s is also that of %s. Change one of both.",
                            due->principal, db_copy_text(work->scratch, &row, 0));
    return true;
}

/* ---- writing */

static bool insert_addresses(struct db *db, struct reconcile_work *work, const struct plan *plan,
                             int64_t recipient_id, struct err *err)
{
    int64_t *domains = talloc_array(work->scratch, int64_t, (unsigned)plan->address_count + 1);

    for (size_t i = 0; i < plan->address_count; i++)
        domains[i] = plan->addresses[i].domain_id;
    return db_queue(db, PUT_ADDRESSES,
                    DB_ARGS(db_i64(work->options->source->organisation_id), db_i64(recipient_id),
                            db_i64_array(domains, plan->address_count), keys_of(work, plan),
                            db_text(plan->addresses[0].key)),
                    err);
}

static bool write_addresses(struct db *db, struct reconcile_work *work, const struct plan *plan,
                            int64_t recipient_id, struct err *err)
{
    return db_queue(db, DROP_ADDRESSES, DB_ARGS(db_i64(recipient_id), keys_of(work, plan)), err) &&
           db_queue(db, UNSET_PRIMARY, DB_ARGS(db_i64(recipient_id), db_text(plan->addresses[0].key)), err) &&
           insert_addresses(db, work, plan, recipient_id, err);
}

static bool write_details(struct db *db, struct reconcile_work *work, const struct plan *plan,
                          int64_t recipient_id, struct err *err)
{
    const struct source *source = work->options->source;

    return db_queue(db, PUT_PERSON,
                    DB_ARGS(db_i64(recipient_id), db_i64(source->source_id), db_text(plan->due->key)), err) &&
           (plan->due->kind != MIRROR_CONTACT ||
            db_queue(
                db, PUT_TARGET,
                DB_ARGS(db_i64(recipient_id), db_i64(source->organisation_id), db_text(plan->due->target)),
                err));
}

static json_t *addresses_json(const struct plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->address_count; i++)
        json_array_append_new(list, json_string(plan->addresses[i].key));
    return list;
}

static void audit(struct reconcile_work *work, const struct plan *plan, const char *verb)
{
    const struct due *due = plan->due;
    json_t *before = NULL;

    if (due->recipient_id) {
        json_t *list = json_array();
        for (size_t i = 0; i < due->recipient_address_count; i++)
            json_array_append_new(list, json_string(due->recipient_addresses[i]));
        before = json_pack("{s:s, s:s, s:o}", "name", due->recipient_name, "state", due->recipient_state,
                           "addresses", list);
    }
    reconcile_audit(work, talloc_asprintf(work->scratch, "%s.%s", recipient_kinds[due->kind], verb),
                    plan->address_count            ? plan->addresses[0].key
                    : due->recipient_address_count ? due->recipient_addresses[0]
                                                   : due->dn,
                    before,
                    json_pack("{s:s, s:s, s:o, s:s}", "name", plan->name, "state", plan->state, "addresses",
                              addresses_json(plan), "directory", due->dn));
}

static struct store_row *choose_store(struct reconcile_work *work, const char *name)
{
    struct store_row *best = NULL;

    for (size_t i = 0; i < work->store_count; i++) {
        struct store_row *store = &work->stores[i];
        if (*name && strcmp(store->name, name) != 0)
            continue;
        if (!best || store->is_own > best->is_own ||
            (store->is_own == best->is_own &&
             store->mailboxes + store->added < best->mailboxes + best->added))
            best = store;
    }
    return best;
}

static const char *no_store(struct reconcile_work *work, const struct due *due)
{
    return *due->placement ? talloc_asprintf(work->scratch,
                                             "The store %.100s, which the source's placement names, takes no "
                                             "mailbox. Make it, or change the placement.",
                                             due->placement)
                           : "There is no store that could take the mailbox. Make one, or mount one.";
}

static bool add(struct db *db, struct reconcile_work *work, const struct plan *plan, struct err *err)
{
    const struct source *source = work->options->source;
    const struct due *due = plan->due;
    struct store_row *store = due->kind == MIRROR_USER ? choose_store(work, due->placement) : NULL;
    struct db_row row;

    if (due->kind == MIRROR_USER && !store)
        return conflict(db, work, due, "no-store", no_store(work, due), err);
    if (!db_one_row(db, work->scratch, INSERT_RECIPIENT,
                    DB_ARGS(db_i64(source->organisation_id), db_i64(plan->addresses[0].domain_id),
                            db_text(recipient_kinds[due->kind]), db_text(plan->state), db_text(plan->name),
                            db_i64(store ? store->storage_group_id : 0), db_i64(store ? store->store_id : 0),
                            db_i64(clock_now_us()), db_i64(source->source_id)),
                    &row, err))
        return false;
    work->added++;
    audit(work, plan, "add");
    reconcile_note(work, "add", due, plan->addresses[0].key);
    if (store)
        store->added++;
    return insert_addresses(db, work, plan, db_get_i64(&row, 0), err) &&
           write_details(db, work, plan, db_get_i64(&row, 0), err) &&
           settle(db, work, due, db_get_i64(&row, 0), err);
}

static bool is_same(const struct plan *plan)
{
    const struct due *due = plan->due;

    if (strcmp(plan->name, due->recipient_name) != 0 || strcmp(plan->state, due->recipient_state) != 0 ||
        plan->address_count != due->recipient_address_count ||
        strcmp(plan->addresses[0].key, due->recipient_addresses[0]) != 0)
        return false;
    for (size_t i = 0; i < due->recipient_address_count; i++)
        if (!has_address(plan, due->recipient_addresses[i]))
            return false;
    return true;
}

static bool change(struct db *db, struct reconcile_work *work, const struct plan *plan, struct err *err)
{
    const struct due *due = plan->due;
    bool same = is_same(plan),
         is_ending = strcmp(plan->state, "disabled") == 0 && strcmp(due->recipient_state, "disabled") != 0;

    if (is_ending)
        work->disabled++;
    else
        work->changed++;
    if (!same)
        audit(work, plan, "set");
    reconcile_note(work, is_ending ? "disable" : "change", due,
                   plan->address_count ? plan->addresses[0].key : "");
    return (same || db_queue(db, UPDATE_RECIPIENT,
                             DB_ARGS(db_i64(due->recipient_id), db_text(plan->name), db_text(plan->state),
                                     db_i64(clock_now_us()), db_i64(work->options->source->source_id)),
                             err)) &&
           (same || write_addresses(db, work, plan, due->recipient_id, err)) &&
           write_details(db, work, plan, due->recipient_id, err) &&
           settle(db, work, due, due->recipient_id, err);
}

/* Gone, or not wanted any more: disabled as it is. */
static bool disable(struct db *db, struct reconcile_work *work, const struct due *due, struct err *err)
{
    struct plan plan = { .due = due, .name = due->recipient_name, .state = "disabled" };
    struct err last = ERR_INIT;

    if (strcmp(due->recipient_state, "disabled") == 0)
        return settle(db, work, due, due->recipient_id, err);
    if (!role_let_go(work->options->directory, due->recipient_id, &last))
        return conflict(db, work, due, "last-administrator", last.user, err);
    work->disabled++;
    audit(work, &plan, "set");
    reconcile_note(work, "disable", due, due->recipient_address_count ? due->recipient_addresses[0] : "");
    return db_queue(db, UPDATE_RECIPIENT,
                    DB_ARGS(db_i64(due->recipient_id), db_text(due->recipient_name), db_text("disabled"),
                            db_i64(clock_now_us()), db_i64(work->options->source->source_id)),
                    err) &&
           settle(db, work, due, due->recipient_id, err);
}

/* Is it a recipient at all? Groups and contacts without an address of ours are only what other groups are made of; users without
 * any get no mailbox by themselves. */
static bool is_wanted(const struct reconcile_work *work, const struct due *due)
{
    char *key, *domain;
    struct err fault = ERR_INIT;

    if (due->is_missing || (due->kind == MIRROR_USER && !due->gets_mailbox))
        return false;
    if (*due->fault)
        return true;
    if (due->kind == MIRROR_USER)
        return due->address_count > 0 || source_mailboxes(work->options->source) != MAILBOXES_ALL;
    if (due->address_count == 0)
        return false;
    return due->kind == MIRROR_GROUP ||
           !address_canonical(work->scratch, due->addresses[0], &key, &domain, &fault) ||
           find_domain(work, domain) != NULL;
}

/* The first thing that stands in the way; NULL: nothing does. */
static bool find_conflict(struct db *db, struct reconcile_work *work, const struct due *due,
                          struct plan *plan, const char **what, const char **message, struct err *err)
{
    *what = "bad-entry";
    *message = *due->fault ? due->fault : NULL;
    if (*message)
        return true;
    *what = "no-address";
    if (due->address_count == 0) {
        *message = "The entry has no mail address. Give it one, or take it out of the rule for mailboxes.";
        return true;
    }
    *message = read_addresses(work, due, plan, what);
    if (*message)
        return true;
    *what = "duplicate-principal";
    if (!look_for_twin(db, work, due, message, err) || *message)
        return err->kind == ERR_NONE;
    *what = "address-taken";
    return look_who_has(db, work, plan, message, err);
}

/* A name as check_name() wants it. */
static const char *clean_name(struct reconcile_work *work, const struct due *due)
{
    struct err fault = ERR_INIT;
    char *cut = talloc_strdup(work->scratch, due->name);

    g_utf8_strncpy(cut, due->name, 100);
    return check_name(cut, "recipient", &fault) ? cut : due->addresses[0];
}

bool reconcile_entry(struct db *db, struct reconcile_work *work, const struct due *due, struct err *err)
{
    struct plan plan = { .due = due, .state = due->is_enabled ? "active" : "disabled" };
    const char *what, *message = NULL;

    if (!is_wanted(work, due))
        return due->recipient_id ? disable(db, work, due, err) : settle(db, work, due, 0, err);
    if (!find_conflict(db, work, due, &plan, &what, &message, err))
        return false;
    if (message)
        return conflict(db, work, due, what, message, err);
    plan.name = clean_name(work, due);
    if (!due->recipient_id)
        return add(db, work, &plan, err);
    return !due->is_enabled && strcmp(due->recipient_state, "disabled") != 0 ? disable(db, work, due, err)
                                                                             : change(db, work, &plan, err);
}
