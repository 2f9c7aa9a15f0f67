/* test_filter.c -- greylisting, counters, the quarantine and lists in the directory: what passes, what is forgotten, who sees it. */
#include "base/clock.h"
#include "directory/access_list.h"
#include "directory/filter_setting.h"
#include "directory/greylist.h"
#include "directory/quarantine.h"
#include "directory/sending.h"
#include "kit/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include <cmocka.h>

enum { MINUTE = 60 };
#define S(n) ((n)*US_PER_S)

static bool look(struct kit_directory *kit, const char *triplet, const char *network, int64_t now_us)
{
    struct greylist_look wanted = { span_text(triplet), span_text(network),
                                    span_text("known"), now_us,
                                    S(5 * MINUTE),      3 };
    struct err err = ERR_INIT;
    bool passes;

    assert_true(greylist_look(kit->directory, &wanted, &passes, &err));
    return passes;
}

static void who_comes_back_late_enough_passes(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    int64_t now = clock_now_us();
    struct err err = ERR_INIT;

    (void)state;
    assert_false(look(kit, "a", "net", now));
    assert_false(look(kit, "a", "net", now + S(60)));
    assert_true(look(kit, "a", "net", now + S(300)));
    assert_true(look(kit, "a", "net", now + S(301)));
    assert_false(look(kit, "b", "net", now + S(301)));
    assert_true(look(kit, "b", "net", now + S(700)));
    assert_false(look(kit, "c", "net", now + S(700)));
    assert_true(look(kit, "c", "net", now + S(1100)));
    assert_true(look(kit, "d", "net", now + S(1100))); /* the network came back three times */
    assert_false(look(kit, "d", "other", now + S(1100)));
    assert_true(greylist_know(kit->directory, (const struct span[]){ span_text("known") }, 1, now, &err));
    assert_true(look(kit, "e", "other", now + S(1100))); /* one of ours wrote there before */
    talloc_free(owner);
}

static void who_stays_away_begins_anew_and_is_forgotten(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    int64_t now = clock_now_us(), later = now + S(3 * 86400);
    struct err err = ERR_INIT;
    uint64_t forgotten;

    (void)state;
    assert_false(look(kit, "a", "net", now));
    assert_false(look(kit, "a", "net", later));
    assert_true(look(kit, "a", "net", later + S(301)));
    assert_false(look(kit, "b", "net", now));
    assert_true(greylist_tidy(kit->directory, later, &forgotten, &err));
    assert_int_equal(forgotten, 1);
    assert_true(greylist_tidy(kit->directory, later + S(40 * 86400), &forgotten, &err));
    assert_int_equal(forgotten, 2); /* the triplet and its network */
    talloc_free(owner);
}

static enum sending_answer send_to(struct kit_directory *kit, const struct sending *s, int64_t recipients)
{
    enum sending_answer answer;
    struct err err = ERR_INIT;

    if (!sending_count(kit->directory, s, recipients, &answer, &err))
        fail_msg("%s", err.log);
    return answer;
}

static void limits_hold_by_the_hour_for_accounts_and_organisations(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    int64_t ada = kit_user(kit, "ada@example.org", NULL), bob = kit_user(kit, "bob@example.org", NULL);
    struct sending s = { kit->ada_org, ada, S(1000 * 3600), 10, 15 };
    struct sending_state now;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(send_to(kit, &s, 11), SENDING_ACCOUNT_FULL);
    assert_int_equal(send_to(kit, &s, 10), SENDING_COUNTED);
    assert_int_equal(send_to(kit, &s, 1), SENDING_ACCOUNT_FULL);
    s.recipient_id = bob;
    assert_int_equal(send_to(kit, &s, 6), SENDING_ORGANISATION_FULL);
    assert_true(sending_look(kit->directory, &s, &now, &err));
    assert_int_equal(now.account_sent, 0); /* nothing was kept of what did not fit */
    assert_int_equal(now.organisation_sent, 10);
    assert_int_equal(send_to(kit, &s, 5), SENDING_COUNTED);
    s.now_us += S(3600);
    assert_int_equal(send_to(kit, &s, 10), SENDING_COUNTED);
    s.account_limit = s.organisation_limit = 0;
    assert_int_equal(send_to(kit, &s, 1000000), SENDING_COUNTED);
    talloc_free(owner);
}

static const struct {
    const char *value, *canonical;
    enum access_kind kind;
} entries[] = {
    { "192.0.2.1", "192.0.2.1", ACCESS_NETWORK },
    { "192.0.2.0/24", "192.0.2.0/24", ACCESS_NETWORK },
    { "2001:DB8::/32", "2001:db8::/32", ACCESS_NETWORK },
    { "::ffff:192.0.2.9", "192.0.2.9", ACCESS_NETWORK },
    { "Example.NET", "example.net", ACCESS_DOMAIN },
    { "@example.com", "example.com", ACCESS_DOMAIN },
    { ".sub.example.com", "sub.example.com", ACCESS_DOMAIN },
    { "Ada@Example.com", "ada@example.com", ACCESS_ADDRESS },
};
static const char *const bad_entries[] = { "192.0.2.1/24", "", "a b", "@", "ada@", "300.1.1.1/8" };

