/*
 * user_add.c -- new users, one or a thousand at a time: looked up together, inserted together.
 */
#include "base/clock.h"
#include "directory/public_folder.h"
#include "directory/user_row.h"

#include <glib.h>
#include <talloc.h>

enum { IMPORT_MAX = 1000 };

static const char LOCATE_DOMAIN[] = "SELECT organisation_id FROM domain WHERE name = $1";

static const char SELECT_DOMAINS[] = "SELECT name, domain_id, kind FROM domain WHERE name = ANY($1)";

/* With the user whose login name it is; for other recipients, and for other addresses, mailbox_id is NULL. */
static const char SELECT_TAKEN[] =
    "SELECT a.address, r.recipient_id, a.domain_id, r.storage_group_id, r.store_id, r.mailbox_id, r.quota_bytes,"
    "       r.quota_messages"
    "  FROM address a LEFT JOIN recipient r ON r.recipient_id = a.recipient_id AND a.is_primary"
    " WHERE a.address = ANY($1)";

/* Which of these names (empty: none) a public folder has, or one before it in the list is to have. */
static const char SELECT_NAMED[] =
    "SELECT n.number FROM unnest($2::text[]) WITH ORDINALITY AS n (name, number)"
    " WHERE n.name <> '' AND (EXISTS (SELECT FROM recipient r WHERE r.organisation_id = $1 AND r.kind = 'public-folder'"
    "                                                           AND r.sort_name = chappe_fold(n.name))"
    "        OR EXISTS (SELECT FROM unnest($2::text[]) WITH ORDINALITY AS m (name, number)"
    "                    WHERE m.number < n.number AND chappe_fold(m.name) = chappe_fold(n.name)))";

static const char SELECT_GROUPS[] =
    "SELECT administrative_group_id FROM administrative_group WHERE organisation_id = $1"
    " ORDER BY administrative_group_id";

/* Those that take new mailboxes of this organisation first, its own before others, the emptiest first. */
static const char SELECT_STORES[] =
    "SELECT s.store_id, s.storage_group_id, s.mailbox_count,"
    "       g.takes_new AND s.is_mounted AND NOT s.is_public AND coalesce(s.reserved_for, $1) = $1,"
    "       s.reserved_for IS NOT NULL"
    "  FROM store s JOIN storage_group g USING (storage_group_id)"
    " ORDER BY 4 DESC, 5 DESC, s.mailbox_count, s.store_id";

static const char TAKE_IDS[] = "SELECT nextval('recipient_recipient_id_seq') FROM generate_series(1, $1)";

static const char INSERT_RECIPIENTS[] =
    "INSERT INTO recipient (recipient_id, organisation_id, administrative_group_id, kind, state, name,"
    "                       storage_group_id, store_id, mailbox_id, quota_bytes, quota_messages, protocols,"
    "                       created_us, changed_us)"
    " SELECT id, $1, grp, kind, state, name, sg, store, id, bytes, messages, protocols, $2, $2"
    "   FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    "     AS n(id, grp, kind, state, name, sg, store, bytes, messages, protocols)";

static const char INSERT_ADDRESSES[] =
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)"
    " SELECT $1, domain, id, address, true FROM unnest($2, $3, $4) AS n(id, domain, address)";

static const char INSERT_CREDENTIALS[] =
    "INSERT INTO credential (recipient_id, organisation_id, argon2, scram_salt, scram_iterations,"
    "                        scram_stored_key, scram_server_key, changed_us)"
    " SELECT id, $1, argon2, salt, iterations, stored, server, $2"
    "   FROM unnest($3, $4, $5, $6, $7, $8) AS n(id, argon2, salt, iterations, stored, server)";

static const char FILL_STORES[] =
    "UPDATE store s SET mailbox_count = mailbox_count + n.added"
    "  FROM (SELECT id, count(*) AS added FROM unnest($1) AS u(id) GROUP BY id) n WHERE s.store_id = n.id";

/* RFC 5321, 4.5.1: somebody gets postmaster's mail. The first user does, until the administrator names another. */
static const char NAME_POSTMASTER[] =
    "UPDATE installation SET postmaster_id = $1 WHERE postmaster_id IS NULL";

static const char INSERT_AUDIT[] =
    "INSERT INTO audit (at_us, organisation_id, actor, actor_id, peer, action, object, after, reason)"
    " SELECT $1, $2, $3, nullif($4, 0), $5, 'user.add', object, after::jsonb, $8 FROM unnest($6, $7) AS n(object, after)";

