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
    "organisation",
    "administrative_group",
    "domain",
    "recipient",
    "address",
    "recipient_target",
    "credential",
    "app_password",
    "login_seen",
    "retention_told",
    "role_assignment",
    "audit",
    "recipient_sender",
    "backup_recipient",
    "queue_message",
    "queue_recipient",
    "filter_setting",
    "access_entry",
    "dkim_key",
    "quarantine",
    "transport_rule",
    "send_count",
    "send_hold",
    "access_token",
    "trace",
    "lesson",
    "familiar",
    "report",
    "list",
    "list_person",
    "list_request",
    "moderation",
    "quarantine_digest",
    "second_factor",
    "recovery_code",
    "second_factor_rule",
    "identity_provider",
    "custom_role",
    "pending_change",
    "mailbox_move",
    "deleted_mailbox",
    "address_list",
    "recipient_policy",
    "retention_rule",
    "job",
    "directory_source",
    "directory_source_secret",
    "directory_source_state",
    "directory_run",
    "directory_entry",
    "directory_member",
    "directory_conflict",
    "directory_written",
    "directory_write_refused",
    "recipient_person",
    "line_session",
    "push_subscription",
    "sender_grant",
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
        "INSERT INTO role_assignment (organisation_id, recipient_id, role, scope_id)"
        " SELECT organisation_id, recipient_id, 'auditor', organisation_id FROM recipient WHERE kind = 'user';"
        "INSERT INTO access_token (organisation_id, recipient_id, hash, is_session, name, peer, created_us, seen_us,"
        "                          expires_us)"
        " SELECT organisation_id, recipient_id, recipient_id::text::bytea, true, 'x', 'y', 1, 1, 0 FROM recipient"
        "  WHERE kind = 'user';"
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
        "INSERT INTO line_process VALUES ('mail.example.org/mailbox', 1);"
        "INSERT INTO line_session (organisation_id, recipient_id, process, session, protocol, peer, began_us)"
        " SELECT organisation_id, recipient_id, 'mail.example.org/mailbox', recipient_id::text, 2, '192.0.2.1', 1"
        "   FROM recipient WHERE kind = 'user';"
        "INSERT INTO login_seen (organisation_id, recipient_id, day_us, protocol, peer, first_us, last_us, logins)"
        " SELECT organisation_id, recipient_id, 0, 2, '192.0.2.1', 1, 1, 1 FROM recipient WHERE kind = 'user';"
        "INSERT INTO retention_told SELECT recipient_id, organisation_id, '*=365:delete', 1 FROM recipient WHERE kind = 'user';"
        "INSERT INTO send_count SELECT organisation_id, 0, 1, 1, 1 FROM organisation;"
        "INSERT INTO lesson (organisation_id, recipient_id, mailbox_id, storage_group_id, message_id, is_spam, made_us,"
        "                    next_us) SELECT organisation_id, recipient_id, recipient_id, 1, 1, true, 1, 1 FROM recipient;"
        "INSERT INTO familiar SELECT recipient_id, 'x', organisation_id, recipient_id, 1 FROM recipient;"
        "INSERT INTO report (organisation_id, kind, received_us, domain, reporter, number, begin_us, end_us, passed,"
        "                    failed, detail)"
        " SELECT organisation_id, 'dmarc', 1, 'x', 'x', '1', 1, 1, 1, 1, '{}' FROM organisation;"
        "INSERT INTO send_hold (recipient_id, organisation_id, since_us, reason)"
        " SELECT recipient_id, organisation_id, 1, 'x' FROM recipient WHERE kind = 'user';"
        "INSERT INTO trace (at_us, trace_id, organisation_id, is_begin, events)"
        " SELECT 1, 'x', organisation_id, true, '[]' FROM organisation;"
        "INSERT INTO list (recipient_id, organisation_id)"
        " SELECT recipient_id, organisation_id FROM recipient WHERE kind = 'user';"
        "INSERT INTO list_person (recipient_id, organisation_id, role, position, person_id)"
        " SELECT recipient_id, organisation_id, 'owner', 1, recipient_id FROM recipient WHERE kind = 'user';"
        "INSERT INTO list_request (recipient_id, organisation_id, address, expires_us)"
        " SELECT recipient_id, organisation_id, 'x@elsewhere.example', 1 FROM recipient WHERE kind = 'user';"
        "INSERT INTO moderation SELECT organisation_id, organisation_id, 1, '{}', 'x', '{}', 1, 1 FROM organisation;"
        "INSERT INTO quarantine_digest SELECT organisation_id, 1 FROM organisation;"
        "INSERT INTO second_factor (organisation_id, recipient_id, kind, name, secret, created_us)"
        " SELECT organisation_id, recipient_id, 'totp', 'phone', 'x', 1 FROM recipient WHERE kind = 'user';"
        "INSERT INTO recovery_code SELECT organisation_id, recipient_id, 'x', 1 FROM recipient WHERE kind = 'user';"
        "INSERT INTO identity_provider (organisation_id, name, issuer, client_id, scopes, claim, created_us)"
        " SELECT organisation_id, 'p', 'https://login.example', 'c', 'openid', 'email', 1 FROM organisation;"
        "INSERT INTO second_factor_rule SELECT organisation_id, 'everybody' FROM organisation;"
        "INSERT INTO custom_role (organisation_id, name, meaning, permissions, created_us, created_by)"
        " SELECT organisation_id, 'Desk', '', 1, 1, 'x' FROM organisation;"
        "INSERT INTO pending_change (organisation_id, administrative_group_id, domain_id, store_id, recipient_id,"
        "   permission, requester_id, requester_organisation, requester, method, path, query, body, meaning,"
        "   created_us, expires_us)"
        " SELECT organisation_id, 0, 0, 0, 0, 'x', 1, organisation_id, 'x', 'GET', '/', '{}', '', '', 1, 2"
        "   FROM organisation;"
        "INSERT INTO mailbox_move (organisation_id, recipient_id, mailbox_id, from_group_id, from_store_id, to_group_id,"
        "                          to_store_id, requested_by, created_us, changed_us)"
        " SELECT organisation_id, 1, organisation_id, 1, 1, 1, 1, 'x', 1, 1 FROM organisation;"
        "INSERT INTO deleted_mailbox SELECT organisation_id, organisation_id, 1, 1, 'user', 'x', 'x', 1, 'x'"
        "  FROM organisation;"
        "INSERT INTO address_list SELECT organisation_id, 'x', 'x' FROM organisation;"
        "INSERT INTO recipient_policy SELECT organisation_id, 'x', 'x' FROM organisation;"
        "INSERT INTO retention_rule SELECT organisation_id, 'x', '', 1, 'delete' FROM organisation;"
        "INSERT INTO job (organisation_id, kind, title, is_dry_run, caller, permissions, total, created_us)"
        " SELECT organisation_id, 'bulk', 'x', false, 'x', 0, 0, 1 FROM organisation;"
        "INSERT INTO directory_source (organisation_id, name, kind, settings, created_us)"
        " SELECT organisation_id, 'x', 'ldap', '{}', 1 FROM organisation;"
        "INSERT INTO directory_source_secret SELECT source_id, organisation_id, 'key', 'x' FROM directory_source;"
        "INSERT INTO directory_source_state (source_id, organisation_id)"
        " SELECT source_id, organisation_id FROM directory_source;"
        "INSERT INTO directory_run (source_id, organisation_id, kind, state, created_us)"
        " SELECT source_id, organisation_id, 'full', 'done', 1 FROM directory_source;"
        "INSERT INTO directory_entry (source_id, organisation_id, entry_key, kind, dn, dn_key)"
        " SELECT source_id, organisation_id, 'x', 'user', 'x', 'x' FROM directory_source;"
        "INSERT INTO directory_member SELECT source_id, organisation_id, 'x', false, 'y' FROM directory_source;"
        "INSERT INTO directory_conflict SELECT source_id, organisation_id, 'x', 'x', 'x', 'x', 1, 1"
        "  FROM directory_source;"
        "INSERT INTO directory_written SELECT source_id, organisation_id, 'x', 'mail', 'x' FROM directory_source;"
        "INSERT INTO directory_write_refused SELECT source_id, organisation_id, 'x', 'x', 'x', 'x', 1 FROM directory_source;"
        "INSERT INTO sender_grant SELECT u.recipient_id, u.organisation_id, a.recipient_id, false, 1 FROM recipient u"
        "  JOIN recipient a USING (organisation_id) WHERE u.kind = 'user' AND a.kind = 'alias';"
        "INSERT INTO push_subscription (public_id, organisation_id, recipient_id, device, url, code, expires_us, created_us)"
        " SELECT 'P' || recipient_id, organisation_id, recipient_id, 'x', 'https://x', 'x', 1, 1 FROM recipient"
        "  WHERE kind = 'user';"
        "INSERT INTO recipient_person (recipient_id, organisation_id)"
        " SELECT recipient_id, organisation_id FROM recipient WHERE kind = 'user'",
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

