/*
 * login.c -- what a login needs to know, read across organisations.
 */
#include "directory/login.h"

#include "base/clock.h"
#include "directory/user_row.h"
#include "format/address.h"

#include <talloc.h>

#define LOGIN_COLUMNS                                                                                        \
    "SELECT r.recipient_id, r.organisation_id, p.domain_id, p.address, r.name,"                              \
    "       CASE WHEN o.is_enabled AND d.is_enabled THEN r.state ELSE 'disabled' END,"                       \
    "       r.protocols & d.protocols & o.protocols,"                                                        \
    "       r.storage_group_id, r.store_id, r.mailbox_id,"                                                   \
    "       c.argon2, c.scram_salt, c.scram_iterations, c.scram_stored_key, c.scram_server_key,"             \
    "       r.stamp + d.stamp + o.stamp,"                                                                    \
    "       w.ids, w.protocols, w.expires, w.hashes,"                                                        \
    "       coalesce(nullif(r.language, ''), nullif(o.language, ''), 'auto'),"                               \
    "       CASE WHEN r.undo_s >= 0 THEN r.undo_s ELSE o.undo_s END,"                                        \
    "       w.networks,"                                                                                     \
    "       EXISTS (SELECT FROM second_factor f WHERE f.recipient_id = r.recipient_id AND f.is_confirmed),"  \
    "       r.source_id, e.dn, e.entry_key, e.expires_us"

#define LOGIN_JOINS                                                                                          \
    "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"                                   \
    "  JOIN domain d ON d.domain_id = p.domain_id"                                                           \
    "  JOIN organisation o ON o.organisation_id = r.organisation_id"                                         \
    "  LEFT JOIN credential c ON c.recipient_id = r.recipient_id"                                            \
    "  LEFT JOIN LATERAL (SELECT array_agg(app_password_id) AS ids, array_agg(protocols) AS protocols,"      \
    "                            array_agg(expires_us) AS expires, array_agg(hash) AS hashes,"               \
    "                            array_agg(array_to_string(networks, ' ')) AS networks"                      \
    "                       FROM app_password WHERE recipient_id = r.recipient_id) w ON true"                \
    "  LEFT JOIN directory_entry e ON e.recipient_id = r.recipient_id AND e.source_id = r.source_id"

/* By the unique index of addresses; an alias domain is replaced by its target first. */
static const char SELECT_LOGIN[] = LOGIN_COLUMNS
    "  FROM address a"
    "  JOIN recipient r ON r.recipient_id = a.recipient_id AND r.kind = 'user' AND r.mailbox_id IS NOT NULL" LOGIN_JOINS
    " WHERE a.address = $1 || '@' || (SELECT coalesce(t.name, n.name) FROM domain n"
    "                                   LEFT JOIN domain t ON t.domain_id = n.target_domain_id WHERE n.name = $2)";

static const char SELECT_LOGIN_ID[] =
    LOGIN_COLUMNS "  FROM recipient r" LOGIN_JOINS
                  " WHERE r.recipient_id = $1 AND r.kind = 'user' AND r.mailbox_id IS NOT NULL";

static const char SELECT_STAMP[] = "SELECT r.stamp + d.stamp + o.stamp"
                                   "  FROM recipient r"
                                   "  JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"
                                   "  JOIN domain d ON d.domain_id = p.domain_id"
                                   "  JOIN organisation o ON o.organisation_id = r.organisation_id"
                                   " WHERE r.recipient_id = $1";

static const char SELECT_SENDERS[] =
    "WITH own AS ("
    "    SELECT address, domain_id, is_primary FROM address WHERE recipient_id = $1"
    "    UNION ALL"
    "    SELECT b.address, b.domain_id, false"
    "      FROM recipient_target t"
    "      JOIN recipient r ON r.recipient_id = t.recipient_id AND r.state = 'active' AND r.kind = 'alias'"
    "      JOIN address b ON b.recipient_id = t.recipient_id"
    "     WHERE t.target_recipient_id = $1"
    "       AND NOT EXISTS (SELECT FROM recipient_target x"
    "                        WHERE x.recipient_id = t.recipient_id AND x.target_recipient_id IS DISTINCT FROM $1))"
    " SELECT address, is_primary FROM own"
    " UNION"
    " SELECT left(own.address, length(own.address) - length(d.name)) || e.name, false"
    "   FROM own JOIN domain d USING (domain_id) JOIN domain e ON e.target_domain_id = d.domain_id"
    "  WHERE e.is_enabled"
    " ORDER BY 2 DESC, 1";

static const char NOTE_APP_PASSWORD[] =
    "UPDATE app_password SET last_used_us = $2 WHERE app_password_id = $1 AND last_used_us < $2 - 60000000";

static void copy_bytes(unsigned char *to, size_t size, struct span bytes)
{
    memset(to, 0, size);
    if (span_length(bytes) == size)
        memcpy(to, bytes.p, size);
}

