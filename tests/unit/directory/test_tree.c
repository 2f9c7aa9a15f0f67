/*
 * test_tree.c -- organisations, groups, domains, users and aliases: made, found, changed, removed, and told of.
 */
#include "base/clock.h"
#include "directory/alias.h"
#include "directory/audit.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "directory/server.h"
#include "directory/user.h"
#include "kit/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

#define FAILS(call, wanted_kind)                                                                             \
    do {                                                                                                     \
        if (call)                                                                                            \
            fail_msg("%s succeeded", #call);                                                                 \
        if (err.kind != (wanted_kind))                                                                       \
            fail_msg("%s: %s: %s / %s", #call, err_kind_name(err.kind), err.user, err.log);                  \
    } while (0)

static int set_up(void **state)
{
    *state = kit_directory(NULL);
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static struct actor alpha_admin(const struct kit_directory *kit)
{
    return (struct actor){ .name = "ada@example.org", .organisation_id = kit->ada_org, .peer = "192.0.2.1" };
}

static void organisations(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct organisation found, *list,
        wanted = { .name = "Alpha", .is_enabled = true, .protocols = PROTOCOLS_ALL };
    struct actor alpha = alpha_admin(kit);
    struct err err;
    size_t count;
    int64_t id;

    FAILS(organisation_add(d, &kit_root, &wanted, &id, &err), ERR_EXISTS);
    wanted.name = " x";
    FAILS(organisation_add(d, &kit_root, &wanted, &id, &err), ERR_INVALID);
    wanted.name = "Gamma";
    FAILS(organisation_add(d, &alpha, &wanted, &id, &err), ERR_DENIED);
    OK(organisation_add(d, &kit_root, &wanted, &id, &err));
    OK(organisation_list(d, &kit_root, kit, &list, &count, &err));
    assert_int_equal(count, 3);
    OK(organisation_list(d, &alpha, kit, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "Alpha");
    assert_int_equal(list[0].domain_count, 1);
    FAILS(organisation_find(d, &alpha, kit, "Beta", &found, &err), ERR_NOT_FOUND);
    FAILS(organisation_get(d, &alpha, kit, kit->bob_org, &found, &err), ERR_NOT_FOUND);
    struct organisation change = { .name = "Gamma & Co", .quota_bytes = 5 };
    OK(organisation_set(d, &kit_root, id, ORGANISATION_NAME | ORGANISATION_QUOTA, &change, &err));
    OK(organisation_find(d, &kit_root, kit, "Gamma & Co", &found, &err));
    assert_int_equal(found.quota_bytes, 5);
    assert_true(found.is_enabled);
    FAILS(organisation_remove(d, &kit_root, kit->ada_org, &err), ERR_DEPENDED_ON);
    assert_non_null(strstr(err.user, "example.org"));
    OK(organisation_remove(d, &kit_root, id, &err));
    FAILS(organisation_get(d, &kit_root, kit, id, &found, &err), ERR_NOT_FOUND);
}

static void administrative_groups(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct administrative_group *list, found;
    struct actor alpha = alpha_admin(kit);
    struct err err;
    size_t count;
    int64_t id;

    OK(administrative_group_list(d, &alpha, kit, kit->ada_org, &list, &count, &err));
    assert_int_equal(count, 1);
    FAILS(administrative_group_remove(d, &alpha, kit->ada_org, list[0].administrative_group_id, &err),
          ERR_DEPENDED_ON);
    OK(administrative_group_add(d, &alpha, kit->ada_org, "Branch", &id, &err));
    FAILS(administrative_group_add(d, &alpha, kit->ada_org, "Branch", &id, &err), ERR_EXISTS);
    FAILS(administrative_group_add(d, &alpha, kit->bob_org, "Mine", &id, &err), ERR_NOT_FOUND);
    FAILS(administrative_group_add(d, &kit_root, 999999, "Mine", &id, &err), ERR_NOT_FOUND);
    OK(administrative_group_find(d, &alpha, kit, kit->ada_org, "Branch", &found, &err));
    OK(administrative_group_rename(d, &alpha, kit->ada_org, found.administrative_group_id, "Lille", &err));
    OK(administrative_group_remove(d, &alpha, kit->ada_org, found.administrative_group_id, &err));
    FAILS(administrative_group_find(d, &alpha, kit, kit->ada_org, "Lille", &found, &err), ERR_NOT_FOUND);
}

static void domains(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct actor alpha = alpha_admin(kit);
    struct domain found, *list,
        wanted = { .organisation_id = kit->ada_org,
                   .name = "B\xC3\xBC"
                           "cher.Example.",
                   .kind = DOMAIN_ALIAS,
                   .target = "EXAMPLE.ORG",
                   .is_enabled = true,
                   .protocols = PROTOCOLS_ALL };
    struct err err;
    size_t count;
    int64_t id;

    OK(domain_add(d, &alpha, &wanted, &id, &err));
    OK(domain_find(d, &alpha, kit, "xn--bcher-kva.example", &found, &err));
    assert_int_equal(found.kind, DOMAIN_ALIAS);
    assert_string_equal(found.target, "example.org");
    wanted.name = "example.net";
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_EXISTS);
    wanted.name = "other.example";
    wanted.target = "example.net"; /* another's */
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_NOT_FOUND);
    wanted.target = NULL;
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_INVALID);
    wanted.kind = DOMAIN_BACKUP;
    wanted.name = "not a domain";
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_INVALID);
    wanted.name = "[192.0.2.1]";
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_INVALID);
    wanted.name = "backup.example";
    wanted.organisation_id = kit->bob_org;
    FAILS(domain_add(d, &alpha, &wanted, &id, &err), ERR_NOT_FOUND);
    FAILS(domain_find(d, &alpha, kit, "example.net", &found, &err), ERR_NOT_FOUND);
    FAILS(domain_remove(d, &alpha, "example.net", &err), ERR_NOT_FOUND);
    FAILS(domain_remove(d, &alpha, "example.org", &err), ERR_DEPENDED_ON);
    assert_non_null(strstr(err.user, "xn--bcher-kva.example"));
    OK(domain_list(d, &kit_root, kit, 0, &list, &count, &err));
    assert_int_equal(count, 3);
    OK(domain_list(d, &alpha, kit, 0, &list, &count, &err));
    assert_int_equal(count, 2);
    struct domain change = { .quota_bytes = 7, .protocols = PROTOCOL_IMAP };
    OK(domain_set(d, &kit_root, "example.net", DOMAIN_QUOTA | DOMAIN_PROTOCOLS | DOMAIN_ENABLED, &change,
                  &err));
    OK(domain_find(d, &kit_root, kit, "example.net", &found, &err));
    assert_int_equal(found.quota_bytes, 7);
    assert_int_equal(found.protocols, PROTOCOL_IMAP);
    assert_false(found.is_enabled);
    kit_user(kit, "ada@example.org", NULL);
    change = (struct domain){ .kind = DOMAIN_BACKUP };
    FAILS(domain_set(d, &alpha, "example.org", DOMAIN_KIND, &change, &err), ERR_DEPENDED_ON);
    OK(domain_remove(d, &alpha,
                     "b\xC3\xBC"
                     "cher.example",
                     &err));
}

