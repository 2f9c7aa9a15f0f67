/*
 * provider_use.c -- what a login needs of providers, as the role that logs in: of all organisations.
 */
#include "base/clock.h"
#include "directory/act.h"
#include "directory/provider_row.h"
#include "format/address.h"

#include <talloc.h>

/* An installation has so many browsers on their way at most: beginning needs no login. */
#define ON_THEIR_WAY_MAX "20000"

#define USABLE(use)                                                                                          \
    "p.is_enabled AND CASE " use " WHEN 0 THEN p.is_for_web WHEN 1 THEN p.is_for_mail ELSE true END"

static const char SELECT_ONE[] = PROVIDER_COLUMNS ", p.client_secret" PROVIDER_TABLES
                                                  " WHERE p.identity_provider_id = $1 AND p.is_enabled";
/* Those of the domain itself before those of the whole organisation. */
static const char SELECT_BY_DOMAIN[] = PROVIDER_COLUMNS
    ", p.client_secret" PROVIDER_TABLES
    " JOIN domain m ON m.organisation_id = p.organisation_id AND m.name = $2"
    " WHERE (p.domain_id IS NULL OR p.domain_id IN (m.domain_id, m.target_domain_id)) AND " USABLE(
        "$1::int") " ORDER BY p.domain_id NULLS LAST, p.name LIMIT $3";
/* By identity_provider_by_issuer. */
static const char SELECT_BY_ISSUER[] = PROVIDER_COLUMNS
    ", p.client_secret" PROVIDER_TABLES
    " WHERE p.issuer = $2 AND " USABLE("$1::int") " ORDER BY p.identity_provider_id LIMIT $3";
static const char SELECT_EXISTS[] =
    "SELECT EXISTS (SELECT FROM identity_provider p WHERE " USABLE("$1::int") ")";

static const char INSERT_LOGIN[] =
    "INSERT INTO federated_login (state_hash, identity_provider_id, browser_hash, nonce, verifier, redirect_uri,"
    "                             return_path, expires_us)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8"
    "  WHERE (SELECT count(*) FROM federated_login) < " ON_THEIR_WAY_MAX;
static const char TAKE_LOGIN[] =
    "DELETE FROM federated_login WHERE state_hash = $1 AND browser_hash = $2"
    " RETURNING identity_provider_id, nonce, verifier, redirect_uri, return_path, expires_us";
static const char TIDY_LOGINS[] = "DELETE FROM federated_login WHERE expires_us < $1";

static void read_with_secret(struct directory *directory, const void *owner, const struct db_row *row,
                             struct identity_provider *out)
{
    const char *stored = db_copy_text(owner, row, 19);
    char *context;

    provider_read_row(owner, row, out);
    context = seal_context(owner, "identity-provider",
                           talloc_asprintf(owner, "%lld", (long long)out->identity_provider_id), "secret");
    out->client_secret = *stored ? unsealed(directory, owner, context, stored) : "";
}

bool provider_load(struct directory *directory, const void *owner, int64_t provider_id,
                   struct identity_provider *provider_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, SELECT_ONE, DB_ARGS(db_i64(provider_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "identity provider") : false;
    read_with_secret(directory, owner, &row, provider_out);
    return true;
}

static bool find_all(struct directory *directory, const void *owner, const char *sql, enum provider_use use,
                     const char *text, struct identity_provider **list_out, size_t *count_out,
                     struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, sql, DB_ARGS(db_i32((int32_t)use), db_text(text), db_i64(PROVIDERS_MAX)),
                 &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *list_out = talloc_zero_array(owner, struct identity_provider, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_with_secret(directory, owner, &row, &(*list_out)[i]);
    return true;
}

bool providers_of_domain(struct directory *directory, const void *owner, enum provider_use use,
                         const char *domain, struct identity_provider **list_out, size_t *count_out,
                         struct err *err)
{
    char *name;

    *err = ERR_INIT;
    *count_out = 0;
    if (address_domain(owner, span_text(domain), &name) != ADDRESS_GOOD)
        return true;
    return find_all(directory, owner, SELECT_BY_DOMAIN, use, name, list_out, count_out, err);
}

bool providers_of_issuer(struct directory *directory, const void *owner, enum provider_use use,
                         const char *issuer, struct identity_provider **list_out, size_t *count_out,
                         struct err *err)
{
    return find_all(directory, owner, SELECT_BY_ISSUER, use, issuer, list_out, count_out, err);
}

bool providers_exist(struct directory *directory, enum provider_use use, bool *exist_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(directory, scratch, SELECT_EXISTS, DB_ARGS(db_i32((int32_t)use)), &row, err);

    *exist_out = ok && db_get_bool(&row, 0);
    talloc_free(scratch);
    return ok;
}

/* ---- browsers on their way */

struct passing {
    const struct federated_login *wanted;
    int64_t now_us;
    uint64_t count;
};

static bool insert(struct db *db, void *arg, struct err *err)
{
    struct passing *passing = arg;
    const struct federated_login *w = passing->wanted;

    return db_exec(db, INSERT_LOGIN,
                   DB_ARGS(db_bytes(span_of(w->state_hash, FEDERATED_HASH_BYTES)),
                           db_i64(w->identity_provider_id),
                           db_bytes(span_of(w->browser_hash, FEDERATED_HASH_BYTES)), db_text(w->nonce),
                           db_text(w->verifier), db_text(w->redirect_uri), db_text(w->return_path),
                           db_i64(clock_now_us() + FEDERATED_LOGIN_S * US_PER_S)),
                   &passing->count, err);
}

bool federated_login_add(struct directory *directory, const struct federated_login *wanted, struct err *err)
{
    struct passing passing = { .wanted = wanted };

    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, insert, &passing,
                                 err) &&
           (passing.count == 1 ||
            err_set(err, ERR_BUSY, "Too many log in at the moment. Please try again in some minutes."));
}

bool federated_login_take(struct directory *directory, const void *owner,
                          const unsigned char state_hash[FEDERATED_HASH_BYTES],
                          const unsigned char browser_hash[FEDERATED_HASH_BYTES],
                          struct federated_login *login_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, TAKE_LOGIN,
                     DB_ARGS(db_bytes(span_of(state_hash, FEDERATED_HASH_BYTES)),
                             db_bytes(span_of(browser_hash, FEDERATED_HASH_BYTES))),
                     &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "login") : false;
    *login_out = (struct federated_login){ .identity_provider_id = db_get_i64(&row, 0),
                                           .nonce = db_copy_text(owner, &row, 1),
                                           .verifier = db_copy_text(owner, &row, 2),
                                           .redirect_uri = db_copy_text(owner, &row, 3),
                                           .return_path = db_copy_text(owner, &row, 4) };
    return db_get_i64(&row, 5) >= clock_now_us() || not_found(err, "login");
}

static bool tidy(struct db *db, void *arg, struct err *err)
{
    struct passing *passing = arg;

    return db_exec(db, TIDY_LOGINS, DB_ARGS(db_i64(passing->now_us)), &passing->count, err);
}

bool federated_login_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    struct passing passing = { .now_us = now_us };

    *err = ERR_INIT;
    if (!with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, tidy, &passing, err))
        return false;
    *removed_out = passing.count;
    return true;
}