/* Not even in his own organisation: rights on all of it come from who acts for all of it. */
static void an_organisation_hands_out_no_rights_on_the_installation(void **state)
{
    static const char grant[] =
        "INSERT INTO role_assignment (organisation_id, recipient_id, role, scope, scope_id)"
        " SELECT organisation_id, recipient_id, 'full-administrator', 'installation', 0"
        "   FROM recipient WHERE kind = 'user' RETURNING 1";
    struct fixture *f = *state;
    struct db *app = kit_pg_acquire(f->app);

    enter(f, app, f->kit->ada_org);
    assert_true(is_refused(app, grant, &f->err));
    OK(db_exec_script(app, "SELECT set_config('chappe.whole', '1', false)", &f->err));
    assert_false(is_refused(app, grant, &f->err));
    OK(db_exec_script(app, "RESET chappe.whole; DELETE FROM role_assignment", &f->err));
    assert_int_equal(count(f, app, "SELECT count(*) FROM role_assignment WHERE scope = 'installation'"), 1);
    assert_true(is_refused(app, "UPDATE role_assignment SET role = 'read-only' RETURNING 1", &f->err));
    db_release(&app);
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
        "DELETE FROM quarantine; DELETE FROM access_entry; DELETE FROM transport_rule; DELETE FROM send_hold;"
        "DELETE FROM list_person; DELETE FROM list_request; DELETE FROM list; DELETE FROM moderation;"
        "DELETE FROM quarantine_digest; DELETE FROM mailbox_move; DELETE FROM deleted_mailbox;"
        "DELETE FROM address_list; DELETE FROM retention_rule; DELETE FROM recipient_policy",
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
    assert_int_equal(count(f, owner, "SELECT count(*) FROM list"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM list_person"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM list_request"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM moderation"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM quarantine_digest"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM mailbox_move"), 1);
    assert_int_equal(count(f, owner, "SELECT count(*) FROM deleted_mailbox"), 1);

    snprintf(sql, sizeof sql, "INSERT INTO administrative_group (organisation_id, name) VALUES (%lld, 'x')",
             (long long)f->kit->bob_org);
    assert_true(is_refused(app, sql, &f->err));
    snprintf(sql, sizeof sql, "UPDATE recipient SET organisation_id = %lld", (long long)f->kit->bob_org);
    assert_true(is_refused(app, sql, &f->err));
    assert_true(is_refused(app, "UPDATE audit SET actor = 'nobody'", &f->err));
    assert_true(is_refused(app, "DELETE FROM audit", &f->err));
    assert_true(is_refused(app, "DELETE FROM job", &f->err));
    assert_true(is_refused(app, "SELECT argon2 FROM credential", &f->err));
    assert_true(is_refused(app, "SELECT hash FROM app_password", &f->err));
    assert_true(is_refused(app, "SELECT hash FROM access_token", &f->err));
    assert_true(is_refused(app, "UPDATE access_token SET permissions = -1", &f->err));
    assert_true(is_refused(app, "SELECT secret FROM installation", &f->err));
    assert_true(is_refused(app, "SELECT password FROM connector_login", &f->err));
    assert_true(is_refused(app, "SELECT private_key FROM dkim_key", &f->err));
    assert_true(is_refused(app, "SELECT secret FROM directory_source_secret", &f->err));
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
                           " WHERE a.attname = 'organisation_id' AND c.relkind IN ('r', 'p')"
                           "   AND c.relnamespace = 'public'::regnamespace"
                           "   AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"),
                     0);
    assert_int_equal(count(f, owner,
                           "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                           " WHERE a.attname = 'organisation_id' AND c.relkind IN ('r', 'p')"
                           "   AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition"),
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
        "GRANT chappe_app, chappe_lookup TO plain_owner; GRANT ALL ON SCHEMA public TO plain_owner;"
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO plain_owner', current_database()); END $$",
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
        TEST(an_organisation_hands_out_no_rights_on_the_installation),
        TEST(no_table_was_forgotten),
        TEST(an_owner_without_privileges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
