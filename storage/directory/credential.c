/*
 * credential.c -- setting passwords, and the app passwords of a user. Both raise the user's stamp.
 */
#include "directory/credential.h"

#include "base/clock.h"
#include "base/net.h"
#include "directory/source_guard.h"
#include "directory/user_row.h"

#include <talloc.h>

enum { APP_PASSWORDS_MAX = 100 };

/* The columns cannot be read by the role that writes them, so there is no ON CONFLICT here. */
static const char DELETE_CREDENTIAL[] = "DELETE FROM credential WHERE recipient_id = $1";

static const char INSERT_CREDENTIAL[] =
    "INSERT INTO credential (recipient_id, organisation_id, argon2, scram_salt, scram_iterations, scram_stored_key,"
    "                        scram_server_key, changed_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

static const char TOUCH[] = "UPDATE recipient SET changed_us = $2, stamp = stamp + 1 WHERE recipient_id = $1";

static const char COUNT_APP_PASSWORDS[] = "SELECT count(*) FROM app_password WHERE recipient_id = $1";

static const char INSERT_APP_PASSWORD[] =
    "INSERT INTO app_password (organisation_id, recipient_id, name, hash, protocols, created_us, expires_us,"
    "                          networks)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING app_password_id";

static const char SELECT_APP_PASSWORDS[] =
    "SELECT app_password_id, recipient_id, name, protocols, created_us, last_used_us, expires_us, networks"
    "  FROM app_password WHERE recipient_id = $1 ORDER BY name";

static const char DELETE_APP_PASSWORD[] = "DELETE FROM app_password WHERE recipient_id = $1 AND name = $2";

struct change {
    const struct actor *actor;
    int64_t recipient_id;
    const struct credential *credential;
    const struct app_password *wanted;
    const unsigned char *hash;
    const char *name;
    int64_t app_password_id;
};

static bool touch(struct db *db, const struct change *change, struct err *err)
{
    return db_exec(db, TOUCH, DB_ARGS(db_i64(change->recipient_id), db_i64(clock_now_us())), NULL, err);
}

static bool insert_credential(struct db *db, const struct change *change, int64_t organisation_id,
                              struct err *err)
{
    const struct credential *credential = change->credential;

    return db_exec(db, INSERT_CREDENTIAL,
                   DB_ARGS(db_i64(change->recipient_id), db_i64(organisation_id), db_text(credential->argon2),
                           db_bytes(span_of(credential->scram_salt, SCRAM_SALT_BYTES)),
                           db_i32(credential->scram_iterations),
                           db_bytes(span_of(credential->scram_stored_key, SCRAM_KEY_BYTES)),
                           db_bytes(span_of(credential->scram_server_key, SCRAM_KEY_BYTES)),
                           db_i64(clock_now_us())),
                   NULL, err);
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok =
        user_lock(db, scratch, change->recipient_id, &user, err) &&
        (!change->credential || source_guard(db, change->recipient_id, OWNED_PASSWORD, "password", err)) &&
        db_exec(db, DELETE_CREDENTIAL, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
        (!change->credential || insert_credential(db, change, user.organisation_id, err)) &&
        touch(db, change, err) &&
        audit_write(db, change->actor, user.organisation_id, "user.password", user.address,
                    json_pack("{s:b}", "has_password", user.has_password),
                    json_pack("{s:b}", "has_password", change->credential != NULL), err);

    talloc_free(scratch);
    return ok;
}

bool credential_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                    const struct credential *credential, struct err *err)
{
    struct change change = { .actor = actor, .recipient_id = recipient_id, .credential = credential };

    return user_act(directory, actor, recipient_id, set, &change, err);
}

/* What a password that is kept here ends by its own time (access_token.c, push.c) has no such time where the directory keeps it. */
static bool end_what_it_opened(struct db *db, int64_t recipient_id, struct err *err)
{
    return db_exec(db, "DELETE FROM access_token WHERE recipient_id = $1 AND is_session",
                   DB_ARGS(db_i64(recipient_id)), NULL, err) &&
           db_exec(db, "DELETE FROM push_subscription WHERE recipient_id = $1 AND app_password_id IS NULL",
                   DB_ARGS(db_i64(recipient_id)), NULL, err);
}

static bool note_changed(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) && touch(db, change, err) &&
              end_what_it_opened(db, change->recipient_id, err) &&
              audit_write(db, change->actor, user.organisation_id, "user.password", user.address, NULL,
                          json_pack("{s:b}", "in_directory", true), err);

    talloc_free(scratch);
    return ok;
}

bool credential_changed(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                        struct err *err)
{
    struct change change = { .actor = actor, .recipient_id = recipient_id };

    return user_act(directory, actor, recipient_id, note_changed, &change, err);
}

static bool check_count(struct db *db, const void *scratch, int64_t recipient_id, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, scratch, COUNT_APP_PASSWORDS, DB_ARGS(db_i64(recipient_id)), &row, err))
        return false;
    return db_get_i64(&row, 0) < APP_PASSWORDS_MAX ||
           err_set(err, ERR_LIMIT, "A user has at most %d app passwords.", APP_PASSWORDS_MAX);
}