static void users(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct actor alpha = alpha_admin(kit);
    struct user user, found, *list,
        wanted = { .address = "Ada.L@Example.ORG", .name = "Ada L", .protocols = 7 };
    struct mailbox_location location;
    struct err err;
    size_t count;

    OK(user_add(d, &alpha, &wanted, NULL, &user, kit, &err));
    assert_string_equal(user.address, "ada.l@example.org");
    assert_int_equal(user.mailbox.mailbox_id, user.recipient_id);
    assert_int_equal(user.mailbox.storage_group_id, 1);
    assert_int_equal(user.organisation_id, kit->ada_org);
    assert_false(user.has_password);
    FAILS(user_add(d, &alpha, &wanted, NULL, &user, kit, &err), ERR_EXISTS);
    wanted.address = "x@example.net";
    FAILS(user_add(d, &alpha, &wanted, NULL, &found, kit, &err), ERR_NOT_FOUND);
    wanted.address = "x@nowhere.example";
    FAILS(user_add(d, &kit_root, &wanted, NULL, &found, kit, &err), ERR_NOT_FOUND);
    wanted.address = "x y@example.org";
    FAILS(user_add(d, &alpha, &wanted, NULL, &found, kit, &err), ERR_INVALID);
    wanted.address = "x@example.org";
    wanted.name = "a\x01";
    FAILS(user_add(d, &alpha, &wanted, NULL, &found, kit, &err), ERR_INVALID);

    OK(user_rename(d, &alpha, user.recipient_id, "lovelace@example.org", &err));
    OK(user_find(d, &alpha, kit, "ada.l@example.org", &found, &err)); /* the old one stays */
    assert_string_equal(found.address, "lovelace@example.org");
    assert_int_equal(found.address_count, 2);
    assert_true(found.stamp > user.stamp);
    FAILS(user_address_remove(d, &alpha, user.recipient_id, "lovelace@example.org", &err), ERR_INVALID);
    OK(user_address_remove(d, &alpha, user.recipient_id, "ada.l@example.org", &err));
    FAILS(user_find(d, &alpha, kit, "ada.l@example.org", &found, &err), ERR_NOT_FOUND);
    OK(user_address_add(d, &alpha, user.recipient_id, "ADA@example.org", &err));
    FAILS(user_address_add(d, &alpha, user.recipient_id, "ada@example.org", &err), ERR_EXISTS);
    FAILS(user_address_add(d, &alpha, user.recipient_id, "ada@example.net", &err), ERR_NOT_FOUND);

    struct user change = { .state = RECIPIENT_NO_LOGIN, .quota_bytes = 1000, .quota_messages = 10 };
    OK(user_set(d, &alpha, user.recipient_id, USER_STATE | USER_QUOTA, &change, &err));
    OK(user_get(d, &alpha, kit, user.recipient_id, &found, &err));
    assert_int_equal(found.state, RECIPIENT_NO_LOGIN);
    assert_int_equal(found.quota_messages, 10);
    assert_string_equal(found.name, "Ada L");
    change.quota_bytes = -1;
    FAILS(user_set(d, &alpha, user.recipient_id, USER_QUOTA, &change, &err), ERR_INVALID);

    int64_t bob = kit_user(kit, "bob@example.net", NULL);
    FAILS(user_get(d, &alpha, kit, bob, &found, &err), ERR_NOT_FOUND);
    FAILS(user_set(d, &alpha, bob, USER_STATE, &change, &err), ERR_NOT_FOUND);
    FAILS(user_remove(d, &alpha, bob, &location, &err), ERR_NOT_FOUND);
    struct user_query query = { .text = "LOVE" };
    OK(user_list(d, &kit_root, kit, &query, &list, &count, &err));
    assert_int_equal(count, 1);
    query = (struct user_query){ .after = "bob@example.net" };
    OK(user_list(d, &kit_root, kit, &query, &list, &count, &err));
    assert_int_equal(count, 1);
    OK(user_list(d, &alpha, kit, &(struct user_query){ .domain = "example.net" }, &list, &count, &err));
    assert_int_equal(count, 0);
    OK(user_remove(d, &alpha, user.recipient_id, &location, &err));
    assert_int_equal(location.mailbox_id, user.recipient_id);
    FAILS(user_get(d, &alpha, kit, user.recipient_id, &found, &err), ERR_NOT_FOUND);
}

