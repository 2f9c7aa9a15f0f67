/*
 * test_wall.c -- row-level security: with the application's own checks taken away, nothing foreign is seen, changed
 * or removed; with no organisation set, nothing at all.
 */
#include "db/migrate.h"
#include "db/statement.h"
#include "db/transaction.h"
#include "directory/alias.h"
#include "directory/credential.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static const char *const tenant_tables[] = {
    "organisation",     "administrative_group",
    "domain",           "recipient",
    "address",          "recipient_target",
    "credential",       "app_password",
    "role_assignment",  "audit",
    "recipient_sender", "backup_recipient",
    "queue_message",    "queue_recipient",
    "filter_setting",   "access_entry",
    "dkim_key",         "quarantine",
    "transport_rule",   "send_count",
    "send_hold",
};
/* Of the installation, though a row may name an organisation: seen by no organisation. */
static const char *const installation_tables[] = { "connector" };

struct fixture {
    struct kit_directory *kit;
    struct db_pool *owner, *app;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static void fill(struct fixture *f, const char *user, const char *alias_address)
{
    static const struct credential credential = { .argon2 = "$argon2id$x", .scram_iterations = 4096 };
    static const unsigned char hash[APP_PASSWORD_HASH_BYTES] = { 1 };
    struct app_password phone = { .name = "phone", .protocols = PROTOCOL_IMAP };
    struct alias alias = {
        .address = alias_address, .targets = &user, .target_count = 1, .is_enabled = true
    };
    int64_t id;

    phone.recipient_id = kit_user(f->kit, user, &credential);
    OK(app_password_add(f->kit->directory, &kit_root, &phone, hash, &id, &f->err));
    OK(alias_add(f->kit->directory, &kit_root, &alias, &id, &f->err));
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);

    f->kit = kit_directory(f);
    f->owner = kit_pg_pool(f, f->kit->conninfo, NULL, 1);
    f->app = kit_pg_pool(f, f->kit->conninfo, "chappe_app", 1);
    fill(f, "ada@example.org", "sales@example.org");
    fill(f, "bob@example.net", "info@example.net");
    struct db *db = kit_pg_acquire(f->owner);
    OK(db_exec_script(
        db,
        "INSERT INTO role_assignment (organisation_id, recipient_id, role)"
        " SELECT organisation_id, recipient_id, 'auditor' FROM recipient WHERE kind = 'user';"
        "INSERT INTO recipient_sender (organisation_id, recipient_id, is_allowed, sender)"
        " SELECT organisation_id, recipient_id, true, '@elsewhere.example' FROM recipient"
        "  WHERE kind = 'user';"
        "INSERT INTO backup_recipient (organisation_id, domain_id, address)"
        " SELECT organisation_id, domain_id, '@' || name FROM domain;"
        "INSERT INTO connector (name, kind, routing_group_id, organisation_id)"
        " SELECT 'of ' || name, 'smtp', 1, organisation_id FROM organisation;"
        "INSERT INTO queue_message (name, organisation_id, sender, origin, received_us, expires_us, size)"
        " SELECT 'q', organisation_id, '', 'smtp', 1, 2, 0 FROM organisation;"
        "INSERT INTO queue_body SELECT message_id, 0, 0, '' FROM queue_message;"
        "INSERT INTO queue_recipient (message_id, organisation_id, address, asked, lane, next_try_us, overdue_us)"
        " SELECT message_id, organisation_id, 'a', 'a', 'a', 1, 2 FROM queue_message;"
        "INSERT INTO connector_login SELECT connector_id, 'login', 'secret' FROM connector;"
        "INSERT INTO filter_setting (organisation_id, name, value)"
        " SELECT organisation_id, 'spf', 'mark' FROM organisation;"
        "INSERT INTO access_entry (organisation_id, list, kind, value, created_us, created_by)"
        " SELECT organisation_id, 'block', 'domain', 'elsewhere.example', 1, 'x' FROM organisation;"
        "INSERT INTO dkim_key (organisation_id, domain_id, selector, algorithm, public_key, private_key,"
        "                      created_us, active_from_us)"
        " SELECT organisation_id, domain_id, 's', 'rsa', 'public', 'private', 1, 1 FROM domain;"
        "INSERT INTO quarantine (organisation_id, received_us, expires_us, sender, recipients, subject, reason,"
        "                        peer, size_bytes, codec, data)"
        " SELECT organisation_id, 1, 2, '', '{}', '', 'spam', '', 0, 0, '' FROM organisation;"
        "INSERT INTO transport_rule (organisation_id, position, name, rule)"
        " SELECT organisation_id, 1, 'r', '{}' FROM organisation;"
        "INSERT INTO send_count SELECT organisation_id, 0, 1, 1, 1 FROM organisation;"
        "INSERT INTO send_hold (recipient_id, organisation_id, since_us, reason)"
        " SELECT recipient_id, organisation_id, 1, 'x' FROM recipient WHERE kind = 'user'",
        &f->err));
    db_release(&db);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static int64_t count(struct fixture *f, struct db *db, const char *sql)
{
    struct db_rows *rows;
    struct db_row row;

    OK(db_query_built(db, f, sql, DB_NO_ARGS, &rows, &f->err));
    assert_true(db_rows_at(rows, 0, &row));
    int64_t value = db_get_i64(&row, 0);
    talloc_free(rows);
    return value;
}

static void enter(struct fixture *f, struct db *db, int64_t organisation_id)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)organisation_id);
    OK(db_exec(db, "SELECT set_config('chappe.organisation', $1, false)", DB_ARGS(db_text(text)), NULL,
               &f->err));
}

