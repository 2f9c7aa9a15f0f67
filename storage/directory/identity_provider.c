/*
 * identity_provider.c -- providers as administrators keep them.
 */
#include "directory/identity_provider.h"

#include "base/clock.h"
#include "base/sealing.h"
#include "directory/act.h"
#include "directory/provider_row.h"

#include <talloc.h>

enum { TEXT_MAX = 1000, CERTIFICATES_MAX = 64 * 1024 };

static const char SELECT_DOMAIN[] = "SELECT domain_id FROM domain WHERE organisation_id = $1 AND name = $2";

static const char INSERT_PROVIDER[] =
    "INSERT INTO identity_provider (organisation_id, name, domain_id, issuer, client_id, scopes, audience, claim,"
    "       ca_certificates, is_for_web, is_for_mail, introspects, has_factor, vouches_beyond, is_enabled, created_us)"
    " VALUES ($1, $2, nullif($3, 0), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " RETURNING identity_provider_id";
static const char UPDATE_PROVIDER[] =
    "UPDATE identity_provider SET name = $2, domain_id = nullif($3, 0), issuer = $4, client_id = $5, scopes = $6,"
    "       audience = $7, claim = $8, ca_certificates = $9, is_for_web = $10, is_for_mail = $11, introspects = $12,"
    "       has_factor = $13, vouches_beyond = $14, is_enabled = $15"
    " WHERE organisation_id = $1 AND name = $16 RETURNING identity_provider_id";
/* Bound to the row that it is in. */
static const char SET_SECRET[] =
    "UPDATE identity_provider SET client_secret = $2 WHERE identity_provider_id = $1";
static const char DELETE_PROVIDER[] =
    "DELETE FROM identity_provider WHERE organisation_id = $1 AND name = $2";
static const char SELECT_PROVIDERS[] =
    PROVIDER_COLUMNS PROVIDER_TABLES " WHERE p.organisation_id = $1 AND ($2::text IS NULL OR p.name = $2)"
                                     " ORDER BY p.name";

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct identity_provider *wanted;
    int64_t organisation_id;
    const char *name;
};

/* ---- what may be set */

static bool check_text(const char *text, const char *what, size_t most, struct err *err)
{
    size_t length = strlen(text);

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            length = 0;
    return (length > 0 && length <= most) ||
           err_set(err, ERR_INVALID, "The %s has 1 to %zu characters, and no spaces.", what, most);
}

/* Without TLS only on this machine, where nobody listens. */
static bool check_issuer(const char *issuer, struct err *err)
{
    static const char *const here[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };
    bool is_good = strncmp(issuer, "https://", 8) == 0 && issuer[8] != '\0' && issuer[8] != '/';

    for (size_t i = 0; i < COUNT_OF(here); i++) {
        size_t length = strlen(here[i]);
        is_good = is_good || (strncmp(issuer, here[i], length) == 0 && strchr(":/", issuer[length]));
    }
    if (strpbrk(issuer, "?#@\\\""))
        is_good = false;
    return check_text(issuer, "issuer", TEXT_MAX, err) &&
           (is_good ||
            err_set(err, ERR_INVALID,
                    "The issuer has to be an address such as https://login.example.org, without ? and #."));
}

/* RFC 6749, 3.3: words, openid among them. */
static bool check_scopes(const char *scopes, struct err *err)
{
    struct span rest = span_text(scopes), word;
    bool has_openid = false, is_good = strlen(scopes) <= TEXT_MAX;

    while (!span_is_empty(rest)) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        has_openid = has_openid || span_equals_text(word, "openid");
        is_good = is_good && !span_is_empty(word);
        for (const char *p = word.p; p < word.end; p++)
            is_good = is_good && *p > ' ' && *p < 0x7F && *p != '"' && *p != '\\';
    }
    return (is_good && has_openid) ||
           err_set(err, ERR_INVALID, "The scopes are words with one space between them, openid among them.");
}