static void aliases(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct actor alpha = alpha_admin(kit);
    int64_t ada = kit_user(kit, "ada@example.org", NULL), id;
    const char *targets[] = { "Ada@example.org", "Else.Where@elsewhere.example" };
    struct alias found, *list,
        wanted = {
            .address = "sales@example.org", .targets = targets, .target_count = 2, .is_enabled = true
        };
    struct mailbox_location location;
    struct err err;
    size_t count;

    OK(alias_add(d, &alpha, &wanted, &id, &err));
    FAILS(alias_add(d, &alpha, &wanted, &id, &err), ERR_EXISTS);
    OK(alias_find(d, &alpha, kit, RECIPIENT_ALIAS, "SALES@example.org", &found, &err));
    assert_int_equal(found.target_count, 2);
    assert_string_equal(found.targets[0], "ada@example.org");
    assert_string_equal(found.targets[1], "Else.Where@elsewhere.example");
    FAILS(user_remove(d, &alpha, ada, &location, &err), ERR_DEPENDED_ON);
    assert_non_null(strstr(err.user, "sales@example.org"));
    targets[1] = "nobody@example.org";
    FAILS(alias_set(d, &alpha, "sales@example.org", &wanted, &err), ERR_NOT_FOUND);
    targets[1] = "sales@example.org";
    FAILS(alias_set(d, &alpha, "sales@example.org", &wanted, &err), ERR_INVALID);
    const char *to_sales[] = { "sales@example.org" };
    struct alias all = {
        .address = "all@example.org", .targets = to_sales, .target_count = 1, .is_enabled = true
    };
    OK(alias_add(d, &alpha, &all, &id, &err));
    targets[1] = "all@example.org"; /* round two corners */
    FAILS(alias_set(d, &alpha, "sales@example.org", &wanted, &err), ERR_INVALID);
    FAILS(alias_remove(d, &alpha, RECIPIENT_ALIAS, "sales@example.org", &err), ERR_DEPENDED_ON);
    OK(alias_remove(d, &alpha, RECIPIENT_ALIAS, "all@example.org", &err));
    wanted.target_count = 1;
    OK(alias_set(d, &alpha, "sales@example.org", &wanted, &err));
    OK(alias_list(d, &alpha, kit, RECIPIENT_ALIAS, kit->ada_org, NULL, &list, &count, &err));
    assert_int_equal(count, 1);
    OK(alias_list(d, &alpha, kit, RECIPIENT_ALIAS, kit->ada_org, "nobody@example.org", &list, &count, &err));
    assert_int_equal(count, 0);
    OK(alias_list(d, &alpha, kit, RECIPIENT_ALIAS, kit->ada_org, targets[0], &list, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].target_count, 1);
    wanted.target_count = 0;
    FAILS(alias_set(d, &alpha, "sales@example.org", &wanted, &err), ERR_INVALID);
    FAILS(alias_remove(d, &alpha, RECIPIENT_ALIAS, "ada@example.org", &err),
          ERR_NOT_FOUND); /* a user is no alias */
    OK(alias_remove(d, &alpha, RECIPIENT_ALIAS, "sales@example.org", &err));
}