/* SELECT ... without any WHERE is what a forgotten check would be. */
static void nothing_foreign_is_seen(void **state)
{
    struct fixture *f = *state;
    struct db *owner = kit_pg_acquire(f->owner), *app = kit_pg_acquire(f->app);
    char sql[200];

    for (size_t i = 0; i < COUNT_OF(tenant_tables); i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE organisation_id = %lld", tenant_tables[i],
                 (long long)f->kit->ada_org);
        int64_t own = count(f, owner, sql);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tenant_tables[i]);
        int64_t all = count(f, owner, sql);
        if (own == 0 || all <= own)
            fail_msg("%s has no rows to tell apart", tenant_tables[i]);
        enter(f, app, f->kit->ada_org);
        snprintf(sql, sizeof sql, "SELECT count(organisation_id) FROM %s", tenant_tables[i]);
        assert_int_equal(count(f, app, sql), own);
        OK(db_exec_script(app, "SELECT set_config('chappe.organisation', '', false)", &f->err));
        assert_int_equal(count(f, app, sql), 0);
        OK(db_exec_script(app, "RESET chappe.organisation", &f->err));
        assert_int_equal(count(f, app, sql), 0);
    }
    for (size_t i = 0; i < COUNT_OF(installation_tables); i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", installation_tables[i]);
        assert_int_equal(count(f, owner, sql), 2);
        assert_int_equal(count(f, app, sql), 2);
        enter(f, app, f->kit->ada_org);
        assert_int_equal(count(f, app, sql), 0);
    }
    db_release(&owner);
    db_release(&app);
}

static bool is_refused(struct db *db, const char *sql, struct err *err)
{
    struct db_rows *rows;

    if (!db_query_built(db, NULL, sql, DB_NO_ARGS, &rows, err))
        return true;
    talloc_free(rows);
    return false;
}

static void nothing_foreign_is_changed(void **state)
{
    struct fixture *f = *state;
    struct db *owner = kit_pg_acquire(f->owner), *app = kit_pg_acquire(f->app);
    char sql[200];

    enter(f, app, f->kit->ada_org);
    OK(db_exec_script(
        app,
        "UPDATE recipient SET name = 'mine'; UPDATE domain SET is_enabled = false;"
        "UPDATE organisation SET quota_bytes = 1; DELETE FROM app_password; DELETE FROM credential;"
        "DELETE FROM recipient_target; DELETE FROM role_assignment; DELETE FROM recipient_sender;"
        "DELETE FROM backup_recipient; DELETE FROM connector; UPDATE connector SET cost = 1;"
        "DELETE FROM quarantine; DELETE FROM access_entry; DELETE FROM transport_rule; DELETE FROM send_hold",
        &f->err));
    snprintf(sql, sizeof sql, "SELECT count(*) FROM recipient WHERE name = 'mine' AND organisation_id = %lld",
             (long long)f->kit->bob_org);
    assert_int_equal(count(f, owner, sql), 0);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM domain WHERE NOT is_enabled"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM organisation WHERE quota_bytes = 1"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM app_password"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM credential"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM recipient_target"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM recipient_sender"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM backup_recipient"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM connector WHERE cost = 10"), 2);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM quarantine"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM access_entry"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM transport_rule"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM send_hold"), 1);

    snprintf(sql, sizeof sql, "INSERT INTO administrative_group (organisation_id, name) VALUES (%lld, 'x')",
             (long long)f->kit->bob_org);
    assert_true(is_refused(app, sql, &f->err));
    snprintf(sql, sizeof sql, "UPDATE recipient SET organisation_id = %lld", (long long)f->kit->bob_org);
    assert_true(is_refused(app, sql, &f->err));
    assert_true(is_refused(app, "UPDATE audit SET actor = 'nobody'", &f->err));
    assert_true(is_refused(app, "DELETE FROM audit", &f->err));
    assert_true(is_refused(app, "SELECT argon2 FROM credential", &f->err));
    assert_true(is_refused(app, "SELECT hash FROM app_password", &f->err));
    assert_true(is_refused(app, "SELECT secret FROM installation", &f->err));
    assert_true(is_refused(app, "SELECT password FROM connector_login", &f->err));
    assert_true(is_refused(app, "SELECT private_key FROM dkim_key", &f->err));
    assert_true(is_refused(app, "ALTER TABLE recipient DISABLE ROW LEVEL SECURITY", &f->err));
    assert_true(is_refused(app, "SET row_security = off; SELECT 1 FROM recipient", &f->err));
    db_release(&owner);
    db_release(&app);
}

