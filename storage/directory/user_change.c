/*
 * user_change.c -- changing, renaming, moving and removing users. Each change raises the user's stamp.
 */
#include "base/clock.h"
#include "directory/public_folder.h"
#include "directory/recipient_row.h"
#include "directory/role.h"
#include "directory/source_guard.h"
#include "directory/user_row.h"

#include <talloc.h>

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";

static const char LOCK_RECIPIENT[] =
    "SELECT FROM recipient WHERE recipient_id = $1 AND mailbox_id IS NOT NULL FOR UPDATE";

static const char SELECT_BY_ID[] = SELECT_USER " WHERE r.recipient_id = $1";

static const char UPDATE_RECIPIENT[] =
    "UPDATE recipient"
    "   SET name = $2, state = $3, quota_bytes = $4, quota_messages = $5, protocols = $6,"
    "       administrative_group_id = $7, changed_us = $8, stamp = stamp + 1"
    " WHERE recipient_id = $1";

static const char TOUCH[] = "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = $1";

static const char SELECT_DOMAIN_FOR_ADDRESS[] =
    "SELECT domain_id, organisation_id FROM domain WHERE name = $1 AND kind IN ('authoritative', 'relay')";

static const char INSERT_ADDRESS[] =
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)"
    " VALUES ($1, $2, $3, $4, false)";

static const char UNSET_PRIMARY[] =
    "UPDATE address SET is_primary = false WHERE recipient_id = $1 AND is_primary";
static const char SET_PRIMARY[] =
    "UPDATE address SET is_primary = true WHERE recipient_id = $1 AND address = $2";

static const char DELETE_ADDRESS[] =
    "DELETE FROM address WHERE recipient_id = $1 AND address = $2 AND NOT is_primary";

static const char LEAVE_STORE[] = "UPDATE store SET mailbox_count = mailbox_count - 1 WHERE store_id = $1";
static const char ENTER_STORE[] =
    "UPDATE store SET mailbox_count = mailbox_count + 1 WHERE store_id = $1 AND storage_group_id = $2";
static const char MOVE_MAILBOX[] =
    "UPDATE recipient"
    "   SET storage_group_id = $2, store_id = $3, mailbox_id = $4, changed_us = $5, stamp = stamp + 1"
    " WHERE recipient_id = $1";

static const char NOTE_DELETED[] =
    "INSERT INTO deleted_mailbox (mailbox_id, organisation_id, storage_group_id, store_id, kind, address, name,"
    "                             deleted_us, deleted_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (mailbox_id) DO UPDATE SET storage_group_id = excluded.storage_group_id,"
    "    store_id = excluded.store_id, address = excluded.address, name = excluded.name,"
    "    deleted_us = excluded.deleted_us, deleted_by = excluded.deleted_by";
static const char DELETE_RECIPIENT[] = "DELETE FROM recipient WHERE recipient_id = $1";

json_t *user_describe(const struct user *user, unsigned fields)
{
    json_t *json = json_object();

    if (fields & USER_FIELD_ADDRESS)
        json_object_set_new(json, "address", json_string(user->address));
    if (fields & USER_FIELD_ADDRESSES) {
        json_t *addresses = json_array();
        for (size_t i = 0; i < user->address_count; i++)
            json_array_append_new(addresses, json_string(user->addresses[i]));
        json_object_set_new(json, "addresses", addresses);
    }
    if (fields & USER_NAME)
        json_object_set_new(json, "name", json_string(user->name));
    if (fields & USER_STATE)
        json_object_set_new(json, "state", json_string(recipient_state_name(user->state)));
    if (fields & USER_QUOTA) {
        json_object_set_new(json, "quota_bytes", json_integer(user->quota_bytes));
        json_object_set_new(json, "quota_messages", json_integer(user->quota_messages));
    }
    if (fields & USER_PROTOCOLS)
        json_object_set_new(json, "protocols", json_integer(user->protocols));
    if (fields & USER_GROUP)
        json_object_set_new(json, "administrative_group_id", json_integer(user->administrative_group_id));
    if (fields & USER_FIELD_MAILBOX) {
        json_object_set_new(json, "storage_group_id", json_integer(user->mailbox.storage_group_id));
        json_object_set_new(json, "store_id", json_integer(user->mailbox.store_id));
        json_object_set_new(json, "mailbox_id", json_integer(user->mailbox.mailbox_id));
    }
    return json;
}