static bool insert_app_password(struct db *db, struct change *change, const struct user *user,
                                const void *scratch, struct err *err)
{
    const struct app_password *wanted = change->wanted;
    struct db_row row;

    if (!db_one_row(db, scratch, INSERT_APP_PASSWORD,
                    DB_ARGS(db_i64(user->organisation_id), db_i64(user->recipient_id), db_text(wanted->name),
                            db_bytes(span_of(change->hash, APP_PASSWORD_HASH_BYTES)),
                            db_i32((int32_t)wanted->protocols), db_i64(clock_now_us()),
                            db_i64(wanted->expires_us),
                            db_text_array(wanted->networks, wanted->network_count)),
                    &row, err))
        return taken(err, "The user has an app password called %s already.", wanted->name);
    change->app_password_id = db_get_i64(&row, 0);
    return true;
}

static json_t *describe(const struct app_password *password)
{
    json_t *networks = json_array();

    for (size_t i = 0; i < password->network_count; i++)
        json_array_append_new(networks,
                              json_stringn(password->networks[i].p, span_length(password->networks[i])));
    return json_pack("{s:s, s:i, s:I, s:o}", "app_password", password->name, "protocols",
                     (int)password->protocols, "expires_us", (json_int_t)password->expires_us, "networks",
                     networks);
}

static bool check_networks(const struct app_password *wanted, struct err *err)
{
    struct net_network network;

    if (wanted->network_count > APP_PASSWORD_NETWORKS_MAX)
        return err_set(err, ERR_LIMIT, "An app password is for at most %d networks.",
                       APP_PASSWORD_NETWORKS_MAX);
    for (size_t i = 0; i < wanted->network_count; i++)
        if (!net_network_parse(wanted->networks[i], &network))
            return err_set(
                err, ERR_INVALID, "%.*s is no network; write 192.0.2.0/24 or 2001:db8::/32.",
                (int)(span_length(wanted->networks[i]) > 50 ? 50 : span_length(wanted->networks[i])),
                wanted->networks[i].p);
    return true;
}

static bool add_app_password(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) &&
              check_count(db, scratch, change->recipient_id, err) &&
              insert_app_password(db, change, &user, scratch, err) && touch(db, change, err) &&
              audit_write(db, change->actor, user.organisation_id, "app-password.add", user.address, NULL,
                          describe(change->wanted), err);

    talloc_free(scratch);
    return ok;
}

bool app_password_add(struct directory *directory, const struct actor *actor,
                      const struct app_password *wanted, const unsigned char hash[APP_PASSWORD_HASH_BYTES],
                      int64_t *app_password_id_out, struct err *err)
{
    struct change change = {
        .actor = actor, .recipient_id = wanted->recipient_id, .wanted = wanted, .hash = hash
    };

    *err = ERR_INIT;
    if (!check_name(wanted->name, "app password", err))
        return false;
    if (wanted->protocols == 0 || wanted->protocols > PROTOCOLS_ALL)
        return err_set(err, ERR_INVALID, "An app password is for at least one protocol.");
    if (!check_networks(wanted, err))
        return false;
    if (!user_act(directory, actor, wanted->recipient_id, add_app_password, &change, err))
        return false;
    *app_password_id_out = change.app_password_id;
    return true;
}

struct listing {
    const void *owner;
    int64_t recipient_id;
    struct app_password *passwords;
    size_t count;
};

static struct span *copy_networks(const void *owner, const struct db_row *row, size_t *count_out)
{
    struct span *networks = db_get_span_array(owner, row, 7, count_out);

    for (size_t i = 0; i < *count_out; i++)
        networks[i] = span_text(span_copy(owner, networks[i]));
    return networks;
}

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;
    size_t networks;

    if (!db_query(db, listing->owner, SELECT_APP_PASSWORDS, DB_ARGS(db_i64(listing->recipient_id)), &rows,
                  err))
        return false;
    listing->count = db_rows_count(rows);
    listing->passwords = talloc_array(listing->owner, struct app_password, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        listing->passwords[i] = (struct app_password){
            .app_password_id = db_get_i64(&row, 0),
            .recipient_id = db_get_i64(&row, 1),
            .name = db_copy_text(listing->passwords, &row, 2),
            .protocols = (unsigned)db_get_i32(&row, 3),
            .created_us = db_get_i64(&row, 4),
            .last_used_us = db_get_i64(&row, 5),
            .expires_us = db_get_i64(&row, 6),
            .networks = copy_networks(listing->passwords, &row, &networks),
        };
        listing->passwords[i].network_count = networks;
    }
    talloc_free(rows);
    return true;
}

bool app_password_list(struct directory *directory, const struct actor *actor, const void *owner,
                       int64_t recipient_id, struct app_password **passwords_out, size_t *count_out,
                       struct err *err)
{
    struct listing listing = { .owner = owner, .recipient_id = recipient_id };

    if (!act_read(directory, actor, 0, read_list, &listing, err))
        return false;
    *passwords_out = listing.passwords;
    *count_out = listing.count;
    return true;
}

static bool remove_app_password(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct user user;
    uint64_t removed = 0;
    bool ok = user_lock(db, scratch, change->recipient_id, &user, err) &&
              db_exec(db, DELETE_APP_PASSWORD, DB_ARGS(db_i64(change->recipient_id), db_text(change->name)),
                      &removed, err);

    if (ok && removed == 0)
        ok = not_found(err, "app password");
    ok = ok && touch(db, change, err) &&
         audit_write(db, change->actor, user.organisation_id, "app-password.remove", user.address,
                     json_pack("{s:s}", "app_password", change->name), NULL, err);
    talloc_free(scratch);
    return ok;
}

bool app_password_remove(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         const char *name, struct err *err)
{
    struct change change = { .actor = actor, .recipient_id = recipient_id, .name = name };

    return user_act(directory, actor, recipient_id, remove_app_password, &change, err);
}