enum { MANY = 1000 };

static void many_users_at_once(void **state)
{
    struct kit_directory *kit = *state;
    struct user *users = talloc_zero_array(kit, struct user, MANY), *list;
    struct err *faults = talloc_array(kit, struct err, MANY), err;
    size_t count;

    for (int i = 0; i < MANY; i++)
        users[i] = (struct user){ .address = talloc_asprintf(users, "u%d@example.org", i),
                                  .name = "U",
                                  .protocols = PROTOCOLS_ALL };
    users[7].address = "u8@example.org";
    users[9].address = "u9@example.net";
    users[11].address = "bad";
    int64_t start_us = clock_monotonic_us();
    OK(user_import(kit->directory, &kit_root, kit->ada_org, kit, users, NULL, MANY, faults, &err));
    assert_in_range(clock_monotonic_us() - start_us, 0, 5 * US_PER_S);
    assert_int_equal(faults[7].kind, ERR_NONE);
    assert_int_equal(faults[8].kind, ERR_EXISTS);
    assert_int_equal(faults[9].kind, ERR_NOT_FOUND);
    assert_int_equal(faults[11].kind, ERR_INVALID);
    struct user_query query = { .organisation_id = kit->ada_org, .limit = 5000 };
    OK(user_list(kit->directory, &kit_root, kit, &query, &list, &count, &err));
    assert_int_equal(count, MANY - 3);
    assert_true(users[0].recipient_id > 0);
    struct store *stores;
    OK(directory_store_list(kit->directory, kit, &stores, &count, &err));
    assert_int_equal(stores[0].mailbox_count, MANY - 3);
    OK(user_import(kit->directory, &kit_root, kit->ada_org, kit, users, NULL, MANY, faults, &err));
    assert_int_equal(faults[0].kind, ERR_EXISTS);
}