static bool check_certificates(const char *pem, struct err *err)
{
    bool is_good = *pem == '\0' ||
                   (strlen(pem) <= CERTIFICATES_MAX && strstr(pem, "-----BEGIN CERTIFICATE-----") != NULL);

    return is_good || err_set(err, ERR_INVALID, "The certificates have to be PEM, of at most %d bytes.",
                              CERTIFICATES_MAX);
}

static bool check(const struct actor *actor, const struct identity_provider *wanted, struct err *err)
{
    *err = ERR_INIT;
    if (wanted->vouches_beyond && actor->organisation_id)
        return err_set(
            err, ERR_DENIED,
            "Only who acts for the installation lets a provider vouch for rights beyond the organisation.");
    return check_name(wanted->name, "identity provider", err) && check_issuer(wanted->issuer, err) &&
           check_text(wanted->client_id, "client's name", TEXT_MAX, err) &&
           check_text(wanted->claim, "claim", 100, err) && check_scopes(wanted->scopes, err) &&
           (!*wanted->audience || check_text(wanted->audience, "audience", TEXT_MAX, err)) &&
           (!wanted->client_secret || strlen(wanted->client_secret) <= TEXT_MAX ||
            err_set(err, ERR_INVALID, "The secret has at most %d bytes.", TEXT_MAX)) &&
           check_certificates(wanted->ca_certificates, err) &&
           (!wanted->introspects || wanted->has_secret || (wanted->client_secret && *wanted->client_secret) ||
            err_set(err, ERR_INVALID, "Asking about tokens needs a secret."));
}

/* ---- changing */

static json_t *describe(const struct identity_provider *p)
{
    return json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "name",
                     p->name, "domain", p->domain, "issuer", p->issuer, "client", p->client_id, "scopes",
                     p->scopes, "audience", p->audience, "claim", p->claim, "web", p->is_for_web, "mail",
                     p->is_for_mail, "introspects", p->introspects, "second_factor", p->has_factor, "beyond",
                     p->vouches_beyond, "enabled", p->is_enabled, "new_secret", p->client_secret != NULL);
}

