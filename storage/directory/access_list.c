/*
 * access_list.c -- block and allow lists: entries made canonical, kept, and read by the filters.
 */
#include "directory/access_list.h"

#include "base/clock.h"
#include "base/net.h"
#include "directory/act.h"
#include "format/address.h"

#include <stdio.h>
#include <talloc.h>

enum { NOTE_MAX = 500 };

static const char *const list_names[ACCESS_LISTS] = { [ACCESS_BLOCK] = "block", [ACCESS_ALLOW] = "allow" };
static const char *const kind_names[ACCESS_KINDS] = {
    [ACCESS_NETWORK] = "network",
    [ACCESS_DOMAIN] = "domain",
    [ACCESS_ADDRESS] = "address",
};

const char *access_list_name(enum access_list list)
{
    return list_names[list];
}

const char *access_kind_name(enum access_kind kind)
{
    return kind_names[kind];
}

static const char INSERT_ENTRY[] =
    "INSERT INTO access_entry (organisation_id, list, kind, value, note, created_us, created_by, expires_us)"
    " VALUES (nullif($1, 0), $2, $3, $4, $5, $6, $7, $8)";

/* An entry that ended makes room for a new one. */
static const char DELETE_ENDED[] =
    "DELETE FROM access_entry"
    " WHERE coalesce(organisation_id, 0) = $1 AND list = $2 AND value = $3 AND expires_us > 0 AND expires_us < $4";

static const char DELETE_ENTRY[] = "DELETE FROM access_entry"
                                   " WHERE coalesce(organisation_id, 0) = $1 AND list = $2 AND value = $3";

static const char TIDY[] =
    "DELETE FROM access_entry WHERE access_entry_id IN"
    " (SELECT access_entry_id FROM access_entry WHERE expires_us > 0 AND expires_us < $1 LIMIT 10000)";

#define SELECT_ENTRY                                                                                         \
    "SELECT coalesce(organisation_id, 0), list, kind, value, note, created_us, expires_us, created_by"       \
    "  FROM access_entry"
static const char SELECT_ENTRIES[] = SELECT_ENTRY
    " WHERE coalesce(organisation_id, 0) = $1 AND list = $2 AND ($3::text IS NULL OR value = $3) ORDER BY value";
static const char SELECT_CURRENT[] = SELECT_ENTRY " WHERE expires_us = 0 OR expires_us > $1";

/* ---- what a value is */

static char *network_text(const void *owner, const struct net_network *network)
{
    struct net_address address = { .port = 0 };
    char text[NET_ADDRESS_TEXT];
    unsigned bits = network->bits, whole = 128;

    memcpy(address.bytes, network->bytes, sizeof address.bytes);
    net_address_text(&address, text);
    if (net_is_ipv4(&address) && bits >= 96) {
        bits -= 96;
        whole = 32;
    }
    return bits == whole ? talloc_strdup(owner, text) : talloc_asprintf(owner, "%s/%u", text, bits);
}

static bool canonical(const void *owner, const char *text, enum access_kind *kind_out, char **value_out,
                      struct err *err)
{
    struct span value = span_trim(span_text(text ? text : ""));
    struct net_network network;
    char *domain;

    if (net_network_parse(value, &network)) {
        *kind_out = ACCESS_NETWORK;
        *value_out = network_text(owner, &network);
        return true;
    }
    if (span_find_byte(value, '/'))
        return err_set(err, ERR_INVALID,
                       "%.60s is no network: bits beyond the prefix must be zero, as in 192.0.2.0/24.", text);
    if (span_find_byte(value, '@') && value.p < value.end && *value.p != '@') {
        *kind_out = ACCESS_ADDRESS;
        return address_canonical(owner, text, value_out, &domain, err);
    }
    if (!span_is_empty(value) && (*value.p == '@' || *value.p == '.'))
        value.p++; /* "@example.org" and ".example.org" mean the domain */
    *kind_out = ACCESS_DOMAIN;
    if (address_domain(owner, value, value_out) == ADDRESS_GOOD && (*value_out)[0] != '[')
        return true;
    return err_set(err, ERR_INVALID, "%.60s is no address of a machine, network, domain or mail address.",
                   text ? text : "Nothing");
}

static void read_row(const void *owner, const struct db_row *row, struct access_entry *out)
{
    *out = (struct access_entry){
        .organisation_id = db_get_i64(row, 0),
        .list = span_equals_text(db_get_text(row, 1), "allow") ? ACCESS_ALLOW : ACCESS_BLOCK,
        .value = db_copy_text(owner, row, 3),
        .note = db_copy_text(owner, row, 4),
        .created_us = db_get_i64(row, 5),
        .expires_us = db_get_i64(row, 6),
        .created_by = db_copy_text(owner, row, 7),
    };
    while (out->kind + 1 < ACCESS_KINDS && !span_equals_text(db_get_text(row, 2), kind_names[out->kind]))
        out->kind++;
}

static void read_rows(const void *owner, const struct db_rows *rows, struct access_entry **entries_out,
                      size_t *count_out)
{
    struct access_entry *entries =
        talloc_zero_array(owner, struct access_entry, (unsigned)db_rows_count(rows));
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_row(entries, &row, &entries[i]);
    *entries_out = entries;
    *count_out = db_rows_count(rows);
}

/* ---- changes */

struct change {
    const struct actor *actor;
    struct access_entry entry;
};