/* So that the one who imports again can make the mailbox that an import which broke off left out. */
static void who_is_there_already_is_described(void **state)
{
    struct kit_directory *kit = *state;
    struct user first = { .address = "Ada@example.org", .name = "Ada", .quota_bytes = 4096 }, again[3];
    struct user wanted[3] = { { .address = "ADA@example.org", .name = "Other" },
                              { .address = "sales@example.org", .name = "S" },
                              { .address = "new@example.org", .name = "N" } };
    const char *targets[] = { "ada@example.org" };
    struct alias alias = {
        .address = "sales@example.org", .targets = targets, .target_count = 1, .is_enabled = true
    };
    struct err faults[3], err;
    int64_t id;

    OK(user_import(kit->directory, &kit_root, kit->ada_org, kit, &first, NULL, 1, faults, &err));
    OK(alias_add(kit->directory, &kit_root, &alias, &id, &err));
    memcpy(again, wanted, sizeof again);
    OK(user_import(kit->directory, &kit_root, kit->ada_org, kit, again, NULL, 3, faults, &err));
    assert_int_equal(faults[0].kind, ERR_EXISTS);
    assert_int_equal(again[0].mailbox.mailbox_id, first.mailbox.mailbox_id);
    assert_int_equal(again[0].mailbox.store_id, first.mailbox.store_id);
    assert_int_equal(again[0].mailbox.storage_group_id, first.mailbox.storage_group_id);
    assert_int_equal(again[0].organisation_id, kit->ada_org);
    assert_int_equal(again[0].domain_id, first.domain_id);
    assert_int_equal(again[0].quota_bytes, 4096);
    assert_int_equal(faults[1].kind, ERR_EXISTS); /* an alias: nobody's login */
    assert_int_equal(again[1].mailbox.mailbox_id, 0);
    assert_int_equal(faults[2].kind, ERR_NONE);
}

static void every_act_leaves_one_audit_row(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct actor alpha = alpha_admin(kit);
    struct audit_entry *entries;
    struct err err;
    size_t count, before;

    struct audit_query query = { .organisation_id = kit->ada_org };
    OK(audit_list(d, &alpha, kit, &query, &entries, &before, &err));
    int64_t ada = kit_user(kit, "ada@example.org", NULL);
    struct user change = { .name = "Countess" };
    OK(user_set(d, &alpha, ada, USER_NAME, &change, &err));
    FAILS(user_set(d, &alpha, ada + 1000, USER_NAME, &change, &err), ERR_NOT_FOUND);
    OK(audit_list(d, &alpha, kit, &query, &entries, &count, &err));
    assert_int_equal(count, before + 2);
    assert_string_equal(entries[0].action, "user.set");
    assert_string_equal(entries[0].object, "ada@example.org");
    assert_string_equal(entries[0].actor, "ada@example.org");
    assert_string_equal(entries[0].peer, "192.0.2.1");
    assert_string_equal(entries[0].before, "{\"name\": \"ada@example.org\"}");
    assert_string_equal(entries[0].after, "{\"name\": \"Countess\"}");
    assert_string_equal(entries[1].action, "user.add");
    query.organisation_id = kit->bob_org;
    FAILS(audit_list(d, &alpha, kit, &query, &entries, &count, &err), ERR_NOT_FOUND);
    query.organisation_id = 0;
    OK(audit_list(d, &alpha, kit, &query, &entries, &count, &err)); /* its own: it has no other */
    assert_int_equal(count, before + 2);
    OK(audit_note(d, &alpha, kit->ada_org, "mailbox.open", "ada@example.org", "{\"why\":\"asked\"}", &err));
    OK(audit_list(d, &alpha, kit, &query, &entries, &count, &err));
    assert_int_equal(count, before + 3);
}