static bool find_domain(struct db *db, const void *scratch, const struct change *change,
                        int64_t *domain_id_out, struct err *err)
{
    struct db_row row;

    *domain_id_out = 0;
    if (!change->wanted->domain)
        return true;
    if (!db_one_row(db, scratch, SELECT_DOMAIN,
                    DB_ARGS(db_i64(change->organisation_id), db_text(change->wanted->domain)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "domain in this organisation") : false;
    *domain_id_out = db_get_i64(&row, 0);
    return true;
}

static bool put_secret(struct db *db, const void *scratch, const struct change *change, int64_t provider_id,
                       struct err *err)
{
    char *context = seal_context(scratch, "identity-provider",
                                 talloc_asprintf(scratch, "%lld", (long long)provider_id), "secret");
    char *sealed = NULL;

    if (!change->wanted->client_secret)
        return true;
    if (*change->wanted->client_secret && !sealing_seal(change->directory->sealing, scratch, context,
                                                        change->wanted->client_secret, &sealed, err))
        return false;
    return db_exec(db, SET_SECRET, DB_ARGS(db_i64(provider_id), db_text(sealed ? sealed : "")), NULL, err);
}

static bool put(struct db *db, const void *scratch, const struct change *change, struct err *err)
{
    const struct identity_provider *w = change->wanted;
    int64_t domain_id;
    struct db_row row;

    if (!find_domain(db, scratch, change, &domain_id, err))
        return false;
    if (!db_one_row(db, scratch, change->name ? UPDATE_PROVIDER : INSERT_PROVIDER,
                    DB_ARGS(db_i64(change->organisation_id), db_text(w->name), db_i64(domain_id),
                            db_text(w->issuer), db_text(w->client_id), db_text(w->scopes),
                            db_text(w->audience), db_text(w->claim), db_text(w->ca_certificates),
                            db_bool(w->is_for_web), db_bool(w->is_for_mail), db_bool(w->introspects),
                            db_bool(w->has_factor), db_bool(w->vouches_beyond), db_bool(w->is_enabled),
                            change->name ? db_text(change->name) : db_i64(clock_now_us())),
                    &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "identity provider")
                                          : taken(err, "There is one called %s already.", w->name);
    return put_secret(db, scratch, change, db_get_i64(&row, 0), err) &&
           audit_write(db, change->actor, change->organisation_id,
                       change->name ? "identity-provider.set" : "identity-provider.add", w->name, NULL,
                       describe(w), err);
}

static bool put_it(struct db *db, void *arg, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool ok = put(db, scratch, arg, err);

    talloc_free(scratch);
    return ok;
}

bool provider_add(struct directory *directory, const struct actor *actor,
                  const struct identity_provider *wanted, struct err *err)
{
    struct change change = { directory, actor, wanted, wanted->organisation_id, NULL };

    return check(actor, wanted, err) &&
           act_in(directory, actor, wanted->organisation_id, put_it, &change, err);
}

bool provider_set(struct directory *directory, const struct actor *actor, const char *name,
                  const struct identity_provider *wanted, struct err *err)
{
    struct change change = { directory, actor, wanted, wanted->organisation_id, name };

    return check(actor, wanted, err) &&
           act_in(directory, actor, wanted->organisation_id, put_it, &change, err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    uint64_t removed;

    return db_exec(db, DELETE_PROVIDER, DB_ARGS(db_i64(change->organisation_id), db_text(change->name)),
                   &removed, err) &&
           (removed > 0 || not_found(err, "identity provider")) &&
           audit_write(db, change->actor, change->organisation_id, "identity-provider.remove", change->name,
                       NULL, NULL, err);
}

bool provider_remove(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                     const char *name, struct err *err)
{
    struct change change = { directory, actor, NULL, organisation_id, name };

    return act_in(directory, actor, organisation_id, remove_it, &change, err);
}

/* ---- listing */

void provider_read_row(const void *owner, const struct db_row *row, struct identity_provider *out)
{
    *out = (struct identity_provider){
        .identity_provider_id = db_get_i64(row, 0),
        .organisation_id = db_get_i64(row, 1),
        .domain_id = db_get_i64(row, 2),
        .domain = db_copy_text(owner, row, 3),
        .name = db_copy_text(owner, row, 4),
        .issuer = db_copy_text(owner, row, 5),
        .client_id = db_copy_text(owner, row, 6),
        .has_secret = db_get_bool(row, 7),
        .scopes = db_copy_text(owner, row, 8),
        .audience = db_copy_text(owner, row, 9),
        .claim = db_copy_text(owner, row, 10),
        .ca_certificates = db_copy_text(owner, row, 11),
        .is_for_web = db_get_bool(row, 12),
        .is_for_mail = db_get_bool(row, 13),
        .introspects = db_get_bool(row, 14),
        .has_factor = db_get_bool(row, 15),
        .vouches_beyond = db_get_bool(row, 16),
        .is_enabled = db_get_bool(row, 17),
        .created_us = db_get_i64(row, 18),
    };
}

struct listing {
    const void *owner;
    int64_t organisation_id;
    const char *name;
    struct db_rows *rows;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;

    return db_query(db, listing->owner, SELECT_PROVIDERS,
                    DB_ARGS(db_i64(listing->organisation_id), db_text(listing->name)), &listing->rows, err);
}

bool provider_list(struct directory *directory, const struct actor *actor, const void *owner,
                   int64_t organisation_id, const char *name, struct identity_provider **list_out,
                   size_t *count_out, struct err *err)
{
    struct listing listing = { owner, organisation_id, name, NULL };
    struct db_row row;

    if (!act_read(directory, actor, organisation_id, list, &listing, err))
        return false;
    *count_out = db_rows_count(listing.rows);
    *list_out = talloc_zero_array(owner, struct identity_provider, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(listing.rows, i, &row); i++)
        provider_read_row(owner, &row, &(*list_out)[i]);
    return true;
}