struct import_store {
    int64_t store_id, storage_group_id, mailbox_count;
    bool takes_new, is_own;
};

struct import {
    struct directory *directory;
    const struct actor *actor;
    int64_t organisation_id;
    const void *owner; /* of what the users get */
    struct user *users;
    const struct user *wanted;            /* as they were before the first run of the transaction */
    const struct credential *credentials; /* NULL: none has a password */
    size_t count;
    struct err *faults;

    void *scratch;
    char **keys, **domains;
    int64_t *groups;
    size_t group_count;
    struct import_store *stores;
    size_t store_count;
    size_t *good; /* indexes of the users that can be added */
    size_t good_count;
};

static bool has_mailbox(enum recipient_kind kind)
{
    return kind < RECIPIENT_CONTACT || kind == RECIPIENT_PUBLIC_FOLDER;
}

/* What can be seen without the database. */
static void check_texts(struct import *import)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    import->keys = talloc_zero_array(import->scratch, char *, (unsigned)import->count);
    import->domains = talloc_zero_array(import->scratch, char *, (unsigned)import->count);
    for (size_t i = 0; i < import->count; i++) {
        struct err *fault = &import->faults[i];
        *fault = ERR_INIT;
        if (!address_canonical(import->scratch, import->users[i].address, &import->keys[i],
                               &import->domains[i], fault) ||
            !user_check(&import->users[i], USER_FIELDS_ALL, fault))
            continue;
        if (!has_mailbox(import->users[i].kind))
            err_set(fault, ERR_INVALID,
                    "Only users, shared mailboxes, rooms, equipment and public folders have a mailbox.");
        else if (!g_hash_table_add(seen, import->keys[i]))
            err_set(fault, ERR_EXISTS, "The address %s is twice in this list.", import->keys[i]);
    }
    g_hash_table_destroy(seen);
}

/* Those without a fault, as an argument. */
static struct db_value good_texts(const struct import *import, char *const *texts, struct span *spans)
{
    size_t count = 0;

    for (size_t i = 0; i < import->count; i++)
        if (import->faults[i].kind == ERR_NONE)
            spans[count++] = span_text(texts[i]);
    return db_text_array(spans, count);
}

static bool read_domains(struct db *db, struct import *import, struct span *spans, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    GHashTable *numbers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);

    bool ok = act_look(db, ACT_WIDE, err) &&
              db_query(db, import->scratch, SELECT_DOMAINS,
                       DB_ARGS(good_texts(import, import->domains, spans)), &rows, err) &&
              act_look(db, ACT_NARROW, err);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        g_hash_table_insert(numbers, db_copy_text(import->scratch, &row, 0), GSIZE_TO_POINTER(i + 1));
    for (size_t i = 0; ok && i < import->count; i++) {
        struct err *fault = &import->faults[i];
        if (fault->kind != ERR_NONE)
            continue;
        size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(numbers, import->domains[i]));
        if (number == 0 || !db_rows_at(rows, number - 1, &row)) {
            err_set(fault, ERR_NOT_FOUND, "%.100s is not a domain of this organisation.", import->domains[i]);
            continue;
        }
        struct span kind = db_get_text(&row, 2);
        if (!span_equals_text(kind, "authoritative") && !span_equals_text(kind, "relay"))
            err_set(fault, ERR_INVALID, "The domain %.100s has no mailboxes of its own.", import->domains[i]);
        import->users[i].domain_id = db_get_i64(&row, 1);
    }
    g_hash_table_destroy(numbers);
    return ok;
}

/* What is known of the one who has the address already; nothing where that is nobody with a mailbox. */
static void describe_taken(const struct import *import, struct user *user, const struct db_row *row)
{
    if (db_is_null(row, 5))
        return;
    user->organisation_id = import->organisation_id;
    user->recipient_id = db_get_i64(row, 1);
    user->domain_id = db_get_i64(row, 2);
    user->mailbox = (struct mailbox_location){ .storage_group_id = db_get_i64(row, 3),
                                               .store_id = db_get_i64(row, 4),
                                               .mailbox_id = db_get_i64(row, 5) };
    user->quota_bytes = db_get_i64(row, 6);
    user->quota_messages = db_get_i64(row, 7);
}