bool user_check(const struct user *wanted, unsigned fields, struct err *err)
{
    if ((fields & USER_NAME) && !check_name(wanted->name, "user", err))
        return false;
    if ((fields & USER_NAME) && wanted->kind == RECIPIENT_PUBLIC_FOLDER &&
        !public_folder_check_name(wanted->name, err))
        return false;
    if ((fields & USER_QUOTA) && (wanted->quota_bytes < 0 || wanted->quota_messages < 0))
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    if ((fields & USER_PROTOCOLS) && wanted->protocols > PROTOCOLS_ALL)
        return err_set(err, ERR_INVALID, "There is no such protocol.");
    return true;
}

bool user_act(struct directory *directory, const struct actor *actor, int64_t recipient_id, db_work *work,
              void *arg, struct err *err)
{
    int64_t organisation_id;

    return act_locate(directory, actor, LOCATE, db_i64(recipient_id), "user", &organisation_id, err) &&
           act_in(directory, actor, organisation_id, work, arg, err);
}

bool user_lock(struct db *db, const void *owner, int64_t recipient_id, struct user *out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, owner, LOCK_RECIPIENT, DB_ARGS(db_i64(recipient_id)), &row, err) ||
        !db_one_row(db, owner, SELECT_BY_ID, DB_ARGS(db_i64(recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "user") : false;
    user_read_row(owner, &row, out);
    return true;
}

struct change {
    struct directory *directory; /* where the last full administrator is looked for */
    const struct actor *actor;
    int64_t recipient_id;
    unsigned fields;
    const struct user *wanted;
    const char *address, *domain;
    const struct mailbox_location *location;
    struct mailbox_location old_location;
};

/* The step of a change that differs; `user` is the locked row, `scratch` lives until its end. */
typedef bool change_step(struct db *db, struct change *change, struct user *user, const void *scratch,
                         struct err *err);

static bool with_user(struct db *db, struct change *change, change_step *step, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok =
        user_lock(db, scratch, change->recipient_id, &user, err) && step(db, change, &user, scratch, err);

    talloc_free(scratch);
    return ok;
}

static bool update(struct db *db, const struct user *next, struct err *err)
{
    return db_exec(db, UPDATE_RECIPIENT,
                   DB_ARGS(db_i64(next->recipient_id), db_text(next->name),
                           db_text(recipient_state_name(next->state)), db_i64(next->quota_bytes),
                           db_i64(next->quota_messages), db_i32((int32_t)next->protocols),
                           db_i64(next->administrative_group_id), db_i64(clock_now_us())),
                   NULL, err);
}

static bool step_set(struct db *db, struct change *change, struct user *user, const void *scratch,
                     struct err *err)
{
    struct user next = *user;
    const struct user *wanted = change->wanted;

    (void)scratch;
    if ((change->fields & USER_NAME) && strcmp(wanted->name, user->name) != 0 &&
        !source_guard(db, user->recipient_id, OWNED_FIELD, "name", err))
        return false;
    if ((change->fields & USER_STATE) && wanted->state != user->state &&
        !source_guard(db, user->recipient_id, OWNED_FIELD, "state", err))
        return false;
    if ((change->fields & USER_STATE) && wanted->state != RECIPIENT_ACTIVE &&
        !role_let_go(change->directory, user->recipient_id, err))
        return false;
    if (change->fields & USER_NAME)
        next.name = wanted->name;
    if (change->fields & USER_STATE)
        next.state = wanted->state;
    if (change->fields & USER_QUOTA) {
        next.quota_bytes = wanted->quota_bytes;
        next.quota_messages = wanted->quota_messages;
    }
    if (change->fields & USER_PROTOCOLS)
        next.protocols = wanted->protocols;
    if (change->fields & USER_GROUP)
        next.administrative_group_id = wanted->administrative_group_id;
    if (!update(db, &next, err))
        return err->kind == ERR_EXISTS     ? err_set(err, ERR_EXISTS, PUBLIC_FOLDER_EXISTS)
               : err->kind == ERR_CONFLICT ? not_found(err, "administrative group")
                                           : false;
    return audit_write(db, change->actor, user->organisation_id, "user.set", user->address,
                       user_describe(user, change->fields), user_describe(&next, change->fields), err);
}

static bool work_set(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_set, err);
}

