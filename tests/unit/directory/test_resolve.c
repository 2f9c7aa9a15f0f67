/*
 * test_resolve.c -- to whom an address belongs, from the database and from memory.
 */
#include "directory/resolve.h"

#include "base/clock.h"
#include "directory/alias.h"
#include "directory/login.h"
#include "directory/organisation.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

static void add_domain(struct kit_directory *kit, const char *name, enum domain_kind kind, const char *target)
{
    struct domain wanted = { .organisation_id = kit->ada_org,
                             .name = name,
                             .kind = kind,
                             .target = target,
                             .protocols = PROTOCOLS_ALL,
                             .is_enabled = true };
    int64_t id;
    struct err err;

    OK(domain_add(kit->directory, &kit_root, &wanted, &id, &err));
}

static int set_up(void **state)
{
    struct kit_directory *kit = kit_directory(NULL);
    const char *targets[] = { "ada@example.org", "x@elsewhere.example" }, *alone[] = { "ada@example.org" };
    struct alias alias = {
        .address = "sales@example.org", .targets = targets, .target_count = 2, .is_enabled = true
    };
    int64_t id;
    struct err err;

    add_domain(kit, "alias.example", DOMAIN_ALIAS, "example.org");
    add_domain(kit, "relay.example", DOMAIN_RELAY, NULL);
    add_domain(kit, "backup.example", DOMAIN_BACKUP, NULL);
    kit_user(kit, "ada@example.org", NULL);
    kit_user(kit, "plus+real@example.org", NULL);
    kit_user(kit, "r@relay.example", NULL);
    struct user off = { .state = RECIPIENT_DISABLED };
    OK(user_set(kit->directory, &kit_root, kit_user(kit, "off@example.org", NULL), USER_STATE, &off, &err));
    OK(alias_add(kit->directory, &kit_root, &alias, &id, &err));
    alias = (struct alias){
        .address = "countess@example.org", .targets = alone, .target_count = 1, .is_enabled = true
    };
    OK(alias_add(kit->directory, &kit_root, &alias, &id, &err));
    *state = kit;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static const struct {
    const char *what, *local, *domain;
    enum resolved_kind kind;
    const char *address, *detail;
} cases[] = {
    { "a user", "ada", "example.org", RESOLVED_RECIPIENT, "ada@example.org", NULL },
    { "in capitals", "ADA", "example.org", RESOLVED_RECIPIENT, "ada@example.org", NULL },
    { "with a detail", "ada+lists", "example.org", RESOLVED_RECIPIENT, "ada@example.org", "lists" },
    { "an empty detail", "ada+", "example.org", RESOLVED_RECIPIENT, "ada@example.org", "" },
    { "a whole address with '+' goes first", "plus+real", "example.org", RESOLVED_RECIPIENT,
      "plus+real@example.org", NULL },
    { "only '+'", "+ada", "example.org", RESOLVED_UNKNOWN, "+ada@example.org", NULL },
    { "nobody", "nobody", "example.org", RESOLVED_UNKNOWN, "nobody@example.org", NULL },
    { "SQL is text", "ada' OR '1'='1", "example.org", RESOLVED_UNKNOWN, NULL, NULL },
    { "a pattern is text", "%", "example.org", RESOLVED_UNKNOWN, NULL, NULL },
    { "an alias domain", "ada+x", "alias.example", RESOLVED_RECIPIENT, "ada@example.org", "x" },
    { "nobody in an alias domain", "nobody", "alias.example", RESOLVED_UNKNOWN, NULL, NULL },
    { "an alias", "sales", "example.org", RESOLVED_ALIAS, "sales@example.org", NULL },
    { "a relay domain's own", "r", "relay.example", RESOLVED_RECIPIENT, "r@relay.example", NULL },
    { "a relay domain's other", "z", "relay.example", RESOLVED_RELAY, "z@relay.example", NULL },
    { "no sub-addresses there", "r+x", "relay.example", RESOLVED_RELAY, "r+x@relay.example", NULL },
    { "a backup domain", "z", "backup.example", RESOLVED_BACKUP, "z@backup.example", NULL },
    { "disabled", "off", "example.org", RESOLVED_DISABLED, "off@example.org", NULL },
    { "foreign", "ada", "elsewhere.example", RESOLVED_FOREIGN, "ada@elsewhere.example", NULL },
};

static void addresses_find_their_recipients(void **state)
{
    struct kit_directory *kit = *state;
    struct resolved resolved;
    struct err err;

    for (size_t round = 0; round < 2; round++) /* asked, then remembered */
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            OK(directory_resolve(kit->directory, kit, cases[i].local, cases[i].domain, &resolved, &err));
            if (resolved.kind != cases[i].kind)
                fail_msg("%s: kind %d", cases[i].what, (int)resolved.kind);
            if (cases[i].address && strcmp(resolved.address, cases[i].address) != 0)
                fail_msg("%s: %s", cases[i].what, resolved.address);
            if ((cases[i].detail == NULL) != (resolved.detail == NULL) ||
                (cases[i].detail && strcmp(cases[i].detail, resolved.detail) != 0))
                fail_msg("%s: detail %s", cases[i].what, resolved.detail ? resolved.detail : "none");
        }
    OK(directory_resolve(kit->directory, kit, "sales", "example.org", &resolved, &err));
    assert_int_equal(resolved.target_count, 2);
    assert_string_equal(resolved.targets[0].address, "ada@example.org");
    assert_true(resolved.targets[0].recipient_id > 0);
    assert_string_equal(resolved.targets[1].address, "x@elsewhere.example");
    assert_int_equal(resolved.targets[1].recipient_id, 0);
    int64_t ada = resolved.targets[0].recipient_id;
    OK(directory_resolve_id(kit->directory, kit, ada, &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_RECIPIENT);
    assert_int_equal(resolved.mailbox.mailbox_id, ada);
    assert_false(directory_resolve_id(kit->directory, kit, 999999, &resolved, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_change_is_seen_within_a_second(void **state)
{
    struct kit_directory *kit = *state;
    struct resolved resolved;
    struct db_pool_stats before, after;
    struct err err;
    bool is_ours;

    OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_UNKNOWN);
    db_pool_stats(directory_pool(kit->directory, DIRECTORY_LOOKS_UP), &before);
    for (int i = 0; i < 1000; i++)
        OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    db_pool_stats(directory_pool(kit->directory, DIRECTORY_LOOKS_UP), &after);
    assert_in_range(after.round_trips - before.round_trips, 0, 5);
    kit_user(kit, "new@example.org", NULL);
    usleep(1000 * 1000);
    OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_RECIPIENT);
    struct organisation off = { .is_enabled = false };
    OK(organisation_set(kit->directory, &kit_root, kit->ada_org, ORGANISATION_ENABLED, &off, &err));
    usleep(1000 * 1000);
    OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_DISABLED);
    OK(directory_has_domain(kit->directory, "example.org", &is_ours, &err));
    assert_true(is_ours);
    OK(directory_has_domain(kit->directory, "elsewhere.example", &is_ours, &err));
    assert_false(is_ours);
}

static void a_change_that_was_announced_is_seen_at_once(void **state)
{
    struct kit_directory *kit = *state;
    struct db_pool_stats before, after;
    struct resolved resolved;
    struct err err;

    OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_UNKNOWN);
    kit_user(kit, "new@example.org", NULL);
    directory_note_change(kit->directory);
    OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    assert_int_equal(resolved.kind, RESOLVED_RECIPIENT);
    db_pool_stats(directory_pool(kit->directory, DIRECTORY_LOOKS_UP), &before);
    for (int i = 0; i < 1000; i++)
        OK(directory_resolve(kit->directory, kit, "new", "example.org", &resolved, &err));
    db_pool_stats(directory_pool(kit->directory, DIRECTORY_LOOKS_UP), &after);
    assert_in_range(after.round_trips - before.round_trips, 0, 5);
}