/* A table that gets an organisation_id later must get the wall as well. */
static void no_table_was_forgotten(void **state)
{
    struct fixture *f = *state;
    struct db *owner = kit_pg_acquire(f->owner);

    assert_int_equal(count(f, owner,
                           "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                           " WHERE a.attname = 'organisation_id' AND c.relkind = 'r'"
                           "   AND c.relnamespace = 'public'::regnamespace"
                           "   AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"),
                     0);
    assert_int_equal(count(f, owner,
                           "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                           " WHERE a.attname = 'organisation_id' AND c.relkind = 'r'"
                           "   AND c.relnamespace = 'public'::regnamespace"),
                     (int64_t)(COUNT_OF(tenant_tables) + COUNT_OF(installation_tables)));
    assert_int_equal(
        count(f, owner,
              "SELECT count(*) FROM pg_roles"
              " WHERE rolname IN ('chappe_app', 'chappe_lookup') AND (rolbypassrls OR rolsuper)"),
        0);
    assert_int_equal(
        count(f, owner,
              "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"),
        0);
    db_release(&owner);
}

/* An external database whose owner is nobody special: forced row-level security must hide everything from the owner,
 * and yet let foreign keys, which work in its name, check and cascade. */
static void an_owner_without_privileges(void **state)
{
    struct fixture *f = *state;
    char *conninfo = kit_pg_database(f, NULL);
    struct db_pool *super = kit_pg_pool(f, conninfo, NULL, 1), *plain;
    struct db *db = kit_pg_acquire(super);
    struct organisation organisation = { .name = "Gamma", .protocols = PROTOCOLS_ALL, .is_enabled = true };
    struct domain domain = { .name = "example.com", .protocols = PROTOCOLS_ALL, .is_enabled = true };
    struct user wanted = { .address = "eve@example.com", .name = "Eve", .protocols = PROTOCOLS_ALL }, user;
    struct mailbox_location location;
    struct directory *directory;
    int64_t id;

    OK(db_exec_script(
        db,
        "DROP ROLE IF EXISTS plain_owner; CREATE ROLE plain_owner CREATEROLE;"
        "GRANT chappe_app, chappe_lookup TO plain_owner; GRANT ALL ON SCHEMA public TO plain_owner",
        &f->err));
    plain = kit_pg_pool(f, conninfo, "plain_owner", 1);
    OK(db_migrate(plain, &db_schema_directory, &f->err));
    struct directory_options options = { .conninfo = conninfo, .pool_size = 2 };
    OK(directory_open(f, &options, &directory, &f->err));
    OK(organisation_add(directory, &kit_root, &organisation, &domain.organisation_id, &f->err));
    OK(domain_add(directory, &kit_root, &domain, &id, &f->err));
    OK(user_add(directory, &kit_root, &wanted, NULL, &user, f, &f->err));
    /* as a member of chappe_lookup it may read; by itself, nothing */
    OK(db_exec_script(db, "REVOKE chappe_app, chappe_lookup FROM plain_owner", &f->err));
    struct db *owner = kit_pg_acquire(plain);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM recipient"), 0);
    assert_int_equal(count(f, db, "SELECT count(*) FROM recipient"), 1);
    db_release(&owner);
    OK(user_remove(directory, &kit_root, user.recipient_id, &location, &f->err));
    assert_int_equal(count(f, db, "SELECT count(*) FROM address"), 0);
    directory_close(&directory);
    db_release(&db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_foreign_is_seen),
        TEST(nothing_foreign_is_changed),
        TEST(no_table_was_forgotten),
        TEST(an_owner_without_privileges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