static bool read_taken(struct db *db, struct import *import, struct span *spans, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    GHashTable *there = g_hash_table_new(g_str_hash, g_str_equal);

    bool ok = db_query(db, import->scratch, SELECT_TAKEN, DB_ARGS(good_texts(import, import->keys, spans)),
                       &rows, err);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        g_hash_table_insert(there, db_copy_text(import->scratch, &row, 0), GSIZE_TO_POINTER(i + 1));
    for (size_t i = 0; ok && i < import->count; i++) {
        size_t number = import->faults[i].kind == ERR_NONE
                            ? GPOINTER_TO_SIZE(g_hash_table_lookup(there, import->keys[i]))
                            : 0;
        if (number == 0 || !db_rows_at(rows, number - 1, &row))
            continue;
        describe_taken(import, &import->users[i], &row);
        err_set(&import->faults[i], ERR_EXISTS, "The address %s is taken.", import->keys[i]);
    }
    g_hash_table_destroy(there);
    return ok;
}

/* The names of public folders, which have one each. */
static bool read_named(struct db *db, struct import *import, struct span *spans, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    bool has_any = false;

    for (size_t i = 0; i < import->count; i++) {
        bool is_asked =
            import->faults[i].kind == ERR_NONE && import->users[i].kind == RECIPIENT_PUBLIC_FOLDER;
        spans[i] = span_text(is_asked ? import->users[i].name : "");
        has_any = has_any || is_asked;
    }
    if (!has_any)
        return true;
    if (!act_look(db, ACT_WIDE, err) ||
        !db_query(db, import->scratch, SELECT_NAMED,
                  DB_ARGS(db_i64(import->organisation_id), db_text_array(spans, import->count)), &rows,
                  err) ||
        !act_look(db, ACT_NARROW, err))
        return false;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        err_set(&import->faults[db_get_i64(&row, 0) - 1], ERR_EXISTS, PUBLIC_FOLDER_EXISTS);
    return true;
}

static bool read_places(struct db *db, struct import *import, struct err *err)
{
    struct db_rows *groups, *stores;
    struct db_row row;

    if (!act_look(db, ACT_WIDE, err) ||
        !db_query(db, import->scratch, SELECT_GROUPS, DB_ARGS(db_i64(import->organisation_id)), &groups,
                  err) ||
        !act_look(db, ACT_NARROW, err) ||
        !db_query(db, import->scratch, SELECT_STORES, DB_ARGS(db_i64(import->organisation_id)), &stores, err))
        return false;
    import->group_count = db_rows_count(groups);
    import->groups = talloc_array(import->scratch, int64_t, (unsigned)import->group_count);
    for (size_t i = 0; db_rows_at(groups, i, &row); i++)
        import->groups[i] = db_get_i64(&row, 0);
    import->store_count = db_rows_count(stores);
    import->stores = talloc_array(import->scratch, struct import_store, (unsigned)import->store_count);
    for (size_t i = 0; db_rows_at(stores, i, &row); i++)
        import->stores[i] =
            (struct import_store){ db_get_i64(&row, 0), db_get_i64(&row, 1), db_get_i64(&row, 2),
                                   db_get_bool(&row, 3), db_get_bool(&row, 4) };
    return import->group_count > 0 || not_found(err, "organisation");
}

/* The store named, or the emptiest of the storage group named, or of all. */
static struct import_store *choose_store(struct import *import, const struct mailbox_location *wanted)
{
    struct import_store *best = NULL;

    for (size_t i = 0; i < import->store_count; i++) {
        struct import_store *store = &import->stores[i];
        if (wanted->storage_group_id && store->storage_group_id != wanted->storage_group_id)
            continue;
        if (wanted->store_id ? store->store_id != wanted->store_id : !store->takes_new)
            continue;
        if (!best || store->is_own > best->is_own ||
            (store->is_own == best->is_own && store->mailbox_count < best->mailbox_count))
            best = store;
    }
    return best;
}

static bool has_group(const struct import *import, int64_t id)
{
    for (size_t i = 0; i < import->group_count; i++)
        if (import->groups[i] == id)
            return true;
    return false;
}

static void place(struct import *import, struct user *user, struct err *fault)
{
    struct import_store *store = choose_store(import, &user->mailbox);

    if (!user->administrative_group_id)
        user->administrative_group_id = import->groups[0];
    if (!has_group(import, user->administrative_group_id)) {
        not_found(fault, "administrative group");
    } else if (!store) {
        err_set(fault, ERR_NOT_FOUND, "There is no store that could take the mailbox.");
    } else {
        store->mailbox_count++;
        user->mailbox.store_id = store->store_id;
        user->mailbox.storage_group_id = store->storage_group_id;
    }
}