bool user_set(struct directory *directory, const struct actor *actor, int64_t recipient_id, unsigned fields,
              const struct user *wanted, struct err *err)
{
    struct change change = { .directory = directory,
                             .actor = actor,
                             .recipient_id = recipient_id,
                             .fields = fields,
                             .wanted = wanted };

    *err = ERR_INIT;
    return user_check(wanted, fields, err) &&
           user_act(directory, actor, recipient_id, work_set, &change, err);
}

static bool has_address(const struct user *user, const char *address)
{
    for (size_t i = 0; i < user->address_count; i++)
        if (strcmp(user->addresses[i], address) == 0)
            return true;
    return false;
}

static bool insert_address(struct db *db, struct change *change, const struct user *user, const void *scratch,
                           struct err *err)
{
    struct db_row row;

    if (!act_look(db, ACT_WIDE, err) ||
        !db_one_row(db, scratch, SELECT_DOMAIN_FOR_ADDRESS, DB_ARGS(db_text(change->domain)), &row, err) ||
        !act_look(db, ACT_NARROW, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND,
                             "%.100s is not a domain of this organisation that has addresses.",
                             change->domain)
                   : false;
    if (db_exec(db, INSERT_ADDRESS,
                DB_ARGS(db_i64(user->organisation_id), db_i64(db_get_i64(&row, 0)),
                        db_i64(user->recipient_id), db_text(change->address)),
                NULL, err))
        return true;
    return taken(err, "The address %s is taken.", change->address);
}

/* The audit row of a change of addresses: as they were, and as they are after it. */
static bool note_addresses(struct db *db, struct change *change, const struct user *before,
                           const void *scratch, const char *action, struct err *err)
{
    const unsigned fields = USER_FIELD_ADDRESS | USER_FIELD_ADDRESSES;
    struct user after;

    return db_exec(db, TOUCH, DB_ARGS(db_i64(change->recipient_id), db_i64(clock_now_us())), NULL, err) &&
           user_lock(db, scratch, change->recipient_id, &after, err) &&
           audit_write(db, change->actor, before->organisation_id, action, before->address,
                       user_describe(before, fields), user_describe(&after, fields), err);
}

static bool step_rename(struct db *db, struct change *change, struct user *user, const void *scratch,
                        struct err *err)
{
    if (strcmp(user->address, change->address) == 0)
        return true;
    if (!source_guard(db, user->recipient_id, OWNED_FIELD, "address", err))
        return false;
    return (has_address(user, change->address) || insert_address(db, change, user, scratch, err)) &&
           db_exec(db, UNSET_PRIMARY, DB_ARGS(db_i64(user->recipient_id)), NULL, err) &&
           db_exec(db, SET_PRIMARY, DB_ARGS(db_i64(user->recipient_id), db_text(change->address)), NULL,
                   err) &&
           note_addresses(db, change, user, scratch, "user.rename", err);
}

static bool step_add_address(struct db *db, struct change *change, struct user *user, const void *scratch,
                             struct err *err)
{
    return source_guard(db, user->recipient_id, OWNED_FIELD, "address", err) &&
           insert_address(db, change, user, scratch, err) &&
           note_addresses(db, change, user, scratch, "user.address-add", err);
}

static bool step_remove_address(struct db *db, struct change *change, struct user *user, const void *scratch,
                                struct err *err)
{
    uint64_t removed;

    if (strcmp(user->address, change->address) == 0)
        return err_set(err, ERR_INVALID, "%s is the primary address: rename the user first.",
                       change->address);
    if (!source_guard(db, user->recipient_id, OWNED_FIELD, "address", err) ||
        !db_exec(db, DELETE_ADDRESS, DB_ARGS(db_i64(user->recipient_id), db_text(change->address)), &removed,
                 err))
        return false;
    if (removed == 0)
        return not_found(err, "address of this user");
    return note_addresses(db, change, user, scratch, "user.address-remove", err);
}

static bool work_rename(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_rename, err);
}

static bool work_add_address(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_add_address, err);
}