static json_t *describe(const struct access_entry *entry)
{
    json_t *json = json_pack("{s:s}", "kind", kind_names[entry->kind]);

    if (entry->note && *entry->note)
        json_object_set_new(json, "note", json_string(entry->note));
    if (entry->expires_us)
        json_object_set_new(json, "expires_us", json_integer(entry->expires_us));
    return json;
}

static bool insert(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    const struct access_entry *e = &change->entry;
    const char *list = list_names[e->list];
    char action[16];

    snprintf(action, sizeof action, "%s.add", list);
    if (!db_exec(
            db, DELETE_ENDED,
            DB_ARGS(db_i64(e->organisation_id), db_text(list), db_text(e->value), db_i64(clock_now_us())),
            NULL, err))
        return false;
    if (!db_exec(db, INSERT_ENTRY,
                 DB_ARGS(db_i64(e->organisation_id), db_text(list), db_text(kind_names[e->kind]),
                         db_text(e->value), db_text(e->note), db_i64(clock_now_us()),
                         db_text(change->actor->name), db_i64(e->expires_us)),
                 NULL, err))
        return taken(err, "%s is in this list already.", e->value);
    return audit_write(db, change->actor, e->organisation_id, action, e->value, NULL, describe(e), err);
}

bool access_add(struct directory *directory, const struct actor *actor, const struct access_entry *wanted,
                struct err *err)
{
    struct change change = { .actor = actor, .entry = *wanted };
    void *scratch = talloc_new(NULL);
    char *value;
    bool ok;

    *err = ERR_INIT;
    change.entry.note = wanted->note ? wanted->note : "";
    if (strlen(change.entry.note) > NOTE_MAX)
        ok = err_set(err, ERR_LIMIT, "The note is longer than %d bytes.", NOTE_MAX);
    else
        ok = canonical(scratch, wanted->value, &change.entry.kind, &value, err);
    if (ok) {
        change.entry.value = value;
        ok = (wanted->organisation_id || act_on_installation(actor, err)) &&
             act_in(directory, actor, wanted->organisation_id, insert, &change, err);
    }
    talloc_free(scratch);
    return ok;
}

static bool erase(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    const struct access_entry *e = &change->entry;
    uint64_t removed;
    char action[16];

    snprintf(action, sizeof action, "%s.remove", list_names[e->list]);
    return db_exec(db, DELETE_ENTRY,
                   DB_ARGS(db_i64(e->organisation_id), db_text(list_names[e->list]), db_text(e->value)),
                   &removed, err) &&
           (removed > 0 || not_found(err, "entry in this list")) &&
           audit_write(db, change->actor, e->organisation_id, action, e->value, describe(e), NULL, err);
}

bool access_remove(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                   enum access_list list, const char *value, struct err *err)
{
    struct change change = { .actor = actor, .entry = { .organisation_id = organisation_id, .list = list } };
    void *scratch = talloc_new(NULL);
    char *wanted;
    bool ok;

    *err = ERR_INIT;
    ok = canonical(scratch, value, &change.entry.kind, &wanted, err);
    if (ok) {
        change.entry.value = wanted;
        ok = (organisation_id || act_on_installation(actor, err)) &&
             act_in(directory, actor, organisation_id, erase, &change, err);
    }
    talloc_free(scratch);
    return ok;
}

/* ---- reading */

struct listing {
    const void *owner;
    int64_t organisation_id;
    enum access_list list;
    const char *value;
    struct access_entry *entries;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *l = arg;
    struct db_rows *rows;

    if (!db_query(db, NULL, SELECT_ENTRIES,
                  DB_ARGS(db_i64(l->organisation_id), db_text(list_names[l->list]), db_text(l->value)), &rows,
                  err))
        return false;
    read_rows(l->owner, rows, &l->entries, &l->count);
    talloc_free(rows);
    return true;
}

bool access_list_entries(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t organisation_id, enum access_list list, struct access_entry **entries_out,
                         size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id, .list = list };

    *err = ERR_INIT;
    if (!organisation_id && !act_on_installation(actor, err))
        return false;
    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    *entries_out = listing.entries;
    *count_out = listing.count;
    return true;
}

bool access_find(struct directory *directory, const struct actor *actor, const void *owner,
                 int64_t organisation_id, enum access_list list, const char *value,
                 struct access_entry *entry_out, struct err *err)
{
    struct listing listing = { .owner = owner, .organisation_id = organisation_id, .list = list };
    enum access_kind kind;
    char *wanted;

    *err = ERR_INIT;
    if (!canonical(owner, value, &kind, &wanted, err) ||
        (!organisation_id && !act_on_installation(actor, err)))
        return false;
    listing.value = wanted;
    if (!act_read(directory, actor, organisation_id, read_list, &listing, err))
        return false;
    if (listing.count == 0)
        return not_found(err, "entry in this list");
    *entry_out = listing.entries[0];
    return true;
}

bool access_load(struct directory *directory, const void *owner, int64_t now_us,
                 struct access_entry **entries_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, SELECT_CURRENT, DB_ARGS(db_i64(now_us)), &rows, err))
        return false;
    read_rows(owner, rows, entries_out, count_out);
    talloc_free(rows);
    return true;
}

bool access_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct db *db;
    bool ok;

    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, 5000, &db, err))
        return false;
    ok = db_exec(db, TIDY, DB_ARGS(db_i64(now_us - 86400 * US_PER_S)), removed_out, err);
    db_release(&db);
    return ok;
}