static void read_app_passwords(const void *owner, const struct db_row *row, struct login *out)
{
    size_t count;
    int64_t *ids = db_get_i64_array(owner, row, 16, &count);
    int32_t *protocols = db_get_i32_array(owner, row, 17, &count);
    int64_t *expires = db_get_i64_array(owner, row, 18, &count);
    struct span *hashes = db_get_span_array(owner, row, 19, &count);
    struct span *networks = db_get_span_array(owner, row, 22, &count);

    out->app_password_count = count;
    out->app_passwords = talloc_array(owner, struct login_app_password, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        out->app_passwords[i] = (struct login_app_password){ .app_password_id = ids[i],
                                                             .protocols = (unsigned)protocols[i],
                                                             .expires_us = expires[i],
                                                             .networks = span_copy(owner, networks[i]) };
        copy_bytes(out->app_passwords[i].hash, APP_PASSWORD_HASH_BYTES, hashes[i]);
    }
}

static void read_row(const void *owner, const struct db_row *row, struct login *out)
{
    *out = (struct login){
        .recipient_id = db_get_i64(row, 0),
        .organisation_id = db_get_i64(row, 1),
        .domain_id = db_get_i64(row, 2),
        .login = db_copy_text(owner, row, 3),
        .name = db_copy_text(owner, row, 4),
        .state = recipient_state_of_span(db_get_text(row, 5)),
        .protocols = (unsigned)db_get_i32(row, 6),
        .mailbox = { db_get_i64(row, 7), db_get_i64(row, 8), db_get_i64(row, 9) },
        .has_credential = !db_is_null(row, 10) && db_is_null(row, 24),
        .stamp = db_get_i64(row, 15),
        .preference = { db_copy_text(owner, row, 20), db_get_i32(row, 21) },
        .has_second_factor = db_get_bool(row, 23),
        .source_id = db_get_i64(row, 24),
        .dn = db_copy_text(owner, row, 25),
        .entry_key = db_copy_text(owner, row, 26),
        .closes_us = db_get_i64(row, 27),
    };
    if (out->has_credential) {
        out->credential.argon2 = db_copy_text(owner, row, 10);
        copy_bytes(out->credential.scram_salt, SCRAM_SALT_BYTES, db_get_bytes(row, 11));
        out->credential.scram_iterations = db_get_i32(row, 12);
        copy_bytes(out->credential.scram_stored_key, SCRAM_KEY_BYTES, db_get_bytes(row, 13));
        copy_bytes(out->credential.scram_server_key, SCRAM_KEY_BYTES, db_get_bytes(row, 14));
    }
    read_app_passwords(owner, row, out);
}

bool login_find(struct directory *directory, const void *owner, const char *address, struct login *login_out,
                struct err *err)
{
    struct db_row row;
    char *key, *domain;
    void *scratch = talloc_new(owner);

    *err = ERR_INIT;
    if (!address_canonical(scratch, address, &key, &domain, err)) {
        talloc_free(scratch);
        return not_found(err, "account"); /* there is none of such a name */
    }
    size_t local = strlen(key) - strlen(domain) - 1;
    bool ok = look_up_one(directory, scratch, SELECT_LOGIN,
                          DB_ARGS(db_span_text(span_of(key, local)), db_text(domain)), &row, err);
    if (ok)
        read_row(owner, &row, login_out);
    talloc_free(scratch);
    return ok;
}

bool login_find_id(struct directory *directory, const void *owner, int64_t recipient_id,
                   struct login *login_out, struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(owner);
    bool ok = look_up_one(directory, scratch, SELECT_LOGIN_ID, DB_ARGS(db_i64(recipient_id)), &row, err);

    if (ok)
        read_row(owner, &row, login_out);
    talloc_free(scratch);
    return ok;
}

bool login_stamp(struct directory *directory, int64_t recipient_id, int64_t *stamp_out, struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = look_up_one(directory, scratch, SELECT_STAMP, DB_ARGS(db_i64(recipient_id)), &row, err);

    if (ok)
        *stamp_out = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool login_senders(struct directory *directory, const void *owner, int64_t recipient_id,
                   const char ***addresses_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!look_up(directory, owner, SELECT_SENDERS, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *addresses_out = talloc_array(owner, const char *, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*addresses_out)[i] = db_copy_text(*addresses_out, &row, 0);
    talloc_free(rows);
    return true;
}

bool login_note_app_password(struct directory *directory, int64_t app_password_id, struct err *err)
{
    struct db_rows *rows;

    if (!look_up(directory, NULL, NOTE_APP_PASSWORD, DB_ARGS(db_i64(app_password_id), db_i64(clock_now_us())),
                 &rows, err))
        return false;
    talloc_free(rows);
    return true;
}