static bool work_remove_address(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_remove_address, err);
}

static bool change_address(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                           const char *address, db_work *work, struct err *err)
{
    struct change change = { .actor = actor, .recipient_id = recipient_id };
    void *scratch = talloc_new(NULL);
    char *key, *domain;

    *err = ERR_INIT;
    bool ok = address_canonical(scratch, address, &key, &domain, err);
    if (ok) {
        change.address = key;
        change.domain = domain;
        ok = user_act(directory, actor, recipient_id, work, &change, err);
    }
    talloc_free(scratch);
    return ok;
}

bool user_rename(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                 const char *address, struct err *err)
{
    return change_address(directory, actor, recipient_id, address, work_rename, err);
}

bool user_address_add(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                      const char *address, struct err *err)
{
    return change_address(directory, actor, recipient_id, address, work_add_address, err);
}

bool user_address_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         const char *address, struct err *err)
{
    return change_address(directory, actor, recipient_id, address, work_remove_address, err);
}

static bool step_move(struct db *db, struct change *change, struct user *user, const void *scratch,
                      struct err *err)
{
    const struct mailbox_location *to = change->location;
    struct user next = *user;
    uint64_t entered;

    (void)scratch;
    next.mailbox = *to;
    if (!db_exec(db, LEAVE_STORE, DB_ARGS(db_i64(user->mailbox.store_id)), NULL, err) ||
        !db_exec(db, ENTER_STORE, DB_ARGS(db_i64(to->store_id), db_i64(to->storage_group_id)), &entered, err))
        return false;
    if (entered == 0)
        return not_found(err, "store");
    return db_exec(db, MOVE_MAILBOX,
                   DB_ARGS(db_i64(user->recipient_id), db_i64(to->storage_group_id), db_i64(to->store_id),
                           db_i64(to->mailbox_id), db_i64(clock_now_us())),
                   NULL, err) &&
           audit_write(db, change->actor, user->organisation_id, "user.move", user->address,
                       user_describe(user, USER_FIELD_MAILBOX), user_describe(&next, USER_FIELD_MAILBOX),
                       err);
}

static bool work_move(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_move, err);
}

bool user_move(struct directory *directory, const struct actor *actor, int64_t recipient_id,
               const struct mailbox_location *location, struct err *err)
{
    struct change change = { .actor = actor, .recipient_id = recipient_id, .location = location };

    return user_act(directory, actor, recipient_id, work_move, &change, err);
}

static bool step_remove(struct db *db, struct change *change, struct user *user, const void *scratch,
                        struct err *err)
{
    const unsigned fields = USER_FIELDS_ALL | USER_FIELD_ADDRESSES | USER_FIELD_MAILBOX;

    (void)scratch;
    change->old_location = user->mailbox;
    return source_guard(db, user->recipient_id, OWNED_EXISTENCE, "", err) &&
           role_let_go(change->directory, user->recipient_id, err) &&
           recipient_let_go(db, "The user", user->recipient_id, err) &&
           db_exec(db, DELETE_RECIPIENT, DB_ARGS(db_i64(user->recipient_id)), NULL, err) &&
           db_exec(db, NOTE_DELETED,
                   DB_ARGS(db_i64(user->mailbox.mailbox_id), db_i64(user->organisation_id),
                           db_i64(user->mailbox.storage_group_id), db_i64(user->mailbox.store_id),
                           db_text(recipient_kind_name(user->kind)), db_text(user->address),
                           db_text(user->name), db_i64(clock_now_us()), db_text(change->actor->name)),
                   NULL, err) &&
           db_exec(db, LEAVE_STORE, DB_ARGS(db_i64(user->mailbox.store_id)), NULL, err) &&
           audit_write(db, change->actor, user->organisation_id, "user.remove", user->address,
                       user_describe(user, fields), NULL, err);
}

static bool work_remove(struct db *db, void *arg, struct err *err)
{
    return with_user(db, arg, step_remove, err);
}

bool user_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                 struct mailbox_location *location_out, struct err *err)
{
    struct change change = { .directory = directory, .actor = actor, .recipient_id = recipient_id };

    if (!user_act(directory, actor, recipient_id, work_remove, &change, err))
        return false;
    *location_out = change.old_location;
    return true;
}