static void choose_good(struct import *import)
{
    import->good = talloc_array(import->scratch, size_t, (unsigned)import->count + 1);
    import->good_count = 0;
    for (size_t i = 0; i < import->count; i++) {
        if (import->faults[i].kind == ERR_NONE)
            place(import, &import->users[i], &import->faults[i]);
        if (import->faults[i].kind == ERR_NONE)
            import->good[import->good_count++] = i;
    }
}

static bool take_ids(struct db *db, struct import *import, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, import->scratch, TAKE_IDS, DB_ARGS(db_i64((int64_t)import->good_count)), &rows, err))
        return false;
    for (size_t n = 0; db_rows_at(rows, n, &row); n++) {
        struct user *user = &import->users[import->good[n]];
        if (!user->mailbox.mailbox_id) /* else that of a deleted mailbox, which it gets again */
            user->mailbox.mailbox_id = db_get_i64(&row, 0);
        user->recipient_id = user->mailbox.mailbox_id;
        user->organisation_id = import->organisation_id;
    }
    return true;
}

/* The users as columns. */
struct columns {
    int64_t *id, *group, *storage_group, *store, *bytes, *messages, *domain;
    int32_t *protocols;
    struct span *kind, *state, *name, *address, *description;
};

static int64_t *numbers(const struct import *import)
{
    return talloc_array(import->scratch, int64_t, (unsigned)import->good_count);
}

static struct span *texts(const struct import *import)
{
    return talloc_array(import->scratch, struct span, (unsigned)import->good_count);
}

static void make_columns(const struct import *import, struct columns *c)
{
    *c = (struct columns){
        numbers(import), numbers(import),
        numbers(import), numbers(import),
        numbers(import), numbers(import),
        numbers(import), talloc_array(import->scratch, int32_t, (unsigned)import->good_count),
        texts(import),   texts(import),
        texts(import),   texts(import),
        texts(import)
    };
    for (size_t n = 0; n < import->good_count; n++) {
        const struct user *user = &import->users[import->good[n]];
        c->id[n] = user->recipient_id;
        c->group[n] = user->administrative_group_id;
        c->storage_group[n] = user->mailbox.storage_group_id;
        c->store[n] = user->mailbox.store_id;
        c->bytes[n] = user->quota_bytes;
        c->messages[n] = user->quota_messages;
        c->domain[n] = user->domain_id;
        c->protocols[n] = (int32_t)user->protocols;
        c->kind[n] = span_text(recipient_kind_name(user->kind));
        c->state[n] = span_text(recipient_state_name(user->state));
        c->name[n] = span_text(user->name);
        c->address[n] = span_text(import->keys[import->good[n]]);
        c->description[n] = span_text(
            json_take_text(import->scratch, user_describe(user, USER_FIELDS_ALL | USER_FIELD_MAILBOX)));
    }
}

static bool insert_users(struct db *db, struct import *import, const struct columns *c, struct err *err)
{
    size_t count = import->good_count;
    struct db_value organisation = db_i64(import->organisation_id), now = db_i64(clock_now_us());

    return db_exec(db, INSERT_RECIPIENTS,
                   DB_ARGS(organisation, now, db_i64_array(c->id, count), db_i64_array(c->group, count),
                           db_text_array(c->kind, count), db_text_array(c->state, count),
                           db_text_array(c->name, count), db_i64_array(c->storage_group, count),
                           db_i64_array(c->store, count), db_i64_array(c->bytes, count),
                           db_i64_array(c->messages, count), db_i32_array(c->protocols, count)),
                   NULL, err) &&
           db_exec(db, INSERT_ADDRESSES,
                   DB_ARGS(organisation, db_i64_array(c->id, count), db_i64_array(c->domain, count),
                           db_text_array(c->address, count)),
                   NULL, err) &&
           db_exec(db, FILL_STORES, DB_ARGS(db_i64_array(c->store, count)), NULL, err) &&
           db_exec(db, NAME_POSTMASTER, DB_ARGS(db_i64(c->id[0])), NULL, err) &&
           db_exec(db, INSERT_AUDIT,
                   DB_ARGS(now, organisation, db_text(import->actor->name),
                           db_i64(import->actor->recipient_id), db_text(import->actor->peer),
                           db_text_array(c->address, count), db_text_array(c->description, count),
                           db_text(import->actor->reason)),
                   NULL, err);
}