static void without_the_database_nothing_is_claimed(void **state)
{
    struct kit_directory *kit = *state;
    struct resolved resolved;
    struct login login;
    struct err err;

    OK(directory_resolve(kit->directory, kit, "ada", "example.org", &resolved, &err));
    kit_pg_stop();
    usleep(1000 * 1000);
    assert_false(directory_resolve(kit->directory, kit, "ada", "example.org", &resolved, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_false(directory_resolve(kit->directory, kit, "nobody", "example.org", &resolved, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_false(login_find(kit->directory, kit, "ada@example.org", &login, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    kit_pg_start();
}

static void who_logs_in(void **state)
{
    struct kit_directory *kit = *state;
    static const struct credential credential = { .argon2 = "$argon2id$x",
                                                  .scram_iterations = 4096,
                                                  .scram_salt = { 7 } };
    static const unsigned char hash[APP_PASSWORD_HASH_BYTES] = { 1, 2, 3 };
    struct login login, again;
    struct user user;
    struct err err;
    const char **senders;
    size_t count;
    int64_t id, stamp;

    OK(user_find(kit->directory, &kit_root, kit, "ada@example.org", &user, &err));
    OK(credential_set(kit->directory, &kit_root, user.recipient_id, &credential, &err));
    OK(login_find(kit->directory, kit, "ADA@alias.example", &login, &err));
    assert_string_equal(login.login, "ada@example.org");
    assert_true(login.has_credential);
    assert_int_equal(login.credential.scram_salt[0], 7);
    assert_int_equal(login.app_password_count, 0);
    struct app_password phone = { .recipient_id = user.recipient_id,
                                  .name = "phone",
                                  .protocols = PROTOCOL_IMAP };
    OK(app_password_add(kit->directory, &kit_root, &phone, hash, &id, &err));
    assert_false(app_password_add(kit->directory, &kit_root, &phone, hash, &id, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    OK(login_find(kit->directory, kit, "ada@example.org", &again, &err));
    assert_true(again.stamp > login.stamp);
    assert_int_equal(again.app_password_count, 1);
    assert_memory_equal(again.app_passwords[0].hash, hash, sizeof hash);
    OK(login_note_app_password(kit->directory, again.app_passwords[0].app_password_id, &err));
    struct app_password *list;
    OK(app_password_list(kit->directory, &kit_root, kit, user.recipient_id, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_true(list[0].last_used_us > 0);
    OK(login_stamp(kit->directory, user.recipient_id, &stamp, &err));
    assert_int_equal(stamp, again.stamp);
    struct domain only_imap = { .protocols = PROTOCOL_IMAP };
    OK(domain_set(kit->directory, &kit_root, "example.org", DOMAIN_PROTOCOLS, &only_imap, &err));
    OK(login_find(kit->directory, kit, "ada@example.org", &again, &err));
    assert_int_equal(again.protocols, PROTOCOL_IMAP);
    assert_true(again.stamp > stamp);

    OK(login_senders(kit->directory, kit, user.recipient_id, &senders, &count, &err));
    assert_int_equal(count, 4);
    assert_string_equal(senders[0], "ada@example.org");
    assert_string_equal(senders[1], "ada@alias.example");
    assert_string_equal(senders[2], "countess@alias.example");
    assert_string_equal(senders[3], "countess@example.org");
    assert_false(login_find(kit->directory, kit, "sales@example.org", &login, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(login_find(kit->directory, kit, "not an address", &login, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void failures_add_up(void **state)
{
    struct kit_directory *kit = *state;
    struct throttle_count counts[2] = { { .key = { 9 }, .failures = 3, .changed_us = 1000 },
                                        { .key = { 1 }, .failures = 1, .changed_us = 2000 } },
                          *back;
    unsigned char secret[32], same[32];
    struct err err;
    size_t count;
    uint64_t removed;

    OK(throttle_push(kit->directory, counts, 2, &err));
    OK(throttle_push(kit->directory, counts, 1, &err));
    OK(throttle_pull(kit->directory, kit, 0, 10, &back, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(back[0].failures, 6);
    assert_int_equal(back[0].key[0], 9);
    counts[0].changed_us = 2000 + THROTTLE_QUIET_US;
    OK(throttle_push(kit->directory, counts, 1, &err)); /* after a quiet period */
    OK(throttle_pull(kit->directory, kit, 3000, 10, &back, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(back[0].failures, 3);
    counts[0].failures = 0;
    OK(throttle_push(kit->directory, counts, 1, &err));
    OK(throttle_pull(kit->directory, kit, 3000, 10, &back, &count, &err));
    assert_int_equal(back[0].failures, 0);
    OK(throttle_sweep(kit->directory, 3000, &removed, &err));
    assert_int_equal(removed, 1);
    OK(directory_secret(kit->directory, secret, &err));
    OK(directory_secret(kit->directory, same, &err));
    assert_memory_equal(secret, same, 32);
}

static void mail_to_postmaster(void **state)
{
    struct kit_directory *kit = *state;
    struct resolved resolved;
    struct err err;

    OK(directory_postmaster(kit->directory, kit, &resolved, &err));
    assert_string_equal(resolved.address, "ada@example.org"); /* the first user */
    OK(directory_set_postmaster(kit->directory, &kit_root, "r@relay.example", &err));
    OK(directory_postmaster(kit->directory, kit, &resolved, &err));
    assert_string_equal(resolved.address, "r@relay.example");
    OK(directory_set_postmaster(kit->directory, &kit_root, NULL, &err));
    assert_false(directory_postmaster(kit->directory, kit, &resolved, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_find_their_recipients),
        TEST(a_change_is_seen_within_a_second),
        TEST(a_change_that_was_announced_is_seen_at_once),
        TEST(without_the_database_nothing_is_claimed),
        TEST(who_logs_in),
        TEST(failures_add_up),
        TEST(mail_to_postmaster),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