static void lists_take_each_thing_once_in_one_spelling(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    struct access_entry found;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        struct access_entry wanted = { .list = ACCESS_BLOCK, .value = entries[i].value };
        struct err err = ERR_INIT;

        if (!access_add(kit->directory, &kit_root, &wanted, &err))
            fail_msg("%s: %s", entries[i].value, err.user);
        assert_false(access_add(kit->directory, &kit_root, &wanted, &err));
        assert_int_equal(err.kind, ERR_EXISTS);
        assert_true(
            access_find(kit->directory, &kit_root, owner, 0, ACCESS_BLOCK, entries[i].value, &found, &err));
        assert_string_equal(found.value, entries[i].canonical);
        assert_int_equal(found.kind, entries[i].kind);
    }
    for (size_t i = 0; i < COUNT_OF(bad_entries); i++) {
        struct access_entry wanted = { .list = ACCESS_BLOCK, .value = bad_entries[i] };
        struct err err = ERR_INIT;

        assert_false(access_add(kit->directory, &kit_root, &wanted, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    talloc_free(owner);
}

static void an_administrator_of_one_organisation_meets_nothing_of_another(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    struct actor bob = { .name = "bob", .organisation_id = kit->bob_org };
    struct access_entry wanted = { .organisation_id = kit->ada_org,
                                   .list = ACCESS_ALLOW,
                                   .value = "x.example" };
    const char *recipient = "ada@example.org";
    struct quarantine_entry set_aside = { .organisation_id = kit->ada_org,
                                          .sender = "",
                                          .recipients = &recipient,
                                          .recipient_count = 1,
                                          .subject = "s",
                                          .reason = "spam",
                                          .peer = "192.0.2.1",
                                          .size_bytes = 3,
                                          .data = span_text("abc"),
                                          .expires_us = 1 };
    struct quarantine_entry *list, found;
    struct filter_setting *settings;
    struct access_entry *listed;
    struct err err = ERR_INIT;
    uint64_t removed;
    size_t count;

    (void)state;
    assert_true(access_add(kit->directory, &kit_root, &wanted, &err));
    assert_false(access_add(kit->directory, &bob, &wanted, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    wanted.organisation_id = 0;
    assert_false(access_add(kit->directory, &bob, &wanted, &err));
    assert_int_equal(err.kind, ERR_DENIED);
    assert_true(
        access_list_entries(kit->directory, &bob, owner, kit->bob_org, ACCESS_ALLOW, &listed, &count, &err));
    assert_int_equal(count, 0);
    assert_false(filter_setting_list(kit->directory, &bob, owner, 0, &settings, &count, &err));

    assert_true(quarantine_add(kit->directory, &set_aside, &err));
    assert_true(quarantine_list(kit->directory, &kit_root, owner, 0, NULL, 0, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_false(quarantine_find(kit->directory, &bob, owner, list[0].id, &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(quarantine_remove(kit->directory, &bob, list[0].id, "quarantine.delete", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_true(quarantine_find(kit->directory, &kit_root, owner, list[0].id, &found, &err));
    assert_memory_equal(found.data.p, "abc", 3);
    assert_true(quarantine_tidy(kit->directory, 2, &removed, &err));
    assert_int_equal(removed, 1);
    talloc_free(owner);
}

static void the_stamp_rises_with_what_filters_remember(void **state)
{
    void *owner = talloc_new(NULL);
    struct kit_directory *kit = kit_directory(owner);
    struct filter_scope scope = { kit->ada_org, "example.org" };
    struct access_entry wanted = { .list = ACCESS_BLOCK, .value = "x.example" };
    int64_t before, after;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(filter_stamp(kit->directory, &before, &err));
    kit_user(kit, "ada@example.org", NULL);
    assert_true(filter_stamp(kit->directory, &after, &err));
    assert_int_equal(before, after);
    assert_true(access_add(kit->directory, &kit_root, &wanted, &err));
    assert_true(filter_stamp(kit->directory, &after, &err) && after > before);
    before = after;
    assert_true(filter_setting_put(kit->directory, &kit_root, &scope, "greylist", "on", &err));
    assert_true(filter_stamp(kit->directory, &after, &err) && after > before);
    scope.domain = "example.net"; /* another organisation's */
    assert_false(filter_setting_put(kit->directory, &kit_root, &scope, "greylist", "on", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_back_late_enough_passes),
        cmocka_unit_test(who_stays_away_begins_anew_and_is_forgotten),
        cmocka_unit_test(limits_hold_by_the_hour_for_accounts_and_organisations),
        cmocka_unit_test(lists_take_each_thing_once_in_one_spelling),
        cmocka_unit_test(an_administrator_of_one_organisation_meets_nothing_of_another),
        cmocka_unit_test(the_stamp_rises_with_what_filters_remember),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