static bool insert_credentials(struct db *db, struct import *import, struct err *err)
{
    int64_t *ids = numbers(import);
    int32_t *iterations = talloc_array(import->scratch, int32_t, (unsigned)import->good_count);
    struct span *argon2 = texts(import), *salt = texts(import), *stored = texts(import),
                *server = texts(import);
    size_t count = 0;

    for (size_t n = 0; import->credentials && n < import->good_count; n++) {
        const struct credential *credential = &import->credentials[import->good[n]];
        if (!credential->argon2)
            continue;
        ids[count] = import->users[import->good[n]].recipient_id;
        argon2[count] = span_text(credential->argon2);
        salt[count] = span_of(credential->scram_salt, SCRAM_SALT_BYTES);
        iterations[count] = credential->scram_iterations;
        stored[count] = span_of(credential->scram_stored_key, SCRAM_KEY_BYTES);
        server[count++] = span_of(credential->scram_server_key, SCRAM_KEY_BYTES);
    }
    return count == 0 || db_exec(db, INSERT_CREDENTIALS,
                                 DB_ARGS(db_i64(import->organisation_id), db_i64(clock_now_us()),
                                         db_i64_array(ids, count), db_text_array(argon2, count),
                                         db_bytes_array(salt, count), db_i32_array(iterations, count),
                                         db_bytes_array(stored, count), db_bytes_array(server, count)),
                                 NULL, err);
}

static bool work(struct db *db, void *arg, struct err *err)
{
    struct import *import = arg;
    struct columns columns;
    struct span *spans = talloc_array(import->scratch, struct span, (unsigned)import->count + 1);

    memcpy(import->users, import->wanted, sizeof *import->users * import->count);
    check_texts(import);
    if (!read_domains(db, import, spans, err) || !read_taken(db, import, spans, err) ||
        !read_named(db, import, spans, err) || !read_places(db, import, err))
        return false;
    choose_good(import);
    if (import->good_count == 0)
        return true;
    if (!take_ids(db, import, err))
        return false;
    make_columns(import, &columns);
    return insert_users(db, import, &columns, err) && insert_credentials(db, import, err);
}

bool user_import(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                 const void *owner, struct user *users, const struct credential *credentials, size_t count,
                 struct err *faults_out, struct err *err)
{
    struct import import = { .directory = directory,
                             .actor = actor,
                             .organisation_id = organisation_id,
                             .owner = owner,
                             .users = users,
                             .credentials = credentials,
                             .count = count,
                             .faults = faults_out,
                             .scratch = talloc_new(NULL) };

    *err = ERR_INIT;
    import.wanted = talloc_memdup(import.scratch, users, sizeof *users * count);
    if (count > IMPORT_MAX) {
        talloc_free(import.scratch);
        return err_set(err, ERR_LIMIT, "At most %d users can be added at once.", IMPORT_MAX);
    }
    bool ok = act_in(directory, actor, organisation_id, work, &import, err);
    for (size_t i = 0; ok && i < count; i++)
        if (faults_out[i].kind == ERR_NONE)
            users[i].address = talloc_strdup(owner, import.keys[i]);
    if (!ok)
        /* ids of a transaction that was rolled back mean nothing */
        memcpy(users, import.wanted, sizeof *users * count);
    talloc_free(import.scratch);
    return ok;
}

bool user_add(struct directory *directory, const struct actor *actor, const struct user *wanted,
              const struct credential *credential, struct user *user_out, const void *owner, struct err *err)
{
    struct user user = *wanted;
    int64_t organisation_id;
    struct err fault;
    char *key, *domain;
    void *scratch = talloc_new(NULL);

    *err = ERR_INIT;
    bool ok = address_canonical(scratch, wanted->address, &key, &domain, err) &&
              act_locate(directory, actor, LOCATE_DOMAIN, db_text(domain), "domain", &organisation_id, err) &&
              user_import(directory, actor, organisation_id, scratch, &user, credential, 1, &fault, err);
    talloc_free(scratch);
    if (!ok)
        return false;
    if (fault.kind != ERR_NONE) {
        *err = fault;
        return false;
    }
    return user_get(directory, actor, owner, user.recipient_id, user_out, err);
}