static void storage_groups_and_stores(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    struct actor alpha = alpha_admin(kit);
    struct storage_group group = { .name = "Second", .conninfo = "host=db2", .takes_new = true }, *groups;
    struct store *stores;
    struct err err;
    size_t count;
    int64_t group_id, store_id, server_id, again;

    OK(storage_group_list(d, kit, &groups, &count, &err));
    assert_int_equal(count, 1);
    assert_null(groups[0].conninfo);
    FAILS(storage_group_add(d, &alpha, &group, &group_id, &err), ERR_DENIED);
    OK(storage_group_add(d, &kit_root, &group, &group_id, &err));
    struct store store = { .storage_group_id = group_id, .name = "Mailboxes 2", .is_mounted = true };
    OK(directory_store_add(d, &kit_root, &store, &store_id, &err));
    kit_user(kit, "one@example.org", NULL);
    kit_user(kit, "two@example.org", NULL);
    OK(directory_store_list(d, kit, &stores, &count, &err));
    assert_int_equal(stores[0].mailbox_count, 1); /* spread */
    assert_int_equal(stores[1].mailbox_count, 1);
    FAILS(directory_store_remove(d, &kit_root, store_id, &err), ERR_DEPENDED_ON);
    FAILS(storage_group_remove(d, &kit_root, group_id, &err), ERR_DEPENDED_ON);
    OK(directory_store_mount(d, &kit_root, store_id, false, &err));
    OK(server_register(d, "mx1.example.org", &server_id, &err));
    OK(server_register(d, "mx1.example.org", &again, &err));
    assert_int_equal(server_id, again);
}

static void servers_have_keys_of_their_own(void **state)
{
    struct kit_directory *kit = *state;
    struct directory *d = kit->directory;
    uint8_t one[SERVER_KEY_BYTES], two[SERVER_KEY_BYTES], other[SERVER_KEY_BYTES];
    const struct actor alpha = { .name = "ada@example.org", .organisation_id = kit->ada_org };
    int64_t id, found;
    struct err err = ERR_INIT;

    FAILS(server_key(d, "mx1.example.org", &found, one, &err), ERR_NOT_FOUND);
    OK(server_register(d, "mx1.example.org", &id, &err));
    OK(server_register(d, "mx2.example.org", &id, &err));
    OK(server_key(d, "MX2.example.org", &found, one, &err));
    assert_int_equal(found, id);
    OK(server_key(d, "mx2.example.org", &found, two, &err));
    assert_memory_equal(one, two, sizeof one);
    OK(server_key(d, "mx1.example.org", &found, other, &err));
    assert_memory_not_equal(one, other, sizeof one);
    FAILS(server_forget_key(d, &alpha, "mx2.example.org", &err), ERR_DENIED);
    FAILS(server_forget_key(d, &kit_root, "mx3.example.org", &err), ERR_NOT_FOUND);
    OK(server_forget_key(d, &kit_root, "mx2.example.org", &err));
    OK(server_key(d, "mx2.example.org", &found, two, &err));
    assert_memory_not_equal(one, two, sizeof one);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(organisations),
        TEST(administrative_groups),
        TEST(domains),
        TEST(users),
        TEST(aliases),
        TEST(many_users_at_once),
        TEST(who_is_there_already_is_described),
        TEST(every_act_leaves_one_audit_row),
        TEST(storage_groups_and_stores),
        TEST(servers_have_keys_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
